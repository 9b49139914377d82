package identity_test

import (
	"testing"

	"canot/internal/identity"
)

func TestNamesakesAreFoundAsPeopleSayNames(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		zoe := w.at(t, identity.NewMember{Name: "Zoé  Tremblay-Roy", HomeHubID: amos})
		w.at(t, identity.NewMember{Name: "Zoé Tremblay-Roy", HomeHubID: matagami})
		gone := w.at(t, identity.NewMember{Name: "Zoe Tremblay Roy", HomeHubID: amos})
		if err := w.dir.SetActive(t.Context(), w.manager, gone.ID, false, noKey); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"zoe tremblay roy": zoe.ID, " ZOE\u0301 Tremblay–Roy": zoe.ID, "Zoé Tremblay": "", "": ""} {
			found, err := w.dir.Namesakes(t.Context(), w.staff, amos, name)
			if err != nil || (len(found) == 1) != (want != "") || want != "" && found[0].ID != want {
				t.Errorf("%q: %+v %v", name, found, err)
			}
		}
		for range 7 {
			w.at(t, identity.NewMember{Name: "Zoé Tremblay-Roy", HomeHubID: amos})
		}
		if found, err := w.dir.Namesakes(t.Context(), w.staff, amos, "Zoé Tremblay-Roy"); err != nil || len(found) != 5 {
			t.Errorf("%d of eight, %v", len(found), err)
		}
		for who, by := range map[string]identity.Actor{"a member": w.member, "staff without the right": w.person(t, "Ben", identity.Grant{Role: identity.Staff, HubID: amos, Rights: "hand_out"})} {
			_, err := w.dir.Namesakes(t.Context(), by, amos, "Zoé Tremblay-Roy")
			wantCode(t, who, err, "not_allowed")
		}
		_, err := w.dir.Namesakes(t.Context(), w.staff, matagami, "Zoé Tremblay-Roy")
		wantCode(t, "of another hub", err, "not_allowed")
	})
}
