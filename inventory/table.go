package inventory

import (
	"io"
	"strconv"

	"canot/internal/fault"
)

// A Table says what a CSV file of another package may hold; it is read and written under the rules of
// Import and Export.
type Table struct {
	Columns []string // that it may have
	Plain   []string // those of them that no spreadsheet could take for a formula
	Keys    []string // that it must have; by the first a line finds its row
}

// A TableLine is one line of such a file.
type TableLine struct {
	Number     int
	Violations []fault.Violation // what was wrong with it so far

	cells map[string]string
}

// Read reads a file whole. What is wrong with it as a whole is an error, as of Import.
func (t Table) Read(r io.Reader) ([]TableLine, error) {
	f, err := file{kind: "table", may: fileKind{columns: t.Columns, plain: t.Plain, keys: t.Keys}}.read(r)
	if err != nil {
		return nil, err
	}
	lines := make([]TableLine, len(f.lines))
	for i, l := range f.lines {
		lines[i] = TableLine{Number: l.number, Violations: l.check.violations, cells: l.cells}
	}
	return lines, nil
}

// Text is what the line says in a column, or nil when the file has not that column.
func (l *TableLine) Text(column string) *string {
	if s, ok := l.cells[column]; ok {
		return &s
	}
	return nil
}

// Whole is the whole number in a column, or nil for none; what is none is noted as a violation.
func (l *TableLine) Whole(column string) *int64 {
	s := l.cells[column]
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		l.refuse(column, "bad_number")
		return nil
	}
	return &n
}

// Switch is the yes or no in a column, or nil for neither; what is none of them is noted as a violation.
func (l *TableLine) Switch(column string) *bool {
	x := line{cells: l.cells, check: &check{}}
	b := x.yesOrNo(column)
	l.Violations = append(l.Violations, x.check.violations...)
	return b
}

func (l *TableLine) refuse(column, code string) {
	l.Violations = append(l.Violations, fault.Violation{Code: code, Params: fault.Params{"field": column}})
}

// Write writes rows of cells by column, safe for spreadsheets, with all columns of the table.
func (t Table) Write(w io.Writer, rows []map[string]string) error {
	return sheet{plain: t.Plain, header: t.Columns, rows: rows}.write(w)
}

// Add counts what became of more lines.
func (r *Report) Add(lines ...ReportLine) { r.add(lines) }
