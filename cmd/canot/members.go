package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// The columns of a file of members; only name must be there. organisation may hold several, separated
// by semicolons; with a sector, one that is not there yet is made.
var memberColumns = []string{
	"name", "email", "language", "hub", "phone", "birth_date", "clientele",
	"tier", "membership_from", "membership_until", "organisation", "sector",
}

// A memberImport is a file of members that is being read in.
type memberImport struct {
	*network
	known *addressBook
	orgs  map[string]identity.Organisation
	hubs  map[string]string // ids by what the file calls them

	differs []string // the columns in which the row that was taken says something else than the account
}

// importMembers opens an account for every row whose person is not there yet: nobody has the address
// or, without one, nobody of the hub has the name. Of a person who is there only a membership and
// organisations are added; the rest is left as it is.
func (n *network) importMembers(ctx context.Context, content []byte, o inventory.ImportOptions) (inventory.Report, error) {
	report := inventory.Report{Kind: "members", Lines: []inventory.ReportLine{}}
	rows, err := readSheet(content, memberColumns, "name")
	if err != nil {
		return report, err
	}
	in := memberImport{network: n, hubs: map[string]string{}}
	if in.known, err = n.addresses(ctx); err != nil {
		return report, err
	}
	if in.orgs, err = n.organisations(ctx); err != nil {
		return report, err
	}
	for i, row := range rows {
		line := inventory.ReportLine{Line: row.line, Key: cmp.Or(row.cells["email"], row.cells["name"])}
		if line.Violations = row.wrong; len(row.wrong) == 0 {
			line.Outcome, err = in.take(ctx, row.cells)
		}
		if err != nil {
			flaws, tellable := rowFlaws(err)
			if !tellable {
				return report, err
			}
			line.Violations, err = withValues(flaws, row.cells), nil
		}
		if len(line.Violations) > 0 {
			line.Outcome = inventory.Refused
		}
		tell(&report, line)
		if len(in.differs) > 0 && line.Outcome != inventory.Refused {
			tell(&report, aside(line, fault.Violation{Code: "member_differs", Params: fault.Params{"fields": fieldNames(in.differs)}}))
		}
		if o.Progress != nil {
			o.Progress(i+1, len(rows))
		}
	}
	return report, nil
}

// take opens one account, or finds it, and adds what the row says beside.
func (in *memberImport) take(ctx context.Context, cells map[string]string) (outcome string, err error) {
	in.differs = nil
	for _, column := range []string{"birth_date", "membership_from", "membership_until"} {
		cells[column] = plainDate(cells[column])
	}
	cells["language"], cells["clientele"] = plainLanguage(cells["language"]), plainClientele(cells["clientele"])
	hubID, seen := in.hubs[cells["hub"]]
	if !seen {
		hub, err := in.namedHub(ctx, cells["hub"])
		if err != nil {
			return "", err
		}
		hubID = hub.ID
		in.hubs[cells["hub"]] = hubID
	}
	person := identity.NewMember{Name: cells["name"], Email: cells["email"], Language: cells["language"], HomeHubID: hubID,
		Phone: cells["phone"], BirthDate: cells["birth_date"], Clientele: cells["clientele"]}
	id, err := in.there(ctx, person)
	if err == nil && id != "" {
		in.differs, err = in.differing(ctx, id, person)
	}
	if err != nil {
		return "", err
	}
	orgs, err := in.organisationsOf(ctx, cells, hubID)
	if err != nil {
		return "", err
	}
	outcome, id, err = in.open(ctx, id, person, cells)
	if err != nil {
		return "", err
	}
	for _, org := range orgs {
		added, err := in.delegate(ctx, id, org)
		if err != nil {
			return "", err
		}
		if added && outcome == inventory.Unchanged {
			outcome = inventory.Changed
		}
	}
	return outcome, nil
}

// there returns the id of the person whom a row is about, "" when they have no account yet.
func (in *memberImport) there(ctx context.Context, person identity.NewMember) (string, error) {
	if person.Email != "" {
		m, err := in.directory.MemberByEmail(ctx, identity.System, person.Email)
		if fault.KindOf(err) == fault.NotFound {
			return "", nil
		}
		return m.ID, err
	}
	id, err := in.known.find(person.Name, person.HomeHubID)
	if fault.KindOf(err) == fault.Malformed && person.Name != "" && len(in.known.byName[nameAt(person.HomeHubID, person.Name)]) < 2 {
		return "", nil
	}
	return id, err
}

