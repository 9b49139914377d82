package hours

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/internal/fault"
)

var canadian = []string{
	"America/St_Johns", "America/Halifax", "America/Glace_Bay", "America/Moncton", "America/Goose_Bay", "America/Blanc-Sablon",
	"America/Toronto", "America/Montreal", "America/Nipigon", "America/Thunder_Bay", "America/Iqaluit", "America/Pangnirtung",
	"America/Atikokan", "America/Winnipeg", "America/Rainy_River", "America/Resolute", "America/Rankin_Inlet", "America/Regina",
	"America/Swift_Current", "America/Edmonton", "America/Cambridge_Bay", "America/Yellowknife", "America/Inuvik", "America/Creston",
	"America/Dawson_Creek", "America/Fort_Nelson", "America/Whitehorse", "America/Dawson", "America/Vancouver",
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := LoadZone(name)
	if err != nil {
		t.Fatalf("LoadZone(%q): %v", name, err)
	}
	return z
}

// changes walks the instants at which the clocks of z change, from one year up to another.
func changes(z *time.Location, from, to int) []time.Time {
	var all []time.Time
	end := time.Date(to, 12, 31, 0, 0, 0, 0, time.UTC)
	for t := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).In(z); ; {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.After(end) {
			return all
		}
		all, t = append(all, next.UTC()), next
	}
}

// faceOf is what a clock shows, as if it were UTC: the model never asks the code under test.
func faceOf(t time.Time, z *time.Location) time.Time {
	l := t.In(z)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
}

// A dial is every minute around an instant with what the clock shows then.
type dial struct {
	zone     *time.Location
	change   time.Time
	readings map[time.Time][]time.Time // face → instants
}

func dialAround(change time.Time, z *time.Location, reach time.Duration) dial {
	d := dial{z, change, map[time.Time][]time.Time{}}
	for t := change.Add(-reach); t.Before(change.Add(reach)); t = t.Add(time.Minute) {
		face := faceOf(t, z)
		d.readings[face] = append(d.readings[face], t)
	}
	return d
}

func (d dial) want(face time.Time) time.Time {
	if found := d.readings[face]; len(found) > 0 {
		return found[0]
	}
	// Skipped: as long after the change as it is after the last minute that was shown before it.
	before := faceOf(d.change.Add(-time.Second), d.zone).Add(time.Second)
	return d.change.Add(face.Sub(before))
}

func checkEveryMinute(t *testing.T, z *time.Location, from, to int) {
	t.Helper()
	for _, change := range changes(z, from, to) {
		d := dialAround(change, z, 30*time.Hour)
		start, end := faceOf(change.Add(-27*time.Hour), z), faceOf(change.Add(27*time.Hour), z)
		for face := start; face.Before(end); face = face.Add(time.Minute) {
			got := At(dateOf(face), Minutes(face.Hour()*60+face.Minute()), z)
			if want := d.want(face); !got.Equal(want) {
				t.Fatalf("%s at the change of %s: %s on the clock is %s, want %s", z, change, face, got, want)
			}
		}
		for face, instants := range d.readings {
			for _, instant := range instants {
				back, err := Instant(Promise(instant, z), z)
				if err != nil || !back.Equal(instant) {
					t.Fatalf("%s: %s was promised as %s and is read as %s (%v), face %s", z, instant, Promise(instant, z), back, err, face)
				}
			}
		}
	}
}

func TestEveryMinuteAroundEveryCanadianChangeIsReadRight(t *testing.T) {
	for _, name := range canadian {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkEveryMinute(t, zone(t, name), 2007, 2027)
		})
	}
}

func TestOddChangesAreReadRight(t *testing.T) {
	for name, years := range map[string][2]int{
		"Australia/Lord_Howe": {2018, 2021}, // by half an hour
		"Pacific/Apia":        {2009, 2012}, // a day skipped
		"Pacific/Kwajalein":   {1993, 1993}, // another
		"Africa/Casablanca":   {2019, 2024}, // turned back for a month
		"Asia/Pyongyang":      {2014, 2019},
		"Antarctica/Troll":    {2015, 2016}, // by two hours
		"Europe/London":       {2050, 2051}, // beyond the table, by rule
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(changes(zone(t, name), years[0], years[1])) == 0 {
				t.Fatal("there is no change to look at")
			}
			checkEveryMinute(t, zone(t, name), years[0], years[1])
		})
	}
}

