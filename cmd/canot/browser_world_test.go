package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpnet "github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A world is a demo network that the tests of pages share, and what is needed to name its pages.
// Tests that book take a member of their own.
type world struct {
	tried
	stop    context.CancelFunc
	stopped chan struct{}

	booking, other string    // of the artist, to come: of worldResource, one hour each, on one day
	booked         time.Time // when the first begins; the other begins three hours before
	from, to       time.Time // of that day, free of both and of the time between bookings
	stocktake      string    // that is under way
	ticket         string    // of worldUnit

	mu      sync.Mutex
	entered map[string][]*http.Cookie
	lent    int // members that tests have taken
}

// Where the artist of the demo books.
const (
	worldHub      = "rouyn-noranda"
	worldResource = "rouyn-noranda-studio-medialab"
	worldCategory = "medialab"

	worldElsewhere = "temiscaming-petite-salle-de-reunion" // at another hub

	worldCondition = "atelier" // made here: the demo has no written conditions

	worldUnit       = "RN-STUDIO-01"
	worldConsumable = "PAPIER-DU-TEST" // made here
)

// A sharedWorld is started by the first test that wants it, and ends with the last.
type sharedWorld struct {
	args []string
	once sync.Once
	in   *world
	err  string
}

var (
	smallWorld = sharedWorld{args: []string{"--members", "24"}}
	largeWorld = sharedWorld{args: []string{"--scale", "10"}} // takes some 20 seconds to grow
)

func (s *sharedWorld) get(t *testing.T) *world {
	t.Helper()
	s.once.Do(func() { s.in, s.err = startWorld(s.args...) })
	if s.err != "" {
		t.Fatal(s.err)
	}
	return s.in
}

// demoWorld is the demo network that tests share.
func demoWorld(t *testing.T) *world {
	t.Helper()
	return smallWorld.get(t)
}

// startWorld starts a demo that lives until it is stopped.
func startWorld(args ...string) (*world, string) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{stop: cancel, stopped: make(chan struct{}), entered: map[string][]*http.Cookie{}}
	said, complained := aLine{whole: make(chan struct{})}, log{}
	go func() {
		defer close(w.stopped)
		run(ctx, append([]string{"demo", "--json", "--no-limits", "--addr", "127.0.0.1:0"}, args...), []string{"LANG=en_CA.UTF-8"}, strings.NewReader(""), &said, &complained)
	}()
	select {
	case <-said.whole:
	case <-w.stopped:
		return w, complained.String()
	case <-time.After(5 * time.Minute):
		return w, "the demo does not start: " + complained.String()
	}
	if err := json.Unmarshal([]byte(said.String()), &w.tried); err != nil {
		return w, err.Error()
	}
	if err := w.book(); err != nil {
		return w, err.Error()
	}
	code, body, err := ask(ctx, w.token("administrator"), http.MethodPost, w.URL+"/api/v1/conditions", `{"slug": "`+worldCondition+`", "hub": "`+worldHub+`",
		"name": {"fr": "Règles de l’atelier", "en": "Workshop rules"}, "text": {"fr": "On range.\n\nOn éteint.", "en": "Tidy up.\n\nSwitch off."}}`)
	if err != nil || code != http.StatusCreated {
		return w, fmt.Sprint("the condition: ", code, err, body)
	}
	return w, w.shelve()
}

