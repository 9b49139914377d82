package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// What a request for a letter is for.
const (
	toSignIn = "sign_in"
	toVerify = "verify" // that a new address is the member's
)

// LinkPath is the path of the page that takes the link of a letter, its secret in the query as
// LinkQuery. English pages have /en before it.
const (
	LinkPath  = "/connexion/lien"
	LinkQuery = "s"
)

// A letterJob is a job of kind mail, as web/mail reads it.
type letterJob struct {
	What string `json:"what"`
	ID   string `json:"id"`
	To   string `json:"to,omitempty"`
}

// Ask has a link and a code sent to an address, in a language (fr or en). It does the same for an
// address that somebody has, that nobody has, and whose account is closed: who has it is looked up
// only when the letter is written. An address that cannot be read is Malformed; too many requests
// from one source are TooMany. Too many for one address have one letter sent every five minutes.
func (g *Gate) Ask(ctx context.Context, v Visitor, email, language string) (Flow, error) {
	address, key, err := identity.Address("email", email)
	if err != nil {
		return Flow{}, err
	}
	var flow Flow
	err = g.db.In(ctx, func(tx *database.Tx) error {
		quiet, err := countAsks(tx, v, key)
		if err != nil {
			return err
		}
		flow, err = writeAsk(tx, v, asked{purpose: toSignIn, email: address, key: key, language: language, quiet: quiet})
		return err
	})
	if err != nil {
		return Flow{}, fmt.Errorf("ask for a link: %w", err)
	}
	return flow, nil
}

// countAsks counts a request for a letter. Too many from one source are refused. Too many for one
// address, from wherever, are answered as ever, and most send nothing: nobody fills a mailbox, and
// nobody keeps its owner from having a letter, for the last one is minutes old.
func countAsks(tx *database.Tx, v Visitor, key string) (quiet bool, err error) {
	ofAddress := asksOfAddress.of(key)
	tallies, err := tally(tx, asksFromSource.of(v.Source), asksThere.of(key, v.Source), ofAddress)
	if err != nil {
		return false, err
	}
	for _, t := range tallies {
		if t.over() && t.bucket != ofAddress.bucket {
			return false, t.slowDown(tx)
		}
	}
	for _, t := range tallies {
		if t.over() {
			last, err := tally(tx, lettersInFlood.of(key))
			return err == nil && last[0].over(), err
		}
	}
	return false, nil
}

type asked struct {
	purpose, email, key, memberID, language string
	quiet                                   bool // no letter is sent
}

// ahead is how much earlier a letter of sign-in is due than it is asked for: somebody waits for it at a
// screen, and it goes before reminders to a hundred others.
const ahead = time.Hour

