package hours_test

import (
	"testing"
	"time"

	"canot/inventory/hours"
)

// On the last day of a leap year beyond the tables of a zone the clock still goes on: the
// search for its readings once never ended there.
func TestTheLastDayOfALeapYear(t *testing.T) {
	zone, err := hours.LoadZone("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	week, err := hours.ParseWeek("Mo-Su 09:00-17:00")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []int{2028, 2040, 2044, 2060, 2400} {
		from := time.Date(year, 12, 28, 5, 0, 0, 0, time.UTC)
		open := hours.Rules{Week: week}.Open(from, from.AddDate(0, 0, 7), zone)
		if len(open) != 7 {
			t.Errorf("in %d the hub opens %d times in a week: %v", year, len(open), open)
			continue
		}
		if last := time.Date(year, 12, 31, 14, 0, 0, 0, time.UTC); !open[3].Start.Equal(last) {
			t.Errorf("on the last day of %d it opens at %s, want %s", year, open[3].Start, last)
		}
	}
}
