package privacy_test

import (
	"context"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
)

func TestWhatIsOldIsForgottenAndWhatIsNotStays(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		now := w.db.Now()
		for name, months := range map[string]int{"old": 25, "new": 23} {
			w.exec(`INSERT INTO personal_views (id, at, viewer_id, member_id, what) VALUES ($1, $2, 'v', 'm', 'list')`, name, now.AddDate(0, -months, 0))
		}
		for name, months := range map[string]int{"old": 4, "new": 2} {
			end := now.AddDate(0, -months, 0)
			w.exec(`INSERT INTO sessions (id, member_id, hash, method, factors, created_at, seen_at, expires_at) VALUES ($1, $2, $1, 'link', 1, $3, $3, $3)`, name, w.mia.ID, end)
			w.exec(`INSERT INTO tokens (id, member_id, hash, prefix, scopes, created_at, expires_at) VALUES ($1, $2, $1, '', 'read', $3, $3)`, name, w.mia.ID, end)
		}
		var told []time.Time
		other := privacy.Part{Name: "other", Retain: func(_ context.Context, before func(string) time.Time) (int, error) {
			told = append(told, before("booking_texts"), before("signin"))
			return 0, nil
		}}
		w.must(privacy.New(w.db, w.people, other).Retain(ctx))
		for _, table := range []string{"personal_views", "sessions", "tokens"} {
			if n := w.count(`SELECT COUNT(*) FROM ` + table + ` WHERE id = 'old'`); n != 0 {
				t.Errorf("%s: the old row is left", table)
			}
			if n := w.count(`SELECT COUNT(*) FROM ` + table + ` WHERE id = 'new'`); n != 1 {
				t.Errorf("%s: the new row went", table)
			}
		}
		if len(told) != 2 || !told[0].Equal(now.AddDate(0, -36, 0)) || !told[1].Equal(now.AddDate(0, -1, 0)) {
			t.Errorf("a part was told %v", told)
		}
	})
}

func TestWhoHasLongBeenAwayIsErasedAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		long, lately := w.db.Now(), w.db.Now().AddDate(0, 35, 0)
		booked, seen, paid, member := w.person("Bo"), w.person("Cy"), w.person("Di"), w.person("El")
		w.exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, created_at, changed_at)
			VALUES ('b', 'b', 'amos', $1, $1, 'completed', $2, $3, '', '', $2, $2)`, booked.ID, lately.Add(-time.Hour), lately)
		w.exec(`UPDATE members SET seen_at = $2 WHERE id = $1`, seen.ID, lately)
		w.exec(`INSERT INTO packs (id, member_id, minutes, made_by, created_at) VALUES ('p', $1, 60, 's', $2)`, paid.ID, long)
		w.exec(`INSERT INTO ledger (id, at, by_id, member_id, pack_id, minutes, reason) VALUES ('l', $2, 's', $1, 'p', 60, 'grant')`, paid.ID, long)
		w.exec(`INSERT INTO tiers (id, slug, name) VALUES ('t', 't', '{}')`)
		w.exec(`INSERT INTO memberships (id, member_id, tier_id, hub_id, starts_on, made_by, created_at) VALUES ('m', $1, 't', 'amos', '2026-11-22', 's', $2)`, member.ID, long)
		w.clock.Set(long.AddDate(0, 36, 1))
		w.must(w.office.Retain(ctx))
		for name, want := range map[string]struct {
			who    identity.Actor
			erased int
		}{
			"away": {w.mia, 1}, "booked": {booked, 0}, "seen": {seen, 0}, "paid": {paid, 0}, "member": {member, 0}, "staff": {w.staff, 0}, "admin": {w.admin, 0},
		} {
			if n := w.count(`SELECT COUNT(*) FROM members WHERE id = $1 AND erased_at IS NOT NULL`, want.who.ID); n != want.erased {
				t.Errorf("%s: erased %d, want %d", name, n, want.erased)
			}
		}
	})
}

func TestRetentionIsSetByWhoManagesTheNetwork(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		wantCode(t, w.office.SetRetention(ctx, w.manager, "views", 12, noKey), "not_allowed")
		wantCode(t, w.office.SetRetention(ctx, w.admin, "views", 0, noKey), "malformed")
		wantCode(t, w.office.SetRetention(ctx, w.admin, "secrets", 12, noKey), "retention_not_found")
		w.must(w.office.SetRetention(ctx, w.admin, "views", 12, noKey))
		w.must(w.office.SetRetention(ctx, w.admin, "views", 6, noKey))
		periods, err := w.office.RetentionPeriods(ctx)
		w.must(err)
		for _, p := range periods {
			want := p.Default
			if p.Kind == "views" {
				want = 6
			}
			if p.Months != want || want == 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}

func TestTheDailyJobWaitsOnceAndComesBack(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		waiting := func() int { return w.count(`SELECT COUNT(*) FROM jobs WHERE kind = 'privacy.daily'`) }
		w.must(w.office.Start(ctx))
		w.must(w.office.Start(ctx))
		if waiting() != 1 {
			t.Fatalf("%d wait", waiting())
		}
		// A second server that began at the same moment.
		w.must(w.db.In(ctx, func(tx *database.Tx) error {
			return tx.Enqueue(database.Job{Kind: "privacy.daily", Args: struct{}{}, At: tx.Now})
		}))
		for range 3 {
			_, err := w.db.RunDue(ctx, w.office.Handlers())
			w.must(err)
			if waiting() != 1 {
				t.Fatalf("%d wait", waiting())
			}
			w.clock.Move(24 * time.Hour)
		}
		// One that failed is tried again, and tomorrow's is there already.
		failing := privacy.New(w.db, w.people, privacy.Part{Name: "x", Erase: func(*database.Tx, string) error { return errBroken }})
		w.exec(`UPDATE members SET erased_at = $2 WHERE id = $1`, w.mia.ID, w.db.Now())
		if _, err := w.db.RunDue(ctx, failing.Handlers()); err == nil {
			t.Error("nothing failed")
		}
		if waiting() != 2 {
			t.Errorf("%d wait", waiting())
		}
	})
}
