package inventory_test

import (
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func TestASlugOnceMadeStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		x := thing(t, c, "amos", "Caméra")
		_, err := c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{Slug: ptr("amos-centre"), Town: ptr("Amos")}, noKey)
		wantCodes(t, err, fault.Refused, "slug:slug_fixed")
		_, err = c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Slug: ptr("camera")}, noKey)
		wantCodes(t, err, fault.Refused, "slug:slug_fixed")
		_, err = c.UpdateRegion(ctx, admin, "nord", inventory.NamedEdits{Slug: ptr("abitibi")}, noKey)
		wantCodes(t, err, fault.Refused, "slug:slug_fixed")
		h := must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{Slug: ptr("amos"), Town: ptr("Amos")}, noKey))
		x = must[inventory.Resource](t)(c.UpdateResource(ctx, admin, x.ID, inventory.ResourceEdits{Slug: &x.Slug, Floor: ptr("2")}, noKey))
		if h.Town != "Amos" || x.Floor != "2" {
			t.Errorf("%+v %+v", h, x)
		}
		report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(
			"hub,kind,category,name_fr,slug\namos,equipment,camera,Caméra,camera\namos,equipment,camera,Trépied,trepied\n"), inventory.ImportOptions{}))
		if report.Refused != 1 || report.Created != 1 || report.Lines[0].Violations[0].Code != "slug_fixed" {
			t.Errorf("%+v", report)
		}
	})
}

// book puts a booking of the hub from noon to one into the data base.
func book(t *testing.T, db *database.DB, h inventory.Hub, status string, day time.Time) {
	t.Helper()
	id, noon := database.NewID(), day.Add(17*time.Hour)
	err := db.In(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO members (id, name, created_at) VALUES ($1, 'Zoé', $2)`, id, tx.Now); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at,
			starts_local, ends_local, created_at, changed_at) VALUES ($1, $1, $2, $1, $1, $3, $4, $5, '', '', $6, $6)`,
			id, h.ID, status, noon, noon.Add(time.Hour), tx.Now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheZoneOfAHubStaysWhileBookingsAreToCome(t *testing.T) {
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday.Add(12 * time.Hour))
			db := dbtest.Open(t, engine, database.Settings{Clock: clock.Now})
			c := inventory.New(db)
			h, other := town(t, c, "amos"), town(t, c, "hearst")
			for _, status := range []string{"held", "pending", "confirmed", "in_use", "cancelled", "declined", "expired", "completed", "no_show"} {
				book(t, db, h, status, monday)
			}
			book(t, db, h, "confirmed", monday.AddDate(0, 0, -7))
			book(t, db, other, "confirmed", monday.AddDate(0, 0, 7))
			edit := inventory.HubEdits{TimeZone: ptr("America/Winnipeg")}
			_, err := c.UpdateHub(ctx, admin, "amos", edit, noKey)
			wantCodes(t, err, fault.Refused, "time_zone:zone_in_use")
			if n := fault.Of(err).Violations[0].Params["bookings"]; n != 4 {
				t.Errorf("%v bookings are said to be in the way", n)
			}
			file := "slug,time_zone,region\namos,America/Winnipeg,sud\n"
			report := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(file), inventory.ImportOptions{}))
			if report.Refused != 1 || report.Lines[0].Violations[0].Code != "zone_in_use" {
				t.Errorf("imported: %+v", report)
			}
			if _, err := c.Region(ctx, "sud"); fault.KindOf(err) != fault.NotFound {
				t.Errorf("the refused line made a region: %v", err)
			}
			must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{TimeZone: ptr("America/Toronto"), Town: ptr("Amos")}, noKey))
			clock.Set(monday.Add(18 * time.Hour)) // they have just ended
			if h = must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", edit, noKey)); h.TimeZone != "America/Winnipeg" {
				t.Errorf("%+v", h)
			}
		})
	}
}

func TestAHubsZoneIsAPlaces(t *testing.T) {
	db := dbtest.Open(t, "sqlite", database.Settings{})
	c := inventory.New(db)
	town(t, c, "amos")
	for _, zone := range []string{"EST", "MST", "HST", "EST5EDT", "UTC", "GMT", "Etc/GMT+5", "Etc/UTC"} {
		_, err := c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{TimeZone: &zone}, noKey)
		wantCodes(t, err, fault.Refused, "time_zone:zone_of_no_place")
	}
	for _, zone := range []string{"America/Atikokan", "America/Argentina/Ushuaia", "Pacific/Honolulu"} {
		must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{TimeZone: &zone}, noKey))
	}
}

