package upkeep

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/files"
)

// A NewTicket says what is wrong with a unit, or is due for it.
type NewTicket struct {
	UnitID      string // a step's; Report finds it
	Kind        string // "" for Problem
	Description string
	ReportedBy  string // a member, by id; "" for nobody whom the network knows
	Contact     string // where a visitor can be reached, if they want to be
	Urgent      bool
	RuleID      string // of what is preventive
	Photos      []files.NewFile
}

// subject is what a ticket is about.
type subject struct {
	HubID      string `db:"hub_id"`
	ResourceID string `db:"resource_id"`
	UnitID     string `db:"unit_id"`
}

// Open opens a ticket as a step of another verb, in its transaction and under its locks: that verb has
// asked for the right. For what is urgent a message to the managers of the hub waits in the same commit. A service that is open already for the unit
// and the rule is not opened again: the zero Ticket, and nothing is written.
func Open(tx *database.Tx, by identity.Actor, n NewTicket) (Ticket, error) {
	var of subject
	err := tx.Get(&of, `SELECT current_hub_id AS hub_id, resource_id, id AS unit_id FROM units WHERE id = $1`, n.UnitID)
	if errors.Is(err, database.ErrNoRows) {
		return Ticket{}, fault.New(fault.NotFound, "unit_not_found", nil)
	} else if err != nil {
		return Ticket{}, fmt.Errorf("open ticket: %w", err)
	}
	if err := n.check(); err != nil {
		return Ticket{}, err
	}
	return insertTicket(tx, by, of, n)
}

func (n NewTicket) check() error {
	var c check
	if n.Kind == Problem && n.Description == "" {
		c.refuse("description", "required", nil)
	}
	c.text("description", n.Description, maxDescription, true)
	c.text("contact", n.Contact, maxContact, false)
	return c.err()
}

func insertTicket(tx *database.Tx, by identity.Actor, of subject, n NewTicket) (Ticket, error) {
	if n.Kind == "" {
		n.Kind = Problem
	}
	t := Ticket{
		ID: database.NewID(), HubID: of.HubID, ResourceID: of.ResourceID, UnitID: of.UnitID, RuleID: n.RuleID, Kind: n.Kind, State: Fresh,
		Urgent: n.Urgent, Description: n.Description, ReportedBy: n.ReportedBy, Contact: n.Contact, CreatedAt: tx.Now, ChangedAt: tx.Now, Version: 1,
	}
	rows, err := tx.Exec(`
		INSERT INTO tickets (id, hub_id, resource_id, unit_id, rule_id, kind, state, urgent, description, reported_by, contact, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING`,
		t.ID, t.HubID, t.ResourceID, orNull(t.UnitID), orNull(t.RuleID), t.Kind, t.State, t.Urgent, t.Description, t.ReportedBy, t.Contact, t.CreatedAt)
	if err != nil || rows == 0 {
		return Ticket{}, err
	}
	if t.Urgent || t.Kind == Damage {
		if err := tx.Enqueue(news(tx, "ticket.new", t.ID)); err != nil {
			return Ticket{}, err
		}
	}
	for _, photo := range n.Photos {
		photo.SubjectKind, photo.SubjectID = files.OfTicket, t.ID
		if _, err := files.Insert(tx, by, photo); err != nil {
			return Ticket{}, err
		}
	}
	return t, record(tx, by, "ticket.open", nil, t)
}

// news is a message to those whom a ticket concerns.
func news(tx *database.Tx, what, id string) database.Job {
	return database.Job{Kind: "notice", At: tx.Now, Args: map[string]string{"what": what, "id": id}}
}

// orNull is a text as a column that refers to something, or to nothing.
func orNull(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// record writes what a ticket was and is to the log. Of what somebody wrote it says that it changed.
func record(tx *database.Tx, by identity.Actor, action string, was *Ticket, is Ticket) error {
	type figures struct {
		Hub      string   `json:"hub"`
		Resource string   `json:"resource"`
		Unit     string   `json:"unit,omitempty"`
		Rule     string   `json:"rule,omitempty"`
		Kind     string   `json:"kind"`
		State    string   `json:"state"`
		Urgent   bool     `json:"urgent"`
		Assigned string   `json:"assigned_to,omitempty"`
		Cost     int64    `json:"cost_cents"`
		Changed  []string `json:"changed,omitempty"`
	}
	of := func(t Ticket) figures {
		return figures{t.HubID, t.ResourceID, t.UnitID, t.RuleID, t.Kind, t.State, t.Urgent, t.AssignedTo, t.CostCents, nil}
	}
	after := of(is)
	c := database.Change{By: by.ID, Action: action, Kind: "ticket", Subject: is.ID}
	if was != nil {
		c.Before = of(*was)
		if was.Description != is.Description {
			after.Changed = append(after.Changed, "description")
		}
	}
	c.After = after
	return tx.Record(c)
}

// Report opens a ticket for who sees that something is wrong, with or without an account: for a unit
// (id or inventory code), or for a resource (id or slug), which stands for its one unit where it has
// but one. Who is signed in is named in it; a visitor may leave an address. It asks for no right, and
// how often somebody may is the page's to bound. A thing that does not exist, or is there no more, is
// NotFound.
func (d *Desk) Report(ctx context.Context, by identity.Actor, key string, n NewTicket, k database.Key) (Ticket, error) {
	return database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (Ticket, error) {
		of, err := findSubject(tx, key)
		if err != nil {
			return Ticket{}, err
		}
		n.Kind, n.RuleID, n.UnitID = Problem, "", of.UnitID
		if n.ReportedBy = by.ID; by.Known() {
			n.Contact = "" // they have an account
		}
		if err := n.check(); err != nil {
			return Ticket{}, err
		}
		return insertTicket(tx, by, of, n)
	})
}

// findSubject finds what a key names that somebody may report. A code may be typed in small letters.
func findSubject(r database.Reader, key string) (subject, error) {
	var of []subject
	missing := fault.New(fault.NotFound, "unit_not_found", nil)
	if !storable(key) {
		return subject{}, missing
	}
	err := r.Select(&of, `SELECT current_hub_id AS hub_id, resource_id, id AS unit_id FROM units WHERE (id = $1 OR code = $1 OR code = $2) AND status = 'in_service' ORDER BY CASE WHEN code = $1 THEN 0 ELSE 1 END`, key, strings.ToUpper(key))
	if err != nil {
		return subject{}, err
	}
	if len(of) > 0 {
		return of[0], nil
	}
	err = r.Select(&of, `SELECT r.hub_id, r.id AS resource_id, CASE WHEN COUNT(u.id) = 1 THEN MIN(u.id) ELSE '' END AS unit_id
		FROM resources r LEFT JOIN units u ON u.resource_id = r.id AND u.status = 'in_service' AND u.current_hub_id = r.hub_id
		WHERE (r.id = $1 OR r.slug = $1) AND NOT r.archived GROUP BY r.id, r.hub_id`, key)
	if err != nil || len(of) == 0 {
		if err == nil {
			err = missing
		}
		return subject{}, err
	}
	return of[0], nil
}
