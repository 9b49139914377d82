package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"canot/internal/identity"
	"canot/inventory/hours"
)

// screensOpen is how many screens of a counter are open at once, as in a large network.
const screensOpen = 200

// counterOf measures the counter of the demo network's busiest hub, at scale 10 and on one core
// (figure 15): its page, made anew for each look, beside the statements of its board sent bare; and how
// long it takes until all of many open screens have their board anew after one commit.
func counterOf(ctx context.Context, o options, t *table, engine string) error {
	b := &bed{options: o, engine: engine, drop: func() {}}
	var err error
	if b.dir, err = os.MkdirTemp("", "canot-bench-"); err != nil {
		return err
	}
	defer b.close()
	if b.url, err = b.makeDatabase(ctx); err != nil {
		return err
	}
	program, err := begin(ctx, []string{"demo", "--scale", demoScale, "--no-limits", "--json", "--addr", "127.0.0.1:0", "--database", b.url}, `"accounts"`, "GOMAXPROCS=1")
	if err != nil {
		return err
	}
	defer program.end()
	b.addr = strings.TrimPrefix(program.url, "http://")
	w := &counterBench{bed: b}
	if err := w.find(program.said); err != nil {
		return err
	}
	if err := b.open(ctx, b.url); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	t.section(engine+", the counter of a hub, the demo network at scale "+demoScale+" on one core", size{})
	if err := w.page(ctx, t); err != nil {
		return err
	}
	return w.screens(ctx, t)
}

// A counterBench is a counter, and a booking there whose title is changed to have something happen.
type counterBench struct {
	*bed
	hub, booking string
	changes      int
}

