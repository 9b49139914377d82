package main

import (
	"net/http"
	"strings"
	"testing"

	"canot/internal/database/dbtest"
)

func TestTheFirstAdministratorIsMadeByCommand(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, engine)
			env := []string{"CANOT_DATABASE_URL=" + url}
			must(t, env, "user", "create", "--name", "Lise R.", "--email", "lise@hub.example")
			must(t, env, "user", "role", "lise@hub.example", "administrator")
			o := must(t, env, "user", "token", "lise@hub.example", "--scopes", "admin", "--days", "1")
			token := strings.TrimSpace(o.stdout)
			if !strings.HasPrefix(token, "canot_") || strings.Contains(o.stderr, token) {
				t.Fatalf("%q, %q", o.stdout, o.stderr)
			}
			_, server := startServe(t, url)
			code, body, err := ask(t.Context(), token, http.MethodGet, server+"/api/v1/bookings", "")
			if err != nil || code != http.StatusOK {
				t.Errorf("%d, %v, %s", code, err, body)
			}
			// The last administrator stays.
			if o := canot(t, env, "user", "role", "lise@hub.example", "administrator", "--revoke"); o.code != exitFailed {
				t.Errorf("revoked: exit %d, %s", o.code, o.stderr)
			}
			for _, args := range [][]string{
				{"user", "create", "--name", "Autre", "--email", "lise@hub.example"},
				{"user", "create", "--name", "", "--email", "not an address"},
				{"user", "role", "nobody@hub.example", "administrator"},
				{"user", "role", "lise@hub.example", "emperor"},
				{"user", "role", "lise@hub.example", "staff", "--hub", "nowhere"},
				{"user", "token", "lise@hub.example", "--scopes", "everything"},
				{"user", "token", "lise@hub.example", "--days", "5000"},
			} {
				if o := canot(t, env, args...); o.code == exitDone || o.stderr == "" {
					t.Errorf("%v: exit %d, %q", args, o.code, o.stderr)
				}
			}
		})
	}
}

func TestAccountsAreListedAndSignedOutByCommand(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine)}
			must(t, env, "user", "create", "--name", "Lise R.", "--email", "lise@hub.example", "--phone", "819 555-0100", "--clientele", "artists")
			must(t, env, "user", "create", "--name", "Rose A.", "--birth-date", "2015-05-06")
			must(t, env, "user", "role", "lise@hub.example", "administrator")
			o := must(t, env, "user", "list", "--json")
			for _, want := range []string{`"email":"lise@hub.example"`, `"email_verified":true`, `"role":"administrator"`, `"name":"Rose A."`, `"roles":[]`} {
				if !strings.Contains(o.stdout, want) {
					t.Errorf("no %s in %s", want, o.stdout)
				}
			}
			must(t, env, "import", dataFile("hubs.csv"))
			must(t, env, "user", "create", "--name", "Sam B.", "--email", "sam@hub.example", "--hub", "amos")
			must(t, env, "user", "role", "sam@hub.example", "staff", "--hub", "amos", "--rights", "waive,approve")
			if o := must(t, env, "user", "list", "--hub", "amos"); !strings.Contains(o.stdout, "sam@hub.example  Sam B.  staff@amos:approve,waive") || strings.Contains(o.stdout, "Lise") {
				t.Errorf("%q", o.stdout)
			}
			if o := must(t, env, "user", "list", "--roles"); !strings.Contains(o.stdout, "lise@hub.example  Lise R.  administrator") || strings.Contains(o.stdout, "Rose") {
				t.Errorf("%q", o.stdout)
			}
			for _, verb := range []string{"sign-out", "factor-reset"} {
				if o := must(t, env, "user", verb, "lise@hub.example"); !strings.Contains(o.stdout, "lise@hub.example") {
					t.Errorf("%s: %q", verb, o.stdout)
				}
				if o := canot(t, env, "user", verb, "nobody@hub.example"); o.code == exitDone || o.stderr == "" {
					t.Errorf("%s of nobody: %d, %q", verb, o.code, o.stderr)
				}
			}
			for _, args := range [][]string{
				{"user", "create", "--name", "A", "--birth-date", "hier"}, {"user", "create", "--name", "A", "--clientele", "vip"},
				{"user", "role", "lise@hub.example", "administrator", "--rights", "export"}, {"user", "list", "--hub", "nowhere"}, {"user", "sign-out"},
			} {
				if o := canot(t, env, args...); o.code == exitDone || o.stderr == "" {
					t.Errorf("%v: exit %d, %q", args, o.code, o.stderr)
				}
			}
		})
	}
}
