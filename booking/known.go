package booking

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"canot/internal/database"
)

// referenceForm is what newReference gives.
var referenceForm = regexp.MustCompile(`^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$`)

// IsReference reports whether s is a reference as bookings here have it.
func IsReference(s string) bool { return referenceForm.MatchString(s) }

// Known finds which of the bookings that Load would write are there already: the one of the same
// reference, or one of the same member and start with the same first resource, whatever became of it.
// It returns their references in the order given, "" for those that are new. Lines name resources by
// id. It needs no right: its callers are commands.
func (b *Book) Known(ctx context.Context, all []Past) ([]string, error) {
	known := make([]string, len(all))
	err := b.db.View(ctx, func(r database.Reader) error {
		for from := 0; from < len(all); from += loadAtOnce {
			to := min(from+loadAtOnce, len(all))
			if err := knownOf(r, all[from:to], known[from:to]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("known bookings: %w", err)
	}
	return known, nil
}

func knownOf(r database.Reader, piece []Past, known []string) error {
	type place struct {
		member, resource string
		start            int64
	}
	var references, members []string
	first, last := piece[0].StartsAt, piece[0].StartsAt
	for _, p := range piece {
		if p.Reference != "" {
			references = append(references, p.Reference)
		}
		members = append(members, p.MemberID)
		if p.StartsAt.Before(first) {
			first = p.StartsAt
		}
		if p.StartsAt.After(last) {
			last = p.StartsAt
		}
	}
	var same []string
	if err := r.SelectIn(&same, `SELECT reference FROM bookings WHERE reference IN ($list)`, references); err != nil {
		return err
	}
	var rows []struct {
		Reference string    `db:"reference"`
		Member    string    `db:"member_id"`
		StartsAt  time.Time `db:"starts_at"`
		Resource  string    `db:"resource_id"`
	}
	err := r.SelectIn(&rows, `SELECT b.reference, b.member_id, b.starts_at, l.resource_id
		FROM bookings b JOIN booking_lines l ON l.booking_id = b.id AND l.line = 0
		WHERE b.starts_at >= $1 AND b.starts_at <= $2 AND b.member_id IN ($list)`, members, first, last)
	if err != nil {
		return err
	}
	byReference, byPlace := map[string]bool{}, map[place]string{}
	for _, s := range same {
		byReference[s] = true
	}
	for _, row := range rows {
		byPlace[place{row.Member, row.Resource, row.StartsAt.Unix()}] = row.Reference
	}
	for i, p := range piece {
		if byReference[p.Reference] {
			known[i] = p.Reference
		} else if len(p.Lines) > 0 {
			known[i] = byPlace[place{p.MemberID, p.Lines[0].Resource, second(p.StartsAt).Unix()}]
		}
	}
	return nil
}
