package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/inventory"
	"canot/web/edge"
)

// checkView is a basket at a time, to look over before it is booked.
type checkView struct {
	frame
	Step    int
	Basket  basket
	When    string
	Price   *priceView // nil while it is not known
	Visitor bool       // the price is that of somebody without an account
	Needs   []string
	Bring   []bringNote
	Until   fault.Params // until when one may cancel; nil for up to the start
	Others  string       // where other times are
	SignIn  string       // where who is not known signs in, to come back here

	Refused      bool
	Alternatives []alternative
	Help         *helpContact
	Things       string    // where other things of the hub are
	Train        bool      // a certification is missing: whom to call comes first
	Form         *bookForm // nil where no form would help
}

// bringNote is a text on one resource.
type bringNote struct{ Name, Text string }

// helpContact is whom to ask at a hub.
type helpContact struct{ Name, Phone, Email string }

// Call is the link to the telephone, "" for none.
func (h helpContact) Call() template.URL { return telephone(h.Phone) }

// Params is the name for a sentence.
func (h helpContact) Params() fault.Params { return fault.Params{"hub": h.Name} }

// An alternative is something that can be booked instead, by its own form.
type alternative struct {
	What, When string
	Price      string // what it costs, where any of those offered costs something
	Fields     []hiddenField
	Path       string // where it is checked, for who is not signed in
	Check      bool   // it is looked at before it is taken
}

// bookCheckPage shows what would be booked. Without a time it leads to where one is chosen.
func bookCheckPage(p *page) error {
	q := p.c.Request.URL.Query()
	wants := wantsOf(q)
	from, to, ok := spanFrom(q.Get("debut"), q.Get("fin"))
	switch {
	case len(wants) == 0:
		return p.to("/ressources")
	case !ok:
		return p.to(whenAddress(wants, ""))
	}
	f := formOf(nil, wants, from, to)
	typed, err := p.typedBefore(f.address())
	if err != nil {
		return err
	}
	if typed != nil {
		f = formOf(typed, wants, from, to)
	}
	return p.check(http.StatusOK, f, nil)
}

// spanFrom reads two instants.
func spanFrom(start, end string) (from, to time.Time, ok bool) {
	from, err := time.Parse(time.RFC3339, start)
	to, err2 := time.Parse(time.RFC3339, end)
	return from.UTC(), to.UTC(), err == nil && err2 == nil && from.Year() > 1969 && from.Year() < 9999 && to.Year() > 1969 && to.Year() < 9999
}

// check shows the page, with what went wrong when it was sent before.
func (p *page) check(status int, form bookForm, wrong *told) error {
	who := p.v.Actor
	form.Author = p.personMark()
	look, err := p.Book.Preview(p.c.Request.Context(), who, form.request())
	if err != nil {
		return p.unbookable(err)
	}
	if len(hubsOf(look.Terms)) > 1 {
		return p.showHubs(http.StatusUnprocessableEntity, look.Terms, form.wants)
	}
	zone := look.Terms[0].Zone
	if !form.from.Before(form.to) {
		return p.to(handAddress(form, zone))
	}
	v := checkView{frame: p.frame(p.l.Say("page.book.check", nil)), Step: stepCheck, Visitor: !who.Known()}
	v.Basket = p.basketOf(look.Terms, form.wants, nil)
	v.When = p.spanWords(form.from, form.to, zone)
	v.Others = whenWith(form.wants, form.from.In(zone).Format(time.DateOnly), lengthText(form.to.Sub(form.from), 0))
	v.Things = "/ressources?" + url.Values{"lieu": {look.Terms[0].HubSlug}}.Encode()
	v.Needs, v.Bring, v.Until = p.asks(look.Terms, form)
	terms, person, rest := sortBroken(look.Violations)
	if v.Visitor {
		for _, x := range edge.Violations(p.l, person) {
			v.Needs = append(v.Needs, x.Message)
		}
		v.SignIn = signInAddress(p.c.Request.URL.RequestURI())
	} else {
		rest = append(person, rest...)
	}
	if len(rest) == 0 && (len(person) == 0 || !v.Visitor) {
		v.Price = p.priceOf(look, form)
	}
	v.Error = wrong
	p.refusal(&v, rest, look, form)
	if !v.Visitor && (len(rest) == 0 || p.c.Request.Method != http.MethodGet || form.typed()) {
		if err := p.fill(&form, look.Terms, terms, len(rest) > 0); err != nil {
			return err
		}
		form.frame = v.frame
		v.Form = &form
	}
	return p.show(status, "book_check", v)
}

