package inventory_test

import (
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

// Every hub is told in one statement, by region and name, as one reads them.
func TestPlacesAreAllHubsInOneStatement(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db, counter := dbtest.Statements(t, engine, database.Settings{})
			c := inventory.New(db)
			var places []inventory.Place
			read := func() int {
				return len(counter.Statements(func() { places = must[[]inventory.Place](t)(c.Places(ctx)) }))
			}
			if n := read(); n != 1 || len(places) != 0 {
				t.Errorf("an empty network: %d places in %d statements", len(places), n)
			}
			town(t, c, "amos")
			must[inventory.Region](t)(c.CreateRegion(ctx, admin, inventory.NamedEdits{Slug: ptr("zone"), Name: &inventory.Text{"fr": "Éloignée"}}, noKey))
			for _, h := range []struct{ slug, name, region string }{
				{"b", "Évain", "nord"}, {"a", "La Sarre", "nord"}, {"c", "duparquet", "nord"}, {"d", "Moosonee", "zone"},
			} {
				must[inventory.Hub](t)(c.CreateHub(ctx, admin, inventory.HubEdits{Slug: &h.slug, Name: &inventory.Text{"fr": h.name}, Region: &h.region, Operator: ptr("coop"),
					Latitude: ptr(51.25), Longitude: ptr(-80.5), TimeZone: ptr("America/Toronto"), Town: ptr("Ville de " + h.name), Province: ptr("QC"),
					Languages: &[]string{"fr", "cr"}, Wheelchair: ptr("limited")}, noKey))
			}
			if n := read(); n != 1 {
				t.Errorf("five hubs take %d statements", n)
			}
			var order []string
			for _, p := range places {
				order = append(order, p.RegionSlug+"/"+p.Name.In("fr"))
			}
			if got := strings.Join(order, ", "); got != "zone/Moosonee, nord/duparquet, nord/Évain, nord/Hub de amos, nord/La Sarre" {
				t.Errorf("in order: %s", got)
			}
			hub := must[inventory.Hub](t)(c.Hub(ctx, "d"))
			p := places[0]
			if p.ID != hub.ID || p.Slug != "d" || p.Town != hub.Town || p.Province != "QC" || p.RegionID != hub.RegionID || p.RegionName.In("fr") != "Éloignée" ||
				p.Latitude != 51.25 || p.Longitude != -80.5 || p.TimeZone != "America/Toronto" || p.Wheelchair != "limited" || strings.Join(p.Languages, " ") != "fr cr" {
				t.Errorf("%+v", p)
			}
		})
	}
}
