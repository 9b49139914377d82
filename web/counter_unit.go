package web

import (
	"net/http"
	"slices"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
)

// The acts on a unit that was scanned and cannot leave as it is.
const (
	unitHasCome = "venu"     // it was on the road to here
	unitIsFound = "retrouve" // it was lost here
)

// onTheRoad reports whether a unit has left and has not come yet.
func onTheRoad(u *booking.ScannedUnit) bool {
	return u.Status == "in_transit" && u.Journey != nil && u.Journey.State == booking.JourneyOnTheRoad
}

// missed reports whether a unit is not where a return would say that it is: it is lost, or on the road.
func (x *post) missed(u *booking.ScannedUnit) bool {
	return u.Loan == nil && (u.Status == "lost" || onTheRoad(u))
}

// journeyWords say where a unit comes from or goes to, and when.
func (x *post) journeyWords(u *booking.ScannedUnit) []string {
	j := u.Journey
	if j == nil {
		return nil
	}
	here, params := x.desk.Hub.ID, fault.Params{"from": j.FromHubName.In(x.l.Tag()), "to": j.ToHubName.In(x.l.Tag()), "leaves": x.clock.at(j.LeavesAt), "arrives": x.clock.at(j.ArrivesAt)}
	key := "page.counter.journey.on_the_road"
	switch coming := j.ToHubID == here; {
	case j.State == booking.JourneyPlanned && coming:
		key = "page.counter.journey.awaited"
	case j.State == booking.JourneyPlanned:
		key = "page.counter.journey.planned"
	case coming:
		key = "page.counter.journey.coming"
	case j.FromHubID == here:
		key = "page.counter.journey.left"
	}
	return []string{x.l.Say(key, params)}
}

// actOn is what who stands here may do with a unit that was scanned: say that it has come, or that it is
// found.
func (x *post) actOn(u *booking.ScannedUnit) unitAct {
	do := unitAct{Action: x.desk.Path + "/exemplaires", Unit: u.Code, Key: newKey(), Open: x.open, Units: x.units}
	switch {
	case u.Loan != nil:
	case u.Status == "lost" && u.CurrentHubID == x.desk.Hub.ID:
		do.Name, do.Words = unitIsFound, x.l.Say("page.inventory.found", nil)
	case onTheRoad(u) && u.Journey.ToHubID == x.desk.Hub.ID:
		do.Name, do.Words = unitHasCome, x.l.Say("page.transfers.arrive", nil)
	}
	return do
}

// hasCome notes that a unit which is here has come, or is found, and goes on as if it were scanned then.
func hasCome(p *page) error {
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	x.code = x.field("unite")
	s, err := x.see(x.code, x.open)
	if err != nil {
		return err
	}
	if s.Unit == nil {
		return fault.New(fault.NotFound, "unit_not_found", nil)
	}
	act := x.field("faire")
	if do := x.actOn(s.Unit); act != "" && do.Name == act {
		if err := x.do(act, s.Unit); err != nil {
			return x.again(err)
		}
		if s, err = x.see(x.code, x.open); err != nil {
			return err
		}
	} else if act != unitHasCome && act != unitIsFound || x.missed(s.Unit) { // somebody else was quicker is no error
		return x.againWith(http.StatusConflict, &told{Title: x.l.Say("page.counter.refused", nil)})
	}
	if s.Unit != nil && x.open != "" && x.leaves(s) {
		x.units = append(slices.DeleteFunc(x.units, func(u string) bool { return u == s.Unit.Code }), s.Unit.Code)
		return x.to(x.address(x.open, x.units, "fait", act))
	}
	return x.to(x.address(x.open, x.units, "code", x.code, "fait", act))
}

// do carries an act on a unit out.
func (x *post) do(act string, u *booking.ScannedUnit) error {
	switch act {
	case unitHasCome:
		_, err := x.Book.ArriveTransfer(x.c.Request.Context(), x.v.Actor, u.Journey.ID, x.onceKey("cle", u.Journey.ID))
		return err
	case unitIsFound:
		return x.isFound(u)
	}
	return fault.Field("faire", "bad_value")
}

// isFound ends that a unit is lost.
func (x *post) isFound(u *booking.ScannedUnit) error {
	ctx := x.c.Request.Context()
	all, err := x.Book.UnitAt(ctx, x.v.Actor, x.counter, u.ID)
	if err != nil {
		return err
	}
	for _, o := range all.Outages {
		if o.Cause != "lost" {
			continue
		}
		if _, err := x.Book.EndMaintenance(ctx, x.v.Actor, o.ID, nil, database.Key{}); err != nil && fault.KindOf(err) != fault.Refused {
			return err
		}
	}
	return nil
}
