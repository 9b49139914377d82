package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"canot/internal/database/dbtest"
	"canot/internal/fault"
)

// roster and agenda are what a hub starts from: its spreadsheets. 2020 is past, 2026-12-08 a Tuesday.
const (
	roster = "nom;courriel;langue;hub;téléphone;organisation;secteur\n" +
		"Zoé Élan;zoe@hub.example;fr;amos;819 555-0101;Théâtre du Cuivre;culture\n" +
		"Luc Sans;;fr;amos;;;\n"
	agenda = "référence;hub;ressource;quantité;membre;organisation;début;fin;titre;statut\n" +
		"R-1;amos;amos-poste-de-coworking;1;zoe@hub.example;Théâtre du Cuivre;2020-03-02 10:00;2020-03-02 12:00;Répétition d’été;terminée\n" +
		"R-2;amos;amos-poste-de-coworking;2;Luc Sans;;2026-12-08 9:00;2026-12-08 11:00;Atelier;confirmée\n" +
		"R-3;amos;amos-poste-de-coworking;1;zoe@hub.example;;2026-12-08T14:00:00-05:00;2026-12-08T16:00:00-05:00;;\n" +
		"R-4;amos;amos-poste-de-coworking;1;nobody@hub.example;;2026-12-08 10:00;2026-12-08 11:00;;\n" +
		"R-5;amos;amos-poste-de-coworking;500;zoe@hub.example;;2026-12-09 10:00;2026-12-09 11:00;;\n" +
		"R-6;amos;nothing;1;zoe@hub.example;;demain;2026-12-09 11:00;;\n" +
		"R-7;amos;amos-poste-de-coworking;1;Luc Sans;;2026-12-08 9:00;2026-12-08 11:00;;confirmée\n" +
		";;;;;;;;;\n"
)

// started is the environment of a network with the hubs and resources of the demo.
func started(t *testing.T, engine string) []string {
	t.Helper()
	env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine)}
	must(t, env, "import", "--quiet", dataFile("hubs.csv"), dataFile("resources.csv"))
	return env
}

func TestBookingsOfASpreadsheetGoInOnceAndComeBack(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := started(t, engine)
			must(t, env, "check")
			if o := canotReading(t, env, strings.NewReader(roster), "import", "-"); o.code != exitDone {
				t.Fatalf("members: %s%s", o.stdout, o.stderr)
			}
			latin, err := charmap.Windows1252.NewEncoder().String(agenda)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				file                        string
				args                        []string
				created, unchanged, refused int
			}{
				{agenda, []string{"--dry-run"}, 3, 0, 4},
				{latin, nil, 3, 0, 4},
				{"\ufeff" + agenda, nil, 0, 3, 4},
			} {
				o := canotReading(t, env, strings.NewReader(step.file), append([]string{"import", "bookings", "-", "--json"}, step.args...)...)
				r := reportOf(t, o)
				if o.code != exitFailed || r.Kind != "bookings" || r.Created != step.created || r.Unchanged != step.unchanged || r.Refused != step.refused {
					t.Fatalf("%v: exit %d, %+v", step.args, o.code, r)
				}
				want := map[int]string{5: "unknown_member", 6: "too_many", 7: "unknown_resource", 8: "line_repeats"}
				for _, l := range r.Lines {
					if want[l.Line] == "" {
						continue
					}
					if len(l.Violations) == 0 || l.Violations[0].Code != want[l.Line] {
						t.Errorf("line %d: %+v, want %s", l.Line, l, want[l.Line])
					}
				}
			}
			exportedGoesBackIn(t, env)
			must(t, env, "check")
		})
	}
}