// differing are the columns in which a row says something else than the account that is there. What the
// row leaves empty says nothing.
func (in *memberImport) differing(ctx context.Context, id string, row identity.NewMember) (columns []string, err error) {
	m, err := in.directory.Member(ctx, in.db.Reader(ctx), id)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct{ column, said, is string }{
		{"name", row.Name, m.Name}, {"language", row.Language, m.Language}, {"hub", row.HomeHubID, m.HomeHubID}, {"phone", row.Phone, m.Phone},
		{"birth_date", row.BirthDate, m.BirthDate}, {"clientele", row.Clientele, m.Clientele},
	} {
		if c.said != "" && norm.NFC.String(c.said) != c.is {
			columns = append(columns, c.column)
		}
	}
	return columns, nil
}

// open makes the account that is not there, and the membership, in one commit: a row goes in whole or
// not at all.
func (in *memberImport) open(ctx context.Context, id string, person identity.NewMember, cells map[string]string) (outcome, memberID string, err error) {
	wanted, err := in.wantsMembership(ctx, id, person.HomeHubID, cells)
	if err != nil {
		return "", "", err
	}
	if id != "" && !wanted {
		return inventory.Unchanged, id, nil
	}
	var made identity.Member
	err = in.db.In(ctx, func(tx *database.Tx) error {
		outcome, memberID = inventory.Changed, id
		if id == "" {
			opened, err := in.directory.LoadMembers(ctx, tx, []identity.NewMember{person})
			if err != nil {
				return err
			}
			made, outcome, memberID = opened[0], inventory.Created, opened[0].ID
		}
		if !wanted {
			return nil
		}
		m := membership.NewMembership{Holder: membership.Holder{MemberID: memberID}, Tier: cells["tier"], Hub: person.HomeHubID, StartsOn: cells["membership_from"]}
		if until := cells["membership_until"]; until != "" {
			m.EndsOn = &until
		}
		_, err := in.roster.LoadMemberships(ctx, tx, []membership.NewMembership{m})
		return err
	})
	if err == nil && id == "" {
		in.known.add(made)
	}
	return outcome, memberID, err
}

// wantsMembership reports whether a row asks for a membership that the person does not have.
func (in *memberImport) wantsMembership(ctx context.Context, id, hubID string, cells map[string]string) (bool, error) {
	if cells["tier"] == "" {
		if cells["membership_from"]+cells["membership_until"] != "" {
			return false, fault.Field("tier", "required")
		}
		return false, nil
	}
	if hubID == "" {
		return false, fault.Field("hub", "required")
	}
	if id == "" {
		return true, nil
	}
	held, _, err := in.roster.Memberships(ctx, identity.System, membership.MembershipQuery{Holder: membership.Holder{MemberID: id}, Limit: 200})
	has := slices.ContainsFunc(held, func(m membership.Membership) bool {
		return m.TierSlug == cells["tier"] && m.HubID == hubID && (cells["membership_from"] == "" || m.StartsOn == cells["membership_from"])
	})
	return !has, err
}

// organisationsOf finds the organisations that a row names. One that is not there is made when the row
// says its sector.
func (in *memberImport) organisationsOf(ctx context.Context, cells map[string]string, hubID string) (orgs []identity.Organisation, err error) {
	sectors := strings.Split(cells["sector"], ";") // one for all, or one for each
	for i, name := range strings.Split(cells["organisation"], ";") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		org, known := in.orgs[inventory.Fold(name)]
		if !known {
			sector := plainSector(sectors[min(i, len(sectors)-1)])
			if sector == "" {
				return nil, fault.Field("organisation", "organisation_needs_sector")
			}
			org, err = in.directory.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: &name, Sector: &sector, HubID: &hubID}, database.Key{})
			if err != nil {
				return nil, err
			}
			in.orgs[inventory.Fold(name)] = org
		}
		orgs = append(orgs, org)
	}
	return orgs, nil
}

