package api

import (
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
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
	About    []string // paragraphs
	Families []family
	Shapes   []shape
}

type family struct {
	Name, Anchor string
	Operations   []shownOperation

	tag string // in the document
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
			page := describe(a.huma.OpenAPI(), l)
			page.frame = frameOf(l, l.Say("page.docs.heading", nil))
			page.Other = otherThan(l, func(tag string) string { return prefix + "/docs?lang=" + tag })
			return render(l, "docs", page)
		})
	}
	return func(c *gin.Context) {
		l, chosen := locale.Named(c.Query("lang"))
		if !chosen {
			l = edge.From(c.Request.Context()).Language
		}
		edge.Vary(c.Writer.Header(), "Accept-Language")
		body, err := pages[l.Tag()]()
		show(c, http.StatusOK, l, body, err)
	}
}

func describe(doc *huma.OpenAPI, l locale.Language) docsPage {
	page := docsPage{About: strings.Split(l.Say("page.docs.about", nil), "\n\n"), Families: families(l)}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range operationsOf(doc.Paths[path]) {
			at := slices.IndexFunc(page.Families, func(f family) bool { return f.tag == op.Tags[0] })
			if at < 0 {
				at = len(page.Families)
				page.Families = append(page.Families, family{tag: op.Tags[0], Name: op.Tags[0]})
			}
			page.Families[at].Operations = append(page.Families[at].Operations, shownOf(op))
		}
	}
	for i := range page.Families {
		page.Families[i].Anchor = "f-" + anchor(page.Families[i].tag)
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if schemas[name].Type == huma.TypeObject {
			page.Shapes = append(page.Shapes, shapeOf(name, schemas[name]))
		}
	}
	return page
}

// families are in the order in which somebody new meets them.
func families(l locale.Language) []family {
	return []family{
		{tag: "About", Name: l.Say("page.docs.family.about", nil)},
		{tag: "Hubs", Name: l.Say("page.docs.family.hubs", nil)},
		{tag: "Resources", Name: l.Say("page.docs.family.resources", nil)},
		{tag: "Availability", Name: l.Say("page.docs.family.availability", nil)},
		{tag: "Bookings", Name: l.Say("page.docs.family.bookings", nil)},
		{tag: "Opening hours", Name: l.Say("page.docs.family.opening_hours", nil)},
		{tag: "Units", Name: l.Say("page.docs.family.units", nil)},
		{tag: "Maintenance", Name: l.Say("page.docs.family.maintenance", nil)},
		{tag: "Members", Name: l.Say("page.docs.family.members", nil)},
		{tag: "Network", Name: l.Say("page.docs.family.network", nil)},
		{tag: "Import", Name: l.Say("page.docs.family.import", nil)},
	}
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
	out := shownOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Doc: op.Description}
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

// codeIn finds what stands between backticks, and the names of headers.
var codeIn = regexp.MustCompile("`[^`]+`|\\b(?:Accept-Language|Authorization|ETag|Idempotency-Key|If-Match|If-None-Match|Prefer|Retry-After)\\b")

// prose is a text of the document as HTML, with code set as code.
func prose(text string) template.HTML {
	var b strings.Builder
	from := 0
	for _, at := range codeIn.FindAllStringIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[from:at[0]]))
		b.WriteString("<code>" + template.HTMLEscapeString(strings.Trim(text[at[0]:at[1]], "`")) + "</code>")
		from = at[1]
	}
	b.WriteString(template.HTMLEscapeString(text[from:]))
	return template.HTML(b.String())
}
