package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// described adds to a file of resources what each category is and what to bring for it. What a
// line notes of its own thing stands behind the description.
func described(rows []byte) ([]byte, error) {
	return joined(rows, mustRead("data/things.csv"), "category", func(row map[string]string) {
		if row["hub"] == mainHub && row["category"] == "coaching" {
			// Long enough to be had together with a studio and what is lent for half a day at least.
			row["max_min"], row["notes"] = "240", "De trente minutes à une demi-journée avec une personne-ressource"
		}
		if note := row["notes"]; note != "" {
			row["description_fr"] += " " + strings.TrimSuffix(note, ".") + "."
		}
	})
}

// located adds to the file of hubs their streets, and how to get in, in both languages.
func located(rows []byte) ([]byte, error) {
	return joined(rows, mustRead("data/ways.csv"), "slug", func(row map[string]string) {
		row["phone"] = strings.Replace(row["phone"], "-", " ", 1) // as the rest of the demo writes them
	})
}

// joined adds to each line of a file the columns of another, whose line has the same key; where
// both have a column, the other's holds. finish sees each line once more. Apostrophes
// become those of printed text.
func joined(rows, more []byte, key string, finish func(row map[string]string)) ([]byte, error) {
	header, lines, err := table(rows)
	if err != nil {
		return nil, err
	}
	added, others, err := table(more)
	if err != nil {
		return nil, err
	}
	byKey := map[string]map[string]string{}
	for _, other := range others {
		byKey[other[key]] = other
	}
	for _, name := range added {
		if !slices.Contains(header, name) {
			header = append(header, name)
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(header) // writing to memory cannot fail
	for _, line := range lines {
		for name, text := range byKey[line[key]] {
			line[name] = text
		}
		finish(line)
		cells := make([]string, len(header))
		for i, name := range header {
			cells[i] = strings.ReplaceAll(line[name], "'", "’")
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// table reads a file as its header and its lines by column.
func table(rows []byte) (header []string, lines []map[string]string, err error) {
	all, err := csv.NewReader(bytes.NewReader(rows)).ReadAll()
	if err != nil || len(all) == 0 {
		return nil, nil, fmt.Errorf("a file of the demo: %w", err)
	}
	for _, cells := range all[1:] {
		line := map[string]string{}
		for i, cell := range cells {
			line[all[0][i]] = cell
		}
		lines = append(lines, line)
	}
	return all[0], lines, nil
}
