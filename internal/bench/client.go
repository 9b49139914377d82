package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A caller keeps one connection open and speaks HTTP on it by hand: what the client costs
// is taken from the server on a small machine.
type caller struct {
	conn   net.Conn
	in     *bufio.Reader
	addr   string
	token  string
	accept string // of the encodings of answers, "" for none
	sent   []byte
}

func (b *bed) caller(i int) (*caller, error) {
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), addr: b.addr, token: b.tokens[i%len(b.tokens)]}, nil
}

// call sends one request and reads the answer to its end.
func (c *caller) call(method, path, key, prefer, body string) (status int, size int64, err error) {
	s := append(c.sent[:0], method+" "+path+" HTTP/1.1\r\nHost: "+c.addr+"\r\n"...)
	if c.token != "" {
		s = append(s, "Authorization: Bearer "+c.token+"\r\n"...)
	}
	if c.accept != "" {
		s = append(s, "Accept-Encoding: "+c.accept+"\r\n"...)
	}
	if key != "" {
		s = append(s, "Idempotency-Key: "+key+"\r\n"...)
	}
	if prefer != "" {
		s = append(s, "Prefer: "+prefer+"\r\n"...)
	}
	if body != "" {
		s = append(s, "Content-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n"...)
	}
	s = append(append(s, "\r\n"...), body...)
	c.sent = s
	if _, err := c.conn.Write(s); err != nil {
		return 0, 0, err
	}
	a, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, 0, err
	}
	size, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, size, err
}

// bookingBody is the request for one hour of a resource.
func bookingBody(resource string, from, to time.Time) string {
	return `{"resource":"` + resource + `","starts_at":"` + from.UTC().Format(time.RFC3339) +
		`","ends_at":"` + to.UTC().Format(time.RFC3339) + `","title":"Répétition"}`
}

// A pace is what a turn of clients showed.
type pace struct {
	rate float64 // a second
	took []time.Duration
}

func (p pace) at(share float64) time.Duration {
	if len(p.took) == 0 {
		return 0
	}
	return p.took[min(len(p.took)-1, int(share*float64(len(p.took))))]
}

// together lets clients do something over and over for a while. Each has its own state,
// made before the clock starts.
func together[S any](ctx context.Context, clients int, turn time.Duration, begin func(i int) (S, error), do func(s S) error, end func(S)) (pace, error) {
	states := make([]S, clients)
	for i := range states {
		var err error
		if states[i], err = begin(i); err != nil {
			return pace{}, err
		}
	}
	took := make([][]time.Duration, clients)
	var failed atomic.Value
	var all sync.WaitGroup
	began := time.Now()
	for i := range states {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(began) < turn && failed.Load() == nil {
				start := time.Now()
				if err := do(states[i]); err != nil {
					failed.CompareAndSwap(nil, fmt.Errorf("client %d: %w", i, err))
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	for _, s := range states {
		end(s)
	}
	if err, ok := failed.Load().(error); ok {
		return pace{}, err
	}
	p := pace{took: slices.Concat(took...)}
	slices.Sort(p.took)
	p.rate = float64(len(p.took)) / elapsed.Seconds()
	return p, ctx.Err()
}

// overHTTP is together for callers.
func (b *bed) overHTTP(ctx context.Context, clients int, turn time.Duration, do func(c *caller) error) (pace, error) {
	return together(ctx, clients, turn, b.caller, do, func(c *caller) { _ = c.conn.Close() })
}

// create books the next slot that nobody has.
func (b *bed) create(c *caller) error {
	n := int(b.next.Add(1))
	unit, from, to := b.slot(n, ahead)
	status, _, err := c.call("POST", "/api/v1/bookings", "bench-"+strconv.Itoa(n), "", bookingBody(b.resources[unit], from, to))
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("a free slot was answered %d", status)
	}
	return err
}

// medians of several turns of the same things.
type medians map[string][]pace

func (m medians) add(name string, p pace) { m[name] = append(m[name], p) }

func (m medians) rate(name string) float64 {
	return median(m[name], func(p pace) float64 { return p.rate })
}

func (m medians) took(name string, share float64) time.Duration {
	return time.Duration(median(m[name], func(p pace) float64 { return float64(p.at(share)) }))
}

func median(all []pace, of func(pace) float64) float64 {
	if len(all) == 0 {
		return 0
	}
	v := make([]float64, len(all))
	for i, p := range all {
		v[i] = of(p)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
