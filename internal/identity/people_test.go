package identity_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

func ptr[T any](v T) *T { return &v }

func (w *town) read(t *testing.T, id string) identity.Member {
	t.Helper()
	m, err := w.dir.Member(t.Context(), w.db.Reader(t.Context()), id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// at makes a member whose home is a hub.
func (w *town) at(t *testing.T, n identity.NewMember) identity.Actor {
	t.Helper()
	m, err := w.dir.CreateMember(t.Context(), identity.System, n)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Actor{ID: m.ID, Language: m.Language}
}

func TestStaffOpenAccountsForPeopleWithoutAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		m, err := w.dir.CreateMember(t.Context(), w.staff, identity.NewMember{
			Name: "Rose A.", HomeHubID: amos, Phone: " 819 555-0134 ", BirthDate: "2015-06-01", Clientele: "public", GuardianConsent: true, EmailVerified: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !m.Assisted() || m.EmailVerified || m.Phone != "819 555-0134" || m.BirthDate != "2015-06-01" || m.Clientele != "public" ||
			m.GuardianConsentAt == nil || !m.GuardianConsentAt.Equal(w.clock.Now()) {
			t.Errorf("made %+v", m)
		}
		var witness string
		if err := w.db.Reader(t.Context()).Get(&witness, `SELECT guardian_consent_by FROM members WHERE id = $1`, m.ID); err != nil || witness != w.staff.ID {
			t.Errorf("seen by %q, %v", witness, err)
		}
		for name, n := range map[string]identity.NewMember{
			"with an address": {Name: "A", Email: "a@exemple.example", HomeHubID: amos}, "elsewhere": {Name: "A", HomeHubID: matagami}, "without a hub": {Name: "A"},
		} {
			_, err := w.dir.CreateMember(t.Context(), w.staff, n)
			wantCode(t, name, err, "not_allowed")
		}
		onlyMembers := w.person(t, "Registrar", identity.Grant{Role: identity.Staff, HubID: amos, Rights: "manage_members"})
		_, err = w.dir.CreateMember(t.Context(), onlyMembers, identity.NewMember{Name: "A", HomeHubID: amos, GuardianConsent: true})
		wantCode(t, "a consent noted by who does not book for others", err, "not_allowed")
	})
}

func TestBirthDatesAndClientelesMustExist(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, birth := range []string{"2026-11-22", "2026-02-30", "1890-01-01", "01/02/2003", "2003-1-2", "soon", "2003-01-02T00:00:00Z"} {
			_, err := w.dir.CreateMember(t.Context(), w.admin, identity.NewMember{Name: "A", BirthDate: birth})
			if f := fault.Of(err); f == nil || f.Kind != fault.Malformed || f.Violations[0].Code != "bad_birth_date" {
				t.Errorf("%s: %v", birth, err)
			}
			_, err = w.dir.ChangeMember(t.Context(), w.admin, w.member.ID, identity.MemberEdits{BirthDate: &birth}, noKey)
			wantCode(t, birth, err, "malformed")
		}
		_, err := w.dir.CreateMember(t.Context(), w.admin, identity.NewMember{Name: "A", Clientele: "vip", Phone: strings.Repeat("1", 41)})
		if f := fault.Of(err); f == nil || len(f.Violations) != 2 || f.Violations[1].Code != "bad_clientele" {
			t.Errorf("%v", err)
		}
		for _, clientele := range identity.Clienteles {
			if _, err := w.dir.CreateMember(t.Context(), w.admin, identity.NewMember{Name: "A", Clientele: clientele}); err != nil {
				t.Errorf("%s: %v", clientele, err)
			}
		}
	})
}

