package membership

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Tier is a kind of membership: what it costs and what it allows.
type Tier struct {
	ID          string         `db:"id"`
	Slug        string         `db:"slug"`
	HubID       string         `db:"hub_id"` // "" for a tier of the network
	Name        inventory.Text `db:"name"`
	Description inventory.Text `db:"description"`
	PriceCents  int64          `db:"price_cents"` // before tax, a period
	Currency    string         `db:"currency"`
	Period      string         `db:"period"`     // none, month, year
	ValidFrom   string         `db:"valid_from"` // days between which it counts, "" for always
	ValidUntil  string         `db:"valid_until"`
	Reach       string         `db:"reach"`   // which hubs honour it: hub, region, network
	Visitor     bool           `db:"visitor"` // of persons without a membership
	Archived    bool           `db:"archived"`
	Version     int64          `db:"version"`
	Allowances  []Allowance    `db:"-"`
}

// An Allowance is what a tier allows of a category, else of a kind, else of everything.
// What is nil, the tier does not say: it does not limit.
type Allowance struct {
	ID           string         `db:"id"`
	TierID       string         `db:"tier_id"`
	Kind         inventory.Kind `db:"kind"`
	CategoryID   string         `db:"category_id"`
	CategorySlug string         `db:"category_slug"` // filled by reads
	DayMin       *int64         `db:"day_min"`       // minutes included a day, a week, a month
	WeekMin      *int64         `db:"week_min"`
	MonthMin     *int64         `db:"month_min"`
	Beyond       string         `db:"beyond"` // what goes beyond them is refused or charged
	HorizonDays  *int64         `db:"horizon_days"`
	LongestMin   *int64         `db:"longest_min"`
	Upcoming     *int64         `db:"upcoming"` // bookings at once that have not ended
	AfterHours   bool           `db:"after_hours"`
	PricePercent int64          `db:"price_percent"` // of the resource's price, for what is not included
}

// TierEdits are what may be written of a tier; nil leaves it. Hub is an id or a slug, and
// only for a new one. Allowances replace all there were; their Category is an id or a slug,
// and one for a kind or category that had one keeps what was counted under it.
type TierEdits struct {
	IfVersion                                      int64
	Slug, Hub                                      *string
	Name, Description                              *inventory.Text
	PriceCents                                     *int64
	Currency, Period, ValidFrom, ValidUntil, Reach *string
	Visitor, Archived                              *bool
	Allowances                                     *[]Allowance
}

const tierColumns = `id, slug, hub_id, name, description, price_cents, currency, period, valid_from, valid_until, reach, visitor, archived, version`

// Tiers lists the tiers of the network and of the hubs, in order of slug; archived ones
// only when asked. Everybody may know them.
func (r *Roster) Tiers(ctx context.Context, archived bool) ([]Tier, error) {
	var list []Tier
	err := r.db.View(ctx, func(rd database.Reader) error {
		if err := rd.Select(&list, `SELECT `+tierColumns+` FROM tiers WHERE $1 OR NOT archived ORDER BY slug`, archived); err != nil {
			return err
		}
		return withAllowances(rd, list)
	})
	return list, err
}

// Tier returns the tier with that id or slug, or a NotFound fault, tier_not_found.
func (r *Roster) Tier(ctx context.Context, key string) (Tier, error) {
	var t Tier
	err := r.db.View(ctx, func(rd database.Reader) (err error) {
		t, err = findTier(rd, key)
		return err
	})
	return t, err
}

func findTier(rd database.Reader, key string) (Tier, error) {
	var t Tier
	err := rd.Get(&t, `SELECT `+tierColumns+` FROM tiers WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		return t, notFound("tier_not_found")
	}
	if err != nil {
		return t, err
	}
	list := []Tier{t}
	err = withAllowances(rd, list)
	return list[0], err
}

func withAllowances(rd database.Reader, list []Tier) error {
	var ids []string
	at := map[string]int{}
	for i, t := range list {
		ids, at[t.ID] = append(ids, t.ID), i
	}
	var rows []Allowance
	err := rd.SelectIn(&rows, `
		SELECT a.id, a.tier_id, a.kind, a.category_id, COALESCE(c.slug, '') AS category_slug, a.day_min, a.week_min, a.month_min, a.beyond,
			a.horizon_days, a.longest_min, a.upcoming, a.after_hours, a.price_percent
		FROM tier_allowances a LEFT JOIN categories c ON c.id = a.category_id
		WHERE NOT a.archived AND a.tier_id IN ($list) ORDER BY a.kind, category_slug, a.id`, ids)
	for _, row := range rows {
		t := &list[at[row.TierID]]
		t.Allowances = append(t.Allowances, row)
	}
	return err
}

// CreateTier makes a tier. It asks for ManageTiers at its hub, or over the network.
func (r *Roster) CreateTier(ctx context.Context, by identity.Actor, e TierEdits, k database.Key) (Tier, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, or(e.Hub, ""))
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		return insertTier(tx, by, hub, e)
	})
	if err != nil {
		return Tier{}, fmt.Errorf("create tier: %w", err)
	}
	return r.Tier(ctx, id)
}

// LoadTiers makes many tiers in the caller's transaction, for the demo network and for
// imports, and returns their ids. It asks for no right: its caller has.
func (r *Roster) LoadTiers(_ context.Context, tx *database.Tx, many []TierEdits) ([]string, error) {
	ids := make([]string, len(many))
	for i, e := range many {
		hub, err := hubOf(tx, or(e.Hub, ""))
		if err != nil {
			return nil, err
		}
		if ids[i], err = insertTier(tx, identity.System, hub, e); err != nil {
			return nil, fmt.Errorf("load tiers: %w", err)
		}
	}
	return ids, nil
}

func insertTier(tx *database.Tx, by identity.Actor, hub string, e TierEdits) (string, error) {
	t := Tier{ID: database.NewID(), HubID: hub, Currency: "CAD", Period: "none", Reach: "network", Version: 1}
	if hub != "" {
		t.Reach = "hub"
	}
	set(&t.Slug, e.Slug)
	e.apply(&t)
	if err := t.check(tx); err != nil {
		return "", err
	}
	n, err := tx.Exec(`INSERT INTO tiers (`+tierColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (slug) DO NOTHING`, t.ID, t.Slug, t.HubID, t.Name, t.Description, t.PriceCents, t.Currency, t.Period,
		t.ValidFrom, t.ValidUntil, t.Reach, t.Visitor, t.Archived, t.Version)
	if err == nil && n == 0 {
		err = refused("slug", "slug_taken", nil)
	}
	if err != nil {
		return "", err
	}
	if err := writeAllowances(tx, t, e.Allowances); err != nil {
		return "", err
	}
	return t.ID, tx.Record(database.Change{By: by.ID, Action: "tier.create", Kind: "tier", Subject: t.ID, After: t.figures(e)})
}

// ChangeTier changes a tier for all who have it, from their next booking on; those that
// stand stay. It asks for ManageTiers at the tier's hub, or over the network. Another
// version than IfVersion is Stale.
func (r *Roster) ChangeTier(ctx context.Context, by identity.Actor, key string, e TierEdits, k database.Key) (Tier, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		was, err := findTier(tx, key)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, was.HubID); err != nil {
			return "", err
		}
		if err := stale(e.IfVersion, was.Version); err != nil {
			return "", err
		}
		return was.ID, changeTier(tx, by, was, e)
	})
	if err != nil {
		return Tier{}, fmt.Errorf("change tier: %w", err)
	}
	return r.Tier(ctx, id)
}

