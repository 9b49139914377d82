package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// panelView is what a counter has open: one thing to do.
type panelView struct {
	Kind    string // "" for nothing, booking, unit, units, person, several, nothing, back
	Said    string // what has just been done, also told to who does not see it
	Path    string // of the counter
	Walk    string // where somebody without a booking is served, with what was scanned for them
	Error   *told
	Text    string // what was scanned
	Visit   *visitView
	Clash   *clashView
	Unit    *foundView
	Asked   *foundView // a unit that is out, of which the end of the code was typed: is it this one that is back?
	Person  *booking.Person
	Back    *backView
	WalkIn  *walkView
	Choices []panelChoice
	Waiting []string // codes that were scanned before it was known who takes them

	// What the field's form says is open.
	Open    string
	Version int64
	Units   []string
}

// A panelChoice is one of several; its number may be typed instead.
type panelChoice struct {
	Value           string // what the field says for it
	Number          int
	Words, More, At string
	Path            string
}

// A foundView is a unit that was scanned.
type foundView struct {
	Base             string // of the counter
	Code, Name, Icon string
	Status           string
	Fine             bool
	Parts            []countLine
	Loan             *loanLine
	Promised         string   // whom it is promised to, and when
	Journey          []string // from where to where it goes, and when
	Do               unitAct
	Open             string // where it is handed to them, "" while that cannot be
	Hand             bool
	Page             string // all that is known of it
	Report           string
}

// A unitAct is what may be done at once with a unit that cannot leave as it is; its Name is "" for nothing.
type unitAct struct {
	Action, Unit, Name, Words, Key string
	Open                           string   // the booking that is open beside it
	Units                          []string // codes that were scanned for it
}

// A loanLine is who has a unit.
type loanLine struct {
	ID, Who, Reference, Due, Late string
}

// A clashView is a unit that was scanned for a booking and cannot simply leave with it.
type clashView struct {
	Code, Words string
	Do          unitAct
	Equal       []string // codes that could leave instead
	Units       []string // all that would leave
	Swap        bool
	Override    bool
}

// panel is what the address says is open.
func (x *post) panel() (panelView, error) {
	q := x.c.Request.URL.Query()
	v := x.empty()
	seen, text := cmp.Or(q.Get("vu"), q.Get("retour")), x.code
	v.Said = x.said(q.Get("fait"))
	open := x.open
	switch {
	case q.Get("retour") != "":
		text = seen
	case q.Get("vu") != "":
		open = seen
	}
	if !goodID(open) || open == "" && text == "" {
		if len(x.units) > 0 {
			v.Kind, v.Waiting = "units", x.units
		}
		return v, nil
	}
	s, err := x.see(text, open)
	if err != nil {
		return v, err
	}
	if s.Open != nil {
		v.Kind = "booking"
		v.Visit = x.visit(*s.Open, x.open != "")
		if err := x.asks(v.Visit, *s.Open); err != nil {
			return v, err
		}
		if done := q.Get("fait"); done == "remis" || done == "photo" || done == "photos" {
			if err := x.justLeft(v.Visit); err != nil {
				return v, err
			}
		}
		if q.Get("fait") == "remis" {
			v.Said = x.l.Say("page.counter.handed", fault.Params{"who": x.name(s.Open.Person), "hour": v.Visit.Due})
		}
	}
	switch {
	case q.Get("retour") != "" && s.Unit != nil && x.missed(s.Unit):
		x.code = text
		x.scanned(&v, s)
	case q.Get("retour") != "" && s.Unit != nil:
		back, err := x.backOf(s.Unit)
		if err != nil {
			return v, err
		}
		v.Back = back
		if v.Kind == "" {
			v.Kind = "back"
		} else if back != nil {
			back.Beside = true
		}
		if v.Said == "" && back != nil {
			v.Said = back.Said
		}
	case text != "":
		x.scanned(&v, s)
	case s.Open == nil:
		v.Kind = "nothing"
	}
	if v.Visit != nil && v.Visit.Open {
		v.Version = v.Visit.Version
	}
	return v, nil
}

// empty is a panel with nothing in it.
func (x *post) empty() panelView {
	v := panelView{Path: x.desk.Path, Open: x.open, Units: x.units, Text: x.code}
	v.Walk = x.address("", x.units)
	v.Walk = x.desk.Path + "/sans-reservation" + v.Walk[len(x.desk.Path):]
	return v
}

