package booking_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
)

// Two guards stand before a double booking, the lock with a second look under it, and
// the data base's own refusal. Each is shown here to hold without the other: the second
// with rows that no verb would write, the first with the data base's refusal taken away.

// occupy writes an occupancy of the first desk in Amos past the book.
func (n *network) occupy(b booking.Booking, from, to time.Time, live bool) (id string, err error) {
	id = database.NewID()
	return id, n.db.In(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO occupancies (id, home_hub_id, unit_id, reason, booking_id, line, starts_at, ends_at, live)
			VALUES ($1, $2, $3, 'booking', $4, 0, $5, $6, $7)`, id, n.id["amos"], n.id["amos-desk1"], b.ID, from, to, live)
		return err
	})
}

func (n *network) exec(query string, args ...any) error {
	return n.db.In(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

func TestInvariant1TheDataBaseItselfRefusesOverlap(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		_, err := n.occupy(b, at(0, 10, 0), at(0, 12, 0), true)
		must(t, err)
		for _, span := range []struct {
			name     string
			from, to time.Time
			refused  bool
		}{
			{"the same", at(0, 10, 0), at(0, 12, 0), true},
			{"within", at(0, 10, 30), at(0, 11, 0), true},
			{"around", at(0, 9, 0), at(0, 13, 0), true},
			{"into its beginning", at(0, 9, 0), at(0, 10, 1), true},
			{"into its end", at(0, 11, 59), at(0, 13, 0), true},
			{"without end", at(0, 11, 0), database.Forever, true},
			{"up to its beginning", at(0, 9, 0), at(0, 10, 0), false},
			{"from its end", at(0, 12, 0), at(0, 13, 0), false},
		} {
			_, err := n.occupy(b, span.from, span.to, true)
			if got := database.Constraint(err) == "occupancies_no_overlap"; got != span.refused {
				t.Errorf("inserted %s: %v", span.name, err)
			}
			// The same by an update: of the time, of the unit, of what was over.
			for what, set := range map[string]string{
				"moved":      `UPDATE occupancies SET starts_at = $2, ends_at = $3 WHERE id = $1`,
				"given back": `UPDATE occupancies SET live = true, starts_at = $2, ends_at = $3 WHERE id = $1`,
			} {
				if !span.refused {
					continue // the insert above has the time now
				}
				id, err := n.occupy(b, at(5, 10, 0), at(5, 11, 0), what == "moved")
				must(t, err)
				if err := n.exec(set, id, span.from, span.to); database.Constraint(err) != "occupancies_no_overlap" {
					t.Errorf("%s %s: %v", what, span.name, err)
				}
				must(t, n.exec(`DELETE FROM occupancies WHERE id = $1`, id))
			}
		}
		id, err := n.occupy(b, at(0, 10, 0), at(0, 12, 0), false)
		must(t, err) // what is over takes no time
		must(t, n.exec(`UPDATE occupancies SET unit_id = $2, live = true WHERE id = $1`, id, n.id["amos-desk2"]))
		err = n.exec(`UPDATE occupancies SET unit_id = $2 WHERE id = $1`, id, n.id["amos-desk1"])
		if database.Constraint(err) != "occupancies_no_overlap" {
			t.Errorf("changed the unit: %v", err)
		}
	})
}

// unguard takes the data base's own refusal away.
func (n *network) unguard() {
	n.t.Helper()
	drop := map[string][]string{
		"postgres": {`ALTER TABLE occupancies DROP CONSTRAINT occupancies_no_overlap`},
		"sqlite":   {`DROP TRIGGER occupancies_no_overlap_insert`, `DROP TRIGGER occupancies_no_overlap_update`},
	}[n.db.Engine()]
	for _, statement := range drop {
		must(n.t, n.exec(statement))
	}
}

func TestInvariant1TheLockAloneLetsOneOfManyRacersWin(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.unguard()
		for _, race := range []struct {
			resource string
			units    int
		}{{"amos-studio", 1}, {"amos-desk", 3}} {
			for day := range 4 {
				won := racers(t, 64, func(i int) error {
					_, err := n.place(n.zoe, want(race.resource, at(day, 10+i%2, 0), at(day, 12+i%2, 0)))
					return err
				})
				if won != race.units {
					t.Errorf("%d of 64 racers won %d units of %s", won, race.units, race.resource)
				}
			}
		}
		n.clean()
	})
}

func TestInvariant1TheLockAloneHoldsAgainstMoves(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.unguard()
		const many = 24
		placed := make([]booking.Booking, many)
		for i := range placed {
			day := 7 + i + 2*(i/5) // weekdays
			placed[i] = n.mustPlace(n.zoe, want("rouyn-studio", at(day, 10, 0), at(day, 12, 0)))
		}
		won := racers(t, many, func(i int) error {
			from, to := at(3, 10, 0), at(3, 12, 0)
			_, err := n.book.Change(context.Background(), n.zoe, placed[i].ID,
				booking.Edits{StartsAt: &from, EndsAt: &to}, database.Key{})
			return err
		})
		if won != 1 {
			t.Errorf("%d of %d bookings were moved to one slot", won, many)
		}
		n.clean()
	})
}

func TestInvariant4OneKeyHasOneEffectWhateverItsVerb(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-desk", at(1, 10, 0), at(1, 12, 0)))
		from, to := at(2, 10, 0), at(2, 12, 0)
		verbs := []struct {
			name string
			do   func(key database.Key) (booking.Booking, error)
		}{
			{"move", func(key database.Key) (booking.Booking, error) {
				return n.book.Change(context.Background(), n.zoe, b.ID, booking.Edits{StartsAt: &from, EndsAt: &to}, key)
			}},
			{"change", func(key database.Key) (booking.Booking, error) {
				return n.book.Change(context.Background(), n.zoe, b.ID, booking.Edits{Title: ptr("Répétition")}, key)
			}},
			{"cancel", func(key database.Key) (booking.Booking, error) {
				return n.book.Cancel(context.Background(), n.zoe, b.ID, 0, "", key)
			}},
		}
		for i, v := range verbs {
			key := database.Key{Caller: n.zoe.ID, Key: v.name, Hash: "h"}
			answers := make([]string, 12)
			racers(t, len(answers), func(i int) error {
				got, err := v.do(key)
				answers[i] = fmt.Sprint(got.ID, got.Version, got.Status, got.StartsAt)
				return err
			})
			for _, a := range answers {
				if a != answers[0] {
					t.Errorf("%s: one key was answered %q and %q", v.name, answers[0], a)
				}
			}
			now, err := n.book.Booking(context.Background(), n.zoe, b.ID)
			must(t, err)
			if want := int64(i + 2); now.Version != want {
				t.Errorf("%s: one key left version %d, want %d", v.name, now.Version, want)
			}
		}
		n.clean()
	})
}
