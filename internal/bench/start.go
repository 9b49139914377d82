package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// theProgram builds the program once.
var theProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "canot-bench-program-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "canot")
	build := exec.Command("go", "build", "-tags=nomsgpack", "-o", path, "canot/cmd/canot")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// startOf measures canot serve from its start to its first readiness (figure 14).
func startOf(ctx context.Context, b *bed, t *table) error {
	var all pace
	for range b.rounds {
		took, err := readyAfter(ctx, []string{"serve"}, `"listening"`, "CANOT_DATABASE_URL="+b.url, "CANOT_ADDR=127.0.0.1:0", "CANOT_ADMIN_ADDR=off")
		if err != nil {
			return err
		}
		all.took = append(all.took, took)
	}
	t.count("14", fmt.Sprintf("canot serve with %d bookings is ready after, in s", b.size.bookings), middle(all.took).Seconds(), atMost, 2)
	return nil
}

// measureDemo measures canot demo until it is ready.
func measureDemo(ctx context.Context, t *table) error {
	t.section("canot demo", size{})
	var took []time.Duration
	for range max(1, t.options.rounds) {
		one, err := readyAfter(ctx, []string{"demo", "--json", "--addr", "127.0.0.1:0"}, `"accounts"`)
		if err != nil {
			return err
		}
		took = append(took, one)
	}
	t.count("14", "canot demo is ready after the build, in s", middle(took).Seconds(), atMost, 8)
	return nil
}

// readyAfter starts the program, waits until it is ready, and ends it.
func readyAfter(ctx context.Context, args []string, line string, env ...string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	r, err := begin(ctx, args, line, env...)
	if err != nil {
		return 0, err
	}
	r.end()
	return r.took, nil
}

// A running program, that was ready after it took so long.
type running struct {
	url  string
	said []byte // the line that says that it is ready
	took time.Duration
	end  func() // ends it, and waits until it has
}

// begin starts the program and waits for the line that says that it is ready, and for the
// answer of /readyz.
func begin(ctx context.Context, args []string, line string, env ...string) (*running, error) {
	program, err := theProgram()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append([]string{"TMPDIR=" + os.TempDir()}, env...)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = w.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	p := &running{end: func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = r.Close()
	}}
	p.url, p.said, err = readyAt(lines, line)
	p.took = time.Since(began)
	go func() { // the program must not wait for a reader
		for lines.Scan() {
		}
	}()
	if err != nil {
		p.end()
		return nil, fmt.Errorf("canot %s: %w", args[0], err)
	}
	return p, nil
}

// readyAt reads what a program says until it is ready, and returns its address and what it said.
func readyAt(lines *bufio.Scanner, line string) (string, []byte, error) {
	for lines.Scan() {
		if !strings.Contains(lines.Text(), line) {
			continue
		}
		var said struct{ Addr, URL string }
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			return "", nil, err
		}
		if said.URL == "" {
			said.URL = "http://" + said.Addr
		}
		a, err := http.Get(said.URL + "/readyz")
		if err != nil {
			return "", nil, err
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusOK {
			return "", nil, fmt.Errorf("/readyz was answered %d", a.StatusCode)
		}
		return said.URL, bytes.Clone(lines.Bytes()), nil
	}
	return "", nil, errors.New("ended before it was ready")
}
