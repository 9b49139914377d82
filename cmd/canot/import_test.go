package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"canot/internal/database/dbtest"
)

// reportOf reads the report that `canot import --json` printed for one file.
func reportOf(t *testing.T, o outcome) fileReport {
	t.Helper()
	var r fileReport
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("%v: exit %d, %s%s", err, o.code, o.stdout, o.stderr)
	}
	return r
}

// dataFile is a file of the demo, which is also what a network starts with.
func dataFile(name string) string {
	return filepath.Join("..", "..", "booking", "demo", "data", name)
}

func TestImportTwiceChangesNothingAndADryRunLessStill(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine)}
			for _, step := range []struct {
				args                        []string
				created, unchanged, refused int
			}{
				{[]string{dataFile("hubs.csv"), "--dry-run"}, 16, 0, 0},
				{[]string{dataFile("hubs.csv")}, 16, 0, 0},
				{[]string{dataFile("hubs.csv")}, 0, 16, 0},
				{[]string{"--dry-run", dataFile("resources.csv")}, 40, 0, 0},
				{[]string{dataFile("resources.csv")}, 40, 0, 0},
				{[]string{dataFile("resources.csv")}, 0, 40, 0},
			} {
				r := reportOf(t, must(t, env, append([]string{"import", "--json"}, step.args...)...))
				if r.Created != step.created || r.Unchanged != step.unchanged || r.Changed != 0 || r.Refused != step.refused {
					t.Errorf("%v: %+v", step.args, r)
				}
			}
			// What goes out comes back in as it is.
			for _, kind := range []string{"hubs", "resources", "units"} {
				file := filepath.Join(t.TempDir(), kind+".csv")
				must(t, env, "export", kind, "--out", file)
				r := reportOf(t, must(t, env, "import", file, "--json"))
				if r.Created+r.Changed+r.Refused > 0 || r.Unchanged == 0 {
					t.Errorf("%s: %+v", kind, r)
				}
				if o := must(t, env, "export", kind, "--format", "json"); !json.Valid([]byte(o.stdout)) {
					t.Errorf("%s is not JSON: %.200s", kind, o.stdout)
				}
			}
			must(t, env, "check")
		})
	}
}

func TestADryRunOfSeveralFilesReportsWhatTheRealRunDoes(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, engine)
			env := []string{"CANOT_DATABASE_URL=" + url}
			const members = "name,email,language,hub\nLise R.,lise@hub.example,fr,matagami\nAgain,lise@hub.example,fr,\n"
			files := []string{"import", "--json", dataFile("hubs.csv"), dataFile("resources.csv"), "-"}
			dry := canotReading(t, env, strings.NewReader(members), append(files, "--dry-run")...)
			if dry.code != exitDone || strings.Count(dry.stdout, `"dry_run":true`) != 3 {
				t.Fatalf("exit %d: %s%s", dry.code, dry.stdout, dry.stderr)
			}
			if _, err := os.Stat(strings.TrimPrefix(url, "sqlite://")); engine == "sqlite" && !os.IsNotExist(err) {
				t.Errorf("the dry run made the data base: %v", err)
			}
			// Once more on rows that are there: a copy of them is what it works on.
			for range 2 {
				real := canotReading(t, env, strings.NewReader(members), files...)
				if real.code != exitDone || strings.ReplaceAll(dry.stdout, `"dry_run":true`, `"dry_run":false`) != real.stdout {
					t.Errorf("dry: %s\nreal, exit %d: %s%s", dry.stdout, real.code, real.stdout, real.stderr)
				}
				dry = canotReading(t, env, strings.NewReader(members), append(files, "--dry-run")...)
			}
		})
	}
}

func TestImportRefusesLineByLineAndSaysWhy(t *testing.T) {
	const rows = "slug,name,region,town,province,latitude,longitude,time_zone,languages,tax_jurisdiction,hours,operator,phone,email,access_fr,wheelchair\n" +
		"moosonee,Hub de Moosonee,nord-ontario,Moosonee,ON,51.27,-80.64,America/Toronto,fr;en,CA-ON,,hubs-no,705-555-0126,accueil@moosonee.example,,yes\n" +
		"mars,Hub de Mars,nord-ontario,Mars,ON,48,-80,America/Mars,fr,CA-ON,Mo 09:00-17:00,hubs-no,705-555-0127,accueil@mars.example,,yes\n" +
		"fou,Hub fou,nord-ontario,Fou,ON,480,-80,America/Toronto,fr,CA-ON,Mo 17:00-09:00-12:00,hubs-no,705-555-0128,accueil@fou.example,,yes\n"
	env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, "sqlite")}
	file := filepath.Join(t.TempDir(), "hubs.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	o := canot(t, env, "import", file)
	if o.code != exitFailed || !strings.Contains(o.stdout, "1 created, 0 changed, 0 unchanged, 2 refused") {
		t.Errorf("exit %d: %s%s", o.code, o.stdout, o.stderr)
	}
	for _, said := range []string{"line 2", "line 3, refused: mars – There is no such time zone", "line 4, refused: fou"} {
		if !strings.Contains(o.stdout, said) {
			t.Errorf("the report does not say %q:\n%s", said, o.stdout)
		}
	}
	// From standard input, in French.
	o = canotReading(t, append(env, "CANOT_LANGUAGE=fr"), strings.NewReader(rows), "import", "-", "--quiet")
	if o.code != exitFailed || !strings.Contains(o.stdout, "ligne 3, refusée") {
		t.Errorf("exit %d: %s%s", o.code, o.stdout, o.stderr)
	}
}

