package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	cdpnet "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The pages are read here as people read them: by Chromium, one for the whole test program,
// with a profile of its own for each test. Whatever the browser complains of fails the test:
// an error in the console, an exception, a word of the content policy, a request that fails
// or that goes to anybody but the network itself.

func TestMain(m *testing.M) {
	code := m.Run()
	chromium.close()
	smallWorld.in.end()
	largeWorld.in.end()
	counterWorld.in.end()
	os.Exit(code)
}

// chromium is the one browser, started by the first test that looks at a page.
var chromium oneBrowser

type oneBrowser struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop context.CancelFunc
}

// browserNames are the names by which Debian and others call it.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome"}

func (b *oneBrowser) open(t *testing.T) context.Context {
	t.Helper()
	b.once.Do(b.start)
	if b.err != nil {
		t.Fatalf("no browser to look at the pages with (run .ci/tools, or name one in CANOT_TEST_CHROMIUM): %v", b.err)
	}
	return b.ctx
}

func (b *oneBrowser) start() {
	names := browserNames
	if named := os.Getenv("CANOT_TEST_CHROMIUM"); named != "" {
		names = []string{named}
	}
	path := ""
	for _, name := range names {
		if path, b.err = exec.LookPath(name); b.err == nil {
			break
		}
	}
	if b.err != nil {
		return
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
	}
	for _, flag := range []string{
		"disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "disable-breakpad",
		// Tests look at several pages at once, so that most of them are in the background.
		"disable-background-timer-throttling", "disable-renderer-backgrounding", "disable-backgrounding-occluded-windows",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	options = append(options, chromedp.Flag("force-color-profile", "srgb"))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	b.ctx, _ = chromedp.NewContext(ctx)
	b.stop = stop
	b.err = chromedp.Do(b.ctx)
}

func (b *oneBrowser) close() {
	if b.stop != nil {
		patience, cancel := context.WithTimeout(b.ctx, 10*time.Second)
		defer cancel()
		_ = chromedp.Cancel(patience)
		b.stop()
	}
}

// A look is how somebody looks at the pages.
type look struct {
	width, height int64 // in CSS pixels; 0 is a small phone
	dark          bool
	still         bool // asks for reduced motion
	noScript      bool
	print         bool
	english       bool // by what the browser says it reads
}

var (
	phone   = look{width: 360, height: 740}
	desktop = look{width: 1280, height: 900}
)

// A window is a page in the browser, with cookies and stores of its own. It belongs to one test.
type window struct {
	t    *testing.T
	ctx  context.Context
	site string // the address of the network, without a slash at its end

	mu      sync.Mutex
	top     cdp.FrameID                 // of the page itself
	wrong   []string                    // what the browser complained of
	allowed []string                    // parts of complaints that the test expects
	flying  map[cdpnet.RequestID]flight // requests without an answer
	asked   []asked                     // everything that was asked for, in order
	stirred chan struct{}               // holds something after each event

	strokes int // keys that were pressed
}

// A flight is a request under way, and the loading of the page that it is a part of.
type flight struct {
	address string
	loader  cdp.LoaderID
}

// An asked is one request and where its answer came from.
type asked struct {
	id                   cdpnet.RequestID
	method, address      string
	kind                 string
	status               int64
	fromStore, forWorker bool
	bytes                float64 // on the wire, with the head
}

// openWindow opens a window that is closed after the test, and fails the test then if the
// browser complained of anything.
func openWindow(t *testing.T, site string, l look) *window {
	t.Helper()
	return openWindowIn(chromium.open(t), t, site, l, chromedp.WithNewBrowserContext())
}

// beside opens another tab of the same browser, with the same cookies and stores.
func (w *window) beside(l look) *window {
	w.t.Helper()
	return openWindowIn(w.ctx, w.t, w.site, l)
}

func openWindowIn(where context.Context, t *testing.T, site string, l look, options ...chromedp.ContextOption) *window {
	t.Helper()
	w := &window{t: t, site: strings.TrimSuffix(site, "/"), flying: map[cdpnet.RequestID]flight{}, stirred: make(chan struct{}, 1)}
	// Its own life, not the test's: what is looked at when the test fails must still be there.
	ctx, cancel := chromedp.NewContext(where, append(options, chromedp.WithListener(w.hear))...)
	w.ctx = ctx
	t.Cleanup(cancel)
	t.Cleanup(w.judge)
	w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		w.mu.Lock()
		w.top = cdp.FrameID(tab.TargetID)
		w.mu.Unlock()
		_, err := cdp.Call(ctx, tab, cdpnet.Enable, cdpnet.EnableParams{})
		return err
	}))
	w.see(l)
	return w
}

// see changes how the window is looked at.
func (w *window) see(l look) {
	w.t.Helper()
	if l.width == 0 {
		l.width, l.height = phone.width, phone.height
	}
	scheme, motion, media := "light", "no-preference", "screen"
	if l.dark {
		scheme = "dark"
	}
	if l.still {
		motion = "reduce"
	}
	if l.print {
		media = "print"
	}
	language := "fr-CA"
	if l.english {
		language = "en-CA"
	}
	w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, size := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.width < 600,
		})
		_, features := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
		_, script := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.noScript})
		_, focus := cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		_, reads := cdp.Call(ctx, tab, cdpnet.SetExtraHTTPHeaders, cdpnet.SetExtraHTTPHeadersParams{Headers: cdpnet.Headers{"Accept-Language": language}})
		return errors.Join(size, features, script, focus, reads)
	}))
}

