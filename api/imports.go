package api

import (
	"bytes"
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"canot/internal/fault"
	"canot/inventory"
	"canot/web/edge"
)

// importLimit is how many bytes a file may have.
const importLimit = 8 << 20

// importReport says what an import did.
type importReport struct {
	Kind      string       `json:"kind"`
	DryRun    bool         `json:"dry_run"`
	Created   int          `json:"created"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Refused   int          `json:"refused"`
	Lines     []importLine `json:"lines"`
}

// importLine is what became of one line of the file.
type importLine struct {
	Line       int              `json:"line"`
	Key        string           `json:"key"`
	Outcome    string           `json:"outcome" enum:"created,changed,unchanged,refused,warning"`
	Violations []edge.Violation `json:"violations,omitempty" nullable:"false"`
}

func (a *API) importRoutes() {
	register(a, operation{id: "importInventory", call: "POST /import", tag: "Import", scope: admin,
		summary: "Import hubs, resources or units from CSV",
		doc:     "Line by line; a refused line says why and stops nothing. Importing the same file again changes nothing, so it needs no Idempotency-Key."}, a.importRun)
}

type importInput struct {
	Kind        string `query:"kind" enum:"hubs,resources,units" doc:"Told by the header of the file when left out"`
	DryRun      bool   `query:"dry_run" doc:"Report, and write nothing"`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"text/csv"`
}

func (a *API) importRun(ctx context.Context, in *importInput) (*answer[importReport], error) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != "text/csv" {
		return nil, fault.New(fault.Media, "bad_media_type", fault.Params{"media_type": "text/csv"})
	}
	report, err := a.Catalog.Import(ctx, actor(ctx), bytes.NewReader(in.RawBody), inventory.ImportOptions{Kind: in.Kind, DryRun: in.DryRun})
	if err != nil {
		return nil, err
	}
	v := edge.From(ctx)
	edge.Vary(v.Header, "Accept-Language")
	out := importReport{
		Kind: report.Kind, DryRun: in.DryRun, Created: report.Created, Changed: report.Changed,
		Unchanged: report.Unchanged, Refused: report.Refused, Lines: make([]importLine, len(report.Lines)),
	}
	for i, l := range report.Lines {
		out.Lines[i] = importLine{l.Line, l.Key, l.Outcome, edge.Violations(v.Language, l.Violations)}
	}
	return &answer[importReport]{out}, nil
}

// problems documents statuses that answer with a problem.
func problems(schemas huma.Registry, codes []int) map[string]*huma.Response {
	schema := schemas.Schema(problemType, true, "Problem")
	out := map[string]*huma.Response{}
	for _, code := range codes {
		out[statusText(code)] = &huma.Response{
			Description: http.StatusText(code),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}
	}
	return out
}
