package membership

import (
	"context"
	"errors"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// AdjustReasons say why staff set minutes right: their mistake or the program's, a
// present, something that broke down or was broken, or another one. The ledger keeps a code
// and no words, because it can never be changed.
var AdjustReasons = []string{"correction", "gift", "damage", "other"}

// adjustment checks how many minutes are set right, and why.
func adjustment(minutes int64, reason string) error {
	var f form
	f.between("minutes", &minutes, -mostMinutes, mostMinutes)
	if minutes == 0 {
		f.no("minutes", "required", nil)
	}
	f.oneOf("reason", reason, AdjustReasons...)
	return f.err()
}

// AdjustPack adds minutes to a pack, or takes some when minutes is negative, for one of
// AdjustReasons. It asks for ManageTiers at the pack's hub, or over the network. More than
// is left cannot be taken: Refused, pack_overdrawn.
func (r *Roster) AdjustPack(ctx context.Context, by identity.Actor, id string, minutes int64, reason string, k database.Key) (Pack, error) {
	_, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		p, err := findPack(tx, id)
		if err != nil {
			return "", err
		}
		h := Holder{p.MemberID, p.OrganisationID}
		if err := allow(tx, by, identity.ManageTiers, p.HubID); err != nil {
			if sees, _ := r.sees(tx, by, h); fault.KindOf(err) == fault.Forbidden && !sees {
				err = notFound("pack_not_found")
			}
			return "", err
		}
		if err := h.notOwn(by, "own_pack"); err != nil {
			return "", err
		}
		if err := adjustment(minutes, reason); err != nil {
			return "", err
		}
		if err := raiseHolder(tx, h); err != nil {
			return "", err
		}
		if p, err = findPack(tx, id); err != nil { // as it is under the lock
			return "", err
		}
		if p.Left+minutes < 0 {
			return "", refused("minutes", "pack_overdrawn", fault.Params{"left_min": p.Left})
		}
		if err := enter(tx, by, []entry{{Use{PackID: p.ID}, h, "", minutes, reason}}); err != nil {
			return "", err
		}
		return id, tx.Record(database.Change{By: by.ID, Action: "pack.adjust", Kind: "pack", Subject: id,
			Before: map[string]any{"left_min": p.Left}, After: map[string]any{"left_min": p.Left + minutes, "reason": reason}})
	})
	if err != nil {
		return Pack{}, fmt.Errorf("adjust pack: %w", err)
	}
	return findPack(r.db.Reader(ctx), id)
}

// An AllowanceAdjustment gives a holder minutes of what their tier includes, or takes some
// when Minutes is negative, in one day, week or month.
type AllowanceAdjustment struct {
	Holder
	AllowanceID string
	Period      string // day, week or month: one that the allowance bounds
	On          string // a day of that period, "" for today
	Minutes     int64
	Reason      string // one of AdjustReasons
}

// AdjustAllowance sets right what a holder has used of an allowance, and returns the bucket
// as it is then. It asks for ManageTiers at the hub where they have the tier, or at their
// home hub when it is the visitors'. Nobody does it for themselves: Refused, own_minutes.
func (r *Roster) AdjustAllowance(ctx context.Context, by identity.Actor, a AllowanceAdjustment, k database.Key) (Bucket, error) {
	var b Bucket
	start, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		if err := r.seen(tx, by, a.Holder); err != nil {
			return "", err
		}
		if err := a.one(); err != nil {
			return "", err
		}
		hub, err := hubOfTier(tx, a)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		if err := a.notOwn(by, "own_minutes"); err != nil {
			return "", err
		}
		if err := adjustment(a.Minutes, a.Reason); err != nil {
			return "", err
		}
		start, err := a.start(tx, hub)
		if err != nil {
			return "", err
		}
		if b, err = a.bucket(tx, start); err != nil {
			return "", err
		}
		if err := raiseHolder(tx, a.Holder); err != nil {
			return "", err
		}
		use := Use{AllowanceID: a.AllowanceID, Period: a.Period, PeriodStart: start}
		if err := enter(tx, by, []entry{{use, a.Holder, "", a.Minutes, a.Reason}}); err != nil {
			return "", err
		}
		return start, tx.Record(database.Change{By: by.ID, Action: "allowance.adjust", Kind: "allowance", Subject: a.AllowanceID, After: map[string]any{
			"member": a.onlyMember(), "organisation": a.OrganisationID, "period": a.Period, "period_start": start, "minutes": a.Minutes, "reason": a.Reason}})
	})
	if err == nil {
		b, err = a.bucket(r.db.Reader(ctx), start)
	}
	if err != nil {
		return Bucket{}, fmt.Errorf("adjust allowance: %w", err)
	}
	return b, nil
}

