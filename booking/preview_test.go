package booking_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// previewLimit is how many statements a Preview takes at most: the facts, the holder, what they
// have spent, what they fulfil, and what there is instead at all hubs.
const previewLimit = 5

// previewed is a network where Zoé has all that can be had, for herself and for an organisation:
// limited hours, a pack, bookings to come, a certificate that practice keeps, and terms to accept.
func previewed(t *testing.T, db *database.DB, clock *dbtest.Clock) (n *network, organisation string) {
	ctx, sys, no := context.Background(), identity.System, database.Key{}
	n = newNetwork(t, db, clock)
	_, err := n.roster().CreateCertification(ctx, sys, membership.CertificationEdits{Slug: ptr("laser"), Name: fr("Laser"), UnusedMonths: minutes(12)}, no)
	must(t, err)
	_, err = n.catalog.CreateCondition(ctx, sys, inventory.ConditionEdits{Slug: ptr("atelier"), Name: fr("Atelier"), Text: fr("On range.")}, no)
	must(t, err)
	for _, hub := range []string{"amos", "val-dor", "rouyn"} {
		n.add(hub, "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside),
			Certifications: &[]string{"laser"}, Conditions: &[]string{"atelier"}})
	}
	o, err := n.people.CreateOrganisation(ctx, sys, identity.OrganisationEdits{Name: ptr("Théâtre"), Sector: ptr("culture")}, no)
	must(t, err)
	must(t, n.people.AddDelegate(ctx, sys, o.ID, n.zoe.ID, false, no))
	n.tier("limited", false, membership.Allowance{WeekMin: minutes(300), MonthMin: minutes(900), Upcoming: minutes(6)})
	until := ""
	_, err = n.roster().GiveCertificate(ctx, sys, membership.NewCertificate{MemberID: n.zoe.ID, Certification: "laser", Hub: "amos", UntilOn: &until}, no)
	must(t, err)
	for i, h := range []membership.Holder{of(n.zoe), {OrganisationID: o.ID}} {
		n.joins(h, "limited")
		_, err := n.roster().SellPack(ctx, sys, membership.NewPack{Holder: h, Minutes: 90}, no)
		must(t, err)
		r := accepting(want("amos-printer", at(3, 9+i, 0), at(3, 10+i, 0)))
		r.Organisation = h.OrganisationID
		n.mustPlace(n.zoe, r)
	}
	return n, o.ID
}

func accepting(r booking.Request) booking.Request {
	r.Accepts = []membership.Acceptance{{Condition: "atelier", Version: 1}}
	return r
}

// A Preview is as few statements whoever asks and whatever there is instead, at however many hubs.
func TestAPreviewTakesFewStatements(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			n, organisation := previewed(t, db, clock)
			taken := accepting(want("amos-printer", at(3, 9, 30), at(3, 10, 30)))
			basket := taken
			basket.Lines = append(slices.Clone(taken.Lines), booking.Want{Resource: "amos-studio", Quantity: 1}, booking.Want{Resource: "amos-desk", Quantity: 2})
			free := accepting(want("amos-printer", at(3, 14, 0), at(3, 16, 0)))
			long := accepting(want("amos-printer", at(3, 11, 0), at(3, 17, 0))) // more than is left
			for _, c := range []struct {
				what    string
				who     identity.Actor
				req     booking.Request
				refused string
				hubs    int
			}{
				{"a visitor", identity.Actor{}, taken, "certification_missing", 0},
				{"what is free", n.zoe, free, "", 0},
				{"taken", n.zoe, taken, "taken", 2},
				{"a basket", n.zoe, basket, "taken", 0},
				{"no hours left", n.zoe, long, "quota_spent", 2},
				{"not certified", n.luc, free, "certification_missing", 0},
			} {
				for _, holder := range []string{"", organisation} {
					if holder != "" && c.who.ID != n.zoe.ID {
						continue
					}
					c.req.Organisation = holder
					var p booking.Preview
					look := func() {
						var err error
						p, err = n.book.Preview(context.Background(), c.who, c.req)
						must(t, err)
					}
					look() // what a resource is, and when it is taken, are remembered
					if s := counter.Statements(look); len(s) > previewLimit {
						t.Errorf("%s takes %d statements:\n%s", c.what, len(s), strings.Join(s, "\n"))
					}
					hubs := 0
					for _, a := range p.Alternatives {
						if a.Kind == "hub" {
							hubs++
						}
					}
					if c.refused == "" != p.OK || hubs != c.hubs {
						t.Errorf("%s (%q): %v, %d other hubs", c.what, holder, p.Violations, hubs)
					}
					if len(p.Violations) > 0 && p.Violations[0].Code != c.refused {
						t.Errorf("%s (%q): %v", c.what, holder, p.Violations)
					}
					for _, a := range p.Alternatives {
						r := c.req
						r.StartsAt, r.EndsAt = a.StartsAt, a.EndsAt
						if a.Instead != "" {
							r.Lines = []booking.Want{{Resource: a.Resource, Quantity: 1}}
						}
						if p, err := n.book.Preview(context.Background(), c.who, r); err != nil || !p.OK {
							t.Errorf("%s: %s at %s instead is refused: %v %v", c.what, a.Resource, a.StartsAt.Format(time.RFC3339), p.Violations, err)
						}
					}
				}
			}
		})
	}
}