func exportedGoesBackIn(t *testing.T, env []string) {
	t.Helper()
	out := must(t, env, "export", "bookings").stdout
	for _, said := range []string{"Répétition d’été", "2020-03-02T10:00:00-05:00", "amos-poste-de-coworking:2", "zoe@hub.example,Théâtre du Cuivre", ",completed,"} {
		if !strings.Contains(out, strings.TrimPrefix(said, " ")) {
			t.Errorf("the export has no %q:\n%s", said, out)
		}
	}
	list := must(t, env, "export", "bookings", "--format", "json").stdout
	if !json.Valid([]byte(list)) {
		t.Errorf("not JSON: %s", list)
	}
	// A booking that was moved here since the file was made is known by its reference.
	moved := strings.Replace(out, "2020-03-02T10:00:00-05:00", "2020-03-02T11:00:00-05:00", 1)
	for _, file := range []string{out, list, moved} {
		r := reportOf(t, canotReading(t, env, strings.NewReader(file), "import", "-", "--json"))
		if want := map[bool]int{true: 1}[file == moved]; r.Unchanged != 3 || r.Created+r.Refused != 0 || r.Warnings != want {
			t.Errorf("back in: %+v", r)
		}
	}
	// Into another network, with the same references.
	other := started(t, "sqlite")
	members := must(t, env, "export", "members", "--format", "json").stdout
	if o := canotReading(t, other, strings.NewReader(members), "import", "-"); o.code != exitDone {
		t.Fatalf("members: %s%s", o.stdout, o.stderr)
	}
	// Who has no address goes by their name at the hub.
	if r := reportOf(t, canotReading(t, other, strings.NewReader(out), "import", "-", "--json")); r.Created != 3 || r.Refused != 0 {
		t.Errorf("into another network: %+v", r)
	}
	for _, row := range strings.Split(strings.TrimSpace(must(t, other, "export", "bookings").stdout), "\n") {
		if reference, _, _ := strings.Cut(row, ","); !strings.Contains(out, reference) {
			t.Errorf("%s has another reference", row)
		}
	}
}

// TestARowOfABookingThatIsThereIsHeldAgainstIt: what it says otherwise is told, and changes nothing.
func TestARowOfABookingThatIsThereIsHeldAgainstIt(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := started(t, engine)
			canotReading(t, env, strings.NewReader(roster), "import", "-")
			canotReading(t, env, strings.NewReader(agenda), "import", "bookings", "-")
			before := must(t, env, "export", "bookings").stdout
			corrected := strings.Replace(strings.Replace(agenda, "Atelier;confirmée", "Atelier de poterie;annulée", 1), "terminée", "confirmée", 1)
			r := reportOf(t, canotReading(t, env, strings.NewReader(corrected), "import", "bookings", "-", "--json"))
			if r.Unchanged != 3 || r.Warnings != 1 {
				t.Fatalf("%+v", r)
			}
			o := canotReading(t, append(env, "CANOT_LANGUAGE=fr"), strings.NewReader(corrected), "import", "bookings", "-")
			if !strings.Contains(o.stdout, "ligne 3, à savoir") || !strings.Contains(o.stdout, "(statut, titre)") || strings.Contains(o.stdout, "poterie") {
				t.Error(o.stdout)
			}
			if after := must(t, env, "export", "bookings").stdout; after != before {
				t.Errorf("changed:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// TestWhatRunsOrIsHeldComesAsItCan: a lent thing is confirmed, a hold is left out, and both are told.
func TestWhatRunsOrIsHeldComesAsItCan(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := started(t, engine)
			canotReading(t, env, strings.NewReader(roster), "import", "-")
			const rows = "hub,resource,member,starts_at,ends_at,status\n" +
				"amos,amos-poste-de-coworking,zoe@hub.example,2026-12-08 10:00,2026-12-08 11:00,in_use\n" +
				"amos,amos-poste-de-coworking,zoe@hub.example,2026-12-09 10:00,2026-12-09 11:00,held\n" +
				"amos,amos-poste-de-coworking,zoe@hub.example,2026-12-10 10:00,2026-12-10 11:00,lost\n"
			o := canotReading(t, env, strings.NewReader(rows), "import", "-", "--json")
			r := reportOf(t, o)
			if r.Created != 1 || r.Warnings != 2 || r.Refused != 1 || !strings.Contains(o.stdout, "imported_as_confirmed") || !strings.Contains(o.stdout, "hold_not_imported") {
				t.Errorf("%s", o.stdout)
			}
			if out := must(t, env, "export", "bookings").stdout; !strings.Contains(out, ",confirmed,") || strings.Count(out, "amos-poste") != 1 {
				t.Error(out)
			}
		})
	}
}

