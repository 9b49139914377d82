package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A cell is one of a calendar's table, as it is read.
type cell struct {
	state, text, href, from, to string
	width                       int
}

// table reads the calendar of a page: its heads, and its rows by their own.
func (v view) table() (heads []string, rows map[string][]cell) {
	v.t.Helper()
	doc, err := html.Parse(strings.NewReader(v.body))
	must(v.t, err)
	rows = map[string][]cell{}
	name := ""
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "th" && n.Data != "td" {
			continue
		}
		has, text := map[string]string{}, ""
		for _, a := range n.Attr {
			has[a.Key] = a.Val
		}
		c := cell{state: has["class"], width: 1}
		for in := range n.Descendants() {
			if in.Type == html.TextNode {
				text += in.Data
			}
			if in.Type == html.ElementNode && in.Data == "a" {
				for _, a := range in.Attr {
					switch a.Key {
					case "href":
						c.href = a.Val
					case "data-from":
						c.from = a.Val
					case "data-to":
						c.to = a.Val
					}
				}
			}
		}
		c.text = strings.Join(strings.Fields(strings.ReplaceAll(text, "\u00a0", " ")), " ")
		if has["colspan"] != "" {
			c.width, err = strconv.Atoi(has["colspan"])
			must(v.t, err)
		}
		switch {
		case has["scope"] == "col":
			heads = append(heads, c.text)
		case has["scope"] == "row":
			name = c.text
		default:
			rows[name] = append(rows[name], c)
		}
	}
	for name, row := range rows {
		n := 1
		for _, c := range row {
			n += c.width
		}
		if n != len(heads) {
			v.t.Errorf("%s: the row %q has %d columns of %d", v.path, name, n, len(heads))
		}
	}
	return heads, rows
}

// TestACalendarSaysWhatTheBookSays: what a week shows as free is what the book has as free, hour
// by hour, and nothing else is.
func TestACalendarSaysWhatTheBookSays(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		w.browser().person("Zoé", "zoe@exemple.example")
		toronto, err := hours.LoadZone("America/Toronto")
		must(t, err)
		m.books("zoe@exemple.example", "amos-grand-studio", "America/Toronto", "2026-11-24T10:00", "2026-11-24T12:30")
		m.books("zoe@exemple.example", "amos-grand-studio", "America/Toronto", "2026-11-25T09:00", "2026-11-25T17:00")
		_, err = w.site.Catalog.AddClosure(t.Context(), identity.System, inventory.Closure{HubID: "amos", StartsLocal: "2026-11-26T12:00:00", EndsLocal: "2026-11-26T15:00:00"}, database.Key{})
		must(t, err)
		v := w.browser().get("/ressources/amos-grand-studio/calendrier?jour=2026-11-23")
		checkPage(t, v.path, v, "fr")
		_, rows := v.table()
		if len(rows) != 7 {
			t.Fatalf("%d rows", len(rows))
		}
		shown := hours.Spans{}
		for _, row := range rows {
			for _, c := range row {
				if c.state != stateFree {
					continue
				}
				from, err := time.Parse(time.RFC3339, c.from)
				must(t, err)
				to, err := time.Parse(time.RFC3339, c.to)
				must(t, err)
				shown = append(shown, hours.Span{Start: from, End: to})
			}
		}
		week := hours.Span{Start: hours.At(hours.Date{Year: 2026, Month: 11, Day: 23}, 0, toronto), End: hours.At(hours.Date{Year: 2026, Month: 11, Day: 30}, 0, toronto)}
		seen, err := w.book.Available(t.Context(), identity.Actor{}, booking.AvailabilityQuery{Resource: "amos-grand-studio", From: week.Start, To: week.End})
		must(t, err)
		free := hours.Spans{}
		for _, f := range seen[0].Free {
			free = append(free, hours.Span{Start: f.StartsAt, End: f.EndsAt})
		}
		if got, want := hours.Normalize(shown...), hours.Normalize(free...); !slices.Equal(got, want) {
			t.Errorf("shown as free\n%v, and the book has\n%v", got, want)
		}
		for day, want := range map[string]string{
			"mar. 24 nov.": "free busy busy free free free free free", "mer. 25 nov.réservé": "busy", "jeu. 26 nov.": "free free free closed free free", "sam. 28 nov.fermé": "closed",
		} {
			var states []string
			for _, c := range rows[day] {
				states = append(states, strings.Repeat(c.state+" ", map[bool]int{true: c.width, false: 1}[c.state == stateBusy && c.width < 8]))
			}
			if got := strings.Join(strings.Fields(strings.Join(states, " ")), " "); got != want {
				t.Errorf("%s is %q, want %q", day, got, want)
			}
		}
		if half := rows["mar. 24 nov."][2]; half.text != "12 h 30 libre réservé jusqu’à 12 h 30" {
			t.Errorf("half an hour is left, said as %q", half.text)
		}
	})
}

