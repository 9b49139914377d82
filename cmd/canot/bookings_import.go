package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// importedColumns are those of an export, and how a spreadsheet says the same of one resource.
var importedColumns = append([]string{"resource", "quantity"}, bookingColumns...)

// statusWords are the statuses as a spreadsheet in French names them.
var statusWords = map[string]booking.Status{
	"en attente": booking.Pending, "confirmée": booking.Confirmed, "confirmé": booking.Confirmed, "terminée": booking.Completed, "terminé": booking.Completed,
	"refusée": booking.Declined, "refusé": booking.Declined, "annulée": booking.Cancelled, "annulé": booking.Cancelled, "absence": booking.NoShow,
}

// importable are the statuses that a row may give, beside held.
var importable = []booking.Status{booking.Pending, booking.Confirmed, booking.InUse, booking.Completed, booking.Expired, booking.Declined, booking.Cancelled, booking.NoShow}

// A bookingImport is a file of bookings that is being read in.
type bookingImport struct {
	*network
	known     *addressBook
	orgs      map[string]identity.Organisation
	hubs      map[string]inventory.Hub      // by what the file calls them, and by id
	resources map[string]inventory.Resource // by what the file calls them, with the hub
	now       time.Time
	rows      []sheetRow
	lines     []inventory.ReportLine    // one for each row
	pasts     []booking.Past            // what is to be loaded,
	of        []int                     // and of which row
	notes     map[int][]fault.Violation // what is to be said beside, by row
}

// importBookings writes the bookings of a file, past and coming, through the same guard as any other:
// what is taken is refused, and so is what breaks a rule of time. A booking that is there already, by
// its reference or as one of the same person, resource and start, is left as it is.
func (n *network) importBookings(ctx context.Context, content []byte, o inventory.ImportOptions) (inventory.Report, error) {
	report := inventory.Report{Kind: "bookings", Lines: []inventory.ReportLine{}}
	rows, err := readSheet(content, importedColumns, "member", "starts_at", "ends_at")
	if err != nil {
		return report, err
	}
	in := &bookingImport{network: n, rows: rows, lines: make([]inventory.ReportLine, len(rows)), now: n.db.Now(),
		notes: map[int][]fault.Violation{}, hubs: map[string]inventory.Hub{}, resources: map[string]inventory.Resource{}}
	if in.known, err = n.addresses(ctx); err != nil {
		return report, err
	}
	if in.orgs, err = n.organisations(ctx); err != nil {
		return report, err
	}
	if err = in.read(ctx); err != nil {
		return report, err
	}
	if err = in.load(ctx, o.Progress); err != nil {
		return report, err
	}
	for i, l := range in.lines {
		if l.Outcome != "" {
			tell(&report, l)
		}
		if len(in.notes[i]) > 0 && l.Outcome != inventory.Refused {
			tell(&report, aside(l, in.notes[i]...))
		}
	}
	return report, nil
}

// read understands every row, or says why it cannot.
func (in *bookingImport) read(ctx context.Context) error {
	first := map[string]int{}
	for i, row := range in.rows {
		in.lines[i] = inventory.ReportLine{Line: row.line, Key: rowKey(row.cells), Violations: row.wrong}
		if len(row.wrong) > 0 {
			in.lines[i].Outcome = inventory.Refused
			continue
		}
		if row.cells["status"] = status(row.cells["status"]); row.cells["status"] == string(booking.Held) {
			// What was held is free again before anybody reads the file.
			in.notes[i] = append(in.notes[i], fault.Violation{Code: "hold_not_imported"})
			continue
		}
		past, err := in.past(ctx, row.cells)
		if err == nil && past.Status == booking.InUse {
			past.Status = booking.Confirmed // whoever hands things out here says who has them
			in.notes[i] = append(in.notes[i], fault.Violation{Code: "imported_as_confirmed"})
		}
		if err == nil {
			same := past.MemberID + " " + past.Lines[0].Resource + " " + past.StartsAt.Format(time.RFC3339)
			if before, twice := first[same]; twice {
				err = &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{
					Code: "line_repeats", Params: fault.Params{"first_line": before}}}}
			} else {
				first[same] = row.line
			}
		}
		if err != nil {
			if err := in.refuse(i, err); err != nil {
				return err
			}
			continue
		}
		in.pasts, in.of = append(in.pasts, past), append(in.of, i)
	}
	return nil
}

// status is a status as Canot names it, from the words of a spreadsheet.
func status(s string) string {
	s = strings.ToLower(s)
	return string(cmp.Or(statusWords[s], booking.Status(s)))
}

// rowKey is what a report calls a row by: no name of a person and no title.
func rowKey(cells map[string]string) string {
	return cmp.Or(cells["reference"], strings.TrimSpace(cmp.Or(cells["resource"], cells["resources"])+" "+cells["starts_at"]))
}

