package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// TakeOut takes a unit (id or inventory code) out of service from an instant,
// perhaps until another. In the same commit every booking that it hits loses the
// unit and gets an equal one if there is one free; else its line is left without
// unit, staff and member are told, and the booking stands on the list that
// Bookings gives for WithoutUnit until a person settles it (invariant 2).
// A unit that is out already in that time is Taken.
func (b *Book) TakeOut(ctx context.Context, who identity.Actor, unit string, from time.Time, until *time.Time, reason string, key database.Key) (Maintenance, error) {
	return b.TakeOutFor(ctx, who, Outage{Unit: unit, From: from, Until: until, Reason: reason}, key)
}

// An Outage asks for a unit to be out of service.
type Outage struct {
	Unit   string // id or inventory code
	From   time.Time
	Until  *time.Time // nil while nobody knows
	Reason string
	Cause  string // "" for repair; or lost, preventive
	Ticket string // the ticket of the unit that it is for, by id; "" for none

	// The bookings (ids) that it may move: it is refused as impact_changed when it would move another,
	// which was made since somebody looked. nil for any.
	Foreseen []string
}

// TakeOutFor is TakeOut for any cause, and for a ticket. One that is not of the unit is NotFound, one
// that is closed Refused, ticket_closed.
func (b *Book) TakeOutFor(ctx context.Context, who identity.Actor, out Outage, key database.Key) (Maintenance, error) {
	if err := cmp.Or(meant("starts_at", &out.From), meant("ends_at", out.Until)); err != nil {
		return Maintenance{}, err
	}
	m := Maintenance{Cause: cmp.Or(out.Cause, "repair"), StartsAt: second(out.From), Reason: out.Reason, TicketID: out.Ticket, MadeBy: who.ID, Open: true}
	if out.Until != nil {
		end := second(*out.Until)
		m.EndsAt = &end
	}
	if m.Cause != "repair" && m.Cause != "lost" && m.Cause != "preventive" {
		return Maintenance{}, fault.Field("cause", "bad_value")
	}
	return b.onUnit(ctx, who, identity.HandOut, out.Unit, key, func(o *outing) error {
		if err := o.ofTicket(m.TicketID); err != nil {
			return err
		}
		if m.StartsAt.Before(o.tx.Now) {
			m.StartsAt = o.tx.Now
		}
		if m.EndsAt != nil && !m.EndsAt.After(m.StartsAt) {
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "ends_before_start", Params: fault.Params{"field": "ends_at"}}})}
		}
		if broken := judgeNote("reason", &m.Reason); len(broken) > 0 {
			return &Refusal{Fault: refusalOf(broken)}
		}
		gives := "incomplete" // what makes room for it
		if m.Cause == "lost" {
			gives = "" // nobody repairs what is not there
		}
		if err := o.endOpen(gives); err != nil {
			return err
		}
		if err := o.takeOut(m); err != nil {
			return err
		}
		if err := onlyForeseen(out.Foreseen, o.done.Rehomed, o.done.WithoutUnit); err != nil {
			return err
		}
		return o.keepOutWhileIncomplete()
	})
}

// Retire takes a unit out of service for ever. Retiring twice is the same as once. The bookings (ids) that
// were foreseen are those that it may move: it is refused as impact_changed when it would move another,
// which was made since somebody looked. nil is for any.
func (b *Book) Retire(ctx context.Context, who identity.Actor, unit string, foreseen []string, key database.Key) (Maintenance, error) {
	return b.onUnit(ctx, who, identity.ManageInventory, unit, key, func(o *outing) error {
		if was, err := o.open("retired"); err != nil || was != nil {
			if was != nil {
				o.done = *was
			}
			return err
		}
		if err := o.endOpen(""); err != nil {
			return err
		}
		if err := o.endJourneys(""); err != nil {
			return err
		}
		if err := o.takeOut(Maintenance{Cause: "retired", StartsAt: o.tx.Now, MadeBy: who.ID, Open: true}); err != nil {
			return err
		}
		if err := onlyForeseen(foreseen, o.done.Rehomed, o.done.WithoutUnit); err != nil {
			return err
		}
		return inventory.RetireUnit(ctx, o.tx, o.unit.ID)
	})
}

