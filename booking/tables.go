package booking

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// Tables that a hub's book comes out as. They do not go in again: what happened is not written by hand.
const (
	LoanTable    = "loans"
	JourneyTable = "transfers"
	OutageTable  = "outages"
)

var (
	loanColumns = inventory.Table{
		Columns: []string{"unit", "resource", "booking", "person", "out_at", "due_at", "back_at", "out_hub", "back_hub",
			"condition_out", "condition_in", "missing", "damaged", "signed", "doubtful"},
		Plain: []string{"out_at", "due_at", "back_at", "damaged", "signed", "doubtful"},
	}
	journeyColumns = inventory.Table{
		Columns: []string{"unit", "resource", "from_hub", "to_hub", "to_resource", "state", "leaves_at", "left_at", "arrives_at", "arrived_at", "note"},
		Plain:   []string{"state", "leaves_at", "left_at", "arrives_at", "arrived_at"},
	}
	outageColumns = inventory.Table{
		Columns: []string{"unit", "resource", "cause", "starts_at", "ends_at", "reason"},
		Plain:   []string{"cause", "starts_at", "ends_at"},
	}
)

// ExportHub writes the loans, the transfers or the outages of a hub (id or slug), past and to come, as
// CSV that no spreadsheet takes for a formula, the oldest first: those that began at since or later, and
// those that have not ended; the zero time is all there ever was. It asks for the right to take the hub's
// data out, and to see its bookings. Of a loan of another hub's booking, which came back here or went out
// from here, only the unit's way is told to who may not see that hub's bookings. Loans say whose they were
// to who may see persons at the hub of the booking; persons are
// those who are named, whom the caller may show only once it is written down that they were looked at.
// Who of the staff did what is the log's to say. Another kind is Malformed.
func (b *Book) ExportHub(ctx context.Context, by identity.Actor, w io.Writer, hubKey, kind string, since time.Time) (persons []string, err error) {
	hub, err := b.catalog.Hub(ctx, hubKey)
	if err != nil {
		return nil, err
	}
	for _, right := range []identity.Right{identity.Export, identity.ViewBookings} {
		if err := staffOnly(by, right, hub.ID, hub.RegionID); err != nil {
			return nil, err
		}
	}
	switch kind {
	case LoanTable:
		return b.exportLoans(ctx, by, w, hub, since)
	case JourneyTable:
		return nil, b.exportJourneys(ctx, w, hub, since)
	case OutageTable:
		return nil, b.exportOutages(ctx, w, hub, since)
	}
	return nil, fault.Field("kind", "bad_value")
}

// exportLoans writes the loans that left a hub or came back to it. It is two statements.
func (b *Book) exportLoans(ctx context.Context, by identity.Actor, w io.Writer, hub inventory.Hub, since time.Time) (persons []string, err error) {
	var rows []struct {
		loanRow
		Slug      string `db:"slug"`
		Reference string `db:"reference"`
		MemberID  string `db:"member_id"`
		Person    string `db:"person"`
		OutSlug   string `db:"out_slug"`
		BackSlug  string `db:"back_slug"`
		BackHub   string `db:"back_hub"`
		Hub       string `db:"booking_hub"`
		Region    string `db:"booking_region"`
	}
	r := b.db.Reader(ctx)
	err = r.Select(&rows, `
		SELECT n.id, n.unit_id, u.code, r.slug, b.reference, b.member_id, COALESCE(m.name, '') AS person, n.out_at, n.due_at, n.back_at,
			o.slug AS out_slug, COALESCE(h.slug, '') AS back_slug, n.condition_out, n.condition_in, n.missing, n.damaged, n.doubtful,
			COALESCE(n.signature_id, '') AS signature_id, COALESCE(n.back_hub_id, '') AS back_hub, b.hub_id AS booking_hub, g.region_id AS booking_region
		FROM loans n JOIN units u ON u.id = n.unit_id JOIN bookings b ON b.id = n.booking_id JOIN hubs g ON g.id = b.hub_id
		JOIN booking_lines k ON k.booking_id = n.booking_id AND k.line = n.line JOIN resources r ON r.id = k.resource_id
		JOIN hubs o ON o.id = n.out_hub_id LEFT JOIN hubs h ON h.id = n.back_hub_id LEFT JOIN members m ON m.id = b.member_id
		WHERE (n.out_hub_id = $1 OR n.back_hub_id = $1) AND (n.out_at >= $2 OR n.back_at IS NULL) ORDER BY n.out_at, n.id`, hub.ID, since.UTC())
	if err != nil {
		return nil, fmt.Errorf("export loans: %w", err)
	}
	parts, err := partNames(r, `SELECT c.id, c.name FROM components c WHERE c.unit_id IN
		(SELECT n.unit_id FROM loans n WHERE (n.out_hub_id = $1 OR n.back_hub_id = $1) AND n.missing <> '{}')`, hub.ID)
	if err != nil {
		return nil, err
	}
	cells := make([]map[string]string, len(rows))
	for i, x := range rows {
		lacks, err := lackingOf(x.Lacking)
		if err != nil {
			return nil, fmt.Errorf("loan %s: %w", x.ID, err)
		}
		cells[i] = map[string]string{"unit": x.Code, "resource": x.Slug, "booking": x.Reference, "out_at": cellTime(&x.OutAt), "due_at": cellTime(&x.DueAt),
			"back_at": cellTime(x.BackAt), "out_hub": x.OutSlug, "back_hub": x.BackSlug, "condition_out": x.ConditionOut, "condition_in": x.ConditionIn,
			"missing": cellOfMissing(lacksOf(lacks, parts)), "damaged": cellYesNo(x.Damaged), "signed": cellYesNo(x.SignatureID != ""), "doubtful": cellYesNo(x.Doubtful)}
		if x.Hub != hub.ID && !by.May(identity.ViewBookings, x.Hub, x.Region) {
			cells[i]["booking"], cells[i]["condition_out"] = "", ""
			if x.BackHub != hub.ID {
				cells[i]["condition_in"] = ""
			}
		}
		if x.Person != "" && by.May(identity.ViewPersons, x.Hub, x.Region) {
			cells[i]["person"] = x.Person
			persons = append(persons, x.MemberID)
		}
	}
	slices.Sort(persons)
	return slices.Compact(persons), loanColumns.Write(w, cells)
}

