package mail

import (
	"context"
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

// A writing is a message about a booking while it is being written.
type writing struct {
	p      *Post
	ctx    context.Context
	b      booking.Booking
	hub    inventory.Hub
	zone   *time.Location
	reader identity.Member
	things []inventory.Resource // what is booked
	l      *letter
	out    lent // what is still out, for a message about that
	held   map[identity.Right]bool
}

// readerMay reports whether the reader holds a right at the hub now.
func (w *writing) readerMay(right identity.Right) (bool, error) {
	if may, known := w.held[right]; known {
		return may, nil
	}
	who, err := w.p.People.WhoMay(w.p.DB.Reader(w.ctx), right, w.hub.ID, w.hub.RegionID)
	if err != nil {
		return false, err
	}
	if w.held == nil {
		w.held = map[identity.Right]bool{}
	}
	w.held[right] = slices.ContainsFunc(who, func(m identity.Member) bool { return m.ID == w.reader.ID })
	return w.held[right], nil
}

// resources are the names of what is booked, with how many of each.
func (w *writing) resources() ([]string, error) {
	w.things = nil
	for _, line := range w.b.Lines {
		r, err := w.p.Catalog.Resource(w.ctx, line.ResourceID)
		if err != nil {
			return nil, err
		}
		w.things = append(w.things, r)
	}
	return namesOf(w.l.language, w.b, w.things), nil
}

// left are the names of what a booking still has that has lost something, with how many of how many where
// some of a line are lost; none where nothing is left.
func (w *writing) left() []string {
	var names []string
	for i, name := range namesOf(w.l.language, w.b, w.things) {
		line := w.b.Lines[i]
		switch left := line.Quantity - line.WithoutUnit; {
		case left <= 0:
		case line.WithoutUnit == 0:
			names = append(names, name)
		default:
			line.Quantity = 1
			one := namesOf(w.l.language, booking.Booking{Lines: []booking.Line{line}}, w.things)
			names = append(names, w.l.say("left_of", fault.Params{"resource": one[0], "left": left, "quantity": w.b.Lines[i].Quantity}))
		}
	}
	return names
}

// namesOf are the names of what is booked, with how many of each, in the order of the lines.
func namesOf(l locale.Language, b booking.Booking, things []inventory.Resource) []string {
	var names []string
	for _, line := range b.Lines {
		text := line.ResourceName
		if thing, known := thingOf(line, things); known {
			text = thing.Name
		}
		name := oneLine(text.In(l.Tag()))
		if line.Quantity > 1 {
			name = l.Say("mail.several", fault.Params{"resource": name, "quantity": line.Quantity})
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		names = []string{b.Reference}
	}
	return names
}

// thingOf is the resource of a line, where it is among those that are known.
func thingOf(line booking.Line, things []inventory.Resource) (inventory.Resource, bool) {
	at := slices.IndexFunc(things, func(r inventory.Resource) bool { return r.ID == line.ResourceID })
	if at < 0 {
		return inventory.Resource{}, false
	}
	return things[at], true
}

// where says the place: its street and town, where its name does not say them.
func (w *writing) where() string {
	name, address := placeOf(w.l.language, w.hub)
	return w.l.say("where", fault.Params{"hub": name, "address": address})
}

// placeOf is the name of a hub, and of its street and town what the name does not say.
func placeOf(l locale.Language, hub inventory.Hub) (name, address string) {
	name = hub.Name.In(l.Tag())
	var parts []string
	if hub.Address != "" && !strings.Contains(name, hub.Address) {
		parts = append(parts, hub.Address)
	}
	// A street is found with its town, though the name of the place may have it too.
	if known := strings.Join(append(parts, name), ", "); hub.Town != "" && (!strings.Contains(known, hub.Town) || len(parts) > 0 && !strings.Contains(hub.Address, hub.Town)) {
		parts = append(parts, hub.Town)
	}
	return oneLine(name), oneLine(strings.Join(parts, ", "))
}

// when says a span on the clock of its hub, and whose clock that is; inList leaves that to the list.
func (w *writing) when(starts, ends time.Time, zone *time.Location, inList bool) string {
	starts, ends = starts.In(zone), ends.In(zone)
	l := w.l.language
	params := fault.Params{"day": l.Date(starts), "from": l.Time(starts), "to": l.Time(ends), "starts": starts, "ends": ends, "town": oneLine(w.hub.Town)}
	key := "when_days"
	if starts.YearDay() == ends.YearDay() && starts.Year() == ends.Year() {
		key = "when"
	}
	if inList {
		key = map[string]string{"when": "when_listed", "when_days": "when_days_listed"}[key]
	}
	return w.l.say(key, params)
}
