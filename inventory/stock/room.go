// Package stock is what is used up at a hub, and the walk along its shelves: consumables with their
// stock, every delivery, use, count and loss of them, and stock-taking of units.
//
// Stock never falls below zero, whoever takes from it at once, and what changed it is only ever
// added to. It refuses to know why a unit is not on its shelf: that somebody lost it is the book's
// to say. Start reading at Room, then Use; stocktake.go is the walk.
package stock

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Room is the stock of one network. It is safe for use by many goroutines.
//
// Its verbs return a *fault.Error for what a caller can act on, as those of inventory.Catalog do.
type Room struct {
	db      *database.DB
	catalog *inventory.Catalog
}

// New returns the room that is kept in db.
func New(db *database.DB, catalog *inventory.Catalog) *Room { return &Room{db, catalog} }

// A Consumable is something of a hub that is used up, counted in its own measure.
type Consumable struct {
	ID       string         `db:"id" json:"id"`
	HubID    string         `db:"hub_id" json:"hub"`
	Code     string         `db:"code" json:"code"` // on its label; unique in the network
	Name     inventory.Text `db:"name" json:"name"`
	Measure  string         `db:"measure" json:"measure"` // what one of it is: sheet, g, m
	Shelf    string         `db:"shelf" json:"shelf"`
	Stock    int64          `db:"stock" json:"stock"`
	Low      int64          `db:"low" json:"low"` // at so much or less staff are told; 0 for never
	Archived bool           `db:"archived" json:"archived"`
	Version  int64          `db:"version" json:"version"`
}

// Short reports whether there is so little left that staff were told.
func (c Consumable) Short() bool { return c.Low > 0 && c.Stock <= c.Low }

// Edits are what may be written of a consumable. A nil field stays as it is. Its stock is what Move
// and Use make it.
type Edits struct {
	IfVersion int64 // refuse as stale unless this is the version; 0 for any

	Code, Measure, Shelf *string
	Name                 *inventory.Text
	Low                  *int64
	Archived             *bool
}

// Bounds of what is written.
const (
	maxCode  = 80
	maxShelf = 60
	maxName  = 200
	maxNote  = 500
	maxStock = 1_000_000_000
)

const selectConsumables = `SELECT c.id, c.hub_id, c.code, c.name, c.measure, c.shelf, c.stock, c.low, c.archived, c.version FROM consumables c `

// Consumables lists the consumables of a hub (id or slug) to its staff, in order of code, the
// archived ones last.
func (m *Room) Consumables(ctx context.Context, by identity.Actor, hubKey string) ([]Consumable, error) {
	hub, err := m.staffed(ctx, by, identity.HandOut, hubKey)
	if err != nil {
		return nil, err
	}
	all := []Consumable{}
	err = m.db.Reader(ctx).Select(&all, selectConsumables+`WHERE c.hub_id = $1 ORDER BY c.archived, c.code`, hub.ID)
	return all, err
}

// Consumable returns the consumable with that id or code, to staff of its hub.
func (m *Room) Consumable(ctx context.Context, by identity.Actor, key string) (Consumable, error) {
	r := m.db.Reader(ctx)
	c, err := find(r, key)
	if err != nil {
		return Consumable{}, err
	}
	return c, may(r, by, identity.HandOut, c.HubID, "consumable_not_found")
}

func find(r database.Reader, key string) (Consumable, error) {
	var c Consumable
	err := r.Get(&c, selectConsumables+`WHERE c.id = $1 OR c.code = $1 OR c.code = $2 ORDER BY CASE WHEN c.code = $2 AND c.code <> $1 THEN 1 ELSE 0 END LIMIT 1`, key, inventory.FoldCode(key))
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "consumable_not_found", nil)
	}
	return c, err
}

// staffed is the hub, for who holds the right there.
func (m *Room) staffed(ctx context.Context, by identity.Actor, right identity.Right, hubKey string) (inventory.Hub, error) {
	hub, err := m.catalog.Hub(ctx, hubKey)
	if err == nil && !by.May(right, hub.ID, hub.RegionID) {
		err = identity.Denied(by)
	}
	return hub, err
}

