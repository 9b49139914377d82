package api

import (
	"context"
	"mime"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/files"
	"canot/web/edge"
)

// uploads are the routes that take a file, with how many bytes it may have.
func uploads() map[string]int64 {
	routes := map[string]int64{}
	for _, of := range []string{"/units/:id/files", "/loans/:id/photos", "/tickets/:id/photos"} {
		routes[prefix+of] = files.MaxUpload + 1 // one more than it may have is refused by what keeps it
	}
	return routes
}

// fileBody is a picture, a document or a signature, without its bytes.
type fileBody struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind" enum:"photo,document,signature"`
	MediaType string  `json:"media_type"`
	Name      string  `json:"name" doc:"Of a document; empty for pictures"`
	Size      int64   `json:"size" doc:"In bytes"`
	Width     int64   `json:"width" doc:"Of a picture"`
	Height    int64   `json:"height" doc:"Of a picture"`
	Moment    string  `json:"moment" doc:"Of a loan's picture, out or in; else empty"`
	CreatedAt Instant `json:"created_at"`
	CreatedBy string  `json:"created_by" doc:"By id"`
}

func wireFile(f files.File) fileBody {
	return fileBody{ID: f.ID, Kind: f.Kind, MediaType: f.MediaType, Name: f.Name, Size: f.Size, Width: f.Width, Height: f.Height,
		Moment: f.Moment, CreatedAt: instant(f.CreatedAt), CreatedBy: f.CreatedBy}
}

func (a *API) fileRoutes() {
	const tag, how = "Files", "The body is the picture itself, at most 10 MB. It is turned upright and drawn again with at most 1600 pixels a side: nothing else that the file held is kept."
	register(a, operation{id: "addUnitFile", call: "POST /units/{id}/files", tag: tag, summary: "Keep a picture or a document with a unit", scope: staff, status: 201,
		doc: how + " A PDF or a plain text is kept as a document."}, a.unitFileAdd)
	register(a, operation{id: "addLoanPhoto", call: "POST /loans/{id}/photos", tag: tag, summary: "Keep a picture of how a unit left or came back", scope: staff, status: 204, doc: how}, a.loanPhotoAdd)
	register(a, operation{id: "addTicketPhoto", call: "POST /tickets/{id}/photos", tag: tag, summary: "Keep a picture with a ticket", scope: staff, status: 201, doc: how}, a.ticketPhotoAdd)
	register(a, operation{id: "getFile", call: "GET /files/{id}", tag: tag, summary: "Read a file's bytes", scope: read}, a.fileRead)
}

// Upload is a body that is a file.
type Upload struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/octet-stream"`
}

// prepared makes the body ready to be kept, for who hands out somewhere: nobody else has a picture drawn
// by us. What it is its bytes say; its media type only says whether it means to be a document.
func (u Upload) prepared(ctx context.Context) (files.Prepared, error) {
	if who := actor(ctx); !who.Anywhere(identity.HandOut) {
		return files.Prepared{}, identity.Denied(who)
	}
	kind := files.Photo
	switch media, _, _ := mime.ParseMediaType(u.ContentType); media {
	case "application/pdf", "text/plain":
		kind = files.Document
	case "image/jpeg", "image/png", "image/webp", "image/gif", "application/octet-stream":
	default:
		return files.Prepared{}, fault.New(fault.Media, "bad_media_type", fault.Params{"media_type": "image/jpeg"})
	}
	return files.Prepare(u.RawBody, kind)
}

type unitFileInput struct {
	ID   string `path:"id" doc:"The unit, by id or code"`
	Name string `query:"name" maxLength:"200" doc:"Of a document"`
	Once
	Upload
}

func (a *API) unitFileAdd(ctx context.Context, in *unitFileInput) (*made[fileBody], error) {
	u, err := a.Catalog.Unit(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := in.prepared(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := a.Files.Attach(ctx, actor(ctx), u.ID, []files.NewFile{{Prepared: p, Name: in.Name}}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeFile(kept[0]), nil
}

func madeFile(f files.File) *made[fileBody] {
	return &made[fileBody]{Location: prefix + "/files/" + f.ID, Body: wireFile(f)}
}

type loanPhotoInput struct {
	ID     string `path:"id"`
	Moment string `query:"moment" enum:"out,in" required:"true" doc:"How it left, or how it came back"`
	Once
	Upload
}

func (a *API) loanPhotoAdd(ctx context.Context, in *loanPhotoInput) (*struct{}, error) {
	p, err := in.prepared(ctx)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, a.Book.Photograph(ctx, actor(ctx), in.ID, in.Moment, []files.Prepared{p}, keyOf(ctx))
}

type ticketPhotoInput struct {
	ID string `path:"id"`
	Once
	Upload
}

func (a *API) ticketPhotoAdd(ctx context.Context, in *ticketPhotoInput) (*made[fileBody], error) {
	p, err := in.prepared(ctx)
	if err != nil {
		return nil, err
	}
	f, err := a.Upkeep.AddPhoto(ctx, actor(ctx), in.ID, p, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeFile(f), nil
}

type fileInput struct {
	ID string `path:"id"`
}

// fileBytes is a file as it is kept. It is never shown in a page of ours: a document is handed over.
type fileBytes struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) fileRead(ctx context.Context, in *fileInput) (*fileBytes, error) {
	f, body, err := a.Files.See(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	edge.From(ctx).Header.Set("X-Content-Type-Options", "nosniff")
	out := &fileBytes{ContentType: f.MediaType, Disposition: "inline", Body: body}
	if f.Kind == files.Document {
		out.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	}
	return out, nil
}
