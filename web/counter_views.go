package web

import (
	"sync"
	"time"

	"canot/booking"
	"canot/internal/identity/privacy"
)

const (
	lookLasts = time.Hour // in which somebody who looks at the same again has looked once
	mostLooks = 20_000    // that are remembered
)

// lately remembers who looked at whom, so that a counter where the same booking is opened ten times an
// hour writes it down once. It is safe for use by many goroutines; its zero value is ready.
type lately struct {
	mu sync.Mutex
	at map[string]time.Time
}

// fresh are those of some persons whom a viewer has not looked at for a while, and whom the caller may
// not show before it has written that down.
func (l *lately) fresh(viewer, what string, members []string, now time.Time) (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range members {
		if at, seen := l.at[viewer+" "+what+" "+id]; id != "" && (!seen || now.Sub(at) >= lookLasts) {
			list = append(list, id)
		}
	}
	return list
}

// note remembers looks that were written down.
func (l *lately) note(viewer, what string, members []string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil || len(l.at) > mostLooks {
		l.at = map[string]time.Time{} // what is forgotten is written down once more
	}
	for _, id := range members {
		l.at[viewer+" "+what+" "+id] = now
	}
}

// looked writes down that who asks sees the data of others, at a place where they do all day.
func (p *page) looked(what string, members ...string) error {
	now := p.DB.Now()
	fresh := p.looks.fresh(p.v.Actor.ID, what, members, now)
	if len(fresh) == 0 {
		return nil
	}
	if err := p.Privacy.Viewed(p.c.Request.Context(), p.v.Actor, what, fresh...); err != nil {
		return err
	}
	p.looks.note(p.v.Actor.ID, what, fresh, now)
	return nil
}

// sawOf writes down whose names a panel shows.
func (x *post) sawOf(s booking.Scanned) error {
	var seen []string
	add := func(who booking.Person) {
		if who.Name != "" { // else who looks may not know who it is
			seen = append(seen, who.ID)
		}
	}
	for _, v := range []*booking.Visit{s.Open, s.Booking} {
		if v != nil {
			add(v.Person)
		}
	}
	if u := s.Unit; u != nil {
		if u.Promised != nil {
			add(u.Promised.Person)
		}
		for _, l := range []*booking.OnLoan{u.Loan, u.Last} {
			if l != nil {
				add(l.Person)
			}
		}
	}
	if s.Person != nil {
		add(*s.Person)
	}
	return x.looked(privacy.ViewedBooking, seen...)
}
