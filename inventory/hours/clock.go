package hours

import (
	"math"
	"time"

	"canot/internal/fault"
)

// At returns the instant, in UTC, at which the clocks of zone show minute m of day d; minutes above
// 1440 are of the days after. A time that the clocks skip is moved forward by what they skip; of
// one that they show twice it is the first.
func At(d Date, m Minutes, zone *time.Location) time.Time {
	c := clock{zone: zone}
	return time.Unix(c.instant(d.midnight().Unix()+int64(m)*60), 0).UTC()
}

// Instant returns the instant, in UTC, of a wall-clock time written as 2026-11-01T01:30, with
// seconds or without. It reads the clock as At does. An offset may follow, as Promise writes it: it
// says which of the two is meant when the clocks show the time twice, and nothing else, so that a
// promise stays what the clock showed when the zone's rules change. What cannot be read is a fault
// with the code bad_time.
func Instant(local string, zone *time.Location) (time.Time, error) {
	wall, offset, carries, err := parseLocal(local)
	if err != nil {
		return time.Time{}, err
	}
	c := clock{zone: zone}
	if carries {
		for _, reading := range c.readings(wall) {
			if wall-reading == offset {
				return time.Unix(reading, 0).UTC(), nil
			}
		}
	}
	return time.Unix(c.instant(wall), 0).UTC(), nil
}

// FirstYear and LastYear bound instants: years outside are not what anybody means. What has no end is kept as one at the end of
// the year after the last, and calendars are asked for days on both sides of an instant.
const (
	FirstYear = 1970
	LastYear  = 9998
)

// Absurd reports whether an instant that somebody gave is in a year that nobody means; the zero time,
// which is none, is not. It is the one bound for whatever reads an instant.
func Absurd(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && (year < FirstYear || year > LastYear)
}

// Promise returns what the clocks of zone show at t, to the second, with their offset:
// 2026-11-21T09:00:00-05:00. Instant takes it back to t as long as the zone's rules stay.
func Promise(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02T15:04:05-07:00")
}

// DateOf returns the day that the calendars of zone show at t.
func DateOf(t time.Time, zone *time.Location) Date { return dateOf(t.In(zone)) }

// MinuteOf returns the minute of the day that the clocks of zone show at t, from 0 to 1439.
func MinuteOf(t time.Time, zone *time.Location) Minutes {
	hour, minute, _ := t.In(zone).Clock()
	return Minutes(hour*60 + minute)
}

// parseLocal returns the seconds that a wall clock has run since 1970-01-01T00:00:00 on itself, and
// the offset from UTC, in seconds, if the text carries one.
func parseLocal(s string) (wall, offset int64, carries bool, err error) {
	rest := s
	carries = true
	switch n := len(s); {
	case n > 10 && s[n-1] == 'Z':
		rest = s[:n-1]
	case n > 16 && (s[n-6] == '+' || s[n-6] == '-') && s[n-3] == ':':
		hour, minute := digits(s[n-5:n-3]), digits(s[n-2:])
		if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
			return 0, 0, false, fault.New(fault.Malformed, "bad_time", nil)
		}
		offset = int64(hour*3600 + minute*60)
		if s[n-6] == '-' {
			offset = -offset
		}
		rest = s[:n-6]
	default:
		carries = false
	}
	layout := "2006-01-02T15:04:05"
	if len(rest) == len("2006-01-02T15:04") {
		layout = "2006-01-02T15:04"
	}
	t, err := time.Parse(layout, rest)
	if err != nil || t.Year() < 1 || len(rest) != len(layout) {
		return 0, 0, false, fault.New(fault.Malformed, "bad_time", nil).Because(err)
	}
	return t.Unix(), offset, carries, nil
}

// A stretch of time, in Unix seconds, over which the clocks of a zone keep one offset.
type stretch struct{ start, end, offset int64 }

func (s stretch) holds(unix int64) bool { return s.start <= unix && unix < s.end }

// No clock is further than this from UTC; TZif footers allow nothing beyond 25 hours.
const farthest = 26 * 3600

// A clock reads the wall clock of one zone. It remembers the stretch that it read last, because the
// next question is mostly about the next day. It is for one goroutine.
type clock struct {
	zone *time.Location
	last stretch
}

func stretchAt(unix int64, zone *time.Location) stretch {
	t := time.Unix(unix, 0).In(zone)
	_, offset := t.Zone()
	s := stretch{start: math.MinInt64, end: math.MaxInt64, offset: int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	if s.end <= unix {
		// Past the tables of a zone, time.Time.ZoneBounds takes every year for 365 days: on
		// the last day of a leap year it names an end that lies behind.
		s.end = time.Date(t.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return s
}

// instant returns the Unix second at which the clock shows wall: the first one, and for a time that
// it skips the one that a clock not yet changed would show it.
func (c *clock) instant(wall int64) int64 {
	// Long after a change no earlier stretch shows this time, so the reading of this stretch is the
	// first.
	if c.inner(wall) {
		return wall - c.last.offset
	}
	if c.last = stretchAt(wall, c.zone); c.inner(wall) {
		return wall - c.last.offset
	}
	return c.readings(wall)[0]
}

// inner reports whether the last stretch has the first reading of wall, as far as can be told
// without looking at others.
func (c *clock) inner(wall int64) bool {
	unix := wall - c.last.offset
	return c.last.holds(unix) && (c.last.start == math.MinInt64 || unix-c.last.start >= 2*farthest)
}

// readings returns every Unix second at which the clock shows wall, in order, and for a time that
// it skips the one that instant promises. There is always one.
func (c *clock) readings(wall int64) []int64 {
	var found []int64
	s := stretchAt(wall-farthest, c.zone)
	before := s.offset
	for {
		switch unix := wall - s.offset; {
		case s.holds(unix):
			found = append(found, unix)
		case unix < s.start && len(found) == 0:
			return []int64{wall - before}
		}
		if s.end > wall+farthest {
			return found
		}
		before = s.offset
		s = stretchAt(s.end, c.zone)
	}
}
