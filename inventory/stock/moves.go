package stock

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// What changes a stock.
const (
	Delivery = "delivery" // some came
	Used     = "use"      // some was used up, with a booking or without
	Count    = "count"    // somebody counted, and it is so much
	Loss     = "loss"     // some was spoilt or is gone
)

// A Move is one change of a stock. It is only ever added.
type Move struct {
	ID           string    `db:"id" json:"id"`
	ConsumableID string    `db:"consumable_id" json:"consumable"`
	At           time.Time `db:"at" json:"at"`
	ByID         string    `db:"by_id" json:"by"`
	Kind         string    `db:"kind" json:"kind"` // delivery, use, count, loss
	Delta        int64     `db:"delta" json:"delta"`
	StockAfter   int64     `db:"stock_after" json:"stock_after"`
	BookingID    string    `db:"booking_id" json:"booking,omitempty"`
	UnitID       string    `db:"unit_id" json:"unit,omitempty"`
	Note         string    `db:"note" json:"note"`

	ByName    string `db:"by_name" json:"-"`   // who did it; "" once their account is gone
	Reference string `db:"reference" json:"-"` // of the booking
	Code      string `db:"code" json:"-"`      // of the consumable
	Hub       string `db:"booking_hub" json:"-"`
	Region    string `db:"booking_region" json:"-"`
}

// seenBy is a move without its booking for who may not see those of the hub that it is of: what is used
// up with a unit that came back elsewhere is used up there.
func (v Move) seenBy(by identity.Actor, hubID string) Move {
	if v.Hub != hubID && !by.May(identity.ViewBookings, v.Hub, v.Region) {
		v.BookingID, v.Reference = "", ""
	}
	return v
}

// A Moving is what somebody did to a stock. Quantity is how much came, was used or is gone; of a
// count, how much there is.
type Moving struct {
	Kind     string
	Quantity int64
	Note     string
}

// Move writes a delivery, a use, a count or a loss of a consumable (id or code), by staff of its
// hub. More than there is cannot be used or lost: Refused as stock_short.
func (m *Room) Move(ctx context.Context, by identity.Actor, key string, w Moving, k database.Key) (Move, error) {
	return once(ctx, m.db, k, func(tx *database.Tx) (Move, error) {
		c, err := hold(tx, key)
		if err != nil {
			return Move{}, err
		}
		if err := may(tx, by, identity.HandOut, c.HubID, "consumable_not_found"); err != nil {
			return Move{}, err
		}
		return w.write(tx, by, c)
	})
}

// write is Move as a step, with the consumable held.
func (w Moving) write(tx *database.Tx, by identity.Actor, c Consumable) (Move, error) {
	w.Note = strings.TrimSpace(w.Note)
	least, delta := int64(1), w.Quantity
	switch w.Kind {
	case Delivery:
	case Count:
		least, delta = 0, w.Quantity-c.Stock
	case Used, Loss:
		delta = -w.Quantity
	default:
		return Move{}, fault.Field("kind", "bad_value")
	}
	if inventory.Unwritable(w.Note, false) {
		return Move{}, fault.Field("note", "bad_text")
	}
	if utf8.RuneCountInString(w.Note) > maxNote {
		return Move{}, refused("note", "text_too_long", fault.Params{"max": maxNote})
	}
	if w.Quantity < least || w.Quantity > maxStock || c.Stock+delta > maxStock {
		return Move{}, refused("quantity", "out_of_range", fault.Params{"min": least, "max": maxStock})
	}
	return spend(tx, by, Move{ConsumableID: c.ID, Kind: w.Kind, Delta: delta, Note: w.Note})
}

// Use takes so much of a consumable (id or code) of a hub (id) away, as a step of others' verbs, which
// have asked for the right at that hub and hold their locks; bookingID and unitID say with what it was
// used, "" for none. What stands on another hub's shelf is not there to be used (consumable_not_found),
// whoever knows its code. More than there is is Refused as stock_short. Who uses several takes them in order of id, so that
// nobody waits in a circle.
func Use(tx *database.Tx, by identity.Actor, hubID, consumable string, quantity int64, bookingID, unitID string) error {
	if quantity < 1 || quantity > maxStock {
		return refused("quantity", "out_of_range", fault.Params{"min": 1, "max": maxStock})
	}
	c, err := find(tx, consumable)
	if err == nil && c.HubID != hubID {
		err = fault.New(fault.NotFound, "consumable_not_found", nil)
	}
	if err != nil {
		return err
	}
	_, err = spend(tx, by, Move{ConsumableID: c.ID, Kind: Used, Delta: -quantity, BookingID: bookingID, UnitID: unitID})
	return err
}

