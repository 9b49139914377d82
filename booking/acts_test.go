package booking_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// act sends what a device did under a key, as the contact allows.
func (n *network) act(a booking.Act, key string) booking.Done {
	n.t.Helper()
	done, err := n.book.CarryOut(context.Background(), n.anne, "amos", a, database.Key{Caller: "device", Key: key, Hash: key})
	must(n.t, err)
	return done
}

func (n *network) unsettled() []booking.UnsettledAct {
	n.t.Helper()
	list, err := n.book.Unsettled(context.Background(), n.anne, "amos")
	must(n.t, err)
	return list
}

func (n *network) loans(b booking.Booking) []booking.Loan {
	n.t.Helper()
	loans, err := n.book.Loans(context.Background(), n.anne, b.ID)
	must(n.t, err)
	return loans
}

func TestADeviceTellsWhatItDidWithItsOwnInstants(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		code := n.codeOf(b)
		n.clock.Set(at(0, 12, 0))
		out := booking.Act{Kind: "check_out", Booking: b.ID, Unit: code, At: at(0, 9, 5), Contact: at(0, 9, 0)}
		if done := n.act(out, "k1"); done.State != "done" || done.Doubtful {
			t.Fatalf("%+v", done)
		}
		if l := n.loans(b); len(l) != 1 || !l[0].OutAt.Equal(at(0, 9, 5)) || l[0].Doubtful || l[0].OutBy != n.anne.ID {
			t.Errorf("the loan: %+v", l)
		}
		if done := n.act(out, "k1"); done.State != "done" {
			t.Errorf("sent again: %+v", done)
		}
		if done := n.act(out, "k2"); done.State != "already" {
			t.Errorf("by another device too: %+v", done)
		}
		back := booking.Act{Kind: "check_in", Unit: code, At: at(0, 11, 0), Contact: at(0, 9, 0)}
		if done := n.act(back, "k3"); done.State != "done" {
			t.Errorf("back: %+v", done)
		}
		for _, key := range []string{"k3", "k3", "k4"} {
			want := map[string]string{"k3": "done", "k4": "already"}[key]
			if done := n.act(back, key); done.State != want {
				t.Errorf("back again, %s: %+v", key, done)
			}
		}
		if l := n.loans(b); len(l) != 1 || !l[0].BackAt.Equal(at(0, 11, 0)) {
			t.Errorf("the loan: %+v", l)
		}
		if left := n.unsettled(); len(left) != 0 {
			t.Errorf("unsettled: %+v", left)
		}
		n.clean()
	})
}

func TestAnImpossibleInstantIsMovedAndFlagged(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for i, x := range []struct {
			name              string
			at, contact, want time.Time
			doubtful          bool
		}{
			{"before the last contact", at(0, 9, 0), at(0, 10, 0), at(0, 10, 0), true},
			{"a little before it, clocks differ", at(0, 9, 58), at(0, 10, 0), at(0, 9, 58), false},
			{"to come", at(0, 14, 0), at(0, 10, 0), at(0, 12, 0), true},
			{"a little to come, clocks differ", at(0, 12, 1), at(0, 10, 0), at(0, 12, 0), false},
			{"of an unknown contact", at(0, 9, 0), time.Time{}, at(0, 9, 0), true},
			{"none told", time.Time{}, at(0, 10, 0), at(0, 12, 0), false},
		} {
			n.clock.Set(at(i, 8, 0))
			shift := func(x time.Time) time.Time {
				if x.IsZero() {
					return x
				}
				return x.AddDate(0, 0, i)
			}
			if i == 5 {
				n.clock.Set(at(7, 8, 0)) // the weekend is closed
				shift = func(x time.Time) time.Time {
					if x.IsZero() {
						return x
					}
					return x.AddDate(0, 0, 7)
				}
			}
			b := n.mustPlace(n.zoe, want("amos-camera", shift(at(0, 9, 0)), shift(at(0, 15, 0))))
			n.clock.Set(shift(at(0, 12, 0)))
			done := n.act(booking.Act{Kind: "check_out", Booking: b.ID, At: shift(x.at), Contact: shift(x.contact)}, x.name)
			if l := n.loans(b); done.State != "done" || done.Doubtful != x.doubtful || len(l) != 1 || l[0].Doubtful != x.doubtful || !l[0].OutAt.Equal(shift(x.want)) {
				t.Errorf("%s: %+v %+v", x.name, done, l)
			}
			n.act(booking.Act{Kind: "check_in", Unit: n.codeOf(b), At: shift(at(0, 12, 0))}, x.name+" back")
		}
	})
}

