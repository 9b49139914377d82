package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A flow is a row of sign_ins.
type flowRow struct {
	ID       string `db:"id"`
	Purpose  string `db:"purpose"`
	Email    string `db:"email"`
	EmailKey string `db:"email_key"`
	MemberID string `db:"member_id"`
	CodeHash string `db:"code_hash"`
}

const flowColumns = `id, purpose, email, email_key, COALESCE(member_id, '') AS member_id, code_hash`

// wasWrittenTo reports whether the letter of a flow went to the address that a member has: keys of
// before today's rule held addresses together that are two mailboxes.
func (f flowRow) wasWrittenTo(who person) bool {
	_, key, err := identity.Address("email", who.Email)
	return err == nil && key == f.EmailKey
}

// Enter takes what a letter brought, once. The link counts in any browser, the code only in the one
// that asked, for five tries in all, and not after thirty wrong ones of one address in a day; both
// for fifteen minutes. Who has an account gets a session,
// and the one that their browser sent ends. An address that nobody has is proved, and the entry
// names the flow that SignUp finishes. A new address becomes the member's who asked for it, and no
// session begins: that takes their own session, and is Unauthenticated, sign_in, without it.
//
// What does not count is Unauthenticated: bad_link, or bad_code. Too many codes from one source are
// TooMany.
func (g *Gate) Enter(ctx context.Context, v Visitor, p Proof) (Entry, error) {
	var entry Entry
	var refused error // told after the commit: a wrong code is counted
	err := g.db.In(ctx, func(tx *database.Tx) error {
		entry, refused = Entry{}, nil
		flow, err := proveLetter(tx, v, p)
		if fault.KindOf(err) == fault.Unauthenticated {
			refused = err
			return nil
		}
		if err != nil {
			return err
		}
		entry, err = g.pass(tx, v, flow)
		return err
	})
	g.forget(v, entry)
	if err = errors.Join(err, refused); err != nil {
		return Entry{}, fmt.Errorf("enter: %w", err)
	}
	return entry, nil
}

// proveLetter finds the flow that a link or a code proves, and locks it by writing it.
func proveLetter(tx *database.Tx, v Visitor, p Proof) (flowRow, error) {
	var flow flowRow
	if p.Link != "" {
		err := tx.Get(&flow, `UPDATE sign_ins SET proved_at = $2
			WHERE link_hash = $1 AND used_at IS NULL AND proved_at IS NULL AND expires_at > $2
				AND (purpose = 'sign_in' OR member_id = $3)
			RETURNING `+flowColumns, hashOf("link", p.Link), tx.Now, v.By.ID)
		if errors.Is(err, database.ErrNoRows) {
			return flowRow{}, whyNoLink(tx, v, p)
		}
		return flow, err
	}
	if err := count(tx, codesFromSource.of(v.Source)); err != nil {
		return flowRow{}, err
	}
	if !storable(p.Flow) {
		return flowRow{}, badCode()
	}
	err := tx.Get(&flow, `UPDATE sign_ins SET tries = tries + 1
		WHERE id = $1 AND browser = $2 AND tries < $3 AND code_hash <> ''
			AND used_at IS NULL AND proved_at IS NULL AND expires_at > $4
			AND (purpose = 'sign_in' OR member_id = $5)
		RETURNING `+flowColumns, p.Flow, hashOf("browser", v.Browser), mostTries, tx.Now, v.By.ID)
	if errors.Is(err, database.ErrNoRows) {
		return flowRow{}, badCode()
	}
	if err != nil {
		return flowRow{}, err
	}
	// The right code is refused as well after too many wrong ones: then the link remains.
	guesses := codesOfAddress.of(flow.EmailKey)
	tallies, err := tally(tx, guesses)
	if err != nil {
		return flowRow{}, err
	}
	if tallies[0].over() || !same(flow.CodeHash, hashOf("code "+flow.ID, figures(p.Code))) {
		return flowRow{}, badCode()
	}
	if err := uncount(tx, guesses); err != nil {
		return flowRow{}, err
	}
	_, err = tx.Exec(`UPDATE sign_ins SET proved_at = $2 WHERE id = $1`, flow.ID, tx.Now)
	return flow, err
}

