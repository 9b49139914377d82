package identity_test

import (
	"testing"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

func (w *town) organisation(t *testing.T, by identity.Actor, name, hub string) identity.Organisation {
	t.Helper()
	o, err := w.dir.CreateOrganisation(t.Context(), by, identity.OrganisationEdits{Name: &name, Sector: ptr("culture"), HubID: &hub}, noKey)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOrganisationsAreRegisteredByWhoManagesMembers(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, test := range []struct {
			name              string
			by                identity.Actor
			here, far, nobody string
		}{
			{"administrator", w.admin, "", "", ""},
			{"coordinator", w.coordinator, "", "not_allowed", "not_allowed"},
			{"manager", w.manager, "", "not_allowed", "not_allowed"},
			{"staff", w.staff, "not_allowed", "not_allowed", "not_allowed"},
			{"member", w.member, "not_allowed", "not_allowed", "not_allowed"},
			{"visitor", identity.Actor{}, "sign_in", "sign_in", "sign_in"},
		} {
			for hub, want := range map[string]string{amos: test.here, matagami: test.far, "": test.nobody} {
				name := test.name + " at:" + hub
				o, err := w.dir.CreateOrganisation(t.Context(), test.by, identity.OrganisationEdits{Name: &name, Sector: ptr("savoir"), HubID: &hub}, noKey)
				wantCode(t, name, err, want)
				if err == nil && (o.Name != name || o.HubID != hub || !o.Active || o.Version != 1) {
					t.Errorf("made %+v", o)
				}
			}
		}
	})
}

func TestOrganisationsFieldsAndNames(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		o := w.organisation(t, w.manager, "Le Cœur battant", amos)
		w.organisation(t, w.manager, "L’Autre", amos)
		create := func(e identity.OrganisationEdits) error {
			_, err := w.dir.CreateOrganisation(t.Context(), w.manager, e, noKey)
			return err
		}
		wantCode(t, "the same name", create(identity.OrganisationEdits{Name: ptr(" LE CŒUR BATTANT"), Sector: ptr("culture"), HubID: ptr(amos)}), "organisation_known")
		err := create(identity.OrganisationEdits{Email: ptr("x"), Clientele: ptr("vip"), HubID: ptr(amos)})
		if f := fault.Of(err); f == nil || len(f.Violations) != 4 {
			t.Errorf("told %v %+v", err, f)
		}
		wantCode(t, "no such sector", create(identity.OrganisationEdits{Name: ptr("A"), Sector: ptr("sport"), HubID: ptr(amos)}), "malformed")
		wantCode(t, "no such hub", create(identity.OrganisationEdits{Name: ptr("A"), Sector: ptr("culture"), HubID: ptr("nowhere")}), "malformed")
		change := func(by identity.Actor, e identity.OrganisationEdits) error {
			_, err := w.dir.ChangeOrganisation(t.Context(), by, o.ID, e, noKey)
			return err
		}
		wantCode(t, "another's name", change(w.manager, identity.OrganisationEdits{Name: ptr("l’autre")}), "organisation_known")
		wantCode(t, "its own name, in capitals", change(w.manager, identity.OrganisationEdits{IfVersion: 1, Name: ptr("LE CŒUR BATTANT"), Phone: ptr("819")}), "")
		if err := change(w.manager, identity.OrganisationEdits{IfVersion: 1, Phone: ptr("418")}); fault.KindOf(err) != fault.Stale {
			t.Errorf("an older version: %v", err)
		}
		wantCode(t, "staff", change(w.staff, identity.OrganisationEdits{Phone: ptr("418")}), "not_allowed")
		wantCode(t, "a member", change(w.member, identity.OrganisationEdits{Phone: ptr("418")}), "organisation_not_found")
		wantCode(t, "to a hub that is not theirs", change(w.manager, identity.OrganisationEdits{HubID: ptr(matagami)}), "not_allowed")
		wantCode(t, "to another hub", change(w.admin, identity.OrganisationEdits{HubID: ptr(matagami)}), "")
		wantCode(t, "who knew it", change(w.manager, identity.OrganisationEdits{Phone: ptr("418")}), "organisation_not_found")
		got, err := w.dir.Organisation(t.Context(), w.admin, o.ID)
		if err != nil || got.Phone != "819" || got.HubID != matagami || got.Version != 3 {
			t.Errorf("%+v, %v", got, err)
		}
		k := database.Key{Caller: w.manager.ID, Key: "k", Hash: "h"}
		var ids [2]string
		for i := range ids {
			o, err := w.dir.CreateOrganisation(t.Context(), w.manager, identity.OrganisationEdits{Name: ptr("Une fois"), Sector: ptr("affaires"), HubID: ptr(amos)}, k)
			if ids[i] = o.ID; err != nil || ids[0] != ids[i] {
				t.Errorf("repeated: %v, %v", ids, err)
			}
		}
	})
}

