package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// An Equivalence says that at a hub, who holds one certification counts as holding another.
type Equivalence struct {
	ID           string     `db:"id"`
	HubID        string     `db:"hub_id"`
	AcceptedID   string     `db:"accepted_id"`
	AcceptedSlug string     `db:"accepted_slug"`
	CountsAsID   string     `db:"counts_as_id"`
	CountsAsSlug string     `db:"counts_as_slug"`
	MadeBy       string     `db:"made_by"`
	CreatedAt    time.Time  `db:"created_at"`
	EndedAt      *time.Time `db:"ended_at"`
}

const selectEquivalences = `SELECT e.id, e.hub_id, e.accepted_id, a.slug AS accepted_slug, e.counts_as_id, n.slug AS counts_as_slug, e.made_by, e.created_at, e.ended_at
	FROM equivalences e JOIN certifications a ON a.id = e.accepted_id JOIN certifications n ON n.id = e.counts_as_id `

func findEquivalence(r database.Reader, id string) (Equivalence, error) {
	var e Equivalence
	err := r.Get(&e, selectEquivalences+`WHERE e.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("equivalence_not_found")
	}
	return e, err
}

// Equivalences lists what a hub accepts now, by id or slug, in order of slugs. Everybody
// may know it.
func (r *Roster) Equivalences(ctx context.Context, hubKey string) ([]Equivalence, error) {
	var list []Equivalence
	err := r.db.View(ctx, func(rd database.Reader) error {
		hub, err := hubOf(rd, hubKey)
		if err != nil {
			return err
		}
		return rd.Select(&list, selectEquivalences+`WHERE e.ended_at IS NULL AND ($1 = '' OR e.hub_id = $1) ORDER BY accepted_slug, counts_as_slug, e.id`, hub)
	})
	return list, err
}

// AcceptEquivalence lets holders of one certification count, at a hub, as holders of
// another; each is an id or a slug. It asks for ManageTiers at that hub, which receives
// them. What they count as is a certification of the hub or of the network, or the accepted
// one itself: else Refused, not_honoured_here. Accepting twice is the same as once.
func (r *Roster) AcceptEquivalence(ctx context.Context, by identity.Actor, hubKey, accepted, countsAs string, k database.Key) (Equivalence, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, hubKey)
		if err == nil && hub == "" {
			err = fault.Field("hub", "required")
		}
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		var pair [2]Certification
		for i, key := range []string{accepted, countsAs} {
			field := []string{"accepted", "counts_as"}[i]
			if pair[i], err = findCertification(tx, key); fault.Is(err, "certification_not_found") {
				err = unknown(field, "unknown_certification", key)
			}
			if err != nil {
				return "", err
			}
		}
		if to := pair[1]; to.HubID != "" && to.HubID != hub && to.ID != pair[0].ID {
			return "", refused("counts_as", "not_honoured_here", nil)
		}
		return accept(tx, by, hub, pair[0].ID, pair[1].ID)
	})
	if err != nil {
		return Equivalence{}, fmt.Errorf("accept equivalence: %w", err)
	}
	return findEquivalence(r.db.Reader(ctx), id)
}

func accept(tx *database.Tx, by identity.Actor, hub, accepted, countsAs string) (string, error) {
	if err := tx.Lock("hubs", hub); err != nil { // of two who accept the same, the second finds it
		return "", err
	}
	var id string
	err := tx.Get(&id, `SELECT id FROM equivalences WHERE hub_id = $1 AND accepted_id = $2 AND counts_as_id = $3 AND ended_at IS NULL`, hub, accepted, countsAs)
	if err == nil || !errors.Is(err, database.ErrNoRows) {
		return id, err
	}
	id = database.NewID()
	_, err = tx.Exec(`INSERT INTO equivalences (id, hub_id, accepted_id, counts_as_id, made_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, hub, accepted, countsAs, by.ID, tx.Now)
	if err != nil {
		return "", err
	}
	return id, tx.Record(database.Change{By: by.ID, Action: "equivalence.accept", Kind: "equivalence", Subject: id,
		After: map[string]any{"hub": hub, "accepted": accepted, "counts_as": countsAs}})
}

// EndEquivalence takes an acceptance back, from the next booking on. It asks for
// ManageTiers at the hub. Ending it twice is the same as once.
func (r *Roster) EndEquivalence(ctx context.Context, by identity.Actor, id string, k database.Key) (Equivalence, error) {
	_, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		e, err := findEquivalence(tx, id)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, e.HubID); err != nil {
			return "", err
		}
		n, err := tx.Exec(`UPDATE equivalences SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, tx.Now)
		if err != nil || n == 0 {
			return id, err
		}
		return id, tx.Record(database.Change{By: by.ID, Action: "equivalence.end", Kind: "equivalence", Subject: id})
	})
	if err != nil {
		return Equivalence{}, fmt.Errorf("end equivalence: %w", err)
	}
	return findEquivalence(r.db.Reader(ctx), id)
}

// Accept notes that the member who asks accepts a version of some terms, outside of a
// booking. Accepting twice is the same as once. Terms or a version that do not exist are
// NotFound, condition_not_found.
func (r *Roster) Accept(ctx context.Context, by identity.Actor, a Acceptance, k database.Key) error {
	if !by.Known() {
		return identity.Denied(by)
	}
	_, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		if _, err := raise(tx, "members", by.ID); err != nil {
			return "", err
		}
		err := RecordAcceptances(tx, by.ID, by, "", []Acceptance{a})
		if fault.KindOf(err) == fault.Malformed {
			err = notFound("condition_not_found")
		}
		if err != nil {
			return "", err
		}
		return by.ID, tx.Record(database.Change{By: by.ID, Action: "terms.accept", Kind: "member", Subject: by.ID,
			After: map[string]any{"condition": a.Condition, "version": a.Version}})
	})
	if err != nil {
		return fmt.Errorf("accept terms: %w", err)
	}
	return nil
}
