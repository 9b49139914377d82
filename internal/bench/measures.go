package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"canot/internal/database"
)

// creates measures bookings over HTTP beside their limits (figures 1 and 2).
func creates(ctx context.Context, b *bed, t *table) error {
	if err := b.readHubs(ctx); err != nil {
		return err
	}
	recorded, err := b.record(ctx)
	if err != nil {
		return err
	}
	t.note("statements of a booking on the wire: %d", len(recorded.statements))
	if b.engine == "sqlite" {
		return createsSQLite(ctx, b, t)
	}
	raw, err := b.makeRaw(ctx)
	if err != nil {
		return err
	}
	defer raw.Close()
	empty, stop, err := emptyHandler()
	if err != nil {
		return err
	}
	defer stop()
	for _, clients := range []int{1, 16, 32} {
		m := medians{}
		begin := func(int) (*session, error) { return openSession(ctx, raw) }
		for range b.rounds {
			p, err := together(ctx, clients, b.turn, begin, b.rawInsert(ctx), (*session).close)
			if err != nil {
				return err
			}
			m.add("raw", p)
			p, err = together(ctx, clients, b.turn, begin, func(s *session) error { return recorded.send(ctx, s) }, (*session).close)
			if err != nil {
				return err
			}
			m.add("bare", p)
			if p, err = b.overHTTP(ctx, clients, b.turn, b.create); err != nil {
				return err
			}
			m.add("http", p)
			if p, err = hello(ctx, empty, clients, b.turn/3); err != nil {
				return err
			}
			m.add("empty", p)
		}
		figure, reach := "", [2]float64{} // the goals are for many clients
		if clients > 1 {
			figure, reach = "1", [2]float64{0.10, 0.70}
		}
		name := fmt.Sprintf("creates a second, %d clients", clients)
		t.ratio(figure, name, m.rate("http"), "raw insert", m.rate("raw"), atLeast, reach[0], perSecond)
		t.ratio(figure, name, m.rate("http"), "bare loop of the same statements", m.rate("bare"), atLeast, reach[1], perSecond)
		t.ratio("", name, m.rate("http"), "empty handler", m.rate("empty"), atLeast, 0, perSecond)
	}
	return nil
}

// hello asks the empty handler.
func hello(ctx context.Context, addr string, clients int, turn time.Duration) (pace, error) {
	b := &bed{addr: addr, tokens: []string{""}}
	return b.overHTTP(ctx, clients, turn, func(c *caller) error {
		_, _, err := c.call("GET", "/", "", "", "")
		return err
	})
}

// createsSQLite compares with the same network on a file that does not wait for the disk.
func createsSQLite(ctx context.Context, b *bed, t *table) error {
	m := medians{}
	var durable database.Commits
	for range b.rounds {
		for _, mode := range []string{"full", "normal"} {
			if err := b.reopen(ctx, map[string]string{"full": b.url, "normal": b.url + "?synchronous=NORMAL"}[mode]); err != nil {
				return err
			}
			for _, clients := range []int{1, 16} {
				before := b.db.Commits()
				p, err := b.overHTTP(ctx, clients, b.turn, b.create)
				if err != nil {
					return err
				}
				m.add(fmt.Sprint(mode, clients), p)
				if mode == "full" && clients == 16 {
					after := b.db.Commits()
					durable.Commits += after.Commits - before.Commits
					durable.Transactions += after.Transactions - before.Transactions
				}
			}
		}
	}
	t.ratio("", "creates a second, 1 client", m.rate("full1"), "without waiting for the disk", m.rate("normal1"), atLeast, 0, perSecond)
	t.ratio("2", "creates a second, 16 clients", m.rate("full16"), "without waiting for the disk", m.rate("normal16"), atLeast, 0.8, perSecond)
	t.count("2", "creates a durable commit, 16 clients", float64(durable.Transactions)/float64(max(1, durable.Commits)), atLeast, 8)
	return b.reopen(ctx, b.url)
}

// reopen serves another data base, or the same one otherwise.
func (b *bed) reopen(ctx context.Context, url string) error {
	b.stop()
	if err := b.open(ctx, url); err != nil {
		return err
	}
	return b.serve()
}

