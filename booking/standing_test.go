package booking_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// tier makes a tier of the network, or of visitors, and returns its id.
func (n *network) tier(slug string, visitor bool, allowances ...membership.Allowance) string {
	n.t.Helper()
	for i := range allowances {
		if allowances[i].Beyond == "" {
			allowances[i].Beyond = "refused"
		}
		if allowances[i].PricePercent == 0 {
			allowances[i].PricePercent = 100
		}
	}
	got, err := n.roster().CreateTier(context.Background(), identity.System, membership.TierEdits{
		Slug: &slug, Name: fr("Forfait " + slug), Visitor: &visitor, Allowances: &allowances,
	}, database.Key{})
	must(n.t, err)
	return got.ID
}

func (n *network) roster() *membership.Roster { return n.rolls }

// joins starts a membership at Amos on the tests' Monday.
func (n *network) joins(h membership.Holder, tier string) membership.Membership {
	n.t.Helper()
	m, err := n.roster().StartMembership(context.Background(), identity.System, membership.NewMembership{
		Holder: h, Tier: tier, Hub: "amos", StartsOn: "2026-11-16", EndsOn: ptr(""),
	}, database.Key{})
	must(n.t, err)
	return m
}

func of(a identity.Actor) membership.Holder { return membership.Holder{MemberID: a.ID} }

func minutes(n int64) *int64 { return &n }

// race lets many callers place at once and returns how many were accepted, and why the
// others were not.
func race(n *network, requests []booking.Request, who func(i int) identity.Actor) (won int, refused map[string]int) {
	refused = map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i, r := range requests {
		wait.Go(func() {
			_, err := n.place(who(i), r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
				return
			}
			for _, c := range codes(err) {
				refused[c]++
			}
		})
	}
	wait.Wait()
	return won, refused
}

// Invariant 5: 64 at once, and the last hour of a quota goes to one.
func TestInvariant5TheLastQuotaHourGoesToOne(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.tier("small", false, membership.Allowance{WeekMin: minutes(60)})
		n.joins(of(n.zoe), "small")
		var all []booking.Request
		for i := range 64 { // one hour each, at different times, at two hubs: nothing but the quota is shared
			hub := []string{"amos-desk", "rouyn-desk"}[i%2]
			start := at(i%5, 9+i/10%7, 0)
			all = append(all, want(hub, start, start.Add(time.Hour)))
		}
		won, refused := race(n, all, func(int) identity.Actor { return n.zoe })
		if won != 1 || refused["quota_spent"] == 0 {
			t.Errorf("%d had the last hour; refused for %v", won, refused)
		}
		n.balanced()
	})
}

func TestInvariant5TheLastCreditGoesToOne(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.tier("none", false, membership.Allowance{WeekMin: minutes(0)})
		n.joins(of(n.zoe), "none")
		_, err := n.roster().SellPack(context.Background(), identity.System, membership.NewPack{Holder: of(n.zoe), Minutes: 90}, database.Key{})
		must(t, err)
		var all []booking.Request
		for i := range 64 {
			start := at(i%5, 9+i/10%7, 0)
			all = append(all, want("amos-desk", start, start.Add(time.Hour)))
		}
		won, refused := race(n, all, func(int) identity.Actor { return n.zoe })
		if won != 1 {
			t.Errorf("%d were paid by a pack of 90 minutes; refused for %v", won, refused)
		}
		n.balanced()
	})
}