func changeTier(tx *database.Tx, by identity.Actor, was Tier, e TierEdits) error {
	t := was
	e.apply(&t)
	if e.Slug != nil && *e.Slug != was.Slug {
		return refused("slug", "slug_fixed", nil)
	}
	if err := t.check(tx); err != nil {
		return err
	}
	t.Version++
	n, err := tx.Exec(`UPDATE tiers SET name = $2, description = $3, price_cents = $4, currency = $5, period = $6, valid_from = $7,
		valid_until = $8, reach = $9, visitor = $10, archived = $11, version = $12 WHERE id = $1 AND version = $13`,
		t.ID, t.Name, t.Description, t.PriceCents, t.Currency, t.Period, t.ValidFrom, t.ValidUntil, t.Reach, t.Visitor, t.Archived, t.Version, was.Version)
	if err == nil && n == 0 {
		err = fault.New(fault.Stale, "stale", nil)
	}
	if err != nil {
		return err
	}
	if err := writeAllowances(tx, t, e.Allowances); err != nil {
		return err
	}
	return tx.Record(database.Change{By: by.ID, Action: "tier.update", Kind: "tier", Subject: t.ID,
		Before: was.figures(TierEdits{Allowances: &was.Allowances}), After: t.figures(e)})
}

func (e TierEdits) apply(t *Tier) {
	set(&t.Name, e.Name)
	set(&t.Description, e.Description)
	set(&t.PriceCents, e.PriceCents)
	set(&t.Currency, e.Currency)
	set(&t.Period, e.Period)
	set(&t.ValidFrom, e.ValidFrom)
	set(&t.ValidUntil, e.ValidUntil)
	set(&t.Reach, e.Reach)
	set(&t.Visitor, e.Visitor)
	set(&t.Archived, e.Archived)
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (t Tier) check(r database.Reader) error {
	var f form
	if !slugForm.MatchString(t.Slug) || len(t.Slug) > 80 {
		f.no("slug", "bad_slug", nil)
	}
	f.texts("name", t.Name, longestName, true)
	f.texts("description", t.Description, longestText, false)
	f.between("price_cents", &t.PriceCents, 0, 100_000_000)
	f.oneOf("currency", t.Currency, "CAD")
	f.oneOf("period", t.Period, "none", "month", "year")
	f.oneOf("reach", t.Reach, "hub", "region", "network")
	f.day("valid_from", t.ValidFrom)
	f.day("valid_until", t.ValidUntil)
	if len(f.violations) == 0 && t.ValidUntil != "" && t.ValidUntil < t.ValidFrom {
		f.no("valid_until", "ends_before_start", nil)
	}
	if err := f.err(); err != nil || !t.Visitor || t.Archived {
		return err
	}
	var others int
	err := r.Get(&others, `SELECT COUNT(*) FROM tiers WHERE visitor AND NOT archived AND hub_id = $1 AND id <> $2`, t.HubID, t.ID)
	if err == nil && others > 0 {
		err = refused("visitor", "visitor_tier_exists", nil)
	}
	return err
}

// figures is what the log keeps of a tier: no texts.
func (t Tier) figures(e TierEdits) map[string]any {
	f := map[string]any{"slug": t.Slug, "hub": t.HubID, "price_cents": t.PriceCents, "period": t.Period, "valid_from": t.ValidFrom,
		"valid_until": t.ValidUntil, "reach": t.Reach, "visitor": t.Visitor, "archived": t.Archived, "version": t.Version}
	if e.Allowances != nil {
		f["allowances"] = *e.Allowances
	}
	return f
}
