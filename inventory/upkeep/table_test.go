package upkeep_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

// TestRulesGoOutAndComeBackAsTheyWere has two that are called alike.
func TestRulesGoOutAndComeBackAsTheyWere(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(600)), Note: ptr("=1+1"), Blocks: ptr(true)})
		w.clock.Set(monday.Add(time.Hour))
		w.rule(upkeep.RuleEdits{EveryDays: ptr(int64(30))})
		out := func() string {
			var file bytes.Buffer
			if err := w.desk.ExportRules(ctx, w.boss, &file, "amos"); err != nil {
				t.Fatal(err)
			}
			return file.String()
		}
		file := out()
		if file != "\ufeffresource,name,every_use_min,every_days,note,blocks,active\namos-laser,Nettoyer la lentille,600,0,'=1+1,yes,yes\namos-laser,Nettoyer la lentille,0,30,,no,yes\n" {
			t.Fatalf("%s", file)
		}
		put := func(rows string, dry bool) string {
			r := must[inventory.Report](t)(w.desk.ImportRules(ctx, w.boss, "amos", strings.NewReader(rows), dry))
			said := ""
			for _, l := range r.Lines {
				said += l.Outcome
				for _, v := range l.Violations {
					said += ":" + v.Code
				}
				said += " "
			}
			return strings.TrimSpace(said)
		}
		if got := put(file, false); got != "unchanged unchanged" || out() != file {
			t.Errorf("put back: %s\n%s", got, out())
		}
		edits := "resource;name;every_days;active\namos-laser;Nettoyer la lentille;;\namos-laser;Nettoyer la lentille;45;no\namos-salle;Vérifier les prises;365;\namos-salle;Jamais;;\nval-dor-laser;X;1;\nnulle-part;X;1;\namos-salle;X;beaucoup;\n"
		want := "unchanged changed created refused:every_needed refused:unknown_resource refused:unknown_resource refused:bad_number"
		for _, dry := range []bool{true, false} {
			if got := put(edits, dry); got != want || (out() == file) != dry {
				t.Errorf("dry %t: %s\n%s", dry, got, out())
			}
		}
		if got := put(edits, false); !strings.HasPrefix(got, "unchanged unchanged unchanged refused") {
			t.Errorf("a second time: %s", got)
		}
		// Who manages both hubs puts in what is of this one alone.
		must[inventory.Resource](t)(w.catalog.CreateResource(ctx, identity.System, inventory.ResourceEdits{Slug: ptr("val-dor-salle"), Hub: ptr("val-dor"), Category: ptr("laser"), Kind: ptr(inventory.Space), Name: &inventory.Text{"fr": "Salle"}}, noKey))
		r := must[inventory.Report](t)(w.desk.ImportRules(ctx, identity.System, "amos", strings.NewReader("resource,name,every_days\nval-dor-salle,X,1\namos-salle,Y,1\n"), false))
		if r.Created != 1 || r.Refused != 1 || r.Lines[0].Violations[0].Code != "unknown_resource" {
			t.Errorf("%+v", r)
		}
		for who, by := range map[string]identity.Actor{"staff": w.anne, "staff of another hub": w.paul, "a member": w.zoe} {
			if _, err := w.desk.ImportRules(ctx, by, "amos", strings.NewReader(file), false); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s puts it in: %v", who, err)
			}
			if err := w.desk.ExportRules(ctx, by, &bytes.Buffer{}, "amos"); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s takes it out: %v", who, err)
			}
		}
	})
}
