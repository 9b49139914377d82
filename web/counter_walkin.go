package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/inventory/hours"
)

// A walkForm is what is asked of somebody without a booking, as it was typed.
type walkForm struct {
	Name, Phone, Title string
	Member             string // who showed a card
	Thing              string // a resource, by slug: any free unit of it
	More               string // a code that was typed
	Until, Other       string
	Reason             string

	sign  bool
	alike []identity.Member // who is called so already
	said  string
	asked *foundView
	back  *backView
}

// A walkView is the form of who comes without a booking.
type walkView struct {
	walkForm
	Person  *booking.Person // who showed a card
	Units   []string
	Things  []option // places and machines
	Choices []option // until when
	Min     string
	Key     string
	Action  string
	Waive   bool
	Shut    bool       // the hub is: who lends says why
	Sign    bool       // it was refused for want of a signature
	Alike   []namesake // who is called so already
}

// A namesake is somebody of this hub who is called as was typed.
type namesake struct{ ID, Name, Known string } // Known is what else tells who they are, "" for nothing

// mostThings bounds how many places and machines there are to choose from.
const mostThings = 60

func walkOf(q url.Values) walkForm {
	return walkForm{Name: strings.TrimSpace(q.Get("nom")), Phone: strings.TrimSpace(q.Get("telephone")), Title: strings.TrimSpace(q.Get("titre")), Member: q.Get("pour"), Thing: q.Get("quoi"),
		More: codeIn(q.Get("ajout")), Until: q.Get("jusqua"), Other: q.Get("autre"), Reason: strings.TrimSpace(q.Get("raison"))}
}

