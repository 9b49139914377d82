package web

import (
	"net/url"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// TestWhatAReturnToldStandsWithItOnTheList: it was damaged and lacked parts, and nothing of that is lost.
func TestWhatAReturnToldStandsWithItOnTheList(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		u, err := s.site.Catalog.SetComponents(t.Context(), identity.System, "amos-camera0",
			inventory.ComponentEdits{Parts: []inventory.Component{{Name: inventory.Text{"fr": "Pile", "en": "Battery"}, Quantity: 3, Required: true}}}, database.Key{})
		must(t, err)
		act := url.Values{"unite": {"amos-camera0"}, "cle": {"0123456789abcdef"}, "instant": {s.clock.Now().Format(time.RFC3339)}, "abime": {"1"}, "manque-" + u.Components[0].ID: {"2"}}
		if status, _, said := s.anne.json("POST", atAmos+"/retours", act.Encode()); status != 200 || said["state"] != "unsettled" {
			t.Fatalf("%d %v", status, said)
		}
		v := s.anne.get(atAmos+"/a-regler").on(atAmos+"/a-regler", 200).has("Noté au retour", "Abîmé", "Manque\u00a0: Pile (2)")
		s.page("/a-regler", v, "fr")
		s.anne.get("/en"+atAmos+"/a-regler").has("Noted at the return", "Damaged", "Missing: Battery (2)")
	})
}

func TestWhoseActIsToBeSettledIsWrittenDownOnce(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 2)
		act := url.Values{"reservation": {b.ID}, "r": {b.ID}, "booking": {b.ID}, "u": {"amos-studio0"}, "cle": {"0123456789abcdef"}, "instant": {s.clock.Now().Format(time.RFC3339)}}
		if status, _, said := s.anne.json("POST", atAmos+"/prets", act.Encode()); status != 200 || said["state"] != "unsettled" {
			t.Fatalf("%d %v", status, said)
		}
		for range 3 {
			s.anne.get(atAmos + "/a-regler").has("Zoé")
		}
		var n int
		must(t, s.db.Reader(t.Context()).Get(&n, `SELECT count(*) FROM personal_views WHERE member_id = $1 AND what = 'list'`, b.MemberID))
		if n != 1 {
			t.Errorf("%d views", n)
		}
	})
}
