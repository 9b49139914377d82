package main

import (
	"context"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
	"canot/web/mail"
)

// matterOf reads what a message is about that is not about a booking. One that is over is NotFound.
func (n *network) matterOf(ctx context.Context, what, id string) (mail.Matter, error) {
	switch what {
	case "member.suspended":
		return n.suspended(ctx, id)
	case "transfer.arrived":
		return n.arrived(ctx, id)
	case "stock.low":
		return n.runsOut(ctx, id)
	case "ticket.new":
		return n.reported(ctx, id)
	}
	return mail.Matter{}, over()
}

// over says that there is nothing to tell any more.
func over() error { return fault.New(fault.NotFound, "not_found", nil) }

func (n *network) suspended(ctx context.Context, id string) (mail.Matter, error) {
	s, err := n.roster.Suspension(ctx, id)
	if err == nil && !s.Lasts(n.db.Now()) {
		err = over()
	}
	m := mail.Matter{HubID: s.HubID, MemberID: s.MemberID, Quote: s.Reason, Params: fault.Params{"until": s.EndsAt}}
	if s.Cause == membership.SuspendedLate {
		m.Params["late"] = 1
	}
	return m, err
}

// arrived tells the people of the hub that a unit left.
func (n *network) arrived(ctx context.Context, id string) (mail.Matter, error) {
	t, err := n.book.Transfer(ctx, identity.System, id)
	if err == nil && t.State != booking.JourneyArrived {
		err = over()
	}
	if err != nil {
		return mail.Matter{}, err
	}
	hub, err := n.catalog.Hub(ctx, t.FromHubID)
	return mail.Matter{HubID: hub.ID, Path: "/transferts/" + hub.Slug,
		Params: fault.Params{"resource": t.ResourceName, "code": t.Code, "to": t.ToHubName}}, err
}

func (n *network) runsOut(ctx context.Context, id string) (mail.Matter, error) {
	c, err := n.stock.Consumable(ctx, identity.System, id)
	if err == nil && (c.Archived || !c.Short()) {
		err = over()
	}
	if err != nil {
		return mail.Matter{}, err
	}
	hub, err := n.catalog.Hub(ctx, c.HubID)
	m := mail.Matter{HubID: hub.ID, Path: "/inventaire/" + hub.Slug + "/consommables",
		Params: fault.Params{"name": c.Name, "measure": c.Measure, "stock": c.Stock, "low": c.Low}}
	if c.Stock == 0 {
		m.Params["none"] = 1
	}
	return m, err
}

func (n *network) reported(ctx context.Context, id string) (mail.Matter, error) {
	t, err := n.upkeep.Ticket(ctx, identity.System, id)
	if err == nil && t.Closed() {
		err = over()
	}
	if err != nil {
		return mail.Matter{}, err
	}
	hub, err := n.catalog.Hub(ctx, t.HubID)
	m := mail.Matter{HubID: hub.ID, Path: "/entretien/" + hub.Slug + "/billets/" + t.ID, Quote: t.Description,
		Params: fault.Params{"resource": inventory.Text(t.ResourceName), "code": t.Code}}
	switch {
	case t.Kind == upkeep.Damage:
		m.Params["damage"] = 1
		if err == nil {
			err = n.foundAtReturn(ctx, t, &m)
		}
	case t.Urgent:
		m.Params["urgent"] = 1
	}
	return m, err
}

// foundAtReturn tells what the return of a unit came to: what was missing, what was noted, and whether
// the unit is out of service for it.
func (n *network) foundAtReturn(ctx context.Context, t upkeep.Ticket, m *mail.Matter) error {
	u, err := n.book.TicketUnit(ctx, t.ID)
	for _, x := range u.Lacks() {
		m.Missing = append(m.Missing, mail.Missing{Name: x.Name, Count: x.Count})
	}
	if u.Condition != t.Description {
		m.Condition = u.Condition
	}
	if len(u.Outages) > 0 {
		m.Params["out"] = 1
	} else {
		m.Params["stays"] = 1
	}
	return err
}