// CountComponents notes how many of each component (by id) of a unit are missing.
// While a required one is missing the unit is out of service, beside any repair; when
// all are back, only repairs keep it out. It is refused as impact_changed when it would move a booking (id)
// that was not foreseen, which was made since somebody looked; nil is for any.
func (b *Book) CountComponents(ctx context.Context, who identity.Actor, unit string, missing map[string]int, foreseen []string, key database.Key) (Maintenance, error) {
	return b.onUnit(ctx, who, identity.HandOut, unit, key, func(o *outing) error {
		incomplete, err := inventory.CountComponents(ctx, o.tx, o.unit.ID, missing)
		if err != nil {
			return err
		}
		if !incomplete {
			return o.endOpen("incomplete")
		}
		if err := o.keepOutWhileIncomplete(); err != nil {
			return err
		}
		if err := onlyForeseen(foreseen, o.displaced); err != nil {
			return err
		}
		if open, err := o.open("incomplete"); err != nil || open == nil {
			return err
		} else if o.done.ID == "" {
			o.done = *open
		}
		return nil
	})
}

// keepOutWhileIncomplete takes the unit out of service wherever nothing else does, as
// long as a required component is missing.
func (o *outing) keepOutWhileIncomplete() error {
	var missing int
	err := o.tx.Get(&missing, `SELECT count(*) FROM components WHERE unit_id = $1 AND required AND missing > 0`, o.unit.ID)
	if err != nil || missing == 0 {
		return err
	}
	done := o.done
	err = o.takeOutBetween(Maintenance{Cause: "incomplete", MadeBy: o.who.ID, Open: true})
	if done.ID != "" {
		o.done = done // what was asked for, not what followed from it
	}
	return err
}

// takeOutBetween takes the unit out of service from now on wherever no maintenance does yet.
func (o *outing) takeOutBetween(m Maintenance) error {
	planned, err := o.maintenances(`m.unit_id = $1 AND m.open AND (m.ends_at IS NULL OR m.ends_at > $2)`, o.unit.ID, o.tx.Now)
	if err != nil {
		return err
	}
	rest := hours.Spans{{Start: o.tx.Now, End: database.Forever}}
	for _, other := range planned {
		rest = rest.Minus(hours.Spans{other.span()})
	}
	for _, gap := range rest {
		m.StartsAt, m.EndsAt = gap.Start, nil
		if gap.End.Before(database.Forever) {
			m.EndsAt = &gap.End
		}
		if err := o.takeOut(m); err != nil {
			return err
		}
	}
	return nil
}

// span is when a maintenance takes its unit.
func (m Maintenance) span() hours.Span {
	if m.EndsAt == nil {
		return hours.Span{Start: m.StartsAt, End: database.Forever}
	}
	return hours.Span{Start: m.StartsAt, End: *m.EndsAt}
}

// EndMaintenance puts a unit back into service, at an instant that is not past, or now.
// An end that is later than the planned one keeps the unit out for longer and re-homes
// what that hits; one that has passed as planned stays as it was.
func (b *Book) EndMaintenance(ctx context.Context, who identity.Actor, id string, at *time.Time, key database.Key) (Maintenance, error) {
	if err := meant("at", at); err != nil {
		return Maintenance{}, err
	}
	var unit string
	err := b.db.Reader(ctx).Get(&unit, `SELECT unit_id FROM maintenances WHERE id = $1`, id)
	if err == database.ErrNoRows {
		return Maintenance{}, fault.New(fault.NotFound, "maintenance_not_found", nil)
	} else if err != nil {
		return Maintenance{}, err
	}
	m, err := b.onUnit(ctx, who, identity.HandOut, unit, key, func(o *outing) error {
		all, err := o.maintenances(`m.id = $1`, id)
		if err != nil {
			return err
		}
		m := all[0]
		if !m.Open || m.Cause == "retired" {
			return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "bad_status", Params: fault.Params{"status": "ended"}}})}
		}
		end := o.tx.Now
		if at != nil && second(*at).After(end) {
			end = second(*at)
		}
		if m.EndsAt != nil && !m.EndsAt.After(o.tx.Now) {
			m.Open = false
			o.done = m
			return nil
		}
		if m.EndsAt != nil && end.After(*m.EndsAt) {
			if m.Cause == "repair" { // what is incomplete makes room for it, as in TakeOut
				if err := o.endOpen("incomplete"); err != nil {
					return err
				}
			}
			if m.Rehomed, m.WithoutUnit, err = o.rehome(hours.Span{Start: *m.EndsAt, End: end}); err != nil {
				return err
			}
		}
		if err := o.end(m, end); err != nil {
			return err
		}
		return o.keepOutWhileIncomplete()
	})
	if fault.Is(err, "unit_not_found") {
		err = fault.New(fault.NotFound, "maintenance_not_found", nil)
	}
	return m, err
}

// Maintenances lists the open maintenances of a hub (id or slug) to its staff, soonest first.
func (b *Book) Maintenances(ctx context.Context, who identity.Actor, hubKey string) ([]Maintenance, error) {
	hub, err := b.catalog.Hub(ctx, hubKey)
	if err != nil {
		return nil, err
	}
	if err := staffOnly(who, identity.ViewBookings, hub.ID, hub.RegionID); err != nil {
		return nil, err
	}
	return maintenancesOf(b.db.Reader(ctx), `m.open AND u.current_hub_id = $1 AND (m.ends_at IS NULL OR m.ends_at > $2)`, hub.ID, b.db.Now())
}

