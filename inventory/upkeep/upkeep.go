// Package upkeep is what is wrong with the things of a network, and what they are due: the tickets
// that people and rules open, the meters of use, and the rules that ask for a service after so many
// hours or days.
//
// It alone writes the tables tickets, ticket_notes, preventive_rules and preventive_done, and the
// meters of units. It refuses to know who has booked what: that a unit is out of service is the
// book's to say, which takes it out for a ticket and asks this package for [Open], [AddUse] and
// [Close] as steps of its own verbs. What it leaves in the log is ids and figures, never what
// somebody wrote.
//
// Start reading at Desk, then Open.
package upkeep

import (
	"fmt"
	"time"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Desk is the upkeep of one network. It may be used by many goroutines.
//
// Its verbs return a *fault.Error for what a caller can act on, as those of inventory.Catalog do.
type Desk struct {
	db      *database.DB
	catalog *inventory.Catalog
}

// New makes the upkeep of an open data base.
func New(db *database.DB, catalog *inventory.Catalog) *Desk {
	return &Desk{db: db, catalog: catalog}
}

// Kinds of tickets.
const (
	Problem    = "problem"    // somebody says that something is wrong
	Damage     = "damage"     // found at a return
	Preventive = "preventive" // a rule says that a service is due
)

// States of a ticket. The last two close it, for good.
const (
	Fresh      = "new"
	InProgress = "in_progress"
	Waiting    = "waiting" // for a part, or for somebody
	Done       = "done"
	Rejected   = "rejected" // there is nothing to do
)

// States are all of them, in the order in which they are gone through.
func States() []string { return []string{Fresh, InProgress, Waiting, Done, Rejected} }

// Bounds of what people write, in characters, and of costs, in cents.
const (
	maxDescription = 2000
	maxContact     = 200
	maxCost        = 100_000_000
)

// A Ticket is a problem, a damage or a service that is due, until somebody has dealt with it. It is of
// the hub where its unit was when it was opened.
type Ticket struct {
	ID          string     `json:"id" db:"id"`
	HubID       string     `json:"hub" db:"hub_id"`
	ResourceID  string     `json:"resource" db:"resource_id"`
	UnitID      string     `json:"unit" db:"unit_id"` // "" for the resource as a whole
	RuleID      string     `json:"rule" db:"rule_id"` // of what is preventive
	Kind        string     `json:"kind" db:"kind"`
	State       string     `json:"state" db:"state"`
	Urgent      bool       `json:"urgent" db:"urgent"`
	Description string     `json:"description" db:"description"`
	ReportedBy  string     `json:"reported_by" db:"reported_by"` // a member, by id; "" for a visitor or a rule
	Contact     string     `json:"contact" db:"contact"`         // where a visitor can be reached, as they wrote it
	AssignedTo  string     `json:"assigned_to" db:"assigned_to"` // a member, by id; "" for nobody
	CostCents   int64      `json:"cost_cents" db:"cost_cents"`
	CreatedAt   time.Time  `json:"created_at" db:"created_at"`
	ChangedAt   time.Time  `json:"changed_at" db:"changed_at"`
	ClosedAt    *time.Time `json:"closed_at" db:"closed_at"`
	Version     int64      `json:"version" db:"version"`

	// Filled by reads. The names are empty to who may not see persons at the hub, as is Contact.
	Code         string         `json:"code" db:"code"` // of the unit
	ResourceName inventory.Text `json:"-" db:"resource_name"`
	RuleName     string         `json:"rule_name" db:"rule_name"`
	Blocks       bool           `json:"-" db:"blocks"` // its rule takes the unit out of service
	ReporterName string         `json:"-" db:"reporter_name"`
	AssigneeName string         `json:"-" db:"assignee_name"`
	RegionID     string         `json:"-" db:"region_id"`       // of the hub
	Notes        []Note         `json:"notes,omitempty" db:"-"` // by Desk.Ticket alone, the oldest first
}

// Closed reports whether somebody has dealt with it.
func (t Ticket) Closed() bool { return closes(t.State) }

func closes(state string) bool { return state == Done || state == Rejected }

// A Note is one step in the life of a ticket: a state that it came to, something that was written, or both.
type Note struct {
	At    time.Time `json:"at" db:"at"`
	ByID  string    `json:"by" db:"by_id"`
	Name  string    `json:"-" db:"name"` // of who wrote it, as in Ticket
	State string    `json:"state" db:"state"`
	Body  string    `json:"body" db:"body"`
}

// ticketColumns are read FROM tickets t, its joins being those of ticketJoins.
const ticketColumns = `t.id, t.hub_id, t.resource_id, COALESCE(t.unit_id, '') AS unit_id, COALESCE(t.rule_id, '') AS rule_id,
	t.kind, t.state, t.urgent, t.description, t.reported_by, t.contact, t.assigned_to, t.cost_cents,
	t.created_at, t.changed_at, t.closed_at, t.version,
	COALESCE(u.code, '') AS code, r.name AS resource_name, COALESCE(p.name, '') AS rule_name, COALESCE(p.blocks, false) AS blocks,
	COALESCE(w.name, '') AS reporter_name, COALESCE(a.name, '') AS assignee_name, h.region_id`

const ticketJoins = ` FROM tickets t JOIN resources r ON r.id = t.resource_id JOIN hubs h ON h.id = t.hub_id
	LEFT JOIN units u ON u.id = t.unit_id
	LEFT JOIN preventive_rules p ON p.id = t.rule_id
	LEFT JOIN members w ON w.id = t.reported_by
	LEFT JOIN members a ON a.id = t.assigned_to `

func findTicket(r database.Reader, id string) (Ticket, error) {
	var t Ticket
	if !storable(id) {
		return t, ticketNotFound()
	}
	err := r.Get(&t, `SELECT `+ticketColumns+ticketJoins+`WHERE t.id = $1`, id)
	if err == database.ErrNoRows {
		return t, ticketNotFound()
	} else if err != nil {
		return t, fmt.Errorf("read ticket: %w", err)
	}
	return t.inUTC(), nil
}

func (t Ticket) inUTC() Ticket {
	t.CreatedAt, t.ChangedAt = t.CreatedAt.UTC(), t.ChangedAt.UTC()
	if t.ClosedAt != nil {
		at := t.ClosedAt.UTC()
		t.ClosedAt = &at
	}
	return t
}

func ticketNotFound() error { return fault.New(fault.NotFound, "ticket_not_found", nil) }

func storable(key string) bool {
	return key != "" && len(key) <= 200 && !inventory.Unwritable(key, false)
}

// may refuses who lacks a right at a hub: staff of it are told so, to anybody else there is no such
// thing, which missing says.
func may(by identity.Actor, right identity.Right, hubID, regionID string, missing error) error {
	switch {
	case by.May(right, hubID, regionID):
		return nil
	case !by.Known() || by.May(identity.ViewBookings, hubID, regionID):
		return identity.Denied(by)
	}
	return missing
}

// A check collects what is wrong with what somebody wrote, so that one answer names every field.
type check struct {
	malformed  bool
	violations []fault.Violation
}

func (c *check) refuse(field, code string, params fault.Params) {
	p := fault.Params{"field": field}
	for k, v := range params {
		p[k] = v
	}
	c.violations = append(c.violations, fault.Violation{Code: code, Params: p})
}

func (c *check) text(field, s string, most int, lines bool) {
	if inventory.Unwritable(s, lines) {
		c.malformed = true
		c.refuse(field, "bad_text", nil)
	} else if utf8.RuneCountInString(s) > most {
		c.refuse(field, "text_too_long", fault.Params{"max": most})
	}
}

func (c *check) between(field string, n, least, most int64) {
	if n < least || n > most {
		c.refuse(field, "out_of_range", fault.Params{"min": least, "max": most})
	}
}

func (c *check) err() error {
	switch {
	case len(c.violations) == 0:
		return nil
	case c.malformed:
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: c.violations}
	}
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: c.violations}
}
