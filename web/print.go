package web

import (
	"bytes"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/edge"
	"canot/web/print"
)

const cardPath = accountPath + "/carte"

func (s *Site) mountPrint(r gin.IRouter) {
	s.on(r, "GET", printPath+"/:hub", printPage)
	s.on(r, "GET", printPath+"/:hub/etiquettes.pdf", printLabels)
	s.on(r, "GET", printPath+"/:hub/codes.pdf", printPickUps)
	s.on(r, "GET", printPath+"/:hub/feuille.pdf", printDay)
	s.on(r, "GET", cardPath, cardPage)
	s.on(r, "POST", cardPath, makeCard)
	s.on(r, "GET", accountPath+"/carte.pdf", printCard)
}

// labelsShown is how many units a page of the list has.
const labelsShown = 60

// printView is what a hub prints: what is chosen, and how.
type printView struct {
	frame
	Path    string
	Search  string
	Units   []labelLine
	All     int          // units that the search finds
	Found   fault.Params // so many
	Next    string
	Codes   string // that were typed
	Formats []choice
	Format  string
	First   string
	Day     string
	Papers  []choice
	Paper   string
	Names   bool
	Most    fault.Params
}

// A labelLine is a unit whose label may be printed.
type labelLine struct {
	Code, Shelf string
	Name        phrase
	Chosen      bool
}

func printPage(p *page) error { return p.printAgain(http.StatusOK, nil) }

// printAgain shows the choices with everything that was chosen.
func (p *page) printAgain(status int, wrong *told) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	p.other = printPath + "/" + d.Hub.Slug
	q := p.c.Request.URL.Query()
	v := printView{frame: p.frame(p.l.Say("page.print.title", nil)), Path: p.other, Search: strings.TrimSpace(q.Get("q")), Codes: q.Get("codes"),
		Format: q.Get("format"), First: q.Get("debut"), Day: q.Get("jour"), Paper: q.Get("papier"), Names: q.Get("noms") != "",
		Most: fault.Params{"max": print.MostLabels}}
	v.Wide, v.Desk, v.Error = true, &d, wrong
	list, all, err := p.Catalog.Labels(p.c.Request.Context(), inventory.LabelQuery{HubID: d.Hub.ID, Search: v.Search, After: q.Get("suite"), Limit: labelsShown})
	if err != nil {
		return err
	}
	v.All, v.Found = all, fault.Params{"count": all}
	for _, u := range list {
		v.Units = append(v.Units, labelLine{u.Code, u.Shelf, p.phrase(u.Name), slices.Contains(q["u"], u.Code)})
	}
	if len(list) == labelsShown {
		v.Next = v.Path + "?" + url.Values{"q": {v.Search}, "suite": {list[len(list)-1].Code}}.Encode()
	}
	for _, f := range print.Formats() {
		v.Formats = append(v.Formats, choice{f.ID, p.l.Say("page.print.format_"+f.ID, nil)})
	}
	for _, on := range []print.Paper{print.Letter, print.A4} {
		v.Papers = append(v.Papers, choice{on.ID, p.l.Say("page.print.paper_"+on.ID, nil)})
	}
	if v.Day == "" {
		v.Day = hours.DateOf(c.Now, d.Zone).String()
	}
	return p.show(status, "print", v)
}

// refused shows the choices again with what was wrong with them; any other error goes on.
func (p *page) refused(err error) error {
	if f := fault.Of(err); f == nil || f.Kind != fault.Malformed && f.Kind != fault.Refused {
		return err
	}
	t, status := p.explain(err)
	return p.printAgain(status, &t)
}

// sheetOf are the format and the place of the first label that were chosen.
func (p *page) sheetOf() (print.Format, int, error) {
	format, known := print.FormatOf(p.c.Query("format"))
	if !known {
		return format, 0, fault.Field("format", "bad_choice")
	}
	first := 1
	if text := strings.TrimSpace(p.c.Query("debut")); text != "" {
		var err error
		first, err = strconv.Atoi(text)
		if format.PerPage() == 1 && first != 1 {
			return format, 0, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{Code: "roll_begins", Params: fault.Params{"field": "first_label"}}}}
		}
		if err != nil || first < 1 || first > format.PerPage() {
			return format, 0, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{
				{Code: "out_of_range", Params: fault.Params{"field": "first_label", "min": 1, "max": format.PerPage()}}}}
		}
	}
	return format, first - 1, nil
}

