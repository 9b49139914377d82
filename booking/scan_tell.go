package booking

import (
	"encoding/json"
	"slices"

	"canot/internal/identity"
	"canot/inventory"
)

// tell puts together what clues mean: one thing, several that end alike, or nothing.
func (s *Scanned) tell(who identity.Actor, c Counter, clues []clue, visits map[string]*Visit) {
	var units, bookings, persons []clue
	for _, x := range clues {
		switch {
		case x.Part == "unit" && x.Rank < 2:
			units = append(units, x)
		case x.Part == "booking" && visits[x.ID] != nil:
			bookings = append(bookings, x)
		case x.Part == "person":
			persons = append(persons, x)
		}
	}
	switch {
	case len(units)+len(bookings)+len(persons) > 1:
		s.Kind, s.Named = "several", map[string]inventory.Text{}
		for _, x := range units {
			s.Named[*x.Code] = textOf(x.Name)
		}
		for _, v := range visits {
			if v.Person.Name != "" {
				s.Named[v.Reference] = inventory.Text{"fr": v.Person.Name}
			}
		}
		for _, x := range append(units, bookings...) {
			s.Several = append(s.Several, *x.Code)
		}
		for _, x := range clues {
			if x.Part == "theirs" && !slices.Contains(s.Several, *x.Code) {
				s.Several = append(s.Several, *x.Code)
			}
		}
	case len(units) == 1:
		s.Kind, s.Unit = "unit", unitOf(who, c, units[0], clues, visits)
	case len(bookings) == 1:
		s.Kind, s.Booking = "booking", visits[bookings[0].ID]
	case len(persons) == 1:
		s.Kind, s.Person = "person", personOf(who, c, persons[0])
		for _, x := range clues {
			if v := visits[x.ID]; x.Part == "theirs" && v != nil {
				s.Bookings = append(s.Bookings, *v)
			}
		}
		slices.SortFunc(s.Bookings, func(a, b Visit) int { return a.StartsAt.Compare(b.StartsAt) })
	}
}

// personOf is whose card it is; their name is there for who may see persons here.
func personOf(who identity.Actor, c Counter, x clue) *Person {
	if !who.May(identity.ViewPersons, c.Hub.ID, c.Hub.RegionID) {
		return &Person{ID: x.ID}
	}
	return &Person{ID: x.ID, Name: *x.Code, Phone: *x.Serial, Language: *x.Condition}
}

// unitOf is a unit with its components and what happens to it, as far as who may know.
func unitOf(who identity.Actor, c Counter, x clue, clues []clue, visits map[string]*Visit) *ScannedUnit {
	u := &ScannedUnit{
		Unit: inventory.Unit{ID: x.ID, ResourceID: *x.ResourceID, HomeHubID: *x.HomeHubID, CurrentHubID: *x.HubID, Code: *x.Code, Serial: *x.Serial,
			Condition: *x.Condition, Status: *x.Status, Version: x.Version, Shelf: said(x.Shelf), Components: []inventory.Component{}},
		ResourceName: textOf(x.Name), Kind: inventory.Kind(*x.Kind),
	}
	onTheRoad := x.State != nil && *x.State == "on_the_road"
	u.Status = unitStatus(*x.Status, said(x.Cause), onTheRoad)
	if x.JourneyID != nil {
		u.Journey = &Transfer{ID: *x.JourneyID, UnitID: x.ID, Code: *x.Code, ResourceName: u.ResourceName, FromHubID: *x.FromHubID, FromHubName: textOf(x.FromName),
			ToHubID: *x.ToHubID, ToHubName: textOf(x.ToName), State: *x.State, LeavesAt: *x.LeavesAt, ArrivesAt: *x.ArrivesAt}
	}
	promised, at := x.promised(c)
	u.PromisedAt = at
	if promised != nil {
		u.Promised = visits[*promised]
	}
	u.loans(x, visits)
	for _, y := range clues {
		switch {
		case y.Part == "component" && *y.ResourceID == x.ID:
			u.Components = append(u.Components, y.component(x.ID))
		case y.Part == "unit" && y.Rank == 2 && y.equalFor(u, c):
			u.Equal = append(u.Equal, *y.Code)
		}
	}
	return u
}

// loans says with whom the unit is, and with whom it was last, as far as who asks may know of their
// bookings.
func (u *ScannedUnit) loans(x clue, visits map[string]*Visit) {
	tell := func(l *OnLoan, booking string) {
		if v := visits[booking]; v != nil {
			l.BookingID, l.Reference, l.Person = v.ID, v.Reference, v.Person
		}
	}
	if x.LoanID != nil {
		u.Loan = &OnLoan{Loan: Loan{ID: *x.LoanID, UnitID: x.ID, Code: u.Code, ResourceName: u.ResourceName, OutAt: *x.OutAt, OutHubID: *x.OutHubID, DueAt: *x.DueAt}, Wanted: u.PromisedAt}
		tell(u.Loan, *x.LoanOf)
	}
	if x.LastID != nil {
		u.Last = &OnLoan{Loan: Loan{ID: *x.LastID, UnitID: x.ID, Code: u.Code, ResourceName: u.ResourceName, OutAt: *x.LastOut, DueAt: *x.LastDue, BackAt: x.LastBack,
			BackHubID: said(x.LastHubID), ConditionIn: *x.LastNote, Damaged: *x.LastBroken}}
		_ = json.Unmarshal([]byte(*x.LastMiss), &u.Last.Missing) // we wrote it
		tell(u.Last, *x.LastOf)
	}
}

// equalFor reports whether a unit could be had instead of one that is promised to somebody.
func (x clue) equalFor(u *ScannedUnit, c Counter) bool {
	until := c.today().End
	if u.Promised != nil {
		until = u.Promised.EndsAt
	}
	return *x.ResourceID == u.ResourceID && x.free(c.Now, until)
}

// unitStatus is how a unit is, as people read it; cause is why it is out of service now, "" when it is
// not. That it is out with somebody is where it is, and not how.
func unitStatus(status, cause string, onTheRoad bool) string {
	switch {
	case status == "retired":
		return "retired"
	case cause == "lost":
		return "lost"
	case onTheRoad:
		return "in_transit"
	case cause != "":
		return "out_of_service"
	}
	return "in_service"
}