// whyNoLink tells who opens the link of a new address without being signed in what is missing: the
// link itself is right, and waits.
func whyNoLink(tx *database.Tx, v Visitor, p Proof) error {
	var waiting int
	err := tx.Get(&waiting, `SELECT count(*) FROM sign_ins WHERE link_hash = $1 AND purpose = 'verify'
		AND used_at IS NULL AND proved_at IS NULL AND expires_at > $2`, hashOf("link", p.Link), tx.Now)
	if err == nil && waiting > 0 && !v.By.Known() {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if err == nil {
		err = fault.New(fault.Unauthenticated, "bad_link", nil)
	}
	return err
}

// pass lets the owner of a proved address in, or on to their sign-up.
func (g *Gate) pass(tx *database.Tx, v Visitor, flow flowRow) (Entry, error) {
	if flow.Purpose == toVerify {
		return g.changeAddress(tx, v, flow)
	}
	who, err := holder(tx, flow.EmailKey)
	if err != nil {
		return Entry{}, err
	}
	if who.ID == "" {
		browser := v.browser()
		_, err := tx.Exec(`UPDATE sign_ins SET link_hash = '', code_hash = '', browser = $2, expires_at = $3 WHERE id = $1`,
			flow.ID, hashOf("browser", browser), tx.Now.Add(signUpLifetime))
		return Entry{SignUp: flow.ID, Email: flow.Email, Browser: browser}, err
	}
	if err := spend(tx, flow.ID, who.ID); err != nil {
		return Entry{}, err
	}
	// The letter proves the mailbox to which it went, and no other of the same key.
	if !who.Active || !flow.wasWrittenTo(who) {
		return Entry{}, fault.New(fault.Unauthenticated, "bad_link", nil)
	}
	if who.Verified == nil {
		if err := g.people.VerifyEmail(tx, who.ID, who.Email); err != nil {
			return Entry{}, err
		}
	}
	return g.openBy(tx, v, flow, who.ID)
}

// openBy begins a session by a letter, and says where who asked for it wanted to come back to.
func (g *Gate) openBy(tx *database.Tx, v Visitor, flow flowRow, memberID string) (Entry, error) {
	back, err := takeBack(tx, flow.ID)
	if err != nil {
		return Entry{}, err
	}
	entry, err := g.open(tx, v, memberID, "link", 1)
	entry.Back = back
	return entry, err
}

// spend marks a flow as used, with whose it was.
func spend(tx *database.Tx, flowID, memberID string) error {
	_, err := tx.Exec(`UPDATE sign_ins SET used_at = $2, member_id = $3, link_hash = '', code_hash = '' WHERE id = $1`,
		flowID, tx.Now, orNull(memberID))
	return err
}

// SignUp opens the account of whose address a flow has proved, in the browser that proved it, and
// signs them in. It takes their consent, and keeps the words of it with the date. A person under
// fourteen is Refused, parent_needed: a parent comes to the hub, and staff open the account. What
// cannot be read is Malformed; a flow that is unknown, used or over is Unauthenticated,
// bad_sign_up. Somebody who has an account by now, and has proved its address by a letter, is signed
// in to it; who came by the provider is not, for the provider's word on an address opens no account
// that others have: Refused, oidc_email_known.
func (g *Gate) SignUp(ctx context.Context, v Visitor, flowID string, n NewPerson) (Entry, error) {
	if err := g.Readable(n); err != nil {
		return Entry{}, err
	}
	if n.BirthDate != "" {
		if err := oldEnough(g.db.Now(), n.BirthDate); err != nil {
			return Entry{}, err
		}
	}
	if !storable(flowID) {
		return Entry{}, badSignUp()
	}
	var entry Entry
	err := g.db.In(ctx, func(tx *database.Tx) error {
		var flow flowRow
		err := tx.Get(&flow, `UPDATE sign_ins SET used_at = $3
			WHERE id = $1 AND browser = $2 AND purpose = 'sign_in' AND proved_at IS NOT NULL AND used_at IS NULL AND expires_at > $3
			RETURNING `+flowColumns, flowID, hashOf("browser", v.Browser), tx.Now)
		if errors.Is(err, database.ErrNoRows) {
			return badSignUp()
		}
		if err != nil {
			return err
		}
		who, err := holder(tx, flow.EmailKey)
		if err != nil {
			return err
		}
		if who.ID == "" {
			if who.ID, err = g.newAccount(tx, flow, n); err != nil {
				return err
			}
			who.Active = true
		} else if err := mayMeet(tx, flow, who); err != nil {
			return err
		}
		if !who.Active {
			return badSignUp()
		}
		if err := spend(tx, flow.ID, who.ID); err != nil {
			return err
		}
		entry, err = g.openBy(tx, v, flow, who.ID)
		return err
	})
	g.forget(v, entry)
	if err != nil {
		return Entry{}, fmt.Errorf("sign up: %w", err)
	}
	return entry, nil
}

// Readable asks that what a person says of themselves can be read, and that they consent: Malformed
// names every field that is wrong, in the order in which it is asked for.
func (g *Gate) Readable(n NewPerson) error {
	var wrong []fault.Violation
	add := func(err error) {
		if f := fault.Of(err); f != nil {
			wrong = append(wrong, f.Violations...)
		}
	}
	add(identity.NewMember{Name: n.Name, Language: n.Language, Clientele: n.Clientele}.Readable(g.db.Now()))
	if n.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, n.BirthDate); err != nil {
			add(fault.Field("birth_date", "bad_date"))
		}
	}
	if !n.Consent || n.ConsentText == "" {
		add(fault.Field("consent", "consent_required"))
	}
	if len(wrong) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: wrong}
}