// An organisation's hours are one account, whoever of its people books.
func TestInvariant5AnOrganisationsLastHourGoesToOneOfItsPeople(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		o, err := n.people.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: ptr("Théâtre du Cuivre"), Sector: ptr("culture")}, database.Key{})
		must(t, err)
		for _, a := range []identity.Actor{n.zoe, n.luc} {
			must(t, n.people.AddDelegate(ctx, identity.System, o.ID, a.ID, false, database.Key{}))
		}
		n.tier("partner", false, membership.Allowance{MonthMin: minutes(120)})
		n.joins(membership.Holder{OrganisationID: o.ID}, "partner")
		var all []booking.Request
		for i := range 64 {
			start := at(i%5, 9+i/10%3*2, 0)
			r := want("amos-desk", start, start.Add(2*time.Hour))
			r.Organisation = o.ID
			all = append(all, r)
		}
		won, refused := race(n, all, func(i int) identity.Actor { return []identity.Actor{n.zoe, n.luc}[i%2] })
		if won != 1 {
			t.Errorf("%d had the organisation's last two hours; refused for %v", won, refused)
		}
		n.balanced()
		mine, _, err := n.book.Bookings(ctx, n.luc, booking.Query{})
		must(t, err)
		if len(mine) != 1 || mine[0].Organisation != o.ID {
			t.Errorf("a delegate sees %d bookings of the organisation", len(mine))
		}
		_, err = n.place(n.member("Ève", ""), booking.Request{Lines: all[0].Lines, StartsAt: at(2, 15, 0), EndsAt: at(2, 16, 0), Organisation: o.ID})
		wantCodes(t, err, "unknown_organisation")
	})
}

// balanced fails the test unless the ledger says what the bookings that stand have taken.
func (n *network) balanced() {
	n.t.Helper()
	n.clean()
	found, err := n.roster().Check(context.Background())
	must(n.t, err)
	for _, f := range found {
		n.t.Errorf("canot check: %+v", f)
	}
}

func TestTheTierSaysHowFarAndHowLong(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.tier("visit", true, membership.Allowance{HorizonDays: minutes(3), LongestMin: minutes(120), Upcoming: minutes(1)})
		n.tier("night", false, membership.Allowance{AfterHours: true, HorizonDays: minutes(30)})
		_, err := n.place(n.zoe, want("amos-desk", at(4, 9, 0), at(4, 12, 0)))
		wantCodes(t, err, "tier_too_long", "tier_too_far")
		n.mustPlace(n.zoe, want("amos-desk", at(3, 9, 0), at(3, 11, 0)))
		_, err = n.place(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 10, 0)))
		wantCodes(t, err, "too_many_upcoming")

		n.joins(of(n.luc), "night")
		n.mustPlace(n.luc, want("amos-desk", at(4, 19, 0), at(4, 22, 0)))
		_, err = n.place(n.zoe, want("amos-desk", at(2, 19, 0), at(2, 20, 0)))
		wantCodes(t, err, "too_many_upcoming", "closed")

		// What availability shows is what preview accepts, to each by their tier.
		for name, who := range map[string]identity.Actor{"visitor": {}, "member by night": n.luc} {
			free, err := n.book.Available(ctx, who, booking.AvailabilityQuery{Resource: "amos-desk", From: at(0, 0, 0), To: at(20, 0, 0)})
			must(t, err)
			if len(free) != 1 || len(free[0].Free) == 0 {
				t.Fatalf("%s: %v", name, free)
			}
			first, last := free[0].Free[0].StartsAt, free[0].Free[len(free[0].Free)-1].EndsAt
			for _, f := range free[0].Free {
				p, err := n.book.Preview(ctx, who, want("amos-desk", f.EndsAt.Add(-time.Hour), f.EndsAt))
				must(t, err)
				if !p.OK {
					t.Errorf("%s: shown as free, and refused: %v", name, p.Violations)
				}
			}
			if name == "visitor" && !last.Equal(at(3, 17, 0)) {
				t.Errorf("a visitor sees until %s", last)
			}
			if name != "visitor" && (!first.Before(at(0, 9, 0)) || last.Before(at(19, 0, 0))) {
				t.Errorf("who has the key sees from %s until %s", first, last)
			}
		}
	})
}

