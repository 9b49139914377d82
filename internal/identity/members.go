package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// A Directory is the people of the network. It may be used by several goroutines at once.
type Directory struct {
	db         *database.DB
	remembered *memory
	secrets    secrets
}

// New returns the Directory of a data base.
func New(db *database.DB) *Directory {
	return &Directory{db: db, remembered: newMemory()}
}

// A Member is a person with an account.
type Member struct {
	ID                string     `db:"id"`
	Name              string     `db:"name"`  // "" once erased
	Email             string     `db:"email"` // "" for a person who has none
	EmailVerified     bool       `db:"email_verified"`
	Phone             string     `db:"phone"`
	BirthDate         string     `db:"birth_date"` // 2006-01-02, "" when it is not known
	Clientele         string     `db:"clientele"`  // one of Clienteles
	Language          string     `db:"language"`
	HomeHubID         string     `db:"home_hub_id"` // "" for none
	Active            bool       `db:"active"`
	GuardianConsentAt *time.Time `db:"guardian_consent_at"` // when who has parental authority agreed, nil for never
	CreatedAt         time.Time  `db:"created_at"`
	ErasedAt          *time.Time `db:"erased_at"` // when the person was made unknown, nil for never
	Version           int64      `db:"version"`
	Card              string     `db:"card"` // what they show at a counter, "" for none
}

// Assisted reports whether the person has no e-mail: staff book for them.
func (m Member) Assisted() bool { return m.Email == "" }

const personColumns = `m.id, m.name, m.email, m.email_verified_at IS NOT NULL AS email_verified, m.phone, m.birth_date, m.clientele, m.language,
	COALESCE(m.home_hub_id, '') AS home_hub_id, m.active, m.guardian_consent_at, m.created_at, m.erased_at, m.version, COALESCE(m.card, '') AS card`

// Clienteles are the sorts of persons and organisations that the network serves, as its funders
// count them; "" is who did not say.
var Clienteles = []string{
	"", "artists", "culture_tourism", "technocreatives_emerging", "technocreatives_established", "students_researchers", "organisations", "public",
}

// A NewMember is what is asked of a person to have an account.
type NewMember struct {
	Name      string // at most 120 characters
	Email     string // may be empty
	Language  string // fr or en; "" means fr
	HomeHubID string // may be empty
	Phone     string // at most 40 characters; may be empty
	BirthDate string // 2006-01-02; may be empty
	Clientele string // one of Clienteles

	EmailVerified   bool // the address was proved to be theirs
	GuardianConsent bool // who has parental authority agreed, and somebody has seen it

	Key database.Key // an Idempotency-Key, for CreateMember alone; the zero Key keeps nothing
}

// CreateMember opens an account. It asks for ManageMembers at the home hub, or over the network when
// there is none; without an address, BookForOthers at the home hub is enough: staff open such an
// account to book for a person who has no e-mail. GuardianConsent asks for BookForOthers too. Fields
// that cannot be read are told together, as Malformed; an address that somebody has is Refused with
// the code email_taken. Repeated with its key, it returns the member made the first time as they are
// now, if by may see them still: no name or address is kept a second time.
func (d *Directory) CreateMember(ctx context.Context, by Actor, n NewMember) (Member, error) {
	n, err := n.checked(d.db.Now())
	if err != nil {
		return Member{}, err
	}
	made := ""
	id, err := database.OnceIn(ctx, d.db, n.Key, func(tx *database.Tx) (string, error) {
		p, err := openFor(tx, by, n)
		made = p.ID
		return p.ID, err
	})
	if err != nil {
		return Member{}, fmt.Errorf("create member: %w", err)
	}
	if id != made { // it was made before, and they may have moved since
		return d.SeenMember(ctx, by, id)
	}
	return personWhere(d.db.Reader(ctx), `m.id = $1`, id)
}

// OpenFor is CreateMember as a step of another verb, in its transaction: staff at a counter open an account for
// who stands there. It asks for the same rights, and its errors are the same; the key of n is not looked at.
func (d *Directory) OpenFor(tx *database.Tx, by Actor, n NewMember) (Member, error) {
	n, err := n.checked(tx.Now)
	if err != nil {
		return Member{}, err
	}
	return openFor(tx, by, n)
}

// openFor opens an account for somebody else, if by may.
func openFor(tx *database.Tx, by Actor, n NewMember) (Member, error) {
	by, err := current(tx, by)
	if err != nil {
		return Member{}, err
	}
	region, err := regionOf(tx, n.HomeHubID)
	if err != nil {
		return Member{}, err
	}
	assists := by.May(BookForOthers, n.HomeHubID, region)
	if !by.May(ManageMembers, n.HomeHubID, region) && !(assists && n.Email == "") || n.GuardianConsent && !assists {
		return Member{}, Denied(by)
	}
	p, err := openAccount(tx, by, n)
	if err == nil && p.Email != "" {
		err = tx.Enqueue(database.Job{Kind: "mail", Args: map[string]string{"what": "account_created", "id": p.ID}, At: tx.Now})
	}
	return p, err
}

// OpenAccount opens an account in the caller's transaction, for somebody who signs up. It asks for
// no right: its caller has seen that the address is theirs. Its errors are those of CreateMember.
func (d *Directory) OpenAccount(tx *database.Tx, n NewMember) (Member, error) {
	n, err := n.checked(tx.Now)
	if err != nil {
		return Member{}, err
	}
	n.EmailVerified = n.Email != ""
	p, err := openAccount(tx, Actor{}, n)
	if err != nil {
		return Member{}, fmt.Errorf("open account: %w", err)
	}
	return p, nil
}

