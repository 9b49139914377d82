package demo

import (
	"context"

	"canot/booking/membership"
	"canot/internal/database"
	"canot/inventory"
)

// certifications are what the resources of the network ask for, all of them the network's,
// and one of a hub's own that another hub accepts.
var certifications = []struct {
	slug                      string
	name, description         inventory.Text
	validMonths, unusedMonths int64
}{
	{"medialab", text("Medialab", "Medialab"),
		text("Une visite guidée d’une heure : allumer, projeter, régler le son, tout éteindre.", "A one-hour tour: switching on, projecting, setting the sound, switching everything off."), 0, 0},
	{"sound", text("Studio d’enregistrement", "Recording studio"),
		text("Deux heures pour brancher un micro, enregistrer et ranger.", "Two hours to plug in a microphone, record and tidy up."), 0, 0},
	{"laser", text("Découpe laser", "Laser cutting"),
		text("Trois heures : les matériaux permis, la mise au point, la ventilation, et quoi faire en cas de feu.", "Three hours: which materials are allowed, focusing, ventilation, and what to do in case of fire."), 36, 12},
	{"fdm", text("Impression 3D à filament", "Filament 3D printing"),
		text("Une heure : préparer un fichier, lancer une impression, dégager une pièce.", "One hour: preparing a file, starting a print, removing a part."), 0, 0},
	{"resin", text("Impression 3D à la résine", "Resin 3D printing"),
		text("Deux heures, avec gants et lunettes : la résine, le lavage, la cuisson.", "Two hours, with gloves and goggles: resin, washing, curing."), 24, 12},
	{"cnc", text("Fraisage numérique", "CNC milling"),
		text("Six heures en deux soirs : brides, fraises, vitesses, arrêt d’urgence.", "Six hours over two evenings: clamps, bits, speeds, emergency stop."), 24, 6},
	{"wood", text("Atelier du bois", "Woodshop"),
		text("Quatre heures : scies, perceuse, poussière et protections.", "Four hours: saws, drill, dust and guards."), 0, 12},
	{"embroidery", text("Broderie numérique", "Digital embroidery"),
		text("Deux heures : numériser un motif, choisir le fil, tendre le tissu.", "Two hours: digitising a design, choosing thread, hooping fabric."), 0, 0},
	{"print", text("Impression grand format", "Large-format printing"),
		text("Une heure : profils, papiers et encres.", "One hour: profiles, papers and inks."), 0, 0},
	{"projection", text("Projection de grande puissance", "High-power projection"),
		text("Deux heures : transport, accrochage, refroidissement, sécurité des yeux.", "Two hours: transport, rigging, cooling, eye safety."), 0, 24},
	{"drone", text("Pilotage de drone", "Drone piloting"),
		text("Une demi-journée, et le certificat de pilote de Transports Canada.", "Half a day, and the pilot certificate from Transport Canada."), 24, 12},
}

// certify puts in the certifications, before the resources that ask for them.
func (g *grower) certify(ctx context.Context) error {
	list := make([]membership.CertificationEdits, len(certifications))
	for i := range certifications {
		c := &certifications[i]
		list[i] = membership.CertificationEdits{Slug: &c.slug, Name: &c.name, Description: &c.description, ValidMonths: &c.validMonths, UnusedMonths: &c.unusedMonths}
	}
	return g.DB.In(ctx, func(tx *database.Tx) error {
		_, err := g.Roster.LoadCertifications(ctx, tx, list)
		return err
	})
}

// operatorsOnPaper are what the operators of the demo are called on paper, and a telephone of their
// region that is answered there; all are invented.
var operatorsOnPaper = map[string]struct{ name, phone string }{
	"hubs-at":           {"Coopérative des hubs de l’Abitibi-Témiscamingue", "819 555-0190"},
	"hubs-bj":           {"Coopérative des hubs de la Baie-James", "819 555-0191"},
	"hubs-no":           {"Hubs du Nord de l’Ontario inc.", "705 555-0192"},
	"hub-rouyn-noranda": {"Société du hub de Rouyn-Noranda", "819 555-0193"},
	"hub-sudbury":       {"Carrefour créatif de Sudbury inc.", "705 555-0194"},
}

// answerable gives each operator its name on paper, and says who is in charge of personal data there,
// as Law 25 asks.
func (g *grower) answerable(ctx context.Context) error {
	operators, err := g.Catalog.Operators(ctx)
	if err != nil {
		return err
	}
	for _, o := range operators {
		name, email, paper := "Responsable des renseignements personnels", "vie-privee@"+o.Slug+".example", operatorsOnPaper[o.Slug]
		e := inventory.OperatorEdits{PrivacyName: &name, PrivacyEmail: &email, PrivacyPhone: &paper.phone}
		if paper.name != "" {
			e.LegalName = &paper.name
		}
		if _, err := g.Catalog.UpdateOperator(ctx, system, o.Slug, e, database.Key{}); err != nil {
			return err
		}
	}
	return nil
}

func n64(n int64) *int64 { return &n }

// The slugs of the tiers.
const (
	visitorTier   = "visite"
	communityTier = "communautaire"
	makerTier     = "createur"
	proTier       = "professionnel"
	partnerTier   = "organisme-partenaire"
)

