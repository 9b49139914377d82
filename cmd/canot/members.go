package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// The columns of a file of members; only name must be there.
var memberColumns = []string{"name", "email", "language", "hub"}

// isMemberFile reports whether the header is that of a file of members.
func isMemberFile(content []byte) bool {
	header, _, _ := strings.Cut(strings.TrimPrefix(string(content), "\ufeff"), "\n")
	cells := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return strings.ContainsRune(",;\" \r", r) })
	return slices.Contains(cells, "name") && slices.Contains(cells, "email") && !slices.Contains(cells, "slug")
}

// importMembers opens an account for every line whose address nobody has yet. A
// person who is there already is left as they are.
func (n *network) importMembers(ctx context.Context, content io.Reader, o inventory.ImportOptions) (inventory.Report, error) {
	reader := csv.NewReader(content)
	rows, err := reader.ReadAll()
	if err != nil || len(rows) == 0 {
		return inventory.Report{}, fault.Field("file", "bad_csv").Because(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains(memberColumns, name) {
			return inventory.Report{}, fault.Field(name, "unknown_column")
		}
		column[name] = i
	}
	report := inventory.Report{Kind: "members", Lines: []inventory.ReportLine{}}
	for i, row := range rows[1:] {
		cell := func(name string) string {
			if at, ok := column[name]; ok {
				return bareCell(strings.TrimSpace(row[at]))
			}
			return ""
		}
		line := inventory.ReportLine{Line: i + 2, Key: cell("email")}
		person := identity.NewMember{Name: cell("name"), Email: cell("email"), Language: cell("language")}
		line.Outcome, err = n.importMember(ctx, person, cell("hub"))
		switch f := fault.Of(err); {
		case err == nil && line.Outcome == "created":
			report.Created++
		case err == nil:
			report.Unchanged++
		case f == nil || f.Kind == fault.Unavailable || f.Kind == fault.Internal:
			return report, err
		default:
			line.Outcome, line.Violations = "refused", f.Violations
			if len(f.Violations) == 0 {
				line.Violations = []fault.Violation{{Code: f.Code, Params: f.Params}}
			}
			report.Refused++
		}
		report.Lines = append(report.Lines, line)
		if o.Progress != nil {
			o.Progress(i+1, len(rows)-1)
		}
	}
	return report, nil
}

// importMember opens one account, or finds that it is there.
func (n *network) importMember(ctx context.Context, person identity.NewMember, hub string) (outcome string, err error) {
	if person.HomeHubID, err = n.hubID(ctx, hub); err != nil {
		return "", err
	}
	if person.Email != "" {
		_, err := n.directory.MemberByEmail(ctx, identity.System, person.Email)
		if fault.KindOf(err) != fault.NotFound {
			return "unchanged", err
		}
	}
	err = n.db.In(ctx, func(tx *database.Tx) error {
		_, err := n.directory.LoadMembers(ctx, tx, []identity.NewMember{person})
		return err
	})
	return "created", err
}

// memberRow is one member as exported.
type memberRow struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Language string `json:"language"`
	Hub      string `json:"hub"` // slug, "" for none
	Active   bool   `json:"active"`
}

// exportMembers writes every member; the CSV goes back in as it is.
func (n *network) exportMembers(ctx context.Context, w io.Writer, format string) error {
	slugs := map[string]string{"": ""}
	var rows []memberRow
	for after := ""; ; {
		page, next, err := n.directory.Members(ctx, identity.System, identity.MemberQuery{Limit: 200, After: after})
		if err != nil {
			return err
		}
		for _, m := range page {
			if _, known := slugs[m.HomeHubID]; !known {
				hub, err := n.catalog.Hub(ctx, m.HomeHubID)
				if err != nil {
					return err
				}
				slugs[m.HomeHubID] = hub.Slug
			}
			rows = append(rows, memberRow{m.Name, m.Email, m.Language, slugs[m.HomeHubID], m.Active})
		}
		if after = next; after == "" {
			break
		}
	}
	cells := [][]string{memberColumns}
	for _, r := range rows {
		cells = append(cells, []string{plainCell(r.Name), plainCell(r.Email), r.Language, r.Hub})
	}
	return writeRows(w, format, rows, cells)
}

// writeRows writes rows as a JSON array, or cells as CSV.
func writeRows[R any](w io.Writer, format string, rows []R, cells [][]string) error {
	if format == "json" {
		if rows == nil {
			rows = []R{}
		}
		return indented(w, rows)
	}
	out := csv.NewWriter(w)
	if err := out.WriteAll(cells); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}
