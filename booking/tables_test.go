package booking_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/stock"
)

// table takes a file of Amos out, by column.
func (n *network) table(who identity.Actor, hub, kind string) (rows []map[string]string, persons []string) {
	n.t.Helper()
	return n.tableSince(who, hub, kind, time.Time{})
}

func (n *network) tableSince(who identity.Actor, hub, kind string, since time.Time) (rows []map[string]string, persons []string) {
	n.t.Helper()
	var out bytes.Buffer
	persons, err := n.book.ExportHub(context.Background(), who, &out, hub, kind, since)
	must(n.t, err)
	if mark := string(out.Next(3)); mark != "\ufeff" {
		n.t.Errorf("spreadsheets would garble accents: the file begins with %q", mark)
	}
	records, err := csv.NewReader(&out).ReadAll()
	must(n.t, err)
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = r[i]
		}
		rows = append(rows, row)
	}
	return rows, persons
}

// TestLoansComeOutAsAFile has one that came back incomplete to another hub, and one that is out.
func TestLoansComeOutAsAFile(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		first, other := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0))), n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		code := n.codeOf(first)
		pile := n.components(code)
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(first)
		n.mustHandOut(other)
		n.clock.Set(at(0, 12, 0))
		_, err := n.book.CheckIn(ctx, n.boss, booking.Return{Unit: code, Hub: "val-dor", Condition: "=HYPERLINK(1)", Missing: map[string]int{pile: 2}}, database.Key{})
		must(t, err)
		rows, persons := n.table(n.boss, "amos", booking.LoanTable)
		if len(rows) != 2 || !slices.Equal(persons, slices.Sorted(slices.Values([]string{n.zoe.ID, n.luc.ID}))) {
			t.Fatalf("%+v of %v", rows, persons)
		}
		for _, r := range rows {
			want := map[string]string{"unit": code, "resource": "amos-camera", "booking": first.Reference, "person": "Zoé", "back_hub": "val-dor", "back_at": "2026-11-16T17:00:00Z",
				"condition_in": "'=HYPERLINK(1)", "missing": "2 × pile", "damaged": "no", "out_hub": "amos"}
			if r["booking"] == other.Reference {
				want = map[string]string{"person": "Luc", "back_at": "", "back_hub": "", "missing": ""}
			}
			for column, s := range want {
				if column != "back_at" && r[column] != s || column == "back_at" && (r[column] == "") != (s == "") {
					t.Errorf("%s: %q, want %q", column, r[column], s)
				}
			}
		}
		if there, _ := n.table(n.boss, "val-dor", booking.LoanTable); len(there) != 1 || there[0]["unit"] != code {
			t.Errorf("where it came back: %+v", there)
		}
		if none, _ := n.table(n.boss, "rouyn", booking.LoanTable); len(none) != 0 {
			t.Errorf("of another hub: %+v", none)
		}
		blind := n.anne
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights("export hand_out view_bookings")}}
		rows, persons = n.table(blind, "amos", booking.LoanTable)
		if len(rows) != 2 || len(persons) != 0 || rows[0]["person"]+rows[1]["person"] != "" {
			t.Errorf("to who may not see persons: %+v %v", rows, persons)
		}
	})
}

func TestJourneysAndOutagesComeOutAsFiles(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		j := journey("amos-camera1", "val-dor", at(1, 12, 0), at(2, 12, 0))
		j.Note = "@salon"
		n.plan(j)
		until := at(1, 10, 0)
		_, err := n.book.TakeOut(ctx, n.anne, "amos-desk1", at(0, 12, 0), &until, "pieds", database.Key{})
		must(t, err)
		for hub, want := range map[string]int{"amos": 1, "val-dor": 1, "rouyn": 0} {
			rows, _ := n.table(n.boss, hub, booking.JourneyTable)
			if len(rows) != want || want > 0 && (rows[0]["unit"] != "amos-camera1" || rows[0]["to_resource"] != "val-dor-camera" || rows[0]["state"] != "planned" || rows[0]["note"] != "'@salon") {
				t.Errorf("%s: %+v", hub, rows)
			}
		}
		rows, _ := n.table(n.boss, "amos", booking.OutageTable)
		if len(rows) != 1 || rows[0]["unit"] != "amos-desk1" || rows[0]["cause"] != "repair" || rows[0]["reason"] != "pieds" || rows[0]["ends_at"] == "" {
			t.Errorf("outages: %+v", rows)
		}
		if rows, _ := n.table(n.boss, "rouyn", booking.OutageTable); len(rows) != 0 {
			t.Errorf("outages of another hub: %+v", rows)
		}
		for kind, codes := range map[string]string{booking.LoanTable: "not_allowed", booking.JourneyTable: "not_allowed", booking.OutageTable: "not_allowed"} {
			for _, who := range []identity.Actor{n.anne, n.zoe} { // staff may not take data out
				var out strings.Builder
				_, err := n.book.ExportHub(ctx, who, &out, "amos", kind, time.Time{})
				wantCodes(t, err, codes)
				if out.Len() > 0 {
					t.Errorf("%s: %s", kind, out.String())
				}
			}
		}
		_, err = n.book.ExportHub(ctx, n.boss, &strings.Builder{}, "amos", "signatures", time.Time{})
		wantCodes(t, err, "bad_value")
	})
}

