package membership_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
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

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v %+v", err, fault.Of(err))
		}
		return v
	}
}

// A town is two hubs of one region and one of another, and a few people.
type town struct {
	*testing.T
	db       *database.DB
	clock    *dbtest.Clock
	roster   *membership.Roster
	people   *identity.Directory
	hub      inventory.Hub // Rouyn-Noranda
	near     inventory.Hub // Val-d’Or, same region
	far      inventory.Hub // Kenora, another region and zone
	laser    inventory.Resource
	desk     inventory.Resource
	zoe      identity.Member
	luc      identity.Member
	manager  identity.Actor
	staff    identity.Actor
	stranger identity.Actor
}

// noon is Saturday, November 21, 2026, at noon in Rouyn-Noranda.
var noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

func each(t *testing.T, f func(*town)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(newTown(t, engine))
		})
	}
}

func newTown(t *testing.T, engine string) *town {
	t.Helper()
	w := &town{T: t, clock: dbtest.NewClock(noon)}
	w.db = dbtest.Open(t, engine, database.Settings{Clock: w.clock.Now})
	c := inventory.New(w.db)
	w.people = identity.New(w.db)
	w.roster = membership.New(w.db)
	for _, region := range []string{"abitibi", "ontario"} {
		must[inventory.Region](t)(c.CreateRegion(ctx, admin, inventory.NamedEdits{Slug: &region, Name: &inventory.Text{"fr": region}}, noKey))
	}
	must[inventory.Operator](t)(c.CreateOperator(ctx, admin, inventory.OperatorEdits{Slug: ptr("coop"), LegalName: ptr("Coop du Nord")}, noKey))
	for _, slug := range []string{"laser-cutter", "coworking"} {
		must[inventory.Category](t)(c.CreateCategory(ctx, admin, inventory.NamedEdits{Slug: &slug, Name: &inventory.Text{"fr": slug}}, noKey))
	}
	hub := func(slug, region, zone string) inventory.Hub {
		return must[inventory.Hub](t)(c.CreateHub(ctx, admin, inventory.HubEdits{Slug: &slug, Name: &inventory.Text{"fr": "Hub de " + slug},
			Region: &region, Operator: ptr("coop"), Latitude: ptr(48.2), Longitude: ptr(-79.0), TimeZone: &zone}, noKey))
	}
	w.hub, w.near, w.far = hub("rouyn", "abitibi", "America/Toronto"), hub("val-dor", "abitibi", "America/Toronto"), hub("kenora", "ontario", "America/Winnipeg")
	thing := func(category, name string, kind inventory.Kind) inventory.Resource {
		return must[inventory.Resource](t)(c.CreateResource(ctx, admin, inventory.ResourceEdits{Hub: &w.hub.ID, Category: &category, Kind: &kind,
			Name: &inventory.Text{"fr": name}}, noKey))
	}
	w.laser, w.desk = thing("laser-cutter", "Découpeuse", inventory.Machine), thing("coworking", "Poste", inventory.Space)
	person := func(name, email string) identity.Member {
		return must[identity.Member](t)(w.people.CreateMember(ctx, admin, identity.NewMember{Name: name, Email: email, HomeHubID: w.hub.ID}))
	}
	w.zoe, w.luc = person("Zoé", "zoe@exemple.example"), person("Luc", "luc@exemple.example")
	w.manager = identity.Actor{ID: person("Chantal", "chantal@exemple.example").ID, Grants: []identity.Grant{{Role: identity.Manager, HubID: w.hub.ID}}}
	w.staff = identity.Actor{ID: person("Omer", "omer@exemple.example").ID, Grants: []identity.Grant{{Role: identity.Staff, HubID: w.hub.ID}}}
	w.stranger = identity.Actor{ID: person("Ada", "ada@exemple.example").ID}
	return w
}

func (w *town) in(f func(tx *database.Tx) error) {
	w.Helper()
	if err := w.db.In(ctx, f); err != nil {
		w.Fatalf("unexpected: %v %+v", err, fault.Of(err))
	}
}

// tier makes a tier of the network.
func (w *town) tier(slug string, e membership.TierEdits) membership.Tier {
	w.Helper()
	e.Slug = &slug
	if e.Name == nil {
		e.Name = &inventory.Text{"fr": "Forfait " + slug, "en": slug}
	}
	return must[membership.Tier](w.T)(w.roster.CreateTier(ctx, admin, e, noKey))
}

// give starts a membership of Zoé at the hub, from today on.
func (w *town) give(tier string) membership.Membership {
	w.Helper()
	return must[membership.Membership](w.T)(w.roster.StartMembership(ctx, w.manager,
		membership.NewMembership{Holder: membership.Holder{MemberID: w.zoe.ID}, Tier: tier, Hub: w.hub.ID, EndsOn: ptr("")}, noKey))
}

