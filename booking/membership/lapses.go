package membership

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// A RevokedCertificate is what the letter about a revocation says.
type RevokedCertificate struct {
	MemberID          string
	CertificationName inventory.Text
	Reason            string
	RevokedAt         time.Time
	Bookings          []string // ids of those to come that rest on it and have nothing else to rest on, the soonest first
}

// Revoked returns what is to be said of a certificate that was revoked. One that stands, or
// is not there, is NotFound. It asks for no right: it is for the letter to its holder.
func (r *Roster) Revoked(ctx context.Context, certificateID string) (RevokedCertificate, error) {
	var x RevokedCertificate
	err := r.db.View(ctx, func(rd database.Reader) error {
		c, err := findCertificate(rd, certificateID)
		if err == nil && c.RevokedAt == nil {
			err = notFound("certificate_not_found")
		}
		if err != nil {
			return err
		}
		x = RevokedCertificate{MemberID: c.MemberID, CertificationName: c.CertificationName, Reason: c.Reason, RevokedAt: *c.RevokedAt}
		var ids []string
		err = rd.Select(&ids, `SELECT b.id FROM bookings b JOIN booking_certificates u ON u.booking_id = b.id
			WHERE u.certificate_id = $1 AND b.starts_at > $2 AND b.status IN ('pending', 'confirmed') ORDER BY b.starts_at, b.id`, c.ID, r.db.Now())
		for _, id := range ids {
			broken, err := uncertified(rd, id)
			if err != nil {
				return err
			}
			if len(broken) > 0 {
				x.Bookings = append(x.Bookings, id)
			}
		}
		return err
	})
	return x, err
}

// LapseOf returns which certification a booking lacks on its day, and the last day on which
// it is held, "" when it is not held at all. A booking that lacks none is NotFound. It asks
// for no right: it is for the letters about the booking.
func (r *Roster) LapseOf(ctx context.Context, bookingID string) (certification inventory.Text, until string, err error) {
	var broken []fault.Violation
	err = r.db.View(ctx, func(rd database.Reader) (err error) {
		broken, err = uncertified(rd, bookingID)
		return err
	})
	if err == nil && len(broken) == 0 {
		err = notFound("certificate_not_found")
	}
	if err != nil {
		return nil, "", err
	}
	params := broken[0].Params
	certification, _ = params["certification_name"].(inventory.Text)
	if any, ok := params["any_names"].(inventory.Text); ok {
		certification = any
	}
	until, _ = params["until_on"].(string)
	return certification, until, nil
}

// uncertified judges again, as when it was placed, whether the member of a booking is
// certified for it on its day, and returns what is broken and was not lifted.
func uncertified(rd database.Reader, bookingID string) ([]fault.Violation, error) {
	var b struct {
		MemberID string    `db:"member_id"`
		HubID    string    `db:"hub_id"`
		Zone     string    `db:"time_zone"`
		StartsAt time.Time `db:"starts_at"`
		EndsAt   time.Time `db:"ends_at"`
	}
	err := rd.Get(&b, `SELECT b.member_id, b.hub_id, h.time_zone, b.starts_at, b.ends_at FROM bookings b JOIN hubs h ON h.id = b.hub_id WHERE b.id = $1`, bookingID)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("booking_not_found")
	}
	if err != nil {
		return nil, err
	}
	zone, err := hours.LoadZone(b.Zone)
	if err != nil {
		return nil, err
	}
	a := Ask{MemberID: b.MemberID, BookingID: bookingID, HubID: b.HubID, Zone: zone, Span: hours.Span{Start: b.StartsAt, End: b.EndsAt}, Waived: map[string]bool{}}
	var lifted []string
	if err := rd.Select(&lifted, `SELECT rule FROM waivers WHERE booking_id = $1`, bookingID); err != nil {
		return nil, err
	}
	for _, rule := range lifted {
		a.Waived[rule] = true
	}
	var asked []string
	err = rd.Select(&asked, `SELECT r.requirements FROM booking_lines l JOIN resources r ON r.id = l.resource_id WHERE l.booking_id = $1 ORDER BY l.line`, bookingID)
	if err != nil {
		return nil, err
	}
	lines := make([]inventory.Requirements, len(asked))
	var slugs []string
	for i, text := range asked {
		if err := json.Unmarshal([]byte(text), &lines[i]); err != nil {
			return nil, err
		}
		slugs = append(slugs, lines[i].Certifications...)
	}
	s := &Standing{}
	if err := s.readFulfilled(rd, a, slugs); err != nil {
		return nil, err
	}
	j := judging{Standing: s, ask: a, day: hours.DateOf(b.StartsAt, zone), line: &LineVerdict{}}
	for _, q := range lines {
		j.certified(q)
	}
	return j.line.Violations, nil
}