// writeAsk writes a request and the job that sends its letter.
func writeAsk(tx *database.Tx, v Visitor, a asked) (Flow, error) {
	flow := Flow{ID: database.NewID(), Browser: v.browser(), ExpiresAt: tx.Now.Add(linkLifetime)}
	if a.language != "en" {
		a.language = "fr"
	}
	_, err := tx.Exec(`INSERT INTO sign_ins (id, purpose, email, email_key, member_id, language, browser, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		flow.ID, a.purpose, a.email, a.key, orNull(a.memberID), a.language, hashOf("browser", flow.Browser), tx.Now, flow.ExpiresAt)
	if err != nil {
		return Flow{}, err
	}
	if v.Back != "" && a.purpose == toSignIn {
		if err := begin(tx, wayOf(flow.ID), wayBack, "", flow.Browser, linkLifetime+signUpLifetime, v.Back); err != nil {
			return Flow{}, err
		}
	}
	if a.quiet {
		return flow, nil
	}
	return flow, tx.Enqueue(database.Job{Kind: "mail", Args: letterJob{What: a.purpose, ID: flow.ID}, At: tx.Now.Add(-ahead)})
}

// browser is the secret of the visitor's browser: its own, or a new one when what it sent is none.
func (v Visitor) browser() string {
	if isSecret(v.Browser) {
		return v.Browser
	}
	return newSecret()
}

// Secrets makes the link and the code of a request and returns what to write to whom; only their
// hashes are kept. Who has an account is written to at the address of the account, however somebody
// typed it. It is for the job that sends the letter. Made again, for a letter that failed on
// its way, they replace the first ones. A request that is answered, too old, or for a closed
// account is NotFound, sign_in_not_found: there is nothing to send.
func (g *Gate) Secrets(ctx context.Context, signInID string) (Letter, error) {
	var letter Letter
	secret, code := newSecret(), newCode()
	err := g.db.In(ctx, func(tx *database.Tx) error {
		var row struct {
			Purpose   string    `db:"purpose"`
			Email     string    `db:"email"`
			EmailKey  string    `db:"email_key"`
			MemberID  string    `db:"member_id"`
			Language  string    `db:"language"`
			ExpiresAt time.Time `db:"expires_at"`
		}
		err := tx.Get(&row, `UPDATE sign_ins SET link_hash = $2, code_hash = $3
			WHERE id = $1 AND used_at IS NULL AND proved_at IS NULL AND expires_at > $4
			RETURNING purpose, email, email_key, COALESCE(member_id, '') AS member_id, language, expires_at`,
			signInID, hashOf("link", secret), hashOf("code "+signInID, code), tx.Now)
		if errors.Is(err, database.ErrNoRows) {
			return notAsked()
		}
		if err != nil {
			return err
		}
		letter = Letter{Email: row.Email, Language: row.Language, MemberID: row.MemberID, Purpose: row.Purpose, Code: code, ExpiresAt: row.ExpiresAt}
		if row.Purpose == toSignIn {
			who, err := holder(tx, row.EmailKey)
			if err != nil {
				return err
			}
			if who.ID != "" && !who.Active {
				return notAsked()
			}
			letter.MemberID, letter.New = who.ID, who.ID == ""
			if who.ID != "" {
				// To the mailbox that the account was opened by, however its address was typed.
				letter.Language, letter.Email = who.Language, who.Email
			}
		}
		letter.Link = g.link(letter.Language, secret)
		return nil
	})
	if err != nil {
		return Letter{}, fmt.Errorf("make the secrets of a letter: %w", err)
	}
	return letter, nil
}

// Whose is the address to which a link that still counts was sent, but for most of its name: for the
// page that asks whether to go on, so that nobody signs in to the account of who sent them a link of
// their own. It is "" for a link that does not count, which Enter says.
func (g *Gate) Whose(ctx context.Context, link string) (masked string, err error) {
	var email string
	r := g.db.Reader(ctx)
	err = r.Get(&email, `SELECT email FROM sign_ins WHERE link_hash = $1 AND used_at IS NULL AND proved_at IS NULL AND expires_at > $2`,
		hashOf("link", link), g.db.Now())
	if errors.Is(err, database.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("whose link: %w", err)
	}
	first, _ := utf8.DecodeRuneInString(email)
	return string(first) + "…" + email[strings.LastIndexByte(email, '@'):], nil
}

// link is the address in a letter. Its host is the server's own, whatever a request said.
func (g *Gate) link(language, secret string) string {
	if g.settings.PublicURL == "" {
		return ""
	}
	path := LinkPath
	if language == "en" {
		path = "/en" + path
	}
	return g.settings.PublicURL + path + "?" + LinkQuery + "=" + url.QueryEscape(secret)
}

func notAsked() error { return fault.New(fault.NotFound, "sign_in_not_found", nil) }

// newCode is six random figures.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the system's randomness never fails, by its documentation
	}
	return fmt.Sprintf("%06d", n)
}

// A person is what the gate knows of a member.
type person struct {
	ID       string     `db:"id"`
	Name     string     `db:"name"`
	Email    string     `db:"email"`
	Language string     `db:"language"`
	Active   bool       `db:"active"`
	Verified *time.Time `db:"email_verified_at"`
}

const personColumns = `m.id, m.name, m.email, m.language, m.active, m.email_verified_at`

// holder is the member who has an address, or nobody, without an id.
func holder(r database.Reader, key string) (person, error) {
	return personWhere(r, `m.email_key = $1`, key)
}

func memberOf(r database.Reader, id string) (person, error) {
	return personWhere(r, `m.id = $1`, id)
}

// personWhere only reads identity's table: who has an address is asked by nobody else.
func personWhere(r database.Reader, condition, arg string) (person, error) {
	var p person
	err := r.Get(&p, `SELECT `+personColumns+` FROM members m WHERE `+condition, arg)
	if errors.Is(err, database.ErrNoRows) {
		return person{}, nil
	}
	return p, err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
