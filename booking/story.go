package booking

import (
	"context"
	"encoding/json"
	"time"

	"canot/internal/identity"
)

// A UnitEvent is one thing that happened to a unit. Kind is created, changed, shelved, components,
// moved, picture (of the log), out, back, outage, ticket, left, arrived, scanned, used (of a consumable), ran, meter, with who did it
// where that may be known.
type UnitEvent struct {
	At        time.Time  `db:"at"`
	Kind      string     `db:"kind"`
	Word      string     `db:"word"` // the cause of an outage, the kind of a ticket, the action of the log
	By        string     `db:"by_name"`
	Person    string     `db:"person"` // whose booking it was
	PersonID  string     `db:"person_id"`
	BookingID string     `db:"booking_id"`
	Reference string     `db:"reference"`
	Place     string     `db:"place"` // the slug of a hub
	Damaged   bool       `db:"damaged"`
	Until     *time.Time `db:"until"`
	TicketID  string     `db:"ticket_id"`
	Log       string     `db:"log"`
	Hub       string     `db:"whose_hub"` // whose booking or ticket it was, "" for the unit's own
	Region    string     `db:"whose_region"`

	Fields []string `db:"-"` // what changed, of an edit
	Meter  int64    `db:"-"` // the minutes of use in all that it came to, of ran and of meter
}

// followsFrom orders what happened at one instant: what follows from another of it comes after, as a
// ticket from a return, and an outage from a ticket or a count.
const followsFrom = `CASE CASE x.word WHEN 'unit.use' THEN 'used' ELSE x.kind END WHEN 'log' THEN 0 WHEN 'left' THEN 1 WHEN 'arrived' THEN 2
	WHEN 'scanned' THEN 3 WHEN 'back' THEN 4 WHEN 'used' THEN 5 WHEN 'ticket' THEN 6 WHEN 'outage' THEN 7 ELSE 8 END`

// UnitStory lists what happened to a unit that somebody may read, the latest first, with until when it
// lasts where it does: limit of it behind
// the first offset, with whether there is more. Names of persons are for who may see them, at the hub
// whose booking or ticket it was: a unit may have come from another, and its members stay that hub's. So
// do its bookings. It is one statement.
func (b *Book) UnitStory(ctx context.Context, who identity.Actor, at Counter, unitID string, limit, offset int) (list []UnitEvent, more bool, err error) {
	err = b.db.Reader(ctx).Select(&list, `
		SELECT x.at, x.kind, x.word, COALESCE(p.name, '') AS by_name, COALESCE(m.name, '') AS person, COALESCE(m.id, '') AS person_id, x.booking_id,
		       COALESCE(k.reference, '') AS reference, COALESCE(h.slug, '') AS place, x.damaged, x.until, x.ticket_id, x.log,
		       COALESCE(g.id, '') AS whose_hub, COALESCE(g.region_id, '') AS whose_region
		FROM (
			SELECT out_at AS at, 'out' AS kind, '' AS word, out_by AS by_id, booking_id, out_hub_id AS hub_id, false AS damaged, due_at AS until, '' AS ticket_id, '' AS log, '' AS of_hub
			FROM loans WHERE unit_id = $1
			UNION ALL SELECT back_at, 'back', '', back_by, booking_id, COALESCE(back_hub_id, ''), damaged, due_at, '', '', '' FROM loans WHERE unit_id = $1 AND back_at IS NOT NULL
			UNION ALL SELECT starts_at, 'outage', cause, made_by, '', '', false, ends_at, COALESCE(ticket_id, ''), '', '' FROM maintenances WHERE unit_id = $1 AND starts_at <= $2
			UNION ALL SELECT created_at, 'ticket', kind, reported_by, '', '', urgent, closed_at, id, '', hub_id FROM tickets WHERE unit_id = $1
			UNION ALL SELECT left_at, 'left', state, left_by, '', to_hub_id, false, arrives_at, '', '', '' FROM transfers WHERE unit_id = $1 AND left_at IS NOT NULL
			UNION ALL SELECT arrived_at, 'arrived', state, arrived_by, '', to_hub_id, false, NULL, '', '', '' FROM transfers WHERE unit_id = $1 AND arrived_at IS NOT NULL
			UNION ALL SELECT s.at, 'scanned', '', s.by_id, '', t.hub_id, false, NULL, '', '', '' FROM stocktake_scans s JOIN stocktakes t ON t.id = s.stocktake_id WHERE s.unit_id = $1
			UNION ALL SELECT m.at, 'used', c.code, m.by_id, COALESCE(m.booking_id, ''), '', false, NULL, '', '', '' FROM stock_moves m JOIN consumables c ON c.id = m.consumable_id WHERE m.unit_id = $1
			UNION ALL SELECT at, 'log', action, actor_id, '', '', false, NULL, '', after, '' FROM changes WHERE subject_id = $1 AND subject_kind = 'unit'
		) x
		LEFT JOIN members p ON p.id = x.by_id LEFT JOIN bookings k ON k.id = x.booking_id LEFT JOIN members m ON m.id = k.member_id
		LEFT JOIN hubs h ON h.id = x.hub_id LEFT JOIN hubs g ON g.id = COALESCE(k.hub_id, x.of_hub)
		ORDER BY x.at DESC, `+followsFrom+` DESC, x.kind, x.word LIMIT $3 OFFSET $4`, unitID, at.Now, limit+1, offset)
	if err != nil {
		return nil, false, err
	}
	if more = len(list) > limit; more {
		list = list[:limit]
	}
	persons := who.May(identity.ViewPersons, at.Hub.ID, at.Hub.RegionID)
	for i := range list {
		e := &list[i]
		switch theirs := e.Hub != "" && e.Hub != at.Hub.ID; {
		case !persons:
			e.By, e.Person, e.PersonID = "", "", ""
		case theirs && !who.May(identity.ViewPersons, e.Hub, e.Region):
			e.Person, e.PersonID = "", ""
			if e.Kind == "ticket" {
				e.By = "" // anybody may have told of it
			}
		}
		if e.Hub != "" && e.Hub != at.Hub.ID && !who.May(identity.ViewBookings, e.Hub, e.Region) {
			e.BookingID, e.Reference = "", ""
		}
		if list[i].Kind == "log" {
			list[i].read()
		}
	}
	return list, more, nil
}

// read tells an entry of the log in the words of the story.
func (e *UnitEvent) read() {
	var after struct {
		Changed []string `json:"changed"`
		Meter   int64    `json:"meter_min"`
	}
	_ = json.Unmarshal([]byte(e.Log), &after) // an entry that holds no list says none
	e.Fields, e.Meter, e.Log = after.Changed, after.Meter, ""
	kinds := map[string]string{"unit.create": "created", "unit.update": "changed", "unit.components": "components", "unit.shelve": "shelved",
		"unit.move": "moved", "unit.photo": "photo", "unit.document": "document", "unit.file_removed": "file_removed", "unit.meter": "meter", "unit.use": "ran"}
	if kind, known := kinds[e.Word]; known {
		e.Kind = kind
	}
}
