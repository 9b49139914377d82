package web

import (
	"html/template"
	"slices"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A visitView is a booking with who comes for it.
type visitView struct {
	Base         string // of the counter
	Open         bool   // what is scanned is for it
	Running      bool
	Outs         []visitUnit // that are out with them
	Photos       []photoForm // of units that have just left
	Signed       []string    // pictures of the signatures under what has just left
	ID           string
	Who          booking.Person
	Reference    string
	Page         string // where its staff change it
	Status       fault.Params
	Tag          string
	When, Due    string
	Late         string
	Lines        []visitLine
	Others       []string // codes scanned for it that it has not: they take the place of equal ones
	Ticked       int
	Waits        int // units that have not left
	Certificates []askedLine
	Suspended    fault.Params // until when they borrow nothing here, nil for not at all
	Suspensions  string       // where that is lifted
	Notes        string
	Lost         bool
	Sign         bool // its policy asks for a signature
	Version      int64
	Key          string
	Hand         bool // something of it can be handed out
	Arrive       bool
	Early        fault.Params // from when on it may begin, nil for now
	Answer       bool         // it is a request that who looks may answer
	Extend       *extendView
	More         string // where it is opened again to add to it
}

// A photoForm takes pictures of a unit as it leaves.
type photoForm struct {
	ID, Code, Action, Key string
	Open                  bool // it was just refused
}

// Params are the figures of its words.
func (f photoForm) Params() fault.Params { return fault.Params{"code": f.Code} }

// Names are the figures of words on who came.
func (v visitView) Names() fault.Params { return fault.Params{"who": v.Who.Name} }

// lateParams are how late something is, in words.
func lateParams(late string) fault.Params { return fault.Params{"late": late} }

// LateParams are the figures of how late it is.
func (v visitView) LateParams() fault.Params { return lateParams(v.Late) }

// LateParams are the figures of how late it is.
func (l loanLine) LateParams() fault.Params { return lateParams(l.Late) }

// LateParams are the figures of how late it came.
func (v backView) LateParams() fault.Params { return lateParams(v.Late) }

// Lacks are the figures of how many are missing.
func (l countLine) Lacks() fault.Params { return fault.Params{"count": l.Missing} }

// Params are the figures of the question whether it is back.
func (v foundView) Params() fault.Params {
	if v.Loan == nil {
		return nil
	}
	return fault.Params{"what": v.Name, "code": v.Code, "who": v.Loan.Who}
}

// Unknown are the figures of a text that means nothing here.
func (v panelView) Unknown() fault.Params { return fault.Params{"text": v.Text} }

// Call is the link to the telephone, "" for none.
func (v visitView) Call() template.URL { return telephone(v.Who.Phone) }

// A askedLine is what is asked of a person, and whether they have it.
type askedLine struct {
	Words string
	Held  bool
}

// A visitLine is a line of a booking with its units.
type visitLine struct {
	Name, Icon string
	Quantity   int
	Equipment  bool
	Without    int
	Units      []visitUnit
}

// A visitUnit is a unit of a line; its state is wait, ticked, out or back.
type visitUnit struct {
	ID, Code, State string
	Parts           []countLine
	BackKey         string
}

// A countLine is a component that is counted.
type countLine struct {
	ID, Words string
	Quantity  int
	Missing   int
	Required  bool
}

// extendView is to when a booking that runs may be moved on.
type extendView struct {
	Action  string
	ID, Key string
	Version int64
	Choices []option
	Min     string // for a field, on the hub's clock
	Open    bool   // it was just asked for, and refused
	Other   string // what was written
	Wrong   string // what is wrong with it, "" for nothing
	None    bool   // no end can be proposed
}

// visit is a booking as it is opened at the counter.
func (x *post) visit(b booking.Visit, open bool) *visitView {
	v := &visitView{
		Base: x.desk.Path, Running: b.Status == booking.InUse, Open: open, ID: b.ID, Who: b.Person, Reference: b.Reference, Page: bookingAddress(b.ID), Status: fault.Params{"status": string(b.Status)}, Tag: tagOf(b.Status),
		When: x.spanWords(b.StartsAt, b.EndsAt, x.counter.Zone), Due: x.clock.at(b.EndsAt), Notes: b.Notes, Lost: lost(b.Booking), Version: b.Version, Key: newKey(),
	}
	if !open {
		v.More = x.address(b.ID, nil)
	}
	if b.SuspendedUntil.After(x.counter.Now) {
		v.Suspended, v.Suspensions = fault.Params{"until": b.SuspendedUntil.In(x.counter.Zone)}, x.desk.Path+suspensionsPath
	}
	waits, known, spaces, out := b.Waits(), []string{}, false, false
	v.Waits = len(waits)
	for _, l := range b.Lines {
		line := visitLine{Name: lineName(x.page, l), Icon: string(l.Kind), Quantity: l.Quantity, Equipment: l.Kind == inventory.Equipment, Without: l.WithoutUnit}
		spaces = spaces || !line.Equipment
		for _, id := range l.Units {
			u := visitUnit{ID: id, Code: b.Codes[id], State: "back", Parts: x.parts(b.Components[id])}
			known = append(known, u.Code)
			switch {
			case b.Out[id]:
				u.State, u.BackKey, out = "out", newKey(), true
			case slices.Contains(waits, id):
				u.State = "wait"
				if open && slices.Contains(x.units, u.Code) {
					u.State = "ticked"
					v.Ticked++
				}
			}
			if u.State == "out" {
				v.Outs = append(v.Outs, u)
			}
			line.Units = append(line.Units, u)
		}
		v.Lines = append(v.Lines, line)
	}
	for _, u := range x.units {
		if open && !slices.Contains(known, u) {
			v.Others = append(v.Others, u)
			v.Ticked++
		}
	}
	v.Hand = open && (b.Status == booking.Confirmed || v.Running) && (v.Waits > 0 || len(v.Others) > 0)
	early := b.Status == booking.Confirmed && x.counter.Now.Before(b.MayBegin())
	if early {
		v.Early = fault.Params{"from": x.clock.at(b.MayBegin())}
	}
	v.Arrive = b.Status == booking.Confirmed && spaces && v.Waits == 0 && !early
	v.Answer = b.Status == booking.Pending && x.may(identity.Approve)
	if out && x.counter.Now.After(b.EndsAt) {
		v.Late = x.clock.late(b.EndsAt)
	}
	if v.Running && x.code == "" { // with something scanned beside it there is that to deal with
		e := x.page.extendOf(b.Booking, x.counter.Zone, x.counter.Now)
		e.Action = x.desk.Path + "/prolonger"
		v.Extend = &e
	}
	return v
}

// asks puts into a visit what its policy asks of the person before things leave: certifications, and
// whether they have them, and a signature.
func (x *post) asks(v *visitView, b booking.Visit) error {
	if !v.Hand && !v.Arrive && !v.Answer {
		return nil
	}
	terms, err := x.termsOf(b.Booking)
	if err != nil {
		return err
	}
	var wanted []string
	for _, t := range terms {
		v.Sign = v.Sign || t.Resource.Policy.Signature
		wanted = append(wanted, t.Resource.Policy.Certifications...)
	}
	if len(wanted) == 0 || !x.may(identity.ViewPersons) {
		return nil
	}
	slices.Sort(wanted)
	held, err := x.Roster.Held(x.c.Request.Context(), b.MemberID, x.desk.Hub.ID, x.counter.Zone, x.counter.Now, slices.Compact(wanted))
	if err != nil {
		return err
	}
	for _, h := range held {
		params, key := fault.Params{"name": h.Name.In(x.l.Tag())}, "page.counter.certificate_missing"
		switch {
		case h.Has && h.UntilOn != "":
			key, params["end_on"] = "page.counter.certificate_until", h.UntilOn
		case h.Has:
			key = "page.counter.certificate"
		}
		v.Certificates = append(v.Certificates, askedLine{x.l.Say(key, params), h.Has})
	}
	return nil
}
