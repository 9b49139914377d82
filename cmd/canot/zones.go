package main

import (
	"context"

	"canot/booking"
)

// zones shows the zone data in use and the bookings to come whose instant no
// longer is their local time, and sets them right when asked to. It fails when
// some are left that are not right.
func zones(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	apply := set.Bool("apply", false, "")
	asJSON := set.Bool("json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	look := nw.book.Shifted
	if *apply {
		look = nw.book.SetRight
	}
	shifts, err := look(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		b := build()
		if shifts == nil {
			shifts = []booking.Shift{}
		}
		err = cmd.printJSON(map[string]any{"zone_data": b.ZoneData, "zone_source": b.ZoneSource, "moved": shifts})
	} else {
		cmd.printShifts(shifts, *apply)
	}
	if err == nil && wrong(shifts) > 0 {
		return alreadySaid{}
	}
	return err
}

// wrong counts the bookings that still are not at their promised time.
func wrong(shifts []booking.Shift) int {
	n := 0
	for _, s := range shifts {
		if !s.SetRight {
			n++
		}
	}
	return n
}

// printShifts says which bookings moved, from which instant to which.
func (c *command) printShifts(shifts []booking.Shift, applied bool) {
	b := build()
	c.printf("zones_data", b.ZoneData, c.words.text("zones_"+b.ZoneSource))
	for _, s := range shifts {
		const layout = "2006-01-02T15:04Z07:00"
		c.printf("zones_moved", s.Reference, s.Hub, s.StartsAt.UTC().Format(layout), s.ShouldBe.UTC().Format(layout), s.Promised)
	}
	switch left := wrong(shifts); {
	case applied:
		c.printf("zones_applied", len(shifts)-left, left)
	case left > 0:
		c.printf("zones_hint", left)
	default:
		c.printf("zones_none")
	}
}