// delegate lets a person act for an organisation, unless they do already.
func (in *memberImport) delegate(ctx context.Context, memberID string, org identity.Organisation) (added bool, err error) {
	acts, err := in.directory.ActsFor(in.db.Reader(ctx), memberID, org.ID)
	if err != nil || acts {
		return false, err
	}
	return true, in.directory.AddDelegate(ctx, identity.System, org.ID, memberID, false, database.Key{})
}

// memberRow is one member as exported: a row for each of their memberships, or one without.
type memberRow struct {
	Name         string `json:"name"`
	Email        string `json:"email"`
	Language     string `json:"language"`
	Hub          string `json:"hub"` // slug, "" for none
	Phone        string `json:"phone"`
	BirthDate    string `json:"birth_date"`
	Clientele    string `json:"clientele"`
	Tier         string `json:"tier"`
	From         string `json:"membership_from"`
	Until        string `json:"membership_until"`
	Organisation string `json:"organisation"`
	Sector       string `json:"sector"` // of each organisation, in their order
}

// exportMembers writes every member; the file goes back in as it is. Of memberships it writes those of
// the home hub, which is all that a file can say.
func (n *network) exportMembers(ctx context.Context, w io.Writer, format string) error {
	known, err := n.addresses(ctx)
	if err != nil {
		return err
	}
	acting, err := n.actingFor(ctx)
	if err != nil {
		return err
	}
	slugs := map[string]string{"": ""}
	var rows []memberRow
	for _, m := range known.all {
		if _, seen := slugs[m.HomeHubID]; !seen {
			hub, err := n.catalog.Hub(ctx, m.HomeHubID)
			if err != nil {
				return err
			}
			slugs[m.HomeHubID] = hub.Slug
		}
		row := memberRow{Name: m.Name, Email: m.Email, Language: m.Language, Hub: slugs[m.HomeHubID], Phone: m.Phone,
			BirthDate: m.BirthDate, Clientele: m.Clientele, Organisation: joined(acting[m.ID], func(o identity.Organisation) string { return o.Name }),
			Sector: joined(acting[m.ID], func(o identity.Organisation) string { return o.Sector })}
		held, _, err := n.roster.Memberships(ctx, identity.System, membership.MembershipQuery{Holder: membership.Holder{MemberID: m.ID}, Limit: 200})
		if err != nil {
			return err
		}
		written := false
		for _, s := range held {
			if s.HubID == m.HomeHubID {
				row.Tier, row.From, row.Until, written = s.TierSlug, s.StartsOn, s.EndsOn, true
				rows = append(rows, row)
			}
		}
		if !written {
			rows = append(rows, row)
		}
	}
	cells := [][]string{memberColumns}
	for _, r := range rows {
		cells = append(cells, []string{plainCell(r.Name), plainCell(r.Email), r.Language, r.Hub, plainCell(r.Phone), r.BirthDate, r.Clientele,
			r.Tier, r.From, r.Until, plainCell(r.Organisation), r.Sector})
	}
	return writeRows(w, format, rows, cells)
}

// joined writes something of each organisation, with semicolons between.
func joined(orgs []identity.Organisation, of func(identity.Organisation) string) string {
	texts := make([]string, len(orgs))
	for i, o := range orgs {
		texts[i] = of(o)
	}
	return strings.Join(texts, "; ")
}

// actingFor lists the organisations for which each member acts, by name.
func (n *network) actingFor(ctx context.Context) (map[string][]identity.Organisation, error) {
	orgs, err := n.organisations(ctx)
	if err != nil {
		return nil, err
	}
	acting := map[string][]identity.Organisation{}
	for _, org := range orgs {
		delegates, err := n.directory.Delegates(ctx, identity.System, org.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range delegates {
			acting[d.MemberID] = append(acting[d.MemberID], org)
		}
	}
	for id := range acting {
		slices.SortFunc(acting[id], func(a, b identity.Organisation) int { return strings.Compare(a.Name, b.Name) })
	}
	return acting, nil
}

// writeRows writes rows as a JSON array, or cells as CSV.
func writeRows[R any](w io.Writer, format string, rows []R, cells [][]string) error {
	if format == "json" {
		if rows == nil {
			rows = []R{}
		}
		return indented(w, rows)
	}
	out := csv.NewWriter(w)
	if err := out.WriteAll(cells); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}