// shelve adds a consumable to the hub, and begins to take stock there. It returns what went wrong, or "".
func (w *world) shelve() string {
	at := w.URL + "/api/v1/hubs/" + worldHub
	code, body, err := ask(context.Background(), w.token("administrator"), http.MethodPost, at+"/consumables", `{"code": "`+worldConsumable+`", "name": {"fr": "Papier", "en": "Paper"}, "measure": "feuille", "low": 10}`)
	if err != nil || code != http.StatusCreated {
		return fmt.Sprint("the consumable: ", code, err, body)
	}
	code, body, err = ask(context.Background(), w.token("administrator"), http.MethodPost, at+"/stocktakes", `{"shelf": ""}`)
	var begun struct {
		ID string `json:"id"`
	}
	if err != nil || code != http.StatusCreated || json.Unmarshal([]byte(body), &begun) != nil {
		return fmt.Sprint("the stock-taking: ", code, err, body)
	}
	w.stocktake = begun.ID
	code, body, err = ask(context.Background(), w.token("administrator"), http.MethodPost, w.URL+"/api/v1/units/"+worldUnit+"/tickets", `{"description": "Un écran clignote.", "urgent": false}`)
	if err != nil || code != http.StatusCreated || json.Unmarshal([]byte(body), &begun) != nil {
		return fmt.Sprint("the ticket: ", code, err, body)
	}
	w.ticket = begun.ID
	return ""
}

// aLine is a log that tells when its first line is whole.
type aLine struct {
	log
	whole chan struct{}
	once  sync.Once
}

// Write adds to the log.
func (l *aLine) Write(p []byte) (int, error) {
	n, err := l.log.Write(p)
	if strings.Contains(l.String(), "\n") {
		l.once.Do(func() { close(l.whole) })
	}
	return n, err
}

// end stops the network, if it was started.
func (w *world) end() {
	if w != nil && w.stop != nil {
		w.stop()
		<-w.stopped
	}
}

// book makes two bookings of the artist, on a day when the studio is open and there is room for
// one more.
func (w *world) book() error {
	for ahead := 4; ahead < 16; ahead++ {
		day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, ahead).Add(19 * time.Hour)
		w.booked, w.from, w.to = day, day.Add(2*time.Hour), day.Add(3*time.Hour)
		free := true
		for _, starts := range []time.Time{day, day.Add(-3 * time.Hour), w.from} {
			var body string
			if err := w.speak("/bookings/preview", starts, http.StatusOK, &body); err != nil {
				return err
			}
			free = free && strings.Contains(body, `"ok":true`)
		}
		if !free {
			continue
		}
		for starts, made := range map[time.Time]*string{day: &w.booking, day.Add(-3 * time.Hour): &w.other} {
			var body string
			if err := w.speak("/bookings", starts, http.StatusCreated, &body); err != nil {
				return err
			}
			var b struct{ ID string }
			if err := json.Unmarshal([]byte(body), &b); err != nil {
				return err
			}
			*made = b.ID
		}
		return nil
	}
	return fmt.Errorf("%s is never free", worldResource)
}

// speak asks the API about an hour of the studio for the artist.
func (w *world) speak(path string, starts time.Time, want int, body *string) error {
	code, said, err := ask(context.Background(), w.token("member"), http.MethodPost, w.URL+"/api/v1"+path, bookingOf(worldResource, starts, starts.Add(time.Hour)))
	if err == nil && code != want {
		err = fmt.Errorf("%s: %d %s", path, code, said)
	}
	*body = said
	return err
}

// email is the address of the first account in a role.
func (w *world) email(role string) string {
	for _, a := range w.Accounts {
		if a.Role == role {
			return a.Email
		}
	}
	return ""
}

// member lends a member to a test, each to one only.
func (w *world) member(t *testing.T) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var members []string
	for _, a := range w.Accounts {
		if a.Role == "member" && a.Email != "artiste@demo.example" {
			members = append(members, a.Email)
		}
	}
	if w.lent >= len(members) {
		t.Fatal("the demo has no more members to lend")
	}
	w.lent++
	return members[w.lent-1]
}

var (
	letterLine = regexp.MustCompile(`<a href="(/demo/courriels/\d+)">[^<]*</a><span>([^<]*)</span>`)
	letterCode = regexp.MustCompile(`(?m)^    \d{6}$`)
	letterLink = regexp.MustCompile(`https?://[^\s"<]+/connexion/lien\?[^\s"<]+`)
)

