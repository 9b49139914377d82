package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// Why a person is suspended: they came back late too often, or staff said so.
const (
	SuspendedLate    = "late"
	SuspendedByStaff = "staff"
)

// longestSuspension bounds how far ahead a suspension ends.
const longestSuspension = 366 * 24 * time.Hour

// A Suspension says that a person borrows and books nothing at one hub for a while. What they
// booked before stays booked, and is refused at the counter until then.
type Suspension struct {
	ID        string         `db:"id" json:"id"`
	MemberID  string         `db:"member_id" json:"member_id"`
	HubID     string         `db:"hub_id" json:"hub_id"`
	HubName   inventory.Text `db:"hub_name" json:"hub_name"` // filled by reads
	Cause     string         `db:"cause" json:"cause"`
	BookingID string         `db:"booking_id" json:"booking_id"` // the booking whose late return was one too many; "" for staff's word
	StartsAt  time.Time      `db:"starts_at" json:"starts_at"`
	EndsAt    time.Time      `db:"ends_at" json:"ends_at"`
	Reason    string         `db:"reason" json:"reason"` // as the member may read it
	MadeBy    string         `db:"made_by" json:"made_by"`
	LiftedAt  *time.Time     `db:"lifted_at" json:"lifted_at"`
	LiftedBy  string         `db:"lifted_by" json:"lifted_by"`
	CreatedAt time.Time      `db:"created_at" json:"created_at"`
}

// Lasts reports whether it holds at an instant.
func (s Suspension) Lasts(now time.Time) bool { return s.LiftedAt == nil && s.EndsAt.After(now) }

// NewSuspension is what is asked of a suspension, from now until an instant.
type NewSuspension struct {
	MemberID  string
	HubID     string // an id; SuspendMember takes a slug too
	Cause     string // SuspendedLate or SuspendedByStaff
	BookingID string
	Reason    string
	Until     time.Time
}

const selectSuspensions = `SELECT s.id, s.member_id, s.hub_id, h.name AS hub_name, s.cause, COALESCE(s.booking_id, '') AS booking_id, s.starts_at, s.ends_at,
	s.reason, s.made_by, s.lifted_at, s.lifted_by, s.created_at
	FROM suspensions s JOIN hubs h ON h.id = s.hub_id `

func findSuspension(r database.Reader, id string) (Suspension, error) {
	var s Suspension
	err := r.Get(&s, selectSuspensions+`WHERE s.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("suspension_not_found")
	}
	return s, err
}

// Suspend suspends a person, as a step of a verb that has asked for the right; its locks come
// before those of bookings. The person is told.
func Suspend(tx *database.Tx, by identity.Actor, n NewSuspension) (Suspension, error) {
	if _, err := raise(tx, "members", n.MemberID); err != nil { // whoever books for them now judges again
		return Suspension{}, err
	}
	s := Suspension{ID: database.NewID(), MemberID: n.MemberID, HubID: n.HubID, Cause: n.Cause, BookingID: n.BookingID,
		StartsAt: tx.Now, EndsAt: n.Until.UTC().Truncate(time.Second), Reason: n.Reason, MadeBy: by.ID, CreatedAt: tx.Now}
	var booking any
	if s.BookingID != "" {
		booking = s.BookingID
	}
	_, err := tx.Exec(`
		INSERT INTO suspensions (id, member_id, hub_id, cause, booking_id, starts_at, ends_at, reason, made_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.ID, s.MemberID, s.HubID, s.Cause, booking, s.StartsAt, s.EndsAt, s.Reason, s.MadeBy, s.CreatedAt)
	if err != nil {
		return Suspension{}, err
	}
	err = tx.Record(database.Change{By: by.ID, Action: "suspension.start", Kind: "suspension", Subject: s.ID, After: map[string]any{
		"member": s.MemberID, "hub": s.HubID, "cause": s.Cause, "until": s.EndsAt}})
	if err != nil {
		return Suspension{}, err
	}
	return s, tx.Enqueue(database.Job{Kind: "notice", At: tx.Now, Args: map[string]string{"what": "member.suspended", "id": s.ID}})
}

// SuspendMember suspends a person at a hub until an instant, for a reason that they may read. It
// asks for ManageMembers at the hub; nobody suspends themself. The cause is SuspendedByStaff.
func (r *Roster) SuspendMember(ctx context.Context, by identity.Actor, n NewSuspension, k database.Key) (Suspension, error) {
	return r.suspension(ctx, "suspend", k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, n.HubID)
		if err != nil {
			return "", err
		}
		if hub == "" {
			return "", fault.Field("hub", "required")
		}
		if err := allow(tx, by, identity.ManageMembers, hub); err != nil {
			return "", err
		}
		if n.MemberID == by.ID {
			return "", refused("member", "own_suspension", nil)
		}
		var f form
		if inventory.Unwritable(n.Reason, true) || len([]rune(n.Reason)) > 500 {
			f.no("reason", "bad_text", nil)
		} else if n.Reason == "" {
			f.no("reason", "required", nil)
		}
		if !n.Until.After(tx.Now) || n.Until.Sub(tx.Now) > longestSuspension {
			f.no("until", "out_of_range", fault.Params{"min": 1, "max": int(longestSuspension / (24 * time.Hour))})
		}
		if err := f.err(); err != nil {
			return "", err
		}
		n.HubID, n.Cause, n.BookingID = hub, SuspendedByStaff, ""
		s, err := Suspend(tx, by, n)
		return s.ID, err
	})
}

