package inventory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

func TestSearchForgivesPluralsApostrophesAndHyphens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		town(t, c, "rouyn")
		for i, name := range []string{
			"Caméra", "Tableaux blancs", "Journal", "Vitraux", "Bijou", "Tuyau", "Ensemble d’éclairage", "Banc-d'essai", "Boîte à lumière",
			"Studio mobile", "Press kit", "Laser cutters", "Pré du lac", "Canaux", "Anneau", "Prés verts",
		} {
			x := thing(t, c, "amos", name)
			english := []string{"Video device", "Boards", "Newspapers", "Stained glass", "Jewel", "Hoses", "Artists' lights", "Bench", "Light boxes", "Studios", "Wireless press", "Batteries", "Lake", "Ditches", "Ring", "Meadow"}[i]
			must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Name: &inventory.Text{"fr": name, "en": english},
				Tags: &[]string{fmt.Sprintf("n%d", i)}}, noKey))
		}
		for _, x := range []struct {
			q    string
			want string // tags of what is found
		}{
			{"VITRAIL", "n3"}, {"vitraux", "n3"},
			{"journaux", "n2"}, {"journal", "n2"}, {"Journals", "n2"},
			{"canal", "n13"}, {"canaux", "n13"}, {"anneaux", "n14"}, {"anneau", "n14"},
			{"tableau", "n1"}, {"tableaux", "n1"}, {"bijoux", "n4"}, {"tuyaux", "n5"}, {"tuyau", "n5"},
			{"boxes", "n8"}, {"box", "n8"}, {"battery", "n11"}, {"batterie", "n11"}, {"batteries", "n11"},
			{"benches", "n7"}, {"benchs", "n7"}, {"bancs", "n7"}, {"hose", "n5"}, {"devices", "n0"},
			{"l'éclairage", "n6"}, {"L’éclairage", "n6"}, {"d'éclairages", "n6"}, {"ensembles d'éclairage", "n6"}, {"artist's light", "n6"}, {"artists lights", "n6"},
			{"banc d’essai", "n7"}, {"bancs-d-essais", "n7"}, {"qu'essai", "n7"},
			{"studios mobiles", "n9"}, {"mobiles studio", "n9"},
			{"laser cutters batteries", "n11"}, {"lasers cutter battery", "n11"},
			{"bois", ""},     // no boîte, though it begins as the singular would
			{"lumie", "n8"},  // a part of a word, as ever
			{"lumies", ""},   // which has no plural
			{"press", "n10"}, // and none has been taken off it
			{"Journa", "n2"}, {"%s", "n0 n1 n10 n11 n12 n13 n14 n15 n2 n3 n4 n5 n6 n7 n8 n9"}, {"_tableaux", "n1"},
		} {
			list, _, err := c.Resources(ctx, inventory.ResourceQuery{Q: x.q})
			var found []string
			for _, r := range list {
				found = append(found, r.Tags...)
			}
			slices.Sort(found)
			if got := strings.Join(found, " "); err != nil || got != x.want {
				t.Errorf("%q: %q, want %q, %v", x.q, got, x.want, err)
			}
		}
		for _, x := range []struct {
			q    string
			want int
		}{{"rouyn's", 1}, {"Rouyn’s hubs", 1}, {"amos", 1}, {"Hubs d’Amos", 1}, {"hubs", 2}, {"sudburys", 0}} {
			if hubs, _, err := c.Hubs(ctx, inventory.HubQuery{Q: x.q}); err != nil || len(hubs) != x.want {
				t.Errorf("hubs by %q: %d, want %d, %v", x.q, len(hubs), x.want, err)
			}
		}
	})
}

// However long and strange what is looked for, the search answers, and connections see
// few different statements.
func TestSearchIsBounded(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db, counter := dbtest.Statements(t, engine, database.Settings{})
			c := inventory.New(db)
			town(t, c, "amos")
			thing(t, c, "amos", "Caméra")
			for _, q := range []string{strings.Repeat("é", 100_000), strings.Repeat("caméras ", 20_000), strings.Repeat("'", 5_000), strings.Repeat("l'", 5_000) + "été", "\x00\xff%_\\", "🎥 ' OR 1=1 --"} {
				if _, _, err := c.Resources(ctx, inventory.ResourceQuery{Q: q}); err != nil {
					t.Errorf("%.20q: %v", q, err)
				}
			}
			for _, x := range []struct {
				q    string
				want int
			}{{strings.Repeat("caméra ", 7) + "amos trépied", 1}, {strings.Repeat("caméra ", 7) + "trépied", 0}} {
				if list, _, err := c.Resources(ctx, inventory.ResourceQuery{Q: x.q}); err != nil || len(list) != x.want {
					t.Errorf("eight words count, and no more: %q: %d, want %d, %v", x.q, len(list), x.want, err)
				}
			}
			texts := map[string]bool{}
			words := []string{"studio", "cameras", "journal", "tuyaux", "boxes", "battery", "press", "le"}
			for i := range words {
				for j := range words {
					for _, s := range counter.Statements(func() {
						must[[]inventory.UnitVersion](t)(c.UnitVersions(db.Reader(ctx), inventory.ResourceQuery{Q: words[i] + " " + words[j] + " caméra"}))
					}) {
						if !strings.Contains(s, "COUNT") {
							texts[s] = true
						}
					}
				}
			}
			if len(texts) > 3 {
				t.Errorf("%d different statements for searches of three words", len(texts))
			}
		})
	}
}

func TestAResourceQueryNamesAtMostTwoHundred(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x, y := thing(t, c, "amos", "Caméra"), thing(t, c, "amos", "Trépied")
		thing(t, c, "amos", "Perche")
		for _, q := range []inventory.ResourceQuery{{Among: []string{x.ID, y.ID}}, {Among: []string{x.ID, y.ID, "nobody"}, Q: "e"}, {Among: append(make([]string, 198), x.ID, y.ID)}} {
			list, _, err := c.Resources(ctx, q)
			if err != nil || len(list) != 2 {
				t.Errorf("%d, %v", len(list), err)
			}
			units := must[[]inventory.UnitVersion](t)(c.UnitVersions(db.Reader(ctx), q))
			if len(units) != 2 {
				t.Errorf("%d", len(units))
			}
		}
		if list, _, err := c.Resources(ctx, inventory.ResourceQuery{Among: []string{x.ID, y.ID}, Limit: 1}); err != nil || len(list) != 1 {
			t.Errorf("%d, %v", len(list), err)
		}
		_, _, err := c.Resources(ctx, inventory.ResourceQuery{Among: make([]string, 201)})
		wantCodes(t, err, "malformed", "among:out_of_range")
	})
}