func TestAWaiverLiftsOneRuleForOneBooking(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		manager := n.member("Maude", "")
		manager.Grants = []identity.Grant{{Role: identity.Manager, HubID: n.id["amos"]}}
		r := want("amos-studio", at(1, 18, 0), at(1, 18, 30)) // closed, and too short
		r.MemberID = n.zoe.ID
		r.Waive = []booking.Waiver{{Rule: "closed", Reason: "Vernissage"}}
		_, err := n.place(manager, r)
		wantCodes(t, err, "too_short")
		r.EndsAt = at(1, 20, 0)
		b, err := n.place(manager, r)
		must(t, err)
		lifted, err := n.book.Waivers(ctx, n.zoe, b.ID)
		must(t, err)
		if len(lifted) != 1 || lifted[0].Rule != "closed" || lifted[0].GivenBy != manager.ID {
			t.Errorf("lifted: %v", lifted)
		}
		var logged int
		must(t, n.db.Reader(ctx).Get(&logged, `SELECT count(*) FROM changes WHERE action = 'booking.waive' AND actor_id = $1`, manager.ID))
		if logged != 1 {
			t.Errorf("%d rows in the log", logged)
		}
		// It stays with this booking as it is: a part of it may be kept, more may not be taken,
		// nor anything else with it, and another may not be made in the evening.
		_, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 19, 30))}, database.Key{})
		must(t, err)
		_, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(1, 21, 0))}, database.Key{})
		wantCodes(t, err, "closed")
		_, err = n.book.Change(ctx, n.zoe, b.ID, booking.Edits{Lines: &[]booking.Want{{Resource: "amos-desk", Quantity: 1}}}, database.Key{})
		wantCodes(t, err, "closed")
		more := booking.Edits{EndsAt: ptr(at(1, 20, 0)), Waive: []booking.Waiver{{Rule: "closed", Reason: "Vernissage"}}}
		_, err = n.book.Change(ctx, n.zoe, b.ID, more, database.Key{})
		wantCodes(t, err, "not_allowed")
		_, err = n.book.Change(ctx, manager, b.ID, more, database.Key{})
		must(t, err)
		if lifted, err = n.book.Waivers(ctx, n.zoe, b.ID); err != nil || len(lifted) != 1 {
			t.Errorf("what was lifted before has fallen, and this is left: %v, %v", lifted, err)
		}
		_, err = n.place(n.zoe, want("amos-studio", at(2, 18, 0), at(2, 20, 0)))
		wantCodes(t, err, "closed")

		for name, c := range map[string]struct {
			who    identity.Actor
			member string
			waiver booking.Waiver
			code   string
		}{
			"staff without the right": {n.anne, n.zoe.ID, booking.Waiver{Rule: "closed", Reason: "x"}, "not_allowed"},
			"a member":                {n.zoe, "", booking.Waiver{Rule: "closed", Reason: "x"}, "not_allowed"},
			"for oneself":             {manager, "", booking.Waiver{Rule: "closed", Reason: "x"}, "own_waiver"},
			"what is taken":           {manager, n.zoe.ID, booking.Waiver{Rule: "taken", Reason: "x"}, "not_waivable"},
			"without a reason":        {manager, n.zoe.ID, booking.Waiver{Rule: "closed", Reason: " "}, "reason_required"},
		} {
			r := want("amos-studio", at(3, 18, 0), at(3, 20, 0))
			r.MemberID, r.Waive = c.member, []booking.Waiver{c.waiver}
			if _, err := n.place(c.who, r); !slices.Contains(codes(err), c.code) {
				t.Errorf("%s: %v, want %s", name, codes(err), c.code)
			}
		}
		// Nor for an organisation that one acts for.
		o, err := n.people.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: ptr("Chœur"), Sector: ptr("culture")}, database.Key{})
		must(t, err)
		for _, a := range []identity.Actor{n.zoe, manager} {
			must(t, n.people.AddDelegate(ctx, identity.System, o.ID, a.ID, false, database.Key{}))
		}
		r = want("amos-studio", at(3, 18, 0), at(3, 20, 0))
		r.MemberID, r.Organisation, r.Waive = n.zoe.ID, o.ID, []booking.Waiver{{Rule: "closed", Reason: "x"}}
		if _, err := n.place(manager, r); !slices.Contains(codes(err), "own_waiver") {
			t.Errorf("for one's organisation: %v", codes(err))
		}
		// Nothing waives what is taken, whoever asks.
		r = want("amos-studio", at(1, 18, 0), at(1, 20, 0))
		r.MemberID, r.Waive = n.luc.ID, []booking.Waiver{{Rule: "closed", Reason: "x"}}
		_, err = n.place(n.boss, r)
		wantCodes(t, err, "taken")
		n.balanced()
	})
}