// refuse notes why a row does not go in; an error that is about no row comes back.
func (in *bookingImport) refuse(row int, err error) error {
	flaws, tellable := rowFlaws(err)
	if !tellable {
		return err
	}
	in.lines[row].Outcome, in.lines[row].Violations = inventory.Refused, withValues(flaws, in.rows[row].cells)
	return nil
}

// load writes what is not there yet. What occupies nothing goes first, then by start: a booking that was
// cancelled then finds the time as free as it was before another took it.
func (in *bookingImport) load(ctx context.Context, progress func(done, total int)) error {
	known, err := in.book.Known(ctx, in.pasts)
	if err != nil {
		return err
	}
	there, err := in.there(ctx, known)
	if err != nil {
		return err
	}
	var order []int
	for i := range in.pasts {
		if known[i] != "" {
			row := in.of[i]
			in.lines[row].Outcome = inventory.Unchanged
			in.notes[row] = nil
			if was, ok := there[known[i]]; ok {
				if other := differing(was, in.pasts[i], in.rows[row].cells); len(other) > 0 {
					in.notes[row] = []fault.Violation{{Code: "booking_differs", Params: fault.Params{"fields": fieldNames(other)}}}
				}
			}
			continue
		}
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := in.pasts[a], in.pasts[b]
		return cmp.Or(cmp.Compare(occupies(x.Status), occupies(y.Status)), x.StartsAt.Compare(y.StartsAt))
	})
	all := make([]booking.Past, len(order))
	for at, i := range order {
		all[at] = in.pasts[i]
	}
	results, err := in.book.Load(ctx, all, func(done int) {
		if progress != nil {
			progress(len(in.rows)-len(all)+done, len(in.rows))
		}
	})
	if err != nil {
		return err
	}
	for at, i := range order {
		in.lines[in.of[i]].Outcome = inventory.Created
		if results[at] != nil {
			if err := in.refuse(in.of[i], results[at]); err != nil {
				return err
			}
		}
	}
	return nil
}

// there reads the bookings of those references.
func (in *bookingImport) there(ctx context.Context, references []string) (map[string]booking.Booking, error) {
	wanted := map[string]bool{}
	for _, r := range references {
		if r != "" {
			wanted[r] = true
		}
	}
	found := map[string]booking.Booking{}
	for after := ""; len(found) < len(wanted); {
		page, next, err := in.book.Bookings(ctx, identity.System, booking.Query{Limit: 200, After: after})
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			if wanted[b.Reference] {
				found[b.Reference] = b
			}
		}
		if after = next; after == "" {
			break
		}
	}
	return found, nil
}

// differing are the columns in which a row says something else than the booking that is there. What the
// row leaves empty says nothing, and a booking that has since begun or ended is still the same.
func differing(was booking.Booking, row booking.Past, cells map[string]string) (columns []string) {
	note := func(column string, differs bool) {
		if differs && cells[column] != "" {
			columns = append(columns, column)
		}
	}
	went := row.Status == booking.Confirmed && slices.Contains([]booking.Status{booking.InUse, booking.Completed, booking.NoShow}, was.Status) ||
		row.Status == booking.Pending && was.Status != booking.Pending
	note("starts_at", !row.StartsAt.Equal(was.StartsAt))
	note("ends_at", !row.EndsAt.Equal(was.EndsAt))
	note("status", row.Status != was.Status && !went)
	note("title", row.Title != was.Title)
	note("organisation", row.Organisation != was.Organisation)
	note("attendance", row.Attendance != was.Attendance)
	return columns
}

// occupies is 0 of what takes no time and 1 of what does.
func occupies(s booking.Status) int {
	switch s {
	case booking.Expired, booking.Declined, booking.Cancelled, booking.NoShow:
		return 0
	}
	return 1
}

// past is the booking that a row tells of.
func (in *bookingImport) past(ctx context.Context, cells map[string]string) (booking.Past, error) {
	hub, err := in.hub(ctx, cells["hub"])
	if err != nil {
		return booking.Past{}, err
	}
	wants, hubID, notice, err := in.wants(ctx, cells, hub.ID)
	if err != nil {
		return booking.Past{}, err
	}
	if hub, err = in.hub(ctx, hubID); err != nil {
		return booking.Past{}, err
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return booking.Past{}, err
	}
	p := booking.Past{MadeBy: identity.System.ID, Request: booking.Request{Lines: wants, Title: cells["title"], Notes: cells["notes"],
		Sector: plainSector(cells["sector"]), Visibility: cells["visibility"], Attendance: 1}}
	var wrong []fault.Violation
	note := func(err error) {
		flaws, _ := rowFlaws(err)
		wrong = append(wrong, flaws...)
	}
	if p.MemberID, err = in.known.find(cells["member"], hubID); err != nil {
		note(err)
	}
	if p.StartsAt, err = when("starts_at", cells["starts_at"], zone); err != nil {
		note(err)
	}
	if p.EndsAt, err = when("ends_at", cells["ends_at"], zone); err != nil {
		note(err)
	}
	p.Kept = !p.EndsAt.IsZero() && !p.EndsAt.After(in.now) // the hours of today were not those of its time
	note(in.details(cells, &p, zone, notice))
	if len(wrong) > 0 {
		return booking.Past{}, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: wrong}
	}
	return p, nil
}