// TestACorrectedRowIsNotPassedOver: what a file says otherwise of somebody is told, and changes nothing.
func TestACorrectedRowIsNotPassedOver(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine), "CANOT_LANGUAGE=fr"}
			must(t, env, "import", dataFile("hubs.csv"))
			const first = "nom,courriel,hub,téléphone,date de naissance,langue,clientèle\nLise R.,lise@hub.example,Val-d’Or,819 555-0101,05/04/1990,Français,Grand public\n"
			must(t, env, "call", "GET", "/hubs")
			if r := reportOf(t, canotReading(t, env, strings.NewReader(first), "import", "-", "--json")); r.Created != 1 {
				t.Fatalf("%+v", r)
			}
			before := must(t, env, "export", "members").stdout
			if !strings.Contains(before, "fr,val-dor,819 555-0101,1990-04-05,public,") {
				t.Error(before)
			}
			if r := reportOf(t, canotReading(t, env, strings.NewReader(first), "import", "-", "--json")); r.Unchanged != 1 || r.Warnings != 0 {
				t.Errorf("%+v", r)
			}
			corrected := strings.NewReplacer("Lise R.", "Lise Roy", "0101", "0202").Replace(first)
			o := canotReading(t, env, strings.NewReader(corrected), "import", "-")
			if !strings.Contains(o.stdout, "ligne 2, à savoir") || !strings.Contains(o.stdout, "Déjà inscrit avec d’autres renseignements (nom, téléphone)") {
				t.Errorf("%s%s", o.stdout, o.stderr)
			}
			if after := must(t, env, "export", "members").stdout; after != before {
				t.Error(after)
			}
			o = canotReading(t, env, strings.NewReader("nom,courriel,hub,clientèle\nX,x@hub.example,Atlantide,\nY,y@hub.example,Amos,rois\n"+strings.Repeat("z", 200)+",z@hub.example,Amos,\n"), "import", "-")
			if !strings.Contains(o.stdout, "Le champ « nom » est trop long : au plus 120 caractères.") {
				t.Error(o.stdout)
			}
			if o.code != exitFailed || !strings.Contains(o.stdout, "Atlantide") || !strings.Contains(o.stdout, "rois") {
				t.Errorf("the refused values are not named: %s", o.stdout)
			}
		})
	}
}

func TestMembersGoInAndComeOut(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine)}
			must(t, env, "import", dataFile("hubs.csv"))
			const rows = "name,email,language,hub\nLise R.,lise@hub.example,fr,matagami\nAnang K.,anang@hub.example,en,\nX,no address,fr,\nY,y@hub.example,fr,nowhere\n"
			for _, step := range []struct {
				args                        []string
				created, unchanged, refused int
			}{
				{[]string{"--dry-run"}, 2, 0, 2},
				{nil, 2, 0, 2},
				{nil, 0, 2, 2},
			} {
				o := canotReading(t, env, strings.NewReader(rows), append([]string{"import", "-", "--json"}, step.args...)...)
				r := reportOf(t, o)
				if o.code != exitFailed || r.Kind != "members" || r.Created != step.created || r.Unchanged != step.unchanged || r.Refused != step.refused {
					t.Errorf("%v: exit %d, %+v", step.args, o.code, r)
				}
			}
			out := must(t, env, "export", "members").stdout
			if !strings.Contains(out, "Lise R.,lise@hub.example,fr,matagami,,,,,,,,\n") {
				t.Error(out)
			}
			if r := reportOf(t, canotReading(t, env, strings.NewReader(out), "import", "-", "--json")); r.Unchanged != 2 || r.Refused != 0 {
				t.Errorf("back in: %+v", r)
			}
			if o := must(t, env, "export", "bookings", "--format", "json"); strings.TrimSpace(o.stdout) != "[]" {
				t.Error(o.stdout)
			}
		})
	}
}
