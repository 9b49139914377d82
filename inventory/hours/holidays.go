package hours

import (
	"slices"
	"time"
)

// A Holiday is a statutory holiday: its date and a stable code, for which the interface has words.
type Holiday struct {
	Date Date
	Code string
}

// Holidays returns the statutory holidays of a year, in order of date, in the jurisdictions CA-QC
// (Act respecting labour standards and National Holiday Act) and CA-ON (Employment Standards Act).
// Elsewhere it returns none.
func Holidays(jurisdiction string, year int) []Holiday {
	on := func(month time.Month, day int) Date { return Date{year, month, day} }
	goodFriday := easter(year).AddDays(-2)
	labour := nthMonday(year, time.September, 1)
	thanksgiving := nthMonday(year, time.October, 2)
	// The Monday before May 25 has one name in Quebec and another elsewhere.
	may := on(time.May, 24)
	for may.Weekday() != time.Monday {
		may = may.AddDays(-1)
	}
	var days []Holiday
	switch jurisdiction {
	case "CA-QC":
		canada := on(time.July, 1)
		if canada.Weekday() == time.Sunday {
			canada = on(time.July, 2)
		}
		days = []Holiday{
			{on(time.January, 1), "new_year"}, {goodFriday, "good_friday"}, {may, "patriots_day"},
			{on(time.June, 24), "national_day"}, {canada, "canada_day"}, {labour, "labour_day"},
			{thanksgiving, "thanksgiving"}, {on(time.December, 25), "christmas"},
		}
	case "CA-ON":
		days = []Holiday{
			{on(time.January, 1), "new_year"}, {nthMonday(year, time.February, 3), "family_day"},
			{goodFriday, "good_friday"}, {may, "victoria_day"}, {on(time.July, 1), "canada_day"}, {labour, "labour_day"},
			{thanksgiving, "thanksgiving"}, {on(time.December, 25), "christmas"}, {on(time.December, 26), "boxing_day"},
		}
	}
	slices.SortFunc(days, func(a, b Holiday) int { return a.Date.midnight().Compare(b.Date.midnight()) })
	return days
}

func nthMonday(year int, month time.Month, n int) Date {
	d := Date{year, month, 1}
	for d.Weekday() != time.Monday {
		d = d.AddDays(1)
	}
	return d.AddDays(7 * (n - 1))
}

// easter returns Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and
// Butcher.
func easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	month := (h + l - 7*m + 114) / 31
	day := (h+l-7*m+114)%31 + 1
	return Date{year, time.Month(month), day}
}
