package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
)

// noKey keeps nothing.
var noKey database.Key

// A town is a network to test in: hubs amos and matagami in regions at and bj, and a person of each
// role.
type town struct {
	db                          *database.DB
	dir                         *identity.Directory
	clock                       *dbtest.Clock
	admin, coordinator, manager identity.Actor
	staff, member               identity.Actor
}

const (
	amos, matagami = "hub-amos", "hub-matagami"
	at, bj         = "region-at", "region-bj"
)

// each runs f in a fresh town on each engine.
func each(t *testing.T, f func(t *testing.T, w *town)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC))
			f(t, newTown(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock))
		})
	}
}

func newTown(t *testing.T, db *database.DB, clock *dbtest.Clock) *town {
	t.Helper()
	w := &town{db: db, dir: identity.New(db), clock: clock}
	err := db.In(t.Context(), func(tx *database.Tx) error {
		var failed error
		run := func(query string, args ...any) {
			_, err := tx.Exec(query, args...)
			failed = errors.Join(failed, err)
		}
		run(`INSERT INTO operators (id, slug, legal_name) VALUES ('o', 'o', 'O')`)
		for hub, region := range map[string]string{amos: at, matagami: bj} {
			run(`INSERT INTO regions (id, slug, name) VALUES ($1, $1, '{}')`, region)
			run(`INSERT INTO hubs (id, slug, region_id, operator_id, name, latitude, longitude, time_zone)
				VALUES ($1, $1, $2, 'o', '{}', 48, -78, 'America/Toronto')`, hub, region)
		}
		return failed
	})
	if err != nil {
		t.Fatal(err)
	}
	w.admin = w.person(t, "Ada", identity.Grant{Role: identity.Administrator})
	w.coordinator = w.person(t, "Cora", identity.Grant{Role: identity.Coordinator, RegionID: at})
	w.manager = w.person(t, "Max", identity.Grant{Role: identity.Manager, HubID: amos})
	w.staff = w.person(t, "Sam", identity.Grant{Role: identity.Staff, HubID: amos})
	w.member = w.person(t, "Mia")
	return w
}

// person makes a member of Amos with roles, and returns them as an actor without a token.
func (w *town) person(t *testing.T, name string, grants ...identity.Grant) identity.Actor {
	t.Helper()
	m, err := w.dir.CreateMember(t.Context(), identity.System, identity.NewMember{Name: name, HomeHubID: amos})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grants {
		if err := w.dir.GrantRole(t.Context(), identity.System, m.ID, g, noKey); err != nil {
			t.Fatal(err)
		}
	}
	return identity.Actor{ID: m.ID, Language: m.Language, Grants: grants}
}