// Who changes what of a member of Amos; "" is allowed.
func TestWhoChangesWhatOfAMember(t *testing.T) {
	const hidden, no = "member_not_found", "not_allowed"
	each(t, func(t *testing.T, w *town) {
		reader := identity.Actor{TokenID: "", Scopes: []string{"book"}}
		for _, test := range []struct {
			name                                                   string
			edit                                                   identity.MemberEdits
			self, token, member, staff, manager, coordinator, away string
		}{
			{"name", identity.MemberEdits{Name: ptr("Nouveau")}, "", no, hidden, no, "", "", hidden},
			{"language", identity.MemberEdits{Language: ptr("en")}, "", no, hidden, no, "", "", hidden},
			{"phone", identity.MemberEdits{Phone: ptr("1")}, "", no, hidden, no, "", "", hidden},
			{"clientele", identity.MemberEdits{Clientele: ptr("artists")}, "", no, hidden, no, "", "", hidden},
			{"home hub", identity.MemberEdits{HomeHub: ptr(matagami)}, "", no, hidden, no, no, no, hidden},
			{"no home hub", identity.MemberEdits{HomeHub: ptr("")}, "", no, hidden, no, no, no, hidden},
			{"first birth date", identity.MemberEdits{BirthDate: ptr("2000-01-01")}, "", no, hidden, "", "", "", hidden},
			{"guardian consent", identity.MemberEdits{GuardianConsent: ptr(true)}, no, no, hidden, "", "", "", hidden},
			{"nothing", identity.MemberEdits{}, "", "", hidden, "", "", "", hidden},
		} {
			far := w.person(t, "Far", identity.Grant{Role: identity.Manager, HubID: matagami})
			for _, by := range []struct {
				name  string
				actor identity.Actor
				want  string
			}{
				{"oneself", identity.Actor{}, test.self}, {"oneself by a token", reader, test.token}, {"another member", w.person(t, "Other"), test.member}, {"staff", w.staff, test.staff},
				{"manager", w.manager, test.manager}, {"coordinator", w.coordinator, test.coordinator}, {"a manager elsewhere", far, test.away}, {"administrator", w.admin, ""},
				{"visitor", identity.Actor{}, hidden},
			} {
				who := w.at(t, identity.NewMember{Name: "Mia", Email: database.NewID() + "@exemple.example", HomeHubID: amos})
				if strings.HasPrefix(by.name, "oneself") {
					if by.actor.ID = who.ID; by.actor.Scopes != nil {
						by.actor.TokenID = w.tokenID(t, who.ID)
					}
				}
				before := w.read(t, who.ID)
				got, err := w.dir.ChangeMember(t.Context(), by.actor, who.ID, test.edit, noKey)
				wantCode(t, test.name+" by "+by.name, err, by.want)
				after := w.read(t, who.ID)
				switch changed := test.name != "nothing" && by.want == ""; {
				case err == nil && got != after && got.GuardianConsentAt == nil, !changed && before != after, changed && after.Version != before.Version+1:
					t.Errorf("%s by %s: %+v became %+v, told %+v", test.name, by.name, before, after, got)
				}
			}
		}
	})
}

func TestABirthDateIsToldOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		change := func(by identity.Actor, date string) error {
			_, err := w.dir.ChangeMember(t.Context(), by, w.member.ID, identity.MemberEdits{BirthDate: &date}, noKey)
			return err
		}
		wantCode(t, "the first time", change(w.member, "2010-01-01"), "")
		wantCode(t, "the same again", change(w.member, "2010-01-01"), "")
		wantCode(t, "older since yesterday", change(w.member, "2000-01-01"), "birth_date_set")
		wantCode(t, "none any more", change(w.member, ""), "birth_date_set")
		wantCode(t, "by staff", change(w.staff, "2000-01-01"), "not_allowed")
		wantCode(t, "by the manager", change(w.manager, "2013-01-01"), "")
		if m := w.read(t, w.member.ID); m.BirthDate != "2013-01-01" {
			t.Errorf("%+v", m)
		}
	})
}

// A parent's consent is noted by staff who see it, never by the child, and who saw it stays.
func TestAGuardiansConsentIsNotedByStaff(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		change := func(by identity.Actor, who string, e identity.MemberEdits) error {
			_, err := w.dir.ChangeMember(t.Context(), by, who, e, noKey)
			return err
		}
		consent := identity.MemberEdits{GuardianConsent: ptr(true)}
		wantCode(t, "own", change(w.member, w.member.ID, consent), "not_allowed")
		wantCode(t, "staff, their own", change(w.staff, w.staff.ID, consent), "not_allowed")
		wantCode(t, "by staff", change(w.staff, w.member.ID, consent), "")
		witness := func() (by string) {
			if err := w.db.Reader(t.Context()).Get(&by, `SELECT guardian_consent_by FROM members WHERE id = $1`, w.member.ID); err != nil {
				t.Fatal(err)
			}
			return by
		}
		noted := w.read(t, w.member.ID).GuardianConsentAt
		w.clock.Move(time.Hour)
		wantCode(t, "again", change(w.manager, w.member.ID, consent), "")
		wantCode(t, "another field", change(w.member, w.member.ID, identity.MemberEdits{Phone: ptr("1")}), "")
		if at := w.read(t, w.member.ID).GuardianConsentAt; at == nil || !at.Equal(*noted) || witness() != w.staff.ID {
			t.Errorf("noted %v by %s", at, witness())
		}
		wantCode(t, "withdrawn", change(w.staff, w.member.ID, identity.MemberEdits{GuardianConsent: ptr(false)}), "")
		if at := w.read(t, w.member.ID).GuardianConsentAt; at != nil || witness() != "" {
			t.Errorf("noted %v by %s", at, witness())
		}
	})
}

