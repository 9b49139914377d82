package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A table collects the figures and prints each as it comes.
type table struct {
	began   time.Time
	options options
	rows    []string
	typical map[string]time.Duration // p50 of a create, by engine and number of units, at 50,000 bookings
}

// What a ratio or a count is to reach.
const (
	atLeast = ">="
	atMost  = "<="
)

// What the figures are counted in.
const (
	perSecond = "/s"
	millis    = "ms"
)

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func (t *table) line(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	t.rows = append(t.rows, line)
	fmt.Println(line)
}

func (t *table) section(engine string, s size) {
	title := engine
	if s.units > 0 {
		title = fmt.Sprintf("%s, %d units, %d bookings", engine, s.units, s.bookings)
	}
	t.line("\n## %s\n\n| goal | what | measured | limit in the same run | ratio | to reach | reached |\n| --- | --- | ---: | ---: | ---: | ---: | --- |", title)
}

func (t *table) note(format string, args ...any) {
	t.line("| | %s | | | | | |", fmt.Sprintf(format, args...))
}

// ratio is a figure beside its limit. To reach 0 is to reach nothing: it is for reading.
func (t *table) ratio(goal, what string, figure float64, limit string, by float64, sense string, reach float64, unit string) {
	ratio := figure / by
	to, reached := "", ""
	if reach > 0 {
		to, reached = bound(sense, reach), verdict(sense, ratio, reach)
	}
	t.line("| %s | %s | %s %s | %s: %s %s | %.3f | %s | %s |", goal, what, short(figure), unit, limit, short(by), unit, ratio, to, reached)
}

// count is a figure that stands alone.
func (t *table) count(goal, what string, n float64, sense string, reach float64) {
	t.line("| %s | %s | %s | | | %s | %s |", goal, what, short(n), bound(sense, reach), verdict(sense, n, reach))
}

func bound(sense string, reach float64) string {
	return map[string]string{atLeast: "≥ ", atMost: "≤ "}[sense] + fmt.Sprintf("%g", reach)
}

func verdict(sense string, is, reach float64) string {
	if sense == atLeast && is >= reach || sense == atMost && is <= reach {
		return "yes"
	}
	return "**no**"
}

func short(v float64) string {
	switch {
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// remember compares the usual create of a large network with that of a small one.
func (t *table) remember(b *bed, p50 time.Duration) {
	if t.typical == nil {
		t.typical = map[string]time.Duration{}
	}
	key := fmt.Sprint(b.engine, b.size.units)
	if small, ok := t.typical[key]; ok {
		t.ratio("12", fmt.Sprintf("create among 16: p50 with %d bookings", b.size.bookings), ms(p50), "p50 with 50,000", ms(small), atMost, 1.5, millis)
		return
	}
	t.typical[key] = p50
}

// write writes the table to a file, with the machine and the day.
func (t *table) write(path string) error {
	if path == "" {
		return nil
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `# Benchmarks

Written by %s. Each figure stands beside the limit that the same machine gave in the same
run, in turns, %d rounds of %v, medians. Only the ratios can be compared between machines:
whatever waits for a disk or shares its cores moves by a factor of two and more. Goals are numbered as in the design:
1, 2 the commit; 3 contention; 4 refusals; 5, 6 availability; 11 connections; 12 tails; 13 pages, each beside the call for its free time; 14 start; 15 the counter. Counts of statements (10) are tests.

The last run: %s, %s, %d cores, %s/%s, client and server on the same cores.
`, "`make bench`", t.options.rounds, t.options.turn, t.began.UTC().Format("2 January 2006, 15:04 UTC"), runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	out.WriteString(strings.Join(t.rows, "\n"))
	out.WriteString("\n")
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out.WriteString(pagesIn(string(before)))
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// pagesIn is the part of a file that `make lighthouse` has written, which stays as it is; "" for
// none.
func pagesIn(file string) string {
	const first, last = "<!-- lighthouse -->\n", "<!-- /lighthouse -->\n"
	_, rest, found := strings.Cut(file, first)
	part, _, ended := strings.Cut(rest, last)
	if !found || !ended {
		return ""
	}
	return "\n" + first + part + last
}