func (w *town) token(t *testing.T, memberID string, scopes ...string) (string, identity.Token) {
	t.Helper()
	secret, token, err := w.dir.IssueToken(t.Context(), identity.System, memberID, identity.TokenRequest{Label: "test", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return secret, token
}

func (w *town) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.db.Reader(t.Context()).Get(&n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func TestCreateMember(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		m, err := w.dir.CreateMember(t.Context(), w.manager, identity.NewMember{Name: "  Éloïse B. ", Email: "Eloise@Exemple.example", HomeHubID: amos})
		if err != nil {
			t.Fatal(err)
		}
		read, err := w.dir.Member(t.Context(), w.db.Reader(t.Context()), m.ID)
		want := identity.Member{
			ID: m.ID, Name: "Éloïse B.", Email: "Eloise@Exemple.example", Language: "fr", HomeHubID: amos, Active: true, CreatedAt: w.clock.Now(), Version: 1,
		}
		if err != nil || read != want || m != want {
			t.Errorf("made %+v, read %+v, %v; want %+v", m, read, err, want)
		}
		_, err = w.dir.CreateMember(t.Context(), w.manager, identity.NewMember{Name: "Twin", Email: "ELOISE@exemple.EXAMPLE", HomeHubID: amos})
		wantCode(t, "the same address in capitals", err, "email_taken")
		for range 2 {
			if _, err := w.dir.CreateMember(t.Context(), w.manager, identity.NewMember{Name: "Sans courriel", HomeHubID: amos}); err != nil {
				t.Errorf("a second person without an address: %v", err)
			}
		}
		found, err := w.dir.MemberByEmail(t.Context(), w.manager, " eloise@exemple.example")
		if err != nil || found.ID != m.ID {
			t.Errorf("found %+v, %v", found, err)
		}
		_, err = w.dir.Member(t.Context(), w.db.Reader(t.Context()), "nobody")
		wantCode(t, "an unknown member", err, "member_not_found")
	})
}

func TestCreateMemberTellsEveryWrongFieldAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		before := w.count(t, `SELECT count(*) FROM members`)
		long := strings.Repeat("é", 121)
		tests := []struct {
			name   string
			member identity.NewMember
			want   []string
		}{
			{"nothing", identity.NewMember{}, []string{"name required"}},
			{"spaces", identity.NewMember{Name: " \t "}, []string{"name required"}},
			{"too long", identity.NewMember{Name: long}, []string{"name text_too_long"}},
			{"a control character", identity.NewMember{Name: "A\x1b[31mB"}, []string{"name bad_characters"}},
			{"a line break", identity.NewMember{Name: "A\nB"}, []string{"name bad_characters"}},
			{"text turned around", identity.NewMember{Name: "A\u202eB"}, []string{"name bad_characters"}},
			{"not UTF-8", identity.NewMember{Name: "A\xff"}, []string{"name bad_characters"}},
			{"a zero byte", identity.NewMember{Name: "A\x00"}, []string{"name bad_characters"}},
			{"a language that we do not speak", identity.NewMember{Name: "A", Language: "de"}, []string{"language bad_language"}},
			{"all at once", identity.NewMember{Email: "a", Language: "FR"}, []string{"name required", "email bad_email", "language bad_language"}},
			{"an unknown hub", identity.NewMember{Name: "A", HomeHubID: "nowhere"}, []string{"hub unknown_hub"}},
		}
		for _, email := range []string{
			"a@b", "@b.example", "a@", "a b@c.example", "A <a@b.example>", "a@b.example\r\nBcc: x@y.example", "a@b.example,c@d.example", "a@.example.", `"a"@b.example`, "a@b.example\x00",
		} {
			tests = append(tests, struct {
				name   string
				member identity.NewMember
				want   []string
			}{"address " + email, identity.NewMember{Name: "A", Email: email}, []string{"email bad_email"}})
		}
		for _, test := range tests {
			_, err := w.dir.CreateMember(t.Context(), w.admin, test.member)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Malformed || len(f.Violations) != len(test.want) {
				t.Errorf("%s: %v (%+v), want %q", test.name, err, f, test.want)
				continue
			}
			for i, v := range f.Violations {
				if got := v.Params["field"].(string) + " " + v.Code; got != test.want[i] {
					t.Errorf("%s: %q, want %q", test.name, got, test.want[i])
				}
			}
		}
		if n := w.count(t, `SELECT count(*) FROM members`); n != before {
			t.Errorf("%d members, %d before", n, before)
		}
	})
}

func TestMembersAreShownToWhoManagesThemOnly(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		far, err := w.dir.CreateMember(t.Context(), identity.System, identity.NewMember{Name: "Far", Email: "far@exemple.example", HomeHubID: matagami})
		if err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name               string
			by                 identity.Actor
			amos, all, farMail string
		}{
			{"administrator", w.admin, "", "", ""},
			{"coordinator", w.coordinator, "", "not_allowed", "member_not_found"},
			{"manager", w.manager, "", "not_allowed", "member_not_found"},
			{"staff", w.staff, "", "not_allowed", "member_not_found"},
			{"member", w.member, "not_allowed", "not_allowed", "member_not_found"},
			{"oneself", identity.Actor{ID: far.ID}, "not_allowed", "not_allowed", ""},
			{"visitor", identity.Actor{}, "sign_in", "sign_in", "member_not_found"},
		}
		for _, test := range tests {
			_, _, err := w.dir.Members(t.Context(), test.by, identity.MemberQuery{HubID: amos})
			wantCode(t, test.name+" lists Amos", err, test.amos)
			_, _, err = w.dir.Members(t.Context(), test.by, identity.MemberQuery{})
			wantCode(t, test.name+" lists all", err, test.all)
			_, err = w.dir.MemberByEmail(t.Context(), test.by, "far@exemple.example")
			wantCode(t, test.name+" finds one far away", err, test.farMail)
			_, err = w.dir.CreateMember(t.Context(), test.by, identity.NewMember{Name: "New", HomeHubID: amos})
			wantCode(t, test.name+" creates one at Amos", err, test.amos)
		}
	})
}