// Delegates read and act for their organisation; those who manage name others; to others it is not there.
func TestWhoNamesTheDelegatesOfAnOrganisation(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		const hidden = "organisation_not_found"
		o := w.organisation(t, w.manager, "Théâtre", amos)
		head, plain, other := w.person(t, "Head"), w.person(t, "Plain"), w.person(t, "Other")
		add := func(by identity.Actor, who string, manages bool) error {
			return w.dir.AddDelegate(t.Context(), by, o.ID, who, manages, noKey)
		}
		remove := func(by identity.Actor, who string) error {
			return w.dir.RemoveDelegate(t.Context(), by, o.ID, who, noKey)
		}
		wantCode(t, "oneself", add(other, other.ID, true), hidden)
		wantCode(t, "by staff", add(w.staff, head.ID, true), "not_allowed")
		wantCode(t, "by the manager", add(w.manager, head.ID, true), "")
		wantCode(t, "by who manages", add(head, plain.ID, false), "")
		wantCode(t, "by who does not", add(plain, other.ID, false), "not_allowed")
		wantCode(t, "oneself, to manage", add(plain, plain.ID, true), "not_allowed")
		wantCode(t, "nobody", add(head, "nobody", false), "member_not_found")
		wantCode(t, "for no organisation", w.dir.AddDelegate(t.Context(), w.admin, "nothing", plain.ID, false, noKey), hidden)
		wantCode(t, "for an unstorable one", w.dir.AddDelegate(t.Context(), w.admin, "\x00", plain.ID, false, noKey), hidden)
		byToken := head
		byToken.TokenID, byToken.Scopes = w.tokenID(t, head.ID), []string{"book"}
		wantCode(t, "by a token that cannot", add(byToken, other.ID, false), "not_allowed")
		wantCode(t, "remove the head", remove(plain, head.ID), "not_allowed")
		wantCode(t, "remove by a stranger", remove(other, plain.ID), hidden)
		if list, err := w.dir.Delegates(t.Context(), plain, o.ID); err != nil || len(list) != 2 {
			t.Errorf("delegates %+v, %v", list, err)
		}
		wantCode(t, "leave", remove(plain, plain.ID), "")
		wantCode(t, "leave twice", remove(plain, plain.ID), hidden)
		wantCode(t, "made to manage", add(head, plain.ID, true), "")
		wantCode(t, "and no longer", add(plain, head.ID, false), "")
		wantCode(t, "who no longer manages", remove(head, plain.ID), "not_allowed")
		list, err := w.dir.Delegates(t.Context(), w.staff, o.ID)
		if err != nil || len(list) != 2 || list[0].Manages == list[1].Manages || list[0].Name == "" {
			t.Errorf("delegates %+v, %v", list, err)
		}
	})
}

