package booking

import (
	"cmp"
	"context"
	"slices"

	"canot/internal/identity"
	"canot/inventory/hours"
)

// A Day is what a counter has before it on one day, for paper: a sheet that is printed in the morning,
// or the evening before, serves when the power is out.
type Day struct {
	Counter
	Date     hours.Date
	Span     hours.Span
	Arrivals []Visit  // spaces, machines and guides: who is there on that day
	Outgoing []Visit  // equipment that is to be handed out on that day
	Returns  []OnLoan // what is out and due on that day
	Late     []OnLoan // what was due before that day
}

// DayAt reads a day of a counter that was found for who, in one statement. What is out is as it is now;
// names of persons are there for who may see them.
func (b *Book) DayAt(ctx context.Context, who identity.Actor, c Counter, date hours.Date) (Day, error) {
	d := Day{Counter: c, Date: date, Span: hours.Span{Start: hours.At(date, 0, c.Zone), End: hours.At(date.AddDays(1), 0, c.Zone)}}
	visits, err := findVisits(b.db.Reader(ctx), who, selectDay, c.Hub.ID, d.Span.Start, d.Span.End)
	if err != nil {
		return Day{}, err
	}
	for _, v := range visits {
		d.visit(v)
	}
	due := func(a, b OnLoan) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Code, b.Code)) }
	slices.SortFunc(d.Returns, due)
	slices.SortFunc(d.Late, due)
	return d, nil
}

// selectDay finds the bookings of hub $1 that touch the time from $2 until $3, and those of whose units
// one left from there.
const selectDay = `
	SELECT t.id FROM bookings t
	WHERE t.hub_id = $1 AND t.status IN ('confirmed', 'in_use') AND t.starts_at < $3 AND t.ends_at > $2
	UNION
	SELECT f.booking_id FROM loans f WHERE f.out_hub_id = $1 AND f.back_at IS NULL AND f.due_at < $3`

// visit puts a booking where the sheet has it; it may be in several places.
func (d *Day) visit(v Visit) {
	for _, l := range v.loans {
		switch {
		case l.DueAt.Before(d.Span.Start):
			d.Late = append(d.Late, l)
		case l.DueAt.Before(d.Span.End):
			d.Returns = append(d.Returns, l)
		}
	}
	if v.HubID != d.Hub.ID || !v.StartsAt.Before(d.Span.End) || !v.EndsAt.After(d.Span.Start) {
		return
	}
	if v.here() {
		d.Arrivals = append(d.Arrivals, v)
	}
	begins := !v.StartsAt.Before(d.Span.Start)
	if (begins || v.EndsAt.After(d.Now)) && len(v.Waits()) > 0 {
		d.Outgoing = append(d.Outgoing, v)
	}
}
