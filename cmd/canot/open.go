package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"
	"strings"
)

// databaseFlag adds --database, which goes before CANOT_DATABASE_URL.
func (c *command) databaseFlag(set *flag.FlagSet) *string { return set.String("database", "", "") }

// config reads the configuration, with the data base's address replaced when
// the flag gave one.
func (c *command) config(database string) (config, error) {
	env := c.env
	if database != "" {
		env = append([]string(nil), env...)
		for i, pair := range env {
			if strings.HasPrefix(pair, "CANOT_DATABASE_URL=") || strings.HasPrefix(pair, "CANOT_DATABASE_URL_FILE=") {
				env[i] = ""
			}
		}
		env = append(env, "CANOT_DATABASE_URL="+database)
	}
	return loadConfig(env, c.words)
}

// address is the configuration and the address of the data base.
func (c *command) address(database string) (config, string, error) {
	cfg, err := c.config(database)
	if err != nil {
		return cfg, "", err
	}
	givenBy := "CANOT_DATABASE_URL"
	if database != "" {
		givenBy = "--database"
	}
	address, err := cfg.databaseURL(givenBy, c.words)
	return cfg, address, err
}

// open opens the data base of a subcommand that works and ends. A SQLite file
// that is not there is made for those that fill it only.
func (c *command) open(ctx context.Context, database string, o opening) (*network, error) {
	cfg, address, err := c.address(database)
	if err != nil {
		return nil, err
	}
	if err := c.words.checkFile(address, o.create); err != nil {
		return nil, err
	}
	o.url = address
	o.migrate = o.migrate && cfg.Migrate
	o.conns = cfg.DatabaseConns
	o.log = c.quietLog()
	return open(ctx, o)
}

// quietLog is the log of a subcommand that works and ends, quiet but for
// warnings: what it has to say it says to the person.
func (c *command) quietLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// printJSON writes one value on one line of standard output.
func (c *command) printJSON(v any) error {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// input opens a file to read; "-" is standard input. The second answer closes it.
func (c *command) input(path string) (io.Reader, func() error, error) {
	if path == "-" {
		return c.stdin, func() error { return nil }, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// output gives write a file that appears under its name only when it is
// complete and on disk; "" and "-" are standard output. A file that is there
// already is left alone unless replace says otherwise. Only its owner may read it.
func (c *command) output(path string, replace bool, write func(io.Writer) error) error {
	if path == "" || path == "-" {
		return write(c.stdout)
	}
	if _, err := os.Lstat(path); err == nil && !replace {
		return usageError(c.words.text("file_exists", path))
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(part, path)
}
