package web

import (
	"testing"
	"time"

	"canot/booking/membership"
	"canot/internal/identity"
)

func TestASuspensionIsLiftedAndTheRuleChanged(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		const at = "/comptoir/amos/suspensions"
		s.page(at, s.anne.get(at).on(at, 200).has("Personne n’est suspendu"), "fr")
		_, err := s.site.Roster.SuspendMember(t.Context(), identity.System, membership.NewSuspension{MemberID: s.idOf("zoe@exemple.example"), HubID: "amos", Reason: "Trépied <cassé>", Until: now.Add(240 * time.Hour)}, noKeyAtAll)
		must(t, err)
		v := s.anne.get(at).has("Zoé", "Trépied &lt;cassé&gt;", "Décision de l’équipe")
		if len(v.elements("input", "name", "retards"))+len(v.elements("input", "name", "raison")) != 0 {
			t.Error("staff change the rule, or lift")
		}
		for _, other := range []*browser{s.zoe, s.works("luc@exemple.example", "val-dor", identity.Manager)} {
			if got := other.get(at); got.status != 404 && got.status != 403 {
				t.Errorf("somebody else reads it: %d", got.status)
			}
		}
		v = s.rose.get(at).on(at, 200)
		s.page(at, v, "fr")
		s.rose.send(v.forms(at)[1], "retards", "3", "jours", "0").on(at, 422)
		s.rose.send(s.rose.get(at).forms(at)[1], "retards", "3", "jours", "21").on(at, 200).has("La règle est enregistrée")
		h, err := s.site.Catalog.Hub(t.Context(), "amos")
		must(t, err)
		if h.SuspendAfter != 3 || h.SuspendDays != 21 {
			t.Errorf("%d %d", h.SuspendAfter, h.SuspendDays)
		}
		s.rose.send(s.rose.get(at).forms(at)[0], "raison", " ").on(at, 400)
		s.rose.send(s.rose.get(at).forms(at)[0], "raison", "Remplacé").on(at, 200).has("La suspension est levée", "Personne n’est suspendu")
	})
}
