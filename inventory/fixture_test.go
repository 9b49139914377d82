package inventory_test

import (
	"context"
	"os"
	"testing"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

var (
	ctx   = context.Background()
	noKey = database.Key{}
	admin = identity.System
)

func ptr[T any](v T) *T { return &v }

// must fails the test when a verb that should succeed did not.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v %+v", err, fault.Of(err))
		}
		return v
	}
}

func week(t *testing.T, s string) hours.Week {
	t.Helper()
	return must[hours.Week](t)(hours.ParseWeek(s))
}

// town makes the region and the operator when they are not there, and a hub.
func town(t *testing.T, c *inventory.Catalog, slug string) inventory.Hub {
	t.Helper()
	if _, err := c.Region(ctx, "nord"); fault.KindOf(err) == fault.NotFound {
		must[inventory.Region](t)(c.CreateRegion(ctx, admin, inventory.NamedEdits{Slug: ptr("nord"), Name: &inventory.Text{"fr": "Nord"}}, noKey))
		must[inventory.Operator](t)(c.CreateOperator(ctx, admin, inventory.OperatorEdits{Slug: ptr("coop"), LegalName: ptr("Coop du Nord")}, noKey))
		must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: ptr("camera"), Name: &inventory.Text{"fr": "Caméra"}}, noKey))
	}
	return must[inventory.Hub](t)(c.CreateHub(ctx, admin, inventory.HubEdits{
		Slug: &slug, Name: &inventory.Text{"fr": "Hub de " + slug}, Region: ptr("nord"), Operator: ptr("coop"),
		Latitude: ptr(48.5), Longitude: ptr(-78.1), TimeZone: ptr("America/Toronto"),
	}, noKey))
}

func thing(t *testing.T, c *inventory.Catalog, hub, name string) inventory.Resource {
	t.Helper()
	return must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{
		Hub: &hub, Category: ptr("camera"), Kind: ptr(inventory.Equipment), Name: &inventory.Text{"fr": name},
	}, noKey))
}

func managerOf(hub inventory.Hub) identity.Actor {
	return identity.Actor{ID: "m1", Grants: []identity.Grant{{Role: identity.Manager, HubID: hub.ID}}}
}

func importFile(t *testing.T, c *inventory.Catalog, path string, o inventory.ImportOptions) inventory.Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return must[inventory.Report](t)(c.Import(ctx, admin, f, o))
}

// wantCodes fails unless err is a fault of the kind with exactly these violations, each
// written field:code.
func wantCodes(t *testing.T, err error, kind fault.Kind, want ...string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind {
		t.Fatalf("got %v %+v, want kind %s", err, f, kind)
	}
	got := map[string]bool{}
	for _, v := range f.Violations {
		field, _ := v.Params["field"].(string)
		got[field+":"+v.Code] = true
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("%s is not among %v", w, f.Violations)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", f.Violations, want)
	}
}

func exec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	if err := db.In(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *database.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Reader(ctx).Get(&n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// certifications puts certifications of the network into the data base.
func certifications(t *testing.T, db *database.DB, slugs ...string) {
	t.Helper()
	err := db.In(ctx, func(tx *database.Tx) error {
		for _, slug := range slugs {
			if _, err := tx.Exec(`INSERT INTO certifications (id, slug, name) VALUES ($1, $1, '{}')`, slug); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tiers puts tiers of the network into the data base.
func tiers(t *testing.T, db *database.DB, slugs ...string) {
	t.Helper()
	err := db.In(ctx, func(tx *database.Tx) error {
		for _, slug := range slugs {
			if _, err := tx.Exec(`INSERT INTO tiers (id, slug, name) VALUES ($1, $1, '{}')`, slug); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