// may says why by may not use the right at a hub, or nil; to who is not of its staff there is no
// such thing.
func may(r database.Reader, by identity.Actor, right identity.Right, hubID, code string) error {
	var region string
	if err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID); err != nil {
		return err
	}
	switch {
	case by.May(right, hubID, region):
		return nil
	case by.May(identity.ViewBookings, hubID, region) || !by.Known():
		return identity.Denied(by)
	}
	return fault.New(fault.NotFound, code, nil)
}

// Add makes a consumable at a hub, with a stock of none. It asks for the right to manage the
// inventory there.
func (m *Room) Add(ctx context.Context, by identity.Actor, hubKey string, e Edits, k database.Key) (Consumable, error) {
	hub, err := m.staffed(ctx, by, identity.ManageInventory, hubKey)
	if err != nil {
		return Consumable{}, err
	}
	return once(ctx, m.db, k, func(tx *database.Tx) (Consumable, error) { return insert(tx, by, hub.ID, e) })
}

func insert(tx *database.Tx, by identity.Actor, hubID string, e Edits) (Consumable, error) {
	c := Consumable{ID: database.NewID(), HubID: hubID, Version: 1}
	e.write(&c)
	c.Code = inventory.FoldCode(c.Code)
	if err := c.check(); err != nil {
		return Consumable{}, err
	}
	if err := c.checkCode(tx, ""); err != nil {
		return Consumable{}, err
	}
	rows, err := tx.Exec(`
		INSERT INTO consumables (id, hub_id, code, name, measure, shelf, stock, low, archived, version)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, 1) ON CONFLICT (code) DO NOTHING`,
		c.ID, c.HubID, c.Code, c.Name, c.Measure, c.Shelf, c.Low, c.Archived)
	if err == nil && rows == 0 {
		err = refused("code", "code_taken", nil)
	}
	if err != nil {
		return Consumable{}, err
	}
	return c, tx.Record(database.Change{By: by.ID, Action: "consumable.create", Kind: "consumable", Subject: c.ID, After: c.logged()})
}

// Edit edits a consumable (id or code). It asks for the right to manage the inventory of its hub.
func (m *Room) Edit(ctx context.Context, by identity.Actor, key string, e Edits, k database.Key) (Consumable, error) {
	return once(ctx, m.db, k, func(tx *database.Tx) (Consumable, error) {
		was, err := hold(tx, key)
		if err != nil {
			return Consumable{}, err
		}
		if err := may(tx, by, identity.ManageInventory, was.HubID, "consumable_not_found"); err != nil {
			return Consumable{}, err
		}
		c, _, err := edit(tx, by, was, e)
		return c, err
	})
}

// hold finds a consumable and keeps others from changing it until the transaction ends.
func hold(tx *database.Tx, key string) (Consumable, error) {
	if _, err := tx.Exec(`UPDATE consumables SET version = version WHERE id = $1 OR code = $1 OR code = $2`, key, inventory.FoldCode(key)); err != nil {
		return Consumable{}, err
	}
	return find(tx, key)
}

// edit is Edit as a step. It says whether anything changed.
func edit(tx *database.Tx, by identity.Actor, was Consumable, e Edits) (Consumable, bool, error) {
	if e.IfVersion != 0 && e.IfVersion != was.Version {
		return Consumable{}, false, fault.New(fault.Stale, "stale", fault.Params{"version": was.Version})
	}
	c := was
	e.write(&c)
	if c.Code != was.Code {
		c.Code = inventory.FoldCode(c.Code)
	}
	if err := c.check(); err != nil {
		return Consumable{}, false, err
	}
	if c.Code == was.Code && c.Measure == was.Measure && c.Shelf == was.Shelf && c.Low == was.Low && c.Archived == was.Archived && sameText(c.Name, was.Name) {
		return was, false, nil
	}
	if err := c.checkCode(tx, was.Code); err != nil {
		return Consumable{}, false, err
	}
	c.Version++
	_, err := tx.Exec(`UPDATE consumables SET code = $2, name = $3, measure = $4, shelf = $5, low = $6, archived = $7, version = $8 WHERE id = $1`,
		c.ID, c.Code, c.Name, c.Measure, c.Shelf, c.Low, c.Archived, c.Version)
	if err != nil {
		return Consumable{}, false, err
	}
	return c, true, tx.Record(database.Change{By: by.ID, Action: "consumable.update", Kind: "consumable", Subject: c.ID, Before: was.logged(), After: c.logged()})
}

