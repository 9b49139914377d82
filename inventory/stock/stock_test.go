package stock_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/stock"
)

var (
	ctx   = context.Background()
	noKey = database.Key{}
)

func ptr[T any](v T) *T { return &v }

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected: %v %+v", err, fault.Of(err))
		}
		return v
	}
}

func codeOf(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	if len(f.Violations) > 0 {
		return f.Violations[0].Code
	}
	return f.Code
}

// A shop is two hubs with units on shelves, and staff.
type shop struct {
	t       *testing.T
	db      *database.DB
	catalog *inventory.Catalog
	room    *stock.Room
	amos    inventory.Hub
	valdor  inventory.Hub
	anne    identity.Actor // staff of amos
	boss    identity.Actor // manager of amos
	paul    identity.Actor // staff of val-dor
	zoe     identity.Actor // a member
}

func onEach(t *testing.T, f func(t *testing.T, s *shop)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, newShop(t, dbtest.Open(t, engine, database.Settings{})))
		})
	}
}

func newShop(t *testing.T, db *database.DB) *shop {
	s := &shop{t: t, db: db, catalog: inventory.New(db)}
	s.room = stock.New(db, s.catalog)
	s.put("hubs", "slug,region,operator,name_fr,latitude,longitude,time_zone,suspend_days\namos,nord,coop,Hub d’Amos,48.5,-78.1,America/Toronto,14\nval-dor,nord,coop,Hub de Val-d’Or,48.1,-77.8,America/Toronto,14\n")
	s.put("resources", "hub,kind,category,name_fr\namos,equipment,camera,Caméra\nval-dor,equipment,camera,Trépied\n")
	s.amos, s.valdor = must[inventory.Hub](t)(s.catalog.Hub(ctx, "amos")), must[inventory.Hub](t)(s.catalog.Hub(ctx, "val-dor"))
	s.put("units", "resource,code,shelf\namos-camera,CAM-01,A1\namos-camera,CAM-02,A1\namos-camera,CAM-03,B2\namos-camera,CAM-04,\nval-dor-trepied,TRE-01,A1\n")
	at := func(id string, role identity.Role, hub inventory.Hub) identity.Actor {
		return identity.Actor{ID: id, Grants: []identity.Grant{{Role: role, HubID: hub.ID}}}
	}
	s.anne, s.boss, s.paul, s.zoe = at("anne", identity.Staff, s.amos), at("boss", identity.Manager, s.amos), at("paul", identity.Staff, s.valdor), identity.Actor{ID: "zoe"}
	return s
}

func (s *shop) put(kind, rows string) {
	s.t.Helper()
	r := must[inventory.Report](s.t)(s.catalog.Import(ctx, identity.System, strings.NewReader(rows), inventory.ImportOptions{Kind: kind}))
	if r.Refused > 0 {
		s.t.Fatalf("%s: %+v", kind, r.Lines)
	}
}

// paper is a consumable with so much in stock, of which staff are told at 10.
func (s *shop) paper(n int64) stock.Consumable {
	s.t.Helper()
	c := must[stock.Consumable](s.t)(s.room.Add(ctx, s.boss, "amos", stock.Edits{Code: ptr("PAP"), Name: &inventory.Text{"fr": "Papier", "en": "Paper"}, Measure: ptr("feuille"), Low: ptr(int64(10))}, noKey))
	if n > 0 {
		must[stock.Move](s.t)(s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: stock.Delivery, Quantity: n}, noKey))
	}
	return c
}

func (s *shop) stock() int64 {
	s.t.Helper()
	return must[stock.Consumable](s.t)(s.room.Consumable(ctx, s.anne, "PAP")).Stock
}

func (s *shop) notices() int {
	s.t.Helper()
	var n int
	if err := s.db.Reader(ctx).Get(&n, `SELECT COUNT(*) FROM jobs WHERE kind = 'notice' AND args LIKE '%stock.low%'`); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *shop) sound() {
	s.t.Helper()
	if found := must[[]inventory.Finding](s.t)(s.room.Check(ctx)); len(found) > 0 {
		s.t.Errorf("%+v", found)
	}
}

