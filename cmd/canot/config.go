package main

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/web/locale"
)

// config is everything that the environment can say. The tags are the
// variable, its default, and whether it is a secret; what it is for stands in
// the words under "config.<variable>". `canot help config` prints this struct.
//
// A secret may also be given as a file, by the same variable with _FILE after
// it, and is never printed.
type config struct {
	DatabaseURL      secret        `env:"CANOT_DATABASE_URL"`
	DatabasePassword secret        `env:"CANOT_DATABASE_PASSWORD"`
	DatabaseConns    int           `env:"CANOT_DATABASE_CONNECTIONS" default:"0"`
	DatabaseWait     time.Duration `env:"CANOT_DATABASE_WAIT" default:"1m"`
	Migrate          bool          `env:"CANOT_MIGRATE" default:"true"`
	Addr             address       `env:"CANOT_ADDR" default:"127.0.0.1:8080"`
	AdminAddr        address       `env:"CANOT_ADMIN_ADDR" default:"127.0.0.1:8081"`
	PublicURL        webAddress    `env:"CANOT_PUBLIC_URL"`
	Limits           bool          `env:"CANOT_RATE_LIMITS" default:"true"`
	Proxies          prefixes      `env:"CANOT_TRUSTED_PROXIES"`
	StopWait         time.Duration `env:"CANOT_STOP_WAIT" default:"20s"`
	LogLevel         slog.Level    `env:"CANOT_LOG_LEVEL" default:"INFO"`
	LogFormat        logFormat     `env:"CANOT_LOG_FORMAT" default:"json"`
	Language         language      `env:"CANOT_LANGUAGE"`
	SMTPURL          secret        `env:"CANOT_SMTP_URL"`
	MailFrom         mailAddress   `env:"CANOT_MAIL_FROM"`
	OIDCIssuer       issuer        `env:"CANOT_OIDC_ISSUER"`
	OIDCClientID     string        `env:"CANOT_OIDC_CLIENT_ID"`
	OIDCClientSecret secret        `env:"CANOT_OIDC_CLIENT_SECRET"`
	OIDCName         string        `env:"CANOT_OIDC_NAME"`
}

// A secret never shows itself, not even in a log of the whole struct.
type secret string

// String hides the secret.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret from %#v.
func (s secret) GoString() string { return s.String() }

// LogValue hides the secret from structured logs.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// An address is a host and port to listen on, or "off".
type address string

// UnmarshalText refuses what is not host:port.
func (a *address) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*a = "off"
		return nil
	}
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q", port)
	}
	*a = address(text)
	return nil
}

// A webAddress is the address by which people reach the server.
type webAddress string

// UnmarshalText refuses what is not an absolute http or https address.
func (w *webAddress) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("https://…")
	}
	*w = webAddress(strings.TrimSuffix(string(text), "/"))
	return nil
}

// An issuer is the address of a provider of OpenID Connect. It is compared letter by letter, so a slash
// at its end stays.
type issuer string

// UnmarshalText refuses what is no address, and what would send a secret in the clear to another machine.
func (i *issuer) UnmarshalText(text []byte) error {
	var address webAddress
	if err := address.UnmarshalText(text); err != nil {
		return err
	}
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return fmt.Errorf("https://…")
	}
	*i = issuer(text)
	return nil
}

// A mailAddress is from whom messages are: "Canot <canot@example.ca>".
type mailAddress string

// UnmarshalText refuses what is not one address.
func (m *mailAddress) UnmarshalText(text []byte) error {
	if _, err := netmail.ParseAddress(string(text)); err != nil {
		return fmt.Errorf("name <canot@example.ca>")
	}
	*m = mailAddress(text)
	return nil
}

// A logFormat is json or text.
type logFormat string

// UnmarshalText refuses other formats.
func (f *logFormat) UnmarshalText(text []byte) error {
	if s := string(text); s != "json" && s != "text" {
		return fmt.Errorf("json, text")
	}
	*f = logFormat(text)
	return nil
}

// A language is one that the commands speak.
type language string

// UnmarshalText refuses other languages.
func (l *language) UnmarshalText(text []byte) error {
	if _, known := locale.Named(string(text)); !known {
		return fmt.Errorf("fr, en")
	}
	*l = language(text)
	return nil
}

// prefixes are the networks of proxies whose word about the client is taken.
type prefixes []string

