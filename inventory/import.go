package inventory

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// ImportOptions say how to import.
type ImportOptions struct {
	Kind     string                // hubs, resources, units or components; "" to tell by the header
	DryRun   bool                  // report, and write nothing
	Progress func(done, total int) // called now and then, with numbers of lines; may be nil
	Key      database.Key          // an Idempotency-Key: the report is kept under it; the zero Key keeps nothing
}

// What became of a line. A warning stands on a line of the report of its own, beside
// what became of the line.
const (
	Created   = "created"
	Changed   = "changed"
	Unchanged = "unchanged"
	Refused   = "refused"
	Warning   = "warning"
)

// A Report says what an import did, and line by line why not.
type Report struct {
	Kind      string       `json:"kind"`
	DryRun    bool         `json:"dry_run"`
	Created   int          `json:"created"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Refused   int          `json:"refused"`
	Warnings  int          `json:"warnings"`
	Lines     []ReportLine `json:"lines"`
}

// A ReportLine is what became of one line of a file. Each violation of a refused line has
// the column in its params.
type ReportLine struct {
	Line       int               `json:"line"`
	Key        string            `json:"key"`
	Outcome    string            `json:"outcome" enum:"created,changed,unchanged,refused,warning"`
	Violations []fault.Violation `json:"violations,omitempty"`
}

// linesPerCommit keeps the commits of an import short, so that bookings pass between them.
const linesPerCommit = 50

// errDryRun rolls back what a dry run wrote to find out what would happen.
var errDryRun = errors.New("dry run")

// Import reads a CSV file of hubs, resources, units or components of units, line by line: what is new is made,
// what differs is edited, what cannot be is refused and told, and the other lines go on.
// Columns that the file has not leave what is there as it is. A second import of the same
// file changes nothing.
//
// A file that cannot be read as a whole is Malformed or TooLarge, and nothing is written.
// Any other error ends the import: lines reported before it are committed. by needs the
// right to manage some inventory; a line about another hub is refused. The same request
// with the same key gets the report of the first, and changes nothing: not even what
// somebody edited since.
func (c *Catalog) Import(ctx context.Context, by identity.Actor, r io.Reader, o ImportOptions) (Report, error) {
	if !by.Anywhere(identity.ManageInventory) {
		return Report{}, may(by, identity.ManageInventory, "", "")
	}
	f, err := readFile(r, o.Kind)
	if err != nil {
		return Report{}, err
	}
	if o.Key == (database.Key{}) {
		return c.importLines(ctx, by, f, o)
	}
	return database.Once(ctx, c.db, o.Key, func() (Report, error) {
		if err := c.unanswered(ctx, o.Key); err != nil {
			return Report{}, err
		}
		report, err := c.importLines(ctx, by, f, o)
		if err != nil {
			return report, err
		}
		return report, c.db.In(ctx, func(tx *database.Tx) error { return tx.Keep(o.Key, report) })
	}, nil)
}

// errUnanswered rolls back what looked whether a key has an answer.
var errUnanswered = errors.New("no answer yet")

// unanswered returns ErrAnswered when the key has an answer. Other verbs find out when they
// keep theirs and are undone; an import, of many commits, cannot be.
func (c *Catalog) unanswered(ctx context.Context, k database.Key) error {
	err := c.db.In(ctx, func(tx *database.Tx) error {
		if err := tx.Keep(k, nil); err != nil {
			return err
		}
		return errUnanswered
	})
	if errors.Is(err, errUnanswered) {
		return nil
	}
	return err
}

// importLines is Import once the file is read.
func (c *Catalog) importLines(ctx context.Context, by identity.Actor, f file, o ImportOptions) (Report, error) {
	report := Report{Kind: f.kind, DryRun: o.DryRun, Lines: []ReportLine{}}
	follow := func(tx *database.Tx, unitID string) error { return c.partsChanged(ctx, tx, by, unitID, nil) }
	if o.DryRun {
		follow = nil // whom it moves is not said here, and is found out for nothing
	}
	done := 0
	for piece := range slices.Chunk(f.lines, linesPerCommit) {
		var told []ReportLine
		err := c.db.In(ctx, func(tx *database.Tx) (err error) {
			told, err = importer{tx: tx, by: by, kind: f.kind, follow: follow}.piece(piece)
			if err == nil && o.DryRun {
				err = errDryRun
			}
			return err
		})
		if err != nil && !errors.Is(err, errDryRun) {
			return report, err
		}
		report.add(told)
		if done += len(piece); o.Progress != nil {
			o.Progress(done, len(f.lines))
		}
	}
	return report, nil
}

func (r *Report) add(lines []ReportLine) {
	r.Lines = append(r.Lines, lines...)
	for _, l := range lines {
		switch l.Outcome {
		case Created:
			r.Created++
		case Changed:
			r.Changed++
		case Unchanged:
			r.Unchanged++
		case Refused:
			r.Refused++
		case Warning:
			r.Warnings++
		}
	}
}

// An importer works on the lines of one commit.
type importer struct {
	tx     *database.Tx
	by     identity.Actor
	kind   string
	follow func(tx *database.Tx, unitID string) error // what a change of a unit's parts leads to; nil for a dry run
}

// A verdict is what became of one line, and what a person should know besides.
type verdict struct {
	outcome  string
	warnings []fault.Violation
}

// piece locks everything that the lines concern, in the declared order, then takes one
// line after the other. A line that is refused has written nothing.
func (i importer) piece(lines []line) ([]ReportLine, error) {
	if err := i.lock(lines); err != nil {
		return nil, err
	}
	var told []ReportLine
	for _, l := range lines {
		// A commit that is tried again starts from the line as it was read.
		fresh := *l.check
		fresh.violations = slices.Clone(fresh.violations)
		l.check = &fresh
		v, err := i.take(l)
		if refused := refusal(err); refused != nil {
			told = append(told, ReportLine{Line: l.number, Key: l.key, Outcome: Refused, Violations: refused})
			continue
		}
		if err != nil {
			return nil, err
		}
		told = append(told, ReportLine{Line: l.number, Key: l.key, Outcome: v.outcome})
		if len(v.warnings) > 0 {
			told = append(told, ReportLine{Line: l.number, Key: l.key, Outcome: Warning, Violations: v.warnings})
		}
	}
	return told, nil
}

func (i importer) take(l line) (verdict, error) {
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	switch i.kind {
	case hubFile:
		return i.hub(l)
	case resourceFile:
		return i.resource(l)
	case componentFile:
		return i.component(l)
	default:
		return i.unit(l)
	}
}

// refusal returns why a line was refused, or nil when err is no refusal of a line.
func refusal(err error) []fault.Violation {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Unavailable || f.Kind == fault.Internal {
		return nil
	}
	if len(f.Violations) > 0 {
		return f.Violations
	}
	return []fault.Violation{{Code: f.Code, Params: f.Params}}
}

// lock locks the hubs that the lines name and all that they govern, and the units.
func (i importer) lock(lines []line) error {
	column := map[string]string{hubFile: "slug", resourceFile: "hub", unitFile: "resource", componentFile: "unit"}[i.kind]
	named := map[string]bool{}
	var codes []string
	for _, l := range lines {
		named[l.cells[column]] = true
		for _, column := range []string{"code", "unit"} {
			if code := l.cells[column]; code != "" {
				codes = append(codes, code, FoldCode(code))
			}
		}
	}
	keys := slices.Sorted(maps.Keys(named))
	if i.kind != unitFile && i.kind != componentFile {
		var hubs []string
		err := i.tx.SelectIn(&hubs, `SELECT k.id FROM (SELECT id, id AS name FROM hubs UNION ALL SELECT id, slug AS name FROM hubs) k
			WHERE k.name IN ($list)`, keys)
		if err != nil {
			return err
		}
		if i.kind == hubFile && len(hubs) < len(keys) {
			return i.lockForNewHubs(hubs)
		}
		return lockHubs(i.tx, hubs...)
	}
	var hubs, more, units []string
	if err := i.tx.SelectIn(&hubs, `SELECT k.hub_id FROM (SELECT hub_id, id AS name FROM resources UNION ALL SELECT hub_id, slug AS name FROM resources) k
			WHERE k.name IN ($list)`, keys); err != nil {
		return err
	}
	if err := i.tx.SelectIn(&more, `SELECT home_hub_id FROM units WHERE code IN ($list) UNION SELECT current_hub_id FROM units WHERE code IN ($list)
			UNION SELECT r.hub_id FROM units u JOIN resources r ON r.id = u.resource_id WHERE u.code IN ($list)`, codes); err != nil {
		return err
	}
	if err := lockHubs(i.tx, append(hubs, more...)...); err != nil {
		return err
	}
	if err := i.tx.SelectIn(&units, `SELECT id FROM units WHERE code IN ($list) ORDER BY id`, codes); err != nil {
		return err
	}
	return i.tx.Lock("units", units...)
}

// lockForNewHubs locks as making a hub does, and what the known hubs govern.
func (i importer) lockForNewHubs(known []string) error {
	if err := lockEveryHub(i.tx); err != nil {
		return err
	}
	ids, err := resourcesAt(i.tx, known...)
	if err != nil {
		return err
	}
	return i.tx.Lock("resources", ids...)
}

// ensure makes a region, a category or an operator that a line names and that is not
// there. It returns a fault when by may not.
func (i importer) ensure(table, field, key string, make func() error) error {
	var known int
	err := i.tx.Get(&known, `SELECT COUNT(*) FROM `+table+` WHERE id = $1 OR slug = $1`, key)
	if err != nil || known > 0 {
		return err
	}
	var c check
	if !slugForm.MatchString(key) || len(key) > maxSlug {
		c.unreadable(field, "bad_slug")
	} else if may(i.by, identity.ManageNetwork, "", "") != nil {
		// Shared by all hubs: who manages one hub uses what there is.
		c.refuse(field, "unknown_"+field, nil)
	}
	if err := c.err(); err != nil {
		return err
	}
	return make()
}

func sortedColumns(cells map[string]string) []string {
	return slices.Sorted(maps.Keys(cells))
}
