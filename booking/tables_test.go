package booking_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
)

// table takes a file of Amos out, by column.
func (n *network) table(who identity.Actor, hub, kind string) (rows []map[string]string, persons []string) {
	n.t.Helper()
	var out bytes.Buffer
	persons, err := n.book.ExportHub(context.Background(), who, &out, hub, kind)
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
				_, err := n.book.ExportHub(ctx, who, &out, "amos", kind)
				wantCodes(t, err, codes)
				if out.Len() > 0 {
					t.Errorf("%s: %s", kind, out.String())
				}
			}
		}
		_, err = n.book.ExportHub(ctx, n.boss, &strings.Builder{}, "amos", "signatures")
		wantCodes(t, err, "bad_value")
	})
}
