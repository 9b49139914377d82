package web

import (
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// titled makes a booking of the studio with a title for somebody, on Tuesday from one hour to another.
func (m market) titled(email, visibility, title, from, to string) {
	m.t.Helper()
	zone, err := hours.LoadZone("America/Toronto")
	must(m.t, err)
	starts, err := hours.Instant("2026-11-24T"+from, zone)
	must(m.t, err)
	ends, err := hours.Instant("2026-11-24T"+to, zone)
	must(m.t, err)
	_, err = m.book.Place(m.t.Context(), identity.Actor{ID: m.idOf(email), Scopes: []string{identity.ScopeBook}}, booking.Request{
		Lines: []booking.Want{{Resource: "amos-grand-studio", Quantity: 1}}, StartsAt: starts, EndsAt: ends, Title: title, Visibility: visibility}, database.Key{})
	must(m.t, err)
}

// TestATitleIsShownToWhomItIsFor: one for members to whoever is signed in, any to staff of the
// hub and to who booked, none to the public, and never who booked.
func TestATitleIsShownToWhomItIsFor(t *testing.T) {
	const shared, own = `Répétition <script>alert(1)</script>`, "Rendez-vous discret"
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		zoe, other, nobody := w.browser(), w.browser(), w.browser()
		zoe.person("Zoé Secrète", "zoe@exemple.example")
		other.person("Paul", "paul@exemple.example")
		for _, name := range []string{"anne", "luc"} {
			w.browser().person(name, name+"@exemple.example")
		}
		staffOf := func(email string, h inventory.Hub) *browser {
			must(t, w.people.GrantRole(t.Context(), identity.System, w.idOf(email), identity.Grant{Role: identity.Staff, HubID: h.ID}, database.Key{}))
			w.people.Forget(w.idOf(email))
			return w.proved(email)
		}
		staff, elsewhere := staffOf("anne@exemple.example", m.amos), staffOf("luc@exemple.example", m.halifax)
		m.titled("zoe@exemple.example", "members", shared, "10:00", "12:00")
		m.titled("zoe@exemple.example", "private", own, "13:00", "15:00")
		for _, path := range []string{"/ressources/amos-grand-studio/calendrier?jour=2026-11-23", "/ressources/amos-grand-studio/calendrier?vue=jour&jour=2026-11-24",
			"/lieux/amos/calendrier?jour=2026-11-24", "/lieux/amos/calendrier?vue=semaine&jour=2026-11-23", "/en/categories/studio/calendrier?jour=2026-11-24", "/categories/studio/calendrier?vue=semaine&jour=2026-11-24"} {
			for name, c := range map[string]struct {
				b           *browser
				shared, own bool
			}{"nobody": {nobody, false, false}, "a member": {other, true, false}, "staff": {staff, true, true}, "staff elsewhere": {elsewhere, true, false}, "who booked": {zoe, true, true}} {
				v := c.b.get(path)
				if v.status != 200 || strings.Contains(v.body, "Répétition") != c.shared || strings.Contains(v.body, own) != c.own {
					t.Errorf("%s sees of %s: %d, shared %v, private %v", name, path, v.status, strings.Contains(v.body, "Répétition"), strings.Contains(v.body, own))
				}
				if strings.Contains(v.body, "<script>alert") || name != "who booked" && strings.Contains(v.body, "Secrète") || !strings.Contains(v.header.Get("Cache-Control"), "no-store") && c.shared {
					t.Errorf("%s: %s is kept as %q, or shows too much", name, path, v.header.Get("Cache-Control"))
				}
				if c.shared {
					checkPage(t, path, v, map[bool]string{true: "en", false: "fr"}[strings.HasPrefix(path, "/en")])
				}
			}
		}
		_, rows := other.get("/ressources/amos-grand-studio/calendrier?jour=2026-11-23").table()
		if row := rows["mar. 24 nov."]; row[1].text != shared || row[1].width != 2 || row[3].text != "réservé" {
			t.Errorf("%+v", row)
		}
		// What is called off says nothing any more.
		m.cancelAll()
		if v := staff.get("/lieux/amos/calendrier?jour=2026-11-24"); strings.Contains(v.body, "Répétition") {
			t.Error("the title of what was cancelled is shown")
		}
	})
}

// TestAnHourOfTwoBookingsHasNoTitle: of one for members that ends within it, the rest may be somebody
// else's, whose booking is not shown to who reads.
func TestAnHourOfTwoBookingsHasNoTitle(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		m := newMarket(w)
		zoe := w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		w.browser().person("Paul", "paul@exemple.example")
		m.titled("zoe@exemple.example", "members", "Duo", "10:00", "11:30")
		m.titled("paul@exemple.example", "private", "Secret de Paul", "11:30", "13:00")
		m.titled("zoe@exemple.example", "private", "Solo", "14:00", "16:30")
		v := zoe.get("/ressources/amos-grand-studio/calendrier?jour=2026-11-23").has("de 10\u00a0h à 11\u00a0h\u00a030")
		_, rows := v.table()
		row := rows["mar. 24 nov."]
		if row[1].text != "Duo" || row[1].width != 1 || row[2].text != "réservé" || row[2].width != 2 {
			t.Errorf("%+v", row)
		}
		if row[4].text != "Solo" || row[4].width != 2 || row[5].text != "réservé" {
			t.Errorf("%+v", row)
		}
	})
}