func TestAnInstantComesBackFromItsPromise(t *testing.T) {
	names := append([]string{"Europe/Paris", "Asia/Kathmandu", "UTC"}, canadian...)
	rapid.Check(t, func(t *rapid.T) {
		z, err := LoadZone(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		instant := time.Unix(rapid.Int64Range(1167609600, 4102444800).Draw(t, "unix"), 0).UTC()
		back, err := Instant(Promise(instant, z), z)
		if err != nil || !back.Equal(instant) {
			t.Fatalf("%s comes back as %s (%v)", instant, back, err)
		}
		if at := At(DateOf(instant, z), MinuteOf(instant, z), z); at.After(instant) {
			t.Fatalf("the first reading %s is after %s", at, instant)
		}
	})
}

func TestInstantReadsWhatPeopleWrite(t *testing.T) {
	tests := []struct{ name, local, zone, want string }{
		{"plain", "2026-11-21T09:00", "America/Toronto", "2026-11-21T14:00:00Z"},
		{"with seconds", "2026-11-21T09:00:30", "America/Toronto", "2026-11-21T14:00:30Z"},
		{"in the gap, forward by it", "2026-03-08T02:30", "America/Toronto", "2026-03-08T07:30:00Z"},
		{"twice, the first", "2026-11-01T01:30", "America/Toronto", "2026-11-01T05:30:00Z"},
		{"twice, the first by its offset", "2026-11-01T01:30:00-04:00", "America/Toronto", "2026-11-01T05:30:00Z"},
		{"twice, the second by its offset", "2026-11-01T01:30:00-05:00", "America/Toronto", "2026-11-01T06:30:00Z"},
		{"twice, an offset that neither has", "2026-11-01T01:30:00+02:00", "America/Toronto", "2026-11-01T05:30:00Z"},
		{"once, an offset of older rules", "2026-12-01T09:00:00-06:00", "America/Winnipeg", "2026-12-01T14:00:00Z"},
		{"half an hour skipped", "2020-10-04T02:15", "Australia/Lord_Howe", "2020-10-03T15:45:00Z"},
		{"a day skipped", "2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"},
		{"in UTC", "2026-11-21T09:00:00Z", "UTC", "2026-11-21T09:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Instant(test.local, zone(t, test.zone))
			if err != nil || got.Format(time.RFC3339) != test.want {
				t.Errorf("Instant(%q) = %s, %v; want %s", test.local, got.Format(time.RFC3339), err, test.want)
			}
		})
	}
}

func TestInstantRefusesWhatIsNoTime(t *testing.T) {
	for _, local := range []string{
		"", "09:00", "2026-11-21", "2026-11-21 09:00", "2026-02-30T09:00", "2026-11-21T24:00", "2026-11-21T09:00:00.5", "2026-11-21T09:00:61",
		"2026-11-21T09:00-5:00", "2026-11-21T09:00+24:00", "2026-11-21T09:00+1a:00", "0000-01-01T00:00", "-2026-11-21T09:00", "2026-11-21T09:00ZZ",
		"12026-11-21T09:00:00", "Z", "+05:00", "2026-11-21T9:00:00",
	} {
		if got, err := Instant(local, time.UTC); !fault.Is(err, "bad_time") {
			t.Errorf("Instant(%q) = %s, %v; want bad_time", local, got, err)
		}
	}
}

func TestANightOnWhichTheClocksChangeHasSevenOrNineHours(t *testing.T) {
	z := zone(t, "America/Toronto")
	for _, test := range []struct {
		date Date
		want time.Duration
	}{
		{Date{2026, 3, 7}, 7 * time.Hour}, {Date{2026, 10, 31}, 9 * time.Hour}, {Date{2026, 6, 1}, 8 * time.Hour},
	} {
		night := Span{At(test.date, 22*60, z), At(test.date, 30*60, z)}
		if night.Duration() != test.want {
			t.Errorf("from 22:00 on %s to 06:00 are %s, want %s", test.date, night.Duration(), test.want)
		}
	}
}

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2026-11-21T09:00", "2026-11-01T01:30:00-05:00", "2026-03-08T02:30:00Z", "", "9999-12-31T23:59:59+23:59"} {
		f.Add(s)
	}
	z := zone(f, "America/Toronto")
	f.Fuzz(func(t *testing.T, s string) {
		read, err := Instant(s, z)
		if err != nil {
			return
		}
		again, err := Instant(Promise(read, z), z)
		if err != nil && read.In(z).Year() >= 1 && read.In(z).Year() <= 9999 {
			t.Fatalf("%q is %s, whose promise cannot be read: %v", s, read, err)
		}
		// Local mean time has an offset to the second, which no promise can write.
		if err == nil && read.Year() > 1900 && !again.Equal(read) {
			t.Fatalf("%q is %s and then %s", s, read, again)
		}
	})
}
