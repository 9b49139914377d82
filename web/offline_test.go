package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/assets"
)

func packed(t *testing.T, body []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(body)
	must(t, err)
	must(t, w.Close())
	return b.Len()
}

func TestCanotCanBeInstalled(t *testing.T) {
	w := newTown(t, "sqlite", false)
	b := w.browser()
	weight := packed(t, assets.Body("icon.svg"))
	for path, lang := range map[string]string{"/canot.webmanifest": "fr", "/en/canot.webmanifest": "en"} {
		v := b.get(path)
		var m struct {
			ID, Name, Description, Lang, Scope, Display string
			StartURL                                    string `json:"start_url"`
			Icons                                       []struct{ Src, Sizes, Purpose string }
		}
		must(t, json.Unmarshal([]byte(v.body), &m))
		if v.header.Get("Content-Type") != "application/manifest+json" || m.Lang != lang || m.ID != "/" || m.Scope != "/" || m.Display != "standalone" ||
			m.StartURL != map[string]string{"fr": "/", "en": "/en"}[lang] || m.Description == "" || len(m.Icons) != 3 {
			t.Errorf("%s: %s", path, v.body)
		}
		sizes := map[string]bool{}
		for _, icon := range m.Icons {
			sizes[icon.Sizes+icon.Purpose] = true
			v := b.get(icon.Src)
			if v.status != 200 || v.header.Get("Content-Type") != "image/png" {
				t.Errorf("%s: %d %s", icon.Src, v.status, v.header.Get("Content-Type"))
			}
			if lang == "fr" {
				weight += len(v.body)
			}
		}
		if !sizes["192x192"] || !sizes["512x512"] || !sizes["512x512maskable"] {
			t.Errorf("sizes %v", sizes)
		}
		if lang == "fr" {
			weight += packed(t, []byte(v.body))
		}
		page := b.get(map[string]string{"fr": "/connexion", "en": "/en/connexion"}[lang])
		if page.one("link", "rel", "manifest").has["href"] != path {
			t.Errorf("the pages lead to %v", page.one("link", "rel", "manifest"))
		}
	}
	v := b.get(workerPath)
	if v.header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(v.header.Get("Content-Type"), "text/javascript") ||
		!strings.Contains(v.body, assets.Path("canot.css")) || !strings.Contains(v.body, assets.Path("canot.js")) || strings.Contains(v.body, "{css}") {
		t.Errorf("%v\n%s", v.header, v.body)
	}
	if weight += packed(t, []byte(v.body)); weight > 10<<10 {
		t.Errorf("icons, manifest and worker weigh %d bytes", weight)
	}
}

func TestThePageWithoutALineIsTheSameForEverybody(t *testing.T) {
	w := newTown(t, "sqlite", false)
	in := w.browser()
	in.person("Zoé", "zoe@exemple.example")
	for path, lang := range map[string]string{offlinePath: "fr", "/en" + offlinePath: "en"} {
		seen := w.browser().get(path).on(path, 200)
		checkPage(t, path, seen, lang)
		if mine := in.get(path); mine.body != seen.body {
			t.Errorf("%s differs for who is signed in", path)
		}
	}
}

// bookFor books a thing of the town's workshop for somebody, some days ahead, and returns the booking.
func (w *town) bookFor(member string, days int) booking.Booking {
	w.t.Helper()
	from := now.AddDate(0, 0, days).Truncate(24 * time.Hour).Add(15 * time.Hour)
	b, err := w.book.Place(w.t.Context(), identity.Actor{ID: member}, booking.Request{Lines: []booking.Want{{Resource: "amos-salle", Quantity: 1}},
		StartsAt: from, EndsAt: from.Add(time.Hour)}, database.Key{})
	must(w.t, err)
	return b
}

// room gives the town's hub a room that may be had at any time.
func (w *town) room(hub string) {
	w.t.Helper()
	ctx, c, kind, within, category, code := w.t.Context(), w.site.Catalog, inventory.Space, inventory.Any, "laser-cutter", "S-1"
	x, err := c.CreateResource(ctx, identity.System, inventory.ResourceEdits{Hub: &hub, Category: &category, Kind: &kind,
		Name: &inventory.Text{"fr": "Salle", "en": "Room"}, Policy: inventory.PolicyEdits{Within: &within}}, database.Key{})
	must(w.t, err)
	_, err = c.AddUnit(ctx, identity.System, x.ID, inventory.UnitEdits{Code: &code}, database.Key{})
	must(w.t, err)
}

func TestWhatIsKeptOfBookingsIsOnesOwn(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.room(w.workshop())
		zoe, luc := w.browser(), w.browser()
		zoe.person("Zoé", "zoe@exemple.example")
		luc.person("Luc", "luc@exemple.example")
		kept := w.bookFor(w.idOf("zoe@exemple.example"), 1)
		past := w.bookFor(w.idOf("zoe@exemple.example"), 3)
		_, err := w.book.Cancel(t.Context(), identity.Actor{ID: past.MemberID}, past.ID, 0, "", database.Key{})
		must(t, err)
		read := func(v view) upcoming {
			t.Helper()
			var u upcoming
			must(t, json.Unmarshal([]byte(v.body), &u))
			if v.header.Get("Cache-Control") != "no-store" {
				t.Errorf("kept by others: %v", v.header)
			}
			return u
		}
		v := zoe.get(upcomingPath)
		u := read(v)
		if len(u.Bookings) != 1 || u.Bookings[0].Reference != kept.Reference || u.Bookings[0].What != "Salle" || !strings.Contains(u.Bookings[0].When, "dimanche 22\u00a0novembre 2026") ||
			!strings.Contains(u.Bookings[0].Where, "Hub d’Amos") || !strings.HasPrefix(u.Seen, "Vues le samedi 21") {
			t.Errorf("%+v", u)
		}
		if u := read(zoe.get("/en" + upcomingPath)); len(u.Bookings) != 1 || u.Bookings[0].What != "Room" || !strings.HasPrefix(u.Seen, "Seen on ") {
			t.Errorf("%+v", u)
		}
		for who, b := range map[string]*browser{"Luc": luc, "Luc, who may see everybody's,": w.ruler("luc@exemple.example")} {
			if u := read(b.get(upcomingPath)); len(u.Bookings) != 0 {
				t.Errorf("%s reads %+v", who, u)
			}
		}
		if v := w.browser().get(upcomingPath); v.status != 204 || v.body != "" || v.header.Get(sessionHeader) != "-" {
			t.Errorf("a visitor gets %d %s", v.status, v.body)
		}
		// What tells them apart changes with the session, and nothing of it is in it.
		marks := map[string]bool{}
		for _, v := range []view{v, luc.get(upcomingPath), w.again("zoe@exemple.example").get(upcomingPath), w.browser().get("/connexion")} {
			marks[v.header.Get(sessionHeader)] = true
		}
		if len(marks) != 4 || !marks["-"] {
			t.Errorf("marks %v", marks)
		}
		if zoe.get("/compte").header.Get(sessionHeader) != v.header.Get(sessionHeader) {
			t.Error("a page and the list are not of the same session")
		}
	})
}
