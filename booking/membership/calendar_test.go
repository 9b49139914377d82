package membership

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/inventory/hours"
)

func zoneOf(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := hours.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func spanOf(t *testing.T, from, to string, zone *time.Location) hours.Span {
	t.Helper()
	start, err := hours.Instant(from, zone)
	end, err2 := hours.Instant(to, zone)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return hours.Span{Start: start, End: end}
}

func TestMinutesAreCountedInTheDaysOfTheHub(t *testing.T) {
	toronto, winnipeg := zoneOf(t, "America/Toronto"), zoneOf(t, "America/Winnipeg")
	for _, c := range []struct {
		name     string
		from, to string
		zone     *time.Location
		want     map[string]int64
	}{
		{"an evening", "2026-11-24T20:00", "2026-11-24T23:30", toronto, map[string]int64{"2026-11-24": 210}},
		{"until midnight", "2026-11-24T20:00", "2026-11-25T00:00", toronto, map[string]int64{"2026-11-24": 240}},
		{"over midnight", "2026-11-24T23:00", "2026-11-25T01:30", toronto, map[string]int64{"2026-11-24": 60, "2026-11-25": 90}},
		{"elsewhere it is an hour earlier", "2026-11-24T23:00", "2026-11-25T01:30", winnipeg, map[string]int64{"2026-11-24": 60, "2026-11-25": 90}},
		{"the day on which the clocks go back", "2026-10-31T12:00", "2026-11-02T12:00", toronto, map[string]int64{"2026-10-31": 720, "2026-11-01": 1500, "2026-11-02": 720}},
		{"the night in which the clocks go forward", "2027-03-14T00:00", "2027-03-14T04:00", toronto, map[string]int64{"2027-03-14": 180}},
		{"nothing", "2026-11-24T20:00", "2026-11-24T20:00", toronto, map[string]int64{}},
	} {
		got := map[string]int64{}
		for _, p := range stretches(spanOf(t, c.from, c.to, c.zone), c.zone) {
			got[p.day.String()] += p.minutes
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		for day, minutes := range c.want {
			if got[day] != minutes {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestStretchesAddUpToTheSpan(t *testing.T) {
	zones := []*time.Location{zoneOf(t, "America/Toronto"), zoneOf(t, "America/Halifax"), zoneOf(t, "Pacific/Apia"), zoneOf(t, "Asia/Beirut")}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		start := time.Unix(rapid.Int64Range(1_300_000_000, 1_900_000_000).Draw(t, "start"), 0).UTC()
		span := hours.Span{Start: start, End: start.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "minutes")) * time.Minute)}
		sum, last := int64(0), ""
		for _, p := range stretches(span, zone) {
			if p.minutes <= 0 || p.minutes > 1501 || p.day.String() <= last {
				t.Fatalf("%+v after %s", p, last)
			}
			sum, last = sum+p.minutes, p.day.String()
		}
		if sum != int64(span.Duration()/time.Minute) {
			t.Fatalf("%d minutes of %v", sum, span.Duration())
		}
	})
}

func TestPeriodsBeginOnMondaysAndFirsts(t *testing.T) {
	for _, c := range []struct{ period, day, start, next string }{
		{weekly, "2026-11-22", "2026-11-16", "2026-11-23"}, // a Sunday
		{weekly, "2026-11-23", "2026-11-23", "2026-11-30"},
		{weekly, "2027-01-01", "2026-12-28", "2027-01-04"},
		{monthly, "2026-11-30", "2026-11-01", "2026-12-01"},
		{monthly, "2026-12-31", "2026-12-01", "2027-01-01"},
		{monthly, "2028-02-29", "2028-02-01", "2028-03-01"},
		{daily, "2026-12-31", "2026-12-31", "2027-01-01"},
	} {
		day, _ := dateOf(c.day)
		start := startOf(c.period, day)
		if start.String() != c.start || nextStart(c.period, start).String() != c.next {
			t.Errorf("%s of %s: %s, then %s", c.period, c.day, start, nextStart(c.period, start))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		day := hours.Date{Year: 2026, Month: 1, Day: 1}.AddDays(rapid.IntRange(-4000, 4000).Draw(t, "day"))
		period := rapid.SampledFrom([]string{daily, weekly, monthly}).Draw(t, "period")
		start := startOf(period, day)
		if next := nextStart(period, start); day.Before(start) || !day.Before(next) || startOf(period, next) != next {
			t.Fatalf("%s lies in %s from %s to %s", day, period, start, next)
		}
	})
}

func TestMonthsEndOnTheirLastDay(t *testing.T) {
	for _, c := range []struct {
		day    string
		months int
		want   string
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2026-11-30", 3, "2027-02-28"},
		{"2026-12-15", 1, "2027-01-15"}, {"2012-02-29", 12 * 14, "2026-02-28"}, {"2012-02-29", 12 * 16, "2028-02-29"},
	} {
		day, _ := dateOf(c.day)
		if got := addMonths(day, c.months).String(); got != c.want {
			t.Errorf("%d months after %s: %s, want %s", c.months, c.day, got, c.want)
		}
	}
}
