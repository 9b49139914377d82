package booking

import (
	"cmp"
	"context"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A way is what is known of a journey before its transaction.
type way struct {
	to   inventory.Hub
	from inventory.Resource // of the unit
	host string             // the resource that was named for there, or the unit's own; "" for the equal one
}

// wayOf reads where a journey goes, and as what the unit is to be booked there.
func (b *Book) wayOf(ctx context.Context, unit inventory.Unit, j Journey) (way, error) {
	w := way{}
	var err error
	if w.to, err = b.catalog.Hub(ctx, j.To); err != nil {
		return w, err
	}
	if w.from, err = b.catalog.Resource(ctx, unit.ResourceID); err != nil {
		return w, err
	}
	if !w.from.Kind.Moves() {
		return w, notMovable()
	}
	if j.ToResource == "" {
		if w.from.HubID == w.to.ID {
			w.host = w.from.ID
		}
		return w, nil
	}
	host, err := b.catalog.Host(ctx, j.ToResource)
	code := ""
	switch {
	case fault.KindOf(err) == fault.NotFound || err == nil && host.HubID != w.to.ID:
		code = "unknown_resource"
	case err != nil:
		return w, err
	case host.Archived && !host.Awaited:
		code = "archived"
	case host.Kind != w.from.Kind:
		code = "not_equal"
	}
	if code != "" {
		return w, &Refusal{Fault: refusalOf([]fault.Violation{{Code: code, Params: fault.Params{"field": "to_resource", "resource": clip(j.ToResource)}}})}
	}
	w.host = host.ID
	return w, nil
}

// meant refuses times that nobody means.
func (j Journey) meant() error {
	return cmp.Or(meant("leaves_at", &j.LeavesAt), meant("arrives_at", &j.ArrivesAt))
}

// newJourney is the journey that is asked for; times that are past mean now.
func newJourney(unit inventory.Unit, w way, j Journey, now time.Time) Transfer {
	return Transfer{UnitID: unit.ID, FromHubID: unit.CurrentHubID, ToHubID: w.to.ID, ToResourceID: w.host,
		LeavesAt: laterOf(second(j.LeavesAt), now), ArrivesAt: second(j.ArrivesAt), Note: j.Note}
}

// planned plans a journey, as a step.
func (b *Book) planned(ctx context.Context, tx *database.Tx, who identity.Actor, unit inventory.Unit, w way, j Journey) (Transfer, error) {
	t := newJourney(unit, w, j, tx.Now)
	if err := judgeJourney(unit, t); err != nil {
		return t, err
	}
	if t.ToResourceID == "" {
		host, err := inventory.HostResource(tx, who, w.from, w.to.ID)
		if err != nil {
			return t, err
		}
		t.ToResourceID = host.ID
	}
	if _, err := lockResources(tx, distinct(unit.ResourceID, t.ToResourceID)); err != nil {
		return t, err
	}
	now, err := unitIn(tx, unit.ID)
	if err == nil && (now.ResourceID != unit.ResourceID || now.CurrentHubID != unit.CurrentHubID) {
		err = errAgain
	}
	if err != nil {
		return t, err
	}
	if err := mayLeave(tx, now, t.LeavesAt, tx.Now); err != nil {
		return t, err
	}
	t, err = (&outing{b: b, ctx: ctx, tx: tx, who: who, unit: now}).plan(t)
	if err == nil {
		err = onlyForeseen(j.Foreseen, t.Rehomed, t.WithoutUnit)
	}
	return t, err
}

// judgeJourney refuses what cannot be a journey of a unit.
func judgeJourney(unit inventory.Unit, t Transfer) error {
	var broken []fault.Violation
	if unit.Status != inventory.InService {
		broken = append(broken, fault.Violation{Code: "unit_retired", Params: fault.Params{"field": "unit"}})
	}
	if unit.CurrentHubID == t.ToHubID {
		broken = append(broken, fault.Violation{Code: "already_there", Params: fault.Params{"field": "to"}})
	}
	if !t.ArrivesAt.After(t.LeavesAt) {
		broken = append(broken, fault.Violation{Code: "ends_before_start", Params: fault.Params{"field": "arrives_at"}})
	}
	if t.ArrivesAt.Sub(t.LeavesAt) > longestJourney {
		broken = append(broken, fault.Violation{Code: "journey_too_long", Params: fault.Params{"field": "arrives_at"}})
	}
	broken = append(broken, judgeNote("note", &t.Note)...)
	if len(broken) > 0 {
		return &Refusal{Fault: refusalOf(broken)}
	}
	return nil
}

// longestJourney bounds how far apart leaving and arrival may be planned.
const longestJourney = 92 * 24 * time.Hour

// mayLeave refuses to send a unit away at an instant: while it is out with somebody, or has another
// journey before it.
func mayLeave(r database.Reader, unit inventory.Unit, at, now time.Time) error {
	due, out, err := outUntil(r, unit.ID)
	if err != nil {
		return err
	}
	if out && (due.After(at) || due.Before(now)) {
		return isOut(unit)
	}
	var journeys int
	err = r.Get(&journeys, `SELECT count(*) FROM transfers WHERE unit_id = $1 AND state IN ('planned', 'on_the_road')`, unit.ID)
	if err == nil && journeys > 0 {
		err = onJourney(unit)
	}
	return err
}

// outUntil says whether a unit is out with somebody, and when it is due.
func outUntil(r database.Reader, unitID string) (due time.Time, out bool, err error) {
	var open []time.Time
	err = r.Select(&open, `SELECT due_at FROM loans WHERE unit_id = $1 AND back_at IS NULL`, unitID)
	if err != nil || len(open) == 0 {
		return due, false, err
	}
	return open[0].UTC(), true, nil
}

func notMovable() error {
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "not_movable", Params: fault.Params{"field": "unit"}}})}
}