// asks is what the resources of a basket ask of who books them, and say to who comes.
func (p *page) asks(terms []*inventory.Terms, form bookForm) (needs []string, bring []bringNote, until fault.Params) {
	approval := false
	for _, t := range terms {
		x := t.Resource
		approval = approval || x.Policy.Approval || x.Policy.ApprovalAbove > 0 && form.to.Sub(form.from) > time.Duration(x.Policy.ApprovalAbove)*time.Minute
		if text := x.Bring.In(p.l.Tag()); text != "" {
			bring = append(bring, bringNote{x.Name.In(p.l.Tag()), text})
		}
	}
	if approval {
		needs = append(needs, p.l.Say("page.book.approval", nil))
	}
	if last := booking.CancelUntil(form.from, thingsOf(terms)); last.Before(form.from) {
		until = fault.Params{"until": last.In(terms[0].Zone)}
	}
	return needs, bring, until
}

// personalRules are the rules about who books: to who is not known they are said as what it needs.
var personalRules = []string{"certification_missing", "certification_lapses", "tier_not_admitted", "age_unknown", "too_young", "consent_needed", "email_unverified"}

// sortBroken parts what is broken: terms that the form lets one accept, rules about the person, and
// the rest.
func sortBroken(broken []fault.Violation) (terms, person, rest []fault.Violation) {
	for _, v := range broken {
		switch {
		case v.Code == "terms_not_accepted":
			terms = append(terms, v)
		case slices.Contains(personalRules, v.Code):
			person = append(person, v)
		default:
			rest = append(rest, v)
		}
	}
	return terms, person, rest
}

// refusal says every reason why it cannot be booked, what could be, and whom to ask.
func (p *page) refusal(v *checkView, broken []fault.Violation, look booking.Preview, form bookForm) {
	if len(broken) == 0 {
		return
	}
	v.Refused, v.Bring = true, nil
	if !v.Visitor {
		v.Needs = nil
	}
	v.Title = p.l.Say("page.book.refused", nil)
	t := told{Title: p.l.Say("page.book.why", nil)}
	if v.Error != nil && v.Error.Text != "" { // it says something that the rules do not
		t = *v.Error
	}
	t.List = p.reasons(broken)
	v.Error = &t
	if h := look.Help; h != nil {
		v.Help = &helpContact{h.Name.In(p.l.Tag()), h.Phone, h.Email}
		v.Train = slices.ContainsFunc(broken, func(x fault.Violation) bool { return x.Code == "certification_missing" })
	}
	costs := slices.ContainsFunc(look.Alternatives, func(a booking.Alternative) bool { return a.PriceCents > 0 || a.TakesHours })
	for _, a := range look.Alternatives {
		out := p.alternativeOf(a, form)
		if costs && !v.Visitor {
			out.Price = p.alternativePrice(a)
		}
		v.Alternatives = append(v.Alternatives, out)
	}
}

// idleWhenPast are what nobody asks of a time that is over.
var idleWhenPast = []string{"taken", "too_soon", "closed", "ends_closed", "closure", "never_open"}