// SigningUp reports whether a sign-up is under way in the visitor's browser: its address is proved,
// and its account not open yet.
func (g *Gate) SigningUp(ctx context.Context, v Visitor, flowID string) (bool, error) {
	if !storable(flowID) {
		return false, nil
	}
	var waiting int
	err := g.db.Reader(ctx).Get(&waiting, `SELECT count(*) FROM sign_ins
		WHERE id = $1 AND browser = $2 AND purpose = 'sign_in' AND proved_at IS NOT NULL AND used_at IS NULL AND expires_at > $3`,
		flowID, hashOf("browser", v.Browser), g.db.Now())
	if err != nil {
		return false, fmt.Errorf("read a sign-up: %w", err)
	}
	return waiting > 0, nil
}

// mayMeet asks that the address of a sign-up was proved as that of an account is, which somebody has
// opened meanwhile.
func mayMeet(r database.Reader, flow flowRow, who person) error {
	byProvider, err := cameByProvider(r, flow.ID)
	if err == nil && byProvider {
		err = fault.New(fault.Refused, "oidc_email_known", nil)
	}
	if err == nil && !flow.wasWrittenTo(who) {
		err = badSignUp()
	}
	return err
}

// newAccount writes the account, the consent, and the identity that a provider proved, if one did.
func (g *Gate) newAccount(tx *database.Tx, flow flowRow, n NewPerson) (memberID string, err error) {
	m, err := g.people.OpenAccount(tx, identity.NewMember{
		Name: n.Name, Email: flow.Email, Language: n.Language, HomeHubID: n.HomeHubID,
		BirthDate: n.BirthDate, Clientele: n.Clientele, EmailVerified: true,
	})
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO consents (id, member_id, purpose, language, text, at, by_id) VALUES ($1, $2, 'account', $3, $4, $5, $2)`,
		database.NewID(), m.ID, m.Language, n.ConsentText, tx.Now)
	if err != nil {
		return "", err
	}
	return m.ID, attachPending(tx, flow.ID, m.ID)
}

// Under this age a parent consents (Quebec: Act respecting the protection of personal information
// in the private sector, s. 4.1).
const ageOfConsent = 14

// oldEnough refuses who is too young on a day that has begun everywhere in the territory.
func oldEnough(now time.Time, birthDate string) error {
	born, err := time.Parse(time.DateOnly, birthDate)
	if err != nil {
		return fault.Field("birth_date", "bad_date")
	}
	today := now.Add(-6 * time.Hour).Format(time.DateOnly)
	if born.AddDate(ageOfConsent, 0, 0).Format(time.DateOnly) > today {
		return fault.New(fault.Refused, "parent_needed", fault.Params{"under": ageOfConsent})
	}
	return nil
}

// open begins a session and ends the one that the browser sent: what somebody put into the browser
// before is worth nothing after.
func (g *Gate) open(tx *database.Tx, v Visitor, memberID, method string, factors int) (Entry, error) {
	if v.By.SessionID != "" {
		if err := g.people.EndSessionIn(tx, v.By.SessionID); err != nil {
			return Entry{}, err
		}
	}
	secret, _, err := g.people.OpenSession(tx, memberID, method, factors, v.Device)
	return Entry{Session: secret, MemberID: memberID}, err
}

// forget drops what this process remembers of the sessions that a transaction may have ended, also
// when it failed: a commit whose answer was lost may have happened.
func (g *Gate) forget(v Visitor, entry Entry) {
	if v.By.SessionID != "" {
		g.people.Forget(v.By.ID)
	}
	if entry.MemberID != "" && entry.MemberID != v.By.ID {
		g.people.Forget(entry.MemberID)
	}
}

// figures is a code as it was sent, without what people put between.
func figures(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
}

func badSignUp() error { return fault.New(fault.Unauthenticated, "bad_sign_up", nil) }

func badCode() error { return fault.New(fault.Unauthenticated, "bad_code", nil) }