// tape is a consumable of a hub, with some of it there.
func (n *network) tape(hub, code string) {
	n.t.Helper()
	room := stock.New(n.db, n.catalog)
	_, err := room.Add(context.Background(), n.boss, hub, stock.Edits{Code: &code, Name: &inventory.Text{"fr": "Ruban"}, Measure: ptr("m")}, database.Key{})
	must(n.t, err)
	_, err = room.Move(context.Background(), n.boss, code, stock.Moving{Kind: stock.Delivery, Quantity: 9}, database.Key{})
	must(n.t, err)
}

// The members of a hub stay its own: where its unit came back, or stands now, nobody reads whose it was.
func TestAnotherHubsMembersStayItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		code := n.codeOf(b)
		n.clock.Set(at(0, 9, 0))
		_, err := n.book.CheckOut(ctx, n.anne, booking.HandOut{Booking: b.ID, Condition: map[string]string{n.id[code]: "rayure"}}, database.Key{})
		must(t, err)
		manager := func(hubs ...string) identity.Actor {
			a := n.luc
			a.Grants = nil
			for _, hub := range hubs {
				a.Grants = append(a.Grants, identity.Grant{Role: identity.Manager, HubID: n.id[hub]})
			}
			return a
		}
		n.clock.Set(at(0, 11, 0))
		n.tape("rouyn", "RUB-RN")
		n.clock.Set(at(0, 12, 0))
		_, err = n.book.CheckIn(ctx, n.boss, booking.Return{Unit: code, Hub: "rouyn", Condition: "poussière", Uses: []booking.Use{{Consumable: "RUB-RN", Quantity: 1}}}, database.Key{})
		must(t, err)
		for name, x := range map[string]struct {
			who  identity.Actor
			sees bool
		}{"there": {manager("rouyn"), false}, "at both": {manager("rouyn", "amos"), true}} {
			rows, persons := n.table(x.who, "rouyn", booking.LoanTable)
			if len(rows) != 1 || rows[0]["unit"] != code || rows[0]["condition_in"] != "poussière" {
				t.Fatalf("%s: %+v", name, rows)
			}
			r := rows[0]
			if told := r["person"] + "|" + r["booking"] + "|" + r["condition_out"]; (told == "Zoé|"+b.Reference+"|rayure") != x.sees || (told == "||") == x.sees || (len(persons) == 1) != x.sees {
				t.Errorf("%s: %q of %v", name, told, persons)
			}
			c, err := n.book.Counter(ctx, x.who, "rouyn")
			must(t, err)
			story, _, err := n.book.UnitStory(ctx, x.who, c, n.id[code], 20, 0)
			must(t, err)
			loans := 0
			for _, e := range story {
				if e.Kind != "out" && e.Kind != "back" {
					continue
				}
				loans++
				if (e.Person == "Zoé") != x.sees || (e.PersonID != "") != x.sees || (e.Reference != "") != x.sees || (e.BookingID != "") != x.sees {
					t.Errorf("%s: %+v", name, e)
				}
			}
			if loans != 2 {
				t.Errorf("%s: %+v", name, story)
			}
		}
		room := stock.New(n.db, n.catalog)
		for hub, x := range map[string]struct {
			who  identity.Actor
			sees bool
		}{"rouyn": {manager("rouyn"), false}, "both": {manager("rouyn", "amos"), true}} {
			_, moves, err := room.Moves(ctx, x.who, "RUB-RN", 9, 0)
			must(t, err)
			var file bytes.Buffer
			must(t, room.Export(ctx, x.who, &file, "rouyn", true, time.Time{}))
			if len(moves) != 2 || (moves[0].Reference != "") != x.sees || (moves[0].BookingID != "") != x.sees || strings.Contains(file.String(), b.Reference) != x.sees {
				t.Errorf("%s: %+v\n%s", hub, moves, file.String())
			}
		}
		if rows, _ := n.table(manager("amos"), "amos", booking.LoanTable); len(rows) != 1 || rows[0]["person"] != "Zoé" || rows[0]["condition_in"] != "poussière" {
			t.Errorf("where it is booked: %+v", rows)
		}
	})
}

// A hub that is old has more to tell than anybody asks for; what has not ended is always told.
func TestFilesAreOfATime(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		back, out := n.mustPlace(n.zoe, cameras(1, at(0, 9, 0), at(0, 15, 0))), n.mustPlace(n.luc, cameras(1, at(0, 9, 0), at(0, 15, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(back)
		n.mustHandOut(out)
		n.clock.Set(at(0, 10, 0))
		n.mustBringBack(n.codeOf(back))
		until := at(0, 12, 0)
		for _, end := range []*time.Time{&until, nil} {
			_, err := n.book.TakeOut(ctx, n.anne, map[bool]string{true: "amos-desk1", false: "amos-desk2"}[end == nil], at(0, 11, 0), end, "", database.Key{})
			must(t, err)
		}
		for kind, want := range map[string][2]int{booking.LoanTable: {2, 1}, booking.OutageTable: {2, 1}} {
			for i, since := range []time.Time{at(0, 8, 0), at(1, 8, 0)} {
				if rows, _ := n.tableSince(n.boss, "amos", kind, since); len(rows) != want[i] {
					t.Errorf("%s since %v: %+v", kind, since, rows)
				}
			}
		}
	})
}
