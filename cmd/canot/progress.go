package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A bar shows how far a long piece of work has come, on one line that is
// written again. It shows nothing where nobody looks: a file, a pipe.
type bar struct {
	w     io.Writer
	label string
	shown bool
	last  time.Time
	width int
}

// newBar makes a bar on w, shown when w is a terminal or when always says so.
func newBar(w io.Writer, always bool) *bar {
	return &bar{w: w, shown: always || isTerminal(w)}
}

// isTerminal reports whether w shows what it is given to a person at once.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// set moves the bar. It draws at most ten times a second, and the end always.
func (b *bar) set(label string, done, total int) {
	if !b.shown || total <= 0 {
		return
	}
	if now := time.Now(); label == b.label && done < total && now.Sub(b.last) < 100*time.Millisecond {
		return
	} else {
		b.last, b.label = now, label
	}
	const cells = 24
	full := min(cells*done/total, cells)
	line := fmt.Sprintf("%s [%s%s] %d/%d", label, strings.Repeat("#", full), strings.Repeat("·", cells-full), done, total)
	length := len([]rune(line))
	fmt.Fprint(b.w, "\r"+line+strings.Repeat(" ", max(0, b.width-length)))
	b.width = length
}

// end leaves the line as it stands and goes on below it.
func (b *bar) end() {
	if b.width > 0 {
		fmt.Fprintln(b.w)
		b.width = 0
	}
}
