package main

import (
	"encoding/json"
	"strings"
	"testing"

	"canot/internal/database/dbtest"
)

func TestCallRunsAnOperationOfTheAPIWithoutAServer(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.URL(t, engine)}
			var region struct{ ID string }
			o := must(t, env, "call", "post", "regions", `{"slug":"at","name":{"fr":"Abitibi"}}`)
			if err := json.Unmarshal([]byte(o.stdout), &region); err != nil || region.ID == "" || !strings.HasSuffix(o.stdout, "\n") {
				t.Fatalf("%v: %s", err, o.stdout)
			}
			if o := canotReading(t, env, strings.NewReader(`{"slug":"bj","name":{"fr":"Baie-James"}}`), "call", "POST", "/api/v1/regions", "-"); o.code != exitDone {
				t.Errorf("from standard input: %s%s", o.stdout, o.stderr)
			}
			for _, x := range []struct {
				args []string
				code int
				says string
			}{
				{[]string{"GET", "/regions/nowhere"}, exitFailed, `"status":404`},
				{[]string{"GET", "/nowhere"}, exitFailed, `"status":404`},
				{[]string{"GET", "/../../healthz"}, exitFailed, `"status":404`},
				{[]string{"POST", "/regions", `{"slug":`}, exitUsage, `"code":"bad_json"`},
				{[]string{"PUT", "/regions"}, exitUsage, `"status":405`},
				{[]string{"GET", "/regions/at", "--as", "nobody@hub.example"}, exitUsage, ""},
				{[]string{"GET"}, exitUsage, ""},
			} {
				o := canot(t, env, append([]string{"call"}, x.args...)...)
				if o.code != x.code || !strings.Contains(o.stdout, x.says) || o.stderr == "" {
					t.Errorf("%v: exit %d\n%s%s", x.args, o.code, o.stdout, o.stderr)
				}
			}
			key := []string{"call", "POST", "/regions", `{"slug":"no","name":{"fr":"Nord"}}`, "--key", "k1"}
			if a, b := must(t, env, key...).stdout, must(t, env, key...).stdout; a != b {
				t.Errorf("the same key: %s and %s", a, b)
			}
		})
	}
}

func TestCallAsSomebodyHasTheirRightsOnly(t *testing.T) {
	env := []string{"CANOT_DATABASE_URL=" + dbtest.URL(t, "sqlite")}
	must(t, env, "user", "create", "--name", "Zoé", "--email", "zoe@hub.example")
	if o := must(t, env, "call", "GET", "/me", "--as", "zoe@hub.example"); !strings.Contains(o.stdout, "zoe@hub.example") {
		t.Error(o.stdout)
	}
	const region = `{"slug":"at","name":{"fr":"Abitibi"}}`
	if o := canot(t, env, "call", "POST", "/regions", region, "--as", "zoe@hub.example"); o.code != exitFailed || !strings.Contains(o.stdout, `"code":"not_allowed"`) {
		t.Errorf("exit %d: %s%s", o.code, o.stdout, o.stderr)
	}
	must(t, env, "user", "role", "zoe@hub.example", "administrator")
	must(t, env, "call", "POST", "/regions", region, "--as", "zoe@hub.example")
	if o := canot(t, append(env, "CANOT_LANGUAGE=fr"), "call", "GET", "/hubs/x"); !strings.Contains(o.stderr, "existe pas") {
		t.Errorf("no French: %s", o.stderr)
	}
}
