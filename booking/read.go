package booking

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// Booking returns one booking to its member and to staff of its hub; to anybody
// else it does not exist.
func (b *Book) Booking(ctx context.Context, who identity.Actor, id string) (Booking, error) {
	return b.mine(b.db.Reader(ctx), who, id, identity.ViewBookings, 0)
}

// A Query narrows a list of bookings. Zero fields do not narrow.
type Query struct {
	From, To    *time.Time // those that touch [From, To)
	Hub         string     // id or slug
	Resource    string     // id or slug
	Status      string
	Mine        bool // one's own only
	WithoutUnit bool // those that lost a unit and wait for a person to settle it
	Newest      bool // those that start last first
	Limit       int  // at most 200; 0 means 50
	After       string
}

// Bookings lists bookings by start, those that who may see: one's own, and those of
// hubs where one may view bookings. next is the cursor of the next page of a list in the
// same order, or "". It is one statement.
func (b *Book) Bookings(ctx context.Context, who identity.Actor, q Query) (list []Booking, next string, err error) {
	if who.ID == "" {
		return nil, "", fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	var w where
	visible(&w, who, q.Mine)
	if q.From != nil {
		w.and("b.ends_at > ?", second(*q.From))
	}
	if q.To != nil {
		w.and("b.starts_at < ?", second(*q.To))
	}
	if q.Hub != "" {
		w.and("(h.id = ? OR h.slug = ?)", q.Hub, q.Hub)
	}
	if q.Resource != "" {
		w.and(`EXISTS (SELECT 1 FROM booking_lines l JOIN resources r ON r.id = l.resource_id
			WHERE l.booking_id = b.id AND (r.id = ? OR r.slug = ?))`, q.Resource, q.Resource)
	}
	if q.Status != "" {
		w.and("b.status = ?", q.Status)
	}
	if q.WithoutUnit {
		w.and("b.status IN ('held', 'pending', 'confirmed', 'in_use') AND EXISTS (SELECT 1 FROM booking_lines l WHERE l.booking_id = b.id AND l.without_unit > 0)")
	}
	order, beyond := "b.starts_at, b.id", ">"
	if q.Newest {
		order, beyond = "b.starts_at DESC, b.id DESC", "<"
	}
	if q.After != "" {
		at, id, err := readCursor(q.After)
		if err != nil {
			return nil, "", err
		}
		// The first half says nothing new: by it, the index is read from there.
		w.and("b.starts_at "+beyond+"= ? AND (b.starts_at "+beyond+" ? OR b.id "+beyond+" ?)", at, at, id)
	}
	list, err = findBookings(b.db.Reader(ctx), selection{w.text(), order, q.Limit + 1}, w.args...)
	if len(list) > q.Limit {
		list = list[:q.Limit]
		last := list[q.Limit-1]
		next = writeCursor(last.StartsAt, last.ID)
	}
	return list, next, err
}

// visible puts what a person may see into the WHERE: one's own, and what one's
// grants over hubs and regions open.
func visible(w *where, who identity.Actor, mine bool) {
	if !mine && who.May(identity.ViewBookings, "", "") {
		return // everywhere
	}
	// One's own are found by two indexes: PostgreSQL reads all bookings for an OR of the two.
	seen := []string{`b.id IN (SELECT x.id FROM bookings x WHERE x.member_id = ? UNION ALL
		SELECT y.id FROM organisation_members m JOIN bookings y ON y.organisation_id = m.organisation_id WHERE m.member_id = ?)`}
	args := []any{who.ID, who.ID}
	if !mine {
		for _, g := range who.Grants {
			if !who.May(identity.ViewBookings, g.HubID, g.RegionID) {
				continue
			}
			switch {
			case g.HubID != "":
				seen, args = append(seen, "b.hub_id = ?"), append(args, g.HubID)
			case g.RegionID != "":
				seen, args = append(seen, "h.region_id = ?"), append(args, g.RegionID)
			}
		}
	}
	w.and("("+strings.Join(seen, " OR ")+")", args...)
}

// where collects conditions, numbering their values.
type where struct {
	parts []string
	args  []any
}

func (w *where) and(condition string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.parts = append(w.parts, condition)
}

func (w *where) text() string {
	if len(w.parts) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.parts, " AND ")
}

func writeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339) + " " + id))
}

func readCursor(s string) (time.Time, string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	stamp, id, ok := strings.Cut(string(raw), " ")
	at, perr := time.Parse(time.RFC3339, stamp)
	if err != nil || !ok || perr != nil || inventory.Unwritable(id, false) {
		return time.Time{}, "", fault.Field("cursor", "bad_cursor")
	}
	return at.UTC(), id, nil
}
