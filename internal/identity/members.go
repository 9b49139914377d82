package identity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
}

// New returns the Directory of a data base.
func New(db *database.DB) *Directory {
	return &Directory{db: db, remembered: newMemory()}
}

// A Member is a person with an account.
type Member struct {
	ID        string    `db:"id"`
	Name      string    `db:"name"`
	Email     string    `db:"email"` // "" for a person who has none
	Language  string    `db:"language"`
	HomeHubID string    `db:"home_hub_id"` // "" for none
	Active    bool      `db:"active"`
	CreatedAt time.Time `db:"created_at"`
	Version   int64     `db:"version"`
}

const personColumns = `m.id, m.name, m.email, m.language, COALESCE(m.home_hub_id, '') AS home_hub_id, m.active, m.created_at, m.version`

// A NewMember is what is asked of a person to have an account.
type NewMember struct {
	Name      string // at most 120 characters
	Email     string // may be empty
	Language  string // fr or en; "" means fr
	HomeHubID string // may be empty

	Key database.Key // an Idempotency-Key, for CreateMember alone; the zero Key keeps nothing
}

// CreateMember opens an account. It asks for ManageMembers at the home hub, or over the network
// when there is none. Fields that cannot be read are told together, as Malformed; an address that
// somebody has is Refused with the code email_taken. Repeated with its key, it returns the member
// made the first time as they are now: no name or address is kept a second time.
func (d *Directory) CreateMember(ctx context.Context, by Actor, n NewMember) (Member, error) {
	n, err := n.checked()
	if err != nil {
		return Member{}, err
	}
	id, err := d.once(ctx, n.Key, func(tx *database.Tx) (string, error) { return openAccount(tx, by, n) })
	if err != nil {
		return Member{}, fmt.Errorf("create member: %w", err)
	}
	return personWhere(d.db.Reader(ctx), `m.id = $1`, id)
}

// openAccount is CreateMember in its transaction. It returns the new member's id.
func openAccount(tx *database.Tx, by Actor, n NewMember) (string, error) {
	by, err := current(tx, by)
	if err != nil {
		return "", err
	}
	region, err := regionOf(tx, n.HomeHubID)
	if err != nil {
		return "", err
	}
	if !by.May(ManageMembers, n.HomeHubID, region) {
		return "", notAllowed(by)
	}
	p := n.person(tx.Now)
	if err := insertPeople(tx, []Member{p}); err != nil {
		return "", err
	}
	return p.ID, recordPerson(tx, by, p)
}