// tiers are the five kinds of membership, the same in every town.
func tiers() []membership.TierEdits {
	const hour = 60
	tier := func(slug, period string, cents int64, name, about inventory.Text, allows ...membership.Allowance) membership.TierEdits {
		visitor := slug == visitorTier
		return membership.TierEdits{Slug: &slug, Name: &name, Description: &about, PriceCents: &cents, Period: &period, Visitor: &visitor, Allowances: &allows}
	}
	return []membership.TierEdits{
		tier(visitorTier, "none", 0, text("Visite", "Visit"),
			text("Pour essayer, sans adhésion : on réserve deux semaines d’avance, trois réservations à la fois, au plein prix.",
				"To try things out, without a membership: book two weeks ahead, three bookings at a time, at full price."),
			membership.Allowance{HorizonDays: n64(14), Upcoming: n64(3), LongestMin: n64(8 * hour), PricePercent: 100},
			membership.Allowance{Kind: inventory.Equipment, HorizonDays: n64(14), Upcoming: n64(1), LongestMin: n64(3 * 24 * hour), PricePercent: 100}),
		tier(communityTier, "none", 0, text("Communautaire", "Community"),
			text("Gratuit, pour qui habite le territoire : dix heures de coworking par semaine et deux heures de machine, puis le plein prix ou un carnet.",
				"Free, for people of the region: ten hours of coworking a week and two hours of machines, then full price or a pack."),
			membership.Allowance{HorizonDays: n64(30), Upcoming: n64(6), PricePercent: 100},
			membership.Allowance{CategorySlug: "coworking", WeekMin: n64(10 * hour), Beyond: "charged", HorizonDays: n64(30), Upcoming: n64(6), PricePercent: 100},
			membership.Allowance{Kind: inventory.Machine, WeekMin: n64(2 * hour), Beyond: "charged", HorizonDays: n64(30), Upcoming: n64(3), PricePercent: 100},
			membership.Allowance{Kind: inventory.Equipment, HorizonDays: n64(60), Upcoming: n64(2), LongestMin: n64(7 * 24 * hour), PricePercent: 100}),
		tier(makerTier, "month", 3500, text("Création", "Creation"),
			text("Pour créer chaque semaine : coworking inclus jusqu’à quarante heures, douze heures de studio par mois, et quatre heures de découpe laser par semaine.",
				"To make things every week: up to forty hours of coworking included, twelve hours of studio a month, and four hours of laser cutting a week."),
			membership.Allowance{HorizonDays: n64(90), Upcoming: n64(60), PricePercent: 75},
			membership.Allowance{CategorySlug: "coworking", WeekMin: n64(40 * hour), Beyond: "charged", HorizonDays: n64(90), PricePercent: 75},
			membership.Allowance{CategorySlug: "medialab", MonthMin: n64(12 * hour), Beyond: "charged", HorizonDays: n64(90), Upcoming: n64(60), PricePercent: 75},
			membership.Allowance{CategorySlug: "laser-cutter", WeekMin: n64(4 * hour), DayMin: n64(3 * hour), Beyond: "refused", HorizonDays: n64(60), Upcoming: n64(6), PricePercent: 75},
			membership.Allowance{Kind: inventory.Equipment, HorizonDays: n64(120), Upcoming: n64(12), PricePercent: 50}),
		tier(proTier, "month", 9000, text("Professionnel", "Professional"),
			text("Pour en vivre : coworking compris, trente heures de studio et de salle par mois, douze heures de machine par semaine, et l’accès en dehors des heures d’ouverture.",
				"To make a living from it: coworking included, thirty hours of studios and rooms a month, twelve hours of machines a week, and access outside opening hours."),
			membership.Allowance{HorizonDays: n64(180), Upcoming: n64(40), AfterHours: true, PricePercent: 60},
			membership.Allowance{CategorySlug: "coworking", HorizonDays: n64(180), AfterHours: true, PricePercent: 0},
			membership.Allowance{Kind: inventory.Space, MonthMin: n64(30 * hour), Beyond: "charged", HorizonDays: n64(180), AfterHours: true, PricePercent: 60},
			membership.Allowance{Kind: inventory.Machine, WeekMin: n64(12 * hour), Beyond: "charged", HorizonDays: n64(180), Upcoming: n64(20), PricePercent: 60}),
		tier(partnerTier, "year", 120000, text("Organisme partenaire", "Partner organisation"),
			text("Pour les organismes : soixante heures de salle et de studio par mois pour toute l’équipe, réservées jusqu’à un an d’avance, à moitié prix ensuite.",
				"For organisations: sixty hours of rooms and studios a month for the whole team, booked up to a year ahead, at half price afterwards."),
			membership.Allowance{HorizonDays: n64(365), Upcoming: n64(100), PricePercent: 50},
			membership.Allowance{Kind: inventory.Space, MonthMin: n64(60 * hour), Beyond: "charged", HorizonDays: n64(365), Upcoming: n64(100), AfterHours: true, PricePercent: 50}),
	}
}

// tiers puts in the tiers, once the categories that they name are there, and what one hub
// accepts of another's certifications.
func (g *grower) tiers(ctx context.Context) error {
	hub, slug := "sudbury", "laser-sudbury"
	name := text("Laser, formation de Sudbury", "Laser, Sudbury training")
	about := text("La formation que donne l’atelier de Sudbury; Rouyn-Noranda la reconnaît.", "The training given by the Sudbury workshop; Rouyn-Noranda recognises it.")
	err := g.DB.In(ctx, func(tx *database.Tx) error {
		if _, err := g.Roster.LoadTiers(ctx, tx, tiers()); err != nil {
			return err
		}
		_, err := g.Roster.LoadCertifications(ctx, tx, []membership.CertificationEdits{{Slug: &slug, Hub: &hub, Name: &name, Description: &about}})
		return err
	})
	if err != nil {
		return err
	}
	_, err = g.Roster.AcceptEquivalence(ctx, system, mainHub, slug, "laser", database.Key{})
	return err
}