// reasons are the rules that are broken, in words: each once, and of a time that is over only that.
func (p *page) reasons(broken []fault.Violation) []wrongField {
	past := slices.ContainsFunc(broken, func(v fault.Violation) bool { return v.Code == "in_past" })
	var all []wrongField
	for _, v := range broken {
		if past && slices.Contains(idleWhenPast, v.Code) {
			continue
		}
		said := p.wrong(v)
		if grain, ok := v.Params["grain_min"].(int); ok && v.Code == "off_grain" {
			said.Text = p.l.Say("page.book.off_grain", fault.Params{"times": p.timesOf(grain)})
			if name, several := v.Params["resource_name"]; several {
				said.Text = p.l.Say("violation.about", fault.Params{"resource_name": name, "message": said.Text})
			}
		}
		if !slices.ContainsFunc(all, func(w wrongField) bool { return w.Text == said.Text }) {
			all = append(all, said)
		}
	}
	return all
}

// timesOf are a few times of a day at which a booking of a grain may begin, from 9 o'clock on where
// there are any.
func (p *page) timesOf(grain int) string {
	var some []string
	for at := (9*60 + grain - 1) / grain * grain; grain > 0 && at < 24*60 && len(some) < 3; at += grain {
		some = append(some, p.l.Time(time.Date(2000, 1, 1, 0, at, 0, 0, time.UTC)))
	}
	if len(some) == 0 {
		some = append(some, p.l.Time(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
	}
	return strings.Join(some, ", ")
}

// alternativeOf is what can be booked instead, with what was typed.
func (p *page) alternativeOf(a booking.Alternative, form bookForm) alternative {
	other := form
	other.from, other.to = a.StartsAt, a.EndsAt
	if a.Instead != "" {
		other.wants = slices.Clone(form.wants)
		for i, w := range other.wants {
			if w.Resource == a.Instead || len(other.wants) == 1 {
				other.wants[i].Resource = a.Resource
			}
		}
	}
	out := alternative{What: p.alternativeWords(a), Path: other.address()}
	out.When = p.spanWords(a.StartsAt, a.EndsAt, zoneOf(a))
	other.Key = newKey()
	out.Fields = other.fields()
	return out
}

// alternativePrice is what an alternative costs who reads.
func (p *page) alternativePrice(a booking.Alternative) string {
	switch {
	case a.PriceCents > 0:
		return p.l.Say("page.book.costs", fault.Params{"price": p.l.Money(a.PriceCents, a.Currency)})
	case a.TakesHours:
		return p.l.Say("page.book.from_hours", nil)
	}
	return p.l.Say("page.book.free", nil)
}

// alternativeWords say what an alternative is, and where.
func (p *page) alternativeWords(a booking.Alternative) string {
	name := a.ResourceName.In(p.l.Tag())
	if name == "" {
		name = a.Resource
	}
	hub := a.HubName.In(p.l.Tag())
	if hub == "" {
		hub = a.Hub
	}
	switch a.Kind {
	case "hub":
		return p.l.Say("page.book.instead_hub", fault.Params{"resource": name, "hub": hub, "town": townBeside(hub, a.Town), "far_km": a.DistanceKm})
	case "resource":
		return p.l.Say("page.book.instead_resource", fault.Params{"resource": name})
	}
	return p.l.Say("page.book.instead_time", nil)
}

// zoneOf is the zone of an alternative's hub.
func zoneOf(a booking.Alternative) *time.Location {
	if a.Zone == nil { // it was kept, and only what is for programs is
		return time.UTC
	}
	return a.Zone
}

// spanWords say from when until when, on the clock of a hub.
func (p *page) spanWords(from, to time.Time, zone *time.Location) string {
	return p.l.Say("page.book.span", fault.Params{"starts": from.In(zone), "ends": to.In(zone)})
}

// request is what a form asks the book for.
func (f bookForm) request() booking.Request {
	req := booking.Request{
		Lines: f.wants, StartsAt: f.from, EndsAt: f.to, Title: f.Title, Notes: f.Notes, Sector: f.Sector, Visibility: f.Visibility,
		Organisation: f.Organisation, Attendance: max(f.attendance(), 0),
	}
	for _, text := range f.accepts {
		if slug, version, ok := strings.Cut(text, "@"); ok {
			req.Accepts = append(req.Accepts, membership.Acceptance{Condition: slug, Version: numberOf(version)})
		}
	}
	return req
}
