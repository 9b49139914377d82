package api

import "testing"

// TestBoundsAreFiguresAsPeopleWriteThem: a bound of a thousand million is no 1e+09.
func TestBoundsAreFiguresAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]any{"1e+09": 1_000_000_000, "12": 12, "-5": -5, "1.5": "1.5", "": "", "x": "x", "1e+300": "1e+300", "NaN": "NaN", "Inf": "Inf"} {
		if got := number(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}