// exportJourneys writes the transfers from and to a hub.
func (b *Book) exportJourneys(ctx context.Context, w io.Writer, hub inventory.Hub, since time.Time) error {
	var rows []struct {
		Transfer
		Slug    string `db:"slug"`
		ToSlug  string `db:"to_slug"`
		FromHub string `db:"from_hub"`
		ToHub   string `db:"to_hub"`
	}
	err := b.db.Reader(ctx).Select(&rows, `
		SELECT t.id, u.code, r.slug, f.slug AS from_hub, h.slug AS to_hub, x.slug AS to_slug, t.state, t.leaves_at, t.left_at, t.arrives_at, t.arrived_at, t.note
		FROM transfers t JOIN units u ON u.id = t.unit_id JOIN resources r ON r.id = u.resource_id JOIN resources x ON x.id = t.to_resource_id
		JOIN hubs f ON f.id = t.from_hub_id JOIN hubs h ON h.id = t.to_hub_id
		WHERE (t.from_hub_id = $1 OR t.to_hub_id = $1) AND (t.leaves_at >= $2 OR t.state IN ('planned', 'on_the_road')) ORDER BY t.leaves_at, t.id`, hub.ID, since.UTC())
	if err != nil {
		return fmt.Errorf("export transfers: %w", err)
	}
	cells := make([]map[string]string, len(rows))
	for i, t := range rows {
		cells[i] = map[string]string{"unit": t.Code, "resource": t.Slug, "from_hub": t.FromHub, "to_hub": t.ToHub, "to_resource": t.ToSlug, "state": t.State,
			"leaves_at": cellTime(&t.LeavesAt), "left_at": cellTime(t.LeftAt), "arrives_at": cellTime(&t.ArrivesAt), "arrived_at": cellTime(t.ArrivedAt), "note": t.Note}
	}
	return journeyColumns.Write(w, cells)
}

// exportOutages writes when units that are at a hub, or at home there, were or will be out of service.
func (b *Book) exportOutages(ctx context.Context, w io.Writer, hub inventory.Hub, since time.Time) error {
	var rows []struct {
		Code     string     `db:"code"`
		Slug     string     `db:"slug"`
		Cause    string     `db:"cause"`
		StartsAt time.Time  `db:"starts_at"`
		EndsAt   *time.Time `db:"ends_at"`
		Reason   string     `db:"reason"`
	}
	err := b.db.Reader(ctx).Select(&rows, `
		SELECT u.code, r.slug, m.cause, m.starts_at, m.ends_at, m.reason
		FROM maintenances m JOIN units u ON u.id = m.unit_id JOIN resources r ON r.id = u.resource_id
		WHERE (u.current_hub_id = $1 OR u.home_hub_id = $1) AND (m.starts_at >= $2 OR m.ends_at IS NULL OR m.ends_at >= $2) ORDER BY m.starts_at, m.id`, hub.ID, since.UTC())
	if err != nil {
		return fmt.Errorf("export outages: %w", err)
	}
	cells := make([]map[string]string, len(rows))
	for i, m := range rows {
		cells[i] = map[string]string{"unit": m.Code, "resource": m.Slug, "cause": m.Cause, "starts_at": cellTime(&m.StartsAt), "ends_at": cellTime(m.EndsAt), "reason": m.Reason}
	}
	return outageColumns.Write(w, cells)
}

// cellTime is an instant as files have it, "" for none.
func cellTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func cellYesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// lackingOf reads what a row says was missing, by component.
func lackingOf(text string) (map[string]int, error) {
	if text == "" || text == "{}" {
		return nil, nil
	}
	var all map[string]int
	err := json.Unmarshal([]byte(text), &all)
	return all, err
}

// cellOfMissing says what was missing: «2 × Pile; 1 × Trépied». A component that is none any more
// goes by its id.
func cellOfMissing(lacks []Lack) string {
	var all []string
	for _, x := range lacks {
		all = append(all, strconv.Itoa(x.Count)+" × "+cmp.Or(x.Name.In("fr"), x.Component))
	}
	return strings.Join(all, "; ")
}

// partNames reads the names of components, by id.
func partNames(r database.Reader, query string, args ...any) (map[string]inventory.Text, error) {
	var rows []struct {
		ID   string         `db:"id"`
		Name inventory.Text `db:"name"`
	}
	if err := r.Select(&rows, query, args...); err != nil {
		return nil, fmt.Errorf("names of components: %w", err)
	}
	names := make(map[string]inventory.Text, len(rows))
	for _, x := range rows {
		names[x.ID] = x.Name
	}
	return names, nil
}
