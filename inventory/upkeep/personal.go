package upkeep

import (
	"context"
	"time"

	"canot/internal/database"
)

// A Trace is what the upkeep knows of a person in one ticket: that they reported it, or look after it,
// and what they wrote on it.
type Trace struct {
	ID          string    `json:"id" db:"id"`
	CreatedAt   time.Time `json:"created_at" db:"created_at"`
	State       string    `json:"state" db:"state"`
	Reported    bool      `json:"reported" db:"reported"`
	Assigned    bool      `json:"assigned" db:"assigned"`
	Description string    `json:"description,omitempty" db:"description"` // of what they reported
	Notes       []string  `json:"notes,omitempty" db:"-"`                 // that they wrote
}

// About is everything that the upkeep knows of a person.
func About(r database.Reader, memberID string) (any, error) {
	traces := []Trace{}
	err := r.Select(&traces, `SELECT t.id, t.created_at, t.state, t.reported_by = $1 AS reported, t.assigned_to = $1 AS assigned,
			CASE WHEN t.reported_by = $1 THEN t.description ELSE '' END AS description
		FROM tickets t WHERE t.id IN (
			SELECT x.id FROM tickets x WHERE x.reported_by = $1 AND x.reported_by <> ''
			UNION SELECT x.id FROM tickets x WHERE x.assigned_to = $1 AND x.assigned_to <> ''
			UNION SELECT n.ticket_id FROM ticket_notes n WHERE n.by_id = $1)
		ORDER BY t.created_at, t.id`, memberID)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, t := range traces {
		traces[i].CreatedAt, at[t.ID] = t.CreatedAt.UTC(), i
	}
	var notes []struct {
		TicketID string `db:"ticket_id"`
		Body     string `db:"body"`
	}
	err = r.Select(&notes, `SELECT ticket_id, body FROM ticket_notes WHERE by_id = $1 AND body <> '' ORDER BY at, id`, memberID)
	for _, n := range notes {
		traces[at[n.TicketID]].Notes = append(traces[at[n.TicketID]].Notes, n.Body)
	}
	return traces, err
}

// Blank takes the words out of tickets, of their notes, and of what they put out of service, by ids.
func Blank(tx *database.Tx, ids []string) error {
	for _, id := range ids {
		for _, text := range []string{
			`UPDATE tickets SET description = '', contact = '' WHERE id = $1`,
			`UPDATE ticket_notes SET body = '' WHERE ticket_id = $1`,
			`UPDATE maintenances SET reason = '' WHERE ticket_id = $1`,
		} {
			if _, err := tx.Exec(text, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Forget takes a person out of the tickets: those that they reported stay for the thing's sake, without
// their name, their words and their pictures; what they looked after is nobody's.
func Forget(tx *database.Tx, memberID string) error {
	for _, text := range []string{
		`DELETE FROM files WHERE subject_kind = 'ticket' AND created_by = $1`,
		`UPDATE tickets SET reported_by = '', contact = '', description = '' WHERE reported_by = $1`,
		`UPDATE tickets SET assigned_to = '' WHERE assigned_to = $1`,
		`UPDATE ticket_notes SET body = '' WHERE by_id = $1`,
	} {
		if _, err := tx.Exec(text, memberID); err != nil {
			return err
		}
	}
	return nil
}

// ForgetTexts removes what people wrote of themselves on tickets that were closed before an instant, as
// the retention of personal data asks: who reported them and where they can be reached. It returns how
// many tickets it cleaned.
func (d *Desk) ForgetTexts(ctx context.Context, before time.Time) (int, error) {
	var cleaned int64
	err := d.db.In(ctx, func(tx *database.Tx) (err error) {
		cleaned, err = tx.Exec(`UPDATE tickets SET reported_by = '', contact = '' WHERE closed_at < $1 AND (reported_by <> '' OR contact <> '')`, before)
		return err
	})
	return int(cleaned), err
}
