package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

func (s *Site) mountBook(r gin.IRouter) {
	s.on(r, "GET", "/reserver", whenPage)
	s.on(r, "GET", "/reserver/ajouter", addPage)
	s.on(r, "GET", "/reserver/verifier", bookCheckPage)
	s.form(r, "/reserver", bookShown, book)
}

// The steps of booking, as the bar above the pages counts them.
const (
	stepWhen  = 2
	stepCheck = 3
)

// whenView is where one chooses the time of a basket.
type whenView struct {
	frame
	Step   int
	Basket basket
	Clash  *clash // what cannot be had together for any length; nil when a time can be chosen
	Lacks  string // the certifications that who reads does not have, "" for none
	Pick   picker
}

// whenPage shows the free times of a basket. Without one there is something to choose first.
func whenPage(p *page) error {
	q := p.c.Request.URL.Query()
	wants := wantsOf(q)
	if len(wants) == 0 {
		return p.to("/ressources")
	}
	c := timeChosen{q.Get("jour"), q.Get("duree"), q.Get("heure"), q.Get("toutes") != ""}
	s, err := p.slotsOf(wants, c, nil)
	if hasViolation(err, "one_hub") {
		return p.severalHubs(wants)
	}
	if err != nil {
		return p.unbookable(err)
	}
	v := whenView{Step: stepWhen}
	v.frame = p.frame(p.l.Say("page.book.when", nil))
	hand, from, to := p.byHand(s.Zone)
	status := http.StatusOK
	switch {
	case hand.asked && hand.Wrong == "":
		return p.to(checkAddress(wants, from, to))
	case hand.asked:
		status = http.StatusBadRequest
		v.Error = p.handTold(hand)
	}
	v.Basket = p.basketOf(s.Terms, wants, &c)
	if s.Shortest > s.Longest {
		v.Clash = p.clashOf(s, wants, c)
		return p.show(status, "book_when", v)
	}
	if v.Lacks, err = p.lacks(s); err != nil {
		return err
	}
	v.Pick = p.pickerOf(s, c, pickerPages{
		when:   func(day, length string) string { return whenWith(wants, day, length) },
		check:  func(from, to time.Time) string { return checkAddress(wants, from, to) },
		action: "/reserver", hidden: hiddenBasket(wants),
	})
	v.Pick.Hand = hand
	v.Pick.Town = v.Basket.Town
	return p.show(status, "book_when", v)
}

// slotsOf asks for the free times around a day that was chosen, less what the booking itself
// takes, where one is being moved.
func (p *page) slotsOf(wants []booking.Want, c timeChosen, moving *booking.Booking) (booking.Slots, error) {
	from, to := slotWindow(c.day, p.DB.Now())
	q := booking.SlotQuery{Lines: wants, From: from, To: to, Moving: moving}
	q.Length, q.Days = lengthOf(c.length)
	return p.Book.Slots(p.c.Request.Context(), p.v.Actor, q)
}

// unbookable turns an error about what is wanted into one that a page can show.
func (p *page) unbookable(err error) error {
	if f := fault.Of(err); f != nil && f.Kind == fault.Refused && len(f.Violations) > 0 {
		return &fault.Error{Kind: f.Kind, Code: f.Code, Violations: f.Violations}
	}
	return err
}

// hasViolation reports whether a refusal names a rule.
func hasViolation(err error, code string) bool {
	f := fault.Of(err)
	return f != nil && slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Code == code })
}

// A basket is what is being booked, for reading and for changing it.
type basket struct {
	Lines     []basketLine
	Hub, Town string
	Place     string // the town, where the name of the hub does not say it
	HubPath   string
	Add       string // where something else of the same hub is found; "" where the basket stands
}

// A basketLine is one resource of a basket. The addresses are "" where there is nothing to do.
type basketLine struct {
	Name, Path         string
	Icon               string // its kind
	Quantity           int
	Several            bool   // there is more than one of it to be had
	Less, More, Remove string // the when page with one fewer, one more, without it
}

// Many is the quantity for a sentence, nil for one.
func (l basketLine) Many() fault.Params {
	if l.Quantity < 2 {
		return nil
	}
	return fault.Params{"quantity": l.Quantity}
}

