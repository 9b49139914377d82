package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A wire is the line between one device and the network, which a test can cut: what is asked of it then
// breaks off without an answer, for pages and workers alike, and what was open breaks off too.
type wire struct {
	*httptest.Server
	mu    sync.Mutex
	cut   bool
	loses func(r *http.Request) bool // the answer to such a one gets lost, once, after it was carried out

	held    string        // what is asked of an address that ends so waits,
	release chan struct{} // until this is closed
	holding bool          // something waits
	answers bool          // it is the answer that waits, of the first that is asked alone: it was given before
	heavy   int64         // bytes of the largest thing that was sent

	refused string // what is asked below this path is answered with a status instead
	status  int
}

// newWire lays a line to a network.
func newWire(t *testing.T, to string) *wire {
	t.Helper()
	there, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(there)
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ModifyResponse: func(r *http.Response) error {
			if release := w.holds(r.Request, true); release != nil {
				<-release
			}
			if w.lost(r.Request) {
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	w.Server = httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
		if w.down() {
			panic(http.ErrAbortHandler) // the connection is closed without a word
		}
		if status := w.refuses(r.URL.Path); status != 0 {
			a.WriteHeader(status)
			return
		}
		w.weigh(r)
		if release := w.holds(r, false); release != nil {
			<-release
		}
		proxy.ServeHTTP(a, r)
	}))
	w.Config.ErrorLog = nil
	t.Cleanup(func() {
		w.letGo()
		w.CloseClientConnections()
		w.Close()
	})
	return w
}

func (w *wire) down() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

// refuse has what is asked below a path answered with a status by who stands before the network; "" ends it.
func (w *wire) refuse(path string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused, w.status = path, status
}

func (w *wire) refuses(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refused == "" || !strings.HasPrefix(path, w.refused) || strings.HasSuffix(path, "/hors-ligne") {
		return 0
	}
	return w.status
}

// lost says whether an answer gets lost on its way.
func (w *wire) lost(r *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loses == nil || !w.loses(r) {
		return false
	}
	w.loses = nil
	return true
}

// lose has the next answer to what is posted to an address that ends so get lost.
func (w *wire) lose(end string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loses = func(r *http.Request) bool { return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end) }
}

// breakAfter has the answer to what is posted next to an address that ends so get lost, and the line break then.
func (w *wire) breakAfter(end string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loses = func(r *http.Request) bool {
		w.cut = w.cut || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end)
		return w.cut
	}
}

// hold has what is asked of an address that ends so wait on its way, until it is let go.
func (w *wire) hold(end string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held, w.release, w.holding, w.answers = end, make(chan struct{}), false, false
}

// holdAnswer is hold for the answer to the next alone, which was given before and is late.
func (w *wire) holdAnswer(end string) {
	w.hold(end)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = true
}

// fade breaks the line for what is asked from now on; what was asked before is still answered.
func (w *wire) fade() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
}

func (w *wire) weigh(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heavy = max(w.heavy, r.ContentLength)
}

// heaviest is how large the largest thing is that was sent, in bytes.
func (w *wire) heaviest() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heavy
}

// isHolding says whether something waits on its way.
func (w *wire) isHolding() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.holding
}

func (w *wire) letGo() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.release != nil {
		close(w.release)
		w.release = nil
	}
}

func (w *wire) holds(r *http.Request, answer bool) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.release == nil || answer && w.holding || w.answers != answer || !strings.HasSuffix(r.URL.Path, w.held) {
		return nil
	}
	w.holding = true
	return w.release
}

// set cuts the line, or joins it again.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	w.cut = cut
	w.mu.Unlock()
	if cut {
		w.CloseClientConnections()
	}
}