// TestTheDesksOfAPoolAreCounted: how many are free is said where there are several.
func TestTheDesksOfAPoolAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		w.browser().person("Zoé", "zoe@exemple.example")
		m.books("zoe@exemple.example", "amos-bureaux", "America/Toronto", "2026-11-24T10:00", "2026-11-24T11:00")
		m.books("zoe@exemple.example", "amos-bureaux", "America/Toronto", "2026-11-24T10:30", "2026-11-24T11:00")
		_, rows := w.browser().get("/ressources/amos-bureaux/calendrier?vue=jour&jour=2026-11-24").table()
		row := rows["mar. 24 nov."]
		if len(row) != 8 || row[0].text != "9 h 3 libres" || row[1].text != "10 h libre" {
			t.Errorf("%+v", row)
		}
		_, rows = w.browser().get("/en/ressources/amos-bureaux/calendrier?vue=jour&jour=2026-12-30").table() // beyond the horizon
		if row := rows["Wed, Dec 30Nothing free"]; len(row) != 1 || row[0].text != "not yet" {
			t.Errorf("%+v", rows)
		}
		_, rows = w.browser().get("/ressources/amos-bureaux/calendrier?vue=jour&jour=2026-11-20").table()
		if row := rows["ven. 20 nov.passé"]; len(row) != 1 || row[0].text != "passé" {
			t.Errorf("%+v", rows)
		}
	})
}

// TestADayHasTheHoursThatItsClockShows: 23 where the clocks go forward, 25 where they go back.
func TestADayHasTheHoursThatItsClockShows(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		always, err := hours.ParseWeek("24/7")
		must(t, err)
		_, err = w.site.Catalog.SetWeek(t.Context(), identity.System, inventory.WeekEdits{Hub: "amos", Week: always}, database.Key{})
		must(t, err)
		for day, want := range map[string]struct {
			columns int
			has     string
		}{"2027-03-13": {24, "2 h"}, "2027-03-14": {23, "3 h"}, "2027-11-07": {25, "1 h (la 2e fois)"}} {
			heads, rows := w.browser().get("/ressources/amos-grand-studio/calendrier?vue=jour&jour=" + day).table()
			if len(heads) != want.columns+1 || !slices.Contains(heads, want.has) || want.columns == 23 && slices.Contains(heads, "2 h") {
				t.Errorf("%s has %d columns: %v", day, len(heads)-1, heads)
			}
			var last time.Time
			for _, row := range rows {
				for _, c := range row {
					from, err := time.Parse(time.RFC3339, c.from)
					must(t, err)
					if !last.IsZero() && from.Sub(last) != time.Hour {
						t.Errorf("%s: %s comes after %s", day, from, last)
					}
					last = from
				}
			}
		}
		// In a week, the hour that one day skips is said there, and shown on the others.
		heads, rows := w.browser().get("/ressources/amos-grand-studio/calendrier?jour=2027-03-12").table()
		if len(heads) != 25 || rows["dim. 14 mars"][2].text != "saute" || rows["sam. 13 mars"][2].state != stateFree {
			t.Errorf("%d heads, %+v", len(heads), rows["dim. 14 mars"])
		}
	})
}

// TestEachRowIsOnItsOwnClock: nine in the morning is nine at each hub.
func TestEachRowIsOnItsOwnClock(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		newMarket(w)
		v := w.browser().get("/categories/studio/calendrier?jour=2026-11-24").has("Les heures de chaque ligne", "UTC−5", "UTC−4")
		checkPage(t, v.path, v, "fr")
		heads, rows := v.table()
		at := slices.Index(heads, "9 h") - 1
		for name, row := range rows {
			column := 0
			for _, c := range row {
				if column == at {
					want := map[bool]string{true: "2026-11-24T13:00:00Z", false: "2026-11-24T14:00:00Z"}[strings.HasPrefix(name, "Studio de l’Est")]
					if c.from != want {
						t.Errorf("9 h of %s is %s", name, c.from)
					}
				}
				column += c.width
			}
		}
		if len(rows) != 2 {
			t.Errorf("%d rows", len(rows))
		}
		w.browser().get("/lieux/amos/calendrier").lacks("UTC−5", "UTC−4")
	})
}