func TestStaffChangeWhomTheyAssist(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		rose := w.at(t, identity.NewMember{Name: "Rose", HomeHubID: amos})
		_, err := w.dir.ChangeMember(t.Context(), w.staff, rose.ID, identity.MemberEdits{Name: ptr("Rose A."), Phone: ptr("819")}, noKey)
		wantCode(t, "name and phone", err, "")
		_, err = w.dir.ChangeMember(t.Context(), w.staff, rose.ID, identity.MemberEdits{HomeHub: ptr("")}, noKey)
		wantCode(t, "home hub", err, "not_allowed")
		if m := w.read(t, rose.ID); m.Name != "Rose A." || m.HomeHubID != amos {
			t.Errorf("%+v", m)
		}
	})
}

func TestWhoIsAboveIsNotChangedFromBelow(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		edit := identity.MemberEdits{Name: ptr("Ridicule")}
		for _, above := range []identity.Actor{w.coordinator, w.admin} {
			_, err := w.dir.ChangeMember(t.Context(), w.manager, above.ID, edit, noKey)
			wantCode(t, "by a manager", err, "not_allowed")
		}
		_, err := w.dir.ChangeMember(t.Context(), w.coordinator, w.manager.ID, edit, noKey)
		wantCode(t, "by a coordinator", err, "")
	})
}

func TestAnEditOfAnOlderVersionIsStaleAndWrongFieldsAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		v := w.read(t, w.member.ID).Version
		_, err := w.dir.ChangeMember(t.Context(), w.member, w.member.ID, identity.MemberEdits{IfVersion: v, Phone: ptr("1")}, noKey)
		wantCode(t, "present", err, "")
		_, err = w.dir.ChangeMember(t.Context(), w.member, w.member.ID, identity.MemberEdits{IfVersion: v, Phone: ptr("2")}, noKey)
		if fault.KindOf(err) != fault.Stale || fault.Of(err).Params["version"] != v+1 {
			t.Errorf("older: %v", err)
		}
		_, err = w.dir.ChangeMember(t.Context(), w.member, w.member.ID, identity.MemberEdits{Name: ptr(" "), Language: ptr("de"), Phone: ptr("\n1\n2")}, noKey)
		if f := fault.Of(err); f == nil || len(f.Violations) != 3 {
			t.Errorf("wrong: %v", err)
		}
		_, err = w.dir.ChangeMember(t.Context(), w.member, w.member.ID, identity.MemberEdits{HomeHub: ptr("nowhere")}, noKey)
		wantCode(t, "an unknown hub", err, "malformed")
		for _, id := range []string{"nobody", "\x00"} {
			_, err = w.dir.ChangeMember(t.Context(), w.admin, id, identity.MemberEdits{Name: ptr("A")}, noKey)
			wantCode(t, id, err, "member_not_found")
		}
		k := database.Key{Caller: w.member.ID, Key: "k", Hash: "h"}
		for range 2 {
			if _, err := w.dir.ChangeMember(t.Context(), w.member, w.member.ID, identity.MemberEdits{IfVersion: v + 1, Phone: ptr("3")}, k); err != nil {
				t.Errorf("repeated: %v", err)
			}
		}
	})
}

func TestSigningUpOpensAnAccountOnce(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				errs[i] = w.db.In(t.Context(), func(tx *database.Tx) error {
					m, err := w.dir.OpenAccount(tx, identity.NewMember{Name: "Zoé", Email: "Zoe@exemple.example", HomeHubID: amos})
					if err == nil && (!m.EmailVerified || !m.Active) {
						t.Errorf("%+v", m)
					}
					return err
				})
			})
		}
		all.Wait()
		opened := 0
		for _, err := range errs {
			if err == nil {
				opened++
			} else {
				wantCode(t, "one of many", err, "email_taken")
			}
		}
		if opened != 1 {
			t.Errorf("%d accounts", opened)
		}
		m, err := w.dir.MemberByEmail(t.Context(), identity.System, "zoe@exemple.example")
		if err != nil || !m.EmailVerified {
			t.Errorf("%+v, %v", m, err)
		}
		err = w.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := w.dir.OpenAccount(tx, identity.NewMember{Name: "A", Email: "b@exemple.example", HomeHubID: "nowhere"})
			return err
		})
		wantCode(t, "an unknown hub", err, "malformed")
	})
}