// ask is a request of Zoé for the laser, on a local time at the hub, for some minutes.
func (w *town) ask(local string, minutes int) membership.Ask {
	w.Helper()
	zone := must[*time.Location](w.T)(hours.LoadZone("America/Toronto"))
	start := must[time.Time](w.T)(hours.Instant(local, zone))
	return membership.Ask{MemberID: w.zoe.ID, HubID: w.hub.ID, RegionID: w.hub.RegionID, Zone: zone, Now: w.clock.Now(),
		Span: hours.Span{Start: start, End: start.Add(time.Duration(minutes) * time.Minute)}, Lines: []membership.AskLine{w.line(w.laser)}}
}

func (w *town) line(r inventory.Resource) membership.AskLine {
	return membership.AskLine{ResourceID: r.ID, Kind: r.Kind, CategoryID: r.CategoryID, Quantity: 1}
}

// judge reads the standing and judges the ask by it. The one that was read elsewhere, to be asked
// anywhere, must say the same, but for names.
func (w *town) judge(a membership.Ask) membership.Verdict {
	w.Helper()
	v := must[*membership.Standing](w.T)(w.roster.Standing(ctx, w.db.Reader(ctx), a)).Judge(a)
	elsewhere := a
	elsewhere.HubID, elsewhere.RegionID, elsewhere.Lines, elsewhere.Anywhere = w.far.ID, w.far.RegionID, nil, true
	elsewhere.Zone = must[*time.Location](w.T)(hours.LoadZone("America/Winnipeg"))
	other := must[*membership.Standing](w.T)(w.roster.Standing(ctx, w.db.Reader(ctx), elsewhere)).Judge(a)
	if said, again := unnamed(v), unnamed(other); said != again {
		w.Errorf("here it is judged\n%s\nand by what was read for anywhere\n%s", said, again)
	}
	return v
}

// unnamed is a verdict without the names of things.
func unnamed(v membership.Verdict) string {
	var b strings.Builder
	say := func(all []fault.Violation) {
		for _, x := range all {
			params := maps.Clone(x.Params)
			maps.DeleteFunc(params, func(key string, _ any) bool {
				return strings.HasSuffix(key, "_name") || strings.HasSuffix(key, "_names")
			})
			fmt.Fprintln(&b, x.Code, params)
		}
	}
	say(v.Whole)
	for _, l := range v.Lines {
		say(l.Violations)
		l.Violations = nil
		fmt.Fprintln(&b, l)
	}
	fmt.Fprintln(&b, v.Uses, v.Certificates, v.NeedsApproval)
	return b.String()
}

// booked writes a booking's row as the book does, and its uses.
func (w *town) booked(a membership.Ask, status string) string {
	w.Helper()
	id := database.NewID()
	v := w.judge(a)
	w.in(func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO bookings (id, reference, hub_id, member_id, organisation_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
			VALUES ($1, $1, $2, $3, $4, $3, $5, $6, $7, '', '', $8, $8)`, id, a.HubID, a.MemberID, orNull(a.OrganisationID), status, a.Span.Start, a.Span.End, tx.Now)
		if err != nil {
			return err
		}
		for i, l := range a.Lines {
			if _, err := tx.Exec(`INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ($1, $2, $3, $4)`, id, i, l.ResourceID, l.Quantity); err != nil {
				return err
			}
		}
		for _, c := range v.Certificates {
			if _, err := tx.Exec(`INSERT INTO booking_certificates (booking_id, certificate_id) VALUES ($1, $2)`, id, c); err != nil {
				return err
			}
		}
		return membership.Write(tx, admin, a.MemberID, a.OrganisationID, id, v.Uses)
	})
	return id
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// codes are the codes of a verdict, the whole's first.
func codes(v membership.Verdict) []string {
	list := []string{}
	for _, x := range v.Whole {
		list = append(list, x.Code)
	}
	for _, l := range v.Lines {
		for _, x := range l.Violations {
			list = append(list, x.Code)
		}
	}
	return list
}

func (w *town) wantCodes(v membership.Verdict, want ...string) {
	w.Helper()
	got := codes(v)
	if len(got) != len(want) {
		w.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			w.Fatalf("got %v, want %v", got, want)
		}
	}
}

// wantFault fails unless err is a fault of that kind which holds the code, its own or of a violation.
func (w *town) wantFault(err error, kind fault.Kind, code string) {
	w.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind {
		w.Fatalf("got %v %+v, want %s %s", err, f, kind, code)
	}
	if f.Code == code {
		return
	}
	for _, v := range f.Violations {
		if v.Code == code {
			return
		}
	}
	w.Fatalf("got %v %+v, want %s", err, f, code)
}

// self is Zoé asking for herself.
func (w *town) self() identity.Actor { return identity.Actor{ID: w.zoe.ID} }
