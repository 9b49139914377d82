package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/web/edge"
)

// stampHeader says with the piece of a board which state of the counter it shows.
const stampHeader = "Canot-Stamp"

// What a stream of events keeps to.
const (
	heartbeat   = 20 * time.Second // a line that says nothing: proxies cut off who is silent for a minute
	slowest     = 10 * time.Second // a screen that takes no event for so long is gone
	asksAgain   = 30 * time.Second // whether who watches may still
	reconnectMs = 2000             // after which a browser comes again when the line was cut
)

func (s *Site) mountLive(r gin.IRouter) {
	s.on(r, "GET", counterPath+"/:hub/direct", liveEvents)
	s.on(r, "GET", counterPath+"/:hub/tableau", livePiece)
}

// EndScreens ends the streams of events of all open screens, and what watches for them. A server
// calls it when it begins to stop, for a stream would else last as long as its screen; and once more
// before it closes the data base.
func (s *Site) EndScreens() { s.screens.stop() }

// counterDesk is deskOf for the counter itself: it also tells the counter's stamp, and takes one
// statement in all.
func (p *page) counterDesk() (desk, booking.Counter, error) {
	c, err := p.Book.Counter(p.c.Request.Context(), p.v.Actor, p.c.Param("hub"))
	if err != nil {
		return desk{}, c, err
	}
	return p.deskAt(c.Hub, c.Zone), c, nil
}

// boardPiece is the part of a counter's page that shows what is before it, as somebody of these rights
// reads it. It is made once for all of them as long as nothing changes.
func (p *page) boardPiece(d desk, c booking.Counter) (made, error) {
	key := pieceKey{c.Hub.ID, p.l.Tag(), rightsAt(p.v.Actor, c)}
	return p.pieces.get(p.c.Request.Context(), key, c.Stamp, func() (string, error) {
		board, err := p.Book.BoardAt(p.c.Request.Context(), p.v.Actor, c)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		err = templates[p.l.Tag()].ExecuteTemplate(&b, "counter-board", boardOf(p.l, d, board, p.boardRights(d)))
		return b.String(), err
	})
}

// rightsAt are the rights that somebody has at a counter, in one text.
func rightsAt(who identity.Actor, c booking.Counter) string {
	var b strings.Builder
	for _, r := range identity.AllRights() {
		if who.May(r, c.Hub.ID, c.Hub.RegionID) {
			b.WriteString(string(r))
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// livePiece answers with the board alone, for the script of a screen that is open.
func livePiece(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return p.curtly(err)
	}
	piece, err := p.boardPiece(d, c)
	if err != nil {
		return p.curtly(err)
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Language", p.l.Tag())
	p.c.Header(sessionHeader, p.sessionMark())
	p.c.Header(stampHeader, c.Stamp)
	p.c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(piece))
	return nil
}

// liveEvents tells a screen whenever its counter has something else before it: the event changed, with
// the stamp of then. A screen says by which stamp it was made, and is told at once if that is over.
// The event ended says that who watches may no longer.
func liveEvents(p *page) error {
	c, err := p.Book.Counter(p.c.Request.Context(), p.v.Actor, p.c.Param("hub"))
	if err != nil {
		return p.curtly(err)
	}
	seen := p.c.GetHeader("Last-Event-ID")
	if seen == "" {
		seen = p.c.Query("depuis")
	}
	screen, err := p.screens.open(c.Hub.ID, p.v.Actor.ID, c.Stamp)
	if err != nil {
		return p.curtly(err)
	}
	defer p.screens.close(screen)
	h := p.c.Writer.Header()
	edge.Private(h)
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy is to hand on each event as it comes
	p.c.Status(http.StatusOK)
	s := stream{p, http.NewResponseController(p.c.Writer)}
	// The server bounds the time in which a request is read, and would take the end of that for the
	// end of the screen.
	_ = s.out.SetReadDeadline(time.Time{})
	first := fmt.Sprintf("retry: %d\n\n", reconnectMs)
	if seen != c.Stamp {
		first += changed(c.Stamp)
	}
	if s.send(first) {
		s.follow(c, screen)
	}
	return nil
}

// A stream is the line to one screen.
type stream struct {
	*page
	out *http.ResponseController
}

// changed is the event that a counter's stamp is another.
func changed(stamp string) string {
	return "event: changed\nid: " + stamp + "\ndata: " + stamp + "\n\n"
}

// follow tells a screen what happens until it is gone, the server stops, or who watches may no longer.
func (s stream) follow(c booking.Counter, screen *screen) {
	beat, again := time.NewTicker(s.screens.beat), time.NewTicker(s.screens.again)
	defer beat.Stop()
	defer again.Stop()
	ctx := s.c.Request.Context()
	for alive := true; alive; {
		select {
		case <-ctx.Done():
			return
		case <-screen.ended:
			return
		case stamp := <-screen.changed:
			alive = s.send(changed(stamp))
		case <-beat.C:
			alive = s.send(":\n\n")
		case <-again.C:
			if !s.mayStill(ctx, c) {
				s.send("event: ended\ndata: \n\n")
				return
			}
		}
	}
}

// mayStill asks whether who watches is still signed in, with the right to stand here. While the data
// base is away nothing is known against it.
func (s stream) mayStill(ctx context.Context, c booking.Counter) bool {
	who, err := s.Directory.Again(ctx, s.v.Actor)
	if fault.KindOf(err) == fault.Unavailable {
		return true
	}
	return err == nil && who.May(identity.HandOut, c.Hub.ID, c.Hub.RegionID) && rightsAt(who, c) == rightsAt(s.v.Actor, c)
}

// send writes to the screen and reports whether it took it. The time that an answer may take is
// begun anew: a stream lasts for hours, but no single event may.
func (s stream) send(text string) bool {
	_ = s.out.SetWriteDeadline(edge.In(slowest))
	if _, err := s.c.Writer.WriteString(text); err != nil {
		return false
	}
	return s.out.Flush() == nil
}

// curtly answers a script with a status alone: what went wrong is said by the page that it stands on.
func (p *page) curtly(err error) error {
	_, status := p.explain(err)
	edge.Private(p.c.Writer.Header())
	p.c.Status(status)
	p.c.Writer.WriteHeaderNow()
	return nil
}
