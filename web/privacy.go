package web

import (
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/web/edge"
)

const erasePath = "/compte/effacer"

func (s *Site) mountPrivacy(r gin.IRouter) {
	s.on(r, "GET", "/confidentialite", privacyPage)
	s.on(r, "GET", "/compte/donnees", dataPage)
	s.on(r, "GET", "/compte/donnees.json", dataFile)
	s.on(r, "GET", erasePath, erasePage)
	s.on(r, "POST", erasePath, erase)
}

// publicPage says who answers for personal data, and what is kept.
type publicPage struct {
	frame
	Operators []answering
	Named     bool // somebody is named to write to
	Periods   []keptFor
}

// answering is an operator, with the hubs whose teams are asked while nobody is named.
type answering struct {
	inventory.Operator
	Named bool
	Hubs  []inventory.Hub
}

// Call is the link to a telephone, "" for what is no number.
func (answering) Call(written string) template.URL { return telephone(written) }

// keptFor says for how long something is kept.
type keptFor struct{ What, Long string }

func privacyPage(p *page) error {
	ctx := p.c.Request.Context()
	operators, err := p.Catalog.Operators(ctx)
	if err != nil {
		return err
	}
	periods, err := p.Privacy.RetentionPeriods(ctx)
	if err != nil {
		return err
	}
	hubs, err := p.hubs()
	if err != nil {
		return err
	}
	f := publicPage{frame: p.frame(p.l.Say("page.privacy.title", nil))}
	for _, o := range operators {
		a := answering{Operator: o, Named: o.Privacy != inventory.PrivacyContact{}}
		for _, h := range hubs {
			if h.OperatorID == o.ID && h.Email+h.Phone != "" {
				a.Hubs = append(a.Hubs, h)
			}
		}
		f.Operators, f.Named = append(f.Operators, a), f.Named || a.Named
	}
	for _, k := range periods {
		f.Periods = append(f.Periods, keptFor{p.l.Say("retention."+k.Kind, nil), p.l.Say("page.privacy.months", fault.Params{"months": k.Months})})
	}
	return p.show(http.StatusOK, "privacy", f)
}

// dataForm is all that is known of a person, for reading.
type dataForm struct {
	frame
	Place    fault.Params // whose time it is, where nothing else is said
	Sections []section
}

// dataPage shows somebody what is known of them. It is for nobody else: who manages members
// asks the API, which writes it down.
func dataPage(p *page) error {
	dossier, err := p.dossier()
	if err != nil {
		return err
	}
	f := dataForm{frame: p.frame(p.l.Say("page.data.title", nil))}
	ids, err := idsIn(dossier.Parts)
	if err != nil {
		return err
	}
	names, err := p.Catalog.Names(p.c.Request.Context(), ids)
	if err != nil {
		return err
	}
	r := &reading{l: p.l, names: names}
	m, err := p.myself()
	if err != nil {
		return err
	}
	place := ""
	if r.zone, place, err = p.homeTime(m.HomeHubID); err != nil {
		return err
	}
	f.Place = fault.Params{"place": place}
	for _, part := range dossier.Parts {
		s, err := r.section(part)
		if err != nil {
			return err
		}
		f.Sections = append(f.Sections, s)
	}
	return p.show(http.StatusOK, "data", f)
}

// dossier is what is known of who asks.
func (p *page) dossier() (privacy.Dossier, error) {
	if err := p.signedIn(); err != nil {
		return privacy.Dossier{}, err
	}
	a := p.v.Actor
	return p.Privacy.Export(p.c.Request.Context(), a, a.ID)
}

func dataFile(p *page) error {
	dossier, err := p.dossier()
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(dossier, "", "  ")
	if err != nil {
		return err
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Disposition", `attachment; filename="canot.json"`)
	p.c.Data(http.StatusOK, "application/json", append(body, '\n'))
	return nil
}

// hubs are all hubs.
func (p *page) hubs() ([]inventory.Hub, error) {
	var all []inventory.Hub
	for q := (inventory.HubQuery{Limit: 200}); ; {
		hubs, next, err := p.Catalog.Hubs(p.c.Request.Context(), q)
		if err != nil {
			return nil, err
		}
		all = append(all, hubs...)
		if next == "" {
			return all, nil
		}
		q.After = next
	}
}

// erasePage asks whether somebody is sure that their account shall go.
func erasePage(p *page) error { return p.eraseAgain(http.StatusOK, nil) }

func (p *page) eraseAgain(status int, t *told) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	f := p.frame(p.l.Say("page.erase.title", nil))
	f.Error = t
	return p.show(status, "erase", f)
}

func erase(p *page) error {
	if err := p.signedIn(); err != nil {
		return p.to("/connexion")
	}
	a := p.v.Actor
	if p.field("sure") != "yes" {
		t := told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{"sure", p.l.Say("page.erase.tick", nil)}}}
		return p.eraseAgain(http.StatusBadRequest, &t)
	}
	if err := p.Privacy.Erase(p.c.Request.Context(), a, a.ID, database.Key{}); err != nil {
		t, status := p.explain(err)
		return p.eraseAgain(status, &t)
	}
	p.leave()
	return p.to("/connexion?fait=" + newsErased)
}