func TestCalendarsOfSeveralThings(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		w.browser().person("Zoé", "zoe@exemple.example")
		m.books("zoe@exemple.example", "amos-grand-studio", "America/Toronto", "2026-11-24T12:00", "2026-11-24T13:30")
		b := w.browser()
		v := b.get("/lieux/amos/calendrier?vue=semaine&jour=2026-11-23").has("libre \n9\u00a0h\u2060–\u200b12\u00a0h,\n13\u00a0h\u00a030\u2060–\u200b17\u00a0h").lacks("Zoé")
		checkPage(t, v.path, v, "fr")
		if _, rows := v.table(); len(rows) != 4 {
			t.Errorf("%d rows", len(rows))
		}
		// What is lent begins and ends while the hub is open, though it is free at night.
		if heads, rows := b.get("/ressources/amos-camera-de-reportage/calendrier?jour=2026-11-23").table(); len(heads) != 9 || rows["sam. 28 nov.fermé"][0].state != stateClosed {
			t.Errorf("%v, %+v", heads, rows)
		}
		// Nobody looks for a day that is over: without a day, the first open one is shown.
		b.get("/lieux/amos/calendrier").has("lundi 23\u00a0novembre 2026", `href="/lieux/amos/calendrier?jour=2026-11-21&amp;vue=jour"`)
		b.get("/lieux/amos/calendrier?jour=hier").has("Cette date ne peut pas servir")
		b.get("/ressources?categorie=studio").has(`href="/categories/studio/calendrier"`)
		b.get("/ressources").lacks("/categories/")
		b.get("/ressources/amos-grand-studio").has(`href="/categories/studio/calendrier"`)
		b.get("/lieux/atlantide/calendrier").on("/lieux/atlantide/calendrier", 404)
		b.get("/categories/atlantide/calendrier").on("/categories/atlantide/calendrier", 404)
		b.get("/ressources/atlantide/calendrier").on("/ressources/atlantide/calendrier", 404)
		for i := range 25 {
			m.resource("halifax", "desk", inventory.Space, fmt.Sprintf("Table %02d", i), 1, inventory.ResourceEdits{})
		}
		v = b.get("/lieux/halifax/calendrier?jour=2026-11-24").has("Page 1 sur 2", `href="/lieux/halifax/calendrier?jour=2026-11-24&amp;page=2&amp;vue=jour"`)
		if _, rows := v.table(); len(rows) != 20 {
			t.Errorf("%d rows", len(rows))
		}
		if _, rows := b.get("/lieux/halifax/calendrier?jour=2026-11-24&page=2").table(); len(rows) != 6 {
			t.Errorf("%d rows", len(rows))
		}
	})
}