func TestActingForAnOrganisation(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		o, mute := w.organisation(t, w.manager, "Théâtre", amos), w.organisation(t, w.manager, "Fermé", amos)
		wantCode(t, "delegate", w.dir.AddDelegate(t.Context(), w.manager, o.ID, w.member.ID, false, noKey), "")
		wantCode(t, "delegate", w.dir.AddDelegate(t.Context(), w.manager, mute.ID, w.member.ID, false, noKey), "")
		_, err := w.dir.ChangeOrganisation(t.Context(), w.manager, mute.ID, identity.OrganisationEdits{Active: ptr(false)}, noKey)
		wantCode(t, "closed", err, "")
		acts := func(member, organisation string, want bool) {
			t.Helper()
			if got, err := w.dir.ActsFor(w.db.Reader(t.Context()), member, organisation); err != nil || got != want {
				t.Errorf("%s acts for %s: %v, %v", member, organisation, got, err)
			}
		}
		acts(w.member.ID, o.ID, true)
		acts(w.member.ID, mute.ID, false)
		acts(w.staff.ID, o.ID, false)
		acts(w.member.ID, "nothing", false)
		acts(w.member.ID, "\x00", false)
		acts("", o.ID, false)
		before := w.count(t, `SELECT standing FROM members WHERE id = $1`, w.member.ID) + w.count(t, `SELECT standing FROM organisations WHERE id = $1`, o.ID)
		wantCode(t, "removed", w.dir.RemoveDelegate(t.Context(), w.manager, o.ID, w.member.ID, noKey), "")
		acts(w.member.ID, o.ID, false)
		after := w.count(t, `SELECT standing FROM members WHERE id = $1`, w.member.ID) + w.count(t, `SELECT standing FROM organisations WHERE id = $1`, o.ID)
		if after != before+2 {
			t.Errorf("standing %d, then %d", before, after)
		}
	})
}

func TestOrganisationsAreListedToWhoMaySeeThem(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		mine := w.organisation(t, w.admin, "À moi", matagami)
		for _, name := range []string{"A", "B", "C"} {
			w.organisation(t, w.manager, name, amos)
		}
		wantCode(t, "delegate", w.dir.AddDelegate(t.Context(), w.admin, mine.ID, w.member.ID, false, noKey), "")
		for _, test := range []struct {
			name            string
			by              identity.Actor
			q               identity.OrganisationQuery
			want            int
			code            string
			one, oneOfOther string
		}{
			{"own", w.member, identity.OrganisationQuery{Mine: true}, 1, "", "", "organisation_not_found"},
			{"own, with a hub", w.member, identity.OrganisationQuery{Mine: true, HubID: amos}, 1, "", "", "organisation_not_found"},
			{"own, of nobody", w.staff, identity.OrganisationQuery{Mine: true}, 0, "", "organisation_not_found", ""},
			{"a member, of a hub", w.member, identity.OrganisationQuery{HubID: amos}, 0, "not_allowed", "", "organisation_not_found"},
			{"staff, of their hub", w.staff, identity.OrganisationQuery{HubID: amos}, 3, "", "organisation_not_found", ""},
			{"staff, of another hub", w.staff, identity.OrganisationQuery{HubID: matagami}, 0, "not_allowed", "organisation_not_found", ""},
			{"staff, of all", w.staff, identity.OrganisationQuery{}, 0, "not_allowed", "organisation_not_found", ""},
			{"administrator", w.admin, identity.OrganisationQuery{}, 4, "", "", ""},
			{"visitor", identity.Actor{}, identity.OrganisationQuery{Mine: true}, 0, "sign_in", "organisation_not_found", "organisation_not_found"},
			{"a cursor that is none", w.admin, identity.OrganisationQuery{After: "x"}, 0, "malformed", "", ""},
		} {
			list, _, err := w.dir.Organisations(t.Context(), test.by, test.q)
			wantCode(t, test.name, err, test.code)
			if len(list) != test.want {
				t.Errorf("%s: %d, want %d", test.name, len(list), test.want)
			}
			_, err = w.dir.Organisation(t.Context(), test.by, mine.ID)
			wantCode(t, test.name+" reads one", err, test.one)
			_, err = w.dir.Delegates(t.Context(), test.by, mine.ID)
			wantCode(t, test.name+" reads its delegates", err, test.one)
		}
		seen := map[string]bool{}
		for after := ""; ; {
			list, next, err := w.dir.Organisations(t.Context(), w.admin, identity.OrganisationQuery{Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				seen[o.ID] = true
			}
			if after = next; after == "" {
				break
			}
		}
		if len(seen) != 4 {
			t.Errorf("%d in pages", len(seen))
		}
	})
}
