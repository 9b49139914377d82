package stock

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Stocktake is one walk along a shelf of a hub, or along all of it, with what was scanned there.
type Stocktake struct {
	ID        string     `db:"id" json:"id"`
	HubID     string     `db:"hub_id" json:"hub"`
	Shelf     string     `db:"shelf" json:"shelf"` // "" for the whole hub
	StartedAt time.Time  `db:"started_at" json:"started_at"`
	StartedBy string     `db:"started_by" json:"started_by"`
	ClosedAt  *time.Time `db:"closed_at" json:"closed_at"`
	ClosedBy  string     `db:"closed_by" json:"closed_by"`
	Version   int64      `db:"version" json:"version"`

	ByName  string `db:"by_name" json:"-"`       // who began it; "" once their account is gone
	Scanned int    `db:"scanned" json:"scanned"` // how many codes
}

// Why a unit that was scanned does not belong on that shelf. Found is that it does.
const (
	Found      = "found"
	OtherShelf = "other_shelf"
	OtherHub   = "other_hub"
	IsOut      = "out"         // the book says that somebody has it
	OnTheRoad  = "on_the_road" // the book says that it is on its way elsewhere
	WasLost    = "lost"
	Retired    = "retired"
	Unknown    = "unknown" // no unit has that code
	OfStock    = "stock"   // it is the code of a consumable of the hub, which is counted elsewhere
	Missing    = "missing" // it should be there and was not scanned
)

// An Item is one line of a stock-taking: a unit that was scanned or that should have been, or a code
// that no unit has.
type Item struct {
	State  string         `json:"state"`
	UnitID string         `db:"unit_id" json:"unit,omitempty"`
	Code   string         `db:"code" json:"code"`
	Name   inventory.Text `db:"name" json:"-"` // of its resource
	Shelf  string         `db:"shelf" json:"shelf,omitempty"`
	HubID  string         `db:"hub_id" json:"hub,omitempty"` // where the book has it
	Hub    inventory.Text `db:"hub_name" json:"-"`
	At     *time.Time     `db:"at" json:"at,omitempty"` // when it was scanned

	Status  string `db:"status" json:"-"`
	Out     bool   `db:"is_out" json:"-"`
	Journey bool   `db:"on_road" json:"-"`
	Lost    bool   `db:"is_lost" json:"-"`
	Home    string `db:"home_hub_id" json:"-"`
}

// A Tally is what a stock-taking came to: found, missing, and what is in the wrong place or unknown.
type Tally struct {
	Found, Missing, Wrong []Item
}

const mostScans = 5000

const selectTakes = `
	SELECT t.id, t.hub_id, t.shelf, t.started_at, t.started_by, t.closed_at, t.closed_by, t.version, COALESCE(p.name, '') AS by_name,
	       (SELECT COUNT(*) FROM stocktake_scans s WHERE s.stocktake_id = t.id) AS scanned
	FROM stocktakes t LEFT JOIN members p ON p.id = t.started_by `

// Stocktakes lists the latest stock-takings of a hub (id or slug) to its staff, those that are not
// closed first.
func (m *Room) Stocktakes(ctx context.Context, by identity.Actor, hubKey string) ([]Stocktake, error) {
	hub, err := m.staffed(ctx, by, identity.HandOut, hubKey)
	if err != nil {
		return nil, err
	}
	all := []Stocktake{}
	err = m.db.Reader(ctx).Select(&all, selectTakes+`WHERE t.hub_id = $1 ORDER BY CASE WHEN t.closed_at IS NULL THEN 0 ELSE 1 END, t.started_at DESC, t.id DESC LIMIT 30`, hub.ID)
	return all, err
}

// Shelves lists the shelves of a hub that some unit stands on.
func (m *Room) Shelves(ctx context.Context, hubID string) ([]string, error) {
	var all []string
	err := m.db.Reader(ctx).Select(&all, `SELECT DISTINCT shelf FROM units WHERE current_hub_id = $1 AND shelf <> '' AND status = 'in_service' ORDER BY shelf`, hubID)
	return all, err
}

