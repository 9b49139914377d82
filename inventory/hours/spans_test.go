package hours

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const modelMinutes = 60

var epoch = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

// minutesOf is the naive model: which minutes lie in any of the spans.
func minutesOf(spans ...Span) (set [modelMinutes]bool) {
	for i := range set {
		for _, s := range spans {
			set[i] = set[i] || !minute(i).Before(s.Start) && minute(i).Before(s.End)
		}
	}
	return set
}

var someSpans = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
	return Span{minute(rapid.IntRange(0, modelMinutes).Draw(t, "start")), minute(rapid.IntRange(0, modelMinutes).Draw(t, "end"))}
}), 0, 12)

func checkNormal(t *rapid.T, spans Spans) {
	for i, s := range spans {
		if !s.Start.Before(s.End) || i > 0 && !spans[i-1].End.Before(s.Start) {
			t.Fatalf("not in order, disjoint and apart: %v", spans)
		}
	}
}

func TestSpansAgreeWithSetsOfMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rawA, rawB := someSpans.Draw(t, "a"), someSpans.Draw(t, "b")
		a, b := Normalize(rawA...), Normalize(rawB...)
		inA, inB := minutesOf(rawA...), minutesOf(rawB...)
		union, minus, both := a.Union(b), a.Minus(b), a.Intersect(b)
		for _, spans := range []Spans{a, b, union, minus, both} {
			checkNormal(t, spans)
		}
		gotA, gotUnion, gotMinus, gotBoth := minutesOf(a...), minutesOf(union...), minutesOf(minus...), minutesOf(both...)
		for i := range inA {
			if gotA[i] != inA[i] || gotUnion[i] != (inA[i] || inB[i]) || gotMinus[i] != (inA[i] && !inB[i]) || gotBoth[i] != (inA[i] && inB[i]) {
				t.Fatalf("minute %d is wrong in a=%v b=%v", i, a, b)
			}
			if _, found := a.At(minute(i)); found != inA[i] {
				t.Fatalf("At(minute %d) = %v in %v", i, found, a)
			}
		}
	})
}

func TestCoversAgreesWithSetsOfMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Normalize(someSpans.Draw(t, "a")...)
		from := rapid.IntRange(0, modelMinutes-1).Draw(t, "from")
		to := rapid.IntRange(from+1, modelMinutes).Draw(t, "to")
		want := true
		inA := minutesOf(a...)
		for _, in := range inA[from:to] {
			want = want && in
		}
		if got := a.Covers(Span{minute(from), minute(to)}); got != want {
			t.Fatalf("Covers(%d, %d) = %v in %v", from, to, got, a)
		}
	})
}

func TestSpansThatTouchDoNotOverlap(t *testing.T) {
	a, b := Span{minute(0), minute(10)}, Span{minute(10), minute(20)}
	if a.Overlaps(b) || b.Overlaps(a) {
		t.Error("spans that only touch overlap")
	}
	if _, any := a.Intersect(b); any {
		t.Error("spans that only touch share something")
	}
	if got := Normalize(b, a); len(got) != 1 || got[0] != (Span{minute(0), minute(20)}) {
		t.Errorf("spans that touch are one stretch: %v", got)
	}
	if !a.Contains(Span{minute(0), minute(10)}) || a.Contains(Span{minute(5), minute(11)}) {
		t.Error("Contains is wrong at the ends")
	}
}

func TestTheAlgebraLeavesItsArgumentsAlone(t *testing.T) {
	a := Spans{{minute(0), minute(10)}, {minute(20), minute(30)}}
	got := a.Union(nil)
	got[0].End = minute(99)
	left := a.Minus(nil)
	left[0].End = minute(99)
	if a[0].End != minute(10) {
		t.Error("a result shares memory with its argument")
	}
}
