package demo

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"canot/inventory"
)

//go:embed data
var files embed.FS

// Per scale of 1. The files hold forty resources with 123 units of them.
const (
	unitsPerScale    = 450
	membersPerScale  = 600
	bookingsPerScale = 6000
)

// growth says how many resources each hub gains at scale 1: larger towns more.
// Together 120, which makes 160 with those of the file.
var growth = []struct {
	hub  string
	more int
}{
	{"rouyn-noranda", 14}, {"sudbury", 12}, {"val-dor", 11}, {"chibougamau", 11}, {"timmins", 9}, {"amos", 8},
	{"la-sarre", 7}, {"ville-marie", 7}, {"hearst", 7}, {"kapuskasing", 7}, {"matagami", 6}, {"temiscaming", 5},
	{"lebel-sur-quevillon", 5}, {"chapais", 4}, {"kenora", 4}, {"atikokan", 3},
}

// The columns of resources.csv that growing reads or writes.
const (
	columnHub = iota
	columnKind
	columnCategory
	columnNameFr
	columnNameEn
	columnUnits
)

// hubsCSV returns the file of hubs as it was given.
func hubsCSV() []byte { return mustRead("data/hubs.csv") }

// resourcesCSV returns the file of resources as it was given.
func resourcesCSV() []byte { return mustRead("data/resources.csv") }

// mustRead reads an embedded file; the compiler saw to it that it is there.
func mustRead(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}

// grownCSV returns a second file of resources, for which the first one is the
// pattern: the same columns, and so many more lines that the network reaches scale.
func grownCSV(scale int, rng *rand.Rand) ([]byte, error) {
	base, err := csv.NewReader(bytes.NewReader(resourcesCSV())).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("resources.csv: %w", err)
	}
	patterns, err := csv.NewReader(bytes.NewReader(mustRead("data/growth.csv"))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("growth.csv: %w", err)
	}
	header, base, patterns := base[0], base[1:], patterns[1:]
	var rows [][]string
	for _, g := range growth {
		there := 0
		names := map[string]bool{}
		for _, row := range base {
			if row[columnHub] == g.hub {
				there++
				names[inventory.Fold(row[columnNameFr])] = true
			}
		}
		rows = append(rows, growHub(g.hub, g.more*scale+there*(scale-1), names, patterns, rng)...)
	}
	topUp(rows, unitsPerScale*scale-sum(base))
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	// Writing to memory cannot fail; Flush's error is asked all the same.
	_ = w.Write(header)
	_ = w.WriteAll(rows)
	return out.Bytes(), w.Error()
}

// growHub makes n more resources of one hub. Names taken there are passed over;
// when all patterns are used up they come again with a letter or a number.
func growHub(hub string, n int, names map[string]bool, patterns [][]string, rng *rand.Rand) [][]string {
	var rows [][]string
	for round := 0; len(rows) < n; round++ {
		for _, i := range rng.Perm(len(patterns)) {
			if len(rows) == n {
				break
			}
			row := append([]string{hub}, patterns[i]...)
			if round > 0 {
				row[columnNameFr] += " " + mark(round)
				row[columnNameEn] += " " + mark(round)
			}
			if key := inventory.Fold(row[columnNameFr]); !names[key] {
				names[key] = true
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// mark is what tells the second, third … of a name apart: B, C, … Z, 27, 28 …
func mark(round int) string {
	if round < 26 {
		return string(rune('A' + round))
	}
	return strconv.Itoa(round + 1)
}

// topUp gives one more unit to those resources of which there are several
// already, in turn, until the rows hold the wanted number.
func topUp(rows [][]string, wanted int) {
	several := slices.DeleteFunc(slices.Clone(rows), func(row []string) bool { return unitsOf(row) < 2 })
	for i := 0; sum(rows) < wanted && len(several) > 0; i++ {
		row := several[i%len(several)]
		row[columnUnits] = strconv.Itoa(unitsOf(row) + 1)
	}
}

// sum counts the units of rows.
func sum(rows [][]string) int {
	n := 0
	for _, row := range rows {
		n += unitsOf(row)
	}
	return n
}

// unitsOf reads how many units a row has.
func unitsOf(row []string) int {
	n, err := strconv.Atoi(row[columnUnits])
	if err != nil {
		panic("demo: units in " + row[columnNameFr])
	}
	return n
}