// Begin begins to take stock of a shelf of a hub, "" for all of it, by its staff.
func (m *Room) Begin(ctx context.Context, by identity.Actor, hubKey, shelf string, k database.Key) (Stocktake, error) {
	hub, err := m.staffed(ctx, by, identity.HandOut, hubKey)
	if err != nil {
		return Stocktake{}, err
	}
	shelf = strings.TrimSpace(shelf)
	if inventory.Unwritable(shelf, false) || utf8.RuneCountInString(shelf) > maxShelf {
		return Stocktake{}, fault.Field("shelf", "bad_text")
	}
	return once(ctx, m.db, k, func(tx *database.Tx) (Stocktake, error) {
		t := Stocktake{ID: database.NewID(), HubID: hub.ID, Shelf: shelf, StartedAt: tx.Now, StartedBy: by.ID, Version: 1}
		if _, err := tx.Exec(`INSERT INTO stocktakes (id, hub_id, shelf, started_at, started_by, version) VALUES ($1, $2, $3, $4, $5, 1)`,
			t.ID, t.HubID, t.Shelf, t.StartedAt, t.StartedBy); err != nil {
			return Stocktake{}, err
		}
		return t, tx.Record(database.Change{By: by.ID, Action: "stocktake.begin", Kind: "stocktake", Subject: t.ID, After: map[string]any{"hub": t.HubID}})
	})
}

// Stocktake returns one with what it has come to, to staff of its hub. What is missing from one that
// is closed is no longer said: units have moved since.
func (m *Room) Stocktake(ctx context.Context, by identity.Actor, id string) (Stocktake, Tally, error) {
	r := m.db.Reader(ctx)
	t, err := findTake(r, by, id)
	if err != nil {
		return Stocktake{}, Tally{}, err
	}
	tally, err := tallyOf(r, t)
	return t, tally, err
}

func findTake(r database.Reader, by identity.Actor, id string) (Stocktake, error) {
	var t Stocktake
	err := r.Get(&t, selectTakes+`WHERE t.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		return t, fault.New(fault.NotFound, "stocktake_not_found", nil)
	}
	if err != nil {
		return t, err
	}
	return t, may(r, by, identity.HandOut, t.HubID, "stocktake_not_found")
}

func tallyOf(r database.Reader, t Stocktake) (Tally, error) {
	var items []Item
	// Only what was scanned or is expected is looked at, never all units of the network.
	these, args := `SELECT unit_id AS id FROM stocktake_scans WHERE stocktake_id = $1 AND unit_id IS NOT NULL`, []any{t.ID}
	if t.ClosedAt == nil {
		// Guides are persons, and a room stands on no shelf.
		these += ` UNION SELECT e.id FROM units e JOIN resources y ON y.id = e.resource_id WHERE e.current_hub_id = $2 AND (e.shelf = $3 OR $3 = '')
			AND e.status = 'in_service' AND y.kind IN ('equipment', 'machine')`
		args = append(args, t.HubID, t.Shelf)
	}
	if err := r.Select(&items, `
		SELECT u.id AS unit_id, u.code, x.name, u.shelf, u.current_hub_id AS hub_id, h.name AS hub_name, u.status, u.home_hub_id, s.at,
		       EXISTS (SELECT 1 FROM loans l WHERE l.unit_id = u.id AND l.back_at IS NULL) AS is_out,
		       EXISTS (SELECT 1 FROM transfers j WHERE j.unit_id = u.id AND j.state = 'on_the_road') AS on_road,
		       EXISTS (SELECT 1 FROM maintenances a WHERE a.unit_id = u.id AND a.open AND a.cause = 'lost') AS is_lost
		FROM (`+these+`) p JOIN units u ON u.id = p.id JOIN resources x ON x.id = u.resource_id JOIN hubs h ON h.id = u.current_hub_id
		LEFT JOIN stocktake_scans s ON s.stocktake_id = $1 AND s.unit_id = u.id
		ORDER BY u.code`, args...); err != nil {
		return Tally{}, err
	}
	var tally Tally
	for _, i := range items {
		i.State = i.judge(t)
		switch i.State {
		case "":
		case Missing:
			tally.Missing = append(tally.Missing, i)
		case Found:
			tally.Found = append(tally.Found, i)
		default:
			tally.Wrong = append(tally.Wrong, i)
		}
	}
	var strange []Item
	if err := r.Select(&strange, `
		SELECT s.code, s.at, COALESCE((SELECT c.name FROM consumables c WHERE c.hub_id = $2 AND upper(c.code) = upper(s.code) ORDER BY c.id LIMIT 1), '{}') AS name
		FROM stocktake_scans s WHERE s.stocktake_id = $1 AND s.unit_id IS NULL ORDER BY s.code`, t.ID, t.HubID); err != nil {
		return Tally{}, err
	}
	for _, i := range strange {
		if i.State = Unknown; len(i.Name) > 0 {
			i.State = OfStock
		}
		tally.Wrong = append(tally.Wrong, i)
	}
	return tally, nil
}

// judge says what a unit is to a stock-taking, "" for nothing: it was not scanned, and need not have been.
func (i Item) judge(t Stocktake) string {
	away := map[bool]string{true: IsOut}[i.Out]
	switch {
	case i.Status == inventory.Retired:
		away = Retired
	case i.Lost:
		away = WasLost
	case i.Journey:
		away = OnTheRoad
	}
	switch {
	case i.At == nil && away != "":
		return ""
	case i.At == nil:
		return Missing
	case away != "":
		return away
	case i.HubID != t.HubID:
		return OtherHub
	case t.Shelf != "" && i.Shelf != t.Shelf:
		return OtherShelf
	}
	return Found
}

// A Scanned is what a code that was scanned on a shelf is.
type Scanned struct {
	Item    Item `json:"item"`
	Already bool `json:"already"` // it was scanned there before
}

// Scan notes a code that was scanned, whether a unit has it or not. What a scanner adds and what its
// keyboard does to letters is forgiven.
func (m *Room) Scan(ctx context.Context, by identity.Actor, id, text string, k database.Key) (Scanned, error) {
	code := strings.TrimSpace(text)
	if code == "" {
		return Scanned{}, refused("code", "required", nil)
	}
	if inventory.Unwritable(code, false) {
		return Scanned{}, fault.Field("code", "bad_text")
	}
	return once(ctx, m.db, k, func(tx *database.Tx) (Scanned, error) {
		t, err := openTake(tx, by, id)
		if err != nil {
			return Scanned{}, err
		}
		code, unitID, err := unitOf(tx, code)
		if err != nil {
			return Scanned{}, err
		}
		if t.Scanned >= mostScans {
			return Scanned{}, refused("code", "too_many_items", fault.Params{"max": mostScans})
		}
		rows, err := tx.Exec(`INSERT INTO stocktake_scans (stocktake_id, code, unit_id, at, by_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			t.ID, code, orNull(unitID), tx.Now, by.ID)
		if err != nil {
			return Scanned{}, err
		}
		done := Scanned{Item: Item{State: Unknown, Code: code}, Already: rows == 0}
		tally, err := tallyOf(tx, t)
		for _, i := range slices.Concat(tally.Found, tally.Wrong) {
			if i.UnitID == unitID && i.Code == code {
				done.Item = i
			}
		}
		return done, err
	})
}