// staffOnly refuses whoever lacks a right at a hub that everybody may know of.
func staffOnly(who identity.Actor, right identity.Right, hubID, regionID string) error {
	if who.May(right, hubID, regionID) {
		return nil
	}
	return identity.Denied(who)
}

type maintenanceRow struct {
	ID        string     `db:"id"`
	UnitID    string     `db:"unit_id"`
	Cause     string     `db:"cause"`
	StartsAt  time.Time  `db:"starts_at"`
	EndsAt    *time.Time `db:"ends_at"`
	Reason    string     `db:"reason"`
	Open      bool       `db:"open"`
	MadeBy    string     `db:"made_by"`
	CreatedAt time.Time  `db:"created_at"`
	Version   int64      `db:"version"`
	TicketID  string     `db:"ticket_id"`
}

const maintenanceColumns = `m.id, m.unit_id, m.cause, m.starts_at, m.ends_at, m.reason, m.open, m.made_by, m.created_at, m.version, COALESCE(m.ticket_id, '') AS ticket_id`

func maintenancesOf(r database.Reader, condition string, args ...any) ([]Maintenance, error) {
	var rows []maintenanceRow
	err := r.Select(&rows, `
		SELECT `+maintenanceColumns+`
		FROM maintenances m JOIN units u ON u.id = m.unit_id
		WHERE `+condition+` ORDER BY m.starts_at, m.id`, args...)
	if err != nil {
		return nil, err
	}
	all := make([]Maintenance, len(rows))
	for i, m := range rows {
		all[i] = m.maintenance()
	}
	return all, nil
}

func (m maintenanceRow) maintenance() Maintenance {
	is := Maintenance{
		ID: m.ID, UnitID: m.UnitID, Cause: m.Cause, StartsAt: m.StartsAt.UTC(), Reason: m.Reason,
		Open: m.Open, MadeBy: m.MadeBy, CreatedAt: m.CreatedAt.UTC(), Version: m.Version, TicketID: m.TicketID,
	}
	if m.EndsAt != nil {
		end := m.EndsAt.UTC()
		is.EndsAt = &end
	}
	return is
}

// An outing is a change of when one unit is out of service, being carried out under
// the lock of its resource.
type outing struct {
	b         *Book
	ctx       context.Context
	tx        *database.Tx
	who       identity.Actor
	unit      inventory.Unit
	done      Maintenance // what it came to
	displaced []string    // the bookings (ids) that lost the unit, by all that it came to
}

// onUnit carries out a change of one unit's service, all or nothing.
func (b *Book) onUnit(ctx context.Context, who identity.Actor, right identity.Right, unitKey string, key database.Key, f func(*outing) error) (Maintenance, error) {
	if err := need(who); err != nil {
		return Maintenance{}, err
	}
	a, err := b.onceAnswer(ctx, key, func() (answer, error) {
		unit, err := b.catalog.Unit(ctx, unitKey)
		if err != nil {
			return answer{}, err
		}
		if err := b.mayTouch(ctx, who, right, unit); err != nil {
			return answer{}, err
		}
		o := &outing{b: b, ctx: ctx, who: who, unit: unit}
		err = b.db.In(ctx, func(tx *database.Tx) error {
			o.tx, o.done = tx, Maintenance{UnitID: unit.ID}
			if _, err := lockResources(tx, []string{unit.ResourceID}); err != nil {
				return err
			}
			// Until then a journey may have brought it to another resource, whose lock is not held.
			if now, err := unitIn(tx, unit.ID); err != nil {
				return err
			} else if now.ResourceID != unit.ResourceID || now.CurrentHubID != unit.CurrentHubID || now.HomeHubID != unit.HomeHubID {
				return errAgain
			}
			if err := f(o); err != nil {
				return err
			}
			return tx.Keep(key, answer{Maintenance: &o.done})
		})
		return answer{Maintenance: &o.done}, err
	})
	if err != nil {
		return Maintenance{}, err
	}
	return *a.Maintenance, nil
}

// mayTouch refuses who lacks a right where a unit is, and where it is at home.
func (b *Book) mayTouch(ctx context.Context, who identity.Actor, right identity.Right, unit inventory.Unit) error {
	at, err := b.catalog.Hub(ctx, unit.CurrentHubID)
	if err != nil || who.May(right, at.ID, at.RegionID) {
		return err
	}
	if unit.HomeHubID != unit.CurrentHubID {
		home, err := b.catalog.Hub(ctx, unit.HomeHubID)
		if err != nil || who.May(right, home.ID, home.RegionID) {
			return err
		}
	}
	return notTheirs(who, at)
}

