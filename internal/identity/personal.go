package identity

import (
	"fmt"
	"time"

	"canot/internal/database"
)

// A Dossier is what this package knows of a person: all of it, but for secrets, of which it has only
// hashes.
type Dossier struct {
	Name              string            `json:"name"`
	Email             string            `json:"email"`
	EmailVerified     bool              `json:"email_verified"`
	Phone             string            `json:"phone"`
	BirthDate         string            `json:"birth_date"`
	Clientele         string            `json:"clientele"`
	Language          string            `json:"language"`
	HomeHub           string            `json:"home_hub"`
	Active            bool              `json:"active"`
	Card              string            `json:"card"` // what they show at a counter
	GuardianConsentAt *time.Time        `json:"guardian_consent_at"`
	CreatedAt         time.Time         `json:"created_at"`
	ErasedAt          *time.Time        `json:"erased_at"`
	Roles             []Grant           `json:"roles"`
	Organisations     []OwnOrganisation `json:"organisations"`
	Tokens            []OwnToken        `json:"tokens"`
	Sessions          []OwnSession      `json:"sessions"`
	Calendars         []OwnCalendar     `json:"calendars"`
}

// An OwnOrganisation is one for which the person acts.
type OwnOrganisation struct {
	ID      string    `json:"id" db:"id"`
	Name    string    `json:"name" db:"name"`
	Manages bool      `json:"manages" db:"manages"`
	Since   time.Time `json:"since" db:"created_at"`
}

// An OwnToken is one of the person's API tokens.
type OwnToken struct {
	Prefix    string     `json:"prefix" db:"prefix"`
	Label     string     `json:"label" db:"label"`
	Scopes    string     `json:"scopes" db:"scopes"`
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	ExpiresAt time.Time  `json:"expires_at" db:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at" db:"revoked_at"`
}

// An OwnCalendar is one of the secret addresses of the person's private calendars.
type OwnCalendar struct {
	Hub       string    `json:"hub" db:"hub_id"` // "" for their own bookings
	CreatedAt time.Time `json:"created_at" db:"created_at"`
}

// An OwnSession is one of the person's sessions, open or ended.
type OwnSession struct {
	Method    string     `json:"method" db:"method"`
	Factors   int        `json:"factors" db:"factors"`
	Device    string     `json:"device" db:"device"`
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	SeenAt    time.Time  `json:"seen_at" db:"seen_at"`
	ExpiresAt time.Time  `json:"expires_at" db:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at" db:"revoked_at"`
}

// About returns the Dossier of a person. It asks for no right: its caller has. An unknown member is
// NotFound.
func About(r database.Reader, memberID string) (any, error) {
	p, err := personWhere(r, `m.id = $1`, memberID)
	if err != nil {
		return nil, err
	}
	d := Dossier{
		Name: p.Name, Email: p.Email, EmailVerified: p.EmailVerified, Phone: p.Phone, BirthDate: p.BirthDate, Clientele: p.Clientele, Language: p.Language,
		HomeHub: p.HomeHubID, Active: p.Active, Card: p.Card, GuardianConsentAt: p.GuardianConsentAt, CreatedAt: p.CreatedAt, ErasedAt: p.ErasedAt,
		Organisations: []OwnOrganisation{}, Tokens: []OwnToken{}, Sessions: []OwnSession{}, Calendars: []OwnCalendar{},
	}
	if d.Roles, err = grantsOf(r, memberID); err != nil {
		return nil, err
	}
	err = r.Select(&d.Organisations, `SELECT o.id, o.name, d.manages, d.created_at FROM organisation_members d JOIN organisations o ON o.id = d.organisation_id
		WHERE d.member_id = $1 ORDER BY d.created_at, o.id`, memberID)
	if err == nil {
		err = r.Select(&d.Tokens, `SELECT prefix, label, scopes, created_at, expires_at, revoked_at FROM tokens WHERE member_id = $1 ORDER BY created_at, id`, memberID)
	}
	if err == nil {
		err = r.Select(&d.Sessions, `SELECT method, factors, device, created_at, seen_at, expires_at, revoked_at FROM sessions WHERE member_id = $1 ORDER BY created_at, id`, memberID)
	}
	if err == nil {
		err = r.Select(&d.Calendars, `SELECT hub_id, created_at FROM calendar_addresses WHERE member_id = $1 ORDER BY hub_id, created_at`, memberID)
	}
	if err != nil {
		return nil, fmt.Errorf("about a person: %w", err)
	}
	return d, nil
}

// Shown returns what somebody else may see of a Dossier: all but how the person signs in.
func Shown(_ Actor, about any) (any, bool) {
	d, known := about.(Dossier)
	d.Card, d.Tokens, d.Sessions, d.Calendars = "", []OwnToken{}, []OwnSession{}, []OwnCalendar{}
	return d, known
}

// Shut closes an account that is about to be erased, in the caller's transaction, and reports whether it
// was open. Nothing can be booked for it any more; its sessions and tokens are left for Forget. It asks
// for no right. The last administrator stays: Refused, last_administrator.
func Shut(tx *database.Tx, memberID string) (bool, error) {
	if err := tx.Lock("members", memberID); err != nil {
		return false, err
	}
	p, err := personWhere(tx, `m.id = $1`, memberID)
	if err != nil || !p.Active {
		return false, err
	}
	if err := keepAnAdministrator(tx, memberID); err != nil {
		return false, err
	}
	_, err = tx.Exec(`UPDATE members SET active = false, standing = standing + 1, version = version + 1 WHERE id = $1`, memberID)
	return err == nil, err
}

// Unshut opens an account that Shut closed, when it is not erased after all.
func Unshut(tx *database.Tx, memberID string) error {
	_, err := tx.Exec(`UPDATE members SET active = true, standing = standing + 1, version = version + 1
		WHERE id = $1 AND erased_at IS NULL`, memberID)
	return err
}

// Forget makes a person unknown in the caller's transaction: no name, address, phone, birth date,
// card or home hub is left, no role, delegation, token, calendar address or session. The row stays, closed, for what refers to
// it. It asks for no right: its caller has, and calls Directory.Forget afterwards. The last
// administrator stays: Refused, last_administrator. Doing it twice is the same as once; an unknown
// member is NotFound.
func Forget(tx *database.Tx, memberID string) error {
	p, err := personWhere(tx, `m.id = $1`, memberID)
	if err != nil || p.ErasedAt != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE members SET name = '', email = '', email_key = NULL, email_verified_at = NULL, phone = '', birth_date = '',
		home_hub_id = NULL, card = NULL, guardian_consent_at = NULL, guardian_consent_by = '', seen_at = NULL, active = false, erased_at = $2,
		standing = standing + 1, version = version + 1 WHERE id = $1`, memberID, tx.Now)
	if err != nil {
		return fmt.Errorf("erase member: %w", err)
	}
	if err := keepAnAdministrator(tx, memberID); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM sessions WHERE member_id = $1`,
		`DELETE FROM tokens WHERE member_id = $1`,
		`DELETE FROM calendar_addresses WHERE member_id = $1`,
		`DELETE FROM grants WHERE member_id = $1`,
		`DELETE FROM organisation_members WHERE member_id = $1`,
	} {
		if _, err := tx.Exec(statement, memberID); err != nil {
			return fmt.Errorf("erase member: %w", err)
		}
	}
	return tx.Record(database.Change{By: System.ID, Action: "member.forget", Kind: "member", Subject: memberID})
}