// UnmarshalText reads addresses and networks with commas between.
func (p *prefixes) UnmarshalText(text []byte) error {
	for _, s := range strings.Split(string(text), ",") {
		s = strings.TrimSpace(s)
		if _, _, err := net.ParseCIDR(s); err != nil && net.ParseIP(s) == nil {
			return fmt.Errorf("%q", s)
		}
		*p = append(*p, s)
	}
	return nil
}

// A setting is one variable of the configuration.
type setting struct {
	field     int
	variable  string
	byDefault string
	secret    bool
}

// settings lists the variables in the order of the struct.
func settings() []setting {
	t := reflect.TypeFor[config]()
	list := make([]setting, t.NumField())
	for i := range list {
		f := t.Field(i)
		list[i] = setting{i, f.Tag.Get("env"), f.Tag.Get("default"), f.Type == reflect.TypeFor[secret]()}
	}
	return list
}

// loadConfig reads the configuration from env, whose entries look like
// NAME=value. Every CANOT_ variable that is unknown or cannot be read is named
// in the error, a usageError. An empty variable counts as one not set.
func loadConfig(env []string, w words) (config, error) {
	given := map[string]string{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		// What the tests are given is none of the server's business.
		if strings.HasPrefix(name, "CANOT_") && !strings.HasPrefix(name, "CANOT_TEST_") && value != "" {
			given[name] = value
		}
	}
	var c config
	var wrong []string
	for _, s := range settings() {
		text, err := s.take(given)
		if err == nil && text != "" {
			err = set(reflect.ValueOf(&c).Elem().Field(s.field), text)
		}
		if err != nil {
			wrong = append(wrong, w.text("config_wrong", s.variable, w.reason(err, text, s.secret)))
		}
	}
	for name := range given {
		wrong = append(wrong, w.text("config_unknown", name))
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return config{}, usageError(strings.Join(wrong, "\n"))
	}
	return c, nil
}

// take removes the setting's variables from given and returns its text.
func (s setting) take(given map[string]string) (string, error) {
	value, ok := given[s.variable]
	delete(given, s.variable)
	file := s.variable + "_FILE"
	path, inFile := given[file]
	switch {
	case !s.secret || !inFile:
		if !ok {
			return s.byDefault, nil
		}
		return value, nil
	case ok:
		delete(given, file)
		return "", fmt.Errorf("%s + %s", s.variable, file)
	}
	delete(given, file)
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// set puts text into a field of the configuration.
func set(field reflect.Value, text string) error {
	if u, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch p := field.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err == nil && d < 0 {
			err = fmt.Errorf("< 0")
		}
		*p = d
		return err
	case *bool:
		b, err := strconv.ParseBool(text)
		*p = b
		return err
	case *int:
		n, err := strconv.Atoi(text)
		if err == nil && n < 0 {
			err = fmt.Errorf("< 0")
		}
		*p = n
		return err
	}
	field.SetString(text)
	return nil
}

// reason says why a value was refused, without showing a secret.
func (w words) reason(err error, text string, isSecret bool) string {
	if said := w.file(err); said != "" {
		return said
	}
	if isSecret {
		// The value of a secret must not come back in the error about it; only
		// errors of opening its file can arise, and those name the file.
		return err.Error()
	}
	return fmt.Sprintf("%q (%v)", text, err)
}

// databaseURL returns the address of the data base with the password put in. An
// address that no data base can have is refused by the name of what gave it.
func (c config) databaseURL(givenBy string, w words) (string, error) {
	if c.DatabaseURL == "" {
		return "", usageError(w.text("database_missing"))
	}
	raw := string(c.DatabaseURL)
	if err := checkAddress(raw, givenBy, w); err != nil {
		return "", err
	}
	if c.DatabasePassword == "" {
		return raw, nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "sqlite" {
		return "", usageError(w.text("config_wrong", "CANOT_DATABASE_PASSWORD", "postgres://"))
	}
	name := "canot"
	if u.User != nil && u.User.Username() != "" {
		name = u.User.Username()
	}
	u.User = url.UserPassword(name, string(c.DatabasePassword))
	return u.String(), nil
}

// logger makes the program's log: one record per line on w.
func (c config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// withoutPassword is the address of a data base, fit to be shown.
func withoutPassword(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Redacted()
}