func TestAnAddressIsTheirsOnceItIsProved(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		who := w.at(t, identity.NewMember{Name: "Zoé", Email: "zoe@exemple.example", HomeHubID: amos})
		w.at(t, identity.NewMember{Name: "Luc", Email: "luc@exemple.example"})
		verify := func(id, email string) error {
			return w.db.In(t.Context(), func(tx *database.Tx) error { return w.dir.VerifyEmail(tx, id, email) })
		}
		if w.read(t, who.ID).EmailVerified {
			t.Error("verified from the start")
		}
		wantCode(t, "their own", verify(who.ID, "zoe@exemple.example"), "")
		v := w.read(t, who.ID)
		wantCode(t, "again", verify(who.ID, "ZOE@exemple.example"), "")
		if again := w.read(t, who.ID); !v.EmailVerified || again != v {
			t.Errorf("%+v, then %+v", v, again)
		}
		wantCode(t, "another's", verify(who.ID, "LUC@exemple.example"), "email_taken")
		wantCode(t, "none", verify(who.ID, ""), "malformed")
		wantCode(t, "nobody's", verify("nobody", "x@exemple.example"), "member_not_found")
		wantCode(t, "a new one", verify(who.ID, "zoe.b@exemple.example"), "")
		wantCode(t, "the old one is free", verify(w.member.ID, "zoe@exemple.example"), "")
		if m := w.read(t, who.ID); m.Email != "zoe.b@exemple.example" || !m.EmailVerified {
			t.Errorf("%+v", m)
		}
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			id := w.person(t, "Racer").ID
			all.Go(func() { errs[i] = verify(id, "course@exemple.example") })
		}
		all.Wait()
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(codeOf(a), codeOf(b)) })
		if errs[0] != nil || !fault.Is(errs[1], "email_taken") || !fault.Is(errs[3], "email_taken") {
			t.Errorf("racers: %v", errs)
		}
	})
}

func TestErasingLeavesNobodyToKnow(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		who := w.at(t, identity.NewMember{
			Name: "Zébulon Quidam", Email: "zebulon@exemple.example", HomeHubID: amos, Phone: "819 555-0199", BirthDate: "2016-02-03", Clientele: "artists", GuardianConsent: true,
		})
		o := w.organisation(t, w.manager, "Théâtre", amos)
		wantCode(t, "delegate", w.dir.AddDelegate(t.Context(), w.manager, o.ID, who.ID, true, noKey), "")
		wantCode(t, "role", w.dir.GrantRole(t.Context(), w.manager, who.ID, identity.Grant{Role: identity.Staff, HubID: amos}, noKey), "")
		w.open(t, who.ID, 2)
		w.token(t, who.ID, "book")
		told, err := identity.About(w.db.Reader(t.Context()), who.ID)
		text, _ := json.Marshal(told)
		for _, known := range []string{"Quidam", "zebulon@", "0199", "2016-02-03", "artists", "guardian_consent_at", "Théâtre", `"role":"staff"`, "Firefox", `"prefix"`, amos} {
			if !strings.Contains(string(text), known) {
				t.Errorf("%q is not in %s, %v", known, text, err)
			}
		}
		w.erase(t, who.ID, "")
		w.erase(t, who.ID, "")
		m := w.read(t, who.ID)
		if m.Name != "" || m.Email != "" || m.Phone != "" || m.BirthDate != "" || m.HomeHubID != "" || m.Active || m.EmailVerified || m.GuardianConsentAt != nil || m.ErasedAt == nil {
			t.Errorf("left %+v", m)
		}
		for _, table := range []string{"sessions", "tokens", "grants", "organisation_members"} {
			if n := w.count(t, `SELECT count(*) FROM `+table+` WHERE member_id = $1`, who.ID); n != 0 {
				t.Errorf("%d rows of %s", n, table)
			}
		}
		_, err = w.dir.SeenMember(t.Context(), w.admin, who.ID)
		wantCode(t, "seen", err, "member_not_found")
		_, err = w.dir.ChangeMember(t.Context(), w.admin, who.ID, identity.MemberEdits{Name: ptr("Revenant")}, noKey)
		wantCode(t, "renamed", err, "member_not_found")
		wantCode(t, "given a role", w.dir.GrantRole(t.Context(), w.admin, who.ID, identity.Grant{Role: identity.Staff, HubID: amos}, noKey), "member_not_found")
		wantCode(t, "a delegate", w.dir.AddDelegate(t.Context(), w.admin, o.ID, who.ID, false, noKey), "member_not_found")
		_, _, err = w.dir.IssueToken(t.Context(), identity.System, who.ID, identity.TokenRequest{Scopes: []string{"book"}})
		wantCode(t, "a token", err, "member_not_found")
		people, _, err := w.dir.Members(t.Context(), w.admin, identity.MemberQuery{Limit: 100})
		if err != nil || slices.ContainsFunc(people, func(m identity.Member) bool { return m.ID == who.ID }) {
			t.Errorf("listed, %v", err)
		}
		w.at(t, identity.NewMember{Name: "Zébulon", Email: "zebulon@exemple.example"}) // the address is free
		w.erase(t, w.admin.ID, "last_administrator")
		if w.read(t, w.admin.ID).ErasedAt != nil {
			t.Error("the last administrator is erased")
		}
		w.erase(t, "nobody", "member_not_found")
	})
}

func codeOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}
