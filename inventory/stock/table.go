package stock

import (
	"context"
	"errors"
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

// columns are those of a file of consumables. Its stock is counted when the file is put in, where
// the file says one.
var columns = inventory.Table{
	Columns: []string{"code", "name_fr", "name_en", "measure", "shelf", "stock", "low", "archived"},
	Plain:   []string{"stock", "low"},
	Keys:    []string{"code", "measure", "name_fr"},
}

// moveColumns are those of the file of what changed stock, which only comes out.
var moveColumns = inventory.Table{
	Columns: []string{"at", "code", "kind", "delta", "stock_after", "booking", "note"},
	Plain:   []string{"at", "delta", "stock_after"},
}

const linesPerCommit = 50

var errDryRun = errors.New("dry run")

// Import puts a CSV file of consumables of a hub (id or slug) in, line by line, as that of the
// inventory: what is new is made, what differs is edited, a stock that differs is counted. It asks
// for the right to manage the inventory there.
func (m *Room) Import(ctx context.Context, by identity.Actor, hubKey string, r io.Reader, dryRun bool) (inventory.Report, error) {
	hub, err := m.staffed(ctx, by, identity.ManageInventory, hubKey)
	if err != nil {
		return inventory.Report{}, err
	}
	lines, err := columns.Read(r)
	if err != nil {
		return inventory.Report{}, err
	}
	report := inventory.Report{Kind: "consumables", DryRun: dryRun, Lines: []inventory.ReportLine{}}
	for piece := range slices.Chunk(lines, linesPerCommit) {
		var told []inventory.ReportLine
		err := m.db.In(ctx, func(tx *database.Tx) error {
			told = nil
			for _, l := range piece {
				t, err := take(tx, by, hub.ID, l)
				if err != nil {
					return err
				}
				told = append(told, t)
			}
			if dryRun {
				return errDryRun
			}
			return nil
		})
		if err != nil && !errors.Is(err, errDryRun) {
			return report, err
		}
		report.Add(told...)
	}
	return report, nil
}

// take takes one line. What refuses it is told, and nothing of it is written.
func take(tx *database.Tx, by identity.Actor, hubID string, l inventory.TableLine) (inventory.ReportLine, error) {
	e := Edits{Code: l.Text("code"), Measure: l.Text("measure"), Shelf: l.Text("shelf"), Low: l.Whole("low"), Archived: l.Switch("archived")}
	counted := l.Whole("stock")
	name := inventory.Text{}
	for lang, column := range map[string]string{"fr": "name_fr", "en": "name_en"} {
		if s := l.Text(column); s != nil {
			name[lang] = *s
		}
	}
	e.Name = &name
	told := inventory.ReportLine{Line: l.Number, Key: *e.Code, Outcome: inventory.Refused, Violations: l.Violations}
	if counted != nil && (*counted < 0 || *counted > maxStock) {
		told.Violations = append(told.Violations, fault.Violation{Code: "out_of_range", Params: fault.Params{"field": "stock", "min": 0, "max": maxStock}})
	}
	if len(told.Violations) > 0 {
		return told, nil
	}
	outcome, err := write(tx, by, hubID, e, counted)
	if f := fault.Of(err); f != nil && f.Kind != fault.Unavailable && f.Kind != fault.Internal {
		if told.Violations = f.Violations; len(told.Violations) == 0 {
			told.Violations = []fault.Violation{{Code: f.Code, Params: f.Params}}
		}
		return told, nil
	}
	told.Outcome = outcome
	return told, err
}

func write(tx *database.Tx, by identity.Actor, hubID string, e Edits, counted *int64) (string, error) {
	outcome := inventory.Unchanged
	c, err := hold(tx, *e.Code)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		if c, err = insert(tx, by, hubID, e); err != nil {
			return "", err
		}
		outcome = inventory.Created
	case err != nil:
		return "", err
	case c.HubID != hubID || !strings.EqualFold(c.Code, *e.Code):
		return "", refused("code", "code_taken", nil)
	default:
		e.Code = nil                  // it is by its code that the line found it
		for lang, s := range c.Name { // a column that the file has not leaves what is there
			if _, given := (*e.Name)[lang]; !given {
				(*e.Name)[lang] = s
			}
		}
		var changed bool
		if c, changed, err = edit(tx, by, c, e); err != nil {
			return "", err
		} else if changed {
			outcome = inventory.Changed
		}
	}
	if counted == nil || *counted == c.Stock {
		return outcome, nil
	}
	if outcome == inventory.Unchanged {
		outcome = inventory.Changed
	}
	_, err = Moving{Kind: Count, Quantity: *counted}.write(tx, by, c)
	return outcome, err
}

// Export writes the consumables of a hub (id or slug) as CSV that Import takes back, or, with moves,
// what changed their stock at since or later. It asks for the right to take the hub's data out.
func (m *Room) Export(ctx context.Context, by identity.Actor, w io.Writer, hubKey string, moves bool, since time.Time) error {
	hub, err := m.staffed(ctx, by, identity.Export, hubKey)
	if err != nil {
		return err
	}
	r := m.db.Reader(ctx)
	rows := []map[string]string{}
	if moves {
		var all []Move
		if err := r.Select(&all, selectMoves+`WHERE c.hub_id = $1 AND m.at >= $2 ORDER BY m.at, m.id`, hub.ID, since.UTC()); err != nil {
			return err
		}
		for _, v := range all {
			v = v.seenBy(by, hub.ID)
			rows = append(rows, map[string]string{"at": v.At.UTC().Format("2006-01-02T15:04:05Z"), "code": v.Code, "kind": v.Kind,
				"delta": strconv.FormatInt(v.Delta, 10), "stock_after": strconv.FormatInt(v.StockAfter, 10), "booking": v.Reference, "note": v.Note})
		}
		return moveColumns.Write(w, rows)
	}
	var all []Consumable
	if err := r.Select(&all, selectConsumables+`WHERE c.hub_id = $1 ORDER BY c.code`, hub.ID); err != nil {
		return err
	}
	for _, c := range all {
		rows = append(rows, map[string]string{"code": c.Code, "name_fr": c.Name["fr"], "name_en": c.Name["en"], "measure": c.Measure, "shelf": c.Shelf,
			"stock": strconv.FormatInt(c.Stock, 10), "low": strconv.FormatInt(c.Low, 10), "archived": map[bool]string{true: "yes", false: "no"}[c.Archived]})
	}
	return columns.Write(w, rows)
}
