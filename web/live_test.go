package web

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// often has the town's screens be looked after at a pace for tests.
func (s *stand) often() {
	s.site.screens.every = time.Millisecond
	s.t.Cleanup(s.site.EndScreens) // before the server waits for its requests
}

// An ear is a screen that hears what its counter tells.
type ear struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

// listen opens the stream of events at Amos, of a screen that shows a stamp.
func (b *browser) listen(t *testing.T, stamp string, headers ...string) *ear {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.w.url+atAmos+"/direct?depuis="+stamp, nil)
	must(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := b.http.Do(r)
	must(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	return &ear{t, answer, bufio.NewScanner(answer.Body)}
}

// event waits for the next event and returns its name and what it says; "" at the end.
func (e *ear) event() (name, data string) {
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		case line == "" && name != "":
			return name, data
		}
	}
	return "", ""
}

// stamp is the state of the counter of Amos.
func (s *stand) stamp() string {
	s.t.Helper()
	c, err := s.book.Counter(s.t.Context(), identity.System, "amos")
	must(s.t, err)
	return c.Stamp
}

// screen is a browser of somebody new who works at Amos.
func (s *stand) screen(name string) *browser {
	s.t.Helper()
	ctx := s.t.Context()
	hub, err := s.site.Catalog.Hub(ctx, "amos")
	must(s.t, err)
	m, err := s.people.CreateMember(ctx, identity.System, identity.NewMember{Name: name, Language: "fr"})
	must(s.t, err)
	must(s.t, s.people.GrantRole(ctx, identity.System, m.ID, identity.Grant{Role: identity.Staff, HubID: hub.ID}, database.Key{}))
	var secret string
	must(s.t, s.db.In(ctx, func(tx *database.Tx) (err error) {
		secret, _, err = s.people.OpenSession(tx, m.ID, "link", 2, "")
		return err
	}))
	b := s.browser()
	at, err := url.Parse(s.url)
	must(s.t, err)
	b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "canot", Value: secret}})
	return b
}

// TestAllOpenScreensHearOfOneCommit opens as many screens as a large network has at its counters, and
// has each fetch its board once something has happened: that costs one board for each of the rights
// and languages among them, however many they are.
func TestAllOpenScreensHearOfOneCommit(t *testing.T) {
	const many = 200
	onCounter(t, func(t *testing.T, s *stand) {
		s.often()
		staff := []*browser{s.anne, s.rose, s.screen("Ines"), s.screen("Paul")}
		before, ears := s.stamp(), make([]*ear, many)
		for i := range ears {
			ears[i] = staff[i%len(staff)].listen(t, before)
		}
		booked := s.books("zoe@exemple.example", "amos-studio", 1, 1)
		after := s.stamp()
		if before == after {
			t.Fatal("a booking leaves the stamp")
		}
		boards := s.site.pieces.created.Load()
		var all sync.WaitGroup
		for i, e := range ears {
			all.Go(func() {
				if name, stamp := e.event(); name != "changed" || stamp != after {
					t.Errorf("screen %d heard %q %q, want changed %q", i, name, stamp, after)
					return
				}
				if v := staff[i%len(staff)].get(atAmos + "/tableau"); v.status != 200 || v.header.Get(stampHeader) != after || !strings.Contains(v.body, booked.Reference) && !strings.Contains(v.body, "Zoé") {
					t.Errorf("screen %d has %d %s", i, v.status, v.header.Get(stampHeader))
				}
			})
		}
		all.Wait()
		if made := s.site.pieces.created.Load() - boards; made != 2 {
			t.Errorf("the board was made %d times for %d screens, want once for staff and once for who manages", made, many)
		}
	})
}

