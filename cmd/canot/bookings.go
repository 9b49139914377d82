package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// bookingColumns are the columns of exported bookings, which import reads.
var bookingColumns = []string{
	"reference", "status", "hub", "resources", "starts_at", "ends_at", "time_zone", "member", "organisation",
	"title", "notes", "sector", "visibility", "attendance", "created_at",
}

// bookingRow is one booking as exported.
type bookingRow struct {
	Reference    string `json:"reference"`
	Status       string `json:"status"`
	Hub          string `json:"hub"`       // slug
	Resources    string `json:"resources"` // slug:quantity, separated by semicolons
	StartsAt     string `json:"starts_at"` // as the hub's clocks show it, with their offset
	EndsAt       string `json:"ends_at"`
	TimeZone     string `json:"time_zone"`
	Member       string `json:"member"`       // address, else a name that is one person's at the hub, else id
	Organisation string `json:"organisation"` // name
	Title        string `json:"title"`
	Notes        string `json:"notes"`
	Sector       string `json:"sector"`
	Visibility   string `json:"visibility"`
	Attendance   int    `json:"attendance"`
	CreatedAt    string `json:"created_at"`
}

// exportBookings writes every booking, by start; the file goes back in as it is.
func (n *network) exportBookings(ctx context.Context, w io.Writer, format string) error {
	known, err := n.addresses(ctx)
	if err != nil {
		return err
	}
	orgs, err := n.organisations(ctx)
	if err != nil {
		return err
	}
	orgNames := map[string]string{}
	for _, o := range orgs {
		orgNames[o.ID] = o.Name
	}
	var rows []bookingRow
	for after := ""; ; {
		page, next, err := n.book.Bookings(ctx, identity.System, booking.Query{Limit: 200, After: after})
		if err != nil {
			return err
		}
		for _, b := range page {
			row, err := exportedBooking(b)
			if err != nil {
				return err
			}
			row.Member, row.Organisation = cmp.Or(known.called(b.MemberID, b.HubID), b.MemberID), orgNames[b.Organisation]
			rows = append(rows, row)
		}
		if after = next; after == "" {
			break
		}
	}
	cells := [][]string{bookingColumns}
	for _, r := range rows {
		cells = append(cells, []string{r.Reference, r.Status, r.Hub, r.Resources, r.StartsAt, r.EndsAt, r.TimeZone, plainCell(r.Member), plainCell(r.Organisation),
			plainCell(r.Title), plainCell(r.Notes), r.Sector, r.Visibility, strconv.Itoa(r.Attendance), r.CreatedAt})
	}
	return writeRows(w, format, rows, cells)
}

func exportedBooking(b booking.Booking) (bookingRow, error) {
	zone, err := hours.LoadZone(b.TimeZone)
	if err != nil {
		return bookingRow{}, err
	}
	lines := make([]string, len(b.Lines))
	for i, l := range b.Lines {
		lines[i] = fmt.Sprintf("%s:%d", l.ResourceSlug, l.Quantity)
	}
	return bookingRow{
		Reference: b.Reference, Status: string(b.Status), Hub: b.HubSlug, Resources: strings.Join(lines, ";"),
		StartsAt: hours.Promise(b.StartsAt, zone), EndsAt: hours.Promise(b.EndsAt, zone), TimeZone: b.TimeZone, Title: b.Title, Notes: b.Notes,
		Sector: b.Sector, Visibility: b.Visibility, Attendance: b.Attendance, CreatedAt: b.CreatedAt.UTC().Format(time.RFC3339),
	}, nil
}

// formulaSigns begin what a spreadsheet takes for a formula.
const formulaSigns = "=+-@\t\r"

// plainCell keeps a spreadsheet from taking what a person wrote for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune(formulaSigns, rune(s[0])) {
		return "'" + s
	}
	return s
}

// bareCell takes away the apostrophe that plainCell put in.
func bareCell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formulaSigns, rune(s[1])) {
		return s[1:]
	}
	return s
}

// indented writes a value as JSON that people can read too.
func indented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