// A resting is a booking to come that rests on a certificate which may not count on its day.
type resting struct {
	BookingID string     `db:"booking_id"`
	StartsAt  time.Time  `db:"starts_at"`
	Zone      string     `db:"time_zone"`
	Told      bool       `db:"told"`
	ID        string     `db:"id"`
	FromOn    string     `db:"from_on"`
	UntilOn   string     `db:"until_on"`
	GivenAt   time.Time  `db:"given_at"`
	RevokedAt *time.Time `db:"revoked_at"`
	Unused    int        `db:"unused_months"`
}

// counts reports whether the certificate counts on the booking's day.
func (x resting) counts(uses []hours.Span) (bool, error) {
	zone, err := hours.LoadZone(x.Zone)
	if err != nil {
		return false, err
	}
	c := certificateFacts{id: x.ID, from: x.FromOn, until: x.UntilOn, givenAt: x.GivenAt, unusedMonths: x.Unused, uses: uses}
	last, _ := c.lastDay(x.StartsAt, zone)
	return x.RevokedAt == nil && within(hours.DateOf(x.StartsAt, zone), c.from, last), nil
}

// tellLapses has the member and staff told of the coming bookings of a member, "" for all,
// that they are not certified for any more: once, and again when it was set right since.
// Another certificate may carry what a lost one does not. What rests on the certificate
// that was revoked just now, "" for none, is told by the letter about that.
func tellLapses(tx *database.Tx, memberID, revoked string) error {
	var rows []resting
	err := tx.Select(&rows, `
		SELECT b.id AS booking_id, b.starts_at, h.time_zone, n.subject_id IS NOT NULL AS told,
			k.id, k.from_on, k.until_on, k.given_at, k.revoked_at, c.unused_months
		FROM bookings b
		JOIN booking_certificates u ON u.booking_id = b.id
		JOIN certificates k ON k.id = u.certificate_id
		JOIN certifications c ON c.id = k.certification_id
		JOIN hubs h ON h.id = b.hub_id
		LEFT JOIN notices_sent n ON n.subject_id = b.id AND n.what = $3
		WHERE b.starts_at > $1 AND b.status IN ('pending', 'confirmed') AND ($2 = '' OR b.member_id = $2)
			AND (k.revoked_at IS NOT NULL OR k.until_on <> '' OR c.unused_months > 0 OR n.subject_id IS NOT NULL)
		ORDER BY b.id`, tx.Now, memberID, noticeLapses)
	if err != nil {
		return err
	}
	var idle []string
	for _, row := range rows {
		if row.Unused > 0 {
			idle = append(idle, row.ID)
		}
	}
	uses, err := usesOf(tx, unique(idle), "") // none vouches for itself: only what starts before counts
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].BookingID == rows[0].BookingID {
			n++
		}
		if err := tellLapse(tx, rows[:n], uses, revoked); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// tellLapse is tellLapses for one booking and the certificates on which it rests.
func tellLapse(tx *database.Tx, rows []resting, uses map[string][]hours.Span, revoked string) error {
	booking, sound, known := rows[0].BookingID, true, false
	for _, row := range rows {
		counts, err := row.counts(uses[row.ID])
		if err != nil {
			return err
		}
		sound = sound && counts
		known = known || row.ID == revoked
	}
	if !sound {
		broken, err := uncertified(tx, booking)
		if err != nil {
			return err
		}
		sound = len(broken) == 0
	}
	switch {
	case sound && rows[0].Told:
		_, err := tx.Exec(`DELETE FROM notices_sent WHERE subject_id = $1 AND what = $2`, booking, noticeLapses)
		return err
	case sound || rows[0].Told:
		return nil
	case known:
		_, err := tx.Exec(`INSERT INTO notices_sent (subject_id, what, at) VALUES ($1, $2, $3)`, booking, noticeLapses, tx.Now)
		return err
	}
	return tellOnce(tx, booking, noticeLapses, database.Job{Kind: "notice", At: tx.Now,
		Args: map[string]string{"booking": booking, "what": noticeLapses}})
}
