package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
)

// TestASuspensionIsSeenBeforeTheHandOver: staff read it as soon as the booking is open, in their own words,
// with the way to lift it, in no more statements than a page may take.
func TestASuspensionIsSeenBeforeTheHandOver(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 4)
		const told = "Emprunts suspendus à ce lieu jusqu’au"
		s.anne.scan(s.anne.get(atAmos), b.Reference).has("Zoé").lacks(told)
		for _, hub := range []string{"amos", "val-dor"} {
			_, err := s.site.Roster.SuspendMember(t.Context(), identity.System, membership.NewSuspension{MemberID: b.MemberID, HubID: hub, Reason: "Retards", Until: now.Add(240 * time.Hour)}, noKeyAtAll)
			must(t, err)
		}
		open := s.anne.scan(s.anne.get(atAmos), b.Reference).has(told)
		s.page("/ suspended", open, "fr")
		open.one("a", "href", atAmos+"/suspensions")
		before := s.statements.Load()
		again := s.anne.get(atAmos + "?r=" + b.ID).has(told)
		if n := s.statements.Load() - before; n > 6 {
			t.Errorf("%d statements", n)
		}
		refused := s.anne.send(again.form(atAmos+"/prets"), "faire", "tout").has("Rien ne peut être remis", told).lacks("Vos réservations")
		s.page("/ refused", refused, "fr")
		s.anne.get("/en"+atAmos+"?r="+b.ID).has("Loans at this place are suspended until", "See or lift the suspension")
		all, err := s.site.Roster.Suspensions(t.Context(), identity.System, b.MemberID)
		must(t, err)
		for _, x := range all {
			if x.HubName.In("fr") != "Val-d’Or" {
				_, err = s.site.Roster.LiftSuspension(t.Context(), identity.System, x.ID, "Payé", noKeyAtAll)
				must(t, err)
			}
		}
		s.anne.get(atAmos + "?r=" + b.ID).lacks(told)
	})
}

// travels plans a journey of a unit from Amos, and lets it leave.
func (s *stand) travels(unit, to string, leaves bool) booking.Transfer {
	s.t.Helper()
	j, err := s.book.PlanTransfer(s.t.Context(), identity.System, booking.Journey{Unit: unit, To: to, LeavesAt: s.clock.Now().Add(time.Hour), ArrivesAt: s.clock.Now().Add(6 * time.Hour)}, noKeyAtAll)
	must(s.t, err)
	if leaves {
		_, err = s.book.Depart(s.t.Context(), identity.System, j.ID, noKeyAtAll)
		must(s.t, err)
	}
	return j
}

// TestWhatComesIsNotedWhereItIsScanned: a unit on the road says from where and to where, and the main
// button of its panel says that it is here. A return of it is not told as one.
func TestWhatComesIsNotedWhereItIsScanned(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const there = "/comptoir/val-dor"
		luc := s.works("luc@exemple.example", "val-dor", identity.Staff)
		s.travels("amos-camera0", "val-dor", false)
		s.anne.get(atAmos + "?code=amos-camera0").has("Transfert prévu. Destination").lacks("C’est arrivé")
		luc.get(there + "?code=amos-camera0").has("Transfert prévu vers ici. Provenance").lacks("C’est arrivé")
		id := s.journey()
		_, err := s.book.Depart(t.Context(), identity.System, id, noKeyAtAll)
		must(t, err)
		s.anne.get(atAmos + "?code=amos-camera0").has("Parti d’ici. Destination").lacks("C’est arrivé")
		s.anne.post(atAmos+"/exemplaires", "unite", "amos-camera0", "faire", "venu", "cle", newKey())
		if u, err := s.site.Catalog.Unit(t.Context(), "amos-camera0"); err != nil || u.CurrentHubID == s.hubID("val-dor") {
			t.Fatalf("who sent it says that it has come: %v", err)
		}
		luc.post(there+"/retours", "unite", "amos-camera0", "cle", newKey()).has("En route vers ici. Provenance", "C’est arrivé").lacks("n’est pas dehors", "C’était prêté")
		v := luc.scan(luc.get(there), "amos-camera0").has("En route vers ici. Provenance")
		s.page("/ on the road", v, "fr")
		form := v.form(there + "/exemplaires")
		if _, main := v.one("button", "name", "faire").has["data-enter"]; !main {
			t.Error("Enter does not say that it has come")
		}
		s.zoe.send(form).on(there+"/exemplaires", 404)
		done := luc.send(form, "faire", "venu").on(there, 200).has("l’exemplaire est arrivé").lacks("En route")
		s.page("/ arrived", done, "fr")
		luc.send(form, "faire", "venu").on(there, 200)
		if u, err := s.site.Catalog.Unit(t.Context(), "amos-camera0"); err != nil || u.CurrentHubID != s.hubID("val-dor") {
			t.Errorf("it is not there: %v", err)
		}
	})
}

func (s *stand) hubID(slug string) string {
	s.t.Helper()
	h, err := s.site.Catalog.Hub(s.t.Context(), slug)
	must(s.t, err)
	return h.ID
}