// openAccount writes one new member. A zero by is the member.
func openAccount(tx *database.Tx, by Actor, n NewMember) (Member, error) {
	p := n.person(tx.Now)
	if by.ID == "" {
		by.ID = p.ID
	}
	if err := hubsExist(tx, []Member{p}); err != nil {
		return Member{}, err
	}
	if err := insertPeople(tx, by, []Member{p}); err != nil {
		return Member{}, err
	}
	return p, recordPerson(tx, by, p)
}

// LoadMembers opens many accounts in the caller's transaction, in the order given, for an import or
// the demo network. It asks for no right: its caller has. Its errors are those of CreateMember; one
// that fails fails them all.
func (d *Directory) LoadMembers(ctx context.Context, tx *database.Tx, many []NewMember) ([]Member, error) {
	people := make([]Member, len(many))
	for i, n := range many {
		n, err := n.checked(tx.Now)
		if err != nil {
			return nil, err
		}
		people[i] = n.person(tx.Now)
	}
	if err := hubsExist(tx, people); err != nil {
		return nil, err
	}
	for rest := people; len(rest) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		piece := rest[:min(len(rest), 500)]
		if err := insertPeople(tx, System, piece); err != nil {
			return nil, fmt.Errorf("load members: %w", err)
		}
		rest = rest[len(piece):]
	}
	for _, p := range people {
		if err := recordPerson(tx, System, p); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// Readable asks that what is said of a new member can be read. Its error is Malformed, and names every
// field that cannot.
func (n NewMember) Readable(now time.Time) error {
	_, err := n.checked(now)
	return err
}

func (n NewMember) checked(now time.Time) (NewMember, error) {
	var f form
	n.Name = f.text("name", n.Name, longestName)
	f.required("name", n.Name)
	n.Email = f.email("email", n.Email)
	n.Language = f.language("language", n.Language)
	n.Phone = f.text("phone", n.Phone, longestPhone)
	f.birthDate("birth_date", n.BirthDate, now)
	f.clientele("clientele", n.Clientele)
	return n, f.fault()
}

func (n NewMember) person(now time.Time) Member {
	p := Member{
		ID: database.NewID(), Name: n.Name, Email: n.Email, EmailVerified: n.EmailVerified && n.Email != "",
		Phone: n.Phone, BirthDate: n.BirthDate, Clientele: n.Clientele, Language: n.Language,
		HomeHubID: n.HomeHubID, Active: true, CreatedAt: now, Version: 1,
	}
	if n.GuardianConsent {
		p.GuardianConsentAt = &now
	}
	return p
}

// hubsExist asks for all home hubs at once; the engines do not both name the constraint that an
// unknown one violates.
func hubsExist(r database.Reader, people []Member) error {
	var asked, found []string
	for _, p := range people {
		if p.HomeHubID != "" {
			asked = append(asked, p.HomeHubID)
		}
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if err := r.SelectIn(&found, `SELECT id FROM hubs WHERE id IN ($list)`, asked); err != nil {
		return err
	}
	if len(found) < len(asked) {
		return fault.Field("hub", "unknown_hub")
	}
	return nil
}

// insertPeople writes people in one statement; by has seen the consents. A taken address is told by
// what was not written, because a violated constraint would end the caller's transaction.
func insertPeople(tx *database.Tx, by Actor, people []Member) error {
	if len(people) == 0 {
		return nil
	}
	var query strings.Builder
	query.WriteString(`INSERT INTO members (id, name, email, email_key, email_verified_at, phone, birth_date, clientele, language,
		home_hub_id, active, guardian_consent_at, guardian_consent_by, created_at, version) VALUES `)
	var args []any
	for i, p := range people {
		if i > 0 {
			query.WriteString(", ")
		}
		n := len(args)
		fmt.Fprintf(&query, "($%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, true, $%d, $%d, $%d, 1)",
			n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8, n+9, n+10, n+11, n+12, n+13)
		var verified *time.Time
		if p.EmailVerified {
			verified = &p.CreatedAt
		}
		witness := ""
		if p.GuardianConsentAt != nil {
			witness = by.ID
		}
		args = append(args, p.ID, p.Name, p.Email, orNull(foldEmail(p.Email)), verified, p.Phone, p.BirthDate, p.Clientele, p.Language,
			orNull(p.HomeHubID), p.GuardianConsentAt, witness, p.CreatedAt)
	}
	query.WriteString(` ON CONFLICT (email_key) DO NOTHING`)
	written, err := tx.Exec(query.String(), args...)
	if err != nil {
		return err
	}
	if written < int64(len(people)) {
		return emailTaken()
	}
	return nil
}

func emailTaken() error { return fault.New(fault.Refused, "email_taken", nil) }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func recordPerson(tx *database.Tx, by Actor, p Member) error {
	return tx.Record(database.Change{
		By: by.ID, Action: "member.create", Kind: "member", Subject: p.ID,
		After: map[string]any{
			"hub": p.HomeHubID, "language": p.Language, "set": []string{"name", "email"},
			"email_verified": p.EmailVerified, "guardian_consent": p.GuardianConsentAt != nil,
		},
	})
}
