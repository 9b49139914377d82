package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// importKinds are what a file may hold.
var importKinds = []string{"hubs", "resources", "units", "components", "members", "bookings"}

// importRows puts the lines of files into the network, and reports line by
// line. It fails when a line was refused, after the others went in.
func importRows(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	kind := set.String("kind", "", "")
	dryRun := set.Bool("dry-run", false, "")
	asJSON := set.Bool("json", false, "")
	quiet := set.Bool("quiet", false, "")
	paths, err := cmd.parse(set, 1, 100)
	if err != nil {
		return err
	}
	if *kind == "" && len(paths) > 1 && oneOf(paths[0], importKinds...) {
		*kind, paths = paths[0], paths[1:] // canot import bookings FILE
	}
	if *kind != "" && !oneOf(*kind, importKinds...) {
		return usageError(cmd.words.text("bad_kind", *kind))
	}
	nw, done, err := cmd.importInto(ctx, *at, *dryRun)
	if err != nil {
		return err
	}
	refused := 0
	for _, path := range paths {
		var report inventory.Report
		if report, err = nw.importFile(ctx, cmd, path, *kind); err != nil {
			err = fileError{err}
			break
		}
		report.DryRun = *dryRun
		refused += report.Refused
		if !*asJSON {
			cmd.printReport(path, *quiet, report)
		} else if err = cmd.printJSON(fileReport{path, report}); err != nil {
			break
		}
	}
	if err = errors.Join(err, done()); err == nil && refused > 0 {
		return alreadySaid{}
	}
	return err
}

// importInto opens what the files go into: for a dry run a copy, so that a file
// finds what those before it would have brought.
func (c *command) importInto(ctx context.Context, at string, dryRun bool) (nw *network, done func() error, err error) {
	if dryRun {
		return c.scratch(ctx, at)
	}
	if nw, err = c.open(ctx, at, opening{create: true, migrate: true, ready: true}); err != nil {
		return nil, nil, err
	}
	return nw, nw.close, nil
}

// A fileReport is the report of one file, for scripts.
type fileReport struct {
	File string `json:"file"`
	inventory.Report
}

// importFile reads one file. What it reads, it reads to the end first: a file
// that breaks off half way changes nothing.
func (n *network) importFile(ctx context.Context, cmd *command, path, kind string) (inventory.Report, error) {
	in, closeIn, err := cmd.input(path)
	if err != nil {
		return inventory.Report{}, err
	}
	content, err := io.ReadAll(in)
	if err = errors.Join(err, closeIn()); err != nil {
		return inventory.Report{}, err
	}
	if isWorkbook(content) {
		return inventory.Report{}, fault.Field("file", "excel_workbook")
	}
	progress := newBar(cmd.stderr, false)
	defer progress.end()
	o := inventory.ImportOptions{Kind: kind, Progress: func(done, total int) { progress.set(path, done, total) }}
	if kind == "" {
		kind = sheetKind(content)
	}
	switch kind {
	case "members":
		return n.importMembers(ctx, content, o)
	case "bookings":
		return n.importBookings(ctx, content, o)
	}
	return n.catalog.Import(ctx, identity.System, bytes.NewReader(content), o)
}

// printReport prints every line that needs a person's eye, then the figures.
// Lines that changed nothing are counted only.
func (c *command) printReport(path string, quiet bool, r inventory.Report) {
	for _, l := range r.Lines {
		if l.Outcome == "unchanged" || quiet && !oneOf(l.Outcome, "refused", "warning") {
			continue
		}
		why := make([]string, len(l.Violations))
		for i, v := range l.Violations {
			if r.Kind == "members" || r.Kind == "bookings" {
				v = c.words.withColumn(v)
			}
			why[i] = c.words.violation(v)
			if value, _ := v.Params["value"].(string); value != "" && !strings.Contains(why[i], value) {
				why[i] = c.words.text("import_value", why[i], value)
			}
		}
		line := c.words.text("import_line", l.Line, c.words.text("import_"+l.Outcome), l.Key)
		if len(why) > 0 {
			line += " – " + strings.Join(why, " ")
		}
		c.printf("plain", line)
	}
	key := "import_done"
	if r.DryRun {
		key = "import_dry"
	}
	c.printf(key, path, r.Created, r.Changed, r.Unchanged, r.Refused)
}