// checkCode refuses a new code that cannot be one, or that a unit or another consumable has: who scans
// a label must get one thing. Codes that there are stay.
func (c Consumable) checkCode(r database.Reader, was string) error {
	if c.Code == was {
		return nil
	}
	if flaw := inventory.CodeFlaw(c.Code); flaw != "" {
		return refused("code", flaw, nil)
	}
	twins, err := inventory.CodesLike(r, c.Code, c.ID)
	if err == nil && twins > 0 {
		err = refused("code", "code_taken", nil)
	}
	return err
}

func sameText(a, b inventory.Text) bool {
	if len(a) != len(b) {
		return false
	}
	for lang, s := range a {
		if b[lang] != s {
			return false
		}
	}
	return true
}

// logged is what the log keeps of a consumable: figures and its code, no text.
func (c Consumable) logged() map[string]any {
	return map[string]any{"hub": c.HubID, "code": c.Code, "stock": c.Stock, "low": c.Low, "archived": c.Archived, "version": c.Version}
}

func (e Edits) write(c *Consumable) {
	for _, t := range []struct{ to, from *string }{{&c.Code, e.Code}, {&c.Measure, e.Measure}, {&c.Shelf, e.Shelf}} {
		if t.from != nil {
			*t.to = strings.TrimSpace(*t.from)
		}
	}
	if e.Name != nil {
		c.Name = inventory.Text{}
		for lang, s := range *e.Name {
			if s = strings.TrimSpace(s); s != "" {
				c.Name[lang] = s
			}
		}
	}
	if e.Low != nil {
		c.Low = *e.Low
	}
	if e.Archived != nil {
		c.Archived = *e.Archived
	}
}

func (c Consumable) check() error {
	var list []fault.Violation
	malformed := false
	line := func(field, s string, most int, needed bool) {
		switch {
		case s == "" && needed:
			list = append(list, fault.Violation{Code: "required", Params: fault.Params{"field": field}})
		case inventory.Unwritable(s, false):
			malformed = true
			list = append(list, fault.Violation{Code: "bad_text", Params: fault.Params{"field": field}})
		case utf8.RuneCountInString(s) > most:
			list = append(list, fault.Violation{Code: "text_too_long", Params: fault.Params{"field": field, "max": most}})
		}
	}
	line("code", c.Code, maxCode, true)
	line("measure", c.Measure, maxShelf, true)
	line("shelf", c.Shelf, maxShelf, false)
	line("name", c.Name.In("fr"), maxName, true)
	for lang, s := range c.Name {
		if lang != "fr" {
			line("name."+lang, s, maxName, false)
		}
	}
	if c.Low < 0 || c.Low > maxStock {
		list = append(list, fault.Violation{Code: "out_of_range", Params: fault.Params{"field": "low", "min": 0, "max": maxStock}})
	}
	if list == nil {
		return nil
	}
	if malformed {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: list}
	}
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: list}
}

// refused names one rule that is broken. Params may be nil.
func refused(field, code string, params fault.Params) error {
	p := fault.Params{"field": field}
	for name, v := range params {
		p[name] = v
	}
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: code, Params: p}}}
}

// once runs a verb in a transaction and keeps what it gives under k in the same commit.
func once[T any](ctx context.Context, db *database.DB, k database.Key, verb func(tx *database.Tx) (T, error)) (T, error) {
	return database.OnceIn(ctx, db, k, func(tx *database.Tx) (T, error) {
		v, err := verb(tx)
		if database.Constraint(err) == "consumables_code_unique" {
			err = refused("code", "code_taken", nil)
		}
		return v, err
	})
}
