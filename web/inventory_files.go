package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/files"
	"canot/web/edge"
	"canot/web/locale"
)

// Bounds of what a form with files may hold.
const (
	mostUploaded = 6         // files
	formSlack    = 256 << 10 // bytes beside them
	inMemory     = 16 << 20  // more than a form may have: nothing of it is written to disk
	tableLimit   = 8 << 20   // bytes of a CSV file
)

// LargeBodies are the routes of pages whose forms may hold files, with how many bytes they may have.
func LargeBodies() map[string]int64 {
	all := map[string]int64{}
	for path, most := range map[string]int64{
		inventoryPath + "/:hub/exemplaires/:unit/fichiers": files.MaxUpload + formSlack,
		inventoryPath + "/:hub/importer":                   tableLimit + formSlack,
		counterPath + "/:hub/retours/:loan":                files.MaxUpload + formSlack,
		counterPath + "/:hub/prets":                        files.MaxUpload + formSlack,
		thingPath + "/:code/probleme":                      files.MaxUpload + formSlack,
		upkeepPath + "/:hub/billets/:ticket/photo":         files.MaxUpload + formSlack,
	} {
		for _, l := range locale.All() {
			all[addressOf(l, path)] = most
		}
	}
	return all
}

// openForm reads a form that may hold files. One that is longer than its route may have is not read
// to its end.
func (p *page) openForm() error {
	err := p.c.Request.ParseMultipartForm(inMemory)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		p.c.Header("Connection", "close")
		return fault.New(fault.TooLarge, "too_large", nil).Because(err)
	case err != nil:
		return fault.New(fault.Malformed, "malformed", nil).Because(err)
	}
	return p.readable()
}

// uploaded are the files of a field of a form that was opened, as they were sent.
func (p *page) uploaded(field string) ([]*multipart.FileHeader, error) {
	if p.c.Request.MultipartForm == nil {
		return nil, nil
	}
	var all []*multipart.FileHeader
	for _, head := range p.c.Request.MultipartForm.File[field] {
		if head.Size > 0 || head.Filename != "" {
			all = append(all, head)
		}
	}
	if len(all) > mostUploaded {
		return nil, &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{
			{Code: "too_many_files_at_once", Params: fault.Params{"field": "file", "max": mostUploaded}}}}
	}
	return all, nil
}

func bodyOf(head *multipart.FileHeader) ([]byte, error) {
	f, err := head.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// prepared are the files of a field, ready to be kept.
func (p *page) prepared(field, kind string) ([]files.NewFile, error) {
	heads, err := p.uploaded(field)
	if err != nil {
		return nil, err
	}
	var all []files.NewFile
	for _, head := range heads {
		body, err := bodyOf(head)
		if err != nil {
			return nil, err
		}
		ready, err := files.Prepare(body, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, files.NewFile{Prepared: ready, Name: head.Filename})
	}
	return all, nil
}

// addFiles keeps pictures and documents of the unit in the address.
func addFiles(p *page) error {
	d, c, err := p.counterDesk() // before anything large is read
	if err != nil {
		return err
	}
	if err := p.openForm(); err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	all, err := p.prepared("photo", files.Photo)
	if err == nil {
		var papers []files.NewFile
		papers, err = p.prepared("document", files.Document)
		all = append(all, papers...)
	}
	if err == nil && len(all) == 0 {
		err = &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: "no_file", Params: fault.Params{"field": "file"}}}}
	}
	if err == nil {
		var sums []string
		for _, f := range all {
			sums = append(sums, f.Sum())
		}
		_, err = p.Files.Attach(p.c.Request.Context(), p.v.Actor, u.ID, all, p.onceKey("cle", append(sums, u.ID)...))
	}
	if err != nil {
		return p.showUnit(0, err)
	}
	return p.to(p.inventory(d) + "/exemplaires/" + u.ID + "?fait=fichiers")
}

// removeFile takes a picture or a document of the unit away.
func removeFile(p *page) error {
	if _, err := p.deskOf(identity.ManageInventory); err != nil {
		return err
	}
	id := p.field("fichier")
	if !goodID(id) {
		return fault.New(fault.NotFound, "file_not_found", nil)
	}
	if err := p.Files.Detach(p.c.Request.Context(), p.v.Actor, id); err != nil && !fault.Is(err, "file_not_found") {
		return p.showUnit(0, err)
	}
	return p.to(p.unitPath() + "?fait=fichier_retire")
}

// showPicture sends a picture to who may see it. Nothing in it can act: it was drawn here.
func showPicture(p *page) error {
	f, body, err := p.seen()
	if err != nil {
		return err
	}
	if f.Kind == files.Document {
		return fault.New(fault.NotFound, "file_not_found", nil)
	}
	return p.send(f, body, "inline", map[string]string{"image/png": ".png"}[f.MediaType])
}

// showDocument sends a document to who may have it, to be kept and never to be shown by the browser as a
// page of this site.
func showDocument(p *page) error {
	f, body, err := p.seen()
	if err != nil {
		return err
	}
	if f.Kind != files.Document {
		return fault.New(fault.NotFound, "file_not_found", nil)
	}
	return p.send(f, body, "attachment", "")
}

func (p *page) seen() (files.File, []byte, error) {
	id := p.c.Param("id")
	if !goodID(id) {
		return files.File{}, nil, fault.New(fault.NotFound, "file_not_found", nil)
	}
	return p.Files.See(p.c.Request.Context(), p.v.Actor, id)
}

func (p *page) send(f files.File, body []byte, disposition, extension string) error {
	name := f.Name
	if name == "" {
		name = "photo" + extension
		if extension == "" {
			name += ".jpg"
		}
	}
	h := p.c.Writer.Header()
	edge.Private(h)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	p.c.Data(http.StatusOK, f.MediaType, body)
	return nil
}