// notTheirs is what somebody is told who may not touch a unit: staff of another hub
// that they may not, anybody else that there is no such unit.
func notTheirs(who identity.Actor, hub inventory.Hub) error {
	if who.May(identity.ViewBookings, hub.ID, hub.RegionID) {
		return identity.Denied(who)
	}
	return fault.New(fault.NotFound, "unit_not_found", nil)
}

func (o *outing) maintenances(condition string, args ...any) ([]Maintenance, error) {
	return maintenancesOf(o.tx, condition, args...)
}

// open returns the open maintenance of the unit with the given cause, or nil.
func (o *outing) open(cause string) (*Maintenance, error) {
	all, err := o.maintenances(`m.unit_id = $1 AND m.open AND m.cause = $2 AND (m.ends_at IS NULL OR m.ends_at > $3)`, o.unit.ID, cause, o.tx.Now)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// endOpen ends the open maintenances of the unit now: those of one cause, or all for "".
func (o *outing) endOpen(cause string) error {
	all, err := o.maintenances(`m.unit_id = $1 AND m.open AND (m.cause = $2 OR $2 = '') AND (m.ends_at IS NULL OR m.ends_at > $3)`, o.unit.ID, cause, o.tx.Now)
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := o.end(m, o.tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// end ends a maintenance at an instant.
func (o *outing) end(m Maintenance, at time.Time) error {
	was := m
	m.Open, m.EndsAt, m.Version = at.After(o.tx.Now) && at.After(m.StartsAt), &at, m.Version+1
	_, err := o.tx.Exec(`UPDATE maintenances SET open = $2, ends_at = $3, version = version + 1 WHERE id = $1`, m.ID, m.Open, at)
	if err != nil {
		return err
	}
	if at.After(m.StartsAt) {
		_, err = o.tx.Exec(`UPDATE occupancies SET ends_at = $2 WHERE maintenance_id = $1 AND live`, m.ID, at)
	} else {
		_, err = o.tx.Exec(`UPDATE occupancies SET live = false WHERE maintenance_id = $1 AND live`, m.ID)
	}
	if err != nil {
		return err
	}
	o.done = m
	if err := o.record("maintenance.end", &was, m); err != nil {
		return err
	}
	return o.keepAway()
}

// takeOut takes the unit out of service and re-homes what that hits.
func (o *outing) takeOut(m Maintenance) error {
	m.ID, m.UnitID, m.CreatedAt, m.Version = database.NewID(), o.unit.ID, o.tx.Now, 1
	span := m.span()
	err := o.notOut(m)
	if err != nil {
		return err
	}
	if m.Rehomed, m.WithoutUnit, err = o.rehome(span); err != nil {
		return err
	}
	_, err = o.tx.Exec(`
		INSERT INTO maintenances (id, unit_id, cause, starts_at, ends_at, reason, open, made_by, created_at, version, ticket_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)`,
		m.ID, m.UnitID, m.Cause, m.StartsAt, m.EndsAt, m.Reason, m.Open, m.MadeBy, m.CreatedAt, orNull(m.TicketID))
	if err != nil {
		return err
	}
	_, err = o.tx.Exec(`
		INSERT INTO occupancies (id, home_hub_id, unit_id, reason, maintenance_id, starts_at, ends_at, live)
		VALUES ($1, $2, $3, 'maintenance', $4, $5, $6, true)`,
		database.NewID(), o.unit.HomeHubID, o.unit.ID, m.ID, span.Start, span.End)
	if err != nil {
		return err
	}
	o.done, o.displaced = m, slices.Concat(o.displaced, m.Rehomed, m.WithoutUnit)
	return o.record("maintenance.start", nil, m)
}

func (o *outing) record(action string, was *Maintenance, is Maintenance) error {
	type figures struct {
		Unit     string     `json:"unit"`
		Cause    string     `json:"cause"`
		StartsAt time.Time  `json:"starts_at"`
		EndsAt   *time.Time `json:"ends_at,omitempty"`
		Open     bool       `json:"open"`
		Ticket   string     `json:"ticket,omitempty"`
	}
	of := func(m Maintenance) figures {
		return figures{m.UnitID, m.Cause, m.StartsAt, m.EndsAt, m.Open, m.TicketID}
	}
	c := database.Change{By: o.who.ID, Action: action, Kind: "maintenance", Subject: is.ID, After: of(is)}
	if was != nil {
		c.Before = of(*was)
	}
	return o.tx.Record(c)
}

// orNull is an id as a column that may refer to nothing.
func orNull(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}