// TestThePastIsNotJudgedByTheHoursOfToday: at night, for a minute, long ago; what is taken stays taken.
func TestThePastIsNotJudgedByTheHoursOfToday(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := started(t, engine)
			canotReading(t, env, strings.NewReader(roster), "import", "-")
			const rows = "hub,resource,quantity,member,starts_at,ends_at,status\n" +
				"Amos,amos-poste-de-coworking,1,zoe@hub.example,2020-03-01 03:07,2020-03-01 23:11,terminée\n" +
				"Amos,amos-poste-de-coworking,500,zoe@hub.example,2020-03-02 03:07,2020-03-02 23:11,terminée\n" +
				"Amos,amos-poste-de-coworking,1,zoe@hub.example,2026-12-13 03:07,2026-12-13 23:11,confirmée\n"
			r := reportOf(t, canotReading(t, env, strings.NewReader(rows), "import", "-", "--json"))
			if r.Created != 1 || r.Refused != 2 {
				t.Errorf("%+v", r)
			}
			must(t, env, "check")
		})
	}
}

func TestAWorkbookIsNotRead(t *testing.T) {
	env := append(started(t, "sqlite"), "CANOT_LANGUAGE=fr")
	o := canotReading(t, env, strings.NewReader("PK\x03\x04rest"), "import", "-")
	if o.code != exitFailed || !strings.Contains(o.stderr, "C’est un classeur Excel. Enregistrez-le en CSV, puis recommencez.") {
		t.Errorf("exit %d: %s", o.code, o.stderr)
	}
	if o = canot(t, env, "import", "/nowhere/rien.csv"); o.code != exitFailed || !strings.Contains(o.stderr, "rien.csv » n’existe pas.") {
		t.Errorf("exit %d: %s", o.code, o.stderr)
	}
}

