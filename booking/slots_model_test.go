package booking_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/identity"
	"canot/inventory"
)

// playSlots holds slots against the model in one scene: every start on the step that the
// model lets pass is there, and no other.
func (s *stage) playSlots(t watcher, sc scene) {
	f := shoot(t, sc)
	res, err := s.build(f)
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(f.seed, 2))
	q := booking.SlotQuery{Lines: []booking.Want{{Resource: res, Quantity: f.quantity}}, From: f.from, To: f.to}
	switch draw.IntN(3) {
	case 0:
		q.Days = 1 + draw.IntN(2)
	case 1:
		q.Length = time.Duration(f.policy.Grain*(1+draw.IntN(6))) * time.Minute
	}
	got, err := s.book.Slots(context.Background(), identity.Actor{ID: "mem"}, q)
	if err != nil {
		t.Fatal(err)
	}
	step := f.policy.Grain
	if step < 15 {
		step = 15 // of the grains that are drawn, only 5 is finer
	}
	if got.Step != time.Duration(step)*time.Minute {
		t.Fatalf("a step of %v for a grain of %d", got.Step, f.policy.Grain)
	}
	var want []string
	for i := f.index(f.from); i < f.index(f.to); i++ {
		if f.wall[i]%1440%step != 0 {
			continue
		}
		j := i + int(got.Length/time.Minute)
		if got.Days > 0 {
			j = f.find(f.wall[i] + got.Days*1440)
		}
		if j > i && f.why(i, j, f.quantity) == "" {
			want = append(want, fmt.Sprintf("%s ×%d", f.span(i, j), len(f.place(i, j))/f.quantity))
		}
	}
	var found []string
	for _, x := range got.Free {
		found = append(found, fmt.Sprintf("%s ×%d", f.span(f.index(x.StartsAt), f.index(x.EndsAt)), x.Quantity))
	}
	if !slices.Equal(found, want) {
		t.Fatalf("%s\nof %v, %d days, slots are\n%s\nwant\n%s", f.tell(), got.Length, got.Days, strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

func TestSlotsAgreeWithAMinuteByMinuteModel(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "sqlite")
		rapid.Check(t, func(t *rapid.T) { s.playSlots(t, scenes().Draw(t, "scene")) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, "postgres")
		for seed := range 25 {
			s.playSlots(t, scenes().Example(seed))
		}
	})
}

// ofTime are the violations that another time could mend, and so no slot may have.
var ofTime = []string{
	"archived", "off_grain", "too_short", "too_long", "in_past", "too_soon", "too_far", "tier_too_long", "tier_too_far",
	"closure", "closed", "ends_closed", "never_open", "taken", "too_many",
}

// A basket's slots are those that Preview accepts, as far as time goes, among all that
// begin on the step: tried one after the other.
func TestSlotsOfABasketAreWhatPreviewAccepts(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			clock := dbtest.NewClock(monday)
			n := newNetwork(t, dbtest.Open(t, engine, database.Settings{Clock: clock.Now}), clock)
			draw := rand.New(rand.NewPCG(7, 7))
			for scene := range 12 {
				who := n.scatter(draw, scene)
				n.previewed(who, draw)
				n.previewed(n.luc, draw)
			}
		})
	}
}

var scattered = []string{"amos-studio", "amos-desk", "amos-camera"}

// scatter gives the resources of Amos other policies, and the units something that takes
// them, and returns a new member with a tier of their own.
func (n *network) scatter(draw *rand.Rand, scene int) identity.Actor {
	n.t.Helper()
	pick := func(all ...int) *int { return &all[draw.IntN(len(all))] }
	for _, slug := range scattered {
		grain := pick(15, 30, 45, 60)
		p := inventory.PolicyEdits{
			Grain: grain, Shortest: ptr(*grain * *pick(1, 2)), Longest: ptr(*grain * *pick(4, 16, 100)),
			Notice: pick(0, 0, 90, 1500), Horizon: pick(1, 3, 40), BufferBefore: pick(0, 0, 20), BufferAfter: pick(0, 30),
			Within: &[]inventory.Within{inventory.Inside, inventory.EndsInside, inventory.Any}[draw.IntN(3)],
		}
		n.policy(slug, p)
	}
	tier := fmt.Sprintf("tier-%d", scene)
	n.tier(tier, false, membership.Allowance{
		HorizonDays: minutes(int64(*pick(1, 2, 30))), LongestMin: minutes(int64(*pick(60, 240, 4000))), AfterHours: draw.IntN(2) == 0,
	})
	who := n.member(tier, "")
	n.joins(of(who), tier)
	for range 4 {
		from := at(draw.IntN(4), 9+draw.IntN(7), 0)
		_, err := n.place(n.boss, booking.Request{Lines: basket(scattered[draw.IntN(3)]), StartsAt: from, EndsAt: from.Add(time.Duration(1+draw.IntN(3)) * time.Hour), Brief: true})
		if err != nil && len(codes(err)) == 0 {
			must(n.t, err)
		}
	}
	return who
}

func (n *network) previewed(who identity.Actor, draw *rand.Rand) {
	t := n.t
	t.Helper()
	ctx := context.Background()
	lines := []booking.Want{{Resource: scattered[draw.IntN(3)], Quantity: 1}, {Resource: scattered[draw.IntN(3)], Quantity: 1 + draw.IntN(2)}}
	q := booking.SlotQuery{Lines: lines, From: at(0, 7, 0), To: at(3, 7, 0), Length: time.Duration(1+draw.IntN(6)) * 45 * time.Minute}
	if draw.IntN(3) == 0 {
		q.Days, q.Length = 1, 0
	}
	s := n.slots(who, q)
	var found, want []string
	for _, x := range s.Free {
		found = append(found, x.StartsAt.In(s.Zone).Format("02 15:04"))
	}
	for at := q.From; at.Before(q.To); at = at.Add(15 * time.Minute) {
		local := at.In(s.Zone)
		if (local.Hour()*60+local.Minute())%int(s.Step/time.Minute) != 0 {
			continue
		}
		end := at.Add(s.Length).AddDate(0, 0, s.Days) // no clock changes in these days
		p, err := n.book.Preview(ctx, who, booking.Request{Lines: lines, StartsAt: at, EndsAt: end, Brief: true})
		must(t, err)
		refused := false
		for _, v := range p.Violations {
			refused = refused || slices.Contains(ofTime, v.Code)
		}
		if !refused {
			want = append(want, local.Format("02 15:04"))
		}
	}
	if !slices.Equal(found, want) {
		t.Errorf("%v of %v, %d days, every %v:\nslots   %v\npreview %v", lines, s.Length, s.Days, s.Step, found, want)
	}
}
