package migrations

import (
	"regexp"
	"strings"
)

// A Unique is a named primary key, unique constraint or unique index of the schema.
type Unique struct {
	Name    string
	Table   string
	Columns []string
}

var (
	tableBegins  = regexp.MustCompile(`^CREATE TABLE (\w+) \(`)
	columnUnique = regexp.MustCompile(`^\s+(\w+)\s.*\bCONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE)\b[^(]*$`)
	uniqueIndex  = regexp.MustCompile(`^CREATE UNIQUE INDEX (\w+) ON (\w+) \(([\w, ]+)\)`)
	tableUnique  = regexp.MustCompile(`^\s+CONSTRAINT (\w+) (?:PRIMARY KEY|UNIQUE) \(([\w, ]+)\)`)
)

// UniqueConstraints lists the named primary keys, unique constraints and unique indexes, read from the
// schema's text: SQLite names the columns of one that was violated, and not the constraint.
func UniqueConstraints() []Unique {
	var found []Unique
	table := ""
	for line := range strings.Lines(Text("sqlite")) {
		line = strings.TrimRight(line, "\n")
		if m := tableBegins.FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if m := uniqueIndex.FindStringSubmatch(line); m != nil {
			found = append(found, Unique{Name: m[1], Table: m[2], Columns: strings.Split(m[3], ", ")})
		} else if m := tableUnique.FindStringSubmatch(line); m != nil {
			found = append(found, Unique{Name: m[1], Table: table, Columns: strings.Split(m[2], ", ")})
		} else if m := columnUnique.FindStringSubmatch(line); m != nil {
			found = append(found, Unique{Name: m[2], Table: table, Columns: []string{m[1]}})
		}
	}
	return found
}