func TestCellsAreReadAsPeopleWriteThem(t *testing.T) {
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-11-26 14:00": "2026-11-26T14:00:00-05:00", "26/11/2026 14h00": "2026-11-26T14:00:00-05:00", "2026/11/26 9 h": "2026-11-26T09:00:00-05:00",
		"26/11/2026 à 14 h 30": "2026-11-26T14:30:00-05:00", "2026-11-26T14:00:30": "2026-11-26T14:00:30-05:00", "46352.604166667": "2026-11-26T14:30:00-05:00",
		"46352,5": "2026-11-26T12:00:00-05:00", "2026-11-26T14:00:00-05:00": "2026-11-26T14:00:00-05:00", "2026-11-26, 14h": "2026-11-26T14:00:00-05:00",
		"demain": "bad_when", "2026-11-26": "bad_when", "31/02/2026 9h": "bad_when", "2026-11-26 25:00": "bad_when", "2026-03-08 02:30": "skipped_time", "": "required",
	} {
		got, err := when("starts_at", text, zone)
		said := got.In(zone).Format(time.RFC3339)
		if f := fault.Of(err); f != nil {
			said = f.Violations[0].Code
		}
		if said != want {
			t.Errorf("%q: %s, want %s", text, said, want)
		}
	}
	for text, want := range map[string]string{"26/11/2026": "2026-11-26", "2026/1/2": "2026-01-02", "46352": "2026-11-26", "1990": "1990", "hier": "hier", "": ""} {
		if got := plainDate(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"FR": "fr", "Français": "fr", "anglais": "en", "de": "de", "": ""} {
		if got := plainLanguage(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	for text, want := range map[string]string{"Grand public": "public", "etudes et recherche": "students_researchers", "artists": "artists", "x": "x", "": ""} {
		if got := plainClientele(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestARefusedBookingSaysWhyInTheLanguageOfThePerson(t *testing.T) {
	env := started(t, "sqlite")
	canotReading(t, env, strings.NewReader(roster), "import", "-")
	for language, said := range map[string][]string{
		"fr": {"ligne 5, refusée", "Cette personne n’a pas de compte ouvert ici.", "Cette ressource n’existe pas", "Cette ligne redit la ligne 3"},
		"en": {"line 5, refused", "no open account here", "This resource does not exist", "repeats line 3"},
	} {
		o := canotReading(t, append(env, "CANOT_LANGUAGE="+language), strings.NewReader(agenda), "import", "bookings", "-", "--dry-run")
		for _, s := range said {
			if !strings.Contains(o.stdout, s) {
				t.Errorf("%s: no %q in\n%s%s", language, s, o.stdout, o.stderr)
			}
		}
		if strings.Contains(o.stdout, "Zoé") || strings.Contains(o.stdout, "Répétition") {
			t.Errorf("the report names a person or a title:\n%s", o.stdout)
		}
	}
}

func TestAFileThatIsNoSheetIsRefusedWhole(t *testing.T) {
	env := started(t, "sqlite")
	for name, file := range map[string]string{
		"unknown_column": "member,starts_at,ends_at,price\n", "missing_column": "resource,starts_at,ends_at\n", "duplicate_column": "member,starts_at,ends_at,membre\n",
		"bad_csv": "member,starts_at,ends_at\n\"a,b,c\n", "bad_json": `[{"starts_at":"x"`,
	} {
		o := canotReading(t, env, strings.NewReader(file), "import", "--kind", "bookings", "-")
		if o.code != exitFailed || o.stderr == "" {
			t.Errorf("%s: exit %d, %s%s", name, o.code, o.stdout, o.stderr)
		}
	}
	path := filepath.Join(t.TempDir(), "bookings")
	if err := os.WriteFile(path, []byte(agenda), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := canot(t, env, "import", path); o.code != exitFailed || !strings.Contains(o.stdout, "refused") {
		t.Errorf("exit %d: %s%s", o.code, o.stdout, o.stderr)
	}
}

func TestMembersComeWithTheirMembershipsAndOrganisations(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := started(t, engine)
			must(t, env, "call", "POST", "/tiers", `{"slug":"createur","name":{"fr":"Créateur","en":"Creator"},"period":"year"}`)
			const rows = "name,email,hub,phone,birth_date,clientele,tier,membership_from,membership_until,organisation,sector\n" +
				"Zoé,zoe@hub.example,amos,819 555-0101,1990-04-05,artists,createur,2026-09-01,2027-08-31,Cuivre; Bronze,culture\n" +
				"Luc,luc@hub.example,amos,,,,gold,2026-09-01,,,\n" +
				"Ana,ana@hub.example,,,,,createur,2026-09-01,,,\n" +
				"Eli,,amos,,,,,,,,\n"
			for _, step := range []struct{ created, changed, unchanged, refused int }{{2, 0, 0, 2}, {0, 0, 2, 2}} {
				r := reportOf(t, canotReading(t, env, strings.NewReader(rows), "import", "-", "--json"))
				if r.Created != step.created || r.Changed != step.changed || r.Unchanged != step.unchanged || r.Refused != step.refused {
					t.Errorf("%+v, want %+v", r, step)
				}
			}
			// A refused row left nothing, and a new membership of somebody who is there is a change.
			const later = "name,email,hub,tier,membership_from\nLuc,luc@hub.example,amos,,\nEli,,amos,createur,2026-10-01\n"
			r := reportOf(t, canotReading(t, env, strings.NewReader(later), "import", "-", "--json"))
			if r.Created != 1 || r.Changed != 1 {
				t.Errorf("%+v", r)
			}
			out := must(t, env, "export", "members").stdout
			for _, row := range []string{"Zoé,zoe@hub.example,fr,amos,819 555-0101,1990-04-05,artists,createur,2026-09-01,2027-08-31,Bronze; Cuivre,culture; culture\n", "Eli,,fr,amos,,,,createur,2026-10-01,"} {
				if !strings.Contains(out, row) {
					t.Errorf("no %q in\n%s", row, out)
				}
			}
			if r := reportOf(t, canotReading(t, env, strings.NewReader(out), "import", "-", "--json")); r.Created+r.Changed+r.Refused > 0 {
				t.Errorf("back in: %+v", r)
			}
		})
	}
}