// TestACounterTakesFewStatementsAtAnySize counts those of a page whose board is made anew, and of one
// with a booking open and a unit scanned: with the look at the session they are six at most.
func TestACounterTakesFewStatementsAtAnySize(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.often()
		s.anne.get(atAmos) // what is read once is read
		var first [3]int64
		for size, many := range []int{1, 3} {
			var open booking.Booking
			for range many {
				open = s.books("zoe@exemple.example", "amos-camera", 1, 1)
				s.clock.Move(time.Hour)
			}
			code := s.codes(open)[0]
			for i, path := range []string{"", "/tableau", "?r=" + open.ID + "&code=" + code} {
				s.anne.get("/comptoir")                         // every five minutes the use of a session is noted
				s.people.Forget(s.idOf("anne@exemple.example")) // as after the ten seconds for which a session is remembered
				if i == 2 {                                     // whom staff opened is written down, once an hour
					s.anne.get(atAmos + path)
					s.people.Forget(s.idOf("anne@exemple.example"))
				}
				before := s.statements.Load()
				s.anne.get(atAmos + path)
				took := s.statements.Load() - before
				if took > 6 {
					t.Errorf("%q takes %d statements, want 6 at most", path, took)
				}
				if size == 0 {
					first[i] = took
					s.books("zoe@exemple.example", "amos-studio", 1, 1) // so that the board is made anew for the next
					s.clock.Move(time.Hour)
				} else if took != first[i] && i != 1 {
					t.Errorf("%q takes %d statements, and %d with more before it", path, first[i], took)
				}
			}
		}
	})
}

func TestAScreenThatMissedSomethingIsToldAtOnce(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.often()
		for _, headers := range [][]string{nil, {"Accept-Encoding", "gzip"}} {
			e := s.anne.listen(t, "of-yesterday", headers...)
			if e.answer.Header.Get("Content-Type") != "text/event-stream" || e.answer.Header.Get("Content-Encoding") != "" || e.answer.Header.Get("Cache-Control") != "no-store" || e.answer.Header.Get("X-Accel-Buffering") != "no" {
				t.Errorf("a stream of %v", e.answer.Header)
			}
			if name, stamp := e.event(); name != "changed" || stamp != s.stamp() {
				t.Errorf("%q %q", name, stamp)
			}
		}
		// A browser that comes again says by itself what it heard last.
		e := s.anne.listen(t, "of-yesterday", "Last-Event-ID", s.stamp())
		s.books("zoe@exemple.example", "amos-studio", 1, 1)
		if name, stamp := e.event(); name != "changed" || stamp != s.stamp() {
			t.Errorf("%q %q", name, stamp)
		}
	})
}

func TestWhoMayNotStandAtACounterHearsNothing(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.often()
		luc := s.works("luc@exemple.example", "val-dor", identity.Staff)
		for _, path := range []string{"/direct", "/tableau"} {
			for name, x := range map[string]struct {
				who    *browser
				status int
			}{"nobody": {s.browser(), 401}, "a member": {s.zoe, 404}, "staff of elsewhere": {luc, 404}} {
				if v := x.who.get(atAmos + path); v.status != x.status || v.body != "" {
					t.Errorf("%s to %s: %d %s", path, name, v.status, v.body)
				}
			}
			if v := s.anne.get("/comptoir/nowhere" + path); v.status != 404 {
				t.Errorf("%s of no hub: %d", path, v.status)
			}
		}
	})
}

// TestAStreamEndsWithTheSession has streams ask often whether they may go on.
func TestAStreamEndsWithTheSession(t *testing.T) {
	for name, end := range map[string]func(s *stand, who identity.Actor) error{
		"signed out": func(s *stand, who identity.Actor) error {
			return s.people.EndSessions(s.t.Context(), identity.System, who.ID, "", false, database.Key{})
		},
		"the role is taken back": func(s *stand, who identity.Actor) error {
			return s.people.RevokeRole(s.t.Context(), identity.System, who.ID, who.Grants[0], database.Key{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			onCounter(t, func(t *testing.T, s *stand) {
				s.often()
				s.site.screens.again = time.Millisecond
				stays, ends := s.rose.listen(t, s.stamp()), s.anne.listen(t, s.stamp())
				hub, err := s.site.Catalog.Hub(t.Context(), "amos")
				must(t, err)
				must(t, end(s, identity.Actor{ID: s.idOf("anne@exemple.example"), Grants: []identity.Grant{{Role: identity.Staff, HubID: hub.ID}}}))
				if name, _ := ends.event(); name != "ended" {
					t.Errorf("it hears %q", name)
				}
				if name, _ := ends.event(); name != "" {
					t.Errorf("and then %q", name)
				}
				s.books("zoe@exemple.example", "amos-studio", 1, 1)
				if name, _ := stays.event(); name != "changed" {
					t.Errorf("another hears %q", name)
				}
			})
		})
	}
}

// TestAServerThatStopsWaitsForNoScreen stops one gracefully while screens are open.
func TestAServerThatStopsWaitsForNoScreen(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		s.often()
		ears := []*ear{s.anne.listen(t, s.stamp()), s.rose.listen(t, s.stamp())}
		s.site.EndScreens()
		for _, e := range ears {
			if name, _ := e.event(); name != "" {
				t.Errorf("it hears %q", name)
			}
		}
		if v := s.anne.get(atAmos + "/direct"); v.status != http.StatusServiceUnavailable {
			t.Errorf("a new screen of a server that stops: %d", v.status)
		}
		s.site.EndScreens() // twice is as once
	})
}

