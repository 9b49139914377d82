package demo

import (
	"context"
	"errors"
	"sync"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// holidayNames are the words for the codes of hours.Holidays.
var holidayNames = map[string]inventory.Text{
	"new_year":     text("Jour de l’An", "New Year’s Day"),
	"family_day":   text("Jour de la Famille", "Family Day"),
	"good_friday":  text("Vendredi saint", "Good Friday"),
	"patriots_day": text("Journée nationale des patriotes", "National Patriots’ Day"),
	"victoria_day": text("Fête de Victoria", "Victoria Day"),
	"national_day": text("Fête nationale du Québec", "Quebec’s National Holiday"),
	"canada_day":   text("Fête du Canada", "Canada Day"),
	"labour_day":   text("Fête du Travail", "Labour Day"),
	"thanksgiving": text("Action de grâces", "Thanksgiving"),
	"christmas":    text("Noël", "Christmas Day"),
	"boxing_day":   text("Lendemain de Noël", "Boxing Day"),
}

// How far ahead hubs have said on which holidays they are closed.
const holidaysAhead = 200

// calendar closes the hubs on the holidays of their province, and for what
// happens now and then: a storm of last week, an inventory to come.
func (g *grower) calendar(ctx context.Context) error {
	// All hubs at once: they share commits, and wait for the disk together.
	failed := make([]error, len(g.hubs))
	var all sync.WaitGroup
	for i, h := range g.hubs {
		all.Go(func() { failed[i] = g.holidays(ctx, h) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return g.close(ctx, []closure{
		{"matagami", -3, "00:00", "24:00", text("Tempête : routes fermées", "Storm: roads closed")},
		{"chibougamau", -3, "12:00", "24:00", text("Tempête : fermeture à midi", "Storm: closed from noon")},
		{"val-dor", 13, "00:00", "13:00", text("Inventaire annuel", "Yearly inventory")},
		{"sudbury", 20, "00:00", "24:00", text("Journée de formation du personnel", "Staff training day")},
	})
}

// holidays writes the exceptions of one hub.
func (g *grower) holidays(ctx context.Context, h inventory.Hub) error {
	zone, err := hours.LoadZone(h.TimeZone)
	if err != nil {
		return err
	}
	today := hours.DateOf(g.now, zone)
	first, last := today.AddDays(-daysEachWay-2), today.AddDays(holidaysAhead)
	for year := first.Year; year <= last.Year; year++ {
		for _, day := range hours.Holidays(h.TaxJurisdiction, year) {
			if day.Date.Before(first) || last.Before(day.Date) {
				continue
			}
			_, err := g.Catalog.SetException(ctx, identity.System, inventory.Exception{
				HubID: h.ID, Date: day.Date, Reason: holidayNames[day.Code],
			}, database.Key{})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// A closure shuts a hub for some hours of a day, so many days from today.
type closure struct {
	hub      string
	day      int
	from, to string // "24:00" is the midnight after
	reason   inventory.Text
}

// close writes closures.
func (g *grower) close(ctx context.Context, list []closure) error {
	for _, c := range list {
		hub, err := g.Catalog.Hub(ctx, c.hub)
		if err != nil {
			return err
		}
		zone, err := hours.LoadZone(hub.TimeZone)
		if err != nil {
			return err
		}
		day := hours.DateOf(g.now, zone).AddDays(c.day)
		end := day.String() + "T" + c.to + ":00"
		if c.to == "24:00" {
			end = day.AddDays(1).String() + "T00:00:00"
		}
		_, err = g.Catalog.AddClosure(ctx, identity.System, inventory.Closure{
			HubID: hub.ID, StartsLocal: day.String() + "T" + c.from + ":00", EndsLocal: end, Reason: c.reason,
		}, database.Key{})
		if err != nil {
			return err
		}
	}
	return nil
}
