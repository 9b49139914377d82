package stock

import (
	"context"
	"fmt"
	"io"
	"time"

	"canot/internal/identity"
	"canot/inventory"
)

// takeColumns are those of the file of stock-takings, a line for each unit or code, which only comes out.
var takeColumns = inventory.Table{
	Columns: []string{"started_at", "closed_at", "taken_shelf", "state", "code", "resource", "scanned_at", "shelf", "hub"},
	Plain:   []string{"started_at", "closed_at", "state", "scanned_at"},
}

// ExportTakes writes what was scanned in the stock-takings of a hub (id or slug) that began at since or
// later or are not closed, or in one of them (id, whenever it was), as CSV, the oldest first: what each
// unit is to it as the book has it now, as Stocktake says it, and what is missing so far of one that is
// not closed; of several of one shelf, of the last. It asks for the right to take the
// hub's data out. It is one statement after the hub.
func (m *Room) ExportTakes(ctx context.Context, by identity.Actor, w io.Writer, hubKey, id string, since time.Time) error {
	hub, err := m.staffed(ctx, by, identity.Export, hubKey)
	if err != nil {
		return err
	}
	var rows []struct {
		Item
		Taken     string     `db:"taken_shelf"`
		StartedAt time.Time  `db:"started_at"`
		ClosedAt  *time.Time `db:"closed_at"`
		Slug      string     `db:"slug"`
		HubSlug   string     `db:"hub_slug"`
		OfStock   bool       `db:"of_stock"`
	}
	err = m.db.Reader(ctx).Select(&rows, `
		SELECT p.started_at, p.closed_at, p.taken_shelf, p.code, p.at, COALESCE(u.id, '') AS unit_id, COALESCE(u.shelf, '') AS shelf,
		       COALESCE(u.current_hub_id, '') AS hub_id, COALESCE(u.status, '') AS status, COALESCE(x.slug, '') AS slug, COALESCE(h.slug, '') AS hub_slug,
		       EXISTS (SELECT 1 FROM consumables c WHERE c.hub_id = $1 AND upper(c.code) = upper(p.code)) AS of_stock,
		       EXISTS (SELECT 1 FROM loans l WHERE l.unit_id = u.id AND l.back_at IS NULL) AS is_out,
		       EXISTS (SELECT 1 FROM transfers j WHERE j.unit_id = u.id AND j.state = 'on_the_road') AS on_road,
		       EXISTS (SELECT 1 FROM maintenances a WHERE a.unit_id = u.id AND a.open AND a.cause = 'lost') AS is_lost
		FROM (
			SELECT t.id, t.started_at, t.closed_at, t.shelf AS taken_shelf, s.code, s.unit_id, s.at
			FROM stocktakes t JOIN stocktake_scans s ON s.stocktake_id = t.id WHERE t.hub_id = $1 AND (t.id = $2 OR $2 = '' AND (t.started_at >= $3 OR t.closed_at IS NULL))
			UNION ALL
			SELECT t.id, t.started_at, t.closed_at, t.shelf, v.code, v.id, NULL
			FROM stocktakes t JOIN units v ON v.current_hub_id = t.hub_id AND (v.shelf = t.shelf OR t.shelf = '') AND v.status = 'in_service'
			JOIN resources y ON y.id = v.resource_id AND y.kind IN ('equipment', 'machine')
			WHERE t.hub_id = $1 AND (t.id = $2 OR $2 = '') AND t.closed_at IS NULL
			  AND ($2 <> '' OR NOT EXISTS (SELECT 1 FROM stocktakes n WHERE n.hub_id = t.hub_id AND n.shelf = t.shelf AND n.closed_at IS NULL
				AND (n.started_at > t.started_at OR n.started_at = t.started_at AND n.id > t.id)))
			  AND NOT EXISTS (SELECT 1 FROM stocktake_scans s WHERE s.stocktake_id = t.id AND s.unit_id = v.id)
		) p
		LEFT JOIN units u ON u.id = p.unit_id LEFT JOIN resources x ON x.id = u.resource_id LEFT JOIN hubs h ON h.id = u.current_hub_id
		ORDER BY p.started_at, p.id, p.code`, hub.ID, id, since.UTC())
	if err != nil {
		return fmt.Errorf("export stock-takings: %w", err)
	}
	instant := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	cells := make([]map[string]string, 0, len(rows))
	for _, x := range rows {
		state := Unknown
		if x.OfStock {
			state = OfStock
		}
		if x.UnitID != "" {
			state = x.judge(Stocktake{HubID: hub.ID, Shelf: x.Taken})
		}
		if state == "" {
			continue // it need not have been scanned
		}
		cells = append(cells, map[string]string{"started_at": instant(&x.StartedAt), "closed_at": instant(x.ClosedAt), "taken_shelf": x.Taken, "state": state,
			"code": x.Code, "resource": x.Slug, "scanned_at": instant(x.At), "shelf": x.Shelf, "hub": x.HubSlug})
	}
	return takeColumns.Write(w, cells)
}
