package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/web/mail"
)

func TestMailSettingsAreCheckedAtTheStart(t *testing.T) {
	for name, c := range map[string]struct{ url, from, names string }{
		"no sender":           {"smtp://mail.example:587", "", "CANOT_MAIL_FROM"},
		"a sender twice":      {"smtp://mail.example:587", "a@b.example, c@d.example", "CANOT_MAIL_FROM"},
		"no mail server":      {"http://mail.example", "canot@b.example", "CANOT_SMTP_URL"},
		"an unknown option":   {"smtp://canot:caribou-4711@mail.example?tls=never", "canot@b.example", "CANOT_SMTP_URL"},
		"an unreadable port":  {"smtp://canot:caribou-4711@mail.example:99999", "canot@b.example", "CANOT_SMTP_URL"},
		"no issuer's address": {"", "", "CANOT_OIDC_ISSUER"},
	} {
		t.Run(name, func(t *testing.T) {
			env := []string{"CANOT_DATABASE_URL=sqlite:///nowhere/at/all.db", "CANOT_SMTP_URL=" + c.url, "CANOT_MAIL_FROM=" + c.from}
			if c.names == "CANOT_OIDC_ISSUER" {
				env = append(env, "CANOT_OIDC_ISSUER=nonsense")
			}
			o := canot(t, env, "serve")
			if o.code != exitUsage || !strings.Contains(o.stderr, c.names) || strings.Contains(o.stderr, "caribou-4711") {
				t.Errorf("exit %d: %s", o.code, o.stderr)
			}
		})
	}
	c, err := loadConfig([]string{"CANOT_SMTP_URL=smtps://canot:caribou-4711@mail.example", "CANOT_MAIL_FROM=Canot du Nord <canot@b.example>", "CANOT_PUBLIC_URL=https://canot.example"}, inEnglish)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.sender(inEnglish); err != nil || s == nil {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := (config{}).sender(inEnglish); err != nil || s != nil {
		t.Errorf("without settings: %v, %v", s, err)
	}
}

// TestSettingsThatNeedOthersNameThem: half a mail server or half a provider is refused at the start.
func TestSettingsThatNeedOthersNameThem(t *testing.T) {
	const site, smtp, from = "CANOT_PUBLIC_URL=https://canot.example", "CANOT_SMTP_URL=smtp://mail.example:587", "CANOT_MAIL_FROM=canot@b.example"
	const issuer, id, pass = "CANOT_OIDC_ISSUER=https://id.example/", "CANOT_OIDC_CLIENT_ID=canot", "CANOT_OIDC_CLIENT_SECRET=caribou-4711"
	for name, c := range map[string]struct {
		env   []string
		names string
	}{
		"no sender":             {[]string{smtp, site}, "CANOT_MAIL_FROM"},
		"no site for letters":   {[]string{smtp, from}, "CANOT_PUBLIC_URL"},
		"wrong, and no sender":  {[]string{"CANOT_SMTP_URL=http://mail.example", site}, "CANOT_SMTP_URL"},
		"an issuer alone":       {[]string{issuer, site}, "CANOT_OIDC_CLIENT_ID CANOT_OIDC_CLIENT_SECRET"},
		"an id alone":           {[]string{id, site}, "CANOT_OIDC_ISSUER CANOT_OIDC_CLIENT_SECRET"},
		"a secret alone":        {[]string{pass, site}, "CANOT_OIDC_ISSUER CANOT_OIDC_CLIENT_ID"},
		"a name alone":          {[]string{"CANOT_OIDC_NAME=X", site}, "CANOT_OIDC_ISSUER"},
		"no site for OIDC":      {[]string{issuer, id, pass}, "CANOT_PUBLIC_URL"},
		"a secret in the clear": {[]string{"CANOT_OIDC_ISSUER=http://id.example", id, pass, site}, "CANOT_OIDC_ISSUER"},
	} {
		t.Run(name, func(t *testing.T) {
			o := canot(t, append(c.env, "CANOT_DATABASE_URL=sqlite:///nowhere/at/all.db", "CANOT_LANGUAGE=fr"), "serve")
			for _, variable := range strings.Fields(c.names) {
				if o.code != exitUsage || !strings.Contains(o.stderr, variable) || strings.Contains(o.stderr, "caribou") {
					t.Errorf("exit %d: %s", o.code, o.stderr)
				}
			}
		})
	}
	for given, host := range map[string]string{issuer: "id.example", "CANOT_OIDC_ISSUER=http://127.0.0.1:5556": "127.0.0.1"} {
		c, err := loadConfig([]string{given, id, pass, site}, inEnglish)
		if err != nil || c.checkOIDC(inEnglish) != nil {
			t.Fatalf("%s: %v", given, err)
		}
		if s := c.gateSettings(); s.OIDC.Name != host || "CANOT_OIDC_ISSUER="+s.OIDC.Issuer != given {
			t.Errorf("%+v", s.OIDC)
		}
	}
}

// TestWithoutAMailServerMessagesWait: nothing takes the jobs, and the log says so.
func TestWithoutAMailServerMessagesWait(t *testing.T) {
	var log strings.Builder
	n := assemble(dbtest.Open(t, "sqlite", database.Settings{}), slog.New(slog.NewTextHandler(&log, nil)))
	n.equip(config{})
	if jobs := n.letterJobs(); len(jobs) != 0 || !strings.Contains(log.String(), "CANOT_SMTP_URL") {
		t.Errorf("%d kinds of jobs; the log: %s", len(jobs), log.String())
	}
	n = assemble(n.db, n.log)
	n.kept = &mail.Kept{}
	n.equip(config{PublicURL: "https://canot.example"})
	if jobs := n.letterJobs(); jobs["mail"] == nil || jobs["notice"] == nil {
		t.Errorf("jobs %v", jobs)
	}
}

// TestTheEndOfAMembershipIsTold to who holds it; one that renews has no end.
func TestTheEndOfAMembershipIsTold(t *testing.T) {
	n := assemble(dbtest.Open(t, "sqlite", database.Settings{}), slog.New(slog.DiscardHandler))
	ctx := context.Background()
	now := n.db.Now()
	err := n.db.In(ctx, func(tx *database.Tx) error {
		for _, query := range []string{
			`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Op')`,
			`INSERT INTO regions (id, slug, name) VALUES ('re', 're', '{"fr":"Re"}')`,
			`INSERT INTO hubs (id, slug, region_id, operator_id, name, town, latitude, longitude, time_zone) VALUES ('hub', 'hub', 're', 'op', '{"fr":"Hub"}', 'Amos', 48, -78, 'America/Toronto')`,
			`INSERT INTO tiers (id, slug, name) VALUES ('tier', 'createur', '{"fr":"Créateur"}')`,
		} {
			if _, err := tx.Exec(query); err != nil {
				return err
			}
		}
		for _, query := range []string{
			`INSERT INTO members (id, name, email, email_key, created_at) VALUES ('mem', 'Zoé', 'zoe@exemple.example', 'zoe@exemple.example', $1)`,
			`INSERT INTO organisations (id, name, name_key, sector, email, created_at) VALUES ('org', 'Collectif', 'collectif', 'culture', 'bonjour@collectif.example', $1)`,
			`INSERT INTO memberships (id, member_id, tier_id, hub_id, starts_on, ends_on, made_by, created_at) VALUES ('own', 'mem', 'tier', 'hub', '2026-01-01', '2026-12-01', 'system', $1)`,
			`INSERT INTO memberships (id, member_id, tier_id, hub_id, starts_on, ends_on, renews, made_by, created_at) VALUES ('renews', 'mem', 'tier', 'hub', '2027-01-01', '2027-12-01', true, 'system', $1)`,
			`INSERT INTO memberships (id, organisation_id, tier_id, hub_id, starts_on, ends_on, made_by, created_at) VALUES ('theirs', 'org', 'tier', 'hub', '2026-01-01', '2026-12-01', 'system', $1)`,
		} {
			if _, err := tx.Exec(query, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	own, err := n.ending(ctx, "own")
	if err != nil || own.MemberID != "mem" || own.Tier["fr"] != "Créateur" || own.EndsOn.Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("%+v, %v", own, err)
	}
	theirs, err := n.ending(ctx, "theirs")
	if err != nil || theirs.Email != "bonjour@collectif.example" || theirs.Name != "Collectif" {
		t.Errorf("%+v, %v", theirs, err)
	}
	for _, id := range []string{"renews", "gone"} {
		if _, err := n.ending(ctx, id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
}
