package booking

import (
	"context"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A CounterCopy is what a device keeps of a counter for when the line is down: today's and tomorrow's
// bookings, what is out, and the codes of the hub's units. It holds as little of persons as a hand-over
// needs: a name, and the card that they show.
type CounterCopy struct {
	Hub      string        `json:"hub"`
	Zone     string        `json:"zone"`
	At       time.Time     `json:"at"`
	Bookings []CopyBooking `json:"bookings"`
	Loans    []CopyLoan    `json:"loans"`
	Units    []CopyUnit    `json:"units"`

	Members []string `json:"-"` // ids of those whose names are in it
}

// A CopyBooking is a booking in a CounterCopy.
type CopyBooking struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	Person    string     `json:"person"`
	Card      string     `json:"card,omitempty"`
	Status    Status     `json:"status"`
	StartsAt  time.Time  `json:"starts_at"`
	EndsAt    time.Time  `json:"ends_at"`
	Version   int64      `json:"version"`
	Lines     []CopyLine `json:"lines"`
}

// A CopyLine is a line of a CopyBooking: units by id.
type CopyLine struct {
	Resource string   `json:"resource"` // id
	Name     string   `json:"name"`     // in the language asked for
	Kind     string   `json:"kind"`
	Quantity int      `json:"quantity"`
	Units    []string `json:"units"`
}

// A CopyLoan is a unit that is out.
type CopyLoan struct {
	Unit    string    `json:"unit"` // id
	Booking string    `json:"booking"`
	Person  string    `json:"person"`
	DueAt   time.Time `json:"due_at"`
}

// A CopyUnit is a unit that is at the hub, or out from there, and in service.
type CopyUnit struct {
	ID         string          `json:"id"`
	Code       string          `json:"code"`
	Resource   string          `json:"resource"`
	Name       string          `json:"name"`
	Components []CopyComponent `json:"components,omitempty"`
}

// A CopyComponent is a part of a unit, with how many there should be.
type CopyComponent struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
}

// selectCopied finds the bookings of hub $1 that a device keeps: until $2, and those of whose units one
// is out from here.
const selectCopied = `
	SELECT t.id FROM bookings t WHERE t.hub_id = $1 AND t.status ` + stillStands + ` AND t.status IN ('confirmed', 'in_use') AND t.starts_at < $2
	UNION
	SELECT f.booking_id FROM loans f WHERE f.out_hub_id = $1 AND f.back_at IS NULL`

// CounterCopy reads what a device keeps of a counter, in a language, for who may hand out there. It is
// four statements, however much that is. Names and cards are there for who may see persons.
func (b *Book) CounterCopy(ctx context.Context, who identity.Actor, hubKey, language string) (CounterCopy, error) {
	c, err := b.Counter(ctx, who, hubKey)
	if err != nil {
		return CounterCopy{}, err
	}
	r := b.db.Reader(ctx)
	until := hours.At(hours.DateOf(c.Now, c.Zone).AddDays(2), 0, c.Zone)
	visits, err := findVisits(r, who, selectCopied, c.Hub.ID, until)
	if err != nil {
		return CounterCopy{}, err
	}
	kept := CounterCopy{Hub: c.Hub.Slug, Zone: c.Hub.TimeZone, At: c.Now, Bookings: []CopyBooking{}, Loans: []CopyLoan{}, Units: []CopyUnit{}}
	cards := map[string]string{}
	if who.May(identity.ViewPersons, c.Hub.ID, c.Hub.RegionID) {
		var rows []struct {
			ID   string `db:"id"`
			Card string `db:"card"`
		}
		var ids []string
		for _, v := range visits {
			ids = append(ids, v.MemberID)
		}
		if err := r.SelectIn(&rows, `SELECT id, card FROM members WHERE card IS NOT NULL AND id IN ($list)`, ids); err != nil {
			return CounterCopy{}, fmt.Errorf("cards of a counter: %w", err)
		}
		for _, row := range rows {
			cards[row.ID] = row.Card
		}
	}
	for _, v := range visits {
		kept.visit(v, cards[v.MemberID], language)
		if v.Person.Name != "" {
			kept.Members = append(kept.Members, v.MemberID)
		}
	}
	kept.Units, err = copiedUnits(r, c.Hub.ID, language)
	return kept, err
}

// visit adds a booking that a device keeps, and what is out of it.
func (kept *CounterCopy) visit(v Visit, card, language string) {
	x := CopyBooking{ID: v.ID, Reference: v.Reference, Person: v.Person.Name, Card: card, Status: v.Status, StartsAt: v.StartsAt, EndsAt: v.EndsAt, Version: v.Version}
	for _, l := range v.Lines {
		x.Lines = append(x.Lines, CopyLine{Resource: l.ResourceID, Name: l.ResourceName.In(language), Kind: string(l.Kind), Quantity: l.Quantity, Units: l.Units})
	}
	kept.Bookings = append(kept.Bookings, x)
	for _, l := range v.loans {
		kept.Loans = append(kept.Loans, CopyLoan{Unit: l.UnitID, Booking: v.ID, Person: v.Person.Name, DueAt: l.DueAt})
	}
}

// copiedUnits reads the units that are at a hub or out from there, with their components.
func copiedUnits(r database.Reader, hub, language string) ([]CopyUnit, error) {
	var rows []struct {
		ID        string         `db:"id"`
		Code      string         `db:"code"`
		Resource  string         `db:"resource_id"`
		Name      inventory.Text `db:"name"`
		Component *string        `db:"component_id"`
		Part      inventory.Text `db:"component_name"`
		Quantity  *int           `db:"quantity"`
	}
	err := r.Select(&rows, `
		SELECT u.id, u.code, u.resource_id, r.name, c.id AS component_id, c.name AS component_name, c.quantity
		FROM (SELECT x.id FROM units x WHERE x.current_hub_id = $1 AND x.status = 'in_service'
			UNION SELECT k.unit_id FROM loans k WHERE k.out_hub_id = $1 AND k.back_at IS NULL) p
		JOIN units u ON u.id = p.id JOIN resources r ON r.id = u.resource_id
		LEFT JOIN components c ON c.unit_id = u.id
		ORDER BY u.code, c.id`, hub)
	if err != nil {
		return nil, fmt.Errorf("units of a counter: %w", err)
	}
	all := []CopyUnit{}
	for _, row := range rows {
		if n := len(all); n == 0 || all[n-1].ID != row.ID {
			all = append(all, CopyUnit{ID: row.ID, Code: row.Code, Resource: row.Resource, Name: row.Name.In(language)})
		}
		if row.Component != nil {
			u := &all[len(all)-1]
			u.Components = append(u.Components, CopyComponent{ID: *row.Component, Name: row.Part.In(language), Quantity: *row.Quantity})
		}
	}
	return all, nil
}
