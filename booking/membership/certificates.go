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

// A Certificate is one person's certification. It is never deleted.
type Certificate struct {
	ID                string         `db:"id" json:"id"`
	MemberID          string         `db:"member_id" json:"member_id"`
	CertificationID   string         `db:"certification_id" json:"certification_id"`
	CertificationSlug string         `db:"certification_slug" json:"certification_slug"` // filled by reads, as the next
	CertificationName inventory.Text `db:"certification_name" json:"certification_name"`
	HubID             string         `db:"hub_id" json:"hub_id"` // where it was given, "" when nobody said
	GivenBy           string         `db:"given_by" json:"given_by"`
	GivenAt           time.Time      `db:"given_at" json:"given_at"`
	FromOn            string         `db:"from_on" json:"from_on"`
	UntilOn           string         `db:"until_on" json:"until_on"` // the last day, "" for none
	RevokedAt         *time.Time     `db:"revoked_at" json:"revoked_at"`
	RevokedBy         string         `db:"revoked_by" json:"revoked_by"`
	Reason            string         `db:"reason" json:"reason"` // why it was revoked
	Version           int64          `db:"version" json:"version"`
}

// NewCertificate is what is asked of a certificate. Certification and Hub are ids or slugs.
// FromOn "" is today; UntilOn nil is as long as the certification says.
type NewCertificate struct {
	MemberID      string
	Certification string
	Hub           string // where it is given
	FromOn        string
	UntilOn       *string
}

const selectCertificateRows = `SELECT k.id, k.member_id, k.certification_id, c.slug AS certification_slug, c.name AS certification_name, k.hub_id, k.given_by,
	k.given_at, k.from_on, k.until_on, k.revoked_at, k.revoked_by, k.reason, k.version
	FROM certificates k JOIN certifications c ON c.id = k.certification_id `

