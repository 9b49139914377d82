package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A Period says how long one kind of personal data is kept.
type Period struct {
	Kind    string
	Months  int // of the calendar
	Default int // when nobody said otherwise
}

// What is kept, and for how long when nobody said otherwise. Consents are kept as long as the
// account, and without a name after it.
var kinds = []Period{
	{Kind: "signin", Default: 1},            // requests for a link or a code
	{Kind: "sessions", Default: 3},          // sessions and tokens that have ended
	{Kind: "views", Default: 24},            // who looked at whose data
	{Kind: "inactive_members", Default: 36}, // persons who neither signed in nor booked
	{Kind: "booking_texts", Default: 36},    // titles, notes and reasons of bookings that have ended
}

const longestMonths = 120

// RetentionPeriods lists every kind and how long it is kept. Anybody may know.
func (o *Office) RetentionPeriods(ctx context.Context) ([]Period, error) {
	var set []struct {
		Kind   string `db:"kind"`
		Months int    `db:"months"`
	}
	if err := o.db.Reader(ctx).Select(&set, `SELECT kind, months FROM retention`); err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	periods := make([]Period, len(kinds))
	for i, p := range kinds {
		p.Months = p.Default
		for _, s := range set {
			if s.Kind == p.Kind {
				p.Months = s.Months
			}
		}
		periods[i] = p
	}
	return periods, nil
}

// SetRetention says for how many months, 1 to 120, a kind is kept. It takes the right to manage the
// network. An unknown kind is NotFound, retention_not_found.
func (o *Office) SetRetention(ctx context.Context, by identity.Actor, kind string, months int, k database.Key) error {
	if !by.May(identity.ManageNetwork, "", "") {
		return identity.Denied(by)
	}
	if months < 1 || months > longestMonths {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{
			Code: "out_of_range", Params: fault.Params{"field": "months", "min": 1, "max": longestMonths}}}}
	}
	_, err := database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		if !isKind(kind) {
			return "", fault.New(fault.NotFound, "retention_not_found", nil)
		}
		_, err := tx.Exec(`INSERT INTO retention (kind, months) VALUES ($1, $2) ON CONFLICT (kind) DO UPDATE SET months = excluded.months`, kind, months)
		if err != nil {
			return "", err
		}
		return kind, tx.Record(database.Change{By: by.ID, Action: "retention.set", Kind: "retention", Subject: kind, After: map[string]any{"months": months}})
	})
	if err != nil {
		return fmt.Errorf("set retention: %w", err)
	}
	return nil
}

func isKind(kind string) bool {
	for _, p := range kinds {
		if p.Kind == kind {
			return true
		}
	}
	return false
}

// daily is the job that forgets what has been kept long enough.
const daily = "privacy.daily"

// Handlers returns the jobs of the office, by kind.
func (o *Office) Handlers() map[string]database.Handler {
	return map[string]database.Handler{daily: func(ctx context.Context, _ json.RawMessage) error {
		// The next one first: should this one fail, tomorrow's does its work.
		if err := o.schedule(ctx, 24*time.Hour); err != nil {
			return err
		}
		return o.Retain(ctx)
	}}
}

// Start sees to it that the daily job waits, from now on. It is called when a server begins.
func (o *Office) Start(ctx context.Context) error { return o.schedule(ctx, 0) }

// schedule enqueues the daily job unless one waits already. Two that are enqueued at the same moment
// by two servers become one again: the first of them to run sees the other, and enqueues none.
func (o *Office) schedule(ctx context.Context, in time.Duration) error {
	return o.db.In(ctx, func(tx *database.Tx) error {
		var waiting int
		err := tx.Get(&waiting, `SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state = 'ready'`, daily)
		if err != nil || waiting > 0 {
			return err
		}
		return tx.Enqueue(database.Job{Kind: daily, Args: struct{}{}, At: tx.Now.Add(in)})
	})
}