// hubOfTier returns where the holder has the tier of an allowance, else their home hub when
// it is a visitor tier.
func hubOfTier(r database.Reader, a AllowanceAdjustment) (string, error) {
	var hubs []string
	err := r.Select(&hubs, `
		SELECT hub_id FROM (
			SELECT 1 AS rank, s.starts_on, s.hub_id FROM memberships s JOIN tier_allowances w ON w.tier_id = s.tier_id
			WHERE w.id = $3 AND (s.member_id = $1 OR s.organisation_id = $2) AND s.cancelled_at IS NULL
			UNION ALL SELECT 2, '', COALESCE(m.home_hub_id, '') FROM members m WHERE m.id = $1
				AND EXISTS (SELECT 1 FROM tier_allowances w JOIN tiers t ON t.id = w.tier_id WHERE w.id = $3 AND t.visitor)
			UNION ALL SELECT 2, '', COALESCE(o.hub_id, '') FROM organisations o WHERE o.id = $2
				AND EXISTS (SELECT 1 FROM tier_allowances w JOIN tiers t ON t.id = w.tier_id WHERE w.id = $3 AND t.visitor)) x
		ORDER BY rank, starts_on DESC, hub_id LIMIT 1`, a.onlyMember(), a.OrganisationID, a.AllowanceID)
	if err == nil && len(hubs) == 0 {
		err = unknown("allowance", "unknown_allowance", a.AllowanceID)
	}
	if err != nil {
		return "", err
	}
	return hubs[0], nil
}

// start returns the first day of the period in the calendar of a hub.
func (a AllowanceAdjustment) start(tx *database.Tx, hub string) (string, error) {
	var f form
	f.oneOf("period", a.Period, daily, weekly, monthly)
	f.usualDay("on", a.On)
	if err := f.err(); err != nil {
		return "", err
	}
	day, given := dateOf(a.On)
	if !given {
		_, zoneName, err := placeOf(tx, hub)
		if err != nil {
			return "", err
		}
		if day, err = today(tx, zoneName); err != nil {
			return "", err
		}
	}
	return startOf(a.Period, day).String(), nil
}

// bucket reads what the period that begins on a day includes and what the holder used of it.
// A period that the allowance does not bound is Malformed.
func (a AllowanceAdjustment) bucket(r database.Reader, startsOn string) (Bucket, error) {
	var row struct {
		Kind     inventory.Kind `db:"kind"`
		Category string         `db:"category_id"`
		Day      *int64         `db:"day_min"`
		Week     *int64         `db:"week_min"`
		Month    *int64         `db:"month_min"`
		Used     int64          `db:"used"`
	}
	err := r.Get(&row, `SELECT kind, category_id, day_min, week_min, month_min,
		COALESCE((SELECT -SUM(l.minutes) FROM ledger l WHERE l.allowance_id = $1 AND (l.member_id = $2 OR l.organisation_id = $3)
			AND l.period = $4 AND l.period_start = $5), 0) AS used
		FROM tier_allowances WHERE id = $1`, a.AllowanceID, a.onlyMember(), a.OrganisationID, a.Period, startsOn)
	if errors.Is(err, database.ErrNoRows) {
		err = unknown("allowance", "unknown_allowance", a.AllowanceID)
	}
	if err != nil {
		return Bucket{}, err
	}
	most := map[string]*int64{daily: row.Day, weekly: row.Week, monthly: row.Month}[a.Period]
	if most == nil {
		return Bucket{}, fault.Field("period", "bad_value")
	}
	start, _ := dateOf(startsOn)
	return newBucket(&allowance{id: a.AllowanceID, kind: row.Kind, category: row.Category}, limit{a.Period, most}, start, row.Used), nil
}
