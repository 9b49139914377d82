package locale

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"canot/internal/fault"
)

// plain shows no-break spaces as underscores.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", "_") }

func TestDatesAndTimes(t *testing.T) {
	toronto := time.FixedZone("", -5*3600)
	for _, c := range []struct {
		at     time.Time
		fr, en string
	}{
		{time.Date(2026, 11, 2, 14, 30, 0, 0, toronto), "lundi 2_novembre 2026, 14_h_30", "Monday, November_2, 2026, 2:30_p.m."},
		{time.Date(2026, 11, 1, 9, 0, 0, 0, toronto), "dimanche 1er_novembre 2026, 9_h", "Sunday, November_1, 2026, 9:00_a.m."},
		{time.Date(2026, 8, 31, 0, 5, 0, 0, toronto), "lundi 31_août 2026, 0_h_05", "Monday, August_31, 2026, 12:05_a.m."},
		{time.Date(2026, 2, 28, 12, 0, 0, 0, toronto), "samedi 28_février 2026, 12_h", "Saturday, February_28, 2026, 12:00_p.m."},
	} {
		if got := plain(French.DateTime(c.at)); got != c.fr {
			t.Errorf("in French %q, want %q", got, c.fr)
		}
		if got := plain(English.DateTime(c.at)); got != c.en {
			t.Errorf("in English %q, want %q", got, c.en)
		}
	}
}

// As CLDR has them, but for the first of a month, which French says in full.
func TestShortDates(t *testing.T) {
	toronto := time.FixedZone("", -5*3600)
	for _, c := range []struct {
		at     time.Time
		fr, en string
	}{
		{time.Date(2026, 11, 24, 14, 30, 0, 0, toronto), "mar._24_nov.", "Tue, Nov_24"},
		{time.Date(2026, 2, 1, 0, 0, 0, 0, toronto), "dim._1er_févr.", "Sun, Feb_1"},
		{time.Date(2026, 8, 31, 23, 59, 0, 0, toronto), "lun._31_août", "Mon, Aug_31"},
		{time.Date(2027, 7, 9, 12, 0, 0, 0, toronto), "ven._9_juill.", "Fri, Jul_9"},
	} {
		if fr, en := plain(French.ShortDay(c.at)), plain(English.ShortDay(c.at)); !strings.HasPrefix(c.fr, fr+"_") || en != c.en[:3]+"_"+strconv.Itoa(c.at.Day()) {
			t.Errorf("%q and %q of %q", fr, en, c.fr)
		}
		if fr, en := plain(French.ShortDate(c.at)), plain(English.ShortDate(c.at)); fr != c.fr || en != c.en {
			t.Errorf("%q and %q, want %q and %q", fr, en, c.fr, c.en)
		}
	}
}

func TestShortTimes(t *testing.T) {
	for _, c := range []struct {
		hour, minute int
		fr, en       string
	}{
		{0, 0, "0_h", "12_a.m."}, {9, 0, "9_h", "9_a.m."}, {9, 30, "9_h_30", "9:30_a.m."}, {12, 0, "12_h", "12_p.m."}, {20, 5, "20_h_05", "8:05_p.m."},
	} {
		at := time.Date(2026, 11, 24, c.hour, c.minute, 0, 0, time.UTC)
		if fr, en := plain(French.ShortTime(at)), plain(English.ShortTime(at)); fr != c.fr || en != c.en {
			t.Errorf("%s: %q, %q", at, fr, en)
		}
	}
}

func TestDurations(t *testing.T) {
	for minutes, want := range map[int][2]string{
		0: {"0_minute", "0_minutes"}, 1: {"1_minute", "1_minute"}, 30: {"30_minutes", "30_minutes"}, 60: {"1_h", "1_hour"},
		90: {"1_h_30", "1_h 30_min"}, 125: {"2_h_05", "2_h 5_min"}, 480: {"8_h", "8_hours"},
		1440: {"1_jour", "1_day"}, 2880: {"2_jours", "2_days"}, 1500: {"25_h", "25_hours"},
	} {
		d := time.Duration(minutes) * time.Minute
		if got := [2]string{plain(French.Duration(d)), plain(English.Duration(d))}; got != want {
			t.Errorf("%d minutes: %q, want %q", minutes, got, want)
		}
	}
}

func TestMoneyNumbersAndDistances(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{French.Money(1250, "CAD"), "12,50_$"}, {English.Money(1250, "CAD"), "$12.50"}, {French.Money(5, "CAD"), "0,05_$"},
		{French.Money(1234560, "CAD"), "12_345,60_$"}, {English.Money(-1234560, "CAD"), "-$12,345.60"}, {French.Money(100, "USD"), "1,00_USD"},
		{English.Money(-9223372036854775808, "CAD"), "-$92,233,720,368,547,758.08"},
		{French.Number(1234567), "1_234_567"}, {English.Number(-1000), "-1,000"},
		{French.Distance(3.24), "3,2_km"}, {English.Distance(3.24), "3.2_km"}, {French.Distance(104.4), "104_km"},
	} {
		if plain(c.got) != c.want {
			t.Errorf("%q, want %q", plain(c.got), c.want)
		}
	}
}