// signIn signs somebody in by the link of a letter, once, and returns the cookies.
func (w *world) signIn(t *testing.T, email string) []*http.Cookie {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if have := w.entered[email]; have != nil {
		return have
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	fetch := func(method, path string, form url.Values) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set("Origin", w.URL)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode >= 400 {
			t.Fatalf("%s %s: %d, %v\n%s", method, path, answer.StatusCode, err, body)
		}
		return string(body)
	}
	if email == w.email(staff) || email == w.email(manager) { // by both steps at once, as the demo offers it
		fetch(http.MethodPost, "/demo/entrer", url.Values{"email": {email}})
		here, err := url.Parse(w.URL)
		if err != nil {
			t.Fatal(err)
		}
		w.entered[email] = jar.Cookies(here)
		return w.entered[email]
	}
	fetch(http.MethodPost, "/connexion", url.Values{"email": {email}})
	link, err := url.Parse(w.letterTo(t, email, letterLink))
	if err != nil {
		t.Fatal(err)
	}
	secret := link.RawQuery[strings.Index(link.RawQuery, "=")+1:]
	fetch(http.MethodPost, "/connexion/lien", url.Values{"secret": {secret}})
	here, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.entered[email] = jar.Cookies(here)
	return w.entered[email]
}

// letterTo waits for the latest letters to somebody, and returns what of one of them matches.
func (w *world) letterTo(t *testing.T, email string, what *regexp.Regexp) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, list := w.get(t, "/demo/courriels", nil)
		for _, line := range letterLine.FindAllStringSubmatch(string(list), -1) {
			if html.UnescapeString(line[2]) != email {
				continue // a network that starts writes to many at once
			}
			_, page := w.get(t, line[1], nil)
			if found := what.FindString(html.UnescapeString(string(page))); found != "" {
				return found
			}
		}
	}
	t.Fatalf("no letter to %s has %v", email, what)
	return ""
}

// codeFor is the code that was sent to somebody.
func (w *world) codeFor(t *testing.T, email string) string {
	t.Helper()
	return strings.TrimSpace(w.letterTo(t, email, letterCode))
}

// enter signs a window in.
func (w *window) enter(in *world, email string) {
	w.t.Helper()
	w.carry(in.URL, in.signIn(w.t, email))
}

// carry gives a window the cookies of a network.
func (w *window) carry(address string, cookies []*http.Cookie) {
	w.t.Helper()
	w.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		for _, c := range cookies {
			if _, err := cdp.Call(ctx, tab, cdpnet.SetCookie, cdpnet.SetCookieParams{Name: c.Name, Value: c.Value, URL: address, Path: "/", HTTPOnly: new(true)}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// get asks for a page over HTTP, as who has the cookies, and does not follow.
func (w *world) get(t *testing.T, address string, cookies []*http.Cookie, header ...string) (*http.Response, []byte) {
	t.Helper()
	return w.ask(t, http.MethodGet, address, "", cookies, header...)
}

// fetch asks for a page of the site as a browser does: by its form, if one leads there.
func (w *world) fetch(t *testing.T, p sitePage, language string, cookies []*http.Cookie, header ...string) (*http.Response, []byte) {
	t.Helper()
	if p.before != "" {
		if answer, body := w.ask(t, http.MethodPost, p.before, "", cookies); answer.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: status %d\n%s", p.before, answer.StatusCode, body)
		}
	}
	method := http.MethodGet
	if p.form != "" {
		method = http.MethodPost
	}
	return w.ask(t, method, p.addressIn(w, language), p.formIn(w), cookies, header...)
}

func (w *world) ask(t *testing.T, method, address, form string, cookies []*http.Cookie, header ...string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.URL+address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html,*/*")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", w.URL)
	}
	for _, c := range cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := plainClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer, body.Bytes()
}

// plainClient sees what is on the wire: it unpacks nothing and follows nothing.
var plainClient = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