func onJourney(unit inventory.Unit) error {
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "on_journey", Params: fault.Params{"field": "unit", "unit": unit.Code}}})}
}

// isOut refuses what cannot be done with a unit that is out with somebody.
func isOut(unit inventory.Unit) error {
	return &Refusal{Fault: refusalOf([]fault.Violation{{Code: "unit_out", Params: fault.Params{"field": "unit", "unit": unit.Code}}})}
}

// plan writes a journey whose ends are known, and takes the unit's time for it.
func (o *outing) plan(t Transfer) (Transfer, error) {
	t.ID, t.State, t.MadeBy, t.CreatedAt, t.ChangedAt, t.Version = database.NewID(), JourneyPlanned, o.who.ID, o.tx.Now, o.tx.Now, 1
	_, err := o.tx.Exec(`
		INSERT INTO transfers (id, unit_id, from_hub_id, to_hub_id, to_resource_id, state, leaves_at, arrives_at, note, made_by, created_at, changed_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)`,
		t.ID, t.UnitID, t.FromHubID, t.ToHubID, t.ToResourceID, t.State, t.LeavesAt, t.ArrivesAt, t.Note, t.MadeBy, t.CreatedAt, t.ChangedAt)
	if err != nil {
		return t, err
	}
	if t.Rehomed, t.WithoutUnit, err = o.cover(t, t.span(o.unit)); err != nil {
		return t, err
	}
	if err := recordTransfer(o.tx, o.who, "transfer.plan", nil, t); err != nil {
		return t, err
	}
	full, err := findTransfer(o.tx, t.ID)
	full.Rehomed, full.WithoutUnit = t.Rehomed, t.WithoutUnit
	return full.Transfer, err
}

// span is when a journey takes the time of its unit: until its arrival when the unit comes home to
// its own resource, for good when it will be booked as another.
func (t Transfer) span(unit inventory.Unit) hours.Span {
	if t.ToResourceID == unit.ResourceID {
		return hours.Span{Start: t.LeavesAt, End: t.ArrivesAt}
	}
	return hours.Span{Start: t.LeavesAt, End: database.Forever}
}