func TestSayChoosesTheRichestSentence(t *testing.T) {
	opens := time.Date(2026, 11, 17, 9, 0, 0, 0, time.FixedZone("", -5*3600))
	for _, c := range []struct {
		l      Language
		key    string
		params fault.Params
		want   string
	}{
		{French, "violation.closed", nil, "C’est fermé à ce moment-là."},
		{English, "violation.closed", fault.Params{"opens": opens, "closes": opens.Add(8 * time.Hour)}, "It is closed at that time. Next opening hours: Tuesday, November_17, 2026, from 9:00_a.m. to 5:00_p.m."},
		{French, "violation.taken", fault.Params{"resource_name": map[string]any{"fr": "Studio"}, "free": 0, "wanted": 1}, "«_Studio_» n’est pas libre à ce moment-là."},
		{French, "violation.taken", fault.Params{"resource_name": "Bureau", "free": 1, "wanted": 2}, "À ce moment-là, il reste 1 exemplaire libre de «_Bureau_», et il en faudrait 2."},
		{French, "violation.taken", fault.Params{"resource_name": "Bureau", "free": 2, "wanted": 3}, "À ce moment-là, il reste 2 exemplaires libres de «_Bureau_», et il en faudrait 3."},
		{French, "violation.too_short", fault.Params{"shortest_min": 90}, "C’est trop court_: on réserve ici pour au moins 1_h_30."},
		{English, "violation.bad_status", fault.Params{"status": "no_show"}, "This is not possible in the present state: no show."},
		{French, "violation.closure", fault.Params{"starts": opens, "ends": opens.Add(15 * time.Hour), "reason": map[string]any{"fr": "inventaire", "en": "stocktaking"}},
			"C’est fermé à ce moment-là_: inventaire (mardi 17_novembre 2026, de 9_h à minuit)."},
		{French, "violation.closure", fault.Params{"starts": opens, "ends": opens.Add(39 * time.Hour)},
			"C’est fermé à ce moment-là_: du mardi 17_novembre 2026, 9_h au jeudi 19_novembre 2026, 0_h."},
		{French, "violation.too_far", fault.Params{"latest": opens.Add(15 * time.Hour)}, "C’est trop loin dans le temps_: pour l’instant, on réserve jusqu’au mardi 17_novembre 2026, ce jour compris."},
		{English, "violation.too_far", fault.Params{"latest": opens}, "This is too far ahead: for now, bookings are taken until Tuesday, November_17, 2026, 9:00_a.m., that day included."},
		{French, "violation.taken", nil, "Ce n’est pas libre à ce moment-là."},
		{French, "nonsense", nil, ""},
	} {
		if got := plain(c.l.Say(c.key, c.params)); got != c.want {
			t.Errorf("%s says %q, want %q", c.key, got, c.want)
		}
		if got := plain(c.l.Say(c.key, throughJSON(t, c.params))); got != c.want {
			t.Errorf("after JSON, %s says %q, want %q", c.key, got, c.want)
		}
	}
}

// throughJSON is what a kept answer makes of figures.
func throughJSON(t *testing.T, p fault.Params) fault.Params {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out fault.Params
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestForReadsAcceptLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"": "fr", "en": "en", "EN-ca": "en", "en_US": "en", "de,en;q=0.1": "en", "fr-CA,en": "fr", "en;q=0.8,fr;q=0.9": "fr",
		"*": "fr", "en;q=0": "fr", "en;q=2": "fr", "en;q=x": "fr", ";;;,,,": "fr", "en;level=1": "en", strings.Repeat("en,", 5000): "fr",
	} {
		if got := For(header).Tag(); got != want {
			t.Errorf("%q gives %s, want %s", header, got, want)
		}
	}
}

// TestFilesSayTheSame compares the languages key by key: same keys, same figures.
func TestFilesSayTheSame(t *testing.T) {
	read := func(tag string) map[string]string {
		raw, err := files.ReadFile(tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]string
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	fr, en := read("fr"), read("en")
	for _, key := range slices.Sorted(maps.Keys(fr)) {
		if _, ok := en[key]; !ok {
			t.Errorf("English has no %q", key)
		} else if a, b := figuresOf(fr[key]), figuresOf(en[key]); !slices.Equal(a, b) {
			t.Errorf("%s names %v in French and %v in English", key, a, b)
		}
	}
	for key := range en {
		if _, ok := fr[key]; !ok {
			t.Errorf("French has no %q", key)
		}
	}
	colon := regexp.MustCompile(`[^\x{a0}0-9r]:|« | »| :`)
	for key, text := range fr {
		// A colon and guillemets take a no-break space; an address or an example of hours does not.
		if colon.MatchString(text) && !strings.Contains(text, "http") && !strings.Contains(text, "Bearer") {
			t.Errorf("%s lacks a no-break space: %q", key, text)
		}
	}
}

func figuresOf(text string) []string {
	names := parse(text).names
	slices.Sort(names)
	return names
}
