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

// importRows puts the lines of CSV files into the network, and reports line by
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
	if *kind != "" && !oneOf(*kind, "hubs", "resources", "units", "members") {
		return usageError(cmd.words.text("bad_kind", *kind))
	}
	nw, err := cmd.open(ctx, *at, opening{migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	refused := 0
	for _, path := range paths {
		progress := newBar(cmd.stderr, false)
		report, err := nw.importFile(ctx, cmd, path, inventory.ImportOptions{
			Kind: *kind, DryRun: *dryRun,
			Progress: func(done, total int) { progress.set(path, done, total) },
		})
		progress.end()
		if err != nil {
			return fileError{err}
		}
		refused += report.Refused
		if *asJSON {
			err = cmd.printJSON(reportJSON(path, *dryRun, report))
		} else {
			cmd.printReport(path, *dryRun, *quiet, report)
		}
		if err != nil {
			return err
		}
	}
	if refused > 0 {
		return alreadySaid{}
	}
	return nil
}

// importFile reads one file. What it reads, it reads to the end first: a file
// that breaks off half way changes nothing.
func (n *network) importFile(ctx context.Context, cmd *command, path string, o inventory.ImportOptions) (inventory.Report, error) {
	in, closeIn, err := cmd.input(path)
	if err != nil {
		return inventory.Report{}, err
	}
	content, err := io.ReadAll(in)
	if err = errors.Join(err, closeIn()); err != nil {
		return inventory.Report{}, err
	}
	if o.Kind == "members" || o.Kind == "" && isMemberFile(content) {
		return n.importMembers(ctx, bytes.NewReader(content), o)
	}
	return n.catalog.Import(ctx, identity.System, bytes.NewReader(content), o)
}

// printReport prints every line that needs a person's eye, then the figures.
// Lines that changed nothing are counted only.
func (c *command) printReport(path string, dryRun, quiet bool, r inventory.Report) {
	for _, l := range r.Lines {
		if l.Outcome == "unchanged" || quiet && !oneOf(l.Outcome, "refused", "warning") {
			continue
		}
		why := make([]string, len(l.Violations))
		for i, v := range l.Violations {
			why[i] = c.words.violation(v)
		}
		line := c.words.text("import_line", l.Line, c.words.text("import_"+l.Outcome), l.Key)
		if len(why) > 0 {
			line += " – " + strings.Join(why, " ")
		}
		c.printf("plain", line)
	}
	key := "import_done"
	if dryRun {
		key = "import_dry"
	}
	c.printf(key, path, r.Created, r.Changed, r.Unchanged, r.Refused)
}

// importJSON is the report of one file, for scripts.
type importJSON struct {
	File      string       `json:"file"`
	Kind      string       `json:"kind"`
	DryRun    bool         `json:"dry_run"`
	Created   int          `json:"created"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Refused   int          `json:"refused"`
	Lines     []importLine `json:"lines"`
}

// importLine is what became of one line of a file, for scripts.
type importLine struct {
	Line       int               `json:"line"`
	Key        string            `json:"key"`
	Outcome    string            `json:"outcome"`
	Violations []fault.Violation `json:"violations,omitempty"`
}

// reportJSON turns a report into what is printed for scripts.
func reportJSON(path string, dryRun bool, r inventory.Report) importJSON {
	out := importJSON{
		File: path, Kind: r.Kind, DryRun: dryRun,
		Created: r.Created, Changed: r.Changed, Unchanged: r.Unchanged, Refused: r.Refused,
		Lines: make([]importLine, len(r.Lines)),
	}
	for i, l := range r.Lines {
		out.Lines[i] = importLine(l)
	}
	return out
}