// Retain forgets everything that has been kept for its time, and finishes erasures beside which
// something slipped in. It stops early, without an error, when ctx ends: the rest is for tomorrow.
func (o *Office) Retain(ctx context.Context) error {
	periods, err := o.RetentionPeriods(ctx)
	if err != nil {
		return err
	}
	before := map[string]time.Time{}
	for _, p := range periods {
		before[p.Kind] = o.db.Now().AddDate(0, -p.Months, 0)
	}
	var failed []error
	for kind := range tooOld {
		failed = append(failed, o.forget(ctx, kind, before[kind]))
	}
	for _, p := range o.parts {
		if p.Retain == nil {
			continue
		}
		if _, err := p.Retain(ctx, func(kind string) time.Time { return before[kind] }); err != nil {
			failed = append(failed, fmt.Errorf("part %s: %w", p.Name, err))
		}
	}
	failed = append(failed, o.eraseInactive(ctx, before["inactive_members"]), o.eraseAgain(ctx))
	err = errors.Join(failed...)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return err
}

// tooOld are the statements that forget one kind of what is older than an instant, some rows at a
// time, where no part does it.
var tooOld = map[string][]string{
	"sessions": {
		`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 OR revoked_at < $1 LIMIT 500)`,
		`DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_at < $1 OR revoked_at < $1 LIMIT 500)`,
	},
	"views": {
		`DELETE FROM personal_views WHERE id IN (SELECT id FROM personal_views WHERE at < $1 LIMIT 500)`,
	},
}

// forget runs the statements of a kind until they find no more, one commit for each piece.
func (o *Office) forget(ctx context.Context, kind string, before time.Time) error {
	for _, statement := range tooOld[kind] {
		for {
			var rows int64
			err := o.db.In(ctx, func(tx *database.Tx) (err error) {
				rows, err = tx.Exec(statement, before)
				return err
			})
			if err != nil {
				return fmt.Errorf("forget %s: %w", kind, err)
			}
			if rows == 0 {
				break
			}
		}
	}
	return nil
}

// eraseInactive erases persons who for long have neither signed in nor booked. Who holds a role, a
// membership that stands, or minutes that were paid for, stays. Whose bookings, memberships and packs
// these are is read here, below the packages whose they are, so that the answer is one statement.
func (o *Office) eraseInactive(ctx context.Context, before time.Time) error {
	var ids []string
	err := o.db.Reader(ctx).Select(&ids, `SELECT m.id FROM members m
		WHERE m.erased_at IS NULL AND m.created_at < $1 AND (m.seen_at IS NULL OR m.seen_at < $1)
		AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.member_id = m.id AND b.ends_at >= $1)
		AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.member_id = m.id)
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.member_id = m.id AND s.seen_at >= $1)
		AND NOT EXISTS (SELECT 1 FROM memberships s WHERE s.member_id = m.id AND s.cancelled_at IS NULL AND (s.ends_on = '' OR s.ends_on >= $2 OR s.renews))
		AND NOT EXISTS (SELECT 1 FROM packs p WHERE p.member_id = m.id AND (p.expires_on = '' OR p.expires_on >= $3)
			AND (SELECT COALESCE(SUM(l.minutes), 0) FROM ledger l WHERE l.pack_id = p.id) > 0)
		ORDER BY m.id LIMIT 500`, before, before.Format(time.DateOnly), o.db.Now().Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("find inactive members: %w", err)
	}
	for _, id := range ids {
		err := o.Erase(ctx, identity.System, id, database.Key{})
		if err != nil && fault.KindOf(err) != fault.Refused { // who is refused is looked at again tomorrow
			return err
		}
	}
	return nil
}

// eraseAgain erases once more who was erased in the last days: a booking, or an answer that shows one,
// may have been written at the same moment.
func (o *Office) eraseAgain(ctx context.Context) error {
	var ids []string
	err := o.db.Reader(ctx).Select(&ids, `SELECT id FROM members WHERE erased_at >= $1 ORDER BY id`, o.db.Now().AddDate(0, 0, -3))
	if err != nil {
		return fmt.Errorf("find erased members: %w", err)
	}
	for _, id := range ids {
		for _, p := range o.parts {
			if p.End == nil {
				continue
			}
			if err := p.End(ctx, identity.System, id); err != nil {
				return fmt.Errorf("erase again: part %s: %w", p.Name, err)
			}
		}
		answers, err := o.answersAbout(ctx, id)
		if err != nil {
			return err
		}
		if err := o.db.In(ctx, func(tx *database.Tx) error { return o.wipe(tx, id, answers, false) }); err != nil {
			return fmt.Errorf("erase again: %w", err)
		}
	}
	return nil
}