// refusals measures the answer to who comes second (figure 4).
func refusals(ctx context.Context, b *bed, t *table) error {
	unit, from, to := b.slot(int(b.next.Load()), ahead)
	body := bookingBody(b.resources[unit], from, to)
	refused := func(prefer string) func(c *caller) error {
		return func(c *caller) error {
			status, _, err := c.call("POST", "/api/v1/bookings", "", prefer, body)
			if err == nil && status != http.StatusConflict {
				err = fmt.Errorf("a taken slot was answered %d", status)
			}
			return err
		}
	}
	m := medians{}
	for range b.rounds {
		for name, prefer := range map[string]string{"whole": "", "brief": "return=minimal"} {
			p, err := b.overHTTP(ctx, 16, b.turn, refused(prefer))
			if err != nil {
				return err
			}
			m.add(name, p)
		}
		p, err := b.overHTTP(ctx, 16, b.turn, b.create)
		if err != nil {
			return err
		}
		m.add("create", p)
	}
	t.ratio("4", "refusals with alternatives a second, 16 clients", m.rate("whole"), "creates", m.rate("create"), atLeast, 0.5, perSecond)
	t.ratio("4", "refusals with return=minimal a second, 16 clients", m.rate("brief"), "creates", m.rate("create"), atLeast, 2, perSecond)
	return nil
}