// TestWhatWasLostIsFoundWhereItIsScanned: also by a return, which says no longer that it came back; beside a
// booking of one such unit it is ticked then.
func TestWhatWasLostIsFoundWhereItIsScanned(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		first := s.books("zoe@exemple.example", "amos-camera", 1, 1)
		code := s.codes(first)[0]
		_, err := s.book.CheckOut(t.Context(), s.staffOf("anne@exemple.example"), booking.HandOut{Booking: first.ID}, noKeyAtAll)
		must(t, err)
		s.clock.Move(time.Minute)
		s.anne.scan(s.anne.get(atAmos), code).has("C’était prêté")
		loses := func() {
			u, err := s.site.Catalog.Unit(t.Context(), code)
			must(t, err)
			page := stockAtAmos + "/exemplaires/" + u.ID
			s.anne.send(s.anne.get(page+"/perdu").form(page+"/perdu"), "raison", "Introuvable").has("Déclaré perdu")
		}
		loses()
		v := s.anne.post(atAmos+"/retours", "unite", code, "cle", newKey()).on(atAmos, 200).has("perdu", "C’est retrouvé").lacks("C’était prêté")
		s.page("/ lost", v, "fr")
		s.anne.send(v.form(atAmos+"/exemplaires"), "faire", "retrouve").on(atAmos, 200).has("l’exemplaire est retrouvé").lacks("C’est retrouvé")
		s.anne.scan(s.anne.get(atAmos), code).lacks(`<span class="tag no">perdu`)
		loses()
		next := s.books("zoe@exemple.example", "amos-camera", 1, 3)
		clash := s.anne.get(atAmos+"?"+url.Values{"r": {next.ID}, "code": {code}}.Encode()).has("ne peut pas sortir", "C’est retrouvé")
		ticked := s.anne.send(clash.form(atAmos+"/exemplaires"), "faire", "retrouve").on(atAmos, 200)
		if _, is := ticked.one("input", "id", "u-"+code).has["checked"]; !is {
			t.Error("what was found is not ticked")
		}
	})
}

// TestAnActOnAUnitIsNamed: a form that says none does none, though there is none to do.
func TestAnActOnAUnitIsNamed(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		m, err := s.book.TakeOutFor(t.Context(), identity.System, booking.Outage{Unit: "amos-camera0", From: s.clock.Now().Add(24 * time.Hour), Cause: "lost"}, noKeyAtAll)
		must(t, err)
		for _, act := range []string{"", "perdu"} {
			s.anne.post(atAmos+"/exemplaires", "unite", "amos-camera0", "faire", act, "cle", newKey())
			var open bool
			must(t, s.db.Reader(t.Context()).Get(&open, `SELECT open FROM maintenances WHERE id = $1`, m.ID))
			if !open {
				t.Fatalf("%q: it is found", act)
			}
		}
	})
}

// TestACodeOfOldIsWhollyInItsAddress: codes from before labels had a form hold anything.
func TestACodeOfOldIsWhollyInItsAddress(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		must(t, s.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE units SET code = 'CAM 5%?#' WHERE code = 'amos-camera0'`)
			return err
		}))
		v := s.anne.get(atAmos + "?" + url.Values{"code": {"CAM 5%?#"}}.Encode())
		v.one("a", "href", "/u/CAM%205%25%3F%23")
	})
}

// TestADeviceWhoseClockBeganAnewIsHeldAgainstItsContact: its battery was empty, and nothing that it did is lost.
func TestADeviceWhoseClockBeganAnewIsHeldAgainstItsContact(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		for i, instant := range []string{"1970-01-01T00:07:00Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"} {
			for j, vouched := range []bool{true, false} {
				b := s.books("zoe@exemple.example", "amos-camera", 1, 1)
				code := s.codes(b)[0]
				_, err := s.book.CheckOut(t.Context(), s.staffOf("anne@exemple.example"), booking.HandOut{Booking: b.ID}, noKeyAtAll)
				must(t, err)
				s.clock.Move(5 * time.Minute)
				contact := s.clock.Now()
				act := url.Values{"unite": {code}, "cle": {strings.Repeat("a", 14) + string(rune('a'+i)) + string(rune('a'+j))}, "instant": {instant}}
				if vouched {
					_, _, kept := s.anne.json("GET", atAmos+"/copie.json", "")
					act.Set("contact", kept["contact"].(string))
				}
				s.clock.Move(10 * time.Minute)
				want := contact
				if !vouched {
					want = s.clock.Now()
				}
				for range 2 { // sent again it answers the same
					if status, _, said := s.anne.json("POST", atAmos+"/retours", act.Encode()); status != 200 || said["state"] != "done" || said["doubtful"] != true {
						t.Fatalf("%s: %d %v", instant, status, said)
					}
				}
				var back time.Time
				must(t, s.db.Reader(t.Context()).Get(&back, `SELECT back_at FROM loans WHERE booking_id = $1`, b.ID))
				if !back.Equal(want) {
					t.Errorf("%s: it came back at %v, want %v", instant, back, want)
				}
				s.clock.Move(time.Hour)
			}
		}
	})
}
