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

// importReport is the catalog's report, with its violations in words.
type importReport struct {
	inventory.Report
	Lines []importLine `json:"lines"`
}

// importLine is what became of one line of the file.
type importLine struct {
	inventory.ReportLine
	Violations []edge.Violation `json:"violations,omitempty" nullable:"false"`
}

func (a *API) importRoutes() {
	register(a, operation{id: "importInventory", call: "POST /import", tag: "Import", scope: admin,
		summary: "Import hubs, resources, units or components from CSV",
		doc:     "Line by line; a refused line says why and stops nothing. Importing the same file again changes nothing but what was edited since. With an Idempotency-Key it changes nothing at all, and gets the first report."}, a.importRun)
}

type importInput struct {
	Kind        string `query:"kind" enum:"hubs,resources,units,components" doc:"Told by the header of the file when left out"`
	DryRun      bool   `query:"dry_run" doc:"Report, and write nothing"`
	ContentType string `header:"Content-Type" hidden:"true"`
	Once
	RawBody []byte `contentType:"text/csv"`
}

func (a *API) importRun(ctx context.Context, in *importInput) (*answer[importReport], error) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != "text/csv" {
		return nil, fault.New(fault.Media, "bad_media_type", fault.Params{"media_type": "text/csv"})
	}
	report, err := a.Catalog.Import(ctx, actor(ctx), bytes.NewReader(in.RawBody), inventory.ImportOptions{Kind: in.Kind, DryRun: in.DryRun, Key: keyOf(ctx)})
	if err != nil {
		return nil, err
	}
	v := edge.From(ctx)
	edge.Vary(v.Header, "Accept-Language")
	out := importReport{Report: report, Lines: make([]importLine, len(report.Lines))}
	for i, l := range report.Lines {
		out.Lines[i] = importLine{l, edge.Violations(v.Language, l.Violations)}
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
