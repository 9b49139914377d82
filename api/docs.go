package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"canot/web/edge"
	"canot/web/locale"
)

// The docs page shows the OpenAPI document to people. It is made from the
// document alone, so that it cannot say anything else.
type docsPage struct {
	frame
	About    []string
	Families []family
	Shapes   []shape
}

type family struct {
	Name, Anchor string
	Operations   []shownOperation
}

type shownOperation struct {
	ID, Method, Path, Summary, Doc, Scope string
	Params                                []param
	Body                                  *shapeLink
	Answers                               []shownAnswer
	Problems                              []string // statuses
}

type param struct{ Name, In, Type, Doc string }

type shownAnswer struct {
	Status string
	Shape  *shapeLink
}

type shapeLink struct{ Name, Anchor string }

type shape struct {
	Name, Anchor string
	Fields       []shownField
}

type shownField struct {
	Name, Type, Anchor, Doc string
	Required                bool
}

// docs serves the page, in the language asked for. It is made once for each.
func (a *API) docs() gin.HandlerFunc {
	pages := map[string]func() ([]byte, error){}
	for _, l := range locale.All() {
		pages[l.Tag()] = sync.OnceValues(func() ([]byte, error) {
			page := describe(a.huma.OpenAPI())
			page.frame = frame{Lang: l.Tag(), Title: l.Say("page.docs.heading", nil), Style: stylePath, Home: home(l)}
			return render(l, "docs", page)
		})
	}
	return func(c *gin.Context) {
		l := edge.From(c.Request.Context()).Language
		edge.Vary(c.Writer.Header(), "Accept-Language")
		body, err := pages[l.Tag()]()
		show(c, l, body, err)
	}
}

func describe(doc *huma.OpenAPI) docsPage {
	page := docsPage{About: strings.Split(strings.ReplaceAll(doc.Info.Description, "`", ""), "\n\n")}
	byName := map[string]int{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range operationsOf(doc.Paths[path]) {
			name := op.Tags[0]
			at, known := byName[name]
			if !known {
				at = len(page.Families)
				byName[name] = at
				page.Families = append(page.Families, family{Name: name, Anchor: "f-" + anchor(name)})
			}
			page.Families[at].Operations = append(page.Families[at].Operations, shownOf(op))
		}
	}
	slices.SortStableFunc(page.Families, func(x, y family) int { return cmp.Compare(rank(x.Name), rank(y.Name)) })
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if schemas[name].Type == huma.TypeObject {
			page.Shapes = append(page.Shapes, shapeOf(name, schemas[name]))
		}
	}
	return page
}

// families are in the order in which somebody new meets them.
var families = []string{"About", "Hubs", "Resources", "Availability", "Bookings", "Opening hours", "Units", "Maintenance", "Members", "Network", "Import"}

func rank(name string) int {
	if i := slices.Index(families, name); i >= 0 {
		return i
	}
	return len(families)
}

func operationsOf(p *huma.PathItem) []*huma.Operation {
	var list []*huma.Operation
	for _, op := range []*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete} {
		if op != nil {
			list = append(list, op)
		}
	}
	return list
}

func shownOf(op *huma.Operation) shownOperation {
	out := shownOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Doc: strings.ReplaceAll(op.Description, "`", "")}
	if meta, ok := op.Metadata["operation"].(operation); ok {
		out.Scope = meta.scope
	}
	for _, p := range op.Parameters {
		name, _ := typeOf(p.Schema)
		doc := p.Description
		if p.Required && p.In != "path" {
			doc = strings.TrimSpace("Required. " + doc)
		}
		out.Params = append(out.Params, param{p.Name, p.In, name, doc})
	}
	if op.RequestBody != nil {
		out.Body = contentOf(op.RequestBody.Content)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status >= "4" {
			out.Problems = append(out.Problems, status)
			continue
		}
		out.Answers = append(out.Answers, shownAnswer{status, contentOf(op.Responses[status].Content)})
	}
	return out
}

func contentOf(content map[string]*huma.MediaType) *shapeLink {
	for _, media := range slices.Sorted(maps.Keys(content)) {
		if content[media].Schema == nil {
			continue
		}
		name, to := typeOf(content[media].Schema)
		if name == "string" {
			name = media
		}
		return &shapeLink{name, to}
	}
	return nil
}

// typeOf says a schema in a few words, and where it is described.
func typeOf(s *huma.Schema) (name, to string) {
	switch {
	case s == nil:
		return "any", ""
	case s.Ref != "":
		name = s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return name, "s-" + anchor(name)
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, e := range s.Enum {
			words[i] = fmt.Sprint(e)
		}
		return strings.Join(words, " | "), ""
	case s.Type == huma.TypeArray:
		name, to = typeOf(s.Items)
		return "[" + name + "]", to
	case s.Type == huma.TypeObject:
		if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
			name, to = typeOf(values)
			return "{…: " + name + "}", to
		}
		return "object", ""
	case s.Format == "date-time", s.Format == "date":
		return s.Format, ""
	}
	return s.Type, ""
}

func shapeOf(name string, s *huma.Schema) shape {
	out := shape{Name: name, Anchor: "s-" + anchor(name)}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[field]
		kind, to := typeOf(p)
		if p.Nullable {
			kind += " | null"
		}
		out.Fields = append(out.Fields, shownField{Name: field, Type: kind, Anchor: to, Doc: p.Description, Required: slices.Contains(s.Required, field)})
	}
	return out
}

// anchor makes a fragment of a name.
func anchor(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }
