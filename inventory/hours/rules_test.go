package hours

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/internal/fault"
)

func week(t testing.TB, text string) Week {
	t.Helper()
	w, err := ParseWeek(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func promises(spans Spans, z *time.Location) []string {
	var texts []string
	for _, s := range spans {
		texts = append(texts, Promise(s.Start, z)+"/"+Promise(s.End, z))
	}
	return texts
}

func TestOpenFollowsTheWallClock(t *testing.T) {
	day := func(text string) []DaySpan { spans, _ := ParseDay(text); return spans }
	tests := []struct {
		name     string
		zone     string
		rules    Rules
		from, to string
		want     []string
	}{
		{
			"nine to five over the change in spring", "America/Toronto", Rules{Week: week(t, "Sa-Mo 09:00-17:00")}, "2026-03-07T00:00", "2026-03-10T00:00",
			[]string{"2026-03-07T09:00:00-05:00/2026-03-07T17:00:00-05:00", "2026-03-08T09:00:00-04:00/2026-03-08T17:00:00-04:00", "2026-03-09T09:00:00-04:00/2026-03-09T17:00:00-04:00"},
		},
		{
			"past midnight belongs to the evening", "America/Toronto",
			Rules{Week: week(t, "Fr-Sa 20:00-02:00"), Exceptions: map[Date][]DaySpan{{2026, 6, 6}: nil}}, "2026-06-05T00:00", "2026-06-08T00:00",
			[]string{"2026-06-05T20:00:00-04:00/2026-06-06T02:00:00-04:00"},
		},
		{
			"an exception past midnight", "America/Toronto",
			Rules{Week: week(t, "Mo-Su 09:00-17:00"), Exceptions: map[Date][]DaySpan{{2026, 6, 5}: day("18:00-03:00")}}, "2026-06-05T00:00", "2026-06-07T00:00",
			[]string{"2026-06-05T18:00:00-04:00/2026-06-06T03:00:00-04:00", "2026-06-06T09:00:00-04:00/2026-06-06T17:00:00-04:00"},
		},
		{
			"what is open at the window's edges is cut", "America/Halifax", Rules{Week: week(t, "Fr 20:00-44:00")}, "2026-06-06T10:00", "2026-06-06T12:00",
			[]string{"2026-06-06T10:00:00-03:00/2026-06-06T12:00:00-03:00"},
		},
		{
			"round the clock is one stretch", "America/Toronto", Rules{Week: week(t, "24/7")}, "2026-10-31T00:00", "2026-11-03T00:00",
			[]string{"2026-10-31T00:00:00-04:00/2026-11-03T00:00:00-05:00"},
		},
		{
			"a closure cuts", "America/Toronto",
			Rules{Week: week(t, "Mo-Su 09:00-17:00"), Closures: []LocalSpan{{"2026-06-05T12:00:00", "2026-06-06T10:00:00"}}}, "2026-06-05T00:00", "2026-06-07T00:00",
			[]string{"2026-06-05T09:00:00-04:00/2026-06-05T12:00:00-04:00", "2026-06-06T10:00:00-04:00/2026-06-06T17:00:00-04:00"},
		},
		{"nothing set is never open", "America/Toronto", Rules{}, "2026-06-05T00:00", "2026-07-07T00:00", nil},
		{"an empty window", "America/Toronto", Rules{Week: week(t, "24/7")}, "2026-06-05T00:00", "2026-06-05T00:00", nil},
		{
			"a span that lies in skipped time moves with it", "America/Toronto", Rules{Week: week(t, "Su 02:15-02:45")}, "2026-03-08T00:00", "2026-03-09T00:00",
			[]string{"2026-03-08T03:15:00-04:00/2026-03-08T03:45:00-04:00"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			z := zone(t, test.zone)
			from, _ := Instant(test.from, z)
			to, _ := Instant(test.to, z)
			if got := promises(test.rules.Open(from, to, z), z); !slices.Equal(got, test.want) {
				t.Errorf("open %q, want %q", got, test.want)
			}
		})
	}
}

func TestOpenKnowsDaysThatOverlapOrAreSkipped(t *testing.T) {
	tests := []struct{ name, zone, week, from, to, want string }{
		// At 0:01 on Sunday it was 23:01 on Saturday once more, and Sunday had begun to open.
		{"Sunday begins before Saturday ends", "America/St_Johns", "Su 00:00-06:00", "2010-11-07T02:40:00Z", "2010-11-07T03:20:00Z", "2010-11-06T23:10:00-03:30/2010-11-06T23:50:00-03:30"},
		// There was no Friday: what would close on it at 23:00 closes a day later.
		{"Thursday's hours reach over the Friday that was not", "Pacific/Apia", "Th 20:00-47:00", "2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z", "2011-12-31T00:00:00+14:00/2011-12-31T01:00:00+14:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			z := zone(t, test.zone)
			from, _ := time.Parse(time.RFC3339, test.from)
			to, _ := time.Parse(time.RFC3339, test.to)
			if got := promises(Rules{Week: week(t, test.week)}.Open(from, to, z), z); !slices.Equal(got, []string{test.want}) {
				t.Errorf("open %q, want %q", got, test.want)
			}
		})
	}
}

func TestClosedIsTheClosuresAsInstants(t *testing.T) {
	z := zone(t, "America/Toronto")
	r := Rules{Closures: []LocalSpan{
		{"2020-01-01T00:00:00", "2020-01-02T00:00:00"},
		{"2026-12-24T12:00:00", "2026-12-26T00:00:00"},
		{"2026-12-25T00:00:00", "2026-12-27T00:00:00"},
		{"what", "ever"},
	}}
	got := promises(r.Closed(At(Date{2026, 12, 1}, 0, z), At(Date{2027, 1, 1}, 0, z), z), z)
	if want := []string{"2026-12-24T12:00:00-05:00/2026-12-27T00:00:00-05:00"}; !slices.Equal(got, want) {
		t.Errorf("closed %q, want %q", got, want)
	}
}

func TestALocalSpanIsCheckedBeforeItIsKept(t *testing.T) {
	for _, test := range []struct{ starts, ends, code string }{
		{"2026-12-24T12:00:00", "2026-12-26T00:00:00", ""},
		{"2026-12-24T12:00", "2026-12-26T00:00", ""},
		{"2026-12-24T12:00:00", "2026-12-24T12:00:00", "ends_before_start"},
		{"2026-12-24T12:00:00-05:00", "2026-12-26T00:00:00-05:00", "bad_time"},
		{"2026-12-24", "2026-12-26", "bad_time"},
	} {
		err := LocalSpan{test.starts, test.ends}.Check()
		if test.code == "" && err != nil || test.code != "" && !fault.Is(err, test.code) {
			t.Errorf("%s to %s: %v, want %q", test.starts, test.ends, err, test.code)
		}
	}
}

// The model counts minutes and knows no spans: a minute is open when it lies between the instants,
// found by turning the dial, at which a day's hours open and close.
func TestOpenAgreesWithAMinuteByMinuteModel(t *testing.T) {
	around := map[string][]Date{
		"America/Toronto": {{2026, 3, 8}, {2026, 11, 1}}, "America/Halifax": {{2027, 3, 14}, {2027, 11, 7}},
		"America/Atikokan": {{2026, 3, 8}}, "America/Blanc-Sablon": {{2026, 11, 1}}, "America/Winnipeg": {{2026, 3, 8}, {2026, 11, 1}},
		"Australia/Lord_Howe": {{2026, 4, 5}, {2026, 10, 4}},
	}
	names := []string{"America/Toronto", "America/Halifax", "America/Atikokan", "America/Blanc-Sablon", "America/Winnipeg", "Australia/Lord_Howe"}
	dials := map[string]map[Date]dial{}
	for name, dates := range around {
		dials[name] = map[Date]dial{}
		for _, date := range dates {
			z := zone(t, name)
			change := time.Date(date.Year, date.Month, date.Day, 3, 0, 0, 0, z).UTC()
			for _, c := range changes(z, date.Year, date.Year) {
				if d := c.Sub(change).Abs(); d < 24*time.Hour {
					change = c
				}
			}
			dials[name][date] = dialAround(change, z, 80*time.Hour)
		}
	}
	someDay := rapid.Custom(func(t *rapid.T) []DaySpan {
		var spans []DaySpan
		at := 0
		for range rapid.IntRange(0, 2).Draw(t, "spans") {
			if at >= 1440 {
				break
			}
			opens := rapid.IntRange(at/15, 95).Draw(t, "opens") * 15
			closes := opens + rapid.IntRange(1, 96).Draw(t, "quarters")*15
			spans, at = append(spans, DaySpan{Minutes(opens), Minutes(closes)}), closes
		}
		return spans
	})
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "zone")
		date := rapid.SampledFrom(around[name]).Draw(t, "date")
		d := dials[name][date]
		var rules Rules
		for day := range rules.Week {
			rules.Week[day] = someDay.Draw(t, "day")
		}
		rules.Exceptions = map[Date][]DaySpan{date: someDay.Draw(t, "exception")}
		face := func(label string) time.Time {
			return date.midnight().Add(time.Duration(rapid.IntRange(-6*4, 22*4).Draw(t, label)) * 15 * time.Minute)
		}
		starts, ends := face("closure starts"), face("closure ends")
		layout := "2006-01-02T15:04:05"
		rules.Closures = []LocalSpan{{starts.Format(layout), ends.Format(layout)}}

		from, to := d.change.Add(-6*time.Hour), d.change.Add(20*time.Hour)
		open := rules.Open(from, to, d.zone)
		for now := from; now.Before(to); now = now.Add(time.Minute) {
			_, got := open.At(now)
			if want := d.open(rules, date, starts, ends, now); got != want {
				t.Fatalf("%s: open %v, want %v; rules %v", Promise(now, d.zone), got, want, rules)
			}
		}
	})
}

func (d dial) open(r Rules, date Date, starts, ends, now time.Time) bool {
	if starts.Before(ends) && !now.Before(d.want(starts)) && now.Before(d.want(ends)) {
		return false
	}
	for back := -2; back <= 1; back++ {
		day := date.AddDays(back)
		spans, differs := r.Exceptions[day]
		if !differs {
			spans = r.Week[(int(day.Weekday())+6)%7]
		}
		for _, s := range spans {
			opens := d.want(day.midnight().Add(time.Duration(s.Opens) * time.Minute))
			closes := d.want(day.midnight().Add(time.Duration(s.Closes) * time.Minute))
			if !now.Before(opens) && now.Before(closes) {
				return true
			}
		}
	}
	return false
}

func BenchmarkOpenFor92Days(b *testing.B) {
	z := zone(b, "America/Toronto")
	r := Rules{
		Week:       week(b, "Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00"),
		Exceptions: map[Date][]DaySpan{{2026, 10, 12}: nil, {2026, 12, 25}: nil},
		Closures:   []LocalSpan{{"2026-10-24T12:00:00", "2026-10-26T00:00:00"}, {"2025-12-24T12:00:00", "2025-12-26T00:00:00"}},
	}
	from := At(Date{2026, 10, 1}, 0, z)
	to := from.AddDate(0, 0, 92)
	b.ReportAllocs()
	for b.Loop() {
		r.Open(from, to, z)
	}
}

func BenchmarkAt(b *testing.B) {
	z := zone(b, "America/Toronto")
	b.ReportAllocs()
	for b.Loop() {
		At(Date{2026, 10, 1}, 540, z)
	}
}