func findCertificate(r database.Reader, id string) (Certificate, error) {
	var c Certificate
	err := r.Get(&c, selectCertificateRows+`WHERE k.id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("certificate_not_found")
	}
	return c, err
}

// mayCertify asks that by may give a certification: at its hub, and one of the network at
// the hub where it is given, or anywhere when nobody says where.
func mayCertify(r database.Reader, by identity.Actor, certificationHub, hub string) error {
	if certificationHub != "" {
		hub = certificationHub
	}
	if hub == "" {
		if !by.Anywhere(identity.Certify) {
			return identity.Denied(by)
		}
		return nil
	}
	return allow(r, by, identity.Certify, hub)
}

// GiveCertificate says that a member may use what a certification is for. It asks for
// Certify at the certification's hub, or, for one of the network, at the hub where it is
// given. Nobody gives one to themselves: Refused, own_certificate.
func (r *Roster) GiveCertificate(ctx context.Context, by identity.Actor, n NewCertificate, k database.Key) (Certificate, error) {
	return r.certificate(ctx, "give certificate", k, func(tx *database.Tx) (string, error) {
		c, err := findCertification(tx, n.Certification)
		if fault.Is(err, "certification_not_found") || err == nil && c.Archived {
			err = unknown("certification", "unknown_certification", n.Certification)
		}
		if err != nil {
			return "", err
		}
		hub, err := hubOf(tx, n.Hub)
		if err != nil {
			return "", err
		}
		if err := mayCertify(tx, by, c.HubID, hub); err != nil {
			return "", err
		}
		if n.MemberID == by.ID {
			return "", refused("member", "own_certificate", nil)
		}
		id, err := give(tx, by, c, n)
		if err != nil {
			return "", err
		}
		return id, tellLapses(tx, n.MemberID, "")
	})
}

// LoadCertificates gives many certificates in the caller's transaction, for the demo network
// and for imports, and returns their ids. It asks for no right: its caller has.
func (r *Roster) LoadCertificates(_ context.Context, tx *database.Tx, many []NewCertificate) ([]string, error) {
	known := map[string]Certification{}
	ids := make([]string, len(many))
	for i, n := range many {
		c, found := known[n.Certification]
		var err error
		if !found {
			if c, err = findCertification(tx, n.Certification); err != nil {
				return nil, fmt.Errorf("load certificates: %w", err)
			}
			known[n.Certification] = c
		}
		if ids[i], err = give(tx, identity.System, c, n); err != nil {
			return nil, fmt.Errorf("load certificates: %w", err)
		}
	}
	return ids, nil
}

func (r *Roster) certificate(ctx context.Context, what string, k database.Key, verb func(*database.Tx) (string, error)) (Certificate, error) {
	id, err := r.once(ctx, k, verb)
	if err != nil {
		return Certificate{}, fmt.Errorf("%s: %w", what, err)
	}
	return findCertificate(r.db.Reader(ctx), id)
}

func give(tx *database.Tx, by identity.Actor, c Certification, n NewCertificate) (string, error) {
	key := n.Hub
	if c.HubID != "" {
		key = c.HubID
	}
	hub, zoneName, err := placeOf(tx, key)
	if err != nil {
		return "", err
	}
	from := n.FromOn
	if from == "" {
		day, err := today(tx, zoneName)
		if err != nil {
			return "", err
		}
		from = day.String()
	}
	until := ""
	if n.UntilOn != nil {
		until = *n.UntilOn
	} else if day, ok := dateOf(from); ok && c.ValidMonths > 0 {
		until = addMonths(day, int(c.ValidMonths)).AddDays(-1).String()
	}
	if err := checkDays(from, until); err != nil {
		return "", err
	}
	if _, err := raise(tx, "members", n.MemberID); err != nil {
		return "", err
	}
	id := database.NewID()
	_, err = tx.Exec(`INSERT INTO certificates (id, member_id, certification_id, hub_id, given_by, given_at, from_on, until_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, id, n.MemberID, c.ID, hub, by.ID, tx.Now, from, until)
	if err != nil {
		return "", err
	}
	return id, tx.Record(database.Change{By: by.ID, Action: "certificate.give", Kind: "certificate", Subject: id, After: map[string]any{
		"member": n.MemberID, "certification": c.ID, "hub": hub, "from_on": from, "until_on": until}})
}

func checkDays(from, until string) error {
	var f form
	f.day("from_on", from)
	f.day("until_on", until)
	if len(f.violations) == 0 && until != "" && until < from {
		f.no("until_on", "ends_before_start", nil)
	}
	return f.err()
}

// RevokeCertificate ends a certificate at once; the reason is for the member and the staff.
// It stays in the history. One letter tells of it and of the coming bookings that it does
// not carry any more. It asks for what GiveCertificate asks for.
func (r *Roster) RevokeCertificate(ctx context.Context, by identity.Actor, id, reason string, k database.Key) (Certificate, error) {
	return r.certificate(ctx, "revoke certificate", k, func(tx *database.Tx) (string, error) {
		return id, r.changeCertificate(tx, by, id, 0, "revoke", func(c *Certificate) error {
			if c.RevokedAt != nil {
				return refused("id", "already_revoked", nil)
			}
			if inventory.Unwritable(reason, true) || len([]rune(reason)) > 500 {
				return fault.Field("reason", "bad_text")
			}
			c.RevokedAt, c.RevokedBy, c.Reason = &tx.Now, by.ID, reason
			return nil
		})
	})
}

// ChangeCertificateEnd gives a certificate another last day, "" for none. It asks for what
// GiveCertificate asks for. Another version than ifVersion is Stale.
func (r *Roster) ChangeCertificateEnd(ctx context.Context, by identity.Actor, id, untilOn string, ifVersion int64, k database.Key) (Certificate, error) {
	return r.certificate(ctx, "change certificate", k, func(tx *database.Tx) (string, error) {
		return id, r.changeCertificate(tx, by, id, ifVersion, "change_end", func(c *Certificate) error {
			if c.RevokedAt != nil {
				return refused("id", "already_revoked", nil)
			}
			c.UntilOn = untilOn
			return checkDays(c.FromOn, c.UntilOn)
		})
	})
}

// changeCertificate changes a certificate under the lock of its member, and tells of the
// bookings that it does not carry any more.
func (r *Roster) changeCertificate(tx *database.Tx, by identity.Actor, id string, ifVersion int64, what string, edit func(*Certificate) error) error {
	c, err := findCertificate(tx, id)
	if err != nil {
		return err
	}
	kind, err := findCertification(tx, c.CertificationID)
	if err != nil {
		return err
	}
	if err := mayCertify(tx, by, kind.HubID, c.HubID); err != nil {
		if sees, _ := r.sees(tx, by, Holder{MemberID: c.MemberID}); fault.KindOf(err) == fault.Forbidden && !sees {
			err = notFound("certificate_not_found")
		}
		return err
	}
	if by.ID == c.MemberID {
		return refused("id", "own_certificate", nil)
	}
	if _, err := raise(tx, "members", c.MemberID); err != nil {
		return err
	}
	if c, err = findCertificate(tx, id); err != nil { // as it is under the lock
		return err
	}
	if err := stale(ifVersion, c.Version); err != nil {
		return err
	}
	was := c
	if err := edit(&c); err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE certificates SET until_on = $2, revoked_at = $3, revoked_by = $4, reason = $5, version = version + 1 WHERE id = $1`,
		c.ID, c.UntilOn, c.RevokedAt, c.RevokedBy, c.Reason)
	if err != nil {
		return err
	}
	err = tx.Record(database.Change{By: by.ID, Action: "certificate." + what, Kind: "certificate", Subject: c.ID,
		Before: map[string]any{"until_on": was.UntilOn, "revoked": was.RevokedAt != nil},
		After:  map[string]any{"until_on": c.UntilOn, "revoked": c.RevokedAt != nil}})
	if err != nil {
		return err
	}
	revoked := ""
	if c.RevokedAt != nil {
		revoked = c.ID
		if err := tx.Enqueue(database.Job{Kind: "mail", At: tx.Now, Args: map[string]string{"what": letterRevoked, "id": c.ID}}); err != nil {
			return err
		}
	}
	return tellLapses(tx, c.MemberID, revoked)
}

// Certificates lists a member's certificates, the latest first, ended and revoked ones too:
// to the member, to staff of their hubs, and to who may certify at the hub where one was given.
func (r *Roster) Certificates(ctx context.Context, by identity.Actor, memberID string) ([]Certificate, error) {
	var visible []Certificate
	err := r.db.View(ctx, func(rd database.Reader) error {
		visible = nil
		hidden := r.seen(rd, by, Holder{MemberID: memberID})
		if hidden != nil && fault.KindOf(hidden) != fault.NotFound {
			return hidden
		}
		var list []Certificate
		if err := rd.Select(&list, selectCertificateRows+`WHERE k.member_id = $1 ORDER BY k.given_at DESC, k.id`, memberID); err != nil {
			return err
		}
		for _, c := range list {
			if hidden == nil || c.HubID != "" && allow(rd, by, identity.Certify, c.HubID) == nil {
				visible = append(visible, c)
			}
		}
		if len(visible) == 0 {
			return hidden
		}
		return nil
	})
	return visible, err
}
