package membership

import (
	"context"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// change runs a verb on a membership, under the lock of its holder, and raises its version.
// It asks for ManageTiers at its hub; to who has no right there it is not found, and nobody
// changes their own: Refused, own_membership. Another
// version than ifVersion is Stale.
func (r *Roster) change(ctx context.Context, by identity.Actor, what, id string, ifVersion int64, k database.Key,
	verb func(tx *database.Tx, m *Membership, day hours.Date) error) (Membership, error) {
	return r.changed(ctx, what, k, func(tx *database.Tx) (string, error) {
		m, err := findMembership(tx, id)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, m.HubID); err != nil {
			if fault.KindOf(err) == fault.Forbidden && !r.seesMembership(tx, by, m) {
				err = notFound("membership_not_found")
			}
			return "", err
		}
		h := Holder{m.MemberID, m.OrganisationID}
		if err := h.notOwn(by, "own_membership"); err != nil {
			return "", err
		}
		if err := raiseHolder(tx, h); err != nil {
			return "", err
		}
		was, err := findMembership(tx, id) // as it is under the lock
		if err != nil {
			return "", err
		}
		if err := stale(ifVersion, was.Version); err != nil {
			return "", err
		}
		if was.CancelledAt != nil {
			return "", refused("id", "membership_cancelled", nil)
		}
		_, zoneName, err := placeOf(tx, was.HubID)
		if err != nil {
			return "", err
		}
		day, err := today(tx, zoneName)
		if err != nil {
			return "", err
		}
		m = was
		if err := verb(tx, &m, day); err != nil {
			return "", err
		}
		m.Version++
		if err := m.check(); err != nil {
			return "", err
		}
		_, err = tx.Exec(`UPDATE memberships SET ends_on = $2, renews = $3, cancelled_at = $4, version = $5 WHERE id = $1`,
			m.ID, m.EndsOn, m.Renews, m.CancelledAt, m.Version)
		if err != nil {
			return "", err
		}
		return m.ID, tx.Record(database.Change{By: by.ID, Action: "membership." + what, Kind: "membership", Subject: m.ID,
			Before: was.figures(), After: m.figures()})
	})
}

// A Renewal says how long a membership goes on. EndsOn nil is one period of its tier more;
// "" is for ever. Renews nil leaves it.
type Renewal struct {
	IfVersion int64
	EndsOn    *string
	Renews    *bool
}

// RenewMembership lets a membership go on to a later day. It asks for ManageTiers at its
// hub. When it then meets the next one, it is Refused, membership_overlaps.
func (r *Roster) RenewMembership(ctx context.Context, by identity.Actor, id string, e Renewal, k database.Key) (Membership, error) {
	return r.change(ctx, by, "renew", id, e.IfVersion, k, func(tx *database.Tx, m *Membership, _ hours.Date) error {
		set(&m.EndsOn, e.EndsOn)
		if last, ok := dateOf(m.EndsOn); e.EndsOn == nil && ok {
			t, err := findTier(tx, m.TierID)
			if err != nil {
				return err
			}
			first, _ := dateOf(m.StartsOn)
			m.EndsOn = periodEnd(t.Period, first, last.AddDays(1))
		}
		set(&m.Renews, e.Renews)
		if err := m.check(); err != nil {
			return err
		}
		return m.alone(tx)
	})
}

// PauseMembership suspends a membership from a day, "" for today, to a day, "" until it is
// resumed. It asks for ManageTiers at its hub. Two pauses do not overlap: Refused, pause_overlaps.
func (r *Roster) PauseMembership(ctx context.Context, by identity.Actor, id string, p Pause, ifVersion int64, k database.Key) (Membership, error) {
	return r.change(ctx, by, "pause", id, ifVersion, k, func(tx *database.Tx, m *Membership, day hours.Date) error {
		if p.FromOn == "" {
			p.FromOn = day.String()
		}
		var f form
		f.day("from_on", p.FromOn)
		f.day("until_on", p.UntilOn)
		if len(f.violations) == 0 && p.UntilOn != "" && p.UntilOn < p.FromOn {
			f.no("until_on", "ends_before_start", nil)
		}
		if err := f.err(); err != nil {
			return err
		}
		if p.FromOn < m.StartsOn || m.lastDay() != "" && p.FromOn > m.lastDay() {
			return refused("from_on", "outside_membership", nil)
		}
		for _, o := range m.Pauses {
			if (o.UntilOn == "" || o.UntilOn >= p.FromOn) && (p.UntilOn == "" || o.FromOn <= p.UntilOn) {
				return refused("from_on", "pause_overlaps", nil)
			}
		}
		_, err := tx.Exec(`INSERT INTO membership_pauses (id, membership_id, from_on, until_on) VALUES ($1, $2, $3, $4)`,
			database.NewID(), m.ID, p.FromOn, p.UntilOn)
		return err
	})
}

// ResumeMembership ends the pause in which a day lies, so that the membership counts from
// that day on; "" is today. It asks for ManageTiers at its hub. A day in no pause is
// Refused, not_paused.
func (r *Roster) ResumeMembership(ctx context.Context, by identity.Actor, id, on string, ifVersion int64, k database.Key) (Membership, error) {
	return r.change(ctx, by, "resume", id, ifVersion, k, func(tx *database.Tx, m *Membership, day hours.Date) error {
		if on != "" {
			var err error
			if day, err = hours.ParseDate(on); err != nil {
				return fault.Field("on", "bad_date")
			}
		}
		for _, p := range m.Pauses {
			if !within(day, p.FromOn, p.UntilOn) {
				continue
			}
			query, args := `UPDATE membership_pauses SET until_on = $2 WHERE id = $1`, []any{p.ID, day.AddDays(-1).String()}
			if p.FromOn == day.String() {
				query, args = `DELETE FROM membership_pauses WHERE id = $1`, args[:1] // it has not begun
			}
			_, err := tx.Exec(query, args...)
			return err
		}
		return refused("on", "not_paused", nil)
	})
}

// EndMembership makes a day the last of a membership, "" for today, whether it renews or
// not. Before its first day it is undone wholly: it never counted, and nothing can be done
// with it any more. It never ends later than it does already: Refused, membership_ended;
// to go on is RenewMembership. It asks for ManageTiers at its hub. Bookings that stand are
// left alone.
func (r *Roster) EndMembership(ctx context.Context, by identity.Actor, id, on string, ifVersion int64, k database.Key) (Membership, error) {
	return r.change(ctx, by, "end", id, ifVersion, k, func(tx *database.Tx, m *Membership, day hours.Date) error {
		if on != "" {
			var err error
			if day, err = hours.ParseDate(on); err != nil {
				return fault.Field("on", "bad_date")
			}
		}
		last := day.String()
		if end := m.lastDay(); end != "" && last > end {
			return refused("on", "membership_ended", fault.Params{"ends_on": end})
		}
		m.Renews = false
		if last < m.StartsOn {
			m.CancelledAt = &tx.Now
			return nil
		}
		m.EndsOn = last
		return m.check()
	})
}