func TestWhoHasNotShownTheirAddressDoesNotBook(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		m, err := n.people.CreateMember(context.Background(), identity.System, identity.NewMember{Name: "Ida", Email: "ida@example.ca"})
		must(t, err)
		ida := identity.Actor{ID: m.ID}
		_, err = n.place(ida, want("amos-desk", at(1, 9, 0), at(1, 10, 0)))
		wantCodes(t, err, "email_unverified")
		r := want("amos-desk", at(1, 9, 0), at(1, 10, 0))
		r.MemberID = m.ID
		if _, err := n.place(n.anne, r); err != nil {
			t.Errorf("staff book for a person at the counter: %v", err)
		}
	})
}

func TestRequestsThatCompete(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480),
			Within: ptr(inventory.Inside), Approval: ptr(true), Competing: ptr(true), AnswerWithin: ptr(24 * 60)})
		n.tier("week", false, membership.Allowance{WeekMin: minutes(600)})
		n.joins(of(n.luc), "week")
		first := n.mustPlace(n.zoe, want("amos-printer", at(3, 9, 0), at(3, 12, 0)))
		rival := n.mustPlace(n.luc, want("amos-printer", at(3, 11, 0), at(3, 13, 0)))
		beside := n.mustPlace(n.luc, want("amos-printer", at(3, 14, 0), at(3, 15, 0)))

		queue, _, err := n.book.Approvals(ctx, n.anne, "amos", 0, "")
		must(t, err)
		if len(queue) != 3 || !slices.Equal(queue[slices.IndexFunc(queue, func(w booking.Waiting) bool { return w.ID == first.ID })].Rivals, []string{rival.ID}) {
			t.Errorf("the queue: %+v", queue)
		}
		if _, _, err := n.book.Approvals(ctx, n.zoe, "", 0, ""); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a member saw the queue: %v", err)
		}
		_, err = n.book.Approve(ctx, n.anne, first.ID, 0, database.Key{})
		must(t, err)
		for id, want := range map[string]booking.Status{first.ID: booking.Confirmed, rival.ID: booking.Declined, beside.ID: booking.Pending} {
			b, err := n.book.Booking(ctx, n.boss, id)
			must(t, err)
			if b.Status != want {
				t.Errorf("%s is %s, want %s", id, b.Status, want)
			}
		}
		if used, err := membership.UsedBy(n.db.Reader(ctx), rival.ID); err != nil || len(used) > 0 {
			t.Errorf("the rival keeps %v, %v", used, err)
		}
		alts, err := n.book.AlternativesFor(ctx, rival.ID)
		must(t, err)
		if len(alts) == 0 {
			t.Error("the rival is offered nothing else")
		}
		n.told(rival.ID, "booking.rival")
		n.told(first.ID, "booking.approve")
		n.told(beside.ID, "booking.request")

		// Nobody answers: it lapses, and its member is told.
		n.clock.Set(monday.Add(24*time.Hour - time.Second))
		must(t, n.book.Settle(ctx, beside.ID))
		if b, _ := n.book.Booking(ctx, n.luc, beside.ID); b.Status != booking.Pending {
			t.Errorf("a second before, it is %s", b.Status)
		}
		n.clock.Set(monday.Add(24 * time.Hour))
		_, err = n.book.Approve(ctx, n.anne, beside.ID, 0, database.Key{})
		wantCodes(t, err, "bad_status")
		must(t, n.book.Settle(ctx, beside.ID))
		if b, _ := n.book.Booking(ctx, n.luc, beside.ID); b.Status != booking.Expired {
			t.Errorf("nobody answered, and it is %s", b.Status)
		}
		n.told(beside.ID, "booking.lapse")
		n.balanced()
	})
}

