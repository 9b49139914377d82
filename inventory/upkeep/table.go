package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// ruleColumns are those of a file of preventive rules. A line finds its rule by the resource and the
// name; the second of several alike finds the second, in order of making.
var ruleColumns = inventory.Table{
	Columns: []string{"resource", "name", "every_use_min", "every_days", "note", "blocks", "active"},
	Plain:   []string{"every_use_min", "every_days", "blocks", "active"},
	Keys:    []string{"resource", "name"},
}

var errDryRun = errors.New("dry run")

// ImportRules puts a CSV file of the preventive rules of a hub (id or slug) in, line by line, each its own
// commit, as the files of the inventory: what is new is made and counts from now, what differs is edited,
// and a line that is refused says why and stops nothing. It asks for the right to manage the inventory
// there; to this file a resource of another hub is none.
func (d *Desk) ImportRules(ctx context.Context, by identity.Actor, hubKey string, r io.Reader, dryRun bool) (inventory.Report, error) {
	hub, err := d.hubFor(ctx, by, identity.ManageInventory, hubKey)
	if err != nil {
		return inventory.Report{}, err
	}
	lines, err := ruleColumns.Read(r)
	if err != nil {
		return inventory.Report{}, err
	}
	report := inventory.Report{Kind: "rules", DryRun: dryRun, Lines: []inventory.ReportLine{}}
	met := map[string]int{} // how many lines alike came before
	for _, l := range lines {
		resource, name := *l.Text("resource"), *l.Text("name")
		nth := met[resource+"\n"+name]
		met[resource+"\n"+name]++
		var told inventory.ReportLine
		err := d.db.In(ctx, func(tx *database.Tx) error {
			var err error
			if told, err = takeRule(tx, by, hub.ID, l, nth); err != nil {
				return err
			}
			if dryRun || told.Outcome == inventory.Refused {
				return errDryRun
			}
			return nil
		})
		if err != nil && !errors.Is(err, errDryRun) {
			return report, err
		}
		report.Add(told)
	}
	return report, nil
}

// takeRule takes one line. What refuses it is told.
func takeRule(tx *database.Tx, by identity.Actor, hubID string, l inventory.TableLine, nth int) (inventory.ReportLine, error) {
	key := *l.Text("resource")
	e := RuleEdits{Name: l.Text("name"), EveryUseMin: l.Whole("every_use_min"), EveryDays: l.Whole("every_days"), Note: l.Text("note"),
		Blocks: l.Switch("blocks"), Active: l.Switch("active")}
	told := inventory.ReportLine{Line: l.Number, Key: key + " – " + *e.Name, Outcome: inventory.Refused, Violations: l.Violations}
	if len(told.Violations) > 0 {
		return told, nil
	}
	outcome, err := writeRule(tx, by, hubID, key, e, nth)
	if f := fault.Of(err); f != nil && f.Kind != fault.Unavailable && f.Kind != fault.Internal {
		if told.Violations = f.Violations; len(told.Violations) == 0 {
			told.Violations = []fault.Violation{{Code: f.Code, Params: f.Params}}
		}
		return told, nil
	}
	told.Outcome = outcome
	return told, err
}

func writeRule(tx *database.Tx, by identity.Actor, hubID, key string, e RuleEdits, nth int) (string, error) {
	of, err := resourceFor(tx, by, key)
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Forbidden || err == nil && of.HubID != hubID {
		var c check
		c.refuse("resource", "unknown_resource", nil)
		return "", c.err()
	}
	if err != nil {
		return "", err
	}
	var ids []string
	if err := tx.Select(&ids, `SELECT id FROM preventive_rules WHERE resource_id = $1 AND name = $2 ORDER BY created_at, id`, of.ID, *e.Name); err != nil {
		return "", err
	}
	if nth >= len(ids) {
		_, err := insertRule(tx, by, of, e)
		return inventory.Created, err
	}
	was, err := findRule(tx, ids[nth])
	if err != nil {
		return "", err
	}
	is := was
	if e.write(&is); is.sameAs(was) {
		return inventory.Unchanged, nil
	}
	_, err = editRule(tx, by, was, e)
	return inventory.Changed, err
}

// sameAs reports whether two states of a rule say the same.
func (p Rule) sameAs(q Rule) bool {
	return p.Name == q.Name && p.EveryUseMin == q.EveryUseMin && p.EveryDays == q.EveryDays && p.Note == q.Note && p.Blocks == q.Blocks && p.Active == q.Active
}

// ExportRules writes the preventive rules of a hub (id or slug) as CSV that ImportRules takes back. It
// asks for the right to take the hub's data out.
func (d *Desk) ExportRules(ctx context.Context, by identity.Actor, w io.Writer, hubKey string) error {
	hub, err := d.hubFor(ctx, by, identity.Export, hubKey)
	if err != nil {
		return err
	}
	var rows []struct {
		Rule
		Slug string `db:"slug"`
	}
	err = d.db.Reader(ctx).Select(&rows, `SELECT p.id, p.name, p.every_use_min, p.every_days, p.note, p.blocks, p.active, r.slug
		FROM preventive_rules p JOIN resources r ON r.id = p.resource_id WHERE r.hub_id = $1 ORDER BY r.slug, p.created_at, p.id`, hub.ID)
	if err != nil {
		return fmt.Errorf("export rules: %w", err)
	}
	yesNo := map[bool]string{true: "yes", false: "no"}
	cells := make([]map[string]string, len(rows))
	for i, p := range rows {
		cells[i] = map[string]string{"resource": p.Slug, "name": p.Name, "every_use_min": strconv.FormatInt(p.EveryUseMin, 10),
			"every_days": strconv.FormatInt(p.EveryDays, 10), "note": p.Note, "blocks": yesNo[p.Blocks], "active": yesNo[p.Active]}
	}
	return ruleColumns.Write(w, cells)
}
