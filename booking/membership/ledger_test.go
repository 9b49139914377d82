package membership_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/inventory"
)

// TestTheLedgerBalancesAfterAnything places, changes and gives back bookings in any order,
// and holds the sum of the rows against what stands.
func TestTheLedgerBalancesAfterAnything(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, engine)
			w.tier("createur", membership.TierEdits{Allowances: &[]membership.Allowance{
				{CategorySlug: "laser-cutter", WeekMin: ptr(int64(240)), MonthMin: ptr(int64(600)), PricePercent: 100, Beyond: "charged"}}})
			w.give("createur")
			pack := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 500}, noKey))
			live := map[string]membership.Ask{}
			uses := map[string][]membership.Use{}
			rapid.Check(t, func(rt *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(rt, "steps") {
					day := rapid.IntRange(10, 30).Draw(rt, "day")
					a := w.ask("2026-11-"+string([]byte{byte('0' + day/10), byte('0' + day%10)})+"T10:00", 30*rapid.IntRange(1, 8).Draw(rt, "length"))
					ids := slices.Collect(func(yield func(string) bool) {
						for id := range live {
							if !yield(id) {
								return
							}
						}
					})
					slices.Sort(ids)
					switch kind := rapid.IntRange(0, 2).Draw(rt, "kind"); {
					case kind == 0 || len(ids) == 0:
						id := w.booked(a, "confirmed")
						live[id], uses[id] = a, must[[]membership.Use](t)(membership.UsedBy(w.db.Reader(ctx), id))
					case kind == 1: // moved: what it had counts as given back
						id := ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "which")]
						a.BookingID = id
						v := w.judge(a)
						w.in(func(tx *database.Tx) error {
							return errors.Join(membership.GiveBack(tx, admin, id, nil), membership.Write(tx, admin, w.zoe.ID, "", id, v.Uses))
						})
						live[id], uses[id] = a, v.Uses
					default:
						id := ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "which")]
						w.in(func(tx *database.Tx) error { return membership.GiveBack(tx, admin, id, nil) })
						delete(live, id)
						delete(uses, id)
						if used := must[[]membership.Use](t)(membership.UsedBy(w.db.Reader(ctx), id)); len(used) > 0 {
							rt.Fatalf("after all was given back: %+v", used)
						}
					}
				}
				taken := map[membership.Use]int64{}
				for id, list := range uses {
					if got := must[[]membership.Use](t)(membership.UsedBy(w.db.Reader(ctx), id)); !slices.Equal(got, list) {
						rt.Fatalf("used %+v, want %+v", got, list)
					}
					for _, u := range list {
						n := u.Minutes
						u.Minutes = 0
						taken[u] += n
					}
				}
				most := map[string]int64{"week": 240, "month": 600, "": 500}
				for u, n := range taken {
					if n > most[u.Period] {
						rt.Fatalf("%d minutes in %+v", n, u)
					}
				}
				left := must[[]membership.Pack](t)(w.roster.Packs(ctx, w.self(), membership.Holder{MemberID: w.zoe.ID}))[0].Left
				if want := 500 - taken[membership.Use{PackID: pack.ID}]; left != want {
					rt.Fatalf("%d minutes left in the pack, want %d", left, want)
				}
				if found := must[[]membership.Finding](t)(w.roster.Check(ctx)); len(found) > 0 {
					rt.Fatalf("%+v", found)
				}
			})
		})
	}
}

// TestTheLastHourGoesToOne: sixteen look at the same standing, and each books only when the
// lock of the holder says that nothing has changed since, or looks again under it.
func TestTheLastHourGoesToOne(t *testing.T) {
	each(t, func(w *town) {
		w.tier("createur", hoursAWeek(60))
		w.give("createur")
		a := w.ask("2026-11-24T10:00", 60)
		var all sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 16 {
			all.Go(func() {
				s, err := w.roster.Standing(ctx, w.db.Reader(ctx), a)
				if err != nil || !s.Guarded() {
					t.Errorf("%v, guarded %v", err, s.Guarded())
					return
				}
				got := false
				id := database.NewID()
				err = w.db.In(ctx, func(tx *database.Tx) error {
					got = false
					version, err := membership.LockHolder(tx, a.MemberID, "")
					if err != nil {
						return err
					}
					now := s
					if version != s.Version() {
						if now, err = w.roster.Standing(ctx, tx, a); err != nil {
							return err
						}
					}
					v := now.Judge(a)
					if len(codes(v)) > 0 {
						return nil
					}
					got = true
					_, err = tx.Exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
						VALUES ($1, $1, $2, $3, $3, 'confirmed', $4, $5, '', '', $6, $6)`, id, a.HubID, a.MemberID, a.Span.Start, a.Span.End, tx.Now)
					if err != nil {
						return err
					}
					return membership.Write(tx, admin, a.MemberID, "", id, v.Uses)
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				} else if got {
					won++
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d got the last hour", won)
		}
	})
}

func TestTheLedgerOnlyGrows(t *testing.T) {
	each(t, func(w *town) {
		must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID,
			Kind: inventory.Machine, Minutes: 60}, noKey))
		for _, query := range []string{`UPDATE ledger SET minutes = 9`, `DELETE FROM ledger`} {
			err := w.db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(query); return err })
			if database.Constraint(err) != "ledger_append_only" {
				t.Errorf("%s: %v", query, err)
			}
		}
	})
}

func TestCheckFindsWhatCannotBe(t *testing.T) {
	each(t, func(w *town) {
		p := must[membership.Pack](t)(w.roster.SellPack(ctx, w.manager, membership.NewPack{Holder: membership.Holder{MemberID: w.zoe.ID}, Hub: w.hub.ID, Minutes: 60}, noKey))
		tier := w.tier("pro", membership.TierEdits{})
		w.give("pro")
		w.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`INSERT INTO ledger (id, at, by_id, member_id, pack_id, minutes, reason) VALUES ('x', $1, 'x', $2, $3, -61, 'use')`, tx.Now, w.zoe.ID, p.ID)
			if err != nil {
				return err
			}
			_, err = tx.Exec(`INSERT INTO memberships (id, member_id, tier_id, hub_id, starts_on, made_by, created_at) VALUES ('x', $1, $2, $3, '2027-01-01', 'x', $4)`,
				w.zoe.ID, tier.ID, w.hub.ID, tx.Now)
			return err
		})
		var got []string
		for _, f := range must[[]membership.Finding](t)(w.roster.Check(ctx)) {
			got = append(got, f.Code)
		}
		if !slices.Equal(got, []string{"pack_below_zero", "membership_overlaps"}) {
			t.Errorf("%v", got)
		}
	})
}
