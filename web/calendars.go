package web

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/inventory/hours"
)

func (s *Site) mountCalendars(r gin.IRouter) {
	s.on(r, "GET", "/ressources/:resource/calendrier", resourceCalendar)
	s.on(r, "GET", "/lieux/:hub/calendrier", hubCalendar)
	s.on(r, "GET", "/categories/:category/calendrier", categoryCalendar)
}

const (
	calendarRows = 20
	byDay        = "jour"
	byWeek       = "semaine"
	// around is how far before and after what is shown free time is read: what is shorter than a
	// booking may be is not free, and one that is shown may begin before or end after.
	around = 8 * 24 * time.Hour
)

// calendarView is a calendar: a table, and the ways to others.
type calendarView struct {
	frame
	Heading      string // of what
	Crumbs       []findLink
	Base         string // the address without a query
	View         string
	Day          string // that is shown, or the first of the week that is
	Caption      string
	Zone         string // named where rows differ, or differ from each other
	Prev, Next   string
	PrevWords    string
	NextWords    string
	Today        string // "" where it is shown
	Switch       []findChoice
	Ignored      string
	Columns      []calColumn
	Rows         []calRow
	Draw         string // the check step without its times, where a span may be drawn
	Drawn, Keys  string // what is said of a span, drawn with a mouse or a finger, and with keys
	Clock        string // the zone in which it is said
	Legend       []calCell
	Titles       []calTitle // of bookings, that who reads may see
	MoreTitles   bool       // there are others
	Feed         feedLink
	PagePrev     string
	PageNext     string
	PageOf       fault.Params
	Total        int
	RowHead      string
	zone         *time.Location
	today, shown hours.Date
	page         int
}

// calColumn is the head of a column.
type calColumn struct {
	Words   string
	Current bool
}

// calRow is a resource, or a day.
type calRow struct {
	Path    string
	Name    phrase
	More    string
	Current bool
	Cells   []calCell
	Nothing string // said on small screens, where only what is free is listed
	// The day in words, for small screens and for paper.
	Free, FreePath, Taken string
}

// newCalendar reads what is asked of a calendar, on the clock of a zone.
func (p *page) newCalendar(heading, base string, zone *time.Location, usual string) calendarView {
	f := calendarView{frame: p.frame(p.l.Say("page.calendar.title", fault.Params{"what": heading})), Heading: heading, Base: base, zone: zone, View: usual}
	f.Wide = true
	if view := p.c.Query("vue"); view == byDay || view == byWeek {
		f.View = view
	}
	f.today = hours.DateOf(p.DB.Now(), zone)
	f.shown, f.page = f.today, pageNumber(p.c.Query("page"))
	if text := p.c.Query("jour"); text != "" {
		day, err := hours.ParseDate(text)
		if err != nil || day.Before(f.today.AddDays(-farthestDay)) || f.today.AddDays(farthestDay).Before(day) {
			f.Ignored = p.l.Say("page.calendar.ignored", nil)
		} else {
			f.shown = day
		}
	}
	f.Day = f.shown.String()
	f.ways(p)
	return f
}

// days are those that the calendar shows.
func (f *calendarView) days() []hours.Date {
	n := 1
	if f.View == byWeek {
		n = 7
	}
	days := make([]hours.Date, n)
	for i := range days {
		days[i] = f.shown.AddDays(i)
	}
	return days
}

// window is what the calendar shows, with what lies around it.
func (f *calendarView) window(now time.Time) (from, to time.Time) {
	days := f.days()
	from, to = hours.At(days[0], 0, f.zone).Add(-around), hours.At(days[len(days)-1].AddDays(1), 0, f.zone).Add(around)
	return fromNow(from, to, now)
}

// to is the address of the calendar at another day, or seen in another way.
func (f *calendarView) to(view, day string, page int) string {
	q := url.Values{"vue": {view}}
	if day != "" {
		q.Set("jour", day)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return f.Base + "?" + q.Encode()
}

// ways are the links to other days and to the other view.
func (f *calendarView) ways(p *page) {
	step := len(f.days())
	f.Prev, f.Next = f.to(f.View, f.shown.AddDays(-step).String(), f.page), f.to(f.View, f.shown.AddDays(step).String(), f.page)
	f.PrevWords, f.NextWords = p.l.Say("page.calendar.prev_"+f.View, nil), p.l.Say("page.calendar.next_"+f.View, nil)
	last := f.shown.AddDays(step - 1)
	if f.today.Before(f.shown) || last.Before(f.today) {
		f.Today = f.to(f.View, f.today.String(), f.page)
	}
	for _, view := range []string{byDay, byWeek} {
		f.Switch = append(f.Switch, findChoice{f.to(view, f.Day, f.page), p.l.Say("page.calendar.by_"+view, nil), view == f.View})
	}
	first := hours.At(f.shown, 12*60, f.zone).In(f.zone)
	when := p.l.Date(first)
	if f.View == byWeek {
		when = p.l.Say("page.calendar.week", fault.Params{"first": p.l.ShortDate(first), "last": p.l.ShortDate(hours.At(last, 12*60, f.zone).In(f.zone)), "year": strconv.Itoa(last.Year)})
	}
	f.Caption = p.l.Say("page.calendar.caption", fault.Params{"what": f.Heading, "when": when})
}

// legend says what the cells that lead nowhere mean, those that there are.
func (f *calendarView) legend(p *page) {
	seen := map[string]bool{}
	for _, row := range f.Rows {
		for _, c := range row.Cells {
			seen[c.State] = true
		}
	}
	for _, state := range []string{stateSoon, stateFar, stateTier, stateNone, stateNoUnit} {
		if seen[state] {
			f.Legend = append(f.Legend, calCell{State: state, Hour: p.l.Say("page.calendar.state_"+state, nil), Words: p.l.Say("page.calendar.legend_"+state, nil)})
		}
	}
}

// finished says of a row that nothing is free in it, and why where that is the same all along.
func (p *page) finished(r calRow) calRow {
	if !slices.ContainsFunc(r.Cells, func(c calCell) bool { return c.State == stateFree }) {
		r.Nothing = p.l.Say("page.calendar.nothing", nil)
		state := r.Cells[0].State
		alike := !slices.ContainsFunc(r.Cells, func(c calCell) bool { return c.State != state })
		if alike && (state == stateClosed || state == stateBusy || state == statePast || state == stateNoUnit) {
			r.Nothing = p.l.Say("page.calendar.state_"+state, nil)
		}
	}
	return r
}
