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