// said is what has just been done.
func (x *post) said(done string) string {
	switch done {
	case "arrivee", "prolonge", "approuve", "refuse", "sans", "photo", "rendu", "note", "venu", "retrouve":
		return x.l.Say("page.counter.done."+done, nil)
	}
	return ""
}

// scanned puts what a text meant into the panel.
func (x *post) scanned(v *panelView, s booking.Scanned) {
	switch {
	case s.Kind == "unit" && s.Open != nil && s.Unit.Loan != nil:
		v.Asked = x.unit(s.Unit)
	case s.Kind == "unit" && s.Open != nil:
		v.Clash = x.clash(s)
	case s.Kind == "unit":
		v.Kind, v.Unit = "unit", x.unit(s.Unit)
	case s.Kind == "booking":
		v.Kind, v.Visit = "booking", x.visit(*s.Booking, false)
		v.Visit.More = x.address(s.Booking.ID, x.units)
	case s.Kind == "person":
		v.Kind, v.Person = "person", s.Person
		for i, b := range s.Bookings {
			v.Choices = append(v.Choices, x.choiceOf(i, b))
		}
	case s.Kind == "several":
		v.Kind = "several"
		for i, text := range s.Several {
			v.Choices = append(v.Choices, panelChoice{Value: text, Number: i + 1, Words: text, More: s.Named[text].In(x.l.Tag()), Path: x.address(x.open, x.units, "code", text)})
		}
	case s.Open == nil:
		v.Kind = "nothing"
	default:
		v.Clash = &clashView{Code: x.code, Words: x.l.Say("page.counter.unknown", fault.Params{"text": x.code})}
	}
}

// choiceOf is a booking among several of one person.
func (x *post) choiceOf(i int, b booking.Visit) panelChoice {
	m := boardMaker{deskClock: x.clock, path: x.desk.Path, slug: x.desk.Hub.Slug}
	what, _ := m.what(b)
	return panelChoice{Value: b.Reference, Number: i + 1, Words: what, At: x.clock.at(b.StartsAt), More: x.l.Say("page.bookings.status", fault.Params{"status": string(b.Status)}), Path: x.address(b.ID, x.units)}
}

// parts are the components of a unit, to be counted: those that it cannot do without first, then by name.
func (x *post) parts(all []inventory.Component) []countLine {
	var list []countLine
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b inventory.Component) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name.In(x.l.Tag()), b.Name.In(x.l.Tag()))
	})
	for _, c := range all {
		list = append(list, countLine{ID: c.ID, Words: c.Name.In(x.l.Tag()), Quantity: c.Quantity, Missing: c.Missing, Required: c.Required})
	}
	return list
}

// unit is a unit that was scanned while nothing is open.
func (x *post) unit(u *booking.ScannedUnit) *foundView {
	v := &foundView{Base: x.desk.Path, Code: u.Code, Name: u.ResourceName.In(x.l.Tag()), Icon: string(u.Kind), Status: x.unitWords(u.Status), Fine: u.Status == "in_service",
		Parts: x.parts(u.Components), Page: inventoryPath + "/" + x.desk.Hub.Slug + "/exemplaires/" + u.ID, Report: "/u/" + url.PathEscape(u.Code)}
	v.Hand = v.Fine && u.Loan == nil
	v.Journey, v.Do = x.journeyWords(u), x.actOn(u)
	if u.CurrentHubID != x.desk.Hub.ID && u.HomeHubID != x.desk.Hub.ID {
		v.Page = "" // its page is at its own hub
	}
	if l := u.Loan; l != nil {
		v.Loan = x.loan(*l)
	}
	if b := u.Promised; b != nil {
		v.Promised = x.l.Say("page.counter.promised", fault.Params{"who": x.name(b.Person), "hour": x.clock.at(b.StartsAt)})
		if u.Loan == nil && b.StartsAt.Before(x.counter.Now.Add(time.Hour)) {
			v.Open = x.address(b.ID, append(slices.Clone(x.units), u.Code))
		}
	}
	return v
}

// unitWords say how a unit is.
func (x *post) unitWords(status string) string { return x.l.Say("page.counter.unit."+status, nil) }

// name is who somebody is, or that nobody here may know.
func (x *post) name(who booking.Person) string {
	return cmp.Or(who.Name, x.l.Say("page.counter.somebody", nil))
}