// TestWhatContradictsIsKept holds that nothing a device did is lost, and that sent twice it stands on
// the list once.
func TestWhatContradictsIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 12, 0))
		acts := map[string]booking.Act{
			"not_out":              {Kind: "check_in", Unit: n.codeOf(b), At: at(0, 11, 0), Contact: at(0, 9, 0)},
			"unit_not_found":       {Kind: "check_in", Unit: "NO-SUCH-UNIT", At: at(0, 11, 0), Contact: at(0, 9, 0)},
			"booking_not_found":    {Kind: "check_out", Booking: "nosuchbooking000", At: at(0, 11, 0), Contact: at(0, 9, 0)},
			"wrong_unit":           {Kind: "check_out", Booking: b.ID, Unit: "amos-desk1", At: at(0, 11, 0), Contact: at(0, 9, 0)},
			"nothing_to_arrive_at": {Kind: "arrive", Booking: b.ID, At: at(0, 11, 0), Contact: at(0, 9, 0)},
		}
		for range 2 {
			for code, a := range acts {
				if done := n.act(a, code); done.State != "unsettled" || done.Code != code || done.ActID == "" {
					t.Errorf("%s: %+v", code, done)
				}
			}
		}
		left := n.unsettled()
		if len(left) != len(acts) {
			t.Errorf("%d acts stand on the list, want %d: %+v", len(left), len(acts), left)
		}
		for _, a := range left {
			if a.Code == "unit_not_found" && a.UnitCode != "NO-SUCH-UNIT" {
				t.Errorf("what was scanned is lost: %+v", a)
			}
			if a.Code == "wrong_unit" && (a.Reference != b.Reference || a.Person != "Zoé" || a.ByName != "Anne" || a.UnitCode != "amos-desk1") {
				t.Errorf("the list: %+v", a)
			}
		}
		blind := n.anne
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights(identity.HandOut)}}
		seen, err := n.book.Unsettled(context.Background(), blind, "amos")
		must(t, err)
		for _, a := range seen {
			if a.Person != "" || a.ByName != "" {
				t.Errorf("to who may not see persons: %+v", a)
			}
		}
		ctx := context.Background()
		for who, code := range map[string]string{"zoe": "hub_not_found", "": "sign_in"} {
			_, err := n.book.CarryOut(ctx, map[string]identity.Actor{"zoe": n.zoe}[who], "amos", acts["not_out"], database.Key{})
			wantCodes(t, err, code)
		}
		for _, a := range []booking.Act{{Kind: "lend", Unit: "x"}, {Kind: "check_in"}, {Kind: "check_out"}, {Kind: "arrive", Unit: "x"}} {
			if _, err := n.book.CarryOut(ctx, n.anne, "amos", a, database.Key{}); err == nil {
				t.Errorf("%+v is taken", a)
			}
		}
		n.clean()
	})
}

// TestAnUnsettledReturnSaysWhatItTold: what was seen on the unit stands on the list with it.
func TestAnUnsettledReturnSaysWhatItTold(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		pile := n.components("amos-camera1")
		n.clock.Set(at(0, 12, 0))
		n.act(booking.Act{Kind: "check_in", Unit: "amos-camera1", Missing: map[string]int{pile: 2, "gone": 1, "there": 0}, Damaged: true, At: at(0, 11, 0), Contact: at(0, 9, 0)}, "k")
		left := n.unsettled()
		if len(left) != 1 || !left[0].Damaged || len(left[0].Missing) != 2 {
			t.Fatalf("%+v", left)
		}
		for _, x := range left[0].Missing {
			if x.Component == pile && (x.Count != 2 || x.Name.In("fr") != "pile") || x.Component != pile && (x.Count != 1 || len(x.Name) > 0) {
				t.Errorf("%+v", x)
			}
		}
	})
}

