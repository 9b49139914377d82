package identity_test

import (
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
)

// renew makes a calendar address.
func (w *town) renew(t *testing.T, by identity.Actor, hub string) (string, identity.CalendarAddress) {
	t.Helper()
	secret, a, err := w.dir.RenewCalendarAddress(t.Context(), by, hub, noKey)
	if err != nil {
		t.Fatal(err)
	}
	return secret, a
}

// wantReader asks whether a calendar can be read.
func (w *town) wantReader(t *testing.T, what, secret, member string) {
	t.Helper()
	got, err := w.dir.CalendarReader(t.Context(), secret)
	if member != "" && (err != nil || got.Actor.ID != member) {
		t.Errorf("%s: %+v, %v", what, got, err)
	}
	if f := fault.Of(err); member == "" && (f == nil || f.Kind != fault.NotFound || f.Code != "calendar_not_found" || f.Params != nil) {
		t.Errorf("%s: %+v, %v", what, got, err)
	}
}

// C01: random, shown once, hashed at rest, dead at once when it is renewed or ended.
func TestACalendarAddressIsShownOnceAndDiesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		first, a := w.renew(t, w.member, "")
		ofStaff, b := w.renew(t, w.staff, amos)
		if len(first) != 43 || first == ofStaff || a.MemberID != w.member.ID || b.HubID != amos {
			t.Errorf("%d characters, %+v, %+v", len(first), a, b)
		}
		if n := w.count(t, `SELECT count(*) FROM calendar_addresses WHERE hash LIKE $1 OR id LIKE $1`, "%"+first[:10]+"%"); n != 0 {
			t.Error("the secret is at rest")
		}
		w.wantReader(t, "the first", first, w.member.ID)
		w.wantReader(t, "of staff", ofStaff, w.staff.ID)
		second, again := w.renew(t, w.member, "")
		w.wantReader(t, "renewed", first, "")
		w.wantReader(t, "the second", second, w.member.ID)
		wantCode(t, "end the renewed one", w.dir.EndCalendarAddress(t.Context(), w.member, a.ID, noKey), "calendar_not_found")
		wantCode(t, "end another's", w.dir.EndCalendarAddress(t.Context(), w.manager, again.ID, noKey), "calendar_not_found")
		w.wantReader(t, "still", second, w.member.ID)
		wantCode(t, "end", w.dir.EndCalendarAddress(t.Context(), w.member, again.ID, noKey), "")
		w.wantReader(t, "ended", second, "")
		wantCode(t, "end by who manages the network", w.dir.EndCalendarAddress(t.Context(), w.admin, b.ID, noKey), "")
		w.wantReader(t, "ended by another", ofStaff, "")
		for name, bad := range map[string]string{"nothing": "", "shorter": second[:42], "longer": second + "A", "SQL": "' OR 1=1 --", "a zero byte": second[:42] + "\x00", "no UTF-8": second[:42] + "\xff"} {
			w.wantReader(t, name, bad, "")
		}
	})
}

// A06 and C02: an address shows what its owner may see now.
func TestACalendarAddressEndsWithTheRight(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		own, _ := w.renew(t, w.staff, "")
		hub, _ := w.renew(t, w.staff, amos)
		grant := identity.Grant{Role: identity.Staff, HubID: amos}
		wantCode(t, "take the role", w.dir.RevokeRole(t.Context(), w.admin, w.staff.ID, grant, noKey), "")
		w.wantReader(t, "without the role", hub, "")
		w.wantReader(t, "one's own, without the role", own, w.staff.ID)
		grant.Rights = "hand_out"
		wantCode(t, "another right", w.dir.GrantRole(t.Context(), w.admin, w.staff.ID, grant, noKey), "")
		w.wantReader(t, "with another right", hub, "")
		grant.Rights = "view_bookings"
		wantCode(t, "this right", w.dir.GrantRole(t.Context(), w.admin, w.staff.ID, grant, noKey), "")
		w.wantReader(t, "with the right", hub, w.staff.ID)

		wantCode(t, "close", w.dir.SetActive(t.Context(), w.admin, w.staff.ID, false, noKey), "")
		w.wantReader(t, "of a closed account", own, "")
		wantCode(t, "open", w.dir.SetActive(t.Context(), w.admin, w.staff.ID, true, noKey), "")
		w.wantReader(t, "of an account that was closed", own, "")
		mine, _ := w.renew(t, w.member, "")
		wantCode(t, "sign out, programs too", w.dir.EndSessions(t.Context(), w.member, w.member.ID, "", true, noKey), "")
		w.wantReader(t, "signed out", mine, "")
		mine, _ = w.renew(t, w.member, "")
		wantCode(t, "erase", w.db.In(t.Context(), func(tx *database.Tx) error { return identity.Forget(tx, w.member.ID) }), "")
		w.wantReader(t, "erased", mine, "")
		if n := w.count(t, `SELECT count(*) FROM calendar_addresses WHERE member_id = $1`, w.member.ID); n != 0 {
			t.Error("an address is left of who was erased")
		}
	})
}

func TestWhoMayMakeACalendarAddress(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		reading, booking := w.member, w.member
		reading.TokenID, reading.Scopes = "x", []string{"read"}
		_, token := w.token(t, w.member.ID, "book")
		booking.TokenID, booking.Scopes = token.ID, []string{"book"}
		for name, c := range map[string]struct {
			by   identity.Actor
			hub  string
			code string
		}{
			"a visitor": {identity.Actor{}, "", "sign_in"}, "the system": {identity.System, "", "not_allowed"},
			"a member, of a hub": {w.member, amos, "not_allowed"}, "staff, of another hub": {w.staff, matagami, "not_allowed"},
			"a token that is over": {reading, "", "bad_token"}, "a token that books": {booking, "", "not_allowed"},
			"no hub": {w.admin, "nowhere", "malformed"}, "the administrator": {w.admin, amos, ""},
		} {
			_, _, err := w.dir.RenewCalendarAddress(t.Context(), c.by, c.hub, noKey)
			wantCode(t, name, err, c.code)
		}
		list, err := w.dir.CalendarAddresses(t.Context(), w.admin, w.admin.ID)
		if err != nil || len(list) != 1 || list[0].HubID != amos {
			t.Errorf("%+v, %v", list, err)
		}
		_, err = w.dir.CalendarAddresses(t.Context(), w.manager, w.admin.ID)
		wantCode(t, "another's list", err, "member_not_found")
	})
}

// An answer that was lost cannot be had again, and the address that it made stands.
func TestACalendarAddressIsMadeOnceByItsKey(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		key := keyed("once")
		secret, _, err := w.dir.RenewCalendarAddress(t.Context(), w.member, "", key)
		wantCode(t, "first", err, "")
		_, _, err = w.dir.RenewCalendarAddress(t.Context(), w.member, "", key)
		wantCode(t, "again", err, "calendar_already_made")
		w.wantReader(t, "the first", secret, w.member.ID)
	})
}

func TestReadingACalendarAddressIsOneStatement(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC))
			db, counter := dbtest.Statements(t, engine, database.Settings{Clock: clock.Now})
			w := newTown(t, db, clock)
			secret, _ := w.renew(t, w.manager, amos)
			if s := counter.Statements(func() { w.wantReader(t, "read", secret, w.manager.ID) }); len(s) != 1 {
				t.Errorf("%q", s)
			}
			if s := counter.Statements(func() { w.wantReader(t, "no secret", "short", "") }); len(s) != 0 {
				t.Errorf("%q", s)
			}
		})
	}
}
