package main

import (
	"context"
	"slices"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// An addressBook finds people as spreadsheets name them: by address, by identifier, or by name and hub.
type addressBook struct {
	all     []identity.Member
	at      map[string]int      // where in all, by id
	byEmail map[string]string   // by folded address
	byID    map[string]string   // what to call them: their address, else their id
	byName  map[string][]string // by hub and folded name
}

// addresses reads everybody's.
func (n *network) addresses(ctx context.Context) (*addressBook, error) {
	book := &addressBook{at: map[string]int{}, byEmail: map[string]string{}, byID: map[string]string{}, byName: map[string][]string{}}
	for after := ""; ; {
		page, next, err := n.directory.Members(ctx, identity.System, identity.MemberQuery{Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			book.add(m)
		}
		if after = next; after == "" {
			return book, nil
		}
	}
}

func (b *addressBook) add(m identity.Member) {
	b.at[m.ID] = len(b.all)
	b.all = append(b.all, m)
	b.byID[m.ID] = m.ID
	if _, key, err := identity.Address("email", m.Email); err == nil && m.Email != "" {
		b.byEmail[key], b.byID[m.ID] = m.ID, m.Email
	}
	at := nameAt(m.HomeHubID, m.Name)
	b.byName[at] = append(b.byName[at], m.ID)
}

func nameAt(hubID, name string) string { return hubID + "/" + inventory.Fold(name) }

// find returns the id of the person that a cell names, at a hub when it is a name.
func (b *addressBook) find(cell, hubID string) (string, error) {
	if cell == "" {
		return "", fault.Field("member", "required")
	}
	if _, known := b.byID[cell]; known {
		return cell, nil
	}
	if _, key, err := identity.Address("email", cell); err == nil && b.byEmail[key] != "" {
		return b.byEmail[key], nil
	}
	switch ids := b.byName[nameAt(hubID, cell)]; len(ids) {
	case 0:
		return "", fault.Field("member", "unknown_member")
	case 1:
		return ids[0], nil
	}
	return "", fault.Field("member", "ambiguous_member")
}

// called is what a file says of a person who booked at a hub: their address, else the name that nobody
// else has there, else the identifier, which says nothing to another network.
func (b *addressBook) called(id, hubID string) string {
	if name, known := b.byID[id]; !known || name != id {
		return name
	}
	if m := b.all[b.at[id]]; m.HomeHubID == hubID && m.Name != "" && len(b.byName[nameAt(hubID, m.Name)]) == 1 {
		return m.Name
	}
	return id
}

// organisations reads every organisation, by folded name.
func (n *network) organisations(ctx context.Context) (map[string]identity.Organisation, error) {
	all := map[string]identity.Organisation{}
	for after := ""; ; {
		page, next, err := n.directory.Organisations(ctx, identity.System, identity.OrganisationQuery{Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, o := range page {
			all[inventory.Fold(o.Name)] = o
		}
		if after = next; after == "" {
			return all, nil
		}
	}
}

// namedHub finds a hub for a row, by slug or identifier, else by its name or its town, however they are
// accented: what is none is a flaw of its column.
func (n *network) namedHub(ctx context.Context, key string) (inventory.Hub, error) {
	if key == "" {
		return inventory.Hub{}, nil
	}
	hub, err := n.catalog.Hub(ctx, key)
	if fault.KindOf(err) == fault.NotFound {
		return n.hubCalled(ctx, key)
	}
	return hub, err
}

func (n *network) hubCalled(ctx context.Context, name string) (found inventory.Hub, err error) {
	key := inventory.Fold(name)
	for after := ""; ; {
		page, next, err := n.catalog.Hubs(ctx, inventory.HubQuery{Limit: 200, After: after})
		if err != nil {
			return found, err
		}
		for _, h := range page {
			if key == "" || !slices.Contains([]string{inventory.Fold(h.Name["fr"]), inventory.Fold(h.Name["en"]), inventory.Fold(h.Town)}, key) {
				continue
			}
			if found.ID != "" {
				return inventory.Hub{}, fault.Field("hub", "ambiguous_hub")
			}
			found = h
		}
		if after = next; after == "" {
			break
		}
	}
	if found.ID == "" {
		return found, fault.Field("hub", "unknown_hub")
	}
	return found, nil
}

// rowFlaws is what a person reads of an error about one row; false for an error that ends the import.
func rowFlaws(err error) ([]fault.Violation, bool) {
	f := fault.Of(err)
	switch {
	case f == nil || f.Kind == fault.Unavailable || f.Kind == fault.Internal:
		return nil, false
	case len(f.Violations) > 0:
		return f.Violations, true
	}
	return []fault.Violation{{Code: f.Code, Params: f.Params}}, true
}

// tell counts a line and adds it to the report.
func tell(r *inventory.Report, line inventory.ReportLine) {
	switch line.Outcome {
	case inventory.Created:
		r.Created++
	case inventory.Changed:
		r.Changed++
	case inventory.Unchanged:
		r.Unchanged++
	case inventory.Refused:
		r.Refused++
	case inventory.Warning:
		r.Warnings++
	}
	r.Lines = append(r.Lines, line)
}
