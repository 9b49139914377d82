package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// engines are the data bases that the program runs on.
var engines = []string{"sqlite", "postgres"}

// outcome is what one run of the program left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// canot runs the true program to its end, in English.
func canot(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	return canotReading(t, env, strings.NewReader(""), args...)
}

// canotReading is canot with something on standard input.
func canotReading(t *testing.T, env []string, in io.Reader, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, append([]string{"LANG=en_CA.UTF-8"}, env...), in, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// must runs the program and fails the test unless it exits with 0.
func must(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	o := canot(t, env, args...)
	if o.code != exitDone {
		t.Fatalf("canot %s: exit %d\n%s%s", strings.Join(args, " "), o.code, o.stdout, o.stderr)
	}
	return o
}

// A log is a buffer that a running program writes to while the test reads it.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds to the log.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is what was written so far.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// A running program, started by start.
type running struct {
	stdout, stderr log
	stop           context.CancelFunc
	code           chan int
}

// start runs the true program in the background, until the test ends or stops it.
func start(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, code: make(chan int, 1)}
	env = append([]string{"LANG=en_CA.UTF-8"}, env...)
	go func() { r.code <- run(ctx, args, env, strings.NewReader(""), &r.stdout, &r.stderr) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

// end stops the program and returns its exit code.
func (r *running) end(t *testing.T) int {
	t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		r.code <- code
		return code
	case <-time.After(time.Minute):
		t.Fatal("the program does not stop")
		return -1
	}
}

// line waits for a line of out that holds the text.
func (r *running) line(t *testing.T, out *log, text string) string {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		select {
		case code := <-r.code:
			r.code <- code
			t.Fatalf("exit %d before %q\n%s%s", code, text, r.stdout.String(), r.stderr.String())
		default:
		}
	}
	t.Fatalf("no %q\n%s", text, r.stderr.String())
	return ""
}

// A network as `canot demo --json` describes it.
type tried struct {
	URL      string
	Data     string
	Accounts []struct{ Role, Email, Hub, Token string }
}

// token is the first token of the role.
func (d tried) token(role string) string {
	for _, a := range d.Accounts {
		if a.Role == role {
			return a.Token
		}
	}
	return ""
}

// startDemo starts the demo and waits until it is ready.
func startDemo(t *testing.T, args ...string) (*running, tried) {
	t.Helper()
	r := start(t, nil, append([]string{"demo", "--json", "--addr", "127.0.0.1:0"}, args...)...)
	var d tried
	if err := json.Unmarshal([]byte(r.line(t, &r.stdout, `"url"`)), &d); err != nil {
		t.Fatal(err)
	}
	return r, d
}

// startServe starts the server and returns its address.
func startServe(t *testing.T, url string) (*running, string) {
	t.Helper()
	r := start(t, []string{"CANOT_DATABASE_URL=" + url, "CANOT_ADDR=127.0.0.1:0", "CANOT_ADMIN_ADDR=off"}, "serve")
	public, _ := addresses(t, r.line(t, &r.stderr, `"listening"`))
	return r, "http://" + public
}

// addresses reads where a server listens from its log.
func addresses(t *testing.T, record string) (public, admin string) {
	t.Helper()
	var said struct{ Addr, Admin string }
	if err := json.Unmarshal([]byte(record), &said); err != nil {
		t.Fatal(err)
	}
	return said.Addr, said.Admin
}

// ask sends a request with a token and returns status and body.
func ask(ctx context.Context, token, method, url, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Accept-Language", "en")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), err
}

// bookingOf is the body of a booking of one resource.
func bookingOf(resource string, from, to time.Time) string {
	return fmt.Sprintf(`{"resource": %q, "starts_at": %q, "ends_at": %q}`, resource, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
}