func TestStockIsTheSumOfWhatChangedIt(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(100)
		for _, m := range []stock.Moving{{stock.Used, 30, ""}, {stock.Loss, 5, "mouillé"}, {stock.Count, 60, ""}, {stock.Count, 0, ""}, {stock.Delivery, 7, ""}} {
			must[stock.Move](t)(s.room.Move(ctx, s.anne, "PAP", m, noKey))
		}
		c, moves, err := s.room.Moves(ctx, s.anne, "PAP", 10, 0)
		if err != nil || c.Stock != 7 || len(moves) != 6 {
			t.Fatalf("%+v %+v %v", c, moves, err)
		}
		for _, bad := range []struct {
			m    stock.Moving
			code string
		}{{stock.Moving{Kind: stock.Used, Quantity: 8}, "stock_short"}, {stock.Moving{Kind: stock.Loss, Quantity: 8}, "stock_short"}, {stock.Moving{Kind: stock.Used}, "out_of_range"},
			{stock.Moving{Kind: stock.Used, Quantity: -1}, "out_of_range"}, {stock.Moving{Kind: stock.Count, Quantity: -1}, "out_of_range"}, {stock.Moving{Kind: stock.Delivery, Quantity: 1 << 60}, "out_of_range"},
			{stock.Moving{Kind: "theft", Quantity: 1}, "bad_value"}, {stock.Moving{Kind: stock.Used, Quantity: 1, Note: "a\x00"}, "bad_text"}} {
			if _, err := s.room.Move(ctx, s.anne, "PAP", bad.m, noKey); codeOf(err) != bad.code {
				t.Errorf("%+v: %v, want %s", bad.m, err, bad.code)
			}
		}
		if s.stock() != 7 {
			t.Errorf("%d left", s.stock())
		}
		s.sound()
	})
}

// TestAMoveIsWrittenOnceUnderItsKey: a form that is sent twice counts once.
func TestAMoveIsWrittenOnceUnderItsKey(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(50)
		key := database.Key{Caller: "anne", Key: "k", Hash: "h"}
		one := must[stock.Move](t)(s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: stock.Used, Quantity: 5}, key))
		two := must[stock.Move](t)(s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: stock.Used, Quantity: 5}, key))
		if one.ID != two.ID || s.stock() != 45 {
			t.Errorf("%s %s, %d left", one.ID, two.ID, s.stock())
		}
	})
}

// TestManyTakeFromOneStockAtOnce: two hundred want one each of a hundred.
func TestManyTakeFromOneStockAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		c := s.paper(100)
		var got, short atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				err := s.db.In(ctx, func(tx *database.Tx) error { return stock.Use(tx, s.anne, s.amos.ID, c.ID, 1, "", "") })
				switch codeOf(err) {
				case "":
					if err != nil {
						t.Error(err)
					}
					got.Add(1)
				case "stock_short":
					short.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got.Load() != 100 || short.Load() != 100 || s.stock() != 0 || s.notices() != 1 {
			t.Errorf("%d got one, %d did not, %d left, %d notices", got.Load(), short.Load(), s.stock(), s.notices())
		}
		s.sound()
	})
}

func TestAUseThatIsUndoneTakesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		c := s.paper(20)
		undo := errors.New("undo")
		if err := s.db.In(ctx, func(tx *database.Tx) error {
			return errors.Join(stock.Use(tx, s.anne, s.amos.ID, c.Code, 15, "", ""), undo)
		}); !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if s.stock() != 20 || s.notices() != 0 {
			t.Errorf("%d left, %d notices", s.stock(), s.notices())
		}
		s.sound()
	})
}

func TestStaffAreToldOnceOfEachFall(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(12)
		for _, step := range []struct {
			kind     string
			quantity int64
			notices  int
		}{{stock.Used, 1, 0}, {stock.Used, 1, 1}, {stock.Used, 1, 1}, {stock.Delivery, 1, 1}, {stock.Delivery, 5, 1}, {stock.Loss, 10, 2}, {stock.Count, 30, 2}, {stock.Count, 3, 3}} {
			must[stock.Move](t)(s.room.Move(ctx, s.anne, "PAP", stock.Moving{Kind: step.kind, Quantity: step.quantity}, noKey))
			if got := s.notices(); got != step.notices {
				t.Errorf("%+v: %d notices", step, got)
			}
		}
	})
}

func TestConsumablesAreTheHubsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(5)
		_, _, paul := s.room.Moves(ctx, s.paul, "PAP", 1, 0)
		_, zoe := s.room.Consumable(ctx, s.zoe, "PAP")
		_, nobody := s.room.Consumables(ctx, identity.Actor{}, "amos")
		_, add := s.room.Add(ctx, s.anne, "amos", stock.Edits{Code: ptr("X"), Name: &inventory.Text{"fr": "X"}, Measure: ptr("g")}, noKey)
		_, edit := s.room.Edit(ctx, s.anne, "PAP", stock.Edits{Low: ptr(int64(1))}, noKey)
		_, move := s.room.Move(ctx, s.paul, "PAP", stock.Moving{Kind: stock.Used, Quantity: 1}, noKey)
		for name, got := range map[string]fault.Kind{"paul": fault.KindOf(paul), "zoe": fault.KindOf(zoe), "move": fault.KindOf(move)} {
			if got != fault.NotFound {
				t.Errorf("%s: %s", name, got)
			}
		}
		if fault.KindOf(nobody) != fault.Unauthenticated || fault.KindOf(add) != fault.Forbidden || fault.KindOf(edit) != fault.Forbidden {
			t.Errorf("%v %v %v", nobody, add, edit)
		}
		_, twin := s.room.Add(ctx, s.boss, "amos", stock.Edits{Code: ptr("PAP"), Name: &inventory.Text{"fr": "X"}, Measure: ptr("g")}, noKey)
		_, empty := s.room.Add(ctx, s.boss, "amos", stock.Edits{}, noKey)
		_, stale := s.room.Edit(ctx, s.boss, "PAP", stock.Edits{IfVersion: 9, Low: ptr(int64(1))}, noKey)
		if codeOf(twin) != "code_taken" || codeOf(empty) != "required" || fault.KindOf(stale) != fault.Stale {
			t.Errorf("%v %v %v", twin, empty, stale)
		}
	})
}

// sql writes what other packages write: loans, journeys, what is lost.
func (s *shop) sql(query string, args ...any) {
	s.t.Helper()
	if err := s.db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) unit(code string) inventory.Unit {
	s.t.Helper()
	return must[inventory.Unit](s.t)(s.catalog.Unit(ctx, code))
}

func codesOf(items []stock.Item) string {
	var all []string
	for _, i := range items {
		all = append(all, i.Code+" "+i.State)
	}
	return strings.Join(all, ", ")
}

func TestAWalkAlongAShelfSaysWhatIsThereAndWhatIsNot(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		for _, text := range []string{"cam-01", " http://canot.example/u/CAM-03 ", "CAM-04", "TRE-01", "NOPE-9", "CAM-01"} {
			got := must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, text, noKey))
			if got.Already != (text == "CAM-01") {
				t.Errorf("%s: %+v", text, got)
			}
		}
		_, tally, err := s.room.Stocktake(ctx, s.anne, take.ID)
		if err != nil || codesOf(tally.Found) != "CAM-01 found" || codesOf(tally.Missing) != "CAM-02 missing" ||
			codesOf(tally.Wrong) != "CAM-03 other_shelf, CAM-04 other_shelf, TRE-01 other_hub, NOPE-9 unknown" {
			t.Fatalf("found %s; missing %s; wrong %s; %v", codesOf(tally.Found), codesOf(tally.Missing), codesOf(tally.Wrong), err)
		}
		if err := s.room.Unscan(ctx, s.anne, take.ID, "NOPE-9", noKey); err != nil {
			t.Fatal(err)
		}
		must[stock.Stocktake](t)(s.room.Close(ctx, s.anne, take.ID, stock.Closing{Shelve: []string{s.unit("CAM-03").ID, s.unit("TRE-01").ID}}, noKey))
		if a, b, c := s.unit("CAM-03"), s.unit("CAM-04"), s.unit("TRE-01"); a.Shelf != "A1" || b.Shelf != "" || c.CurrentHubID != s.valdor.ID {
			t.Errorf("%q %q %q", a.Shelf, b.Shelf, c.CurrentHubID)
		}
		for what, err := range map[string]error{
			"scan":  second(s.room.Scan(ctx, s.anne, take.ID, "CAM-02", noKey)),
			"close": second(s.room.Close(ctx, s.anne, take.ID, stock.Closing{}, noKey)),
			"take":  s.room.Unscan(ctx, s.anne, take.ID, "CAM-01", noKey),
		} {
			if codeOf(err) != "stocktake_closed" {
				t.Errorf("%s: %v", what, err)
			}
		}
		s.sound()
	})
}

func second[T any](_ T, err error) error { return err }