// basketOf names what is wanted. With c it can be changed, and the day and the length are kept.
func (p *page) basketOf(terms []*inventory.Terms, wants []booking.Want, c *timeChosen) basket {
	var b basket
	if len(terms) == 0 {
		return b
	}
	b.Hub, b.Town, b.HubPath = terms[0].HubName.In(p.l.Tag()), terms[0].Town, "/lieux/"+terms[0].HubSlug
	if !strings.Contains(b.Hub, b.Town) {
		b.Place = b.Town
	}
	for i, t := range terms {
		x := t.Resource
		l := basketLine{Name: x.Name.In(p.l.Tag()), Path: "/ressources/" + x.Slug, Icon: string(x.Kind), Quantity: 1}
		if i < len(wants) {
			l.Quantity = wants[i].Quantity
		}
		if c != nil && i < len(wants) {
			key := wants[i].Resource
			l.Several = len(t.Units) > 1
			if l.Several && l.Quantity > 1 {
				l.Less = whenWith(withQuantity(wants, key, l.Quantity-1), c.day, c.length)
			}
			if l.Several && l.Quantity < len(t.Units) {
				l.More = whenWith(withQuantity(wants, key, l.Quantity+1), c.day, c.length)
			}
			if len(wants) > 1 {
				l.Remove = whenWith(withoutOne(wants, key), c.day, c.length)
			}
		}
		b.Lines = append(b.Lines, l)
	}
	if c != nil && len(wants) < mostWanted {
		b.Add = addAddress(wants, c.day, c.length)
	}
	return b
}

// inTown is the name of a hub with its town, once.
func inTown(name, town string) string {
	if town = townBeside(name, town); town == "" {
		return name
	}
	return name + ", " + town
}

// A hiddenField is a field of a form that says again what was chosen.
type hiddenField struct{ Name, Value string }

func hiddenBasket(wants []booking.Want) []hiddenField {
	var all []hiddenField
	for _, text := range textsOf(wants) {
		all = append(all, hiddenField{"r", text})
	}
	return all
}

// hubsView says that what is wanted is at several hubs, and how to go on.
type hubsView struct {
	frame
	Step  int
	Parts []hubPart
}

// A hubPart is what of a basket is at one hub.
type hubPart struct{ Hub, Names, Path string }

// severalHubs shows a basket that no single booking can hold, and the ways out of it.
func (p *page) severalHubs(wants []booking.Want) error {
	now := p.DB.Now()
	look, err := p.Book.Preview(p.c.Request.Context(), p.v.Actor, booking.Request{Lines: wants, StartsAt: now, EndsAt: now.Add(time.Hour), Brief: true})
	if err != nil {
		return err
	}
	return p.showHubs(http.StatusUnprocessableEntity, look.Terms, wants)
}

func (p *page) showHubs(status int, terms []*inventory.Terms, wants []booking.Want) error {
	v := hubsView{frame: p.frame(p.l.Say("page.book.two_hubs", nil)), Step: stepWhen}
	for _, slug := range hubsOf(terms) {
		part := hubPart{}
		var names []string
		var kept []booking.Want
		for i, t := range terms {
			if t.HubSlug == slug && i < len(wants) {
				part.Hub = inTown(t.HubName.In(p.l.Tag()), t.Town)
				names, kept = append(names, t.Resource.Name.In(p.l.Tag())), append(kept, wants[i])
			}
		}
		part.Names, part.Path = strings.Join(names, ", "), whenAddress(kept, p.c.Query("jour"))
		v.Parts = append(v.Parts, part)
	}
	return p.show(status, "book_two_hubs", v)
}

// hubsOf are the hubs of some resources, each once.
func hubsOf(terms []*inventory.Terms) []string {
	var slugs []string
	for _, t := range terms {
		if !slices.Contains(slugs, t.HubSlug) {
			slugs = append(slugs, t.HubSlug)
		}
	}
	return slugs
}

// lengthOf reads a length as addresses have it: minutes, or days as 2j. What cannot be read is
// the usual one.
func lengthOf(text string) (time.Duration, int) {
	days, ok := strings.CutSuffix(text, "j")
	n, err := strconv.Atoi(days)
	if err != nil || n < 1 || n > 366*24*60 {
		return 0, 0
	}
	if ok {
		return 0, min(n, 366)
	}
	return time.Duration(n) * time.Minute, 0
}

// lengthText is a length as addresses have it.
func lengthText(length time.Duration, days int) string {
	if days > 0 {
		return strconv.Itoa(days) + "j"
	}
	return strconv.Itoa(int(length / time.Minute))
}

// How many days are shown to choose from, and how many beyond are looked at for who finds
// nothing in them.
const (
	daysShown  = 14
	daysBeyond = 24
)

// slotWindow is what to ask free times for, so that the stretch of days that holds a day is in it
// whatever the zone of the hub, which is not known yet.
func slotWindow(day string, now time.Time) (from, to time.Time) {
	today := hours.DateOf(now, time.UTC)
	from = hours.At(today.AddDays(-2+daysShown*stretchOf(day, today.AddDays(1))), 0, time.UTC)
	return from, from.AddDate(0, 0, 2+daysShown+daysBeyond)
}

// stretchOf is in which stretch of days, counted from today, a day lies: 0 for the first.
func stretchOf(day string, today hours.Date) int {
	d, err := hours.ParseDate(day)
	if err != nil || d.Before(today) {
		return 0
	}
	return min(int(hours.At(d, 0, time.UTC).Sub(hours.At(today, 0, time.UTC))/(24*time.Hour))/daysShown, 200)
}