// unitOf finds the unit whose code was scanned: the whole of it before a piece of it, which may be the
// code of another unit (inventory.ReadScanned). Without one it gives the code as it is to be noted.
func unitOf(r database.Reader, text string) (code, unitID string, err error) {
	read := inventory.ReadScanned(text)
	run := strings.ToUpper(read.Run)
	var found []struct {
		ID   string `db:"id"`
		Code string `db:"code"`
	}
	codes := read.Whole
	if run != "" {
		codes = append(codes, run)
	}
	if err := r.SelectIn(&found, `SELECT id, code FROM units WHERE code IN ($list)`, codes); err != nil {
		return "", "", err
	}
	for _, code := range codes {
		for _, u := range found {
			if u.Code == code {
				return u.Code, u.ID, nil
			}
		}
	}
	if code = run; code == "" && len(codes) > 0 {
		code = codes[0]
	} else if code == "" {
		code = text
	}
	if all := []rune(code); len(all) > maxCode {
		code = string(all[:maxCode])
	}
	return code, "", nil
}

// Unscan takes a code back that was scanned by mistake.
func (m *Room) Unscan(ctx context.Context, by identity.Actor, id, code string, k database.Key) error {
	_, err := once(ctx, m.db, k, func(tx *database.Tx) (Stocktake, error) {
		t, err := openTake(tx, by, id)
		if err != nil {
			return t, err
		}
		_, err = tx.Exec(`DELETE FROM stocktake_scans WHERE stocktake_id = $1 AND code = $2`, t.ID, code)
		return t, err
	})
	return err
}

// openTake holds a stock-taking that is not closed.
func openTake(tx *database.Tx, by identity.Actor, id string) (Stocktake, error) {
	if _, err := tx.Exec(`UPDATE stocktakes SET version = version WHERE id = $1`, id); err != nil {
		return Stocktake{}, err
	}
	t, err := findTake(tx, by, id)
	if err == nil && t.ClosedAt != nil {
		err = refused("", "stocktake_closed", nil)
	}
	return t, err
}