func (r *Roster) suspension(ctx context.Context, what string, k database.Key, verb func(*database.Tx) (string, error)) (Suspension, error) {
	id, err := r.once(ctx, k, verb)
	if err != nil {
		return Suspension{}, fmt.Errorf("%s: %w", what, err)
	}
	return findSuspension(r.db.Reader(ctx), id)
}

// LiftSuspension ends a suspension at once. It asks for ManageMembers or Waive at its hub; nobody
// lifts their own. Lifting it twice is the same as once. The reason is for the log's readers to ask
// about: the log keeps that there was one.
func (r *Roster) LiftSuspension(ctx context.Context, by identity.Actor, id, reason string, k database.Key) (Suspension, error) {
	return r.suspension(ctx, "lift suspension", k, func(tx *database.Tx) (string, error) {
		s, err := findSuspension(tx, id)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageMembers, s.HubID); err != nil {
			if allow(tx, by, identity.Waive, s.HubID) != nil {
				if sees, _ := r.sees(tx, by, Holder{MemberID: s.MemberID}); !sees {
					err = notFound("suspension_not_found")
				}
				return "", err
			}
		}
		if by.ID == s.MemberID {
			return "", refused("id", "own_suspension", nil)
		}
		if inventory.Unwritable(reason, true) || len([]rune(reason)) > 500 {
			return "", fault.Field("reason", "bad_text")
		}
		if _, err := raise(tx, "members", s.MemberID); err != nil {
			return "", err
		}
		n, err := tx.Exec(`UPDATE suspensions SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL`, id, tx.Now, by.ID)
		if err != nil || n == 0 {
			return id, err
		}
		return id, tx.Record(database.Change{By: by.ID, Action: "suspension.lift", Kind: "suspension", Subject: id,
			Before: map[string]any{"until": s.EndsAt, "lifted": false}, After: map[string]any{"until": s.EndsAt, "lifted": true}})
	})
}

// Suspensions lists a member's suspensions, the latest first, ended ones too: to the member, and to
// staff of their hubs.
func (r *Roster) Suspensions(ctx context.Context, by identity.Actor, memberID string) ([]Suspension, error) {
	list := []Suspension{}
	err := r.db.View(ctx, func(rd database.Reader) error {
		if err := r.seen(rd, by, Holder{MemberID: memberID}); err != nil {
			return err
		}
		list = list[:0]
		return rd.Select(&list, selectSuspensions+`WHERE s.member_id = $1 ORDER BY s.starts_at DESC, s.id DESC`, memberID)
	})
	return list, err
}

// Suspension returns one suspension, for the letter that tells of it.
func (r *Roster) Suspension(ctx context.Context, id string) (Suspension, error) {
	return findSuspension(r.db.Reader(ctx), id)
}

// suspended refuses what begins at a hub while the person is suspended there.
func (j *judging) suspended() {
	var until time.Time
	for _, s := range j.suspensions {
		if s.hub == j.ask.HubID && s.until.After(j.ask.Now) && j.ask.Span.Start.Before(s.until) && s.until.After(until) {
			until = s.until
		}
	}
	if !until.IsZero() {
		j.no("suspended", fault.Params{"until": until.In(j.ask.Zone), "hub": j.ask.HubID})
	}
}

// A suspensionFact is a suspension of the member that had not ended when their standing was read.
type suspensionFact struct {
	hub   string
	until time.Time
}

// SuspendedAt reads until when a member is suspended at a hub; zero when they are not.
func SuspendedAt(r database.Reader, memberID, hubID string, now time.Time) (time.Time, error) {
	var ends []time.Time
	err := r.Select(&ends, `SELECT ends_at FROM suspensions WHERE member_id = $1 AND hub_id = $2 AND lifted_at IS NULL AND ends_at > $3
		ORDER BY ends_at DESC LIMIT 1`, memberID, hubID, now)
	if err != nil || len(ends) == 0 {
		return time.Time{}, err
	}
	return ends[0].UTC(), nil
}

// A HubSuspension is a suspension that lasts, with who is suspended; Name is "" for who may not see persons.
type HubSuspension struct {
	Suspension
	Name string `db:"member_name"`
}

// mostSuspensions bounds the list of a hub's suspensions.
const mostSuspensions = 100

// SuspensionsAt lists the suspensions that last at a hub, those that end last first, to who hands out
// there. It is one statement.
func (r *Roster) SuspensionsAt(ctx context.Context, by identity.Actor, hub inventory.Hub) ([]HubSuspension, error) {
	if !by.May(identity.HandOut, hub.ID, hub.RegionID) {
		return nil, identity.Denied(by)
	}
	list := []HubSuspension{}
	err := r.db.Reader(ctx).Select(&list, `SELECT s.id, s.member_id, s.hub_id, h.name AS hub_name, s.cause, COALESCE(s.booking_id, '') AS booking_id, s.starts_at, s.ends_at,
		s.reason, s.made_by, s.lifted_at, s.lifted_by, s.created_at, m.name AS member_name
		FROM suspensions s JOIN hubs h ON h.id = s.hub_id JOIN members m ON m.id = s.member_id
		WHERE s.hub_id = $1 AND s.lifted_at IS NULL AND s.ends_at > $2 ORDER BY s.ends_at DESC, s.id LIMIT $3`, hub.ID, r.db.Now(), mostSuspensions)
	if !by.May(identity.ViewPersons, hub.ID, hub.RegionID) {
		for i := range list {
			list[i].Name = ""
		}
	}
	return list, err
}