// bursts releases clients on one slot at once, over and over (figure 3).
func bursts(ctx context.Context, b *bed, t *table) error {
	for _, clients := range []int{16, 64} {
		callers := make([]*caller, clients)
		for i := range callers {
			var err error
			if callers[i], err = b.caller(i); err != nil {
				return err
			}
		}
		var took []time.Duration
		won, odd := 0, map[int]int{}
		for range b.bursts {
			statuses, times, err := b.burst(callers)
			if err != nil {
				return err
			}
			winners := 0
			for _, s := range statuses {
				if s == http.StatusCreated {
					winners++
				} else if s != http.StatusConflict {
					odd[s]++
				}
			}
			if winners == 1 {
				won++
			}
			took = append(took, times...)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		for _, c := range callers {
			_ = c.conn.Close()
		}
		slices.Sort(took)
		p := pace{took: took}
		name := fmt.Sprintf("%d clients on one slot, %d bursts", clients, b.bursts)
		t.count("3", name+": with exactly one winner", float64(won), atLeast, float64(b.bursts))
		t.count("3", name+fmt.Sprintf(": answers that are neither 201 nor 409 %v", odd), float64(sum(odd)), atMost, 0)
		t.ratio("3", name+": p99", ms(p.at(0.99)), "p50", ms(p.at(0.5)), atMost, 10, millis)
		if clients == 16 {
			t.count("3", name+": p99 in ms", ms(p.at(0.99)), atMost, 100)
		}
	}
	return nil
}

func sum(m map[int]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// burst lets callers ask for the same slot at once.
func (b *bed) burst(callers []*caller) ([]int, []time.Duration, error) {
	unit, from, to := b.slot(int(b.next.Add(1)), ahead)
	body := bookingBody(b.resources[unit], from, to)
	statuses, took, errs := make([]int, len(callers)), make([]time.Duration, len(callers)), make([]error, len(callers))
	var ready, all sync.WaitGroup
	ready.Add(len(callers))
	gate := make(chan struct{})
	for i, c := range callers {
		all.Go(func() {
			ready.Done()
			<-gate
			start := time.Now()
			statuses[i], _, errs[i] = c.call("POST", "/api/v1/bookings", "", "", body)
			took[i] = time.Since(start)
		})
	}
	ready.Wait()
	close(gate)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	return statuses, took, nil
}

// availability measures seven days of all units, cold and warm (figures 5 and 6).
func availability(ctx context.Context, b *bed, t *table) error {
	raw, end, err := b.rawReader(ctx)
	if err != nil {
		return err
	}
	defer end()
	from := b.first.Truncate(24*time.Hour).AddDate(0, 0, 1)
	to := from.AddDate(0, 0, 7)
	c, err := b.caller(0)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	path := "/api/v1/availability?from=" + url.QueryEscape(from.Format(time.RFC3339)) + "&to=" + url.QueryEscape(to.Format(time.RFC3339))
	var size int64
	ask := func() error {
		status, n, err := c.call("GET", path, "", "", "")
		if size = n; err == nil && status != http.StatusOK {
			err = fmt.Errorf("availability was answered %d", status)
		}
		return err
	}
	ages := func() error { // every unit was written to, by somebody else
		return b.db.In(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE units SET version = version + 1`)
			return err
		})
	}
	m := medians{}
	for range b.rounds {
		for _, what := range []struct {
			name   string
			before func() error
			do     func() error
		}{
			{"raw", nil, func() error { return raw(from, to) }},
			{"cold", ages, ask},
			{"warm", nil, ask},
		} {
			p, err := alone(ctx, b.turn, what.before, what.do)
			if err != nil {
				return err
			}
			m.add(what.name, p)
		}
	}
	rows, err := b.readRaw(ctx, from, to)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("availability of %d units × 7 days (%d rows, %d kB), p50", b.size.units, rows, size/1000)
	t.ratio("5", name+", cold", ms(m.took("cold", 0.5)), "raw read", ms(m.took("raw", 0.5)), atMost, 1.5, millis)
	t.ratio("6", name+", warm", ms(m.took("warm", 0.5)), "raw read", ms(m.took("raw", 0.5)), atMost, 0.20, millis)
	return nil
}

// alone does something over and over, one at a time, with something before it that is
// not measured.
func alone(ctx context.Context, turn time.Duration, before, do func() error) (pace, error) {
	var p pace
	for began := time.Now(); len(p.took) < 3 || time.Since(began) < turn; {
		if before != nil {
			if err := before(); err != nil {
				return p, err
			}
		}
		start := time.Now()
		if err := do(); err != nil {
			return p, err
		}
		p.took = append(p.took, time.Since(start))
		if ctx.Err() != nil {
			return p, ctx.Err()
		}
	}
	slices.Sort(p.took)
	return p, nil
}

// inTurns does several things in turn, over and over for a while and at least five times each, with
// before in front of each. Every other time they come in the other order: the first after a pause pays
// for waking up.
func inTurns(ctx context.Context, turn time.Duration, before func() error, do ...func() error) ([]pace, error) {
	all := make([]pace, len(do))
	for began, times := time.Now(), 0; times < 5 || time.Since(began) < turn; times++ {
		for i := range do {
			if times%2 == 1 {
				i = len(do) - 1 - i
			}
			if err := before(); err != nil {
				return nil, err
			}
			start := time.Now()
			if err := do[i](); err != nil {
				return nil, err
			}
			all[i].took = append(all[i].took, time.Since(start))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	for i := range all {
		slices.Sort(all[i].took)
	}
	return all, nil
}

// mixed lets 16 clients book while 8 ask for free time (figure 12).
func mixed(ctx context.Context, b *bed, t *table) error {
	var created, asked pace
	var errs [2]error
	var all sync.WaitGroup
	turn := min(20*b.turn, time.Minute)
	all.Go(func() { created, errs[0] = b.overHTTP(ctx, 16, turn, b.create) })
	all.Go(func() {
		asked, errs[1] = b.overHTTP(ctx, 8, turn, func(c *caller) error {
			day := b.first.AddDate(0, 0, 1+int(time.Now().UnixNano()%20)).Truncate(24 * time.Hour)
			status, _, err := c.call("GET", "/api/v1/availability?hub=hub-3&from="+day.Format("2006-01-02T15:04:05Z")+
				"&to="+day.AddDate(0, 0, 7).Format("2006-01-02T15:04:05Z"), "", "", "")
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("availability was answered %d", status)
			}
			return err
		})
	})
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	t.ratio("12", fmt.Sprintf("create among 16, with 8 who ask, over %v: p99", turn), ms(created.at(0.99)), "p50", ms(created.at(0.5)), atMost, 5, millis)
	t.ratio("12", fmt.Sprintf("availability among 8, with 16 who book, over %v: p99", turn), ms(asked.at(0.99)), "p50", ms(asked.at(0.5)), atMost, 5, millis)
	t.remember(b, created.at(0.5))
	return nil
}

// connections counts the connections that are made once all that are needed are there
// (figure 11).
func connections(ctx context.Context, b *bed, t *table) error {
	if b.engine != "postgres" {
		return nil
	}
	admin, err := sql.Open("postgres", b.url)
	if err != nil {
		return err
	}
	defer admin.Close()
	admin.SetMaxOpenConns(1)
	sessions := func() (n int, err error) {
		err = admin.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'canot' AND backend_start > $1`, b.steady).Scan(&n)
		return n, err
	}
	if _, err := b.overHTTP(ctx, 32, b.turn, b.create); err != nil {
		return err
	}
	if err := admin.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&b.steady); err != nil {
		return err
	}
	if _, err := b.overHTTP(ctx, 32, b.turn, b.create); err != nil {
		return err
	}
	n, err := sessions()
	t.count("11", "new connections to the data base in steady state, 32 clients", float64(n), atMost, 0)
	return err
}
