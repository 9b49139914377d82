package web

import (
	"maps"
	"net/http"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/inventory/files"
	"canot/web/edge"
)

// problemForm is what went wrong where there is no page to say it on.
type problemForm struct {
	frame
	Missing bool   // what was asked for is not there: it may be searched for
	Anew    bool   // a letter counts no more: another may be asked for
	Form    string // where the form of a photo that is too large is found again, "" for none
}

// problem answers with a page that says what went wrong. Who is not signed in, and would
// have to be, is sent to do that, and so is who has their second step before them.
func (p *page) problem(err error) {
	if fault.Is(err, "sign_in") && p.c.Request.Method == http.MethodGet {
		_ = p.to(p.signInFor())
		return
	}
	if fault.Is(err, "second_factor_needed") && p.c.Request.Method == http.MethodGet && p.v.Actor.SessionID != "" && p.c.FullPath() != addressOf(p.l, secondPath) {
		_ = p.to(secondPath)
		return
	}
	t, status := p.explain(err)
	p.resend = nil
	if p.c.Request.Method != http.MethodGet && p.other == "" {
		p.other = "/connexion" // what a form asked is not there to be read
	}
	f := problemForm{p.frame(t.Title), status == http.StatusNotFound, fault.Is(err, "bad_link") || fault.Is(err, "bad_sign_up"), ""}
	if status == http.StatusRequestEntityTooLarge && p.c.Request.Method == http.MethodPost {
		for _, form := range []string{counterPath + "/:hub/retours/:loan", thingPath + "/:code/probleme"} {
			if p.c.FullPath() == addressOf(p.l, form) {
				t = told{Title: p.l.Say("page.wrong.photo_title", nil), Text: p.l.Say("page.wrong.photo", fault.Params{"most": files.MaxUpload >> 20})}
				f.frame, f.Form = p.frame(t.Title), p.c.Request.URL.EscapedPath()
			}
		}
	}
	f.Error = &t
	if shown := p.show(status, "problem", f); shown != nil {
		edge.Fail(p.c, shown)
	}
}

// fields are those of the pages' forms, by what the verbs call them.
var fields = map[string]string{
	"email": "email", "name": "name", "hub": "hub", "home_hub": "hub", "birth_date": "birth_date", "clientele": "clientele", "consent": "consent",
	"title": "titre", "notes": "notes", "sector": "secteur", "visibility": "visibilite", "organisation": "organisme", "attendance": "personnes",
	"description": "description", "contact": "contact", "note": "note", "cost_cents": "cout", "rule_name": "nom", "every_days": "jours", "every_use_min": "heures",
	"state": "etat", "assigned_to": "qui", "unit": "u", "reason": "raison", "leaves_at": "du", "arrives_at": "au", "to_hub": "vers",
	"code": "code", "serial": "serie", "condition": "etat", "shelf": "tablette", "value_cents": "valeur", "supplier": "fournisseur",
	"purchased_on": "achat", "warranty_until": "garantie", "resource": "ressource", "measure": "mesure", "low": "seuil", "quantity": "quantite", "meter_hours": "heures",
	"phone": "phone", "language": "language", "label": "label", "scopes": "scope", "lifetime": "days",
	"codes": "codes", "format": "format", "date": "jour", "first_label": "debut",
	"suspend_after": "retards", "suspend_days": "jours",
}

// onPages are the words of what programs are told with words of their own: a page knows
// of no key of idempotence.
var onPages = map[string]string{
	"idempotency_key_reused": "page.wrong.reused", "database_away": "page.wrong.away", "busy": "page.wrong.busy",
	"token_already_issued": "page.wrong.token_issued", "calendar_already_made": "page.wrong.calendar_made",
}

// explain puts an error into words, for a page.
func (p *page) explain(err error) (told, int) {
	e := edge.Explain(p.c.Request.Context(), err)
	t := told{Title: e.Title, Text: e.Detail}
	for name, values := range e.GetHeaders() {
		if name == "Retry-After" {
			p.c.Writer.Header()[name] = values
		}
	}
	f := fault.Of(err)
	if f == nil {
		return t, e.Status
	}
	for _, v := range f.Violations {
		t.List = append(t.List, p.wrong(v))
	}
	switch {
	case f.Code == "sign_in":
		t.Text = p.l.Say("page.sign.needed", nil)
	case f.Code == "session_needed":
		t.Text = p.l.Say("page.wrong.session", nil)
	case f.Code == "not_allowed":
		t.Text = p.l.Say("page.wrong.not_allowed", nil)
	case onPages[f.Code] != "":
		t.Text = p.l.Say(onPages[f.Code], nil)
	case f.Kind == fault.Method:
		t.Title, t.Text = p.l.Say("page.wrong.method_title", nil), p.l.Say("page.wrong.method", nil)
	case f.Code == "slow_down" && f.RetryAfter < time.Minute:
		seconds := max(1, int((f.RetryAfter+time.Second-1)/time.Second))
		t.Title, t.Text = p.l.Say("page.wrong.slow_title", nil), p.l.Say("page.wrong.slow_soon", fault.Params{"seconds": seconds})
	case f.Code == "slow_down":
		wait := max(1, int((f.RetryAfter+time.Minute-1)/time.Minute))
		t.Title, t.Text = p.l.Say("page.wrong.slow_title", nil), p.l.Say("page.wrong.slow", fault.Params{"wait_min": wait})
	case len(t.List) > 0 && f.Kind == fault.Malformed:
		t.Title, t.Text = p.l.Say("page.wrong.title", nil), ""
	}
	return t, e.Status
}

// wrong says what is wrong with a field, to who fills in a form.
func (p *page) wrong(v fault.Violation) wrongField {
	field, _ := v.Params["field"].(string)
	if words := p.l.Say("wrong."+field+"."+v.Code, v.Params); words != "" {
		return wrongField{fields[field], words}
	}
	params := maps.Clone(v.Params)
	if p.l.Has("form."+field) && !strings.HasSuffix(v.Code, "_column") { // a file calls its columns by their own names
		params["field"] = p.l.Say("form."+field, nil)
	}
	said := edge.Violations(p.l, []fault.Violation{{Code: v.Code, Params: params}})
	return wrongField{fields[field], said[0].Message}
}
