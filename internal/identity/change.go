package identity

import (
	"context"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// MemberEdits is what to change of a member; nil leaves a field as it is. An address is changed by
// proving the new one, and a role by GrantRole.
type MemberEdits struct {
	IfVersion int64 // the version that was read; 0 for any

	Name            *string
	Language        *string
	HomeHub         *string // by id, "" for none
	Phone           *string
	BirthDate       *string // 2006-01-02
	Clientele       *string
	GuardianConsent *bool // who has parental authority agrees, or no longer does
}

// ChangeMember changes what is known of a person. They change their own name, language, phone, home
// hub and clientele, and tell their birth date once: later it is Refused, birth_date_set, and under
// fourteen without the consent of who has parental authority parent_needed, as at sign-up. Who manages
// members at their home hub, and could give every role that they have, changes all of it, and moves
// them to hubs where they manage members too. Who books for others there does so for persons without
// an address or a role, tells a birth date that is not known, and is alone to note, for anybody but themselves,
// that who has parental authority agrees. Else it is Forbidden, and NotFound to who may not see the
// person. By a token it takes the admin scope. Another version than IfVersion is Stale. Repeated with
// its key, it returns the member as they are now.
func (d *Directory) ChangeMember(ctx context.Context, by Actor, memberID string, e MemberEdits, k database.Key) (Member, error) {
	if !storable(memberID) {
		return Member{}, memberNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		if err := tx.Lock("members", memberID); err != nil {
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		p, err := living(tx, memberID)
		if err != nil {
			return "", err
		}
		if err := visible(tx, by, p); err != nil {
			return "", err
		}
		if e.IfVersion != 0 && e.IfVersion != p.Version {
			return "", fault.New(fault.Stale, "stale", fault.Params{"version": p.Version})
		}
		n, fields, err := e.on(p, tx.Now)
		if err != nil {
			return "", err
		}
		if err := mayEdit(tx, by, p, n, fields); err != nil {
			return "", err
		}
		return memberID, writeEdits(tx, by, p, n, fields)
	})
	d.Forget(memberID) // their language is remembered
	if err != nil {
		return Member{}, fmt.Errorf("change member: %w", err)
	}
	return personWhere(d.db.Reader(ctx), `m.id = $1`, memberID)
}

// on returns p with the edits, and the names of the fields that they change.
func (e MemberEdits) on(p Member, now time.Time) (n Member, fields []string, err error) {
	n = p
	var f form
	if e.Name != nil {
		n.Name = f.text("name", *e.Name, longestName)
		f.required("name", n.Name)
	}
	if e.Language != nil {
		n.Language = f.language("language", *e.Language)
	}
	if e.HomeHub != nil {
		n.HomeHubID = *e.HomeHub
	}
	if e.Phone != nil {
		n.Phone = f.text("phone", *e.Phone, longestPhone)
	}
	if e.BirthDate != nil {
		n.BirthDate = *e.BirthDate
		f.birthDate("birth_date", n.BirthDate, now)
	}
	if e.Clientele != nil {
		n.Clientele = *e.Clientele
		f.clientele("clientele", n.Clientele)
	}
	consents := p.GuardianConsentAt != nil
	if e.GuardianConsent != nil && *e.GuardianConsent != consents {
		consents = *e.GuardianConsent
		if n.GuardianConsentAt = nil; consents {
			n.GuardianConsentAt = &now
		}
	}
	for _, field := range []struct {
		name    string
		changed bool
	}{
		{"name", n.Name != p.Name}, {"language", n.Language != p.Language}, {"home_hub", n.HomeHubID != p.HomeHubID}, {"phone", n.Phone != p.Phone},
		{"birth_date", n.BirthDate != p.BirthDate}, {"clientele", n.Clientele != p.Clientele}, {"guardian_consent", consents != (p.GuardianConsentAt != nil)},
	} {
		if field.changed {
			fields = append(fields, field.name)
		}
	}
	return n, fields, f.fault()
}

// mayEdit asks that by, who may see p, may make n of them.
func mayEdit(tx *database.Tx, by Actor, p, n Member, fields []string) error {
	region, err := regionOf(tx, p.HomeHubID)
	if err != nil {
		return err
	}
	there, err := regionOf(tx, n.HomeHubID)
	if err != nil {
		return err
	}
	_, refused := managed(tx, by, p.ID)
	if refused != nil && fault.Of(refused) == nil {
		return refused
	}
	manages := refused == nil
	self := by.ID == p.ID && by.Holds(ScopeAdmin)
	assists := by.May(BookForOthers, p.HomeHubID, region)
	roles, err := grantsOf(tx, p.ID)
	if err != nil {
		return err
	}
	for _, field := range fields {
		allowed := self || manages || assists && p.Assisted() && len(roles) == 0
		switch field {
		case "home_hub":
			allowed = self || manages && by.May(ManageMembers, n.HomeHubID, there)
		case "birth_date":
			if p.BirthDate == "" {
				allowed = self || manages || assists
			} else if allowed = manages; self && !manages {
				return fault.New(fault.Refused, "birth_date_set", nil)
			}
			if self && n.GuardianConsentAt == nil && underAge(n.BirthDate, tx.Now) {
				return fault.New(fault.Refused, "parent_needed", fault.Params{"under": AgeOfConsent})
			}
		case "guardian_consent":
			allowed = assists && by.ID != p.ID
		}
		if !allowed {
			return Denied(by)
		}
	}
	return nil
}

func writeEdits(tx *database.Tx, by Actor, p, n Member, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	witness := ""
	if n.GuardianConsentAt != nil {
		witness = by.ID
	}
	if n.GuardianConsentAt == p.GuardianConsentAt { // who saw it stays who saw it
		if err := tx.Get(&witness, `SELECT guardian_consent_by FROM members WHERE id = $1`, p.ID); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE members SET name = $2, language = $3, home_hub_id = $4, phone = $5, birth_date = $6, clientele = $7,
		guardian_consent_at = $8, guardian_consent_by = $9, standing = standing + 1, version = version + 1 WHERE id = $1`,
		p.ID, n.Name, n.Language, orNull(n.HomeHubID), n.Phone, n.BirthDate, n.Clientele, n.GuardianConsentAt, witness)
	if err != nil {
		return err
	}
	figures := func(m Member) map[string]any {
		return map[string]any{"hub": m.HomeHubID, "language": m.Language, "guardian_consent": m.GuardianConsentAt != nil}
	}
	after := figures(n)
	after["set"] = fields
	return tx.Record(database.Change{By: by.ID, Action: "member.change", Kind: "member", Subject: p.ID, Before: figures(p), After: after})
}

// AgeOfConsent is the age under which a parent consents (Quebec: Act respecting the protection of
// personal information in the private sector, s. 4.1).
const AgeOfConsent = 14

// underAge reports whether who was born on a day is younger, wherever in the territory they are.
func underAge(birthDate string, now time.Time) bool {
	born, err := time.Parse(time.DateOnly, birthDate)
	return err == nil && born.AddDate(AgeOfConsent, 0, 0).Format(time.DateOnly) > now.Add(-6*time.Hour).Format(time.DateOnly)
}
