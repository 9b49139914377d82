package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// timeChosen is what an address says was chosen: a day on the hub's clock, a length, and an hour
// that would suit, as 14:30.
type timeChosen struct {
	day, length, hour string
	all               bool // every time of the day, where there are many
}

// pickerPages are where the choices of a picker lead, as French addresses.
type pickerPages struct {
	when   func(day, length string) string
	check  func(from, to time.Time) string
	action string // of its forms, which ask by GET
	hidden []hiddenField
}

// A picker is the choice of a time: for how long, on which day, at what time.
type picker struct {
	Lengths        []option
	Days           []dayChoice
	Earlier, Later string // the stretch of days before and after, "" for none

	Heading string // the day that is shown, in words
	Count   fault.Params
	Until   fault.Params // for days: when things come back
	Parts   []dayPart
	Same    *option  // the hour that would suit
	All     string   // the same with every quarter of an hour, "" where all are shown
	Next    []option // the next days on which there is something, where there is nothing on this one
	More    string   // the next stretch, where there is nothing in all that was looked at

	Action           string
	Hidden           []hiddenField // of the form for any other day
	Day, First, Last string
	HandHidden       []hiddenField
	Hand             handTime
	Town             string
}

// An option is something to choose by a link.
type option struct {
	ID, Words, Path string
	Here            bool // it is what is chosen
}

// A dayChoice is one day, with how many times to choose from; none has no link.
type dayChoice struct {
	option
	Weekday string
	Count   fault.Params
	Free    bool
}

// A dayPart is the free times of a morning, an afternoon or an evening.
type dayPart struct {
	Name  string
	Slots []option
}

// pickerOf puts free times into what can be chosen.
func (p *page) pickerOf(s booking.Slots, c timeChosen, to pickerPages) picker {
	length := c.length
	if length == "" && (s.Length > 0 || s.Days > 0) {
		length = lengthText(s.Length, s.Days)
	}
	byDay := map[hours.Date][]booking.Slot{}
	var order []hours.Date
	for _, slot := range s.Free {
		d := hours.DateOf(slot.StartsAt, s.Zone)
		if len(byDay[d]) == 0 {
			order = append(order, d)
		}
		byDay[d] = append(byDay[d], slot)
	}
	today := hours.DateOf(p.DB.Now(), s.Zone)
	stretch := stretchOf(c.day, today)
	first := today.AddDays(daysShown * stretch)
	day := first
	if asked, err := hours.ParseDate(c.day); err == nil && !asked.Before(first) && asked.Before(first.AddDays(daysShown)) {
		day = asked
	} else if i := slices.IndexFunc(order, func(d hours.Date) bool { return !d.Before(first) }); i >= 0 && order[i].Before(first.AddDays(daysShown)) {
		day = order[i]
	}
	k := picker{Action: to.action, Hidden: append(slices.Clone(to.hidden), hiddenField{"duree", length}), HandHidden: to.hidden, Day: day.String(), First: today.String(), Last: today.AddDays(800).String()}
	k.Lengths = p.lengths(s, length, func(text string) string { return to.when(c.day, text) })
	for i := range daysShown {
		d := first.AddDays(i)
		weekday, short := p.dayWords(hours.At(d, 0, s.Zone).In(s.Zone))
		k.Days = append(k.Days, dayChoice{
			option:  option{ID: "j" + d.String(), Words: short, Path: to.when(d.String(), length), Here: d == day},
			Weekday: weekday, Count: fault.Params{"count": len(byDay[d])}, Free: len(byDay[d]) > 0,
		})
	}
	if stretch > 0 {
		k.Earlier = to.when(first.AddDays(-daysShown).String(), length)
	}
	k.Later = to.when(first.AddDays(daysShown).String(), length)
	k.Heading, k.Count = p.l.Date(hours.At(day, 0, s.Zone).In(s.Zone)), fault.Params{"count": len(byDay[day])}
	if s.Days > 0 && len(byDay[day]) > 0 {
		k.Until = fault.Params{"back_on": day.AddDays(s.Days).String()}
	}
	few := byDay[day]
	if !c.all {
		few = fewOf(few, s.Zone)
	}
	if len(few) < len(byDay[day]) {
		k.All = to.when(day.String(), length) + "&toutes=1"
	}
	k.Parts = p.partsOf(few, s.Zone, to.check)
	for _, slot := range byDay[day] {
		if at := slot.StartsAt.In(s.Zone); at.Format("15:04") == c.hour {
			k.Same = &option{Words: p.l.Time(at), Path: to.check(slot.StartsAt, slot.EndsAt)}
		}
	}
	if len(k.Parts) == 0 {
		for _, d := range order {
			if day.Before(d) && len(k.Next) < 4 {
				k.Next = append(k.Next, option{ID: "n" + d.String(), Words: p.l.Date(hours.At(d, 0, s.Zone).In(s.Zone)), Path: to.when(d.String(), length)})
			}
		}
		if len(k.Next) == 0 {
			k.More = to.when(first.AddDays(daysShown+daysBeyond-2).String(), length)
		}
	}
	return k
}

