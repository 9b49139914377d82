package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// What somebody writes to hurt: code, a tag that closes what is before it, the mark that turns the
// rest of a line around, a picture of several code points, and a word without an end.
const hostileStart = `<script>window.ran=1</script>"><img src=x onerror="window.ran=1">'` + "\u202e🛶👩🏽‍🎨"

var hostileText = hostileStart + " " + strings.Repeat("W", 10_000)

// hostileColumns are texts that people write, those of every row: in a language, or in none.
var hostileColumns = []struct{ table, set string }{
	{"hubs", "name = $1, access = $1, accessibility = $1"},
	{"hubs", "address = $2, town = $2, phone = $2"},
	{"regions", "name = $1"},
	{"categories", "name = $1"},
	{"resources", "name = $1, description = $1, accessibility = $1"},
	{"resources", "notes = $2, floor = $2"},
	{"closures", "reason = $1"},
	{"opening_exceptions", "reason = $1"},
	{"tiers", "name = $1"},
	{"certifications", "name = $1"},
	{"organisations", "name = $2"},
	{"members", "name = $2"},
}

// hostileWorld is a network whose every text is hostile.
func hostileWorld(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	first, d := startDemo(t, "--data", folder)
	first.end(t)
	address := database.SQLiteURL(filepath.ToSlash(filepath.Join(d.Data, "canot.db")))
	db := dbtest.Reopen(t, database.Settings{URL: address})
	inLanguages, err := json.Marshal(map[string]string{"fr": hostileText, "en": hostileText})
	if err != nil {
		t.Fatal(err)
	}
	err = db.In(t.Context(), func(tx *database.Tx) error {
		for _, c := range hostileColumns {
			text := hostileText
			if strings.Contains(c.set, "$1") {
				text = string(inLanguages)
			}
			if _, err := tx.Exec("UPDATE "+c.table+" SET "+strings.ReplaceAll(c.set, "$2", "$1"), text); err != nil {
				return fmt.Errorf("%s: %w", c.table, err)
			}
		}
		_, err := tx.Exec("INSERT INTO resource_tags (resource_id, tag) SELECT id, $1 FROM resources WHERE slug = $2", hostileText, worldResource)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	in, failed := startWorld("--data", folder)
	t.Cleanup(in.end)
	if failed != "" {
		t.Fatal(failed)
	}
	db = dbtest.Reopen(t, database.Settings{URL: address})
	if err := db.In(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE bookings SET title = $1, notes = $1", hostileText)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return in
}

// TestHostileTextsAreOnlyText opens pages where the texts of others are, on a narrow phone: nothing
// of them runs, becomes a part of the page or asks for anything; they are read as they were
// written, and nobody has to scroll sideways.
func TestHostileTextsAreOnlyText(t *testing.T) {
	t.Parallel()
	in := hostileWorld(t)
	w := openWindow(t, in.URL, look{width: 320, height: 640})
	w.enter(in, in.email(artist))
	for _, address := range []string{
		"/", "/lieux", "/lieux/{hub}", "/ressources", "/ressources?lieu={hub}", "/ressources/{resource}", "/ressources/{resource}/calendrier?jour={day}",
		"/lieux/{hub}/calendrier?vue=jour&jour={day}", "/categories/{category}/calendrier", "/reserver?r={resource}", "/reserver/ajouter?r={resource}",
		"/reserver/verifier?r={resource}&debut={from}&fin={to}", "/reserver/verifier?r={resource}&debut={booked}&fin={end}",
		"/reservations", "/reservations/{booking}?fait=reservee", "/reservations/{booking}/changer", "/reservations/{booking}/annuler",
		"/compte", "/compte/profil", "/compte/donnees", "/demo/courriels", "/demo/courriels/1",
	} {
		t.Run(address, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			w.open(in.fill(address))
			w.onlyText()
			if text := evaluate[string](w, `document.body.textContent + [...document.querySelectorAll("input, textarea")].map(e => e.value).join()`); !strings.HasPrefix(address, "/demo/") && !strings.Contains(text, hostileStart) {
				t.Errorf("%s does not say the text as it was written", w.address())
			}
		})
	}
	// The list that is kept for when the line is down is written by a script.
	w.open("/reservations")
	w.until("the worker is there", `navigator.serviceWorker.controller`)
	w.open("/reservations")
	w.wait("the list is kept", func() bool { return w.keptList() != "" })
	w.open("/hors-ligne")
	w.until("the list is shown", `document.querySelectorAll("#kept li").length > 0`)
	w.onlyText()
	// A letter may run nothing, and says so to who looks at it with a browser's tools.
	letter := openWindow(t, in.URL, look{width: 320, height: 640})
	letter.allow("Blocked script execution")
	letter.open("/demo/courriels/1/html")
	letter.onlyText()
}

// onlyText checks that nothing on the page has come from a text.
func (w *window) onlyText() {
	w.t.Helper()
	if evaluate[bool](w, `!!window.ran || !!document.querySelector("img[src='x'], [onerror], body script, table script")`) {
		w.t.Errorf("%s: a text has become a part of the page", w.address())
	}
	w.fits()
	w.judge()
}
