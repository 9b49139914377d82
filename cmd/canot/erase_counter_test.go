package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/stock"
	"canot/inventory/upkeep"
)

// drawn is a picture that somebody could have signed with.
func drawn(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// borrows leaves marks at the counter: a loan with its signature, pictures and words, a damage, a
// suspension, what a device did, and what Mia wrote as staff.
func (l *life) borrows(hub inventory.Hub) {
	l.t.Helper()
	ctx := l.t.Context()
	unit := l.unitAt(hub)
	lent, err := l.nw.book.WalkIn(ctx, l.admin, booking.WalkIn{Hub: hub.ID, Member: l.mia.ID, Units: []string{unit.ID}, Until: time.Now().Add(time.Hour),
		Title: "zouqxwalkin", Signature: drawn(l.t), Override: "zouqxoverride"}, l.key("walk", l.admin))
	l.ok(err)
	loans, err := l.nw.book.Loans(ctx, l.admin, lent.ID)
	l.ok(err)
	photo, err := files.Prepare(drawn(l.t), files.Photo)
	l.ok(err)
	l.ok(l.nw.book.Photograph(ctx, l.admin, loans[0].ID, files.Out, []files.Prepared{photo}, l.key("photo", l.admin)))
	_, err = l.nw.book.CheckIn(ctx, l.admin, booking.Return{Unit: unit.ID, Condition: "zouqxcondition", Damaged: true, Trouble: "zouqxtrouble"}, l.key("back", l.admin))
	l.ok(err)
	tickets, err := l.nw.upkeep.OfUnit(ctx, l.admin, unit.ID)
	l.ok(err)
	_, err = l.nw.upkeep.Change(ctx, l.admin, tickets[0].ID, upkeep.TicketEdits{Note: "zouqxticketnote"}, l.key("ticket", l.admin))
	l.ok(err)
	_, err = l.nw.upkeep.Report(ctx, l.mia, unit.Code, upkeep.NewTicket{Description: "zouqxreported", Contact: "zouqxcontact"}, l.key("report", l.mia))
	l.ok(err)
	_, err = l.nw.roster.SuspendMember(ctx, l.admin, membership.NewSuspension{MemberID: l.mia.ID, HubID: hub.ID, Cause: membership.SuspendedByStaff, Reason: "zouqxsuspended",
		Until: time.Now().AddDate(0, 0, 7)}, l.key("suspend", l.admin))
	l.ok(err)
	l.card, err = l.nw.directory.Card(ctx, l.mia, l.mia.ID, database.Key{})
	l.ok(err)
	for i, a := range []booking.Act{{Kind: "check_in", Unit: l.card}, {Kind: "check_out", Booking: lent.ID, Unit: "zouqxunit"}, {Kind: "check_out", Booking: lent.ID, Unit: "zouqxnote"}} {
		a.At = time.Now()
		done, err := l.nw.book.CarryOut(ctx, l.admin, hub.ID, a, l.key(fmt.Sprint("act", i), l.admin))
		l.ok(err)
		if done.State != "unsettled" {
			l.t.Fatalf("%+v is %+v", a, done)
		}
		if a.Unit == "zouqxnote" {
			_, err = l.nw.book.SettleAct(ctx, l.admin, done.ActID, false, "zouqxsettled", database.Key{})
			l.ok(err)
		}
	}
	l.worksAt(hub, unit)
}

// unitAt is a unit of equipment at a hub.
func (l *life) unitAt(hub inventory.Hub) inventory.Unit {
	l.t.Helper()
	var ids []string
	l.ok(l.nw.db.Reader(l.t.Context()).Select(&ids, `SELECT u.id FROM units u JOIN resources r ON r.id = u.resource_id WHERE r.hub_id = $1 AND r.kind = 'equipment' ORDER BY u.id LIMIT 1`, hub.ID))
	u, err := l.nw.catalog.Unit(l.t.Context(), ids[0])
	l.ok(err)
	return u
}

// worksAt leaves what Mia wrote as staff.
func (l *life) worksAt(hub inventory.Hub, unit inventory.Unit) {
	l.t.Helper()
	ctx, code, measure := l.t.Context(), "PLA", "g"
	_, err := l.nw.stock.Add(ctx, l.admin, hub.ID, stock.Edits{Code: &code, Measure: &measure, Name: &inventory.Text{"fr": "Filament"}}, database.Key{})
	l.ok(err)
	_, err = l.nw.stock.Move(ctx, l.admin, code, stock.Moving{Kind: "delivery", Quantity: 5, Note: "zouqxmoved"}, l.key("move", l.admin))
	l.ok(err)
	take, err := l.nw.stock.Begin(ctx, l.admin, hub.ID, "", database.Key{})
	l.ok(err)
	_, err = l.nw.stock.Scan(ctx, l.admin, take.ID, l.card, database.Key{})
	l.ok(err)
	_, err = l.nw.book.PlanTransfer(ctx, l.admin, booking.Journey{Unit: unit.ID, To: "amos", LeavesAt: time.Now().AddDate(0, 0, 40), ArrivesAt: time.Now().AddDate(0, 0, 41), Note: "zouqxjourney"}, l.key("journey", l.admin))
	l.ok(err)
	// They were Mia's, who was staff then.
	l.ok(l.nw.db.In(ctx, func(tx *database.Tx) error {
		for _, text := range []string{`UPDATE stock_moves SET by_id = $1`, `UPDATE transfers SET made_by = $1`} {
			if _, err := tx.Exec(text, l.mia.ID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`UPDATE idempotency_keys SET caller = $1 WHERE key IN ('move', 'journey')`, l.mia.ID)
		return err
	}))
}

// filesOfLoans counts the files of loans.
func (l *life) filesOfLoans() (n int) {
	l.t.Helper()
	l.ok(l.nw.db.Reader(l.t.Context()).Get(&n, `SELECT count(*) FROM files WHERE subject_kind = 'loan'`))
	return n
}

// erasure says for every text of the counter's tables what becomes of it when a person is erased: blanked;
// gone, with its row; or why it stays.
var erasure = map[string]string{
	"preventive_rules": "name note: of things",
	"tickets":          "description contact: blanked, where they reported it or it came of their return; reported_by assigned_to: blanked; kind state: words of the program",
	"ticket_notes":     "body: blanked; by_id state: an id, a word of the program",
	"transfers":        "note: blanked, where they planned it; state left_by arrived_by made_by: ids and words of the program",
	"files":            "body name media_type sum kind subject_kind subject_id moment created_by: gone, of their loans and tickets",
	"loans":            "condition_out condition_in signature_id: blanked; missing: figures; out_by back_by: ids",
	"suspensions":      "reason: blanked; cause made_by lifted_by: ids and words of the program",
	"consumables":      "code name measure shelf: of things",
	"stock_moves":      "note: blanked; by_id kind: an id, a word of the program",
	"stocktakes":       "shelf: of things; started_by closed_by: ids",
	"stocktake_scans":  "code: gone, where it is their card; by_id: an id",
	"unsettled_acts":   "args note: blanked; kind code settlement by_id settled_by: ids and words of the program",
	"secrets":          "name secret: of the server",
	"preventive_done":  "figures",
}

// addedTexts are the texts that tables of before have had since: the card is forgotten with the account,
// the others are of things.
var addedTexts = []string{"members.card", "units.shelf", "units.supplier", "units.purchased_on", "units.warranty_until", "units.notes"}

// TestErasureKnowsEveryTextOfTheCounter fails for a table or a column of text of which erasure says nothing.
func TestErasureKnowsEveryTextOfTheCounter(t *testing.T) {
	nw := newLife(t, "sqlite").nw
	raw, err := os.ReadFile("../../migrations/sqlite/0004_counter.sql")
	if err != nil {
		t.Fatal(err)
	}
	script := string(raw)
	for _, m := range regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (\w+) TEXT`).FindAllStringSubmatch(script, -1) {
		if added := m[1] + "." + m[2]; !slices.Contains(addedTexts, added) {
			t.Errorf("what becomes of %s when a person is erased?", added)
		}
	}
	for _, piece := range strings.Split(script, "CREATE TABLE ")[1:] {
		table, _, _ := strings.Cut(piece, " (")
		if strings.HasSuffix(table, "_new") {
			continue // which takes the place of one of before
		}
		said, known := erasure[table]
		if !known {
			t.Errorf("what becomes of %s when a person is erased?", table)
			continue
		}
		words := strings.FieldsFunc(said, func(r rune) bool { return strings.ContainsRune(" :;,", r) })
		var columns []struct {
			Name string `db:"name"`
			Type string `db:"type"`
		}
		if err := nw.db.Reader(t.Context()).Select(&columns, fmt.Sprintf(`SELECT name, type FROM pragma_table_info('%s')`, table)); err != nil {
			t.Fatal(err)
		}
		if len(columns) == 0 {
			t.Errorf("%s has no columns", table)
		}
		for _, c := range columns {
			ofThings := c.Name == "id" || strings.HasSuffix(c.Name, "_id") && c.Name != "signature_id" && c.Name != "by_id"
			if strings.EqualFold(c.Type, "TEXT") && !ofThings && !slices.Contains(words, c.Name) {
				t.Errorf("what becomes of %s.%s when a person is erased?", table, c.Name)
			}
		}
	}
}