// dayWords are the day of the week and the day without its year: «mardi», «24 novembre».
func (p *page) dayWords(t time.Time) (weekday, day string) {
	weekday, day, _ = strings.Cut(p.l.Date(t), " ")
	day = strings.TrimRight(strings.TrimSuffix(day, strconv.Itoa(t.Year())), ", \u00a0")
	return strings.TrimSuffix(weekday, ","), strings.ReplaceAll(day, "\u00a0", " ") // there is little room
}

// partsOf are the free times of a day by morning, afternoon and evening.
func (p *page) partsOf(slots []booking.Slot, zone *time.Location, check func(from, to time.Time) string) []dayPart {
	names := []string{p.l.Say("page.book.morning", nil), p.l.Say("page.book.afternoon", nil), p.l.Say("page.book.evening", nil)}
	all := make([]dayPart, len(names))
	for _, slot := range slots {
		at := slot.StartsAt.In(zone)
		i := 0
		if at.Hour() >= 17 {
			i = 2
		} else if at.Hour() >= 12 {
			i = 1
		}
		all[i].Name = names[i]
		all[i].Slots = append(all[i].Slots, option{Words: p.l.Time(at), Path: check(slot.StartsAt, slot.EndsAt)})
	}
	return slices.DeleteFunc(all, func(part dayPart) bool { return len(part.Slots) == 0 })
}

// mostSlots is how many times of a day are shown before quarters of an hour are left out.
const mostSlots = 16

// fewOf are the times on the hour and the half hour, and those at which something becomes free,
// where there are many.
func fewOf(slots []booking.Slot, zone *time.Location) []booking.Slot {
	if len(slots) <= mostSlots {
		return slots
	}
	var few []booking.Slot
	for i, slot := range slots {
		if slot.StartsAt.In(zone).Minute()%30 == 0 || i == 0 || slot.StartsAt.Sub(slots[i-1].StartsAt) > 15*time.Minute {
			few = append(few, slot)
		}
	}
	return few
}

// Lengths that people ask for, as far as the rules allow them: minutes, and days for what is lent.
var (
	usualMinutes = []int{15, 30, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720}
	usualDays    = []int{1, 2, 3, 4, 5, 7, 14, 21, 28}
)

// mostLengths bounds how many lengths there are to choose from; the rest are for who chooses
// the hours by hand.
const mostLengths = 9

