package membership

import (
	"time"

	"canot/inventory/hours"
)

// The periods in which a tier counts minutes, in the hub's calendar. Weeks run from
// Monday to Sunday.
const (
	daily   = "day"
	weekly  = "week"
	monthly = "month"
)

// A stretch is the part of a span that lies in one day of the hub's calendar.
type stretch struct {
	day     hours.Date
	minutes int64
}

// stretches cuts a span at the midnights of a zone. Minutes are those that really
// pass: 25 hours on the day when the clocks go back. Together they are the span's.
func stretches(span hours.Span, zone *time.Location) []stretch {
	var parts []stretch
	whole := func(t time.Time) int64 { return int64(t.Sub(span.Start) / time.Minute) }
	for from := span.Start; from.Before(span.End); {
		day := hours.DateOf(from, zone)
		to := hours.At(day.AddDays(1), 0, zone)
		if !to.After(from) { // a zone that skipped the whole next day
			to = hours.At(day.AddDays(2), 0, zone)
		}
		if to.After(span.End) {
			to = span.End
		}
		if minutes := whole(to) - whole(from); minutes > 0 {
			parts = append(parts, stretch{day, minutes})
		}
		from = to
	}
	return parts
}

// startOf returns the first day of the period in which a day lies.
func startOf(period string, day hours.Date) hours.Date {
	switch period {
	case weekly:
		return day.AddDays(-(int(day.Weekday()) + 6) % 7)
	case monthly:
		return hours.Date{Year: day.Year, Month: day.Month, Day: 1}
	}
	return day
}

// nextStart returns the first day of the period after the one that begins on start.
func nextStart(period string, start hours.Date) hours.Date {
	switch period {
	case weekly:
		return start.AddDays(7)
	case monthly:
		return startOf(monthly, start.AddDays(31))
	}
	return start.AddDays(1)
}

// addMonths returns the same day of the month so many months later, or the last day of
// a month that has no such day.
func addMonths(day hours.Date, months int) hours.Date {
	first := time.Date(day.Year, day.Month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return hours.Date{Year: first.Year(), Month: first.Month(), Day: min(day.Day, last)}
}

// addYears is addMonths by years: who was born on February 29 is a year older on
// February 28 of a year that has no 29.
func addYears(day hours.Date, years int) hours.Date { return addMonths(day, 12*years) }

// dateOf reads a day that a column holds; an empty or unreadable one is not given.
func dateOf(s string) (hours.Date, bool) {
	d, err := hours.ParseDate(s)
	return d, err == nil
}

// within reports whether a day lies from one day to another, both included; until "" is
// for ever.
func within(day hours.Date, from, until string) bool {
	d := day.String()
	return from <= d && (until == "" || d <= until)
}
