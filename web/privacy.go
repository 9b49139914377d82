package web

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/web/edge"
)

func (s *Site) mountPrivacy(r gin.IRouter) {
	s.on(r, "GET", "/confidentialite", privacyPage)
	s.on(r, "GET", "/compte/donnees", dataPage)
	s.on(r, "GET", "/compte/donnees.json", dataFile)
}

// publicPage says who answers for personal data, and what is kept.
type publicPage struct {
	frame
	Operators []inventory.Operator
	Periods   []keptFor
}

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
	f := publicPage{frame: p.frame(p.l.Say("page.privacy.title", nil)), Operators: operators}
	for _, k := range periods {
		f.Periods = append(f.Periods, keptFor{p.l.Say("retention."+k.Kind, nil), p.l.Say("page.privacy.months", fault.Params{"months": k.Months})})
	}
	return p.show(http.StatusOK, "privacy", f)
}

// dataForm is all that is known of a person, for reading.
type dataForm struct {
	frame
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
	r := &reading{ctx: p.c.Request.Context(), l: p.l, catalog: p.Catalog, names: map[string]string{}}
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
	a := p.v.Actor
	if !a.Known() || a.ID == identity.System.ID {
		return privacy.Dossier{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
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