// TestACellLeadsOnlyToWhatCanBeBooked: what is free is offered from where a booking of the resource
// may begin, and an hour in which none may is not left for somebody to find out.
func TestACellLeadsOnlyToWhatCanBeBooked(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		week, err := hours.ParseWeek("Mo-Fr 08:30-17:00")
		must(t, err)
		_, err = w.site.Catalog.SetWeek(t.Context(), identity.System, inventory.WeekEdits{Hub: "amos", Week: week}, database.Key{})
		must(t, err)
		m.resource("amos", "studio", inventory.Space, "Atelier", 1, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ref(60), Shortest: ref(120), Longest: ref(480), Horizon: ref(30)}})
		w.browser().person("Zoé", "zoe@exemple.example")
		b := w.browser()
		row := func(path, name string) []cell {
			_, rows := b.get(path).table()
			for at, cells := range rows {
				if strings.HasPrefix(at, name) {
					return cells
				}
			}
			t.Fatalf("%s has no row %q", path, name)
			return nil
		}
		for _, c := range []struct {
			cell       cell
			text       string
			from, to   string // of the booking it leads to
			firstDrawn string
		}{
			{row("/ressources/amos-atelier/calendrier?jour=2026-11-24", "mar. 24 nov.")[0], "libre dès 9 h", "14:00", "16:00", ""},
			{row("/ressources/amos-atelier/calendrier?jour=2026-11-24", "mar. 24 nov.")[1], "9 h libre", "14:00", "16:00", "14:00"},
			{row("/ressources/amos-atelier/calendrier?jour=2026-11-24", "mar. 24 nov.")[8], "15 h libre jusqu’à 17 h", "20:00", "22:00", "21:00"},
			{row("/lieux/amos/calendrier?jour=2026-11-24", "Atelier")[0], "libre dès 9 h", "14:00", "16:00", ""},
		} {
			r, from, to := slotOf(t, c.cell.href)
			if c.cell.text != c.text || r != "amos-atelier" || from.Format("15:04") != c.from || to.Format("15:04") != c.to {
				t.Errorf("%+v leads from %s to %s", c.cell, from, to)
			}
			if drawn, _ := time.Parse(time.RFC3339, c.cell.from); c.firstDrawn == "" && c.cell.from != "" || c.firstDrawn != "" && drawn.Format("15:04") != c.firstDrawn {
				t.Errorf("%q is drawn from %q", c.text, c.cell.from)
			}
		}
		// An hour between two bookings is too short for any.
		m.books("zoe@exemple.example", "amos-atelier", "America/Toronto", "2026-11-24T10:00", "2026-11-24T12:00")
		m.books("zoe@exemple.example", "amos-atelier", "America/Toronto", "2026-11-24T13:00", "2026-11-24T16:00")
		if all := row("/ressources/amos-atelier/calendrier?jour=2026-11-24", "mar. 24 nov."); len(all) != 1 || all[0].state != stateBusy {
			t.Errorf("%+v", all)
		}
		// A day in words, for small screens and for paper.
		m.books("zoe@exemple.example", "amos-atelier", "America/Toronto", "2026-11-25T11:00", "2026-11-25T13:00")
		v := b.get("/lieux/amos/calendrier?jour=2026-11-25")
		if e := v.one("a", "href", "/reserver?jour=2026-11-25&r=amos-atelier"); e.has["class"] != "brief" || plainly(e.text) != "libre 9 h–11 h, 13 h–17 h" {
			t.Errorf("%+v", e)
		}
		v.has("<span class=\"taken\">réservé 11\u00a0h\u2060–\u200b13\u00a0h</span>")
	})
}

// plainly is a text without what only holds it together.
func plainly(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\u2060", "", "\u200b", "").Replace(text)), " ")
}

// An hour that is taken in part says so, beside what is free of it; what ends inside its hours is closed
// outside them even to who may come then.
func TestAPartOfAnHourThatIsTakenIsSeen(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		m.resource("amos", "studio", inventory.Space, "Atelier", 1, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Grain: ref(15), Shortest: ref(15), Longest: ref(480), Horizon: ref(30)}})
		w.browser().person("Zoé", "zoe@exemple.example")
		m.books("zoe@exemple.example", "amos-atelier", "America/Toronto", "2026-11-24T14:30", "2026-11-24T15:30")
		_, rows := w.browser().get("/ressources/amos-atelier/calendrier?jour=2026-11-24").table()
		said := ""
		for _, c := range rows["mar. 24 nov."] {
			said += c.text + "|"
		}
		for _, want := range []string{"réservé dès 14 h 30", "réservé jusqu’à 15 h 30"} {
			if strings.Count(said, want) != 1 {
				t.Errorf("%q of %s", want, said)
			}
		}
	})
}

func TestACounterThatIsClosedIsNotBooked(t *testing.T) {
	zone, err := hours.LoadZone("America/Toronto")
	must(t, err)
	night := hours.Span{Start: time.Date(2026, 11, 24, 4, 0, 0, 0, zone), End: time.Date(2026, 11, 24, 5, 0, 0, 0, zone)}
	terms := &inventory.Terms{Zone: zone, Units: make([]inventory.Unit, 1)}
	for within, state := range map[inventory.Within]string{inventory.EndsInside: stateClosed, inventory.Inside: stateBusy} {
		terms.Resource.Policy.Within = within
		c := calTime{Availability: booking.Availability{Terms: terms}, admitted: true, last: night.End.AddDate(0, 1, 0), afterHours: opensTo(terms.Resource.Policy, true)}
		if got, _ := c.at(night); got != state {
			t.Errorf("%s is %s", within, got)
		}
	}
}
