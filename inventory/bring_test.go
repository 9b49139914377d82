package inventory_test

import (
	"bytes"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

// What to bring is written, read, taken out and put in by language, and stays when nobody speaks of it.
func TestAResourceSaysWhatToBring(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Trousse")
		if len(x.Bring) != 0 {
			t.Errorf("a new thing asks to bring %v", x.Bring)
		}
		want := inventory.Text{"fr": "Une carte mémoire\n<script>alert(1)</script> 🎥", "en": "A memory card"}
		x = must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Bring: &inventory.Text{"fr": " " + want["fr"] + " ", "en": want["en"], "cr": ""}}, noKey))
		if len(x.Bring) != 2 || x.Bring["fr"] != want["fr"] || x.Bring["en"] != want["en"] {
			t.Errorf("%q", x.Bring)
		}
		long := inventory.Text{"fr": strings.Repeat("x", 100_000)}
		if _, err := c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Bring: &long}, noKey); err == nil {
			t.Error("a text of any length is taken")
		}
		floor := "2"
		if x = must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Floor: &floor}, noKey)); x.Bring["fr"] != want["fr"] {
			t.Errorf("another edit leaves %q", x.Bring)
		}
		var out bytes.Buffer
		if err := c.Export(ctx, &out, "resources", "csv"); err != nil || !strings.Contains(out.String(), "bring_fr") || !strings.Contains(out.String(), "A memory card") {
			t.Errorf("%v: %s", err, out.String())
		}
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader("hub,name_fr,bring_en\namos,Trousse,A card and a bag\n"), inventory.ImportOptions{}))
		x = must[inventory.Resource](t)(c.Resource(ctx, x.ID))
		if report.Changed != 1 || x.Bring["en"] != "A card and a bag" || x.Bring["fr"] != want["fr"] {
			t.Errorf("%+v, %q", report, x.Bring)
		}
	})
}
