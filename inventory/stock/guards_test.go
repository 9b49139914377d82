package stock_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/stock"
)

// in does something in a transaction, as a step of another verb.
func (s *shop) in(step func(tx *database.Tx) error) error {
	return s.db.In(ctx, step)
}

// count reads one figure.
func (s *shop) count(query string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.Reader(ctx).Get(&n, query, args...); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestAUseIsOfSomething(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		c := s.paper(20)
		for quantity, code := range map[int64]string{0: "out_of_range", -5: "out_of_range", 1 << 60: "out_of_range", 21: "stock_short"} {
			if err := s.in(func(tx *database.Tx) error { return stock.Use(tx, s.anne, s.amos.ID, c.ID, quantity, "", "") }); codeOf(err) != code {
				t.Errorf("%d: %v, want %s", quantity, err, code)
			}
		}
		if _, err := s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: stock.Used, Quantity: 1, Note: strings.Repeat("é", 501)}, noKey); codeOf(err) != "text_too_long" {
			t.Error(err)
		}
		if n := s.count(`SELECT count(*) FROM changes WHERE subject_id = $1 AND action LIKE 'stock.%'`, c.ID); s.stock() != 20 || n != 1 {
			t.Errorf("%d left, %d changes in the log", s.stock(), n)
		}
		s.sound()
	})
}

// Who counts at the same time comes to the same: a count says how much there is, not how much less.
func TestManyCountAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(100)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if _, err := s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: stock.Count, Quantity: 60}, noKey); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s.stock() != 60 {
			t.Errorf("all have counted 60, and there are %d", s.stock())
		}
		s.sound()
	})
}

// What the hub's staff may read and write, those of another hub may not, nor who only hands out there edit.
func TestWhatIsInStockIsForTheHubsStaff(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(5)
		for name, by := range map[string]identity.Actor{"paul": s.paul, "zoe": s.zoe, "nobody": {}} {
			_, one := s.room.Consumable(ctx, by, "PAP")
			_, _, moves := s.room.Moves(ctx, by, "PAP", 9, 0)
			_, list := s.room.Consumables(ctx, by, "amos")
			_, takes := s.room.Stocktakes(ctx, by, "amos")
			_, begin := s.room.Begin(ctx, by, "amos", "", noKey)
			_, edit := s.room.Edit(ctx, by, "PAP", stock.Edits{Low: ptr(int64(1))}, noKey)
			for what, err := range map[string]error{"one": one, "moves": moves, "list": list, "stock-takings": takes, "begin": begin, "edit": edit} {
				if kind := fault.KindOf(err); kind != fault.NotFound && kind != fault.Forbidden && kind != fault.Unauthenticated {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
		}
	})
}

// Closing a stock-taking puts on the shelf what stands there and belongs on another, and nothing else.
func TestClosingShelvesOnlyWhatStandsThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.sql(`INSERT INTO maintenances (id, unit_id, cause, starts_at, reason, open, made_by, created_at, version) VALUES ('m', $1, 'lost', $2, '', true, 'x', $2, 1)`, s.unit("CAM-03").ID, s.db.Now())
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "C9", noKey))
		for _, code := range []string{"CAM-01", "CAM-03", "TRE-01"} {
			must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, code, noKey))
		}
		all := []string{s.unit("CAM-01").ID, s.unit("CAM-02").ID, s.unit("CAM-03").ID, s.unit("TRE-01").ID}
		if _, err := s.room.Close(ctx, s.anne, take.ID, stock.Closing{IfVersion: 7, Shelve: all}, noKey); fault.KindOf(err) != fault.Stale {
			t.Errorf("by who has seen another version: %v", err)
		}
		must[stock.Stocktake](t)(s.room.Close(ctx, s.anne, take.ID, stock.Closing{IfVersion: 1, Shelve: all}, noKey))
		var shelves []string
		for _, code := range []string{"CAM-01", "CAM-02", "CAM-03", "TRE-01"} {
			shelves = append(shelves, s.unit(code).Shelf)
		}
		if !slices.Equal(shelves, []string{"C9", "A1", "B2", "A1"}) {
			t.Errorf("they stand on %v", shelves)
		}
	})
}

func TestAStocktakingHasABound(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		s.sql(`INSERT INTO stocktake_scans (stocktake_id, code, at, by_id)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT $1, 'X' || CAST(i AS text), $2, 'anne' FROM n`, take.ID, s.db.Now())
		if _, err := s.room.Scan(ctx, s.anne, take.ID, "CAM-01", noKey); codeOf(err) != "too_many_items" {
			t.Error(err)
		}
	})
}

// Of somebody who is forgotten, what they wrote and what was written of their bookings goes, and their card.
func TestForgettingTakesNotesAndTheCard(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		people := identity.New(s.db)
		gone := must[identity.Member](t)(people.CreateMember(ctx, identity.System, identity.NewMember{Name: "Rosalie", Language: "fr"}))
		s.sql(`UPDATE members SET card = 'M-ABCD1234' WHERE id = $1`, gone.ID)
		s.paper(20)
		for by, note := range map[string]string{gone.ID: "pour ma fille", "anne": "mouillé"} {
			clerk := identity.Actor{ID: by, Grants: s.anne.Grants}
			must[stock.Move](t)(s.room.Move(ctx, clerk, "PAP", stock.Moving{Kind: stock.Used, Quantity: 1, Note: note}, noKey))
		}
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		for _, code := range []string{"M-ABCD1234", "NOPE-9", "CAM-01"} {
			must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, code, noKey))
		}
		if err := s.in(func(tx *database.Tx) error { return stock.Forget(tx, gone.ID) }); err != nil {
			t.Fatal(err)
		}
		if n := s.count(`SELECT count(*) FROM stock_moves WHERE note <> ''`); n != 1 {
			t.Errorf("%d notes are left, want that of staff", n)
		}
		if n := s.count(`SELECT count(*) FROM stocktake_scans`); n != 2 {
			t.Errorf("%d scans are left, want those of things", n)
		}
		s.sound()
	})
}

func TestCheckSeesStockThatIsNotItsSum(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		c := s.paper(20)
		s.sql(`UPDATE consumables SET stock = 19 WHERE id = $1`, c.ID)
		if found := must[[]inventory.Finding](t)(s.room.Check(ctx)); len(found) != 1 || found[0].Code != "stock_differs" || found[0].Subject != c.ID {
			t.Errorf("%+v", found)
		}
		if err := s.in(func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE consumables SET stock = -1 WHERE id = $1`, c.ID)
			return err
		}); err == nil {
			t.Error("the data base itself takes a stock below zero")
		}
	})
}
