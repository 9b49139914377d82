package booking_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

// A told is one rule of the book, how it is broken, and what a person reads. Those about
// persons are in canot/booking/membership.
type told struct {
	code     string
	broken   func(n *network) error
	waivable bool // somebody may lift it for one booking
	fr, en   string
}

// asks places a request as Zoé.
func asks(resource string, from, to time.Time) func(n *network) error {
	return func(n *network) error {
		_, err := n.place(n.zoe, want(resource, from, to))
		return err
	}
}

// asking places a request that is changed first.
func asking(change func(n *network, r *booking.Request)) func(n *network) error {
	return func(n *network) error {
		r := want("amos-desk", at(1, 10, 0), at(1, 11, 0))
		change(n, &r)
		_, err := n.place(n.zoe, r)
		return err
	}
}

var rulesOfTheBook = []told{
	{"ends_before_start", asks("amos-desk", at(1, 11, 0), at(1, 10, 0)), false,
		"La fin doit venir après le début.",
		"The end must come after the start."},
	{"off_grain", asks("amos-desk", at(1, 10, 10), at(1, 11, 0)), true,
		"Le début et la fin doivent tomber juste : ici, les heures avancent par 30 minutes à partir de minuit.",
		"Start and end must fall on the mark: times here go by 30 minutes from midnight."},
	{"too_short", asks("amos-studio", at(1, 10, 0), at(1, 10, 30)), true,
		"C’est trop court : on réserve ici pour au moins 1 h.",
		"This is too short: bookings here last at least 1 hour."},
	{"too_long", asks("amos-camera", at(1, 10, 0), at(16, 10, 0)), true,
		"C’est trop long : on réserve ici pour au plus 14 jours.",
		"This is too long: bookings here last at most 14 days."},
	{"in_past", func(n *network) error {
		n.clock.Set(at(1, 12, 0))
		return asks("amos-desk", at(1, 10, 0), at(1, 11, 0))(n)
	}, false,
		"Ce moment est déjà passé. Choisissez une heure à venir.",
		"This time is already past. Choose a time to come."},
	{"too_soon", func(n *network) error {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Notice: ptr(2880), Within: ptr(inventory.Inside)})
		return asks("amos-printer", at(1, 10, 0), at(1, 11, 0))(n)
	}, true,
		"C’est trop tôt pour que tout soit prêt : choisissez un début à partir du mercredi 18 novembre 2026, 8 h.",
		"This is too soon for everything to be ready: choose a start from Wednesday, November 18, 2026, 8:00 a.m. on."},
	{"too_far", asks("amos-desk", at(190, 10, 0), at(190, 11, 0)), true,
		"C’est trop loin dans le temps : pour l’instant, on réserve jusqu’au samedi 15 mai 2027, ce jour compris.",
		"This is too far ahead: for now, bookings are taken until Saturday, May 15, 2027, that day included."},
	{"closed", asks("amos-desk", at(1, 18, 0), at(1, 19, 0)), true,
		"C’est fermé à ce moment-là. Prochaines heures d’ouverture : mercredi 18 novembre 2026, de 9 h à 17 h.",
		"It is closed at that time. Next opening hours: Wednesday, November 18, 2026, from 9:00 a.m. to 5:00 p.m."},
	{"ends_closed", asks("amos-camera", at(1, 18, 0), at(2, 10, 0)), true,
		"Le début et la fin doivent tomber pendant les heures d’ouverture. Les prochaines : mercredi 18 novembre 2026, de 9 h à 17 h.",
		"Start and end must fall in opening hours. The next ones: Wednesday, November 18, 2026, from 9:00 a.m. to 5:00 p.m."},
	{"never_open", func(n *network) error {
		n.add("amos", "hall", inventory.Space, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside)})
		must(n.t, n.exec(`DELETE FROM opening_hours WHERE hub_id = $1`, n.id["amos"]))
		must(n.t, n.db.In(context.Background(), func(tx *database.Tx) error { return inventory.BumpRules(context.Background(), tx, n.id["amos-hall"]) }))
		return asks("amos-hall", at(1, 10, 0), at(1, 11, 0))(n)
	}, true,
		"Aucune heure d’ouverture n’est prévue ici pour l’instant. Demandez à l’équipe du hub quand ce sera ouvert.",
		"No opening hours are planned here for now. Ask the hub’s team when it will open."},
	{"closure", func(n *network) error {
		_, err := n.catalog.AddClosure(context.Background(), identity.System, inventory.Closure{HubID: n.id["amos"],
			StartsLocal: "2026-11-17T12:00:00", EndsLocal: "2026-11-18T00:00:00", Reason: inventory.Text{"fr": "Tempête", "en": "Snow storm"}}, database.Key{})
		must(n.t, err)
		return asks("amos-desk", at(1, 14, 0), at(1, 15, 0))(n)
	}, true,
		"C’est fermé à ce moment-là : Tempête (mardi 17 novembre 2026, de 12 h à minuit).",
		"It is closed at that time: Snow storm (Tuesday, November 17, 2026, from 12:00 p.m. to midnight)."},
	{"taken", func(n *network) error {
		n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		return asks("amos-studio", at(1, 10, 0), at(1, 12, 0))(n)
	}, false,
		"« studio » n’est pas libre à ce moment-là.",
		"“studio” is not free at that time."},
	{"too_many", asking(func(_ *network, r *booking.Request) { r.Lines[0].Quantity = 4 }), false,
		"Il y a 3 exemplaires en service ici : on ne peut pas en demander plus.",
		"There are 3 units in service here: no more can be asked for."},
	{"one_hub", asking(func(_ *network, r *booking.Request) {
		r.Lines = append(r.Lines, booking.Want{Resource: "rouyn-desk", Quantity: 1})
	}), false,
		"Tout ce qui est dans une réservation doit être au même hub. Faites une réservation par hub.",
		"Everything in a booking must be at the same hub. Make one booking for each hub."},
	{"archived", func(n *network) error {
		_, err := n.catalog.UpdateResource(context.Background(), identity.System, "amos-desk", inventory.ResourceEdits{Archived: ptr(true)}, database.Key{})
		must(n.t, err)
		return asks("amos-desk", at(1, 10, 0), at(1, 11, 0))(n)
	}, false,
		"Cette ressource n’est plus offerte à la réservation. Choisissez-en une autre de la même catégorie.",
		"This resource is no longer offered for booking. Choose another one of the same category."},
	{"unknown_member", func(n *network) error {
		r := want("amos-desk", at(1, 10, 0), at(1, 11, 0))
		r.MemberID = database.NewID()
		_, err := n.place(n.anne, r)
		return err
	}, false,
		"Cette personne n’a pas de compte ouvert ici. Ouvrez-lui-en un d’abord, même sans courriel.",
		"This person has no open account here. Open one for them first, even without an e-mail address."},
	{"unknown_organisation", asking(func(_ *network, r *booking.Request) { r.Organisation = database.NewID() }), false,
		"Vous ne pouvez pas réserver pour cet organisme : il n’est pas inscrit ici, ou vous n’agissez pas en son nom. Laissez ce champ vide pour réserver en votre nom.",
		"You cannot book for this organisation: it is not registered here, or you do not act for it. Leave this field empty to book in your own name."},
	{"email_unverified", func(n *network) error {
		m, err := n.people.CreateMember(context.Background(), identity.System, identity.NewMember{Name: "Ida", Email: "ida@example.ca"})
		must(n.t, err)
		_, err = n.place(identity.Actor{ID: m.ID}, want("amos-desk", at(1, 10, 0), at(1, 11, 0)))
		return err
	}, false,
		"Votre adresse de courriel n’est pas encore confirmée. Ouvrez le lien que nous vous avons envoyé, ou demandez-en un nouveau à la page de connexion; vous pourrez ensuite réserver.",
		"Your e-mail address is not confirmed yet. Open the link that we sent you, or ask for a new one on the sign-in page; then you can book."},
	{"tier_too_far", func(n *network) error {
		n.tier("visit", true, membership.Allowance{HorizonDays: minutes(7)})
		return asks("amos-desk", at(9, 10, 0), at(9, 11, 0))(n)
	}, true,
		"Votre forfait Forfait visit permet de réserver jusqu’à 7 jours d’avance. Choisissez un moment qui se termine au plus tard le lundi 23 novembre 2026, ou demandez à l’équipe du hub comment changer de forfait.",
		"Your Forfait visit membership lets you book up to 7 days ahead. Choose a time that ends on Monday, November 23, 2026 at the latest, or ask the hub’s team how to change it."},
	{"tier_too_long", func(n *network) error {
		n.tier("visit", true, membership.Allowance{LongestMin: minutes(90)})
		return asks("amos-desk", at(1, 10, 0), at(1, 12, 0))(n)
	}, true,
		"Votre forfait Forfait visit permet de réserver ceci pour 1 h 30 au plus. Raccourcissez la réservation, ou faites-en deux.",
		"Your Forfait visit membership lets you book this for 1 h 30 min at most. Make the booking shorter, or make two."},
	{"hold_too_long", asking(func(_ *network, r *booking.Request) { r.Hold = 2 * time.Hour }), false,
		"Une option dure au plus 30 minutes. Demandez une option plus courte, ou réservez tout de suite.",
		"A hold lasts at most 30 minutes. Ask for a shorter one, or book right away."},
	{"too_many_holds", func(n *network) error {
		for day := range 3 {
			r := want("amos-desk", at(day+1, 10, 0), at(day+1, 11, 0))
			r.Hold = 10 * time.Minute
			n.mustPlace(n.zoe, r)
		}
		return asking(func(_ *network, r *booking.Request) { r.Hold = 10 * time.Minute })(n)
	}, false,
		"Vous avez déjà 3 options en cours, le plus qu’il soit permis. Confirmez-en une ou annulez-la, puis recommencez.",
		"You already have 3 holds, the most that is allowed. Confirm or cancel one, then try again."},
	{"cutoff_passed", func(n *network) error {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), CancelCutoff: ptr(1440), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(1, 10, 0), at(1, 12, 0)))
		n.clock.Set(at(0, 12, 0))
		_, err := n.book.Cancel(context.Background(), n.zoe, b.ID, 0, "", database.Key{})
		return err
	}, true,
		"Il est trop tard pour annuler par vous-même : c’était possible jusqu’au lundi 16 novembre 2026, 10 h. Appelez le hub.",
		"It is too late to cancel by yourself: that was possible until Monday, November 16, 2026, 10:00 a.m. Call the hub."},
	{"own_request", func(n *network) error {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Approval: ptr(true), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.anne, want("amos-printer", at(1, 10, 0), at(1, 12, 0)))
		_, err := n.book.Approve(context.Background(), n.anne, b.ID, 0, database.Key{})
		return err
	}, false,
		"On n’approuve pas sa propre demande. Une autre personne de l’équipe doit le faire.",
		"Nobody approves their own request. Somebody else of the staff must do it."},
	{"bad_status", func(n *network) error {
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 10, 0), at(1, 12, 0)))
		_, err := n.book.Approve(context.Background(), n.anne, b.ID, 0, database.Key{})
		return err
	}, false,
		"Ce n’est pas possible dans l’état actuel : confirmée.",
		"This is not possible in the present state: confirmed."},
	{"already_started", func(n *network) error {
		b := n.mustPlace(n.zoe, want("amos-desk", at(0, 9, 0), at(0, 12, 0)))
		n.clock.Set(at(0, 10, 0))
		_, err := n.book.Change(context.Background(), n.zoe, b.ID, booking.Edits{StartsAt: ptr(at(0, 11, 0))}, database.Key{})
		return err
	}, false,
		"Cette réservation a déjà commencé : son début ne change plus.",
		"This booking has already started: its start changes no more."},
	{"not_yet", func(n *network) error {
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 9, 0), at(1, 12, 0)))
		_, err := n.book.CheckOut(context.Background(), n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		return err
	}, false,
		"C’est trop tôt pour remettre le matériel ou ouvrir la salle : revenez à partir du mardi 17 novembre 2026, 8 h 30.",
		"It is too early to hand out or to begin: come back from Tuesday, November 17, 2026, 8:30 a.m. on."},
	{"unit_missing", func(n *network) error {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 9, 0), at(0, 12, 0)))
		_, err := n.book.TakeOut(context.Background(), n.anne, n.id["amos-studio1"], at(0, 8, 0), ptr(at(0, 20, 0)), "panne", database.Key{})
		must(n.t, err)
		n.clock.Set(at(0, 9, 0))
		_, err = n.book.CheckOut(context.Background(), n.anne, booking.HandOut{Booking: b.ID}, database.Key{})
		return err
	}, false,
		"Il manque un exemplaire à cette réservation. Donnez-lui-en un autre avant de le remettre.",
		"This booking lacks a unit. Give it another one before you hand it out."},
	{"own_waiver", func(n *network) error {
		r := want("amos-desk", at(1, 10, 0), at(1, 11, 0))
		r.Waive = []booking.Waiver{{Rule: "closed", Reason: "x"}}
		_, err := n.place(n.boss, r)
		return err
	}, false,
		"On ne lève pas une règle pour soi-même. Demandez à une autre personne de l’équipe.",
		"Nobody lifts a rule for themself. Ask somebody else of the team."},
	{"not_waivable", func(n *network) error {
		r := want("amos-desk", at(1, 10, 0), at(1, 11, 0))
		r.MemberID, r.Waive = n.zoe.ID, []booking.Waiver{{Rule: "taken", Reason: "x"}}
		_, err := n.place(n.boss, r)
		return err
	}, false,
		"La règle « taken » ne peut être levée par personne.",
		"Nobody may lift the rule “taken”."},
	{"reason_required", func(n *network) error {
		r := want("amos-desk", at(1, 10, 0), at(1, 11, 0))
		r.MemberID, r.Waive = n.zoe.ID, []booking.Waiver{{Rule: "closed"}}
		_, err := n.place(n.boss, r)
		return err
	}, false,
		"Dites en une phrase pourquoi la règle est levée : cela reste au dossier.",
		"Say in one sentence why the rule is lifted: it is kept on record."},
	{"title_too_long", asking(func(_ *network, r *booking.Request) { r.Title = strings.Repeat("é", 201) }), false,
		"Le titre est trop long : 200 caractères au plus. Quelques mots suffisent.",
		"The title is too long: 200 characters at most. A few words are enough."},
	{"notes_too_long", asking(func(_ *network, r *booking.Request) { r.Notes = strings.Repeat("é", 2001) }), false,
		"Les notes sont trop longues : 2 000 caractères au plus. Raccourcissez-les.",
		"The notes are too long: 2,000 characters at most. Shorten them."},
	{"bad_text", asking(func(_ *network, r *booking.Request) { r.Title = "a\u202eb" }), false,
		"Le champ « title » contient des caractères qui ne s’affichent pas. Retirez-les.",
		"The field “title” holds characters that cannot be shown. Remove them."},
	{"bad_sector", asking(func(_ *network, r *booking.Request) { r.Sector = "sport" }), false,
		"Le secteur peut être savoir, affaires ou culture, ou rester vide.",
		"The sector can be savoir, affaires or culture, or stay empty."},
	{"bad_visibility", asking(func(_ *network, r *booking.Request) { r.Visibility = "public" }), false,
		"La visibilité peut être private (vous et l’équipe) ou members (les membres voient le titre).",
		"The visibility can be private (you and the staff) or members (members see the title)."},
}

// Every rule of the book says in both languages what is wrong and what would work, and
// who may lift it; nobody may lift the others.
func TestEveryRuleOfTheBookIsSaidPlainly(t *testing.T) {
	plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	for _, c := range rulesOfTheBook {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			n := newNetwork(t, dbtest.Open(t, "sqlite", database.Settings{Clock: clock.Now}), clock)
			f := fault.Of(c.broken(n))
			if f == nil || len(f.Violations) != 1 || f.Violations[0].Code != c.code {
				t.Fatalf("refused for %+v", f)
			}
			v := f.Violations[0]
			for _, l := range []struct {
				locale.Language
				want string
			}{{locale.French, c.fr}, {locale.English, c.en}} {
				if got := plain.Replace(l.Say("violation."+c.code, v.Params)); got != l.want {
					t.Errorf("it says\n%s\nwant\n%s", got, l.want)
				}
			}
			if got := len(v.WaivableBy) > 0; got != c.waivable {
				t.Errorf("may be lifted: %v", got)
			}
		})
	}
}