// cover takes the unit's time in a span for its journey, wherever neither the journey nor a
// maintenance has it already, and re-homes what that hits.
func (o *outing) cover(t Transfer, span hours.Span) (rehomed, without []string, err error) {
	gaps, err := o.besides(span, true)
	if err != nil {
		return nil, nil, err
	}
	for _, gap := range gaps {
		r, w, err := o.rehome(gap)
		if err != nil {
			return nil, nil, err
		}
		rehomed, without = append(rehomed, r...), append(without, w...)
		if err := o.occupyFor(t.ID, gap); err != nil {
			return nil, nil, err
		}
	}
	return rehomed, without, nil
}

// yield leaves a span of what a journey takes of its unit's time to a maintenance: the unit cannot be
// had either way, and the journey takes it again when the maintenance ends.
func (o *outing) yield(v victim, lost hours.Span) error {
	rest := hours.Spans{{Start: v.StartsAt.UTC(), End: v.EndsAt.UTC()}}.Minus(hours.Spans{lost})
	if len(rest) == 0 {
		_, err := o.tx.Exec(`UPDATE occupancies SET live = false WHERE id = $1`, v.ID)
		return err
	}
	if _, err := o.tx.Exec(`UPDATE occupancies SET starts_at = $2, ends_at = $3 WHERE id = $1`, v.ID, rest[0].Start, rest[0].End); err != nil {
		return err
	}
	for _, piece := range rest[1:] {
		if err := o.occupyFor(*v.TransferID, piece); err != nil {
			return err
		}
	}
	return nil
}

// keepAway takes the unit's time for the journey that it is to make or makes, wherever a maintenance
// that has just ended leaves it free.
func (o *outing) keepAway() error {
	rows, err := transfersOf(o.tx, `WHERE t.unit_id = $1 AND t.state IN ('planned', 'on_the_road')`, o.unit.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		span := row.span(o.unit)
		if row.State == JourneyOnTheRoad || span.Start.Before(o.tx.Now) {
			span.Start = o.tx.Now
		}
		if !span.End.After(o.tx.Now) {
			span.End = lateUntil(row.ArrivesAt, o.tx.Now)
		}
		if _, _, err := o.cover(row.Transfer, span); err != nil {
			return err
		}
	}
	return nil
}

// occupyFor writes that a journey takes the unit in a span.
func (o *outing) occupyFor(transferID string, span hours.Span) error {
	_, err := o.tx.Exec(`
		INSERT INTO occupancies (id, home_hub_id, unit_id, reason, transfer_id, starts_at, ends_at, live)
		VALUES ($1, $2, $3, 'transfer', $4, $5, $6, true)`,
		database.NewID(), o.unit.HomeHubID, o.unit.ID, transferID, span.Start, span.End)
	return err
}

// clear re-homes every booking of the unit in a span: it is not what they were promised any more.
func (o *outing) clear(span hours.Span) (rehomed, without []string, err error) {
	gaps, err := o.besides(span, false)
	if err != nil {
		return nil, nil, err
	}
	for _, gap := range gaps {
		r, w, err := o.rehome(gap)
		if err != nil {
			return nil, nil, err
		}
		rehomed, without = append(rehomed, r...), append(without, w...)
	}
	return rehomed, without, nil
}

// besides is a span without the unit's maintenances, and without its journeys when they count too.
func (o *outing) besides(span hours.Span, journeys bool) (hours.Spans, error) {
	var rows []struct {
		StartsAt time.Time `db:"starts_at"`
		EndsAt   time.Time `db:"ends_at"`
		Reason   string    `db:"reason"`
	}
	err := o.tx.Select(&rows, `
		SELECT starts_at, ends_at, reason FROM occupancies
		WHERE unit_id = $1 AND live AND reason <> 'booking' AND starts_at < $2 AND ends_at > $3 ORDER BY starts_at`, o.unit.ID, span.End, span.Start)
	rest := hours.Spans{span}
	for _, row := range rows {
		if journeys || row.Reason == "maintenance" {
			rest = rest.Minus(hours.Spans{{Start: row.StartsAt.UTC(), End: row.EndsAt.UTC()}})
		}
	}
	return rest, err
}