// TestALabelOnAShelfIsItsOwnUnits, whatever a piece of its code names.
func TestALabelOnAShelfIsItsOwnUnits(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.sql(`UPDATE units SET code = 'AM TEST 201' WHERE code = 'CAM-01'`)
		s.sql(`UPDATE units SET code = '201' WHERE code = 'CAM-02'`)
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		for text, want := range map[string]string{
			"https://canot.example/u/AM%20TEST%20201": "AM TEST 201 found", "https:éécanot.exampleéuéAM%20TEST%20201": "AM TEST 201 found", "am test 201": "AM TEST 201 found",
			"https://canot.example/u/201": "201 found", "https://canot.example/u/NO%20201": "NO 201 unknown",
		} {
			if got := must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, text, noKey)).Item; got.Code+" "+got.State != want {
				t.Errorf("%q is %s %s, want %s", text, got.Code, got.State, want)
			}
		}
	})
}

// TestWhatIsUsedIsTheHubsOwn: who knows the code of another hub's consumable takes nothing of it, and is
// not told how much there is.
func TestWhatIsUsedIsTheHubsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		c := s.paper(50)
		for _, key := range []string{c.ID, c.Code} {
			for _, n := range []int64{7, 5000} {
				err := s.db.In(ctx, func(tx *database.Tx) error { return stock.Use(tx, s.paul, s.valdor.ID, key, n, "", "") })
				if !fault.Is(err, "consumable_not_found") {
					t.Errorf("%s %d: %v", key, n, err)
				}
			}
		}
		if n := s.stock(); n != 50 {
			t.Errorf("%d are left", n)
		}
	})
}

// TestAUnitThatIsElsewhereIsNotMissed, but is told when it is found on the shelf all the same.
func TestAUnitThatIsElsewhereIsNotMissed(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		now := s.db.Now()
		s.sql(`INSERT INTO maintenances (id, unit_id, cause, starts_at, reason, open, made_by, created_at, version) VALUES ('m', $1, 'lost', $2, '', true, 'x', $2, 1)`, s.unit("CAM-01").ID, now)
		s.sql(`INSERT INTO transfers (id, unit_id, from_hub_id, to_hub_id, to_resource_id, state, leaves_at, arrives_at, made_by, created_at, changed_at) VALUES ('t', $1, $2, $3, $4, 'on_the_road', $5, $6, 'x', $5, $5)`,
			s.unit("CAM-02").ID, s.amos.ID, s.valdor.ID, s.unit("TRE-01").ResourceID, now, now.AddDate(0, 0, 1))
		s.sql(`UPDATE units SET status = 'retired' WHERE code = 'CAM-03'`)
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		_, tally, _ := s.room.Stocktake(ctx, s.anne, take.ID)
		if codesOf(tally.Missing) != "CAM-04 missing" {
			t.Errorf("missing %s", codesOf(tally.Missing))
		}
		for _, code := range []string{"CAM-01", "CAM-02", "CAM-03", "CAM-04"} {
			must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, code, noKey))
		}
		_, tally, _ = s.room.Stocktake(ctx, s.anne, take.ID)
		if codesOf(tally.Wrong) != "CAM-01 lost, CAM-02 on_the_road, CAM-03 retired" || codesOf(tally.Found) != "CAM-04 found" || len(tally.Missing) > 0 {
			t.Errorf("wrong %s; found %s; missing %s", codesOf(tally.Wrong), codesOf(tally.Found), codesOf(tally.Missing))
		}
	})
}

func TestStocktakesAreForTheHubsStaff(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		for who, a := range map[string]identity.Actor{"paul": s.paul, "zoe": s.zoe} {
			_, _, read := s.room.Stocktake(ctx, a, take.ID)
			scan := second(s.room.Scan(ctx, a, take.ID, "CAM-01", noKey))
			shut := second(s.room.Close(ctx, a, take.ID, stock.Closing{}, noKey))
			if fault.KindOf(read) != fault.NotFound || fault.KindOf(scan) != fault.NotFound || fault.KindOf(shut) != fault.NotFound {
				t.Errorf("%s: %v %v %v", who, read, scan, shut)
			}
		}
		for _, text := range []string{"", "\x00", strings.Repeat("é", 5000)} {
			if _, err := s.room.Scan(ctx, s.anne, take.ID, text, noKey); (err == nil) != (len(text) > 1) {
				t.Errorf("%.10q: %v", text, err)
			}
		}
	})
}

