package hours

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"canot/internal/fault"
)

func TestParseWeekReadsAndWrites(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing is closed", "", ""},
		{"several spans a day", "Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00", "Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00"},
		{"rules add up", "Mo-Fr 08:30-16:30; Th 18:00-21:00", "Mo-We 08:30-16:30; Th 08:30-16:30,18:00-21:00; Fr 08:30-16:30"},
		{"a list of days", "Mo,We,Fr 9:00-17:00", "Mo 09:00-17:00; We 09:00-17:00; Fr 09:00-17:00"},
		{"past midnight", "Fr-Sa 20:00-02:00", "Fr-Sa 20:00-02:00"},
		{"past midnight, as 26 hours", "Fr 20:00-26:00", "Fr 20:00-02:00"},
		{"until midnight", "Fr 20:00-24:00", "Fr 20:00-24:00"},
		{"until midnight, as zero", "Fr 20:00-00:00", "Fr 20:00-24:00"},
		{"more than a day", "Fr 20:00-46:00", "Fr 20:00-46:00"},
		{"round the clock", "24/7", "Mo-Su 00:00-24:00"},
		{"around the week's end", "Sa-Mo 10:00-12:00", "Mo 10:00-12:00; Sa-Su 10:00-12:00"},
		{"capitals, spaces and a last semicolon", " mo-FR  09:00-12:00 , 13:00-17:00 ; ", "Mo-Fr 09:00-12:00,13:00-17:00"},
		{"out of order", "Mo 13:00-17:00,09:00-12:00", "Mo 09:00-12:00,13:00-17:00"},
		{"touching", "Mo 09:00-12:00,12:00-17:00", "Mo 09:00-12:00,12:00-17:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, err := ParseWeek(test.text)
			if err != nil || w.String() != test.want {
				t.Errorf("ParseWeek(%q) = %q, %v; want %q", test.text, w, err, test.want)
			}
		})
	}
}

func TestParseWeekRefusesWhatIsNoWeek(t *testing.T) {
	for _, text := range []string{
		"Mo", "Mo-Fr", "Xx 09:00-17:00", "Mo-Fr 09:00", "Mo 25:00-26:00", "Mo 09:60-10:00", "Mo 09:00-49:00", "Mo 9-17", "Mo 09:00-12:00,",
		"Mo 09:00-12:00,11:00-13:00", "Mo 20:00-02:00,21:00-22:00", "Mo 09:00-12:00; Mo 11:00-13:00", ";", "Mo-", "Mo 09:00-17:00;; Tu 09:00-17:00",
		"Mo 09:00–17:00", "PH off", "Mo -1:00-17:00", "Mo +9:00-17:00", "24:00-25:00", "Mo 24:00-25:00",
	} {
		if w, err := ParseWeek(text); !fault.Is(err, "bad_hours") {
			t.Errorf("ParseWeek(%q) = %q, %v; want bad_hours", text, w, err)
		}
	}
}

func TestAWeekComesBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Week
		for day := range w {
			at := Minutes(0)
			for range rapid.IntRange(0, 3).Draw(t, "spans") {
				if at > 1400 {
					break
				}
				opens := Minutes(rapid.IntRange(int(at), 1439).Draw(t, "opens"))
				closes := Minutes(rapid.IntRange(int(opens)+1, 2880).Draw(t, "closes"))
				w[day], at = append(w[day], DaySpan{opens, closes}), closes
			}
		}
		again, err := ParseWeek(w.String())
		if err != nil || !reflect.DeepEqual(again, w) {
			t.Fatalf("%v is written %q and read %v, %v", w, w, again, err)
		}
	})
}

func FuzzParseWeek(f *testing.F) {
	for _, s := range []string{"", "24/7", "Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-16:00", "Su-Mo 20:00-02:00", "Mo 00:00-48:00", "mo,tu 9:00-9:00;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWeek(s)
		if err != nil {
			if !fault.Is(err, "bad_hours") {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		for _, day := range w {
			if _, err := SortDay(day); err != nil {
				t.Fatalf("%q gives a day that is refused: %v", s, day)
			}
		}
		again, err := ParseWeek(w.String())
		if err != nil || !reflect.DeepEqual(again, w) {
			t.Fatalf("%q is written %q and read %v, %v", s, w, again, err)
		}
	})
}