// TestWhatCameTooEarlySettlesByItself has two devices whose queues come in the wrong order: a return
// before its hand-over, and a hand-over before the return of whoever had the unit before.
func TestWhatCameTooEarlySettlesByItself(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		first := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
		code := n.codeOf(first)
		n.takeOut(otherCamera(code), at(0, 8, 0), nil)
		second := n.mustPlace(n.luc, want("amos-camera", at(0, 13, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 14, 0))
		contact := at(0, 9, 0)
		out := booking.Act{Kind: "check_out", Booking: first.ID, Unit: code, At: at(0, 9, 0), Contact: contact}
		back := booking.Act{Kind: "check_in", Unit: code, At: at(0, 10, 30), Contact: contact}
		next := booking.Act{Kind: "check_out", Booking: second.ID, Unit: code, At: at(0, 13, 0), Contact: contact}
		again := booking.Act{Kind: "check_in", Unit: code, At: at(0, 13, 30), Contact: contact}
		send := func() {
			n.act(back, "back")
			n.act(out, "out")
			n.act(again, "again")
			n.act(next, "next")
		}
		if done := n.act(back, "back"); done.State != "unsettled" || done.Code != "not_out" {
			t.Fatalf("a return before its hand-over: %+v", done)
		}
		for range 3 {
			send()
			if left := n.unsettled(); len(left) != 0 {
				t.Fatalf("unsettled: %+v", left)
			}
			if l := n.loans(first); len(l) != 1 || l[0].BackAt == nil || !l[0].BackAt.Equal(at(0, 10, 30)) || !l[0].OutAt.Equal(at(0, 9, 0)) {
				t.Errorf("the first: %+v", l)
			}
			if l := n.loans(second); len(l) != 1 || l[0].BackAt == nil || !l[0].BackAt.Equal(at(0, 13, 30)) || !l[0].OutAt.Equal(at(0, 13, 0)) {
				t.Errorf("the second: %+v", l)
			}
		}
		n.clean()
	})
}

func TestAHandOverWaitsForTheReturnOfWhoHadItBefore(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		first := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
		code := n.codeOf(first)
		n.takeOut(otherCamera(code), at(0, 8, 0), nil)
		second := n.mustPlace(n.luc, want("amos-camera", at(0, 13, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(first)
		n.clock.Set(at(0, 14, 0))
		out := booking.Act{Kind: "check_out", Booking: second.ID, Unit: code, At: at(0, 13, 0), Contact: at(0, 9, 0)}
		if done := n.act(out, "out"); done.State != "unsettled" || done.Code != "unit_out" {
			t.Fatalf("before the return: %+v", done)
		}
		n.act(booking.Act{Kind: "check_in", Unit: code, At: at(0, 10, 30), Contact: at(0, 9, 0)}, "back")
		if left := n.unsettled(); len(left) != 0 {
			t.Fatalf("unsettled: %+v", left)
		}
		if l := n.loans(second); len(l) != 1 || l[0].BackAt != nil || !l[0].OutAt.Equal(at(0, 13, 0)) || l[0].OutBy != n.anne.ID {
			t.Errorf("the second: %+v", l)
		}
		var settlement string
		must(t, n.db.Reader(context.Background()).Get(&settlement, `SELECT settlement FROM unsettled_acts`))
		if settlement != "by_itself" {
			t.Errorf("settled %q", settlement)
		}
		n.clean()
	})
}

func TestAPersonSettlesWhatContradicts(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 10, 0))
		stray := n.act(booking.Act{Kind: "check_in", Unit: "NO-SUCH", At: at(0, 10, 0)}, "a")
		early := n.act(booking.Act{Kind: "check_in", Unit: n.codeOf(b), At: at(0, 10, 0)}, "b")
		for who, code := range map[string]string{"zoe": "act_not_found", "": "sign_in"} {
			_, err := n.book.SettleAct(ctx, map[string]identity.Actor{"zoe": n.zoe}[who], stray.ActID, false, "x", database.Key{})
			wantCodes(t, err, code)
		}
		_, err := n.book.SettleAct(ctx, n.anne, "nosuchact", false, "x", database.Key{})
		wantCodes(t, err, "act_not_found")
		_, err = n.book.SettleAct(ctx, n.anne, stray.ActID, false, "", database.Key{})
		wantCodes(t, err, "required")
		if done, err := n.book.SettleAct(ctx, n.anne, early.ActID, true, "", database.Key{}); err != nil || done.State != "unsettled" || done.Code != "not_out" {
			t.Errorf("again too early: %+v %v", done, err)
		}
		for range 2 {
			if done, err := n.book.SettleAct(ctx, n.anne, stray.ActID, false, "un porte-clés", database.Key{Caller: "anne", Key: "s", Hash: "s"}); err != nil || done.State != "done" {
				t.Errorf("dismissed: %+v %v", done, err)
			}
		}
		if done, err := n.book.SettleAct(ctx, n.anne, stray.ActID, true, "", database.Key{}); err != nil || done.State != "already" {
			t.Errorf("settled before: %+v %v", done, err)
		}
		if left := n.unsettled(); len(left) != 1 || left[0].ID != early.ActID {
			t.Errorf("unsettled: %+v", left)
		}
		n.mustHandOut(b) // at another counter, with a line: nobody tries for it
		if done, err := n.book.SettleAct(ctx, n.anne, early.ActID, true, "", database.Key{}); err != nil || done.State != "done" {
			t.Errorf("done after all: %+v %v", done, err)
		}
		if l := n.loans(b); len(n.unsettled()) != 0 || len(l) != 1 || l[0].BackAt == nil {
			t.Errorf("the loan: %+v", l)
		}
	})
}

