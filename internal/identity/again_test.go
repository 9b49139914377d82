package identity_test

import (
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// What lasts longer than a request asks again, and finds the roles of now.
func TestWhoSpokeBeforeIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		secret, s := w.open(t, w.member.ID, 2)
		spoke := w.wantSession(t, "open", secret, "")
		if a, err := w.dir.Again(t.Context(), spoke); err != nil || a.ID != spoke.ID || len(a.Grants) != 0 {
			t.Errorf("nothing has changed: %+v, %v", a, err)
		}
		if err := w.dir.GrantRole(t.Context(), identity.System, w.member.ID, identity.Grant{Role: identity.Administrator}, database.Key{}); err != nil {
			t.Fatal(err)
		}
		if a, err := w.dir.Again(t.Context(), spoke); err != nil || !a.May(identity.ManageNetwork, "", "") {
			t.Errorf("with a role: %+v, %v", a, err)
		}
		if err := w.dir.EndSession(t.Context(), identity.System, s.ID, database.Key{}); err != nil {
			t.Fatal(err)
		}
		_, err := w.dir.Again(t.Context(), spoke)
		wantCode(t, "signed out", err, "bad_session")
		if _, err := w.dir.Again(t.Context(), identity.Actor{}); err == nil {
			t.Error("nobody is somebody")
		}
	})
}
