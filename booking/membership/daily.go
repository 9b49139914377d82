package membership

import (
	"context"
	"encoding/json"
	"time"

	"canot/internal/database"
	"canot/inventory/hours"
)

// What is told once.
const (
	noticeLapses = "booking.certificate_lapses" // about a booking
	noticeEnds   = "membership_ends"            // about a membership
)

// letterRevoked is the letter about a certificate that was revoked, one a revocation.
const letterRevoked = "certificate_revoked"

const (
	dailyJob = "membership.daily"
	// soon is how many days before its end a membership's holder is told.
	soon = 14
)

// Handlers returns the jobs of this package: membership.daily, which tells of certificates
// that will have lapsed before a booked day and of memberships that end soon, and comes
// again the next day.
func (r *Roster) Handlers() map[string]database.Handler {
	return map[string]database.Handler{dailyJob: r.daily}
}

// Begin makes the daily job wait for its turn, unless it does already. It is called when a
// server starts.
func (r *Roster) Begin(ctx context.Context) error {
	return r.db.In(ctx, func(tx *database.Tx) error { return tx.EnqueueFirst(dailyJob) })
}

// daily is done once a day; a second time on one day tells nothing again.
func (r *Roster) daily(ctx context.Context, _ json.RawMessage) error {
	return r.db.In(ctx, func(tx *database.Tx) error {
		if err := tellLapses(tx, "", ""); err != nil {
			return err
		}
		if err := tellEnds(tx); err != nil {
			return err
		}
		return tx.EnqueueNext(dailyJob, tx.Now.Truncate(24*time.Hour).Add(24*time.Hour+9*time.Hour)) // 9:00 UTC, before hubs open
	})
}

// tellEnds has the members told whose membership ends soon.
func tellEnds(tx *database.Tx) error {
	day := hours.DateOf(tx.Now, time.UTC)
	var rows []struct {
		ID       string `db:"id"`
		MemberID string `db:"member_id"`
	}
	err := tx.Select(&rows, `
		SELECT s.id, COALESCE(s.member_id, '') AS member_id FROM memberships s
		LEFT JOIN notices_sent n ON n.subject_id = s.id AND n.what = $3
		WHERE s.ends_on >= $1 AND s.ends_on <= $2 AND NOT s.renews AND s.cancelled_at IS NULL AND n.subject_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM memberships o WHERE o.hub_id = s.hub_id AND o.starts_on > s.ends_on AND o.cancelled_at IS NULL
				AND (o.member_id = s.member_id OR o.organisation_id = s.organisation_id))
		ORDER BY s.id`, day.String(), day.AddDays(soon).String(), noticeEnds)
	if err != nil {
		return err
	}
	for _, row := range rows {
		args := map[string]string{"what": noticeEnds, "id": row.ID}
		if row.MemberID != "" {
			args["to"] = row.MemberID
		}
		if err := tellOnce(tx, row.ID, noticeEnds, database.Job{Kind: "mail", At: tx.Now, Args: args}); err != nil {
			return err
		}
	}
	return nil
}

// tellOnce enqueues a job unless it was before.
func tellOnce(tx *database.Tx, subject, what string, job database.Job) error {
	n, err := tx.Exec(`INSERT INTO notices_sent (subject_id, what, at) VALUES ($1, $2, $3) ON CONFLICT (subject_id, what) DO NOTHING`, subject, what, tx.Now)
	if err != nil || n == 0 {
		return err
	}
	return tx.Enqueue(job)
}
