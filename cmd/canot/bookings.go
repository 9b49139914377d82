package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/identity"
)

// bookingColumns are the columns of exported bookings.
var bookingColumns = []string{
	"reference", "status", "hub", "resources", "starts_at", "ends_at", "time_zone", "member", "title", "sector", "visibility", "created_at",
}

// exportBookings writes every booking, by start.
func (n *network) exportBookings(ctx context.Context, w io.Writer, format string) error {
	var all []booking.Booking
	cells := [][]string{bookingColumns}
	for after := ""; ; {
		page, next, err := n.book.Bookings(ctx, identity.System, booking.Query{Limit: 200, After: after})
		if err != nil {
			return err
		}
		all = append(all, page...)
		if after = next; after == "" {
			break
		}
	}
	for _, b := range all {
		lines := make([]string, len(b.Lines))
		for i, l := range b.Lines {
			lines[i] = fmt.Sprintf("%s:%d", l.ResourceSlug, l.Quantity)
		}
		cells = append(cells, []string{
			b.Reference, string(b.Status), b.HubSlug, strings.Join(lines, ";"), b.StartsAt.UTC().Format(time.RFC3339), b.EndsAt.UTC().Format(time.RFC3339),
			b.TimeZone, b.MemberID, plainCell(b.Title), b.Sector, b.Visibility, b.CreatedAt.UTC().Format(time.RFC3339),
		})
	}
	return writeRows(w, format, all, cells)
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
