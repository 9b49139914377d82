package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"canot/web/locale"
)

// inEnglish are the words that tests look for.
var inEnglish = words{locale.English, english, englishHelp}

func TestConfigurationHasDefaults(t *testing.T) {
	c, err := loadConfig([]string{"PATH=/bin", "CANOT_ADDR=", "CANOT_TEST_POSTGRES_URL=whatever"}, inEnglish)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.AdminAddr != "127.0.0.1:8081" || !c.Migrate || !c.Limits || c.StopWait != 20*time.Second {
		t.Errorf("%+v", c)
	}
}

func TestConfigurationRefusesByName(t *testing.T) {
	for _, test := range []struct{ name, variable, value string }{
		{"unknown", "CANOT_ADRESS", "127.0.0.1:80"},
		{"address without port", "CANOT_ADDR", "localhost"},
		{"port out of range", "CANOT_ADMIN_ADDR", "localhost:70000"},
		{"not yes or no", "CANOT_MIGRATE", "perhaps"},
		{"not a duration", "CANOT_STOP_WAIT", "20"},
		{"negative duration", "CANOT_DATABASE_WAIT", "-1s"},
		{"negative number", "CANOT_DATABASE_CONNECTIONS", "-3"},
		{"not an address of the web", "CANOT_PUBLIC_URL", "book.example.ca"},
		{"not a network", "CANOT_TRUSTED_PROXIES", "10.0.0.0/8,proxy"},
		{"unknown level", "CANOT_LOG_LEVEL", "loud"},
		{"unknown format", "CANOT_LOG_FORMAT", "xml"},
		{"file that is not there", "CANOT_DATABASE_PASSWORD_FILE", "/nowhere/at/all"},
		{"file for what is no secret", "CANOT_ADDR_FILE", "/etc/hostname"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := canot(t, []string{test.variable + "=" + test.value, "CANOT_DATABASE_URL=sqlite:///nowhere/at/all.db"}, "serve")
			if o.code != exitUsage || !strings.Contains(o.stderr, strings.TrimSuffix(test.variable, "_FILE")) {
				t.Errorf("exit %d: %s", o.code, o.stderr)
			}
		})
	}
}

func TestConfigurationNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	_, err := loadConfig([]string{"CANOT_ADDR=x", "CANOT_COLOUR=red", "CANOT_MIGRATE=x"}, inEnglish)
	for _, name := range []string{"CANOT_ADDR", "CANOT_COLOUR", "CANOT_MIGRATE"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func TestSecretsComeFromFilesAndAreNeverShown(t *testing.T) {
	const hush = "caribou-4711"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(hush+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"CANOT_DATABASE_URL=postgres://canot@localhost/canot", "CANOT_DATABASE_PASSWORD_FILE=" + file}
	c, err := loadConfig(env, inEnglish)
	if err != nil {
		t.Fatal(err)
	}
	url, err := c.databaseURL(inEnglish)
	if err != nil || url != "postgres://canot:"+hush+"@localhost/canot" {
		t.Errorf("%q, %v", url, err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c.DatabasePassword), withoutPassword(url)} {
		if strings.Contains(shown, hush) {
			t.Errorf("shown: %s", shown)
		}
	}
	both := append(env, "CANOT_DATABASE_PASSWORD="+hush)
	if _, err := loadConfig(both, inEnglish); err == nil || strings.Contains(err.Error(), hush) {
		t.Errorf("twice: %v", err)
	}
}

func TestAWrongDatabaseAddressIsRefusedWithoutItsPassword(t *testing.T) {
	for _, url := range []string{"mysql://canot:caribou-4711@localhost/x", "postgres://canot:caribou-4711@local host/x", "postgres://canot:caribou-4711@127.0.0.1:1/x?connect_timeout=1"} {
		o := canot(t, []string{"CANOT_DATABASE_URL=" + url, "CANOT_DATABASE_WAIT=100ms"}, "serve")
		if o.code == exitDone || o.stderr == "" || strings.Contains(o.stderr, "caribou") {
			t.Errorf("%s: exit %d: %s", url, o.code, o.stderr)
		}
	}
}

func TestHelpConfigListsEveryVariable(t *testing.T) {
	for _, language := range []string{"fr", "en"} {
		o := must(t, []string{"CANOT_LANGUAGE=" + language}, "help", "config")
		for _, s := range settings() {
			if !strings.Contains(o.stdout, s.variable) || strings.Contains(o.stdout, "config."+s.variable) {
				t.Errorf("%s: %s is not explained", language, s.variable)
			}
		}
	}
}
