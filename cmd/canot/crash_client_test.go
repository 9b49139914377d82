package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A client books, moves and cancels, one request after the other, and remembers what it
// was told. Nobody else touches its bookings, so that it knows exactly what they are.
type client struct {
	number int
	token  string
	http   *http.Client
	dice   *rand.Rand
	made   int // requests, for their keys
	counts map[string]int

	pending  *request          // sent, and not answered
	answered []*request        // a sample, to be sent again
	bookings map[string]string // by id: as it was last told, whole
}

// A request, and its answer once there is one.
type request struct {
	method, path, body string
	ifMatch, key       string
	booking            string // that it is about; "" for one to be made
	status             int
	answer             string
}

// told is what a client reads out of a booking.
type told struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Version  int64     `json:"version"`
	StartsAt time.Time `json:"starts_at"`
	Code     string    `json:"code"`
}

func newClient(number int, token string) *client {
	return &client{
		number: number, token: token, counts: map[string]int{}, bookings: map[string]string{},
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
		dice: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(number))),
	}
}

// errLater means that there was no answer, or one that says to come back later.
var errLater = errors.New("no answer yet")

// work makes requests until the server is gone or ctx is done.
func (c *client) work(ctx context.Context, url string) error {
	for ctx.Err() == nil {
		if c.pending == nil {
			c.pending = c.think()
		}
		switch err := c.settle(ctx, url); {
		case errors.Is(err, errLater):
			time.Sleep(5 * time.Millisecond)
		case err != nil:
			return err
		}
	}
	return nil
}

// think makes up a request: most of them where others want the same time.
func (c *client) think() *request {
	c.made++
	r := &request{key: fmt.Sprintf("client-%d-%d", c.number, c.made)}
	resource := []string{"studio", "studio", "desks", "room-" + strconv.Itoa(c.number)}[c.dice.IntN(4)]
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 2+c.dice.IntN(3)).Add(time.Duration(c.dice.IntN(24)) * time.Hour)
	end := start.Add(time.Duration(1+c.dice.IntN(3)) * 30 * time.Minute)
	var live []told
	for _, id := range slices.Sorted(maps.Keys(c.bookings)) {
		if b := read(c.bookings[id]); b.Status == "confirmed" {
			live = append(live, b)
		}
	}
	roll := c.dice.IntN(10)
	if len(live) == 0 || roll < 4 && len(live) < 12 {
		r.method, r.path, r.body = "POST", "/api/v1/bookings", bookingOf(resource, start, end)
		return r
	}
	b := live[c.dice.IntN(len(live))]
	r.booking, r.path = b.ID, "/api/v1/bookings/"+b.ID
	if c.dice.IntN(2) == 0 {
		r.ifMatch = strconv.Quote(strconv.FormatInt(b.Version, 10))
	}
	if roll < 7 {
		r.method, r.body = "PATCH", fmt.Sprintf(`{"starts_at": %q, "ends_at": %q}`, start.Format(time.RFC3339), end.Format(time.RFC3339))
	} else {
		r.method, r.path, r.body = "POST", r.path+"/cancel", `{}`
	}
	return r
}

func read(body string) (b told) {
	_ = json.Unmarshal([]byte(body), &b)
	return b
}

// send sends a request, with its key.
func (c *client) send(ctx context.Context, url string, r *request) (status int, body string, err error) {
	q, err := http.NewRequestWithContext(ctx, r.method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		return 0, "", err
	}
	q.Header.Set("Authorization", "Bearer "+c.token)
	if r.method != http.MethodGet {
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Idempotency-Key", r.key)
	}
	if r.ifMatch != "" {
		q.Header.Set("If-Match", r.ifMatch)
	}
	a, err := c.http.Do(q)
	if err != nil {
		return 0, "", errLater
	}
	defer a.Body.Close()
	content, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode == http.StatusServiceUnavailable {
		return 0, "", errLater
	}
	return a.StatusCode, string(content), nil
}

// settle sends the pending request and takes note of its answer.
func (c *client) settle(ctx context.Context, url string) error {
	r := c.pending
	status, body, err := c.send(ctx, url, r)
	if err != nil {
		c.counts["not answered"]++
		return err
	}
	r.status, r.answer, c.pending = status, body, nil
	verb := r.method
	if strings.HasSuffix(r.path, "/cancel") {
		verb = "cancel"
	}
	c.counts[verb+" "+strconv.Itoa(status)]++
	b := read(body)
	switch {
	case status == http.StatusCreated && r.booking == "" && c.bookings[b.ID] == "":
		c.bookings[b.ID] = body
	case status == http.StatusOK && r.booking == b.ID && b.ID != "":
		if was := read(c.bookings[b.ID]); b.Version != was.Version+1 {
			return fmt.Errorf("%s %s went from version %d to %d", r.method, r.path, was.Version, b.Version)
		}
		c.bookings[b.ID] = body
	case status == http.StatusConflict && b.Code == "conflict":
	default:
		return fmt.Errorf("%s %s %s, key %s, If-Match %s: %d %s", r.method, r.path, r.body, r.key, r.ifMatch, status, body)
	}
	if len(c.answered) < 200 {
		c.answered = append(c.answered, r)
	} else {
		c.answered[c.dice.IntN(len(c.answered))] = r
	}
	return nil
}

// verify asks for the answer that is owed, then for everything: all that was told must
// be so, nothing else may be, and old keys must give their first answers.
func (c *client) verify(ctx context.Context, url string) error {
	if c.pending != nil {
		c.counts["asked again"]++
	}
	for c.pending != nil {
		switch err := c.settle(ctx, url); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errLater):
			time.Sleep(20 * time.Millisecond)
		case err != nil:
			return fmt.Errorf("asked again: %w", err)
		}
	}
	if err := c.compare(ctx, url); err != nil {
		return err
	}
	for range min(5, len(c.answered)) {
		r := c.answered[c.dice.IntN(len(c.answered))]
		status, body, err := c.send(ctx, url, r)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if status != r.status || !sameAnswer(body, r.answer) {
			return fmt.Errorf("key %s was answered\n%d %s\nand is now answered\n%d %s", r.key, r.status, r.answer, status, body)
		}
		c.counts["replayed"]++
	}
	return c.compare(ctx, url) // a replay changed nothing
}

// sameAnswer compares two answers but for the id of the request.
func sameAnswer(a, b string) bool {
	strip := func(s string) string {
		var m map[string]any
		if json.Unmarshal([]byte(s), &m) != nil {
			return s
		}
		delete(m, "instance")
		delete(m, "request_id")
		out, _ := json.Marshal(m)
		return string(out)
	}
	return strip(a) == strip(b)
}

// compare reads all of the client's bookings and holds them against what it was told.
func (c *client) compare(ctx context.Context, url string) error {
	there := map[string]string{}
	for cursor := ""; ; {
		path := "/api/v1/bookings?mine=true&limit=200"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		status, body, err := c.send(ctx, url, &request{method: http.MethodGet, path: path})
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("list: %d %s %w", status, body, err)
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  *string           `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			id := read(string(item)).ID
			if there[id] != "" {
				return fmt.Errorf("booking %s is listed twice", id)
			}
			there[id] = string(item)
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	for id, was := range c.bookings {
		if !sameAnswer(there[id], was) {
			return fmt.Errorf("told\n%s\nand there is\n%s", was, there[id])
		}
	}
	for id, is := range there {
		if c.bookings[id] == "" {
			return fmt.Errorf("nobody was told of %s", is)
		}
	}
	return nil
}
