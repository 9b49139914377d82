package demo

import (
	"context"
	"math/rand/v2"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

var system = identity.System

// organisations of the network, those for whom the artist may act first.
var organisations = []struct{ name, sector, clientele, hub string }{
	{"Collectif Aurore boréale", "culture", "artists", mainHub},
	{"Coopérative Bois vivant", "affaires", "technocreatives_established", mainHub},
	{"Cercle de recherche du Nord", "savoir", "students_researchers", "chibougamau"},
	{"Sudbury Makers Guild", "culture", "organisations", "sudbury"},
}

// How many of the invented members have what, in a hundred.
const (
	community    = 45
	makers       = 16
	pros         = 5
	printers     = 35 // certified for filament printing
	cutters      = 18
	medialabists = 22
	carnets      = 6
)

// memberships gives the people of the network tiers, certificates and packs, and opens
// the accounts of organisations. Its draws are its own, so that the bookings stay the same.
func (g *grower) memberships(ctx context.Context) error {
	draw := rand.New(rand.NewPCG(g.Options.Seed, uint64(g.Scale)+7))
	today := hours.DateOf(g.now, g.now.Location())
	var m []membership.NewMembership
	var c []membership.NewCertificate
	var p []membership.NewPack
	for _, h := range g.hubs {
		for _, id := range g.atHome[h.ID] {
			who := membership.Holder{MemberID: id}
			since := today.AddDays(-draw.IntN(400)).String()
			give := func(tier string, renews bool) {
				n := membership.NewMembership{Holder: who, Tier: tier, Hub: h.ID, StartsOn: since, Renews: renews}
				if tier == communityTier {
					n.EndsOn = new(string)
				}
				m = append(m, n)
			}
			switch x := draw.IntN(100); {
			case x < community:
				give(communityTier, false)
			case x < community+makers:
				give(makerTier, true)
			case x < community+makers+pros:
				give(proTier, true)
			}
			for _, k := range []struct {
				slug string
				of   int
			}{{"fdm", printers}, {"laser", cutters}, {"medialab", medialabists}} {
				if draw.IntN(100) < k.of {
					c = append(c, membership.NewCertificate{MemberID: id, Certification: k.slug, Hub: h.ID, FromOn: today.AddDays(-draw.IntN(330)).String()})
				}
			}
			if draw.IntN(100) < carnets {
				p = append(p, membership.NewPack{Holder: who, Hub: h.ID, Kind: inventory.Machine, Minutes: 600, PriceCents: 9500})
			}
		}
	}
	err := g.DB.In(ctx, func(tx *database.Tx) error {
		if _, err := g.Roster.LoadMemberships(ctx, tx, m); err != nil {
			return err
		}
		if _, err := g.Roster.LoadCertificates(ctx, tx, c); err != nil {
			return err
		}
		_, err := g.Roster.LoadPacks(ctx, tx, p)
		return err
	})
	if err != nil {
		return err
	}
	return g.knownPeople(ctx, today)
}

// knownPeople gives the accounts that the network is tried with what they need for it: the
// artist is a maker with a pack, certified for what the walk books; staff know their machines.
func (g *grower) knownPeople(ctx context.Context, today hours.Date) error {
	since := today.AddDays(-60).String()
	artist := membership.Holder{MemberID: g.artist}
	m := []membership.NewMembership{{Holder: artist, Tier: makerTier, Hub: artistHub, StartsOn: since, Renews: true}}
	p := []membership.NewPack{{Holder: artist, Kind: inventory.Machine, Minutes: 600, PriceCents: 9500}}
	var c []membership.NewCertificate
	for _, slug := range []string{"medialab", "laser", "fdm", "sound", "projection"} {
		c = append(c, membership.NewCertificate{MemberID: g.artist, Certification: slug, Hub: mainHub, FromOn: since})
	}
	for _, id := range g.team {
		m = append(m, membership.NewMembership{Holder: membership.Holder{MemberID: id}, Tier: proTier, Hub: mainHub, StartsOn: since, Renews: true})
		for _, k := range certifications {
			c = append(c, membership.NewCertificate{MemberID: id, Certification: k.slug, Hub: mainHub, FromOn: since})
		}
	}
	for i, o := range organisations {
		hub := g.hubID[o.hub]
		made, err := g.Directory.CreateOrganisation(ctx, system, identity.OrganisationEdits{Name: &o.name, Sector: &o.sector, Clientele: &o.clientele, HubID: &hub}, database.Key{})
		if err != nil {
			return err
		}
		holder := membership.Holder{OrganisationID: made.ID}
		m = append(m, membership.NewMembership{Holder: holder, Tier: partnerTier, Hub: hub, StartsOn: since, Renews: true})
		if i == 0 {
			p = append(p, membership.NewPack{Holder: holder, Hub: hub, Kind: inventory.Space, Minutes: 1200, PriceCents: 30000})
			if err := g.Directory.AddDelegate(ctx, system, made.ID, g.artist, true, database.Key{}); err != nil {
				return err
			}
		}
	}
	return g.DB.In(ctx, func(tx *database.Tx) error {
		if _, err := g.Roster.LoadMemberships(ctx, tx, m); err != nil {
			return err
		}
		if _, err := g.Roster.LoadCertificates(ctx, tx, c); err != nil {
			return err
		}
		_, err := g.Roster.LoadPacks(ctx, tx, p)
		return err
	})
}