// typedCodes are codes that were typed or scanned, one a line or with spaces or commas between.
func typedCodes(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ';' || r == '\t' })
}

// chosenUnits are the units whose labels were asked for: those that were ticked and typed, or all that
// the search finds. A code that is not here is told.
func (p *page) chosenUnits(d desk) ([]inventory.UnitLabel, error) {
	q := inventory.LabelQuery{HubID: d.Hub.ID, Limit: print.MostLabels + 1}
	if p.c.Query("quoi") == "tous" {
		q.Search = p.c.Query("q")
	} else {
		q.Codes = []string{}
		for _, code := range append(p.c.Request.URL.Query()["u"], typedCodes(p.c.Query("codes"))...) {
			if code = strings.TrimSpace(code); code != "" {
				q.Codes = append(q.Codes, code)
			}
		}
		if len(q.Codes) > print.MostLabels {
			return nil, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{
				{Code: "too_many_items", Params: fault.Params{"field": "codes", "max": print.MostLabels}}}}
		}
	}
	list, _, err := p.Catalog.Labels(p.c.Request.Context(), q)
	if err != nil {
		return nil, err
	}
	var broken []fault.Violation
	for _, code := range q.Codes {
		if !slices.ContainsFunc(list, func(u inventory.UnitLabel) bool { return strings.EqualFold(u.Code, code) }) && len(broken) < 10 {
			broken = append(broken, fault.Violation{Code: "unit_not_here", Params: fault.Params{"field": "codes", "code": firstLetters(code, 64)}})
		}
	}
	if broken != nil {
		return nil, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: broken}
	}
	return list, nil
}

// firstLetters is the beginning of a text that somebody typed.
func firstLetters(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most])
}

func printLabels(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	format, first, err := p.sheetOf()
	if err != nil {
		return p.refused(err)
	}
	units, err := p.chosenUnits(d)
	if err != nil {
		return p.refused(err)
	}
	labels := make([]print.Label, len(units))
	for i, u := range units {
		labels[i] = print.Label{Code: u.Code, Name: u.Name.In(p.l.Tag()), Hub: u.Hub.In(p.l.Tag()), URL: p.origin() + "/u/" + url.PathEscape(u.Code)}
	}
	return p.pdf("etiquettes-"+d.Hub.Slug, p.l.Say("page.print.labels", nil), d, c, func(w io.Writer, about print.Document) error {
		return print.Labels(w, about, format, first, labels)
	})
}

// pdf sends what is drawn, to be looked at and printed by the browser. It is kept nowhere.
func (p *page) pdf(name, title string, d desk, c booking.Counter, draw func(io.Writer, print.Document) error) error {
	var b bytes.Buffer
	about := print.Document{Title: joinedWith(" – ", title, d.Name), Language: p.l.Tag(), At: c.Now}
	if d.Zone != nil {
		about.At = c.Now.In(d.Zone)
	}
	if err := draw(&b, about); err != nil {
		return p.refused(err)
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Disposition", `inline; filename="`+name+`.pdf"`)
	p.c.Header("Content-Language", p.l.Tag())
	p.c.Data(http.StatusOK, "application/pdf", b.Bytes())
	return nil
}

func joinedWith(between string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), between)
}

// initials are those of a name: M.-È. G.-L. for Marie-Ève Gagnon-Lafrenière.
func initials(name string) string {
	var words []string
	for _, word := range strings.Fields(name) {
		var parts []string
		for _, part := range strings.Split(word, "-") {
			if r, _ := utf8.DecodeRuneInString(part); part != "" {
				parts = append(parts, strings.ToUpper(string(r))+".")
			}
		}
		words = append(words, strings.Join(parts, "-"))
	}
	return strings.Join(words, " ")
}

// squareCode is the QR code of a text, for a template.
func squareCode(text string) template.HTML { return template.HTML(print.SVG(text)) }

// barCode is the Code 128 of a text, for a template.
func barCode(text string) template.HTML { return template.HTML(print.BarsSVG(text)) }
