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
		{"a language that is not spoken", "CANOT_LANGUAGE", "de"},
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
	url, err := c.databaseURL("CANOT_DATABASE_URL", inEnglish)
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

func TestAnAddressThatNoDatabaseCanHaveIsRefusedByName(t *testing.T) {
	for _, url := range []string{"foo", "canot.db", "/var/lib/canot.db", "sqlite://canot.db", "sqlite:canot.db", "sqlite:///", "sqlite:///tmp/", "mysql://localhost/x", "postgres://local host/x"} {
		if o := canot(t, []string{"CANOT_DATABASE_URL=" + url}, "serve"); o.code != exitUsage || !strings.Contains(o.stderr, "CANOT_DATABASE_URL") {
			t.Errorf("serve with %s: exit %d: %s", url, o.code, o.stderr)
		}
		for _, args := range [][]string{{"check"}, {"demo", "--addr", "127.0.0.1:0"}, {"import", "--dry-run", dataFile("hubs.csv")}} {
			if o := canot(t, nil, append(args, "--database", url)...); o.code != exitUsage || !strings.Contains(o.stderr, "--database") {
				t.Errorf("%v with %s: exit %d: %s", args, url, o.code, o.stderr)
			}
		}
	}
}

func TestAFileThatCannotBeUsedIsRefusedAtOnce(t *testing.T) {
	folder := t.TempDir()
	blocked := filepath.Join(folder, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, said := range map[string]string{
		filepath.Join(folder, "away", "canot.db"): "there is no folder",
		filepath.Join(blocked, "canot.db"):        "there is no folder",
		folder:                                    "is not a file",
	} {
		// The usual wait for a data base, a minute, must not begin.
		began := time.Now()
		o := canot(t, []string{"CANOT_DATABASE_URL=sqlite://" + path}, "serve")
		if o.code != exitFailed || !strings.Contains(o.stderr, said) || !strings.Contains(o.stderr, path) || time.Since(began) > 10*time.Second {
			t.Errorf("%s: exit %d after %v: %s", path, o.code, time.Since(began), o.stderr)
		}
	}
}

func TestCommandsThatReadMakeNoDatabase(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "mistyped.db")
	for _, args := range [][]string{
		{"check"}, {"zones"}, {"zones", "--apply"}, {"backup", filepath.Join(folder, "copy.gz")}, {"export", "hubs"}, {"migrate", "status"},
		{"user", "token", "a@hub.example"}, {"user", "role", "a@hub.example", "administrator"},
	} {
		o := canot(t, nil, append(args, "--database", "sqlite://"+file)...)
		if o.code != exitFailed || !strings.Contains(o.stderr, "there is no data base at") || !strings.Contains(o.stderr, file) {
			t.Errorf("canot %v: exit %d: %s", args, o.code, o.stderr)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
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
