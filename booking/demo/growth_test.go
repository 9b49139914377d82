package demo

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"strconv"
	"testing"

	"canot/inventory"
)

func TestGrowthMultipliesResourcesAndUnits(t *testing.T) {
	for _, scale := range []int{1, 2, 10} {
		grown, err := grownCSV(scale, rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		resources, units := 0, 0
		names := map[string]bool{}
		for _, file := range [][]byte{resourcesCSV(), grown} {
			rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows[1:] {
				resources++
				units += unitsOf(row)
				key := row[columnHub] + " " + inventory.Fold(row[columnNameFr])
				if names[key] {
					t.Errorf("scale %d: %s is there twice", scale, key)
				}
				names[key] = true
			}
		}
		if resources != 160*scale || units != 450*scale {
			t.Errorf("scale %d: %d resources, %d units", scale, resources, units)
		}
	}
}

func TestMarksTellNamesApart(t *testing.T) {
	seen := map[string]bool{}
	for round := 1; round < 60; round++ {
		m := mark(round)
		if seen[m] {
			t.Errorf("%s twice", m)
		}
		seen[m] = true
	}
	if mark(1) != "B" || mark(26) != strconv.Itoa(27) {
		t.Errorf("%s, %s", mark(1), mark(26))
	}
}

// Everything that the demo lends says in both languages what it is and what to bring for it.
func TestEveryThingSaysWhatToBring(t *testing.T) {
	grown, err := grownCSV(3, rand.New(rand.NewPCG(1, 3)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{resourcesCSV(), grown} {
		rows, err := described(file)
		if err != nil {
			t.Fatal(err)
		}
		_, lines, err := table(rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			for _, column := range []string{"description_fr", "description_en", "bring_fr", "bring_en"} {
				if line[column] == "" {
					t.Errorf("%s (%s) has no %s", line["name_fr"], line["category"], column)
				}
			}
		}
	}
	rows, err := located(hubsCSV())
	if err != nil {
		t.Fatal(err)
	}
	_, lines, err := table(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if line["address"] == "" || line["access_fr"] == "" || line["access_en"] == "" {
			t.Errorf("%s cannot be found", line["slug"])
		}
	}
}
