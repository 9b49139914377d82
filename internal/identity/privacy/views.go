package privacy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// What may have been looked at.
const (
	ViewedAccount = "account" // one person's profile
	ViewedList    = "list"    // a list that showed them
	ViewedDossier = "dossier" // everything that is known of them
	ViewedRecord  = "record"  // their consents
	ViewedBooking = "booking" // bookings of theirs

	ViewedMemberships  = "memberships"
	ViewedCertificates = "certificates"
	ViewedBalance      = "balance" // what is left of their hours and packs
)

// A View says that somebody looked at a person's data.
type View struct {
	ID         string    `db:"id" json:"id"`
	At         time.Time `db:"at" json:"at"`
	ViewerID   string    `db:"viewer_id" json:"viewer"`
	ViewerName string    `db:"viewer_name" json:"viewer_name"` // "" of somebody who has left
	What       string    `db:"what" json:"what"`
}

// Viewed writes down that somebody looked at the data of others. What a person sees of themselves,
// and what the system does, is no view; who is named twice, or is "", is one view or none. The caller shows what was read only when Viewed succeeded.
func (o *Office) Viewed(ctx context.Context, viewer identity.Actor, what string, memberIDs ...string) error {
	var others []string
	named := make(map[string]bool, len(memberIDs))
	for _, id := range memberIDs {
		if id != "" && id != viewer.ID && viewer.ID != identity.System.ID && !named[id] {
			named[id] = true
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return nil
	}
	err := o.db.In(ctx, func(tx *database.Tx) error {
		rows := make([][]any, len(others))
		for i, id := range others {
			rows[i] = []any{database.NewID(), tx.Now, viewer.ID, id, what, database.RequestID(ctx)}
		}
		return tx.Insert(`INSERT INTO personal_views (id, at, viewer_id, member_id, what, request_id) VALUES `, rows...)
	})
	if err != nil {
		return fmt.Errorf("write down a view: %w", err)
	}
	return nil
}

// Views lists who looked at a person's data, the latest first, and the cursor of the next page, "" at
// the end. The person may ask, and who manages members at their home hub and could give every role that
// they have. limit 0 means 50.
func (o *Office) Views(ctx context.Context, by identity.Actor, memberID string, limit int, after string) (list []View, next string, err error) {
	r := o.db.Reader(ctx)
	if _, err := o.reach(ctx, r, by, memberID, identity.ManageMembers); err != nil {
		return nil, "", err
	}
	if limit <= 0 {
		limit = 50
	}
	condition, args := "", []any{memberID}
	if after != "" {
		at, id, err := readCursor(after)
		if err != nil {
			return nil, "", err
		}
		condition, args = ` AND (v.at < $2 OR v.at = $2 AND v.id < $3)`, append(args, at, id)
	}
	list, err = viewsWhere(r, `v.member_id = $1`+condition+fmt.Sprintf(` ORDER BY v.at DESC, v.id DESC LIMIT %d`, limit+1), args...)
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].At.Format(time.RFC3339) + "_" + list[limit-1].ID
	}
	return list, next, err
}

func viewsWhere(r database.Reader, rest string, args ...any) ([]View, error) {
	list := []View{}
	err := r.Select(&list, `SELECT v.id, v.at, v.viewer_id, COALESCE(m.name, '') AS viewer_name, v.what
		FROM personal_views v LEFT JOIN members m ON m.id = v.viewer_id WHERE `+rest, args...)
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, err
}

func readCursor(s string) (time.Time, string, error) {
	stamp, id, ok := strings.Cut(s, "_")
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil || !ok || !plainID(id) {
		return time.Time{}, "", fault.Field("cursor", "bad_cursor").Because(errors.New("no page gave it"))
	}
	return at.UTC(), id, nil
}

// plainID reports whether s can be an id at all: letters and digits.
func plainID(s string) bool {
	return s != "" && len(s) <= 40 && strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}) < 0
}
