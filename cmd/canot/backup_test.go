package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database/dbtest"
)

// A booker makes bookings as fast as it can, each of a desk at an hour of its
// own, and remembers which were acknowledged.
type booker struct {
	url, token string
	mu         sync.Mutex
	booked     []string
	failed     error
	done       atomic.Bool
}

// work books one after the other until it is told to stop.
func (b *booker) work(t *testing.T, first time.Time, hub string) {
	for n := 0; !b.done.Load(); n++ {
		from := first.AddDate(0, 0, n/4).Add(time.Duration(n%4) * time.Hour)
		code, body, err := ask(t.Context(), b.token, http.MethodPost, b.url+"/api/v1/bookings", bookingOf(hub+"-poste-de-coworking", from, from.Add(time.Hour)))
		switch {
		case err != nil:
			b.note("", err)
		case code == http.StatusCreated:
			var made struct{ ID string }
			b.note("", json.Unmarshal([]byte(body), &made))
			b.note(made.ID, nil)
		case code != http.StatusConflict && code != http.StatusUnprocessableEntity:
			b.note("", fmt.Errorf("%d: %s", code, body))
		}
	}
}

// note remembers a booking that was acknowledged, or what went wrong.
func (b *booker) note(id string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != "" {
		b.booked = append(b.booked, id)
	}
	if err != nil && b.failed == nil {
		b.failed = err
	}
}

// acknowledged are the bookings that were made so far.
func (b *booker) acknowledged() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.booked...)
}

// until waits until so many bookings were acknowledged, or something went wrong.
func (b *booker) until(t *testing.T, many int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(b.acknowledged()) < many; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bookings only: %v", len(b.acknowledged()), b.failed)
		}
	}
}

// A backup is taken while bookings are being made; restored elsewhere, on either
// engine, it holds every booking that was acknowledged before it began.
func TestABackupTakenUnderLoadRestoresElsewhere(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, engine)
			env := []string{"CANOT_DATABASE_URL=" + url}
			must(t, env, "import", dataFile("hubs.csv"), dataFile("resources.csv"))
			must(t, env, "user", "create", "--name", "Lise R.", "--email", "lise@hub.example")
			token := strings.TrimSpace(must(t, env, "user", "token", "lise@hub.example").stdout)
			server, address := startServe(t, url)
			b := &booker{url: address, token: token}
			var all sync.WaitGroup
			first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 3).Add(15 * time.Hour)
			for _, hub := range []string{"rouyn-noranda", "val-dor", "sudbury"} {
				all.Go(func() { b.work(t, first, hub) })
			}
			stop := func() { b.done.Store(true); all.Wait() }
			defer stop()
			b.until(t, 20)
			before := b.acknowledged()
			file := filepath.Join(t.TempDir(), "backup.gz")
			must(t, env, "backup", file)
			stop()
			if b.failed != nil {
				t.Error(b.failed)
			}
			server.end(t)
			for _, other := range engines {
				drill(t, file, other, token, before)
			}
		})
	}
}

// drill restores a backup into an empty data base and looks whether it is whole.
func drill(t *testing.T, file, engine, token string, bookings []string) {
	t.Helper()
	url := dbtest.EmptyURL(t, engine)
	env := []string{"CANOT_DATABASE_URL=" + url}
	if o := must(t, env, "restore", file); !strings.Contains(o.stderr, "0 jours") && !strings.Contains(o.stderr, "0 days") {
		t.Errorf("%s: nothing says how old the backup is: %s", engine, o.stderr)
	}
	must(t, env, "check")
	if o := canot(t, env, "restore", file); o.code != exitFailed {
		t.Errorf("%s: restored over a network that is there: exit %d, %s", engine, o.code, o.stderr)
	}
	r, address := startServe(t, url)
	defer r.end(t)
	for _, id := range bookings {
		code, body, err := ask(t.Context(), token, http.MethodGet, address+"/api/v1/bookings/"+id, "")
		if err != nil || code != http.StatusOK {
			t.Errorf("%s: booking %s, acknowledged before the backup began: %d, %v, %s", engine, id, code, err, body)
		}
	}
}

func TestABackupIsNotWrittenOverAFileNorLeftHalfDone(t *testing.T) {
	env := []string{"CANOT_DATABASE_URL=" + dbtest.URL(t, "sqlite")}
	folder := t.TempDir()
	file := filepath.Join(folder, "backup.gz")
	must(t, env, "backup", file)
	if o := canot(t, env, "backup", file); o.code != exitUsage {
		t.Errorf("written over: exit %d", o.code)
	}
	must(t, env, "backup", "--force", file)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	half := filepath.Join(folder, "half.gz")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	target := []string{"CANOT_DATABASE_URL=" + dbtest.EmptyURL(t, "sqlite")}
	if o := canot(t, target, "restore", half); o.code != exitFailed {
		t.Errorf("half a backup restored: exit %d", o.code)
	}
	must(t, target, "restore", file)
}
