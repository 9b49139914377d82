package inventory_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func versions(t *testing.T, db *database.DB) int {
	return count(t, db, `SELECT (SELECT SUM(version) FROM hubs) + (SELECT SUM(version) FROM regions) + (SELECT SUM(version) FROM operators)
		+ COALESCE((SELECT SUM(version + rules_version) FROM resources), 0) + (SELECT COUNT(*) FROM changes)`)
}

func TestTheDataFilesGoInAsTheyAreAndASecondTimeChangeNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		var seen []int
		o := inventory.ImportOptions{Progress: func(done, total int) { seen = append(seen, done, total) }}
		certifications(t, db, "medialab", "sound", "laser", "fdm", "cnc", "projection", "embroidery", "resin")
		hubs := importFile(t, c, "testdata/hubs.csv", o)
		resources := importFile(t, c, "testdata/resources.csv", o)
		if hubs.Kind != "hubs" || hubs.Created != 16 || hubs.Refused+hubs.Warnings != 0 {
			t.Fatalf("hubs: %+v", hubs)
		}
		if resources.Kind != "resources" || resources.Created != 40 || resources.Refused+resources.Warnings != 0 {
			t.Fatalf("resources: %+v", resources)
		}
		if len(seen) == 0 || seen[len(seen)-2] != 40 || seen[len(seen)-1] != 40 {
			t.Errorf("progress: %v", seen)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM units`); n != 123 {
			t.Errorf("%d units", n)
		}
		u := must[inventory.Unit](t)(c.Unit(ctx, "RN-STUDIO-01"))
		x := must[inventory.Resource](t)(c.Resource(ctx, "rouyn-noranda-studio-medialab"))
		if u.ResourceID != x.ID || x.Policy.BufferAfter != 30 || strings.Join(x.Policy.Certifications, ";") != "medialab" || x.PricePerHour != 2500 ||
			x.Notes == "" || strings.Join(x.Tags, " ") != "360 projection sound" || x.Description["fr"] != x.Notes {
			t.Errorf("%+v", x)
		}
		h := must[inventory.Hub](t)(c.Hub(ctx, "hearst"))
		if len(h.Week[3]) != 2 || h.RegionSlug != "nord-ontario" || h.Access["fr"] == "" {
			t.Errorf("%+v", h)
		}
		if g := must[inventory.Region](t)(c.Region(ctx, "nord-ontario")); g.Name.In("en") != "Northern Ontario" {
			t.Errorf("%+v", g)
		}
		before := versions(t, db)
		hubs, resources = importFile(t, c, "testdata/hubs.csv", o), importFile(t, c, "testdata/resources.csv", o)
		if hubs.Unchanged != 16 || resources.Unchanged != 40 {
			t.Errorf("second import: %+v %+v", hubs, resources)
		}
		if after := versions(t, db); after != before {
			t.Errorf("versions and log went from %d to %d", before, after)
		}
	})
}

func TestADryRunReportsTheSameAndWritesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		dry := importFile(t, c, "testdata/hubs.csv", inventory.ImportOptions{DryRun: true})
		if n := count(t, db, `SELECT (SELECT COUNT(*) FROM hubs) + (SELECT COUNT(*) FROM regions) + (SELECT COUNT(*) FROM changes)`); n != 0 {
			t.Errorf("%d rows written", n)
		}
		wet := importFile(t, c, "testdata/hubs.csv", inventory.ImportOptions{})
		if !dry.DryRun {
			t.Error("the report does not say that it was dry")
		}
		dry.DryRun = false
		a, _ := json.Marshal(dry)
		b, _ := json.Marshal(wet)
		if string(a) != string(b) {
			t.Errorf("dry:\n%s\nwet:\n%s", a, b)
		}
	})
}

func TestExportsComeBackUnchanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		importFile(t, c, "testdata/hubs.csv", inventory.ImportOptions{})
		importFile(t, c, "testdata/resources.csv", inventory.ImportOptions{})
		for i, text := range []string{"=cmd|' /C calc'!A0", "'=1", "''+1", "-2", "@x", "’quoted’, \"and\" more;\nnext line"} {
			slug := []string{"amos-poste-de-coworking", "hearst-trousse-camera", "timmins-imprimante-3d-fdm", "kenora-poste-de-coworking",
				"matagami-trousse-camera", "chapais-salle-communautaire"}[i]
			must[inventory.Resource](t)(c.UpdateResource(ctx, admin, slug, inventory.ResourceEdits{Notes: &text,
				Description: &inventory.Text{"fr": text, "en": text, "cr": text}, Bring: &inventory.Text{"fr": text, "en": text}}, noKey))
		}
		before := versions(t, db)
		for _, kind := range []string{"hubs", "resources", "units"} {
			var out bytes.Buffer
			if err := c.Export(ctx, &out, kind, "csv"); err != nil {
				t.Fatal(err)
			}
			for _, l := range strings.Split(out.String(), "\n") {
				if strings.HasPrefix(l, "=") || strings.Contains(l, ",=") || strings.Contains(l, `,"=`) {
					t.Errorf("a formula: %s", l)
				}
			}
			report := must[inventory.Report](t)(c.Import(ctx, admin, &out, inventory.ImportOptions{}))
			if report.Kind != kind || report.Unchanged != len(report.Lines) || report.Unchanged == 0 {
				t.Errorf("%s: %+v", kind, report)
			}
			var list []map[string]any
			out.Reset()
			if err := c.Export(ctx, &out, kind, "json"); err != nil || json.Unmarshal(out.Bytes(), &list) != nil || len(list) != report.Unchanged {
				t.Errorf("json of %s: %v, %d", kind, err, len(list))
			}
		}
		if after := versions(t, db); after != before {
			t.Errorf("versions and log went from %d to %d", before, after)
		}
	})
}