func TestOnePersonHasSoManyScreens(t *testing.T) {
	x := newScreens(func(context.Context, []string) (map[string]string, error) { return nil, nil })
	defer x.stop()
	var all []*screen
	for range mostScreens {
		one, err := x.open("amos", "anne", "")
		must(t, err)
		all = append(all, one)
	}
	if _, err := x.open("amos", "anne", ""); fault.KindOf(err) != fault.TooMany {
		t.Errorf("one more: %v", err)
	}
	if _, err := x.open("amos", "rose", ""); err != nil {
		t.Errorf("somebody else's: %v", err)
	}
	x.close(all[0])
	if _, err := x.open("amos", "anne", ""); err != nil {
		t.Errorf("in the place of one that was closed: %v", err)
	}
}

// TestNobodyLooksWhereNoScreenIsOpen counts looks: they end with the last screen and begin again with
// the next, and ask for the hubs of open screens alone.
func TestNobodyLooksWhereNoScreenIsOpen(t *testing.T) {
	looks := make(chan []string)
	x := newScreens(func(ctx context.Context, hubs []string) (map[string]string, error) {
		looks <- hubs
		return map[string]string{hubs[0]: "2"}, errors.New("the data base is away")
	})
	x.every = time.Millisecond
	for range 3 {
		one, err := x.open("amos", "anne", "1")
		must(t, err)
		if hubs := <-looks; len(hubs) != 1 || hubs[0] != "amos" {
			t.Errorf("they look for %v", hubs)
		}
		<-looks // a look that failed is no reason to stop
		x.mu.Lock()
		looking := x.looking
		x.mu.Unlock()
		x.close(one)
		for open := true; open; {
			select {
			case <-looks: // one may have been under way
			case <-looking:
				open = false
			}
		}
		if len(one.changed) != 0 {
			t.Error("a look that failed told something")
		}
	}
	x.stop()
}

// TestASlowScreenIsToldTheNewestAlone has a screen that takes no event while two things happen.
func TestASlowScreenIsToldTheNewestAlone(t *testing.T) {
	x := newScreens(nil)
	one := &screen{hub: "amos", stamp: "1", changed: make(chan string, 1)}
	x.byHub["amos"] = map[*screen]bool{one: true}
	x.tell(map[string]string{"amos": "1", "rouyn": "9"})
	if len(one.changed) != 0 {
		t.Error("it is told what it shows")
	}
	x.tell(map[string]string{"amos": "2"})
	x.tell(map[string]string{"amos": "3"})
	if got := <-one.changed; got != "3" || len(one.changed) != 0 {
		t.Errorf("it is told %s", got)
	}
}

func TestAPieceIsMadeOnceForAllThatShareIt(t *testing.T) {
	x, ctx := &pieces{}, t.Context()
	began, goOn := make(chan bool), make(chan bool)
	var all sync.WaitGroup
	key := pieceKey{"amos", "fr", "hand_out"}
	get := func(stamp, want string, create func() (string, error)) {
		t.Helper()
		if got, err := x.get(ctx, key, stamp, create); err != nil || string(got) != want {
			t.Errorf("%s %v, want %s", got, err, want)
		}
	}
	all.Go(func() {
		get("1", "one", func() (string, error) { began <- true; <-goOn; return "one", nil })
	})
	<-began
	for range 20 {
		all.Go(func() { get("1", "one", func() (string, error) { return "another", nil }) })
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if _, err := x.get(gone, key, "1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("who leaves meanwhile: %v", err)
	}
	close(goOn)
	all.Wait()
	get("2", "two", func() (string, error) { return "two", nil })
	failed := errors.New("away")
	if _, err := x.get(ctx, key, "3", func() (string, error) { return "", failed }); err != failed {
		t.Errorf("%v", err)
	}
	get("3", "three", func() (string, error) { return "three", nil })
	key.rights = "waive"
	get("3", "more", func() (string, error) { return "more", nil })
	key.language = "en"
	get("3", "English", func() (string, error) { return "English", nil })
	key.rights, key.language = "hand_out", "fr"
	get("3", "three", nil)
}