// LoadMembers opens many accounts in the caller's transaction, in the order given, for an import or
// the demo network. It asks for no right: its caller has. Its errors are those of CreateMember; one
// that fails fails them all.
func (d *Directory) LoadMembers(ctx context.Context, tx *database.Tx, many []NewMember) ([]Member, error) {
	people := make([]Member, len(many))
	for i, n := range many {
		n, err := n.checked()
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
		if err := insertPeople(tx, piece); err != nil {
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

func (n NewMember) checked() (NewMember, error) {
	var f form
	n.Name = f.text("name", n.Name, longestName)
	f.required("name", n.Name)
	n.Email = f.email("email", n.Email)
	n.Language = f.language("language", n.Language)
	return n, f.fault()
}

func (n NewMember) person(now time.Time) Member {
	return Member{
		ID: database.NewID(), Name: n.Name, Email: n.Email, Language: n.Language,
		HomeHubID: n.HomeHubID, Active: true, CreatedAt: now, Version: 1,
	}
}

// Member returns the person of that id, or a NotFound fault, member_not_found. It asks for no
// right: it is a step for verbs that have asked.
func (d *Directory) Member(ctx context.Context, r database.Reader, id string) (Member, error) {
	return personWhere(r, `m.id = $1`, id)
}

// MemberByEmail returns the person with that address, however it is capitalised. To who may not
// manage members at that person's home hub, and is not that person, it is not found.
func (d *Directory) MemberByEmail(ctx context.Context, by Actor, email string) (Member, error) {
	r := d.db.Reader(ctx)
	p, err := personWhere(r, `m.email_key = $1`, foldEmail(email))
	if err != nil {
		return Member{}, err
	}
	if err := d.visible(r, by, p); err != nil {
		return Member{}, err
	}
	return p, nil
}

func (d *Directory) visible(r database.Reader, by Actor, p Member) error {
	if by.ID == p.ID {
		return nil
	}
	region, err := regionOf(r, p.HomeHubID)
	if err != nil {
		return err
	}
	if !by.May(ManageMembers, p.HomeHubID, region) {
		return memberNotFound()
	}
	return nil
}

// A MemberQuery asks for the people of a home hub, or of the network.
type MemberQuery struct {
	HubID string // "" for the whole network
	Limit int    // 0 means 50
	After string // the cursor that the page before gave
}

// idForm is what database.NewID gives.
var idForm = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)

// Members lists people in order of id, and the cursor of the next page, "" at the end. It asks for
// ManageMembers at the hub, or over the network. A cursor that no page gave is Malformed.
func (d *Directory) Members(ctx context.Context, by Actor, q MemberQuery) (people []Member, next string, err error) {
	r := d.db.Reader(ctx)
	region, err := regionOf(r, q.HubID)
	if err != nil {
		return nil, "", err
	}
	if !by.May(ManageMembers, q.HubID, region) {
		return nil, "", notAllowed(by)
	}
	if q.After != "" && !idForm.MatchString(q.After) {
		return nil, "", fault.Field("cursor", "bad_cursor")
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	err = r.Select(&people, `SELECT `+personColumns+` FROM members m
		WHERE m.id > $1 AND ($2 = '' OR m.home_hub_id = $2) ORDER BY m.id LIMIT $3`, q.After, q.HubID, q.Limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list members: %w", err)
	}
	if len(people) > q.Limit {
		people = people[:q.Limit]
		next = people[q.Limit-1].ID
	}
	return people, next, nil
}

// SetActive opens or closes an account; setting it to what it is changes nothing. It asks for
// ManageMembers at the home hub and for the right to give each role that the person has: a manager
// closes no coordinator's account. The last active administrator cannot be closed: Refused,
// last_administrator. A closed account's tokens stop at once in this process, and within 10 seconds
// in others.
func (d *Directory) SetActive(ctx context.Context, by Actor, memberID string, active bool) error {
	err := d.db.In(ctx, func(tx *database.Tx) error {
		by, err := current(tx, by)
		if err != nil {
			return err
		}
		p, err := personWhere(tx, `m.id = $1`, memberID)
		if err != nil {
			return err
		}
		if err := d.visible(tx, by, p); err != nil {
			return err
		}
		if err := mayManage(tx, by, p); err != nil {
			return err
		}
		if p.Active == active {
			return nil
		}
		if !active {
			if err := keepAnAdministrator(tx, memberID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`UPDATE members SET active = $2, version = version + 1 WHERE id = $1`, memberID, active); err != nil {
			return err
		}
		return tx.Record(database.Change{
			By: by.ID, Action: "member.active", Kind: "member", Subject: memberID,
			Before: map[string]any{"active": p.Active}, After: map[string]any{"active": active},
		})
	})
	// Also when it failed: a commit whose answer was lost may have happened.
	d.remembered.forget(func(a Actor) bool { return a.ID == memberID })
	if err != nil {
		return fmt.Errorf("set member active: %w", err)
	}
	return nil
}

// mayManage asks that by could give every role that p has, and is allowed to manage members at
// their home hub.
func mayManage(r database.Reader, by Actor, p Member) error {
	region, err := regionOf(r, p.HomeHubID)
	if err != nil {
		return err
	}
	if !by.May(ManageMembers, p.HomeHubID, region) {
		return notAllowed(by)
	}
	held, err := grantsOf(r, p.ID)
	if err != nil {
		return err
	}
	for _, g := range held {
		if err := mayGive(r, by, g); err != nil {
			return err
		}
	}
	return nil
}

func memberNotFound() error { return fault.New(fault.NotFound, "member_not_found", nil) }

func personWhere(r database.Reader, condition, arg string) (Member, error) {
	if !storable(arg) {
		return Member{}, memberNotFound()
	}
	var p Member
	err := r.Get(&p, `SELECT `+personColumns+` FROM members m WHERE `+condition, arg)
	if errors.Is(err, database.ErrNoRows) {
		return Member{}, memberNotFound()
	}
	if err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return p, nil
}

// regionOf reads the region of a hub, because a coordinator's right names the region. It only reads
// inventory's table; identity lies below that package and cannot ask it. No hub has no region.
func regionOf(r database.Reader, hubID string) (string, error) {
	if hubID == "" {
		return "", nil
	}
	if !storable(hubID) {
		return "", fault.Field("hub", "unknown_hub")
	}
	var region string
	err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID)
	if errors.Is(err, database.ErrNoRows) {
		return "", fault.Field("hub", "unknown_hub")
	}
	return region, err
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

// insertPeople writes people in one statement. A taken address is told by what was not written,
// because a violated constraint would end the caller's transaction.
func insertPeople(tx *database.Tx, people []Member) error {
	if len(people) == 0 {
		return nil
	}
	var query strings.Builder
	query.WriteString(`INSERT INTO members (id, name, email, email_key, language, home_hub_id, active, created_at, version) VALUES `)
	args := make([]any, 0, 7*len(people))
	for i, p := range people {
		if i > 0 {
			query.WriteString(", ")
		}
		n := len(args)
		fmt.Fprintf(&query, "($%d, $%d, $%d, $%d, $%d, $%d, true, $%d, 1)", n+1, n+2, n+3, n+4, n+5, n+6, n+7)
		args = append(args, p.ID, p.Name, p.Email, orNull(foldEmail(p.Email)), p.Language, orNull(p.HomeHubID), p.CreatedAt)
	}
	query.WriteString(` ON CONFLICT (email_key) DO NOTHING`)
	written, err := tx.Exec(query.String(), args...)
	if err != nil {
		return err
	}
	if written < int64(len(people)) {
		return fault.New(fault.Refused, "email_taken", nil)
	}
	return nil
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func recordPerson(tx *database.Tx, by Actor, p Member) error {
	return tx.Record(database.Change{
		By: by.ID, Action: "member.create", Kind: "member", Subject: p.ID,
		After: map[string]any{"hub": p.HomeHubID, "language": p.Language, "set": []string{"name", "email"}},
	})
}
