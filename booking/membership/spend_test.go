package membership

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/inventory/hours"
)

// standingWith is the standing of a holder of one tier with one allowance.
func standingWith(w *allowance, packs ...packFacts) *Standing {
	t := &tierFacts{id: "t", slug: "createur", reach: "network"}
	return &Standing{memberships: []memberFacts{{id: "m", from: "2020-01-01", tier: t}}, allowances: map[string][]*allowance{"t": {w}},
		packs: packs, spent: map[bucket]int64{}}
}

// TestNoBucketIsOverdrawn draws bookings that are placed and given back in any order, and
// looks at what was taken of every day, week, month and pack after each.
func TestNoBucketIsOverdrawn(t *testing.T) {
	zone := zoneOf(t, "America/Toronto")
	rapid.Check(t, func(t *rapid.T) {
		maybe := func(name string, most int64) *int64 {
			if !rapid.Bool().Draw(t, name) {
				return nil
			}
			n := rapid.Int64Range(0, most).Draw(t, name+"_min")
			return &n
		}
		w := &allowance{id: "w", percent: 100, charged: rapid.Bool().Draw(t, "charged"),
			dayMin: maybe("day", 600), weekMin: maybe("week", 1500), monthMin: maybe("month", 4000)}
		sold := rapid.Int64Range(0, 900).Draw(t, "pack")
		s := standingWith(w, packFacts{id: "p", left: sold})
		live := map[int][]Use{}
		for step := range rapid.IntRange(1, 25).Draw(t, "steps") {
			if len(live) > 0 && rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				for n, uses := range live { // any one
					s.add(uses, -1)
					delete(live, n)
					break
				}
				continue
			}
			start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 20*24*2).Draw(t, "start")) * 30 * time.Minute)
			a := Ask{HubID: "h", Zone: zone, Now: start, Span: hours.Span{Start: start, End: start.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "length")) * 30 * time.Minute)}}
			for range rapid.IntRange(1, 2).Draw(t, "lines") {
				a.Lines = append(a.Lines, AskLine{Quantity: rapid.IntRange(1, 3).Draw(t, "quantity")})
			}
			v := s.Judge(a)
			refused := false
			for i, l := range v.Lines {
				if l.Included < 0 || l.FromPacks < 0 || l.Charged < 0 || l.Included+l.FromPacks+l.Charged != int64(a.Lines[i].Quantity)*int64(a.Span.Duration()/time.Minute) {
					t.Fatalf("the minutes do not add up: %+v", l)
				}
				refused = refused || len(l.Violations) > 0
				if !w.charged && w.limited() && l.Charged > 0 && len(l.Violations) == 0 {
					t.Fatalf("charged what must be refused: %+v", l)
				}
			}
			if !refused {
				s.add(v.Uses, 1)
				live[step] = v.Uses
			}
			for b, minutes := range s.spent {
				for _, l := range w.limits() {
					if l.period == b.period && minutes > *l.most {
						t.Fatalf("%d of %d minutes in %+v", minutes, *l.most, b)
					}
				}
			}
			if left := s.packs[0].left; left < 0 || left > sold {
				t.Fatalf("%d of %d minutes in the pack", left, sold)
			}
		}
	})
}

// add takes uses, or with -1 gives them back, as the ledger would.
func (s *Standing) add(uses []Use, sign int64) {
	for _, u := range uses {
		if u.PackID != "" {
			s.packs[0].left -= sign * u.Minutes
			continue
		}
		s.spent[bucket{u.AllowanceID, u.Period, u.PeriodStart}] += sign * u.Minutes
	}
}

func TestAFreeThingTakesNoPack(t *testing.T) {
	zone := zoneOf(t, "America/Toronto")
	start := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	a := Ask{Zone: zone, Now: start, Span: hours.Span{Start: start, End: start.Add(time.Hour)}, Lines: []AskLine{{Quantity: 1}}}
	for _, c := range []struct {
		name  string
		w     *allowance
		free  bool
		packs int64
	}{
		{"what costs something", &allowance{id: "w", percent: 100}, false, 60},
		{"what is free", &allowance{id: "w", percent: 100}, true, 0},
		{"what the tier makes free", &allowance{id: "w", percent: 0}, false, 0},
		{"what is free, beyond a limit", &allowance{id: "w", percent: 100, weekMin: new(int64)}, true, 60},
	} {
		a.Lines[0].Free = c.free
		l := standingWith(c.w, packFacts{id: "p", left: 100}).Judge(a).Lines[0]
		if l.FromPacks != c.packs || l.FromPacks+l.Charged != 60 {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
}