func TestIdentifiersThatNoDataBaseCouldHoldAreNotFound(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for _, id := range []string{"\x00", "a\x00b", "\xff"} {
			_, err := w.dir.Member(t.Context(), w.db.Reader(t.Context()), id)
			wantCode(t, "member", err, "member_not_found")
			_, err = w.dir.MemberByEmail(t.Context(), w.admin, id+"@exemple.example")
			wantCode(t, "address", err, "member_not_found")
			wantCode(t, "closing", w.dir.SetActive(t.Context(), w.admin, id, false, noKey), "member_not_found")
			wantCode(t, "token", w.dir.RevokeToken(t.Context(), w.admin, id, noKey), "token_not_found")
			_, _, err = w.dir.Members(t.Context(), w.admin, identity.MemberQuery{After: id})
			wantCode(t, "cursor", err, "malformed")
			_, _, err = w.dir.Members(t.Context(), w.admin, identity.MemberQuery{HubID: id})
			wantCode(t, "hub", err, "malformed")
			err = w.dir.GrantRole(t.Context(), w.admin, w.member.ID, identity.Grant{Role: identity.Coordinator, RegionID: id}, noKey)
			wantCode(t, "region", err, "malformed")
		}
	})
}

func TestMembersComeInPages(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		seen := map[string]bool{}
		after := ""
		for pages := 0; ; pages++ {
			people, next, err := w.dir.Members(t.Context(), w.manager, identity.MemberQuery{HubID: amos, Limit: 2, After: after})
			if err != nil || len(people) > 2 {
				t.Fatalf("%d people, %v", len(people), err)
			}
			for _, p := range people {
				if seen[p.ID] {
					t.Errorf("%s twice", p.ID)
				}
				seen[p.ID] = true
			}
			if after = next; after == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Errorf("%d of 5 people", len(seen))
		}
	})
}

func TestLoadMembersWritesManyOrNone(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		many := make([]identity.NewMember, 1201)
		for i := range many {
			many[i] = identity.NewMember{Name: "Membre", Language: "en", HomeHubID: amos}
		}
		before := w.count(t, `SELECT count(*) FROM members`)
		var loaded []identity.Member
		err := w.db.In(t.Context(), func(tx *database.Tx) (err error) {
			if loaded, err = w.dir.LoadMembers(t.Context(), tx, many); err != nil {
				return err
			}
			secrets, err := w.dir.LoadTokens(t.Context(), tx, []string{loaded[7].ID}, identity.TokenRequest{Scopes: []string{"book"}})
			if err != nil {
				return err
			}
			many[0].Name = secrets[0]
			return w.dir.LoadGrants(t.Context(), tx, []identity.NewGrant{{MemberID: loaded[7].ID, Grant: identity.Grant{Role: identity.Staff, HubID: amos}}})
		})
		if err != nil || len(loaded) != len(many) || w.count(t, `SELECT count(*) FROM members`) != before+len(many) {
			t.Fatalf("%d loaded, %v", len(loaded), err)
		}
		a, err := w.dir.Authenticate(t.Context(), many[0].Name)
		if err != nil || a.ID != loaded[7].ID || len(a.Grants) != 1 || a.Language != "en" {
			t.Errorf("loaded %+v, %v", a, err)
		}
		many[3].Email, many[900].Email = "double@exemple.example", "Double@exemple.example"
		err = w.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := w.dir.LoadMembers(context.Background(), tx, many)
			return err
		})
		wantCode(t, "an address twice", err, "email_taken")
		many[900] = identity.NewMember{Name: "Far", HomeHubID: "nowhere"}
		err = w.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := w.dir.LoadMembers(context.Background(), tx, many)
			return err
		})
		if f := fault.Of(err); f == nil || f.Violations[0].Code != "unknown_hub" {
			t.Errorf("an unknown hub: %v", err)
		}
		if n := w.count(t, `SELECT count(*) FROM members`); n != before+len(many) {
			t.Errorf("%d members, want %d: none of a failed load", n, before+len(many))
		}
	})
}