// walkAddress is where somebody without a booking is served, with what was scanned for them.
func (x *post) walkAddress(member string) string {
	q := url.Values{}
	if len(x.units) > 0 {
		q["u"] = x.units
	}
	if member != "" {
		q.Set("pour", member)
	}
	path := x.desk.Path + "/sans-reservation"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// scanForWalk does what a scan asks for while somebody without a booking is served: a card or a name is
// whose it is, a unit is what they take, one that was out comes back beside it.
func (x *post) scanForWalk(s booking.Scanned, f walkForm) error {
	x.open = ""
	switch {
	case s.Kind == "unit" && s.Unit.Loan != nil && whole(x.code, s):
		return x.backForWalk(s.Unit.Code, f)
	case s.Kind == "unit" && s.Unit.Loan != nil:
		f.asked = x.unit(s.Unit)
		return x.walkAgain(f, nil, http.StatusOK)
	case s.Kind == "unit" && x.leaves(s):
		x.units = append(slices.DeleteFunc(x.units, func(u string) bool { return u == s.Unit.Code }), s.Unit.Code)
		if f.Name != "" {
			return x.walkAgain(f, nil, http.StatusOK) // a name stands in no address
		}
		return x.to(x.walkAddress(f.Member))
	case s.Kind == "unit":
		params := fault.Params{"code": s.Unit.Code, "state": x.unitWords(s.Unit.Status)}
		return x.walkAgain(f, &told{Title: x.l.Say("page.counter.clash_status", params)}, http.StatusUnprocessableEntity)
	case s.Kind == "person":
		return x.to(x.walkAddress(s.Person.ID))
	case s.Kind == "booking":
		return x.opened(s.Booking.ID)
	case s.Kind == "nothing" && f.Member == "" && f.Name == "" && strings.ContainsFunc(x.code, unicode.IsLetter) && !strings.ContainsFunc(x.code, unicode.IsDigit):
		f.Name = x.code
		f.said = x.l.Say("page.counter.walk_named", fault.Params{"name": f.Name})
		return x.walkAgain(f, nil, http.StatusOK)
	case s.Kind == "several":
		return x.walkAgain(f, &told{Title: x.l.Say("page.counter.several", nil), Text: strings.Join(s.Several, ", ")}, http.StatusUnprocessableEntity)
	}
	return x.walkAgain(f, &told{Title: x.l.Say("page.counter.unknown", fault.Params{"text": x.code})}, http.StatusNotFound)
}

// backForWalk takes a unit back and goes on with who is served.
func (x *post) backForWalk(unit string, f walkForm) error {
	x.open = ""
	_, err := x.Book.CheckIn(x.c.Request.Context(), x.v.Actor, booking.Return{Unit: unit, Loan: x.field("pret"), Hub: x.desk.Hub.ID}, x.onceKey("cle", "back", unit))
	if err != nil {
		t, status := x.explain(err)
		if f := fault.Of(err); f == nil || f.Kind == fault.Internal {
			return err
		} else if len(f.Violations) > 0 {
			t.List = x.reasons(f.Violations)
		}
		return x.walkAgain(f, &t, status)
	}
	s, err := x.see(unit, "")
	if err != nil {
		return err
	}
	if s.Unit != nil {
		if f.back, err = x.backOf(s.Unit); err != nil {
			return err
		}
	}
	if f.back != nil {
		f.back.Beside, f.said = true, f.back.Said
	}
	return x.walkAgain(f, nil, http.StatusOK)
}

// walkInPage serves somebody who has no booking.
func walkInPage(p *page) error {
	q := p.c.Request.URL.Query()
	x, err := p.atCounter(q)
	if err != nil {
		return err
	}
	return x.walkAgain(walkOf(q), nil, http.StatusOK)
}

// walkAgain shows the form, with what was wrong with it.
func (x *post) walkAgain(f walkForm, wrong *told, status int) error {
	if x.c.Request.Method != http.MethodGet {
		x.other = x.walkAddress(f.Member)
	}
	ctx := x.c.Request.Context()
	v := x.empty()
	v.Kind, v.Text, v.Said, v.Back, v.Asked = "walk", "", f.said, f.back, f.asked
	w := &walkView{walkForm: f, Units: x.units, Key: newKey(), Action: x.desk.Path + "/sans-reservation", Waive: x.may(identity.Waive)}
	if f.Member != "" {
		m, err := x.Directory.SeenMember(ctx, x.v.Actor, f.Member)
		if fault.KindOf(err) == fault.NotFound { // another card is scanned, or a name written
			f.Member, w.Member = "", ""
			if wrong == nil || status == http.StatusUnprocessableEntity {
				wrong, status = &told{Title: x.l.Say("page.counter.walk_nobody", nil), List: []wrongField{{"nom", x.l.Say("page.counter.walk_name", nil)}}}, http.StatusNotFound
			}
		} else if err != nil {
			return err
		} else {
			w.Person = &booking.Person{ID: m.ID, Name: m.Name}
		}
	}
	if len(x.units) == 0 {
		list, _, err := x.Catalog.Resources(ctx, inventory.ResourceQuery{Hub: x.desk.Hub.ID, Limit: 200})
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Kind != inventory.Equipment && len(w.Things) < mostThings {
				w.Things = append(w.Things, option{ID: r.Slug, Words: r.Name.In(x.l.Tag()), Here: r.Slug == f.Thing})
			}
		}
	}
	ends, shut, err := x.ends(f)
	if err != nil {
		return err
	}
	w.Shut = shut
	if until, ok := f.chosen(); ok && !slices.ContainsFunc(ends, until.Equal) { // the clock has moved on, what was chosen has not
		ends = slices.SortedFunc(slices.Values(append(slices.Clone(ends), until)), time.Time.Compare)
	}
	for _, until := range ends {
		w.Choices = append(w.Choices, option{ID: stamp(until), Words: x.clock.at(until), Here: stamp(until) == f.Until})
	}
	if n := len(w.Choices); n > 0 && f.Other == "" && !slices.ContainsFunc(w.Choices, func(o option) bool { return o.Here }) {
		w.Choices[min(1, n-1)].Here = true
	}
	w.Min = x.counter.Now.In(x.counter.Zone).Format("2006-01-02T15:04")
	w.Sign = f.sign
	for _, m := range f.alike {
		w.Alike = append(w.Alike, namesake{m.ID, m.Name, cmp.Or(m.Phone, m.Email)})
	}
	v.WalkIn = w
	return x.show(status, v, wrong)
}

// ends are those that are offered: what the things that are taken allow, and the usual ones while
// nothing is; shut says that the hub is closed to them now.
func (x *post) ends(f walkForm) (ends []time.Time, shut bool, err error) {
	units := slices.Concat(x.units, nonEmpty(f.Thing))
	if len(units) == 0 {
		return x.untils(), false, nil
	}
	ends, shut, err = x.Book.WalkInEnds(x.c.Request.Context(), x.v.Actor, x.desk.Hub.ID, units)
	if err == nil && len(ends) == 0 {
		ends = x.untils()
	}
	return ends, shut, err
}

// chosen is the time that was chosen of those that were offered, and whether there is one.
func (f walkForm) chosen() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, f.Until)
	return at.UTC(), err == nil && !hours.Absurd(at)
}

// untils are the times until which things are lent most often: an hour, two, four, and the same hour
// tomorrow, in three days, in a week.
func (x *post) untils() []time.Time {
	from := x.counter.Now.Add(14 * time.Minute).Truncate(15 * time.Minute)
	all := []time.Time{from.Add(time.Hour), from.Add(2 * time.Hour), from.Add(4 * time.Hour)}
	for _, days := range []int{1, 3, 7} {
		all = append(all, from.In(x.counter.Zone).AddDate(0, 0, days).UTC())
	}
	return all
}