const hubHeader = "slug,name,region,latitude,longitude,time_zone,operator,hours\n"

func TestARefusedLineSaysWhyAndTheOthersGoOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(hubHeader+
			"a,A,nord,48,-79,America/Toronto,coop,Mo-Fr 09:00-17:00\n"+
			"b,B,nord,148,x,Mars/Olympus,coop,Mo 17:00\n"+
			"a,A again,nord,48,-79,America/Toronto,coop,\n"+
			"c,C,nord,48\n"+
			"d,D,nord,48,-79,America/Toronto,coop,\n"+
			"E!,E,nord,48,-79,America/Toronto,,\n"+
			"f,\"F\x07\",new-region,48,-79,America/Toronto,coop,\n"), inventory.ImportOptions{}))
		got := map[int]string{}
		for _, l := range report.Lines {
			var words []string
			for _, v := range l.Violations {
				words = append(words, v.Params["field"].(string)+":"+v.Code)
			}
			got[l.Line] += l.Outcome + " " + strings.Join(words, " ") + "|"
		}
		want := map[int]string{
			2: "created |",
			3: "refused longitude:bad_number hours:bad_hours latitude:out_of_range time_zone:unknown_zone|",
			4: "refused slug:duplicate_key|",
			5: "refused line:bad_columns|",
			6: "created |warning hours:hub_without_hours|",
			7: "refused operator:required slug:bad_slug|",
			8: "refused name.fr:bad_text|",
		}
		for n, w := range want {
			if got[n] != w {
				t.Errorf("line %d: %q, want %q", n, got[n], w)
			}
		}
		if report.Created != 2 || report.Refused != 5 || report.Warnings != 1 {
			t.Errorf("%+v", report)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM regions`); n != 1 {
			t.Errorf("%d regions: a refused line made one", n)
		}
	})
}

func TestImportRefusesAFileThatCannotBeRead(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	for _, x := range []struct{ name, file, want string }{
		{"no encoding that we know", hubHeader + "a,Qu\xe9villon \x81,,,,,,\n", "file:bad_encoding"},
		{"two encodings", hubHeader + "a,Qu\xe9villon,,,,,,é\n", "file:bad_encoding"},
		{"an unknown column", "slug,colour\na,red\n", "colour:unknown_column"},
		{"a missing column", "name,region\nA,nord\n", "slug:missing_column"},
		{"a column twice", "slug,slug\na,a\n", "slug:duplicate_column"},
		{"broken quotes", "slug,name\na,\"A\nb,B\n", "file:bad_csv"},
		{"nothing", "", "file:empty_file"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := c.Import(ctx, admin, strings.NewReader(x.file), inventory.ImportOptions{})
			wantCodes(t, err, fault.Malformed, x.want)
		})
	}
	_, err := c.Import(ctx, admin, strings.NewReader("slug,name\n"+strings.Repeat("a", 21<<20)), inventory.ImportOptions{})
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("21 MB: %v", err)
	}
	_, err = c.Import(ctx, admin, strings.NewReader("slug\n"), inventory.ImportOptions{Kind: "members"})
	wantCodes(t, err, fault.Malformed, "kind:bad_value")
}

func TestImportReadsWhatSpreadsheetsWrite(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	text := "\uFEFFslug;name;region;latitude;longitude;time_zone;operator;hours;languages\r\n" +
		"amos;Hub d'Amos;nord;48,5667;-78.1167;America/Toronto;coop;\"Mo-Fr 09:00-17:00; Sa 10:00-12:00\";fr,en\r\n"
	report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(text), inventory.ImportOptions{}))
	h := must[inventory.Hub](t)(c.Hub(ctx, "amos"))
	if report.Created != 1 || h.Latitude != 48.5667 || h.Week.String() != "Mo-Fr 09:00-17:00; Sa 10:00-12:00" || len(h.Languages) != 2 {
		t.Errorf("%+v %+v", report, h)
	}
	// Hours stay when the file has no column for them, and its own columns are written.
	report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("slug,town\namos,Amos\n"), inventory.ImportOptions{}))
	h = must[inventory.Hub](t)(c.Hub(ctx, "amos"))
	if report.Changed != 1 || h.Town != "Amos" || h.Week.String() == "" || h.Name["fr"] != "Hub d'Amos" {
		t.Errorf("%+v %+v", report, h)
	}
}

func TestImportNeverTakesUnitsAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		for _, x := range []struct{ units, outcome, have string }{{"3", "created", "3"}, {"1", "unchanged", "3"}, {"5", "changed", "5"}} {
			report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(
				"hub,kind,category,name_fr,units\namos,machine,laser-cutter,Découpeuse,"+x.units+"\n"), inventory.ImportOptions{}))
			if report.Lines[0].Outcome != x.outcome {
				t.Errorf("%s units: %+v", x.units, report)
			}
			if warned := report.Warnings == 1; warned != (x.units == "1") {
				t.Errorf("%s units: %+v", x.units, report)
			}
		}
		units := must[[]inventory.Unit](t)(c.Units(ctx, "amos-decoupeuse"))
		if len(units) != 5 || units[4].Code != "AMO-DECOUPEUSE-05" {
			t.Errorf("%+v", units)
		}
	})
}

func TestAFigureThatCannotBeReadIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,kind,category,name_fr,units\namos,machine,laser-cutter,Découpeuse,1\n"), inventory.ImportOptions{}))
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("resource,code,value_cents\namos-decoupeuse,A-1,abc\namos-decoupeuse,A-2,\"1 250,50\"\namos-decoupeuse,A-3,125050\n"), inventory.ImportOptions{Kind: "units"}))
		if report.Created != 1 || report.Refused != 2 || report.Lines[0].Violations[0].Code != "bad_number" {
			t.Errorf("%+v", report)
		}
		if u := must[inventory.Unit](t)(c.Unit(ctx, "A-3")); u.ValueCents != 125050 {
			t.Errorf("%+v", u)
		}
	})
}

func TestCodesOfUnitsAreShortAndLikeNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		for _, x := range []struct{ name, code string }{
			{"Casque de réalité virtuelle", "AMO-CASQUE-01"}, {"Casque d’écoute", "AMO-CASQUE-02"},
			{"Le son et la lumière", "AMO-SON-LUMIERE-01"}, {"À la", "AMO-A-LA-01"}, {"Vidéoprojecteurs", "AMO-VIDEOPROJECT-01"},
		} {
			must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,kind,category,name_fr,units\namos,machine,laser-cutter,"+x.name+",1\n"), inventory.ImportOptions{}))
			if _, err := c.Unit(ctx, x.code); err != nil {
				t.Errorf("%s has no unit %s", x.name, x.code)
			}
		}
		resource := must[inventory.Unit](t)(c.Unit(ctx, "AMO-CASQUE-01")).ResourceID
		hub := must[inventory.Hub](t)(c.Hub(ctx, "amos"))
		exec(t, db, `INSERT INTO consumables (id, hub_id, code, name, measure) VALUES ('pap', $1, 'Pap-01', '{}', 'feuille')`, hub.ID)
		exec(t, db, `UPDATE units SET code = 'Vieux 7' WHERE code = 'AMO-CASQUE-02'`)
		for _, x := range [][2]string{{"A/1", "bad_unit_code"}, {".", "bad_unit_code"}, {"--", "bad_unit_code"}, {"M-8K7QM3XP", "unit_code_like_another"}, {"k7qm-3xpd", "unit_code_like_another"},
			{"Vieux no 12.B", "bad_unit_code"}, {"ÉTÉ-01", "bad_unit_code"}, {"cam-001", ""}, {"CAM-001", "code_taken"}, {"Cam-001", "code_taken"}, {"pap-01", "code_taken"}} {
			u, err := c.AddUnit(ctx, admin, resource, inventory.UnitEdits{Code: &x[0]}, database.Key{})
			got := ""
			if f := fault.Of(err); f != nil {
				got = f.Violations[0].Code
			}
			if got != x[1] || got == "" && u.Code != "CAM-001" {
				t.Errorf("%s: %q %v, called %s", x[0], got, err, u.Code)
			}
		}
		_, err := c.UpdateUnit(ctx, admin, "CAM-001", inventory.UnitEdits{Code: ptr("amo-casque-01")}, database.Key{})
		wantCodes(t, err, fault.Refused, "code:code_taken")
		if u, err := c.UpdateUnit(ctx, admin, "Vieux 7", inventory.UnitEdits{Code: ptr("Vieux 7"), Serial: ptr("7")}, database.Key{}); err != nil || u.Code != "Vieux 7" {
			t.Errorf("a code that was there before: %+v %v", u, err)
		}
		if u, err := c.Unit(ctx, "cam-001"); err != nil || u.Code != "CAM-001" {
			t.Errorf("in small letters: %+v %v", u, err)
		}
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("resource,code\n"+resource+",new-1\n"+resource+",NEW-1\n"), inventory.ImportOptions{}))
		if report.Created != 1 || report.Refused != 1 {
			t.Errorf("%+v", report)
		}
	})
}

// A hub's own file goes in again, though one of its units is lent to another hub, and the file of the
// other hub has that unit.
func TestTheFilesOfHubsGoInAgainWhileAUnitIsLent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		home, there := town(t, c, "amos"), town(t, c, "hearst")
		x, host := thing(t, c, "amos", "Caméra"), thing(t, c, "hearst", "Caméra")
		u := must[inventory.Unit](t)(c.AddUnit(ctx, admin, x.ID, inventory.UnitEdits{Code: ptr("CAM-1")}, noKey))
		must[inventory.Unit](t)(c.SetComponents(ctx, admin, u.ID, inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "Étui"}, Quantity: 1}}}, noKey))
		if err := db.In(ctx, func(tx *database.Tx) error {
			_, err := inventory.MoveUnit(tx, admin, u.ID, there.ID, host.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"units", "components"} {
			for _, hub := range []inventory.Hub{home, there} {
				var out bytes.Buffer
				if err := c.ExportHub(ctx, managerOf(hub), &out, hub.ID, kind); err != nil || !strings.Contains(out.String(), "CAM-1") || !strings.HasPrefix(out.String(), "\ufeff") {
					t.Errorf("%s of %s: %v %q", kind, hub.Slug, err, out.String())
				}
				report := must[inventory.Report](t)(c.Import(ctx, managerOf(hub), &out, inventory.ImportOptions{}))
				if report.Unchanged != 1 || report.Refused != 0 {
					t.Errorf("%s of %s: %+v", kind, hub.Slug, report)
				}
			}
		}
		for file, by := range map[string]inventory.Hub{"code,serial\nCAM-1,7\n": home, "unit,name_fr,quantity\nCAM-1,Étui,2\n": home} {
			report := must[inventory.Report](t)(c.Import(ctx, managerOf(by), strings.NewReader(file), inventory.ImportOptions{}))
			if report.Refused != 1 || report.Lines[0].Violations[0].Code != "unit_lent" {
				t.Errorf("%q: %+v", file, report)
			}
		}
		other := town(t, c, "kapuskasing")
		report := must[inventory.Report](t)(c.Import(ctx, managerOf(other), strings.NewReader("code\nCAM-1\n"), inventory.ImportOptions{}))
		if report.Refused != 1 || report.Lines[0].Violations[0].Code != "not_allowed" {
			t.Errorf("whose hub is neither: %+v", report)
		}
	})
}

// A spreadsheet saves in the encoding of its machine unless somebody asks for another.
func TestAFileOfASpreadsheetIsRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		file := "hub;kind;category;name_fr\r\namos;machine;camera;Appareil \xab Qu\xe9 \xbb \x97 \x8cuvre\r\n"
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(file), inventory.ImportOptions{}))
		if report.Created != 1 {
			t.Fatalf("%+v", report)
		}
		list, _, err := c.Resources(ctx, inventory.ResourceQuery{})
		if err != nil || list[0].Name["fr"] != "Appareil « Qué » — Œuvre" {
			t.Errorf("%+v %v", list[0].Name, err)
		}
	})
}

func TestAManagerImportsForTheirOwnHubOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		mine := town(t, c, "amos")
		town(t, c, "hearst")
		file := "hub,kind,category,name_fr\namos,machine,camera,A\nhearst,machine,camera,B\namos,machine,laser-cutter,C\n"
		report := must[inventory.Report](t)(c.Import(ctx, managerOf(mine), strings.NewReader(file), inventory.ImportOptions{}))
		if report.Created != 1 || report.Refused != 2 || report.Lines[1].Violations[0].Code != "not_allowed" ||
			report.Lines[2].Violations[0].Code != "unknown_category" {
			t.Errorf("%+v", report)
		}
		_, err := c.Import(ctx, identity.Actor{ID: "x"}, strings.NewReader(file), inventory.ImportOptions{})
		if !fault.Is(err, "not_allowed") {
			t.Errorf("a member: %v", err)
		}
		_, err = c.Import(ctx, identity.Actor{}, strings.NewReader(file), inventory.ImportOptions{})
		if !fault.Is(err, "sign_in") {
			t.Errorf("a visitor: %v", err)
		}
	})
}

func TestUnitsComeInButAreNotRetiredByAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("resource,code,serial,status\n"+
			x.Slug+",CAM-1,123,in_service\n"+x.Slug+",CAM-2,,retired\nnowhere,CAM-3,,\n"), inventory.ImportOptions{}))
		if report.Kind != "units" || report.Created != 2 || report.Lines[2].Violations[0].Code != "unknown_resource" {
			t.Errorf("%+v", report)
		}
		report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("resource,code,serial,status\n"+
			x.Slug+",CAM-1,123,retired\n"+x.Slug+",CAM-2,456,\n"), inventory.ImportOptions{}))
		if report.Lines[0].Violations[0].Code != "not_by_import" || report.Lines[1].Outcome != "changed" {
			t.Errorf("%+v", report)
		}
	})
}

func FuzzImport(f *testing.F) {
	for _, path := range []string{"testdata/hubs.csv", "testdata/resources.csv"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:600])
	}
	f.Add([]byte("resource,code\n\"=1\",'=2\n"))
	f.Add([]byte("\xef\xbb\xbfslug;name;hours\r\na;b;\"Mo 1:00-2:00\"\r\n"))
	db := dbtest.Open(f, "sqlite", database.Settings{})
	c := inventory.New(db)
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := c.Import(ctx, admin, bytes.NewReader(text), inventory.ImportOptions{DryRun: true})
		if err != nil && fault.Of(err) == nil {
			t.Fatalf("neither read nor refused: %v", err)
		}
		for _, l := range report.Lines {
			if l.Outcome == inventory.Refused && len(l.Violations) == 0 {
				t.Fatalf("line %d is refused and nobody says why", l.Line)
			}
		}
	})
}

const policyHeader = "hub,kind,category,name_fr,certification,any_certification,tiers,approval_tiers,approval_above_min,answer_within_min,minimum_age,consent_under,attendance,conditions\n"

func TestAFileSaysWhatAResourceAsksOfPersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		certifications(t, db, "laser")
		tiers(t, db, "createur", "pro")
		publishTerms(t, c, "atelier", "amos")
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(policyHeader+
			"amos,machine,camera,A,laser;sound,oui,pro;createur,createur,120,60,12,16,4,atelier\n"+
			"amos,machine,camera,B,,,gold,,x,,,,,rules\n"), inventory.ImportOptions{}))
		if report.Created != 1 || report.Refused != 1 || report.Warnings != 1 || report.Lines[1].Violations[0].Params["slug"] != "sound" {
			t.Fatalf("%+v", report)
		}
		x := must[inventory.Resource](t)(c.Resource(ctx, "amos-a"))
		want := inventory.Requirements{Certifications: []string{"laser", "sound"}, AnyCertification: true, Tiers: []string{"createur", "pro"},
			ApprovalTiers: []string{"createur"}, ApprovalAbove: 120, AnswerWithin: 60, MinimumAge: 12, ConsentUnder: 16, Attendance: 4, Conditions: []string{"atelier"}}
		if !reflect.DeepEqual(x.Policy.Requirements, want) {
			t.Errorf("%+v", x.Policy.Requirements)
		}
		report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,name_fr,tiers,conditions\namos,A,gold;x,rules\n"), inventory.ImportOptions{}))
		if report.Refused != 1 || len(report.Lines[0].Violations) != 3 {
			t.Errorf("%+v", report)
		}
		report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,name_fr,tiers,certification\namos,A,,\n"), inventory.ImportOptions{}))
		x = must[inventory.Resource](t)(c.Resource(ctx, "amos-a"))
		if report.Changed != 1 || len(x.Policy.Tiers)+len(x.Policy.Certifications) != 0 || len(x.Policy.Conditions) != 1 {
			t.Errorf("emptied: %+v %+v", report, x.Policy)
		}
	})
}

// TestAnExportThatComesBackLeavesTheLayersTheirSay takes files out of a network with
// layers, and puts them back.
func TestAnExportThatComesBackLeavesTheLayersTheirSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		certifications(t, db, "laser")
		x, y := thing(t, c, "amos", "A"), thing(t, c, "amos", "B")
		setLayer(t, c, "amos", "", inventory.PolicyEdits{Certifications: &[]string{"laser"}, MinimumAge: ptr(14), Notice: ptr(60)})
		edit(t, c, y.ID, inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: &[]string{}, MinimumAge: ptr(0)}})
		before := versions(t, db)
		var out bytes.Buffer
		if err := c.Export(ctx, &out, "resources", "csv"); err != nil {
			t.Fatal(err)
		}
		file := out.String()
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(file), inventory.ImportOptions{}))
		if report.Unchanged != 2 || report.Warnings != 0 || versions(t, db) != before {
			t.Errorf("%+v", report)
		}
		if x = must[inventory.Resource](t)(c.Resource(ctx, x.ID)); len(x.PolicyOwn) != 0 || x.Policy.MinimumAge != 14 {
			t.Errorf("%+v own %v", x.Policy, x.PolicyOwn)
		}
		// A list that a file leaves empty takes nothing from the layers.
		report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,name_fr,certification\namos,A,\n"), inventory.ImportOptions{}))
		if x = must[inventory.Resource](t)(c.Resource(ctx, x.ID)); report.Unchanged != 1 || len(x.Policy.Certifications) != 1 {
			t.Errorf("%+v %+v", report, x.Policy)
		}
		report = must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,kind,category,name_fr,certification,grain_min,min_min\namos,machine,camera,C,,15,45\n"), inventory.ImportOptions{}))
		z := must[inventory.Resource](t)(c.Resource(ctx, "amos-c"))
		if report.Created != 1 || len(z.Policy.Certifications) != 1 || strings.Join(z.PolicyOwn, " ") != "grain_min shortest_min" {
			t.Errorf("%+v %+v own %v", report, z.Policy, z.PolicyOwn)
		}
		out.Reset()
		if err := c.Export(ctx, &out, "resources", "json"); err != nil || !strings.Contains(out.String(), `"policy_own": [`) || !strings.Contains(out.String(), `"minimum_age": 14`) {
			t.Errorf("%v %s", err, out.String())
		}
		clean(t, c)
	})
}