// TestACounterCopyHoldsTheLeast names what a device keeps, and that no more of a person is in it.
func TestACounterCopyHoldsTheLeast(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.clock.Set(at(0, 9, 0))
		request := want("amos-camera", at(0, 9, 0), at(0, 11, 0))
		request.Title, request.Notes = "Secret", "Secret"
		today := n.mustPlace(n.zoe, request)
		tomorrow := n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		n.mustPlace(n.luc, want("amos-studio", at(2, 10, 0), at(2, 12, 0)))
		n.mustPlace(n.luc, want("rouyn-studio", at(0, 10, 0), at(0, 12, 0)))
		n.mustExec(`UPDATE members SET card = 'M-7KQ2M9XA', phone = '819 555-0101' WHERE id = $1`, n.zoe.ID)
		_, err := n.catalog.SetComponents(ctx, n.boss, "amos-camera1", componentsOf("Pile"), database.Key{})
		must(t, err)
		n.mustHandOut(today)
		kept, err := n.book.CounterCopy(ctx, n.anne, "amos", "fr")
		must(t, err)
		var ids []string
		for _, b := range kept.Bookings {
			ids = append(ids, b.ID)
		}
		if !slices.Equal(ids, []string{today.ID, tomorrow.ID}) {
			t.Errorf("bookings: %v", ids)
		}
		if b := kept.Bookings[0]; b.Person != "Zoé" || b.Card != "M-7KQ2M9XA" || len(b.Lines) != 1 || len(b.Lines[0].Units) != 1 || b.Lines[0].Name != "camera" {
			t.Errorf("today's: %+v", b)
		}
		if len(kept.Loans) != 1 || kept.Loans[0].Booking != today.ID || kept.Loans[0].Person != "Zoé" {
			t.Errorf("loans: %+v", kept.Loans)
		}
		if len(kept.Units) != 6 || kept.Units[0].Code != "amos-camera1" || len(kept.Units[0].Components) != 1 || kept.Units[0].Components[0].Name != "Pile" {
			t.Errorf("units: %+v", kept.Units)
		}
		text := jsonOf(t, kept)
		for _, secret := range []string{"Secret", "555-0101", n.zoe.ID, n.luc.ID} {
			if strings.Contains(text, secret) {
				t.Errorf("a device keeps %q: %s", secret, text)
			}
		}
		blind := n.anne
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights(identity.HandOut)}}
		kept, err = n.book.CounterCopy(ctx, blind, "amos", "fr")
		must(t, err)
		if text := jsonOf(t, kept); strings.Contains(text, "Zoé") || strings.Contains(text, "M-7KQ") {
			t.Errorf("to who may not see persons: %s", text)
		}
		_, err = n.book.CounterCopy(ctx, n.zoe, "amos", "fr")
		wantCodes(t, err, "hub_not_found")
	})
}

func jsonOf(t *testing.T, x any) string {
	t.Helper()
	text, err := json.Marshal(x)
	must(t, err)
	return string(text)
}
