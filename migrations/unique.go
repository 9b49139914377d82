package migrations

import (
	"regexp"
	"strings"
)

// A Unique is a named primary key or unique constraint of the schema.
type Unique struct {
	Name    string
	Table   string
	Columns []string
}

var (
	tableBegins  = regexp.MustCompile(`^CREATE TABLE (\w+) \(`)
	columnUnique = regexp.MustCompile(`^\s+(\w+)\s.*\bCONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE)\b[^(]*$`)
	tableUnique  = regexp.MustCompile(`^\s+CONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE) \(([\w, ]+)\)`)
)

// UniqueConstraints lists the named primary keys and unique constraints, read from the
// schema's text: SQLite names the columns of one that was violated, and not the constraint.
func UniqueConstraints() []Unique {
	var found []Unique
	table := ""
	for line := range strings.Lines(Text("sqlite")) {
		line = strings.TrimRight(line, "\n")
		if m := tableBegins.FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if m := tableUnique.FindStringSubmatch(line); m != nil {
			found = append(found, Unique{Name: m[1], Table: table, Columns: strings.Split(m[2], ", ")})
		} else if m := columnUnique.FindStringSubmatch(line); m != nil {
			found = append(found, Unique{Name: m[2], Table: table, Columns: []string{m[1]}})
		}
	}
	return found
}
