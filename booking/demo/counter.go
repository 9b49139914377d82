package demo

import (
	"context"
	"fmt"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
	supply "canot/inventory/stock"
	"canot/inventory/upkeep"
)

// counter gives the main hub what a counter has before it beside bookings: shelves and what is in
// the kits, stock that is used up, things to mend and to look after, and one on the road.
func (g *grower) counter(ctx context.Context) error {
	at := map[string]*stock{}
	for _, s := range g.stocks {
		if s.terms.HubSlug == mainHub && len(s.terms.Units) > 0 && at[s.category] == nil {
			at[s.category] = s
		}
	}
	for _, step := range []func(context.Context, map[string]*stock) error{g.shelves, g.supplies, g.troubles, g.journeys} {
		if err := step(ctx, at); err != nil {
			return fmt.Errorf("counter: %w", err)
		}
	}
	return nil
}

// kits are what is counted when a kit goes out and comes back, by category.
var kits = map[string][]inventory.Component{
	"camera": {
		{Name: text("Boîtier", "Body"), Quantity: 1, Required: true}, {Name: text("Objectif", "Lens"), Quantity: 2, Required: true},
		{Name: text("Batterie", "Battery"), Quantity: 3}, {Name: text("Trépied", "Tripod"), Quantity: 1},
	},
	"vr-headset": {
		{Name: text("Casque", "Headset"), Quantity: 1, Required: true}, {Name: text("Manette", "Controller"), Quantity: 2, Required: true},
		{Name: text("Chargeur", "Charger"), Quantity: 1},
	},
}

// shelves says where things stand, and what is in them.
func (g *grower) shelves(ctx context.Context, at map[string]*stock) error {
	for category, shelf := range map[string]string{"camera": "A-1", "vr-headset": "A-2", "projector": "B-1"} {
		s := at[category]
		if s == nil {
			continue
		}
		for i, u := range s.terms.Units {
			bought := g.now.AddDate(-2, -3*i, 0).Format(time.DateOnly)
			covered := g.now.AddDate(1, -3*i, 0).Format(time.DateOnly)
			value := int64(240_000 - 20_000*i)
			_, err := g.Catalog.UpdateUnit(ctx, identity.System, u.ID, inventory.UnitEdits{Shelf: &shelf, PurchasedOn: &bought, WarrantyUntil: &covered, ValueCents: &value}, database.Key{})
			if err != nil {
				return err
			}
			if parts := kits[category]; parts != nil {
				if _, err := g.Catalog.SetComponents(ctx, identity.System, u.ID, inventory.ComponentEdits{Parts: parts}, database.Key{}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// supplies are what the hub's machines use up; of one there is little left.
func (g *grower) supplies(ctx context.Context, _ map[string]*stock) error {
	room := supply.New(g.DB, g.Catalog)
	for _, c := range []struct {
		code, measure, shelf string
		name                 inventory.Text
		low, there           int64
	}{
		{"RN-PLA", "g", "C-1", text("Filament PLA", "PLA filament"), 1_000, 4_200},
		{"RN-PETG", "g", "C-1", text("Filament PETG", "PETG filament"), 1_000, 650},
		{"RN-MDF-3", "feuille", "C-2", text("Panneau MDF 3 mm", "3 mm MDF sheet"), 5, 18},
	} {
		if _, err := room.Add(ctx, identity.System, mainHub, supply.Edits{Code: &c.code, Name: &c.name, Measure: &c.measure, Shelf: &c.shelf, Low: &c.low}, database.Key{}); err != nil {
			return err
		}
		if _, err := room.Move(ctx, identity.System, c.code, supply.Moving{Kind: "delivery", Quantity: c.there}, database.Key{}); err != nil {
			return err
		}
	}
	return nil
}

// troubles are a problem that somebody reported, and what is to be looked after by use and by time.
func (g *grower) troubles(ctx context.Context, at map[string]*stock) error {
	desk := upkeep.New(g.DB, g.Catalog)
	if s := at["3d-printer"]; s != nil {
		words := "La première couche ne colle plus au plateau, même après un nettoyage."
		if _, err := desk.Report(ctx, identity.System, s.terms.Units[len(s.terms.Units)-1].Code, upkeep.NewTicket{Description: words}, database.Key{}); err != nil {
			return err
		}
		name, every := "Graisser les axes", int64(200*60)
		if _, err := desk.AddRule(ctx, identity.System, s.terms.Resource.ID, upkeep.RuleEdits{Name: &name, EveryUseMin: &every}, database.Key{}); err != nil {
			return err
		}
	}
	if s := at["laser-cutter"]; s != nil {
		name, every := "Nettoyer la lentille et les miroirs", int64(30)
		if _, err := desk.AddRule(ctx, identity.System, s.terms.Resource.ID, upkeep.RuleEdits{Name: &name, EveryDays: &every}, database.Key{}); err != nil {
			return err
		}
	}
	return nil
}

// journeys sends one of the main hub's things to another hub that lends the same, the day after tomorrow.
func (g *grower) journeys(ctx context.Context, _ map[string]*stock) error {
	name := func(s *stock) string { return s.category + " " + s.terms.Resource.Name.In("fr") }
	elsewhere := map[string]*stock{}
	for _, s := range g.stocks {
		if s.terms.HubSlug != mainHub {
			elsewhere[name(s)] = s
		}
	}
	for _, s := range g.stocks {
		to := elsewhere[name(s)]
		if s.terms.HubSlug != mainHub || s.terms.Resource.Kind != inventory.Equipment || len(s.terms.Units) < 2 || to == nil {
			continue
		}
		leaves := hours.At(hours.DateOf(g.now, s.terms.Zone).AddDays(2), 14*60, s.terms.Zone)
		_, err := g.Book.PlanTransfer(ctx, identity.System, booking.Journey{
			Unit: s.terms.Units[len(s.terms.Units)-1].Code, To: to.terms.HubSlug, LeavesAt: leaves, ArrivesAt: leaves.Add(6 * time.Hour),
			Note: "Pour un atelier de fin de semaine",
		}, database.Key{})
		return err
	}
	return nil
}
