package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A UnitLabel is what stands on the label of a unit.
type UnitLabel struct {
	Code  string `db:"code"`
	Shelf string `db:"shelf"`
	Name  Text   `db:"name"`     // of its resource
	Hub   Text   `db:"hub_name"` // whose it is
}

// A LabelQuery chooses units that are in service at a hub.
type LabelQuery struct {
	HubID  string
	Search string   // words of the code, the name or the shelf, however they are written; "" for all
	Codes  []string // these alone, in whatever case; nil for all
	After  string   // the code after which a list goes on
	Limit  int
}

// Labels lists units for their labels, in order of code, and says how many there are in all. It is one
// statement.
func (c *Catalog) Labels(ctx context.Context, q LabelQuery) (list []UnitLabel, all int, err error) {
	var rows []UnitLabel
	err = c.db.Reader(ctx).Select(&rows, `
		SELECT u.code, u.shelf, r.name, h.name AS hub_name FROM units u
		JOIN resources r ON r.id = u.resource_id JOIN hubs h ON h.id = u.home_hub_id
		WHERE u.current_hub_id = $1 AND u.status = $2 ORDER BY u.code`, q.HubID, InService)
	if err != nil {
		return nil, 0, fmt.Errorf("labels: %w", err)
	}
	words := strings.Fields(Fold(q.Search))
	chosen := map[string]bool{}
	for _, code := range q.Codes {
		chosen[strings.ToUpper(code)] = true
	}
	rows = slices.DeleteFunc(rows, func(u UnitLabel) bool {
		return q.Codes != nil && !chosen[strings.ToUpper(u.Code)] || len(words) > 0 && !u.says(words)
	})
	all = len(rows)
	from, _ := slices.BinarySearchFunc(rows, q.After, func(u UnitLabel, after string) int {
		if q.After == "" || u.Code > after {
			return 1
		}
		return -1
	})
	rows = rows[from:]
	return rows[:min(len(rows), q.Limit)], all, nil
}

// says reports whether a label has all the words.
func (u UnitLabel) says(words []string) bool {
	said := foldAll([]Text{u.Name}, u.Code, u.Shelf)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(said, w) })
}