func TestStocktakesComeOutAsAFile(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		shut := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, shut.ID, "CAM-03", noKey))
		must[stock.Stocktake](t)(s.room.Close(ctx, s.anne, shut.ID, stock.Closing{}, noKey))
		open := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		for _, text := range []string{"CAM-01", "CAM-03", "TRE-01", "-NOPE"} {
			must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, open.ID, text, noKey))
		}
		states := func(id string) string {
			var out bytes.Buffer
			if err := s.room.ExportTakes(ctx, s.boss, &out, "amos", id, time.Time{}); err != nil {
				t.Fatal(err)
			}
			records, err := csv.NewReader(&out).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, r := range records[1:] { // taken_shelf, state, code
				said = append(said, strings.Join(r[2:5], " "))
			}
			slices.Sort(said)
			return strings.Join(said, ", ")
		}
		one := "A1 found CAM-01, A1 missing CAM-02, A1 other_hub TRE-01, A1 other_shelf CAM-03, A1 unknown '-NOPE"
		if got := states(open.ID); got != one {
			t.Errorf("one: %s", got)
		}
		if got := states(""); got != " found CAM-03, "+one {
			t.Errorf("all: %s", got)
		}
		for who, by := range map[string]identity.Actor{"staff": s.anne, "staff of another hub": s.paul, "a member": s.zoe} {
			if err := s.room.ExportTakes(ctx, by, &bytes.Buffer{}, "amos", "", time.Time{}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v", who, err)
			}
		}
		if err := s.room.ExportTakes(ctx, s.boss, &bytes.Buffer{}, "val-dor", "", time.Time{}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("of another hub: %v", err)
		}
	})
}

// What is long past comes out only when it is asked for; what is not closed always does, and what is
// missing of a shelf is said once, however often somebody began there.
func TestFilesAreOfATime(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(40)
		shut := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, shut.ID, "CAM-03", noKey))
		must[stock.Stocktake](t)(s.room.Close(ctx, s.anne, shut.ID, stock.Closing{}, noKey))
		first := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		takes := func(id string, since time.Time) string {
			var out bytes.Buffer
			if err := s.room.ExportTakes(ctx, s.boss, &out, "amos", id, since); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		now := s.db.Now()
		for id, want := range map[string]int{"": 2, first.ID: 2, shut.ID: 0} {
			if got := strings.Count(takes(id, now.Add(time.Hour)), "missing"); got != want {
				t.Errorf("%q: %d lines of what is missing, want %d", id, got, want)
			}
		}
		for id, want := range map[string]bool{"": false, shut.ID: true} {
			if got := strings.Contains(takes(id, now.Add(time.Hour)), "found"); got != want {
				t.Errorf("%q: what was closed before comes out: %t", id, got)
			}
		}
		for since, want := range map[time.Time]int{now.Add(-time.Hour): 2, now.Add(time.Hour): 1} {
			var out bytes.Buffer
			if err := s.room.Export(ctx, s.boss, &out, "amos", true, since); err != nil || strings.Count(out.String(), "\n") != want {
				t.Errorf("since %v: %v %s", since, err, out.String())
			}
		}
	})
}

