package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"canot/internal/database"
)

// checkAddress refuses, by the name of what gave it, an address that no data
// base can have. The address itself is not shown: it may hold a password.
func checkAddress(raw, givenBy string, w words) error {
	u, err := url.Parse(raw)
	if err == nil {
		switch u.Scheme {
		case "postgres", "postgresql":
			return nil
		case "sqlite":
			if u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasSuffix(u.Path, "/") && u.Fragment == "" {
				return nil
			}
		}
	}
	return usageError(w.text("database_wrong", givenBy))
}

// checkFile says at once why a SQLite file cannot be used. Left to the data
// base, a folder that is not there would be waited for like a server that is
// still starting. create says whether a file that is not there is made: a
// command that only reads must not leave an empty network behind a mistyped name.
// The error holds a sentence for the person.
func (w words) checkFile(raw string, create bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "sqlite" {
		return nil // not a file, or for database.Open to refuse
	}
	path := filepath.FromSlash(u.Path)
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return errors.New(w.text("database_no_file", path))
	case err == nil:
		return w.tryToWrite(path)
	case !create:
		return errors.New(w.text("database_not_there", path))
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return errors.New(w.text("database_no_folder", path, folder))
	}
	return w.tryToWrite(path)
}

// tryToWrite opens what SQLite will: the file, and files of its own beside it.
func (w words) tryToWrite(path string) error {
	beside, err := os.CreateTemp(filepath.Dir(path), ".canot-*")
	if err == nil {
		err = errors.Join(beside.Close(), os.Remove(beside.Name()))
	}
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_RDWR, 0); err == nil {
			err = file.Close()
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return errors.New(w.text("database_no_right", path))
	}
	// Whatever else there is, a full disk for one, may pass: the data base says it.
	return nil
}

// scratch is a copy of the network on a SQLite file of its own, in a folder that
// only its owner may open, for trying out what must not be kept. done removes it.
func (c *command) scratch(ctx context.Context, at string) (trial *network, done func() error, err error) {
	folder, err := os.MkdirTemp("", "canot-dry-run-")
	if err != nil {
		return nil, nil, err
	}
	trial, err = open(ctx, opening{
		url: database.SQLiteURL(filepath.ToSlash(filepath.Join(folder, "canot.db"))), migrate: true, log: c.quietLog(),
	})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(folder))
	}
	done = func() error { return errors.Join(trial.close(), os.RemoveAll(folder)) }
	if err := c.fill(ctx, trial, at); err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return trial, done, nil
}

// fill puts the rows of the data base at an address into an empty network. A
// SQLite file that is not there yet has none, and is not made.
func (c *command) fill(ctx context.Context, trial *network, at string) error {
	_, address, err := c.address(at)
	if err != nil {
		return err
	}
	if err := c.words.checkFile(address, true); err != nil || notThere(address) {
		return err
	}
	original, err := c.open(ctx, at, opening{migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer original.close()
	rows, w := io.Pipe()
	saved := make(chan error, 1)
	go func() {
		err := original.db.Backup(ctx, w)
		saved <- errors.Join(err, w.CloseWithError(err))
	}()
	_, err = trial.db.Restore(ctx, rows)
	// Should the copy break off, the backup must not wait for a reader.
	_ = rows.CloseWithError(io.ErrClosedPipe)
	if broken := <-saved; broken != nil && !errors.Is(broken, io.ErrClosedPipe) {
		return broken
	}
	return err
}

// notThere reports whether an address is that of a SQLite file that is not there.
func notThere(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "sqlite" {
		return false
	}
	_, err = os.Stat(filepath.FromSlash(u.Path))
	return errors.Is(err, fs.ErrNotExist)
}
