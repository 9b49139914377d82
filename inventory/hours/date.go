package hours

import (
	"fmt"
	"time"

	"canot/internal/fault"
)

// A Date is a day of the calendar, in no zone. It may be compared with == and be the key of a map.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date as 2026-11-21, of the years 0001 to 9999. Anything else, also a day that
// its month does not have, is a fault with the code bad_date.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fault.New(fault.Malformed, "bad_date", nil).Because(err)
	}
	return dateOf(t), nil
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// midnight returns the start of d as if in UTC.
func (d Date) midnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// String writes d as 2026-11-21.
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// AddDays returns the date that is n days after d, or before it when n is negative.
func (d Date) AddDays(n int) Date { return dateOf(d.midnight().AddDate(0, 0, n)) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// MarshalText writes d as String does, for JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads d as ParseDate does, with its errors.
func (d *Date) UnmarshalText(text []byte) error {
	read, err := ParseDate(string(text))
	if err == nil {
		*d = read
	}
	return err
}

// Minutes count the minutes of a day on the wall clock, from its midnight. 1440 is the next
// midnight, and more is after it.
type Minutes int

const (
	aDay    Minutes = 24 * 60
	twoDays         = 2 * aDay
)

// String writes m as 14:30, and what lies after midnight as 24:00 and beyond.
func (m Minutes) String() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

// A DaySpan is a stretch of a day on the wall clock, from Opens up to and not including Closes. It
// belongs to the day on which it opens; Closes above 1440 is after midnight.
type DaySpan struct {
	Opens  Minutes `json:"opens"`
	Closes Minutes `json:"closes"`
}

// String writes s as 09:00-17:00, and one that runs past midnight as 20:00-02:00. ParseDay reads
// it.
func (s DaySpan) String() string {
	closes := s.Closes
	if closes > aDay && closes < s.Opens+aDay {
		closes -= aDay
	}
	return s.Opens.String() + "-" + closes.String()
}
