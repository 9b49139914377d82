package web

import (
	"context"
	"html/template"
	"sync"
	"sync/atomic"
	"time"

	"canot/internal/fault"
)

const (
	looksEvery = 300 * time.Millisecond // for what has changed, while screens are open
	lookTime   = 5 * time.Second        // that one look may take
	// mostScreens is how many screens one person may have open: a team shares an account at a
	// counter now and then, a program that opens them without end does not.
	mostScreens = 60
)

// screens are the counters that are open on a device somewhere. While there are any, one goroutine
// looks for what has changed, in one statement for all of them.
type screens struct {
	stamps func(ctx context.Context, hubs []string) (map[string]string, error)

	every, beat, again time.Duration // see looksEvery, heartbeat, asksAgain

	mu       sync.Mutex
	byHub    map[string]map[*screen]bool
	byPerson map[string]int
	stopped  bool
	looking  chan struct{} // closed when nobody looks any more; nil while nobody does
	ended    chan struct{} // closed when all screens are to end
}

// A screen is one of them.
type screen struct {
	hub, person string
	stamp       string      // as it was last told; of the goroutine that looks
	changed     chan string // holds the newest stamp alone
	ended       chan struct{}
}

func newScreens(stamps func(ctx context.Context, hubs []string) (map[string]string, error)) *screens {
	return &screens{
		stamps: stamps, every: looksEvery, beat: heartbeat, again: asksAgain,
		byHub: map[string]map[*screen]bool{}, byPerson: map[string]int{}, ended: make(chan struct{}),
	}
}

// open adds the screen of a person at a hub, which shows what had a stamp. It is TooMany when that
// person has too many, and Unavailable when the server is about to stop.
func (x *screens) open(hub, person, stamp string) (*screen, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stopped {
		return nil, fault.New(fault.Unavailable, "busy", nil)
	}
	if x.byPerson[person] >= mostScreens {
		return nil, fault.New(fault.TooMany, "slow_down", nil)
	}
	s := &screen{hub: hub, person: person, stamp: stamp, changed: make(chan string, 1), ended: x.ended}
	if x.byHub[hub] == nil {
		x.byHub[hub] = map[*screen]bool{}
	}
	x.byHub[hub][s] = true
	x.byPerson[person]++
	if x.looking == nil {
		x.looking = make(chan struct{})
		go x.look(x.looking)
	}
	return s, nil
}

// close takes a screen away.
func (x *screens) close(s *screen) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.byHub[s.hub], s)
	if len(x.byHub[s.hub]) == 0 {
		delete(x.byHub, s.hub)
	}
	if x.byPerson[s.person]--; x.byPerson[s.person] == 0 {
		delete(x.byPerson, s.person)
	}
}

// stop ends all screens, lets no more be opened, and waits until nobody looks any more.
func (x *screens) stop() {
	x.mu.Lock()
	if !x.stopped {
		x.stopped = true
		close(x.ended)
	}
	looking := x.looking
	x.mu.Unlock()
	if looking != nil {
		<-looking
	}
}

// look tells screens of what has changed until none is open. A look that fails is no reason to stop:
// the next one finds what this one would have.
func (x *screens) look(done chan struct{}) {
	defer close(done)
	tick := time.NewTicker(x.every)
	defer tick.Stop()
	for {
		select {
		case <-x.ended:
			return
		case <-tick.C:
		}
		hubs := x.hubs()
		if hubs == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookTime)
		if stamps, err := x.stamps(ctx, hubs); err == nil {
			x.tell(stamps)
		}
		cancel()
	}
}

// hubs are those of open screens. When there are none, nobody looks from here on: that is settled
// under the lock, so that the next screen finds nobody looking.
func (x *screens) hubs() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.byHub) == 0 {
		x.looking = nil
		return nil
	}
	all := make([]string, 0, len(x.byHub))
	for hub := range x.byHub {
		all = append(all, hub)
	}
	return all
}

// tell hands each screen the stamp of its hub, if it is another than the screen was told last. One
// that has not taken the last yet is told the newer one instead.
func (x *screens) tell(stamps map[string]string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for hub, stamp := range stamps {
		for s := range x.byHub[hub] {
			if s.stamp == stamp {
				continue
			}
			s.stamp = stamp
			select {
			case <-s.changed:
			default:
			}
			s.changed <- stamp
		}
	}
}

// made is a piece of a page, ready to be sent.
type made = template.HTML

// A pieceKey names what a piece depends on, beside the stamp: it is the same for all who share it.
type pieceKey struct{ hub, language, rights string }

// pieces remembers for each key the piece of the newest stamp. It is made by whoever needs it first;
// who needs it meanwhile waits for that one.
type pieces struct {
	created atomic.Int64 // so many were made

	mu  sync.Mutex
	all map[pieceKey]*piece
}

// mostPieces bounds them; past it, they are made afresh.
const mostPieces = 500

type piece struct {
	stamp string
	ready chan struct{} // closed when html or err is there
	html  made
	err   error
}

// get returns the piece of a stamp, made once by create. A maker that fails fails alone: its client may
// have left.
func (x *pieces) get(ctx context.Context, key pieceKey, stamp string, create func() (string, error)) (made, error) {
	for {
		one, mine := x.claim(key, stamp)
		if mine {
			return x.fill(key, one, create)
		}
		select {
		case <-one.ready:
			if one.err == nil {
				return one.html, nil
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// claim returns the piece of a stamp, and whether it is to be made.
func (x *pieces) claim(key pieceKey, stamp string) (*piece, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if one := x.all[key]; one != nil && one.stamp == stamp {
		return one, false
	}
	if x.all == nil || len(x.all) >= mostPieces {
		x.all = map[pieceKey]*piece{}
	}
	one := &piece{stamp: stamp, ready: make(chan struct{})}
	x.all[key] = one
	return one, true
}

// fill makes a piece. One that could not be made is forgotten.
func (x *pieces) fill(key pieceKey, one *piece, create func() (string, error)) (made, error) {
	one.err = fault.New(fault.Unavailable, "busy", nil) // should create panic
	defer func() {
		if one.err != nil {
			x.mu.Lock()
			if x.all[key] == one {
				delete(x.all, key)
			}
			x.mu.Unlock()
		}
		close(one.ready)
	}()
	x.created.Add(1)
	text, err := create()
	one.html, one.err = made(text), err
	return one.html, one.err
}