// details reads the columns that may be empty.
func (in *bookingImport) details(cells map[string]string, p *booking.Past, zone *time.Location, notice time.Duration) error {
	if name := cells["organisation"]; name != "" {
		org, known := in.orgs[inventory.Fold(name)]
		if !known {
			return fault.Field("organisation", "unknown_organisation")
		}
		p.Organisation = org.ID
	}
	if s := cells["attendance"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fault.Field("attendance", "bad_value")
		}
		p.Attendance = n
	}
	if s := cells["status"]; s != "" {
		p.Status = booking.Status(s)
		if !slices.Contains(importable, p.Status) {
			return fault.Field("status", "bad_value")
		}
	}
	if s := cells["reference"]; booking.IsReference(s) {
		p.Reference = s // of another program it says nothing here
	}
	// Whoever agreed to it did so early enough: how long before is judged for new bookings only.
	p.MadeAt = in.now
	if latest := p.StartsAt.Add(-notice); latest.Before(p.MadeAt) {
		p.MadeAt = latest
	}
	if s := cells["created_at"]; s != "" {
		made, err := when("created_at", s, zone)
		if err != nil {
			return err
		}
		if made.Before(p.MadeAt) {
			p.MadeAt = made
		}
	}
	return nil
}

func (in *bookingImport) hub(ctx context.Context, key string) (inventory.Hub, error) {
	if h, seen := in.hubs[key]; seen || key == "" {
		return h, nil
	}
	h, err := in.namedHub(ctx, key)
	if err == nil {
		in.hubs[key], in.hubs[h.ID] = h, h
	}
	return h, err
}

// wants reads what a row books: resource and quantity, or resources as an export writes them. It returns
// the hub of the first, and the longest notice that one of them asks for.
func (in *bookingImport) wants(ctx context.Context, cells map[string]string, hubID string) (wants []booking.Want, hub string, notice time.Duration, err error) {
	named := cells["resources"]
	if one := cells["resource"]; one != "" {
		if named != "" {
			return nil, "", 0, fault.Field("resources", "bad_value")
		}
		named = one
	}
	if named == "" {
		return nil, "", 0, fault.Field("resource", "required")
	}
	for _, part := range strings.Split(named, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, count, given := cutLast(part, ":")
		if !given || len(cells["quantity"]) > 0 {
			key, count = part, cmp.Or(cells["quantity"], "1")
		}
		quantity, bad := strconv.Atoi(strings.TrimSpace(count))
		if bad != nil || quantity < 1 {
			return nil, "", 0, fault.Field("quantity", "bad_quantity")
		}
		x, err := in.resource(ctx, strings.TrimSpace(key), hubID)
		if err != nil {
			return nil, "", 0, err
		}
		hub = cmp.Or(hub, x.HubID)
		notice = max(notice, time.Duration(x.Policy.Notice)*time.Minute)
		wants = append(wants, booking.Want{Resource: x.ID, Quantity: quantity})
	}
	if len(wants) == 0 {
		return nil, "", 0, fault.Field("resource", "required")
	}
	return wants, hub, notice, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}

// resource finds a resource by slug or id, else by its name at the hub of the row.
func (in *bookingImport) resource(ctx context.Context, key, hubID string) (inventory.Resource, error) {
	at := hubID + "/" + key
	if x, seen := in.resources[at]; seen {
		return x, nil
	}
	x, err := in.catalog.Resource(ctx, key)
	if fault.KindOf(err) == fault.NotFound {
		x, err = in.resourceNamed(ctx, key, hubID)
	}
	if err == nil && hubID != "" && x.HubID != hubID {
		err = fault.Field("resource", "unknown_resource")
	}
	if err == nil {
		in.resources[at] = x
	}
	return x, err
}

func (in *bookingImport) resourceNamed(ctx context.Context, name, hubID string) (found inventory.Resource, err error) {
	if hubID == "" {
		return found, fault.Field("resource", "resource_needs_hub") // a name says what it is at one hub only
	}
	for after := ""; ; {
		page, next, err := in.catalog.Resources(ctx, inventory.ResourceQuery{Hub: hubID, Archived: true, Limit: 200, After: after})
		if err != nil {
			return found, err
		}
		for _, x := range page {
			if !slices.ContainsFunc([]string{x.Name["fr"], x.Name["en"]}, func(s string) bool { return s != "" && inventory.Fold(s) == inventory.Fold(name) }) {
				continue
			}
			if found.ID != "" {
				return found, fault.Field("resource", "ambiguous_resource")
			}
			found = x
		}
		if after = next; after == "" {
			break
		}
	}
	if found.ID == "" {
		err = fault.Field("resource", "unknown_resource")
	}
	return found, err
}
