package hours

import (
	"slices"
	"testing"
)

func TestHolidaysOfQuebecAndOntario(t *testing.T) {
	tests := []struct {
		jurisdiction string
		year         int
		want         []string
	}{
		{"CA-QC", 2026, []string{
			"2026-01-01 new_year", "2026-04-03 good_friday", "2026-05-18 patriots_day", "2026-06-24 national_day",
			"2026-07-01 canada_day", "2026-09-07 labour_day", "2026-10-12 thanksgiving", "2026-12-25 christmas",
		}},
		{"CA-ON", 2027, []string{
			"2027-01-01 new_year", "2027-02-15 family_day", "2027-03-26 good_friday", "2027-05-24 victoria_day", "2027-07-01 canada_day",
			"2027-09-06 labour_day", "2027-10-11 thanksgiving", "2027-12-25 christmas", "2027-12-26 boxing_day",
		}},
		{"FR", 2026, nil},
	}
	for _, test := range tests {
		var got []string
		for _, h := range Holidays(test.jurisdiction, test.year) {
			got = append(got, h.Date.String()+" "+h.Code)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %d: %q, want %q", test.jurisdiction, test.year, got, test.want)
		}
	}
}

func TestCanadaDayOnASundayIsTheNextDayInQuebec(t *testing.T) {
	for _, h := range Holidays("CA-QC", 2029) {
		if h.Code == "canada_day" && h.Date != (Date{2029, 7, 2}) {
			t.Errorf("Canada Day is %s", h.Date)
		}
	}
}

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{1818: "1818-03-22", 1943: "1943-04-25", 2000: "2000-04-23", 2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2038: "2038-04-25"} {
		if got := easter(year).String(); got != want {
			t.Errorf("Easter of %d is %s, want %s", year, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	d, err := ParseDate("2028-02-28")
	if err != nil || d.AddDays(2).String() != "2028-03-01" || !d.Before(d.AddDays(1)) || d.AddDays(1).Before(d) || d.Before(d) {
		t.Errorf("%s, %v, %s", d, err, d.AddDays(2))
	}
	for _, text := range []string{"", "2026-02-29", "2026-2-1", "0000-01-01", "2026-11-21T00:00", "26-11-21"} {
		if d, err := ParseDate(text); err == nil {
			t.Errorf("ParseDate(%q) = %s", text, d)
		}
	}
	var read Date
	if text, _ := d.MarshalText(); read.UnmarshalText(text) != nil || read != d {
		t.Errorf("%s comes back as %s", d, read)
	}
}