// hear keeps what the browser tells. It runs in the middle of the browser's messages.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *cdpnet.EventRequestWillBeSent:
		// A frame that is shut off from the page is told of elsewhere; a stream of events never ends.
		if (e.Type != cdpnet.ResourceTypeDocument || e.FrameID == w.top) && e.Type != cdpnet.ResourceTypeEventSource {
			w.flying[e.RequestID] = flight{e.Request.URL, e.LoaderID}
		}
		w.asked = append(w.asked, asked{id: e.RequestID, method: e.Request.Method, address: e.Request.URL, kind: string(e.Type)})
		if !w.ours(e.Request.URL) {
			w.wrong = append(w.wrong, "asks somebody else: "+e.Request.URL)
		}
	case *cdpnet.EventRequestServedFromCache:
		w.note(e.RequestID, func(a *asked) { a.fromStore = true })
	case *cdpnet.EventResponseReceived:
		w.note(e.RequestID, func(a *asked) {
			a.status, a.fromStore, a.forWorker = e.Response.Status, a.fromStore || e.Response.FromDiskCache, e.Response.FromServiceWorker
		})
		if e.Response.Status >= 400 {
			w.wrong = append(w.wrong, fmt.Sprintf("status %d from %s", e.Response.Status, e.Response.URL))
		}
	case *cdpnet.EventLoadingFinished:
		w.note(e.RequestID, func(a *asked) { a.bytes = e.EncodedDataLength })
		delete(w.flying, e.RequestID)
	case *cdpnet.EventLoadingFailed:
		if !e.Canceled {
			w.wrong = append(w.wrong, fmt.Sprintf("%s did not load: %s %s", w.flying[e.RequestID].address, e.ErrorText, e.BlockedReason))
		}
		delete(w.flying, e.RequestID)
	case *page.EventFrameNavigated:
		if e.Frame.ID == w.top { // what the page before had still asked for is answered to nobody
			maps.DeleteFunc(w.flying, func(_ cdpnet.RequestID, f flight) bool { return f.loader != e.Frame.LoaderID })
		}
	case *page.EventJavascriptDialogOpening:
		w.wrong = append(w.wrong, "dialog: "+e.Message)
	case *runtime.EventExceptionThrown:
		w.wrong = append(w.wrong, "exception: "+exceptionText(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			words := make([]string, len(e.Args))
			for i, a := range e.Args {
				words[i] = string(a.Value) + a.Description
			}
			w.wrong = append(w.wrong, "console: "+strings.Join(words, " "))
		}
	case *cdplog.EventEntryAdded:
		// What the network says is heard above, with its status.
		if e.Entry.Source != cdplog.EntrySourceNetwork && (e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning) {
			w.wrong = append(w.wrong, fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL))
		}
	}
	select {
	case w.stirred <- struct{}{}:
	default:
	}
}

func exceptionText(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil {
		text += " " + d.Exception.Description
	}
	return text
}

// note changes the last request of an id.
func (w *window) note(id cdpnet.RequestID, f func(*asked)) {
	for i := len(w.asked) - 1; i >= 0; i-- {
		if w.asked[i].id == id {
			f(&w.asked[i])
			return
		}
	}
}

// ours says whether an address is of the network that is looked at, or of none at all.
func (w *window) ours(address string) bool {
	for _, own := range []string{w.site + "/", "data:", "blob:", "about:"} {
		if strings.HasPrefix(address, own) {
			return true
		}
	}
	return false
}

// allow names a part of complaints that this test expects, as «status 422».
func (w *window) allow(part string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allowed = append(w.allowed, part)
}

// judge fails the test if the browser complained.
func (w *window) judge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, complaint := range w.wrong {
		if !slices.ContainsFunc(w.allowed, func(part string) bool { return strings.Contains(complaint, part) }) {
			w.t.Errorf("the browser complains: %s", complaint)
		}
	}
	w.wrong = nil
}

// patience is how long a page may take: far longer than it does, for machines that are busy.
const patience = 30 * time.Second

// do takes steps, and fails the test when one fails.
func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx); err != nil { // opens the tab, if this is the first
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatalf("at %s: %v", w.address(), err)
	}
}

// address is where the window is, as its path and query.
func (w *window) address() string {
	where, err := chromedp.Run(w.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(where, w.site)
}

// path is where the window is, without the query.
func (w *window) path() string {
	u, err := url.Parse(w.address())
	if err != nil {
		w.t.Fatal(err)
	}
	return u.Path
}

// open goes to an address of the site, as by typing it, and waits until the page is whole.
func (w *window) open(address string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.site + address))
	w.calm()
}

// calm waits until nothing is asked for any more.
func (w *window) calm() {
	w.t.Helper()
	w.wait("that all is loaded", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.flying) == 0
	})
	w.until("that the page is whole", `document.readyState === "complete"`)
}

// wait waits until a condition holds, looking again after each event of the browser.
func (w *window) wait(what string, holds func() bool) {
	w.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(50 * time.Millisecond) // some changes are no event
	defer again.Stop()
	for !holds() {
		select {
		case <-w.stirred:
		case <-again.C:
		case <-late.C:
			w.t.Fatalf("at %s, waited in vain for %s; it reads:\n%s", w.address(), what, w.reads())
		}
	}
}

// until waits until an expression of JavaScript is true on the page, over changes of page.
func (w *window) until(what, expression string) {
	w.t.Helper()
	w.wait(what, func() bool {
		holds, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		return err == nil && holds // while a page goes, there is none to ask
	})
}

// reads is the text of the page, for a failure.
func (w *window) reads() string {
	text, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil {
		return err.Error()
	}
	return text[:min(len(text), 1500)]
}

// look evaluates an expression on the page.
func evaluate[T any](w *window, expression string, options ...chromedp.EvaluateOption) T {
	w.t.Helper()
	value, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, options...))
	if err != nil {
		w.t.Fatalf("at %s: %s: %v", w.address(), expression[:min(len(expression), 200)], err)
	}
	return value
}