// walkIn lends to somebody who has no booking, or lets them in, in one step.
func walkIn(p *page) error {
	form := p.c.Request.PostForm
	x, err := p.atCounter(form)
	if err != nil {
		return err
	}
	x.open = ""
	f := walkOf(form)
	if f.More != "" {
		if err := x.addTyped(&f); err != nil {
			return err
		}
	}
	if form.Get("faire") == "ajouter" {
		return x.walkAgain(f, nil, http.StatusOK)
	}
	for field, text := range map[string]string{"nom": f.Name, "raison": f.Reason} {
		if wrong, err := x.onlyWords(field, text); err != nil {
			return err
		} else if wrong != nil {
			return x.walkAgain(f, wrong, http.StatusUnprocessableEntity)
		}
	}
	units := slices.Clone(x.units)
	if f.Thing != "" {
		units = append(units, f.Thing)
	}
	until, err := p.untilOf(x.counter.Zone)
	wrong := told{Title: x.l.Say("page.counter.refused", nil)}
	switch {
	case f.Member == "" && f.Name == "":
		wrong.List = []wrongField{{"nom", x.l.Say("page.counter.walk_name", nil)}}
	case len(units) == 0:
		wrong.List = []wrongField{{"ajout", x.l.Say("page.counter.walk_what", nil)}}
	case err != nil:
		wrong.List = []wrongField{{"autre", x.l.Say("page.counter.walk_until", nil)}}
	}
	if len(wrong.List) > 0 {
		return x.walkAgain(f, &wrong, http.StatusBadRequest)
	}
	w := booking.WalkIn{Hub: x.desk.Hub.ID, Member: f.Member, Units: units, Until: until, Title: f.Title, Signature: signatureOf(form.Get("signature")),
		OnPaper: form.Get("papier") != "", Override: f.Reason}
	if f.Member == "" {
		w.New = &identity.NewMember{Name: f.Name, Phone: f.Phone, Language: x.l.Tag(), HomeHubID: x.desk.Hub.ID}
		w.Distinct = form.Get("autre-compte") == ""
	}
	b, err := x.Book.WalkIn(x.c.Request.Context(), x.v.Actor, w, x.onceKey("cle", append(units, f.Member, f.Name, f.Phone, stamp(until), f.Title, f.Reason, strconv.FormatBool(w.OnPaper), strconv.FormatBool(w.Distinct))...))
	if fault.Is(err, "namesake") {
		return x.whichOf(f)
	}
	if err != nil {
		t, status := x.explain(err)
		switch f2 := fault.Of(err); {
		case f2 == nil || f2.Kind == fault.Internal || f2.Kind == fault.NotFound && f2.Code != "unit_not_found":
			return err
		case len(f2.Violations) > 0:
			t.Title, t.Text = wrong.Title, ""
			t.List = x.reasons(f2.Violations)
		}
		f.sign = f.sign || signatureNeeded(err)
		return x.walkAgain(f, &t, status)
	}
	return x.to(x.address("", nil, "vu", b.ID, "fait", "sans"))
}

// whichOf asks whether somebody whose name was typed is who has an account of that name here: two accounts
// of one person would each know half of what they have.
func (x *post) whichOf(f walkForm) (err error) {
	f.alike, err = x.Directory.Namesakes(x.c.Request.Context(), x.v.Actor, x.desk.Hub.ID, f.Name)
	if err != nil {
		return err
	}
	var seen []string
	for _, m := range f.alike {
		seen = append(seen, m.ID)
	}
	if err := x.looked(privacy.ViewedList, seen...); err != nil {
		return err
	}
	t := told{Title: x.l.Say("page.counter.walk_alike", fault.Params{"name": f.Name}), List: []wrongField{{"meme", x.l.Say("page.counter.walk_alike_which", nil)}}}
	return x.walkAgain(f, &t, http.StatusConflict)
}

// signatureNeeded reports whether a hand-over was refused for want of a signature.
func signatureNeeded(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Code == "signature_needed" || slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Code == "signature_needed" }))
}

// addTyped adds a code that was typed into the form, as far as it means one unit.
func (x *post) addTyped(f *walkForm) error {
	s, err := x.see(f.More, "")
	if err != nil {
		return err
	}
	if s.Kind == "unit" && !slices.Contains(x.units, s.Unit.Code) {
		x.units, f.More = append(x.units, s.Unit.Code), ""
	}
	return nil
}
