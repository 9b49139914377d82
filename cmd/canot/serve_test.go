package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"canot/internal/database/dbtest"
)

func TestServeMigratesAnswersAndStopsGracefully(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			r, url := startServe(t, dbtest.EmptyURL(t, engine))
			for _, path := range []string{"/healthz", "/readyz", "/api/v1/hubs"} {
				if code, body, err := ask(t.Context(), "", http.MethodGet, url+path, ""); err != nil || code != http.StatusOK {
					t.Errorf("%s: %d, %v, %s", path, code, err, body)
				}
			}
			must(t, nil, "healthcheck", "--url", url+"/healthz")
			if code := r.end(t); code != exitDone {
				t.Errorf("exit %d: %s", code, r.stderr.String())
			}
			if o := canot(t, nil, "healthcheck", "--url", url+"/healthz"); o.code != exitFailed {
				t.Errorf("a stopped server is healthy: exit %d", o.code)
			}
		})
	}
}

func TestServeRefusesAnOldSchemaWhenToldNotToMigrate(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, engine), "CANOT_MIGRATE=false", "CANOT_ADDR=127.0.0.1:0", "CANOT_ADMIN_ADDR=off"}
			if o := canot(t, env, "serve"); o.code != exitFailed || o.stderr == "" {
				t.Errorf("exit %d: %s", o.code, o.stderr)
			}
			if o := must(t, env, "migrate", "status"); !strings.Contains(o.stdout, "pending") {
				t.Errorf("status: %s", o.stdout)
			}
			if o := must(t, env, "migrate", "up"); strings.Contains(o.stdout, "pending") {
				t.Errorf("up: %s", o.stdout)
			}
			if o := must(t, env, "migrate", "status", "--json"); !strings.Contains(o.stdout, `"applied_at":"`) {
				t.Errorf("status: %s", o.stdout)
			}
		})
	}
}

func TestServeWaitsForADatabaseThatIsAwayThenSaysSo(t *testing.T) {
	began := time.Now()
	env := []string{"CANOT_DATABASE_URL=postgres://canot@127.0.0.1:1/canot?sslmode=disable", "CANOT_DATABASE_WAIT=1s"}
	o := canot(t, env, "serve")
	if o.code != exitFailed || time.Since(began) < time.Second {
		t.Errorf("exit %d after %v", o.code, time.Since(began))
	}
	if !strings.Contains(o.stderr, "waiting for the data base") || !strings.Contains(o.stderr, "canot serve: The data base does not answer") {
		t.Error(o.stderr)
	}
}

func TestAdminAddressHasMetricsAndThePublicOneHasNot(t *testing.T) {
	env := []string{
		"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, "sqlite"), "CANOT_ADDR=127.0.0.1:0", "CANOT_ADMIN_ADDR=127.0.0.1:0",
	}
	r := start(t, env, "serve")
	public, admin := addresses(t, r.line(t, &r.stderr, `"listening"`))
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if code, _, err := ask(t.Context(), "", http.MethodGet, "http://"+admin+path, ""); err != nil || code != http.StatusOK {
			t.Errorf("%s on the admin address: %d, %v", path, code, err)
		}
		if code, _, err := ask(t.Context(), "", http.MethodGet, "http://"+public+path, ""); err != nil || code != http.StatusNotFound {
			t.Errorf("%s on the public address: %d, %v", path, code, err)
		}
	}
}

func TestVersionNamesBuildSchemaAndZones(t *testing.T) {
	for _, field := range []string{`"version":"`, `"schema":`, `"zone_data":"20`, `"zone_source":"`} {
		if o := must(t, nil, "version", "--json"); !strings.Contains(o.stdout, field) {
			t.Errorf("no %s in %s", field, o.stdout)
		}
	}
	if o := must(t, nil, "version"); !strings.Contains(o.stdout, build().ZoneData) {
		t.Error(o.stdout)
	}
}
