package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// A Pack is a carnet of prepaid minutes of a member or of an organisation. What is left is
// the sum of its rows in the ledger.
type Pack struct {
	ID             string         `db:"id" json:"id"`
	MemberID       string         `db:"member_id" json:"member_id"`
	OrganisationID string         `db:"organisation_id" json:"organisation_id"`
	HubID          string         `db:"hub_id" json:"hub_id"`           // "" for everywhere
	Kind           inventory.Kind `db:"kind" json:"kind"`               // "" for every kind
	CategoryID     string         `db:"category_id" json:"category_id"` // "" for every category
	Minutes        int64          `db:"minutes" json:"minutes"`         // when it was sold
	PriceCents     int64          `db:"price_cents" json:"price_cents"`
	ExpiresOn      string         `db:"expires_on" json:"expires_on"` // the last day of use, "" for none
	MadeBy         string         `db:"made_by" json:"made_by"`
	CreatedAt      time.Time      `db:"created_at" json:"created_at"`
	Left           int64          `db:"left_min" json:"left_min"`
}

// Warnings are codes of what the operator should look at, none when all is usual. Quebec's
// Consumer Protection Act restricts the expiry of prepaid cards.
func (p Pack) Warnings() []string {
	if p.ExpiresOn == "" {
		return nil
	}
	return []string{"pack_expiry_restricted"}
}

// NewPack is what is asked of a pack. Hub and Category are ids or slugs, "" for all.
type NewPack struct {
	Holder
	Hub        string
	Kind       inventory.Kind
	Category   string
	Minutes    int64
	PriceCents int64
	ExpiresOn  string // packs do not expire unless the operator says so
}

const selectPacks = `SELECT p.id, COALESCE(p.member_id, '') AS member_id, COALESCE(p.organisation_id, '') AS organisation_id, p.hub_id, p.kind,
	p.category_id, p.minutes, p.price_cents, p.expires_on, p.made_by, p.created_at,
	COALESCE((SELECT SUM(l.minutes) FROM ledger l WHERE l.pack_id = p.id), 0) AS left_min FROM packs p `

func findPack(r database.Reader, id string) (Pack, error) {
	var p Pack
	err := r.Get(&p, selectPacks+`WHERE p.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("pack_not_found")
	}
	return p, err
}

// SellPack gives a member or an organisation prepaid minutes. It asks for ManageTiers at
// the pack's hub, or over the network for a pack that is good everywhere. Nobody sells one to
// themselves: Refused, own_pack.
func (r *Roster) SellPack(ctx context.Context, by identity.Actor, n NewPack, k database.Key) (Pack, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, n.Hub)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		if err := n.notOwn(by, "own_pack"); err != nil {
			return "", err
		}
		_, zoneName, err := placeOf(tx, hub)
		if err != nil {
			return "", err
		}
		day, err := today(tx, zoneName)
		if err != nil {
			return "", err
		}
		if _, known := dateOf(n.ExpiresOn); known && n.ExpiresOn < day.String() {
			return "", refused("expires_on", "day_past", nil)
		}
		return sell(tx, by, n)
	})
	if err != nil {
		return Pack{}, fmt.Errorf("sell pack: %w", err)
	}
	return findPack(r.db.Reader(ctx), id)
}

// LoadPacks sells many packs in the caller's transaction, for the demo network and for
// imports, and returns their ids. It asks for no right: its caller has.
func (r *Roster) LoadPacks(_ context.Context, tx *database.Tx, many []NewPack) ([]string, error) {
	ids := make([]string, len(many))
	for i, n := range many {
		var err error
		if ids[i], err = sell(tx, identity.System, n); err != nil {
			return nil, fmt.Errorf("load packs: %w", err)
		}
	}
	return ids, nil
}

func sell(tx *database.Tx, by identity.Actor, n NewPack) (string, error) {
	p := Pack{ID: database.NewID(), MemberID: n.onlyMember(), OrganisationID: n.OrganisationID, Kind: n.Kind, Minutes: n.Minutes,
		PriceCents: n.PriceCents, ExpiresOn: n.ExpiresOn}
	if err := n.one(); err != nil {
		return "", err
	}
	var f form
	if n.Kind != "" {
		f.oneOf("kind", string(n.Kind), string(inventory.Space), string(inventory.Machine), string(inventory.Equipment), string(inventory.Guide))
	}
	f.between("minutes", &n.Minutes, 1, mostMinutes)
	f.between("price_cents", &n.PriceCents, 0, 100_000_000)
	f.day("expires_on", n.ExpiresOn)
	var err error
	if p.HubID, err = hubOf(tx, n.Hub); err != nil {
		return "", err
	}
	if n.Category != "" {
		err := tx.Get(&p.CategoryID, `SELECT id FROM categories WHERE id = $1 OR slug = $1`, n.Category)
		if errors.Is(err, database.ErrNoRows) {
			f.no("category", "unknown_category", nil)
		} else if err != nil {
			return "", err
		}
	}
	if err := f.err(); err != nil {
		return "", err
	}
	if err := raiseHolder(tx, n.Holder); err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO packs (id, member_id, organisation_id, hub_id, kind, category_id, minutes, price_cents, expires_on, made_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, p.ID, n.member(), orNull(n.OrganisationID), p.HubID, string(p.Kind),
		p.CategoryID, p.Minutes, p.PriceCents, p.ExpiresOn, by.ID, tx.Now)
	if err != nil {
		return "", err
	}
	if err := enter(tx, by, []entry{{Use{PackID: p.ID}, n.Holder, "", p.Minutes, reasonGrant}}); err != nil {
		return "", err
	}
	return p.ID, tx.Record(database.Change{By: by.ID, Action: "pack.sell", Kind: "pack", Subject: p.ID, After: map[string]any{
		"member": p.MemberID, "organisation": p.OrganisationID, "hub": p.HubID, "kind": p.Kind, "category": p.CategoryID,
		"minutes": p.Minutes, "price_cents": p.PriceCents, "expires_on": p.ExpiresOn}})
}

// Packs lists the packs of a holder, the newest first, used-up ones too, to the holder and
// to staff of their hubs.
func (r *Roster) Packs(ctx context.Context, by identity.Actor, h Holder) ([]Pack, error) {
	var list []Pack
	err := r.db.View(ctx, func(rd database.Reader) error {
		if err := r.seen(rd, by, h); err != nil {
			return err
		}
		return packsOf(rd, h, &list)
	})
	return list, err
}

func packsOf(rd database.Reader, h Holder, list *[]Pack) error {
	return rd.Select(list, selectPacks+`WHERE p.member_id = $1 OR p.organisation_id = $2 ORDER BY p.created_at DESC, p.id`,
		h.onlyMember(), h.OrganisationID)
}
