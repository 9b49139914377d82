package membership_test

import (
	"testing"

	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A membership that has not begun opens nothing of the rest to the hub that gave it; it is the hub's
// own, and can be read and ended there.
func TestGivingALaterMembershipOpensNobodysAccount(t *testing.T) {
	each(t, func(w *town) {
		w.tier("free", membership.TierEdits{})
		far := identity.Actor{ID: w.stranger.ID, Grants: []identity.Grant{{Role: identity.Manager, HubID: w.far.ID}}}
		zoe := membership.Holder{MemberID: w.zoe.ID}
		m := must[membership.Membership](t)(w.roster.StartMembership(ctx, far,
			membership.NewMembership{Holder: zoe, Tier: "free", Hub: w.far.ID, StartsOn: "2026-12-01"}, noKey))
		for range 2 {
			_, err := w.roster.Packs(ctx, far, zoe)
			w.wantFault(err, fault.NotFound, "member_not_found")
			_, _, err = w.roster.Memberships(ctx, far, membership.MembershipQuery{Holder: zoe})
			w.wantFault(err, fault.NotFound, "member_not_found")
			must[membership.Membership](t)(w.roster.Membership(ctx, far, m.ID))
		}
		w.clock.Set(noon.AddDate(0, 0, 10))
		must[[]membership.Pack](t)(w.roster.Packs(ctx, far, zoe))
	})
}

func TestNobodyGivesThemselvesHours(t *testing.T) {
	each(t, func(w *town) {
		w.tier("free", membership.TierEdits{})
		own := membership.Holder{MemberID: w.manager.ID}
		start := membership.NewMembership{Holder: own, Tier: "free", Hub: w.hub.ID}
		_, err := w.roster.StartMembership(ctx, w.manager, start, noKey)
		w.wantFault(err, fault.Refused, "own_membership")
		sale := membership.NewPack{Holder: own, Hub: w.hub.ID, Minutes: 60}
		_, err = w.roster.SellPack(ctx, w.manager, sale, noKey)
		w.wantFault(err, fault.Refused, "own_pack")

		m := must[membership.Membership](t)(w.roster.StartMembership(ctx, admin, start, noKey))
		pack := must[membership.Pack](t)(w.roster.SellPack(ctx, admin, sale, noKey))
		_, err = w.roster.RenewMembership(ctx, w.manager, m.ID, membership.Renewal{}, noKey)
		w.wantFault(err, fault.Refused, "own_membership")
		_, err = w.roster.AdjustPack(ctx, w.manager, pack.ID, 60, "gift", noKey)
		w.wantFault(err, fault.Refused, "own_pack")
	})
}