// What stands on another hub's shelf is nobody's to read here, and a code of two consumables is one line.
func TestAStocktakeKnowsTheStockOfItsHub(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		add := func(hub, code, name string) {
			must[stock.Consumable](t)(s.room.Add(ctx, identity.System, hub, stock.Edits{Code: &code, Name: &inventory.Text{"fr": name}, Measure: ptr("g")}, noKey))
		}
		add("val-dor", "SECRET", "Encre d’à côté")
		s.paper(0)
		add("amos", "PAP2", "Papier")
		if err := s.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE consumables SET code = 'pap' WHERE code = 'PAP2'`) // as before codes were folded
			return err
		}); err != nil {
			t.Fatal(err)
		}
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "A1", noKey))
		for _, code := range []string{"SECRET", "PAP"} {
			must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, code, noKey))
		}
		_, tally, err := s.room.Stocktake(ctx, s.anne, take.ID)
		if err != nil || len(tally.Wrong) != 2 || tally.Wrong[0].State != stock.OfStock || tally.Wrong[1].State != stock.Unknown || len(tally.Wrong[1].Name) > 0 {
			t.Errorf("%+v %v", tally.Wrong, err)
		}
		var out bytes.Buffer
		if err := s.room.ExportTakes(ctx, s.boss, &out, "amos", take.ID, time.Time{}); err != nil || !strings.Contains(out.String(), "unknown,SECRET") || !strings.Contains(out.String(), "stock,PAP") {
			t.Errorf("%v %s", err, out.String())
		}
	})
}

func TestConsumablesGoOutAndComeBackAsTheyWere(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(40)
		file := "code,name_fr,measure,stock,low\nENC,=Encre,ml,250,50\nPAP,Papier,feuille,35,10\nBAD,,g,1,0\nX,X,g,-1,0\n"
		for _, dry := range []bool{true, false, false} {
			r := must[inventory.Report](t)(s.room.Import(ctx, s.boss, "amos", strings.NewReader(file), dry))
			want := inventory.Report{Created: 1, Changed: 1, Refused: 2}
			if got := s.stock(); got == 35 && r.Created == 0 {
				want.Created, want.Changed, want.Unchanged = 0, 0, 2
			}
			if r.Created != want.Created || r.Changed != want.Changed || r.Unchanged != want.Unchanged || r.Refused != 2 {
				t.Errorf("dry %t: %+v", dry, r)
			}
		}
		var out, moves bytes.Buffer
		if err := s.room.Export(ctx, s.boss, &out, "amos", false, time.Time{}); err != nil || !strings.Contains(out.String(), "ENC,'=Encre,,ml,,250,50,no") || !strings.Contains(out.String(), "PAP,Papier,Paper,feuille,,35,10,no") {
			t.Errorf("%v\n%s", err, out.String())
		}
		if err := s.room.Export(ctx, s.boss, &moves, "amos", true, time.Time{}); err != nil || strings.Count(moves.String(), "\n") != 4 {
			t.Errorf("%v\n%s", err, moves.String())
		}
		r := must[inventory.Report](t)(s.room.Import(ctx, s.boss, "amos", &out, false))
		if r.Unchanged != 2 || r.Refused+r.Changed+r.Created > 0 {
			t.Errorf("put back: %+v", r)
		}
		if _, err := s.room.Import(ctx, s.anne, "amos", strings.NewReader(file), false); fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
		if _, err := s.room.Import(ctx, s.boss, "val-dor", strings.NewReader(file), false); fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
		s.sound()
	})
}

// A guide is a person and a room stands on no shelf: neither is missed. The label of a consumable is
// said to be one.
func TestAWalkMissesOnlyWhatStandsOnShelves(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.put("resources", "hub,kind,category,name_fr,units\namos,guide,camera,Accompagnement,1\namos,space,camera,Studio,1\namos,machine,camera,Presse,1\n")
		s.paper(5)
		take := must[stock.Stocktake](t)(s.room.Begin(ctx, s.anne, "amos", "", noKey))
		if got := must[stock.Scanned](t)(s.room.Scan(ctx, s.anne, take.ID, "pap", noKey)); got.Item.State != stock.OfStock || got.Item.Name["fr"] != "Papier" {
			t.Errorf("%+v", got)
		}
		_, tally, err := s.room.Stocktake(ctx, s.anne, take.ID)
		if err != nil || codesOf(tally.Missing) != "AMO-PRESSE-01 missing, CAM-01 missing, CAM-02 missing, CAM-03 missing, CAM-04 missing" || codesOf(tally.Wrong) != "PAP stock" {
			t.Errorf("%s, %s, %v", codesOf(tally.Missing), codesOf(tally.Wrong), err)
		}
	})
}

// A consumable's code is one thing only, however it is written.
func TestAConsumablesCodeIsNobodyElses(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.paper(0)
		add := func(code string) string {
			_, err := s.room.Add(ctx, s.boss, "amos", stock.Edits{Code: &code, Name: &inventory.Text{"fr": "X"}, Measure: ptr("g")}, noKey)
			return codeOf(err)
		}
		for code, want := range map[string]string{"pap": "code_taken", "cam-01": "code_taken", "K7QM-3XPD": "unit_code_like_another", "É": "bad_unit_code", "enc-1": ""} {
			if got := add(code); got != want {
				t.Errorf("%s: %q", code, got)
			}
		}
		if c := must[stock.Consumable](t)(s.room.Consumable(ctx, s.anne, "enc-1")); c.Code != "ENC-1" {
			t.Errorf("%+v", c)
		}
		if _, err := s.room.Edit(ctx, s.boss, "PAP", stock.Edits{Code: ptr("cam-02")}, noKey); codeOf(err) != "code_taken" {
			t.Error(err)
		}
		if _, err := s.catalog.UpdateUnit(ctx, identity.System, "CAM-03", inventory.UnitEdits{Code: ptr("pap")}, noKey); codeOf(err) != "code_taken" {
			t.Error(err)
		}
	})
}
