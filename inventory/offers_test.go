package inventory_test

import (
	"slices"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
	"canot/inventory/hours"
)

func TestAHubSaysWhatItOffersByKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		hub, other := town(t, c, "amos"), town(t, c, "val-dor")
		for _, name := range []string{"Trépied", "Caméra B", "Caméra A", "Caméra C"} {
			thing(t, c, hub.ID, name)
		}
		thing(t, c, other.ID, "Caméra Z")
		must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{Hub: &hub.ID, Category: ptr("camera"), Kind: ptr(inventory.Space), Name: &inventory.Text{"fr": "Studio"}}, noKey))
		must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: ptr("son"), Name: &inventory.Text{"fr": "Son"}}, noKey))
		must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{Hub: &hub.ID, Category: ptr("son"), Kind: ptr(inventory.Equipment), Name: &inventory.Text{"fr": "Micro"}}, noKey))
		old := thing(t, c, hub.ID, "Caméra 0")
		must[inventory.Resource](t)(c.UpdateResource(ctx, admin, old.ID, inventory.ResourceEdits{Archived: ptr(true)}, noKey))
		var got []string
		for _, o := range must[[]inventory.Offer](t)(c.Offers(ctx, hub.ID, 2)) {
			got = append(got, string(o.Kind)+" "+o.Slug+" "+o.Name.In("fr")+" "+string(rune('0'+o.OfKind)))
		}
		want := []string{"equipment amos-camera-a Caméra A 5", "equipment amos-micro Micro 5", "space amos-studio Studio 1"}
		if !slices.Equal(got, want) {
			t.Errorf("offered is %q, want %q", got, want)
		}
	})
}

func TestTheLargestCategoriesComeFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		hub := town(t, c, "amos")
		for _, category := range []struct {
			slug      string
			resources int
		}{{"laser", 1}, {"audio", 3}, {"bois", 1}, {"vide", 0}} {
			must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: &category.slug, Name: &inventory.Text{"fr": category.slug}}, noKey))
			for i := range category.resources {
				must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{Hub: &hub.ID, Category: &category.slug, Kind: ptr(inventory.Machine),
					Name: &inventory.Text{"fr": category.slug + " " + string(rune('a'+i))}}, noKey))
			}
		}
		old := thing(t, c, hub.ID, "Caméra")
		must[inventory.Resource](t)(c.UpdateResource(ctx, admin, old.ID, inventory.ResourceEdits{Archived: ptr(true)}, noKey))
		var got []string
		for _, x := range must[[]inventory.CategoryCount](t)(c.LargestCategories(ctx, 2)) {
			got = append(got, x.Slug+" "+x.Name.In("fr")+" "+string(rune('0'+x.Resources)))
		}
		if want := []string{"audio audio 3", "bois bois 1"}; !slices.Equal(got, want) {
			t.Errorf("the largest are %q, want %q", got, want)
		}
	})
}

// What is read of all hubs at once is what each hub says of itself, less what is over, far
// off, or of a single resource.
func TestOpeningOfManyHubsIsThatOfEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		amos, other := town(t, c, "amos"), town(t, c, "val-dor")
		camera := thing(t, c, amos.ID, "Caméra")
		must[inventory.Opening](t)(c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: amos.ID, Week: week(t, "Mo-Fr 09:00-17:00")}, noKey))
		must[inventory.Opening](t)(c.SetWeek(ctx, admin, inventory.WeekEdits{Hub: amos.ID, Resource: camera.ID, Week: week(t, "Su 10:00-12:00")}, noKey))
		for _, e := range []inventory.Exception{
			{HubID: amos.ID, Date: day(t, "2026-11-23"), Spans: []hours.DaySpan{{Opens: 600, Closes: 720}}, Reason: inventory.Text{"fr": "Inventaire"}},
			{HubID: amos.ID, Date: day(t, "2026-11-20")}, {HubID: amos.ID, Date: day(t, "2026-12-25")},
			{HubID: amos.ID, ResourceID: camera.ID, Date: day(t, "2026-11-24")}, {HubID: other.ID, Date: day(t, "2026-11-24")},
		} {
			must[inventory.Exception](t)(c.SetException(ctx, admin, e, noKey))
		}
		for _, x := range []inventory.Closure{
			{HubID: amos.ID, StartsLocal: "2026-11-25T00:00", EndsLocal: "2026-11-26T00:00"}, {HubID: amos.ID, StartsLocal: "2026-11-01T00:00", EndsLocal: "2026-11-21T00:00"},
			{HubID: amos.ID, StartsLocal: "2026-12-02T00:00", EndsLocal: "2026-12-03T00:00"}, {HubID: amos.ID, ResourceID: camera.ID, StartsLocal: "2026-11-25T00:00", EndsLocal: "2026-11-26T00:00"},
		} {
			must[inventory.Closure](t)(c.AddClosure(ctx, admin, x, noKey))
		}
		ids := []string{amos.ID, other.ID}
		weeks := must[map[string]hours.Week](t)(c.Weeks(ctx, ids))
		changes := must[inventory.OpeningChanges](t)(c.OpeningChanges(ctx, ids, day(t, "2026-11-21"), day(t, "2026-12-01")))
		if got := weeks[amos.ID].String(); got != week(t, "Mo-Fr 09:00-17:00").String() || len(weeks) != 1 {
			t.Errorf("weeks %v", weeks)
		}
		if len(changes.Exceptions) != 2 || len(changes.Closures) != 1 || changes.Exceptions[0].Reason.In("fr") != "Inventaire" {
			t.Errorf("changes %+v", changes)
		}
		zone, err := hours.LoadZone("America/Toronto")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range changes.Rules(amos.ID, weeks[amos.ID]).Open(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC), time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC), zone) {
			got = append(got, hours.Promise(s.Start, zone)[:16]+" "+hours.Promise(s.End, zone)[11:16])
		}
		want := []string{"2026-11-23T10:00 12:00", "2026-11-24T09:00 17:00", "2026-11-26T09:00 17:00", "2026-11-27T09:00 17:00"}
		if !slices.Equal(got, want) {
			t.Errorf("open %q, want %q", got, want)
		}
	})
}

func day(t *testing.T, s string) hours.Date {
	t.Helper()
	return must[hours.Date](t)(hours.ParseDate(s))
}
