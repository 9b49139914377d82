package edge

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"canot/internal/fault"
)

// A Class says how often one caller may come: so many a second in the long
// run, and so many at once.
type Class struct {
	Name   string
	Rate   rate.Limit
	Bursts int
}

// The classes of requests. They are generous to a counter with a queue of
// people and tight for a loop that has gone wrong.
var (
	Reads    = Class{"reads", 50, 200}
	Searches = Class{"searches", 20, 80} // availability, previews: more work each
	Writes   = Class{"writes", 20, 80}
	Guesses  = Class{"guesses", 0.2, 20} // tokens that were refused
)

// remembered is how many callers a Limiter knows at most; the one not seen for longest is forgotten.
const remembered = 50_000

// A Limiter slows callers down, each for itself. It may be used by several
// goroutines; a nil Limiter slows nobody.
type Limiter struct {
	mu      sync.Mutex
	callers map[callerClass]*list.Element
	order   *list.List // of *bucket, last seen first
}

type callerClass struct{ class, caller string }

type bucket struct {
	key   callerClass
	limit *rate.Limiter
}

// NewLimiter returns a Limiter that knows nobody yet.
func NewLimiter() *Limiter {
	return &Limiter{callers: map[callerClass]*list.Element{}, order: list.New()}
}

// Take counts one request of a caller. When there have been too many it
// returns a fault of kind TooMany that says when to come back.
func (l *Limiter) Take(class Class, caller string) error {
	if l == nil {
		return nil
	}
	r := l.bucket(class, caller).Reserve()
	wait := r.Delay()
	if wait == 0 {
		return nil
	}
	r.Cancel()
	f := fault.New(fault.TooMany, "slow_down", nil)
	f.RetryAfter = max(wait, time.Second)
	return f
}

func (l *Limiter) bucket(class Class, caller string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := callerClass{class.Name, caller}
	if e, ok := l.callers[key]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*bucket).limit
	}
	b := &bucket{key: key, limit: rate.NewLimiter(class.Rate, class.Bursts)}
	l.callers[key] = l.order.PushFront(b)
	if l.order.Len() > remembered {
		oldest := l.order.Back()
		l.order.Remove(oldest)
		delete(l.callers, oldest.Value.(*bucket).key)
	}
	return b.limit
}

// Limit is a handler that counts requests by member, or by address when
// nobody is signed in. It stands behind Who. A nil limiter lets all pass.
func Limit(l *Limiter, class Class) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := l.Take(class, From(c.Request.Context()).Caller()); err != nil {
			Fail(c, err)
		}
	}
}

// Caller names who is asking, for limits: the member, or else the address.
func (v *Visit) Caller() string {
	if v.Actor.ID != "" {
		return "member:" + v.Actor.ID
	}
	return "address:" + network(v.Address)
}

// network takes the addresses that one household or office holds together: an
// IPv6 client owns a /64 and could else come from a new address each time.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// In is the instant that lies so far ahead by the clock of the machine: a deadline of a connection,
// which no clock of a test moves.
func In(d time.Duration) time.Time { return time.Now().Add(d) }