// spend changes the stock, writes down what changed it, and has staff told when it falls to what is
// low. The condition in the statement is what keeps it from falling below zero, whoever else takes
// from it.
func spend(tx *database.Tx, by identity.Actor, w Move) (Move, error) {
	var is struct {
		Stock int64 `db:"stock"`
		Low   int64 `db:"low"`
	}
	err := tx.Get(&is, `UPDATE consumables SET stock = stock + $2 WHERE id = $1 AND stock + $2 >= 0 RETURNING stock, low`, w.ConsumableID, w.Delta)
	if errors.Is(err, database.ErrNoRows) {
		c, err := find(tx, w.ConsumableID)
		if err != nil {
			return Move{}, err
		}
		return Move{}, refused("quantity", "stock_short", fault.Params{"code": c.Code, "stock": c.Stock, "wanted": -w.Delta})
	}
	if err != nil {
		return Move{}, err
	}
	w.ID, w.At, w.ByID, w.StockAfter = database.NewID(), tx.Now, by.ID, is.Stock
	if _, err := tx.Exec(`
		INSERT INTO stock_moves (id, consumable_id, at, by_id, kind, delta, stock_after, booking_id, unit_id, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		w.ID, w.ConsumableID, w.At, w.ByID, w.Kind, w.Delta, w.StockAfter, orNull(w.BookingID), orNull(w.UnitID), w.Note); err != nil {
		return Move{}, err
	}
	if is.Low > 0 && is.Stock <= is.Low && is.Stock-w.Delta > is.Low {
		if err := tx.Enqueue(database.Job{Kind: "notice", Args: lowNotice{"stock.low", w.ConsumableID}, At: tx.Now}); err != nil {
			return Move{}, err
		}
	}
	return w, tx.Record(database.Change{By: by.ID, Action: "stock." + w.Kind, Kind: "consumable", Subject: w.ConsumableID,
		After: map[string]any{"delta": w.Delta, "stock": w.StockAfter, "booking": w.BookingID, "unit": w.UnitID}})
}

// lowNotice are the arguments of the job that tells staff of a stock that runs out.
type lowNotice struct {
	What string `json:"what"`
	ID   string `json:"id"` // of the consumable
}

func orNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}

const selectMoves = `
	SELECT m.id, m.consumable_id, m.at, m.by_id, m.kind, m.delta, m.stock_after, COALESCE(m.booking_id, '') AS booking_id,
	       COALESCE(m.unit_id, '') AS unit_id, m.note, COALESCE(p.name, '') AS by_name, COALESCE(b.reference, '') AS reference, c.code,
	       COALESCE(g.id, '') AS booking_hub, COALESCE(g.region_id, '') AS booking_region
	FROM stock_moves m JOIN consumables c ON c.id = m.consumable_id
	LEFT JOIN members p ON p.id = m.by_id LEFT JOIN bookings b ON b.id = m.booking_id LEFT JOIN hubs g ON g.id = b.hub_id `

// Moves returns a consumable (id or code) with what changed its stock, the latest first, to staff of
// its hub: at most limit of them, behind the first offset.
func (m *Room) Moves(ctx context.Context, by identity.Actor, key string, limit, offset int) (Consumable, []Move, error) {
	r := m.db.Reader(ctx)
	c, err := find(r, key)
	if err != nil {
		return Consumable{}, nil, err
	}
	if err := may(r, by, identity.HandOut, c.HubID, "consumable_not_found"); err != nil {
		return Consumable{}, nil, err
	}
	all := []Move{}
	err = r.Select(&all, selectMoves+`WHERE m.consumable_id = $1 ORDER BY m.at DESC, m.id DESC LIMIT $2 OFFSET $3`, c.ID, limit, offset)
	for i, v := range all {
		all[i] = v.seenBy(by, c.HubID)
	}
	return c, all, err
}