// lengths are the sensible choices of a length between the shortest and the longest.
func (p *page) lengths(s booking.Slots, now string, path func(string) string) []option {
	var minutes []int
	lent := !slices.ContainsFunc(s.Terms, func(t *inventory.Terms) bool { return t.Resource.Policy.Within == inventory.Inside })
	shortest, longest, step := int(s.Shortest/time.Minute), int(s.Longest/time.Minute), max(int(s.Step/time.Minute), 1)
	for _, n := range append([]int{shortest}, usualMinutes...) {
		if n >= shortest && n <= longest && n%step == 0 && n > 0 && !slices.Contains(minutes, n) && (!lent || n < 24*60) {
			minutes = append(minutes, n)
		}
	}
	slices.Sort(minutes)
	var texts []string
	for _, n := range minutes {
		texts = append(texts, strconv.Itoa(n))
	}
	if lent && longest >= 24*60 {
		texts = slices.DeleteFunc(texts, func(t string) bool { return t != texts[0] && t != "480" }) // what is lent is lent by the day
		for _, n := range usualDays {
			if n*24*60 >= shortest && n*24*60 <= longest {
				texts = append(texts, strconv.Itoa(n)+"j")
			}
		}
	}
	texts = thinned(texts, now)
	var all []option
	for _, text := range texts {
		length, days := lengthOf(text)
		if days > 0 {
			length = time.Duration(days) * 24 * time.Hour
		}
		all = append(all, option{ID: "d" + text, Words: p.l.Duration(length), Path: path(text), Here: text == now})
	}
	return all
}

// thinned leaves out the shortest lengths but the first, until they are few; what is chosen stays.
func thinned(texts []string, now string) []string {
	if now != "" && !slices.Contains(texts, now) {
		at := slices.IndexFunc(texts, func(t string) bool { return lengthOfText(t) > lengthOfText(now) })
		if at < 0 {
			at = len(texts)
		}
		texts = slices.Insert(texts, at, now)
	}
	for i := 1; len(texts) > mostLengths && i < len(texts)-1; {
		if texts[i] == now {
			i++
			continue
		}
		texts = slices.Delete(texts, i, i+1)
		i++ // every second one first
		if i >= len(texts)-1 && len(texts) > mostLengths {
			i = 1
		}
	}
	return texts
}

func lengthOfText(text string) time.Duration {
	length, days := lengthOf(text)
	return length + time.Duration(days)*24*time.Hour
}

// handTime is a time chosen by hand, on the hub's clock.
type handTime struct {
	FromDay, FromTime, ToDay, ToTime string
	Wrong, Why                       string // the field that is wrong, "" for none, and what of it
	asked                            bool
}

// byHand reads a time that was chosen by hand. A last day left out is the first.
func (p *page) byHand(zone *time.Location) (h handTime, from, to time.Time) {
	q := p.c.Request.URL.Query()
	h = handTime{FromDay: q.Get("du"), FromTime: q.Get("de"), ToDay: q.Get("au"), ToTime: q.Get("a")}
	h.asked = h.FromDay+h.FromTime+h.ToDay+h.ToTime != ""
	if !h.asked {
		return h, from, to
	}
	h.Why = p.l.Say("page.book.hand_wrong", nil)
	until := h.ToDay
	if until == "" {
		until = h.FromDay
	}
	var err error
	if from, err = typedInstant(h.FromDay+"T"+h.FromTime, zone); err != nil {
		h.Wrong = "du"
		return h, from, to
	}
	if to, err = typedInstant(until+"T"+h.ToTime, zone); err != nil {
		h.Wrong = "au"
	} else if !from.Before(to) {
		h.Wrong, h.Why = "a", p.l.Say("violation.ends_before_start", nil)
	}
	return h, from, to
}

// handAddress is where the time of a form is chosen by hand, as it is.
func handAddress(f bookForm, zone *time.Location) string {
	q, from, to := queryOf(f.wants), f.from.In(zone), f.to.In(zone)
	q.Set("du", from.Format(time.DateOnly))
	q.Set("de", from.Format("15:04"))
	q.Set("au", to.Format(time.DateOnly))
	q.Set("a", to.Format("15:04"))
	return "/reserver?" + q.Encode()
}

// handTold says what is wrong with a time that was chosen by hand.
func (p *page) handTold(h handTime) *told {
	return &told{Title: p.l.Say("page.wrong.title", nil), List: []wrongField{{h.Wrong, h.Why}}}
}

// About ties a field of the time chosen by hand to its hint, and to what is wrong.
func (h handTime) About(field string) template.HTMLAttr {
	if h.Wrong == field {
		return `aria-invalid="true" aria-describedby="hand-wrong hand-hint" autofocus`
	}
	if field == "du" {
		return `aria-describedby="hand-hint"`
	}
	return ""
}