func TestWhoMovesAHubToAnotherRegionOrOperator(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		h := town(t, c, "amos")
		south := must[inventory.Region](t)(c.CreateRegion(ctx, admin, inventory.NamedEdits{Slug: ptr("sud"), Name: &inventory.Text{"fr": "Sud"}}, noKey))
		must[inventory.Operator](t)(c.CreateOperator(ctx, admin, inventory.OperatorEdits{Slug: ptr("ville"), LegalName: ptr("Ville")}, noKey))
		here := identity.Grant{Role: identity.Coordinator, RegionID: h.RegionID}
		there := identity.Grant{Role: identity.Coordinator, RegionID: south.ID}
		manager := managerOf(h).Grants[0]
		for _, who := range []struct {
			name             string
			grants           []identity.Grant
			region, operator bool
		}{
			{"staff", []identity.Grant{{Role: identity.Staff, HubID: h.ID}}, false, false},
			{"the hub's manager", []identity.Grant{manager}, false, false},
			{"the region's coordinator", []identity.Grant{here}, false, true},
			{"the other region's coordinator", []identity.Grant{there}, false, false},
			{"the hub's manager who coordinates the other region", []identity.Grant{manager, there}, false, false},
			{"who coordinates both", []identity.Grant{here, there}, true, true},
			{"an administrator", []identity.Grant{{Role: identity.Administrator}}, true, true},
		} {
			by := identity.Actor{ID: "m", Grants: who.grants}
			for _, x := range []struct {
				edit, back inventory.HubEdits
				file       string
				may        bool
			}{
				{inventory.HubEdits{Region: ptr("sud")}, inventory.HubEdits{Region: ptr("nord")}, "slug,region\namos,sud\n", who.region},
				{inventory.HubEdits{Operator: ptr("ville")}, inventory.HubEdits{Operator: ptr("coop")}, "slug,operator\namos,ville\n", who.operator},
			} {
				if _, err := c.UpdateHub(ctx, by, "amos", x.edit, noKey); (err == nil) != x.may || err != nil && !fault.Is(err, "not_allowed") {
					t.Errorf("%s, %q: %v", who.name, x.file, err)
				}
				must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", x.back, noKey))
				report, err := c.Import(ctx, by, strings.NewReader(x.file), inventory.ImportOptions{})
				if changed := err == nil && report.Changed == 1; changed != x.may {
					t.Errorf("%s, imported: %v %+v", who.name, err, report)
				}
				must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", x.back, noKey))
			}
		}
	})
}

func TestAClosureInTheHourThatTheClocksSkipEndsAfterItStarts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		for span, ok := range map[[2]string]bool{
			{"2027-03-14T02:30", "2027-03-14T03:15"}: false, // 3:30 to 3:15
			{"2027-03-14T02:00", "2027-03-14T03:00"}: false, // nothing
			{"2027-03-14T01:30", "2027-03-14T02:30"}: true,
			{"2027-03-14T02:15", "2027-03-14T04:00"}: true,
		} {
			_, err := c.AddClosure(ctx, admin, inventory.Closure{HubID: "amos", StartsLocal: span[0], EndsLocal: span[1]}, noKey)
			if ok && err != nil {
				t.Errorf("%v: %v", span, err)
			} else if !ok {
				wantCodes(t, err, fault.Refused, "ends_at:ends_before_start")
			}
		}
	})
}

func TestAnImportWithAKeyHappensOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := inventory.New(db)
		town(t, c, "amos")
		file := "slug,town\namos,Amos\nnowhere,X\n"
		o := inventory.ImportOptions{Key: database.Key{Caller: "m", Key: "k", Hash: "h"}}
		first := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(file), o))
		if first.Changed != 1 || first.Refused != 1 {
			t.Fatalf("%+v", first)
		}
		must[inventory.Hub](t)(c.UpdateHub(ctx, admin, "amos", inventory.HubEdits{Town: ptr("Amos-Est")}, noKey))
		again := must[inventory.Report](t)(c.Import(ctx, admin, strings.NewReader(file), o))
		if again.Changed != 1 || again.Refused != 1 || len(again.Lines) != len(first.Lines) || again.Lines[1].Violations[0].Code != first.Lines[1].Violations[0].Code {
			t.Errorf("first %+v, then %+v", first, again)
		}
		if h := must[inventory.Hub](t)(c.Hub(ctx, "amos")); h.Town != "Amos-Est" {
			t.Errorf("the repeated import undid an edit: %s", h.Town)
		}
		o.Key.Hash = "other"
		if _, err := c.Import(ctx, admin, strings.NewReader("slug,town\namos,Y\n"), o); !fault.Is(err, "idempotency_key_reused") {
			t.Errorf("another file: %v", err)
		}
	})
}
