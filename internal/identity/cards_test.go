package identity_test

import (
	"regexp"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

var cardForm = regexp.MustCompile(`^M-[0-9A-HJKMNP-TV-Z]{8}$`)

func TestACardIsMadeWhenItIsAskedForAndDiesWhenItIsRenewed(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		if p, err := w.dir.SeenMember(ctx, w.member, w.member.ID); err != nil || p.Card != "" {
			t.Fatalf("before: %q, %v", p.Card, err)
		}
		first, err := w.dir.Card(ctx, w.member, w.member.ID, noKey)
		if err != nil || !cardForm.MatchString(first) {
			t.Fatalf("%q, %v", first, err)
		}
		if again, err := w.dir.Card(ctx, w.member, w.member.ID, noKey); err != nil || again != first {
			t.Errorf("asked again: %q, %v, want %q", again, err, first)
		}
		key := database.Key{Caller: w.member.ID, Key: "lost", Hash: "x"}
		second, err := w.dir.RenewCard(ctx, w.member, w.member.ID, key)
		if err != nil || second == first || !cardForm.MatchString(second) {
			t.Errorf("renewed: %q, %v", second, err)
		}
		if twice, err := w.dir.RenewCard(ctx, w.member, w.member.ID, key); err != nil || twice != second {
			t.Errorf("renewed twice with one key: %q, %v, want %q", twice, err, second)
		}
		if n := w.count(t, `SELECT count(*) FROM members WHERE card = $1`, first); n != 0 {
			t.Error("the old card is still somebody's")
		}
		if n := w.count(t, `SELECT count(*) FROM changes WHERE action = 'member.card' AND subject_id = $1`, w.member.ID); n != 2 {
			t.Errorf("%d rows of the log, want 2", n)
		}
		if n := w.count(t, `SELECT count(*) FROM changes WHERE after LIKE $1 OR after LIKE $2`, "%"+first+"%", "%"+second+"%"); n != 0 {
			t.Error("the log holds a card")
		}
	})
}

func TestACardIsForThePersonAndForWhoServesThem(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		_, err := w.dir.Card(ctx, w.staff, w.member.ID, noKey)
		wantCode(t, "staff of the home hub", err, "")
		other := w.person(t, "Someone else")
		_, err = w.dir.Card(ctx, other, w.member.ID, noKey)
		wantCode(t, "another member", err, "member_not_found")
		_, err = w.dir.RenewCard(ctx, other, w.member.ID, noKey)
		wantCode(t, "another member renews", err, "member_not_found")
		_, err = w.dir.Card(ctx, identity.Actor{}, w.member.ID, noKey)
		wantCode(t, "nobody", err, "member_not_found")
		_, err = w.dir.Card(ctx, w.member, "not\x00anybody", noKey)
		wantCode(t, "an id that cannot be", err, "member_not_found")
	})
}

func TestErasureTakesTheCard(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		number, err := w.dir.Card(ctx, w.member, w.member.ID, noKey)
		wantCode(t, "a card", err, "")
		about, err := identity.About(w.db.Reader(ctx), w.member.ID)
		wantCode(t, "the file", err, "")
		if d := about.(identity.Dossier); d.Card != number {
			t.Errorf("the person's file has %q, want %q", d.Card, number)
		}
		if shown, _ := identity.Shown(w.staff, about); shown.(identity.Dossier).Card != "" {
			t.Error("somebody else's file shows the card")
		}
		wantCode(t, "erase", w.db.In(ctx, func(tx *database.Tx) error { return identity.Forget(tx, w.member.ID) }), "")
		if n := w.count(t, `SELECT count(*) FROM members WHERE card IS NOT NULL`); n != 0 {
			t.Error("the card is still there")
		}
		_, err = w.dir.Card(ctx, w.member, w.member.ID, noKey)
		wantCode(t, "after", err, "member_not_found")
	})
}