// find reads who may stand at a counter, and where, from what the program said of its accounts.
func (w *counterBench) find(said []byte) error {
	var demo struct {
		Accounts []struct{ Role, Hub, Token string }
	}
	if err := json.Unmarshal(said, &demo); err != nil {
		return err
	}
	for _, a := range demo.Accounts {
		if a.Role == string(identity.PlainMember) {
			continue
		}
		if a.Role == string(identity.Staff) {
			w.hub = a.Hub
		}
		w.tokens = append(w.tokens, a.Token)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+w.addr+"/api/v1/bookings?hub="+w.hub+"&status=confirmed&limit=1", nil)
	if err != nil || len(w.tokens) == 0 {
		return fmt.Errorf("nobody works at a counter of the demo network (%w)", err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[0])
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	var found struct{ Items []struct{ ID string } }
	if err := json.NewDecoder(a.Body).Decode(&found); err != nil || len(found.Items) == 0 {
		return fmt.Errorf("the counter of %s has no booking (%w)", w.hub, err)
	}
	w.booking = found.Items[0].ID
	return nil
}

// settle waits until the program has done what it has to do at its start: some seconds of work for its
// one core, which no page is to share.
func (w *counterBench) settle(ctx context.Context) error {
	for quiet := 0; quiet < 5; {
		var due int
		if err := w.db.Reader(ctx).Get(&due, `SELECT count(*) FROM jobs WHERE state = 'running' OR state = 'ready' AND run_at <= $1`, w.db.Now()); err != nil {
			return err
		}
		if quiet++; due > 0 {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// happen changes something at the counter, in one commit.
func (w *counterBench) happen(c *caller) error {
	w.changes++
	status, _, err := c.call("PATCH", "/api/v1/bookings/"+w.booking, "", "", fmt.Sprintf(`{"title":"Atelier %d"}`, w.changes))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a change of a title was answered %d", status)
	}
	return err
}

// page measures the counter's page with its board made anew, beside its statements sent by a loop that
// thinks nothing. They take turns one by one: whatever else the machine does meets both alike.
func (w *counterBench) page(ctx context.Context, t *table) error {
	bare, err := w.bareBoard(ctx)
	if err != nil {
		return err
	}
	defer bare.close()
	c, err := w.caller(len(w.tokens) - 1)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	c.accept = "gzip"
	size := int64(0)
	page := func() error {
		status, n, err := c.call("GET", "/comptoir/"+w.hub, "", "", "")
		if size = n; err == nil && status != http.StatusOK {
			err = fmt.Errorf("the counter was answered %d", status)
		}
		return err
	}
	happen := func() error { return w.happen(c) }
	if _, err := inTurns(ctx, 0, happen, page, func() error { return bare.send(ctx) }); err != nil { // what is made once is made
		return err
	}
	m := medians{}
	for range w.rounds {
		all, err := inTurns(ctx, w.turn, happen, page, func() error { return bare.send(ctx) })
		if err != nil {
			return err
		}
		m.add("page", all[0])
		m.add("bare", all[1])
	}
	t.ratio("15", fmt.Sprintf("page /comptoir/:hub made anew (%.1f kB gz), p50", float64(size)/1000), ms(m.took("page", 0.5)),
		fmt.Sprintf("the %d statements of its board, bare", len(bare.statements)), ms(m.took("bare", 0.5)), atMost, 3, millis)
	return nil
}

// A bareBoard is the statements of a board with what they are about, on a connection of their own.
type bareBoard struct {
	db         *sql.DB
	statements []*sql.Stmt
	args       [][]any
}

// bareBoard records the statements of the board.
func (w *counterBench) bareBoard(ctx context.Context) (*bareBoard, error) {
	c, err := w.book.Counter(ctx, identity.System, w.hub)
	if err != nil {
		return nil, err
	}
	list, err := w.statements.during(func() error { _, err := w.book.Board(ctx, identity.System, w.hub); return err })
	if err != nil {
		return nil, err
	}
	driver, address := "postgres", w.url
	if w.engine == "sqlite" {
		driver, address = "sqlite", "file:"+strings.TrimPrefix(w.url, "sqlite://")+"?_journal_mode=WAL&_busy_timeout=5000&_query_only=1&_pragma=cache_size(-8192)"
	}
	r := &bareBoard{}
	if r.db, err = sql.Open(driver, address); err != nil {
		return nil, err
	}
	r.db.SetMaxOpenConns(1)
	end := hours.At(hours.DateOf(c.Now, c.Zone).AddDays(1), 0, c.Zone)
	const stored = "2006-01-02 15:04:05+00:00"
	for _, text := range list {
		args := []any{c.Hub.ID, c.Now.UTC().Format(stored)}
		switch {
		case strings.Contains(text, "FROM hubs h WHERE"):
			args[0], args[1] = args[1], args[0]
		case strings.Contains(text, ") begun"):
			args[1] = end.UTC().Format(stored)
		default:
			args = append(args, end.UTC().Format(stored))
		}
		st, err := r.db.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		r.statements, r.args = append(r.statements, st), append(r.args, args)
	}
	return r, nil
}

// send sends the statements and reads what they answer, as it is.
func (r *bareBoard) send(ctx context.Context) error {
	for i, st := range r.statements {
		rows, err := st.QueryContext(ctx, r.args[i]...)
		if err != nil {
			return err
		}
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		into := make([]any, len(columns))
		for j := range into {
			into[j] = new(sql.RawBytes)
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		_ = rows.Close()
	}
	return nil
}

func (r *bareBoard) close() { _ = r.db.Close() }

// screens opens many screens, has something happen, and takes the time until each has fetched its
// board anew, in turns.
func (w *counterBench) screens(ctx context.Context, t *table) error {
	heard := make(chan error, screensOpen)
	for i := range screensOpen {
		s, err := w.screen(i)
		if err != nil {
			return err
		}
		defer s.events.conn.Close()
		defer s.pieces.conn.Close()
		go s.watch(heard)
	}
	c, err := w.caller(0)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	var all pace
	for range max(3, w.rounds) {
		began := time.Now()
		if err := w.happen(c); err != nil {
			return err
		}
		for range screensOpen {
			select {
			case err := <-heard:
				if err != nil {
					return err
				}
			case <-time.After(30 * time.Second):
				return fmt.Errorf("not all screens heard of a commit")
			}
		}
		all.took = append(all.took, time.Since(began))
	}
	t.count("15", fmt.Sprintf("%d open screens have their board anew after one commit, in s", screensOpen), middle(all.took).Seconds(), atMost, 1)
	return nil
}

// A screen is an open one: a line on which it hears, and one on which it fetches.
type screen struct {
	hub            string
	events, pieces *caller
	lines          *bufio.Scanner
}

// screen opens the screen of one who works there, and waits until its stream has begun.
func (w *counterBench) screen(i int) (*screen, error) {
	s := &screen{hub: w.hub}
	var err error
	if s.events, err = w.caller(i); err != nil {
		return nil, err
	}
	if s.pieces, err = w.caller(i); err != nil {
		return nil, err
	}
	s.pieces.accept = "gzip"
	c, err := w.book.Counter(context.Background(), identity.System, w.hub)
	if err != nil {
		return nil, err
	}
	request := "GET /comptoir/" + w.hub + "/direct?depuis=" + c.Stamp + " HTTP/1.1\r\nHost: " + w.addr + "\r\nAuthorization: Bearer " + s.events.token + "\r\n\r\n"
	if _, err := s.events.conn.Write([]byte(request)); err != nil {
		return nil, err
	}
	a, err := http.ReadResponse(s.events.in, nil)
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("screen %d was answered %d", i, a.StatusCode)
	}
	s.lines = bufio.NewScanner(a.Body)
	return s, nil
}

// watch fetches the board whenever the counter says that it has changed, and tells of it.
func (s *screen) watch(heard chan<- error) {
	for s.lines.Scan() {
		if s.lines.Text() != "event: changed" {
			continue
		}
		status, _, err := s.pieces.call("GET", "/comptoir/"+s.hub+"/tableau", "", "", "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the board was answered %d", status)
		}
		heard <- err
	}
}
