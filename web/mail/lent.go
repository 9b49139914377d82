package mail

import (
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// A lent is what of a booking is still out with somebody, and when it is due.
type lent struct {
	names []string // what it is, with how many of each
	codes []string // of the units
	due   time.Time
}

// stillOut reads what of the booking is still out; it has no names when all of it is back. A message
// about what is late leaves out what is not.
func (w *writing) stillOut(late bool) (lent, error) {
	var out lent
	loans, err := w.p.Book.Loans(w.ctx, identity.System, w.b.ID)
	if err != nil {
		return out, err
	}
	count := map[string]int{}
	for _, x := range loans {
		if x.BackAt != nil || late && x.DueAt.After(w.p.DB.Now()) {
			continue
		}
		name := oneLine(x.ResourceName.In(w.l.Lang()))
		if count[name]++; count[name] == 1 {
			out.names = append(out.names, name)
		}
		out.codes = append(out.codes, x.Code)
		if out.due.IsZero() || x.DueAt.Before(out.due) {
			out.due = x.DueAt
		}
	}
	slices.Sort(out.codes)
	for i, name := range out.names {
		if count[name] > 1 {
			out.names[i] = w.l.say("several", fault.Params{"resource": name, "quantity": count[name]})
		}
	}
	return out, nil
}

// loan adds to the figures of a message about a loan what is out, when it is due, and what comes of
// bringing it late. It reports true when there is nothing to say any more.
func (w *writing) loan(n news, params fault.Params) (gone bool, err error) {
	out, err := w.stillOut(n.word != "due_tomorrow")
	if err != nil || len(out.names) == 0 {
		return true, err
	}
	now := w.p.DB.Now()
	if n.word == "due_tomorrow" && !now.Before(out.due) {
		return true, nil // it is late by now, and that is another message
	}
	w.out = out
	params["resource"], params["more"] = out.names[0], len(out.names)-1
	params["what"] = w.l.say("what", params)
	due := out.due.In(w.zone)
	params["until"], params["at"] = due, w.l.language.Time(due)
	if hours.DateOf(now, w.zone) == hours.DateOf(due, w.zone) {
		params["today"] = 1
	}
	if w.hub.SuspendAfter > 0 {
		params["suspend_days"] = w.hub.SuspendDays
	}
	return false, nil
}

// facts are what a message about it says at a glance.
func (o lent) facts(w *writing, add func(label, value string)) {
	add("what", strings.Join(o.names, ", "))
	add("codes", strings.Join(o.codes, ", "))
	add("due", w.l.say("due", fault.Params{"until": o.due.In(w.zone), "town": oneLine(w.hub.Town)}))
}

// inUse reports whether something of a booking may be out.
func inUse(b booking.Booking) bool { return b.Status == booking.InUse }