// told fails the test unless somebody is to be told of a booking.
func (n *network) told(bookingID, what string) {
	n.t.Helper()
	var found int
	must(n.t, n.db.Reader(context.Background()).Get(&found, `SELECT count(*) FROM jobs WHERE kind = 'notice' AND args = $1`,
		`{"booking":"`+bookingID+`","what":"`+what+`"}`))
	if found != 1 {
		n.t.Errorf("%d notices %s of %s", found, what, bookingID)
	}
}

// A request that holds its time gives it back to the second when nobody answers.
func TestARequestThatLapsesFreesItsTime(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480),
			Within: ptr(inventory.Inside), Approval: ptr(true), AnswerWithin: ptr(60)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(3, 9, 0), at(3, 12, 0)))
		_, err := n.place(n.luc, want("amos-printer", at(3, 9, 0), at(3, 12, 0)))
		wantCodes(t, err, "taken")
		n.clock.Move(time.Hour)
		n.mustPlace(n.luc, want("amos-printer", at(3, 9, 0), at(3, 12, 0)))
		if b, _ := n.book.Booking(context.Background(), n.zoe, b.ID); b.Status != booking.Expired {
			t.Errorf("the first request is %s", b.Status)
		}
		n.balanced()
	})
}

// Certified for the day of use: when it is booked, when it is approved, when it is handed out.
func TestCertifiedAtBookingAtApprovalAndAtCheckOut(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		_, err := n.roster().CreateCertification(ctx, identity.System, membership.CertificationEdits{Slug: ptr("laser"), Name: fr("Découpe laser")}, database.Key{})
		must(t, err)
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480),
			Within: ptr(inventory.Inside), Approval: ptr(true), Certifications: &[]string{"laser"}})
		r := want("amos-printer", at(3, 9, 0), at(3, 12, 0))
		_, err = n.place(n.zoe, r)
		wantCodes(t, err, "certification_missing")
		if v := fault.Of(err).Violations[0]; !slices.Contains(v.WaivableBy, "manager") || slices.Contains(v.WaivableBy, "member") {
			t.Errorf("may be waived by %v", v.WaivableBy)
		}
		give := func(until string) membership.Certificate {
			c, err := n.roster().GiveCertificate(ctx, identity.System, membership.NewCertificate{MemberID: n.zoe.ID, Certification: "laser", Hub: "amos", UntilOn: &until}, database.Key{})
			must(t, err)
			return c
		}
		c := give("2026-11-18")
		_, err = n.place(n.zoe, r) // held today, but not on Thursday
		wantCodes(t, err, "certification_lapses")
		c, err = n.roster().ChangeCertificateEnd(ctx, identity.System, c.ID, "2026-12-31", 0, database.Key{})
		must(t, err)
		b := n.mustPlace(n.zoe, r)
		_, err = n.roster().RevokeCertificate(ctx, identity.System, c.ID, "imprudence", database.Key{})
		must(t, err)
		if x, err := n.roster().Revoked(ctx, c.ID); err != nil || !slices.Equal(x.Bookings, []string{b.ID}) {
			t.Errorf("the letter about it tells of %v, %v", x.Bookings, err)
		}
		_, err = n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		wantCodes(t, err, "certification_missing")
		again := give("")
		_, err = n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		wantCodes(t, err, "not_yet")
		n.clock.Set(at(3, 9, 0))
		_, err = n.roster().RevokeCertificate(ctx, identity.System, again.ID, "imprudence", database.Key{})
		must(t, err)
		_, err = n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		wantCodes(t, err, "certification_missing")
		_, err = n.book.Waive(ctx, n.boss, b.ID, booking.Waiver{Rule: "certification_missing", Reason: "accompagnée"}, database.Key{})
		must(t, err)
		if _, err = n.book.CheckOut(ctx, n.zoe, booking.HandOut{Booking: b.ID}, database.Key{}); err == nil {
			t.Error("the requester handed it out to themself")
		}
		got, err := n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		must(t, err)
		if got.Status != booking.InUse {
			t.Errorf("it is %s", got.Status)
		}
		n.balanced()
	})
}
