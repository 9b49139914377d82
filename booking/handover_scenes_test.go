package booking_test

import (
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// counterScenes are what must happen at counters whatever is drawn beside it, each on things that are all on their
// shelf, with what must be so after each of its acts.
var counterScenes = []func(*counterDay){
	(*counterDay).swapsAndExtends, (*counterDay).overrides, (*counterDay).breaks, (*counterDay).lacks, (*counterDay).goesAndComesHome,
	(*counterDay).comesBackElsewhere, (*counterDay).comesBackLate, (*counterDay).isLostAndFound, (*counterDay).nobodyComes, (*counterDay).somebodyComes,
}

// did is what a scene has just done: it must have worked.
func (d *counterDay) did(what string, err error) {
	if err != nil {
		d.fail("%s: %v", what, err)
	}
	d.sound(what)
}

// booked is a new booking of so many units, from so many hours from now until so many.
func (d *counterDay) booked(who identity.Actor, quantity, from, until int) booking.Booking {
	r := want(d.amos, d.hour().Add(time.Duration(from)*time.Hour), d.hour().Add(time.Duration(until)*time.Hour))
	r.Lines[0].Quantity = quantity
	b, err := d.place(who, r)
	d.did("place", err)
	return b
}

// takes is a new booking that begins now and is handed out, and the unit that left.
func (d *counterDay) takes(hours int) (booking.Booking, string) {
	b := d.booked(d.zoe, 1, 0, hours)
	d.did("check out", d.checkOut(booking.HandOut{Booking: b.ID}))
	return b, d.codeOf(b)
}

func (d *counterDay) swapsAndExtends() {
	mine, theirs := d.booked(d.zoe, 1, 1, 4), d.booked(d.luc, 1, 1, 4)
	d.wait(time.Hour)
	d.did("swap", d.checkOut(booking.HandOut{Booking: mine.ID, Units: []string{d.codeOf(theirs)}, Swap: true}))
	d.did("extend", d.extend(mine.ID, mine.EndsAt.Add(2*time.Hour)))
}

func (d *counterDay) overrides() {
	mine, theirs := d.booked(d.zoe, 1, 0, 4), d.booked(d.luc, 2, 1, 5)
	d.did("override", d.checkOut(booking.HandOut{Booking: mine.ID, Units: []string{d.codeOf(theirs)}, Override: "Tournage"}))
}

func (d *counterDay) breaks() {
	_, unit := d.takes(3)
	d.booked(d.luc, 3, 4, 6)
	d.did("damage", d.checkIn(booking.Return{Unit: unit, Hub: "amos", Damaged: true}))
	d.did("put back", d.putBack(d.outages()[0]))
}

func (d *counterDay) lacks() {
	_, unit := d.takes(3)
	d.booked(d.luc, 3, 4, 6)
	d.did("missing", d.checkIn(booking.Return{Unit: unit, Hub: "amos", Missing: map[string]int{d.battery[unit]: 1}}))
	_, err := d.book.Inspect(d.ctx, d.boss, d.lent[0], booking.Return{Missing: map[string]int{d.battery[unit]: 0}}, database.Key{})
	d.did("inspect", err)
}

func (d *counterDay) goesAndComesHome() {
	d.booked(d.zoe, 3, 2, 5)
	d.did("plan", d.send(d.units[0], "val-dor", d.hour().Add(time.Hour), d.hour().Add(3*time.Hour)))
	d.wait(time.Hour)
	d.makesTheJourney()
	d.did("plan", d.send(d.units[0], "amos", d.hour(), d.hour().Add(time.Hour)))
	d.makesTheJourney()
}

// makesTheJourney makes the last journey that was planned.
func (d *counterDay) makesTheJourney() {
	all := d.journeys()
	d.did("depart", d.travel(d.book.Depart, all[len(all)-1]))
	d.did("arrive", d.travel(d.book.ArriveTransfer, all[len(all)-1]))
}

func (d *counterDay) comesBackElsewhere() {
	_, unit := d.takes(6)
	d.booked(d.luc, 3, 8, 10)
	d.did("return elsewhere", d.checkIn(booking.Return{Unit: unit, Hub: "val-dor"}))
	d.makesTheJourney()
}

func (d *counterDay) comesBackLate() {
	_, unit := d.takes(2)
	d.booked(d.luc, 3, 4, 6)
	d.wait(150 * time.Minute)
	d.sound("time")
	d.did("late return", d.checkIn(booking.Return{Unit: unit, Hub: "amos"}))
}

func (d *counterDay) isLostAndFound() {
	d.did("walk in", d.walkIn(d.units[1], d.hour().Add(3*time.Hour)))
	d.did("lose", d.takeOut(booking.Outage{Unit: d.units[1], From: d.clock.Now(), Cause: "lost"}))
	d.did("find", d.putBack(d.outages()[0]))
}

func (d *counterDay) nobodyComes() {
	d.booked(d.zoe, 3, 1, 12)
	d.wait(5 * time.Hour)
	d.sound("time")
	d.booked(d.luc, 3, 0, 2)
}

func (d *counterDay) somebodyComes() {
	r := want(d.amos, d.hour(), d.hour().Add(4*time.Hour))
	r.Lines = append(r.Lines, booking.Want{Resource: d.room, Quantity: 1})
	b, err := d.place(d.zoe, r)
	d.did("place", err)
	d.did("arrive", d.arrive(b.ID))
	d.did("check out", d.checkOut(booking.HandOut{Booking: b.ID}))
}
