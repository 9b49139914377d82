package hours

import (
	"os"
	"testing"
	"testing/fstest"
	"time"

	"canot/internal/fault"
)

func offsetAt(t *testing.T, name, instant string) int {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	_, offset := at.In(zone(t, name)).Zone()
	return offset / 3600
}

func TestWinnipegStopsChangingItsClocks(t *testing.T) {
	for instant, want := range map[string]int{
		"2026-01-15T12:00:00Z": -6, "2026-07-15T12:00:00Z": -5, "2026-11-01T07:00:00Z": -5, "2026-12-15T12:00:00Z": -5, "2040-01-15T12:00:00Z": -5,
	} {
		if got := offsetAt(t, "America/Winnipeg", instant); got != want {
			t.Errorf("Winnipeg is at %d at %s, want %d", got, instant, want)
		}
	}
}

func TestZoneDataIsNewEnough(t *testing.T) {
	version, from := ZoneData()
	if version < "2026e" || from != "embedded" && from != "system" {
		t.Errorf("zone data in use: %q, %q", version, from)
	}
	if v := embedded().version; v < "2026e" {
		t.Errorf("zone data embedded: %q", v)
	}
	if len(packed) > 500_000 {
		t.Errorf("zones.zip has %d bytes", len(packed))
	}
}

// testdata/2025c is what Go 1.26 has built in. With it Winnipeg still turns its clocks back: so
// what LoadZone gives is not Go's.
func TestOlderZoneDataCanBeGiven(t *testing.T) {
	newer := zone(t, "America/Winnipeg")
	restore := SetZoneSource(os.DirFS("testdata/2025c"), "2025c")
	older := zone(t, "America/Winnipeg")
	if version, from := ZoneData(); version != "2025c" || from != "given" {
		t.Errorf("zone data in use: %q, %q", version, from)
	}
	promise := "2026-12-01T09:00:00-06:00"
	before, err1 := Instant(promise, older)
	after, err2 := Instant(promise, newer)
	if err1 != nil || err2 != nil || before.Sub(after) != time.Hour {
		t.Errorf("nine o'clock was %s and is %s (%v, %v)", before, after, err1, err2)
	}
	// Europe is not in this data, and is not taken from another.
	if z, err := LoadZone("Europe/Paris"); !fault.Is(err, "unknown_zone") {
		t.Errorf("LoadZone falls back: %v, %v", z, err)
	}
	restore()
	if zone(t, "America/Winnipeg") != newer {
		t.Error("the source is not restored")
	}
}

func TestTheNewerOfCarriedAndFoundIsUsed(t *testing.T) {
	carried := &zoneSource{version: "2026f", label: "embedded"}
	for version, want := range map[string]string{"2026e": "embedded", "2026f": "embedded", "2026g": "system", "2027a": "system"} {
		if got := newest(carried, &zoneSource{version: version, label: "system"}); got.label != want {
			t.Errorf("with %s on the machine: %s, want %s", version, got.label, want)
		}
	}
	if got := newest(carried, nil); got != carried {
		t.Error("with nothing on the machine the carried data are used")
	}
}

func TestTheSystemsDataAreFoundByTheirVersion(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("ZONEINFO", folder)
	if err := os.WriteFile(folder+"/tzdata.zi", []byte("# version 2099a\n# more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := system(); found == nil || found.version != "2099a" {
		t.Errorf("found %+v", found)
	}
	for file, want := range map[string]string{"# version 2026f-5-gabc\n": "2026f", "2026g\n": "2026g", "version unknown": "", "": ""} {
		if got := zoneVersion(fstest.MapFS{"+VERSION": {Data: []byte(file)}}); got != want {
			t.Errorf("%q says version %q, want %q", file, got, want)
		}
	}
}

func TestLoadZoneFollowsLinks(t *testing.T) {
	winnipeg, err := os.ReadFile("testdata/2025c/America/Winnipeg")
	if err != nil {
		t.Fatal(err)
	}
	defer SetZoneSource(fstest.MapFS{
		"America/Winnipeg": {Data: winnipeg},
		"tzdata.zi":        {Data: []byte("# version 2025c\nL America/Winnipeg Canada/Central\nL Missing/Zone Odd/Link\nL ../etc/passwd Bad/Link\n")},
		"Broken/Zone":      {Data: []byte("TZif")},
		// What a machine has beside its zones: the same with leap seconds, and its own choice.
		"right/America/Winnipeg": {Data: winnipeg}, "posix/America/Winnipeg": {Data: winnipeg},
		"localtime": {Data: winnipeg}, "posixrules": {Data: winnipeg}, "Factory": {Data: winnipeg}, "Local": {Data: winnipeg},
	}, "2025c")()
	if z := zone(t, "Canada/Central"); z.String() != "Canada/Central" {
		t.Errorf("the zone is called %s", z)
	}
	for _, name := range []string{
		"Odd/Link", "Bad/Link", "Broken/Zone", "Broken",
		"right/America/Winnipeg", "posix/America/Winnipeg", "localtime", "posixrules", "Factory", "Local",
	} {
		if z, err := LoadZone(name); !fault.Is(err, "unknown_zone") {
			t.Errorf("LoadZone(%q) = %v, %v", name, z, err)
		}
	}
}

func TestLoadZoneRefusesWhatIsNoZone(t *testing.T) {
	for _, name := range []string{
		"", "Local", "localtime", "posixrules", "Factory", "posix/America/Toronto", "right/America/Toronto", "/etc/localtime", "../../etc/passwd", "America/../America/Toronto",
		"America//Toronto", "America", "america/toronto", "America/Toronto/", "tzdata.zi", "zone.tab", "America/Gotham", "America\\Toronto", "America/Toronto\x00", "C:/Windows",
	} {
		if z, err := LoadZone(name); !fault.Is(err, "unknown_zone") {
			t.Errorf("LoadZone(%q) = %v, %v; want unknown_zone", name, z, err)
		}
	}
}

func TestEveryEmbeddedZoneCanBeRead(t *testing.T) {
	carried := embedded()
	names := []string{"UTC", "Etc/UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince", "EST5EDT"}
	for alias := range carried.links() {
		names = append(names, alias)
	}
	if len(names) < 100 {
		t.Fatalf("only %d links", len(names))
	}
	for _, name := range append(names, canadian...) {
		data, err := carried.read(name)
		if err != nil || !servable(name) {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := time.LoadLocationFromTZData(name, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
