package web

import (
	"testing"
)

// TestAWalkInWhoseNameIsKnownIsOfferedTheAccount: one tap lends to that person, another opens a second account.
func TestAWalkInWhoseNameIsKnownIsOfferedTheAccount(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const path = atAmos + "/sans-reservation"
		accounts := func() (n int) {
			t.Helper()
			must(t, s.db.Reader(t.Context()).Get(&n, `SELECT count(*) FROM members WHERE name LIKE 'G%lène'`))
			return n
		}
		asks := func(name, unit, room string) view {
			t.Helper()
			page := s.anne.get(path)
			return s.anne.send(page.form(path), "nom", name, "telephone", "819 555-0188", "ajout", unit, "quoi", room, "jusqua", page.elements("input", "name", "jusqua")[0].has["value"], "faire", "preter")
		}
		asks("Guylène", "amos-camera0", "").has("C’est noté, sans réservation.")
		again := asks("GUYLENE", "amos-camera1", "").on(path, 409).has("Un compte porte déjà ce nom ici", "Est-ce la même personne?", "Guylène", "819 555-0188", `value="GUYLENE"`, "amos-camera1")
		s.page("/sans-reservation, a known name", again, "fr")
		if n := accounts(); n != 1 {
			t.Fatalf("%d accounts", n)
		}
		var seen int
		guylene := again.one("button", "name", "pour").has["value"]
		must(t, s.db.Reader(t.Context()).Get(&seen, `SELECT count(*) FROM personal_views WHERE member_id = $1 AND viewer_id = $2 AND what = 'list'`, guylene, s.idOf("anne@exemple.example")))
		if seen != 1 {
			t.Errorf("%d views are written down", seen)
		}
		until := again.elements("input", "name", "jusqua")[0].has["value"]
		s.anne.send(again.form(path), "pour", guylene, "jusqua", until).has("C’est noté, sans réservation.")
		if n := accounts(); n != 1 {
			t.Errorf("%d accounts after the same person was named", n)
		}
		other := asks("Guylène", "", "amos-studio").on(path, 409)
		s.anne.send(other.form(path), "autre-compte", "1", "quoi", "amos-studio", "jusqua", until).has("C’est noté, sans réservation.")
		if n := accounts(); n != 2 {
			t.Errorf("%d accounts after another person was named", n)
		}
	})
}
