// Command bench measures how fast the network is, each figure beside the limit that the
// same machine gives in the same run: a raw insert through the driver under the same
// guard, the statements of a booking sent by a bare loop, a raw read of what is taken.
// Figures that wait for a disk mean nothing alone; their ratios do.
//
// It knows everything and is imported by nobody. What must hold at any speed, counts of
// statements and of winners, stands in the tests. Start reading at run; one file holds one
// subject.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"canot/internal/fault"
)

// options say what is measured, and for how long.
type options struct {
	postgres string // of a server in which data bases may be made
	out      string // the file of the table; "" for standard output only
	profile  string // the folder of profiles; "" for none
	rounds   int
	turn     time.Duration // of one measurement
	bursts   int
	sizes    []size
	only     string // one engine, "" for both
	steps    string // those to measure, with commas between; "" for all
}

// A size is how large the network is.
type size struct{ units, bookings int }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	full := flag.Bool("full", false, "measure 1,000 units and 1,000,000 bookings too: more than half an hour")
	quick := flag.Bool("quick", false, "few and short turns, to see that it runs")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("CANOT_TEST_POSTGRES_URL"), "URL of a PostgreSQL server")
	flag.StringVar(&o.out, "out", "docs/benchmarks.md", "file to write; empty for standard output only")
	flag.StringVar(&o.profile, "profile", "", "folder to write profiles of the processor to")
	flag.IntVar(&o.bursts, "bursts", 1000, "bursts of clients on one slot")
	flag.StringVar(&o.only, "only", "", "one engine: sqlite or postgres")
	flag.StringVar(&o.steps, "steps", "", "measure only these: creates, refusals, bursts, availability, mixed, connections, start, demo, pages, counter")
	sizes := flag.String("sizes", "", "networks to measure, as 200x50000,1000x1000000: units x bookings")
	flag.Parse()
	o.rounds, o.turn = 3, 3*time.Second
	o.sizes = []size{{200, 50_000}}
	if *full {
		o.sizes = []size{{200, 50_000}, {1000, 50_000}, {200, 1_000_000}, {1000, 1_000_000}}
	}
	if *quick {
		o.rounds, o.turn, o.bursts = 1, time.Second, min(o.bursts, 20)
		o.sizes = []size{{200, 5_000}}
	}
	var err error
	if *sizes != "" {
		o.sizes, err = sizesOf(*sizes)
	}
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		if f := fault.Of(err); f != nil {
			fmt.Fprintln(os.Stderr, f.Violations)
		}
		os.Exit(1)
	}
}

func sizesOf(text string) (all []size, err error) {
	for _, one := range strings.Split(text, ",") {
		var s size
		if _, err := fmt.Sscanf(one, "%dx%d", &s.units, &s.bookings); err != nil || s.units < 100 || s.bookings < s.units {
			return nil, fmt.Errorf("-sizes %q", one)
		}
		all = append(all, s)
	}
	return all, nil
}

// run measures each size on each engine, and writes the table.
func run(ctx context.Context, o options) error {
	t := &table{began: time.Now(), options: o}
	if o.profile != "" {
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return err
		}
	}
	for _, s := range o.sizes {
		for _, engine := range engines {
			if o.only != "" && o.only != engine {
				continue
			}
			if err := measure(ctx, o, t, engine, s); err != nil {
				return fmt.Errorf("%s, %d units, %d bookings: %w", engine, s.units, s.bookings, err)
			}
		}
	}
	if o.wants("demo") {
		if err := measureDemo(ctx, t); err != nil {
			return err
		}
	}
	for _, engine := range engines {
		if (o.only == "" || o.only == engine) && o.wants("pages") {
			slog.Info("measuring", "what", "pages", "engine", engine)
			if err := pagesOf(ctx, o, t, engine); err != nil {
				return fmt.Errorf("pages, %s: %w", engine, err)
			}
		}
	}
	for _, engine := range engines {
		if (o.only == "" || o.only == engine) && o.wants("counter") {
			slog.Info("measuring", "what", "counter", "engine", engine)
			if err := counterOf(ctx, o, t, engine); err != nil {
				return fmt.Errorf("counter, %s: %w", engine, err)
			}
		}
	}
	return t.write(o.out)
}

var engines = []string{"postgres", "sqlite"}

// wants reports whether a step is among those to measure.
func (o options) wants(step string) bool {
	return o.steps == "" || slices.Contains(strings.Split(o.steps, ","), step)
}

// A step is something that is measured on a network of some size.
type step struct {
	name string
	do   func(context.Context, *bed, *table) error
}

var steps = []step{
	{"creates", creates}, {"refusals", refusals}, {"bursts", bursts}, {"availability", availability},
	{"mixed", mixed}, {"connections", connections}, {"start", startOf},
}

// measure makes one network on one engine and measures it.
func measure(ctx context.Context, o options, t *table, engine string, s size) error {
	if !slices.ContainsFunc(steps, func(s step) bool { return o.wants(s.name) }) {
		return nil
	}
	t.section(engine, s)
	slog.Info("filling", "engine", engine, "units", s.units, "bookings", s.bookings)
	b, err := newBed(ctx, o, engine, s)
	if err != nil {
		return err
	}
	defer b.close()
	for _, step := range steps {
		if !o.wants(step.name) {
			continue
		}
		slog.Info("measuring", "what", step.name, "engine", engine)
		done, err := profiled(o, fmt.Sprintf("%s-%d-%d-%s", engine, s.units, s.bookings, step.name))
		if err != nil {
			return err
		}
		err = step.do(ctx, b, t)
		done()
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// profiled writes a profile of the processor until the answer is called.
func profiled(o options, name string) (done func(), err error) {
	if o.profile == "" {
		return func() {}, nil
	}
	f, err := os.Create(o.profile + "/" + name + ".pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}