func (x *post) loan(l booking.OnLoan) *loanLine {
	line := &loanLine{Who: x.name(l.Person), Reference: l.Reference, Due: x.clock.at(l.DueAt), ID: l.Loan.ID}
	if x.counter.Now.After(l.DueAt) {
		line.Late = x.clock.late(l.DueAt)
	}
	return line
}

// clash says why a unit that was scanned cannot simply leave with the booking that is open.
func (x *post) clash(s booking.Scanned) *clashView {
	u := s.Unit
	c := &clashView{Code: u.Code, Units: append(slices.Clone(x.units), u.Code)}
	ours := slices.ContainsFunc(s.Open.Lines, func(l booking.Line) bool { return l.ResourceID == u.ResourceID })
	params := fault.Params{"code": u.Code, "what": u.ResourceName.In(x.l.Tag()), "state": x.unitWords(u.Status)}
	switch {
	case u.Status != "in_service":
		c.Words, c.Do = x.l.Say("page.counter.clash_status", params), x.actOn(u)
		if way := x.journeyWords(u); len(way) > 0 {
			c.Words += " " + strings.Join(way, " ")
		}
	case !ours && u.Promised != nil && u.Promised.ID != s.Open.ID:
		params["who"], params["hour"] = x.name(u.Promised.Person), x.clock.at(u.Promised.StartsAt)
		c.Words = x.l.Say("page.counter.clash_theirs", params)
	case !ours:
		c.Words = x.l.Say("page.counter.clash_other", params)
	case u.Promised != nil && u.Promised.ID != s.Open.ID:
		params["who"], params["hour"] = x.name(u.Promised.Person), x.clock.at(u.Promised.StartsAt)
		c.Words = x.l.Say("page.counter.clash_promised", params)
		c.Equal, c.Swap, c.Override = u.Equal, true, x.may(identity.Waive)
	default:
		c.Words = x.l.Say("page.counter.clash_ticked", params)
	}
	return c
}

// again shows the panel of what was tried, with why not.
func (x *post) again(err error) error {
	wrong, status, err := x.refusal(err)
	if err != nil {
		return err
	}
	return x.againWith(status, wrong)
}

// refusal is why something was refused, in words, with the status of the answer that says so; or the
// error itself where the panel cannot say it.
func (x *post) refusal(err error) (*told, int, error) {
	wrong, status := x.explain(err)
	if f := fault.Of(err); f == nil || f.Kind == fault.Internal || f.Kind == fault.NotFound && f.Code != "unit_not_found" && f.Code != "booking_not_found" {
		return nil, status, err
	} else if len(f.Violations) > 0 {
		wrong.Title, wrong.Text = x.l.Say("page.counter.refused", nil), ""
		wrong.List = x.reasons(f.Violations)
		for i, v := range f.Violations { // said to who serves, not to who comes
			if v.Code == "suspended" && len(f.Violations) == len(wrong.List) {
				wrong.List[i].Text = x.l.Say("page.counter.suspended_refused", v.Params)
			}
			if from, is := v.Params["earliest"].(time.Time); is && v.Code == "not_yet" && len(f.Violations) == len(wrong.List) {
				wrong.List[i].Text = x.l.Say("page.counter.early", fault.Params{"from": x.clock.at(from)})
			}
		}
	} else if f.Kind == fault.Stale {
		wrong.Title, wrong.Text = x.l.Say("page.bookings.stale_title", nil), x.l.Say("page.counter.stale", nil)
	}
	return &wrong, status, nil
}

// againWith shows the panel of what was tried, with what was wrong.
func (x *post) againWith(status int, wrong *told) error {
	v := x.empty()
	if x.open != "" || x.code != "" {
		s, seen := x.see(x.code, x.open)
		if seen != nil {
			return seen
		}
		if s.Open != nil {
			v.Kind, v.Visit = "booking", x.visit(*s.Open, true)
			v.Version = v.Visit.Version
			if seen := x.asks(v.Visit, *s.Open); seen != nil {
				return seen
			}
		}
		if x.code != "" {
			x.scanned(&v, s)
		}
	}
	if v.Kind == "" {
		v.Kind = "nothing"
	}
	return x.show(status, v, wrong)
}

// numbered is the choice that a number stands for, of the choices that the field's form says there
// were; the text itself otherwise.
func numbered(text string, choices []string) string {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) > 1 || n < 1 || n > len(choices) {
		return text
	}
	return choices[n-1]
}
