package mail

import (
	"context"
	"strings"
	"testing"

	"canot/internal/database/dbtest"
)

// A letter that says all of a booking says what it costs before tax, and the hours that it took.
func TestALetterSaysThePrice(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			b := newBench(t, engine)
			b.put(booked{id: "paid", member: "mem-zoe", status: "confirmed"})
			text := func(what string) string {
				t.Helper()
				l, err := b.write(context.Background(), Job{What: what, ID: "paid", To: "mem-zoe"})
				must(t, err)
				return l.text()
			}
			if got := text("booking.confirmed"); strings.Contains(got, "Prix") {
				t.Errorf("nobody was told a price:\n%s", got)
			}
			for _, c := range []struct {
				cents int
				want  string
			}{{0, "Prix\u00a0: Gratuit\n"}, {2550, "Prix\u00a0: 25,50\u00a0$ avant taxes\n"}} {
				b.exec(`UPDATE bookings SET price_cents = $1 WHERE id = 'paid'`, c.cents)
				for _, what := range []string{"booking.confirmed", "booking.moved"} {
					if got := text(what); !strings.Contains(got, c.want) {
						t.Errorf("%s lacks %q:\n%s", what, c.want, got)
					}
				}
			}
			b.exec(`INSERT INTO packs (id, member_id, hub_id, kind, category_id, minutes, price_cents, expires_on, made_by, created_at)
				VALUES ('pack', 'mem-zoe', '', '', '', 600, 0, '', 'mem-anne', $1)`, now)
			b.exec(`INSERT INTO ledger (id, at, by_id, member_id, pack_id, period, period_start, booking_id, minutes, reason)
				VALUES ('l1', $1, 'mem-zoe', 'mem-zoe', 'pack', '', '', 'paid', -90, 'use')`, now)
			if got, want := text("booking.confirmed"), "Prix\u00a0: 25,50\u00a0$ avant taxes (prend 1\u00a0h\u00a030 d’un carnet)\n"; !strings.Contains(got, want) {
				t.Errorf("lacks %q:\n%s", want, got)
			}
		})
	}
}
