// Package signin is how a person proves who they are: a link or a code by mail, a password, a
// passkey, a code of an authenticator, a provider of their organisation.
//
// It knows proofs, and keeps of each only what it takes to check it: hashes of links, codes and
// passwords, public keys of passkeys. Rows of sign_ins, passwords, passkeys, authenticators,
// recovery_codes, external_identities, ceremonies and attempts are written here and nowhere else.
// It refuses to know what a person may do once inside, how a session is kept (identity does), how
// mail is sent, and cookies. Nothing that it answers tells whether an address has an account,
// before somebody has proved that the address is theirs.
//
// Start reading at Gate.Ask, then Gate.Enter.
package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/webauthn"

	"canot/internal/database"
	"canot/internal/identity"
)

const (
	linkLifetime   = 15 * time.Minute // of a link and its code
	signUpLifetime = time.Hour        // to fill in the form, once the address is proved
	mostTries      = 5                // of the code of one request
)

// Settings say how people sign in. The zero value works, without passkeys and links.
type Settings struct {
	PublicURL string // by which people reach the server: the host in links comes from here alone
	Name      string // of the network, as passkeys and authenticators show it; "" means Canot
	OIDC      *OIDC  // nil for no provider
}

// An OIDC is a provider of OpenID Connect, and what it knows this server by.
type OIDC struct {
	Issuer, ClientID, ClientSecret string
	Name                           string // as people know it
}

// A Gate checks proofs and opens sessions. It may be used by several goroutines at once.
type Gate struct {
	db       *database.DB
	people   *identity.Directory
	settings Settings
	hashes   *hashes
	passkeys *webauthn.WebAuthn // nil where there can be none
	provider provider
}

// New returns the Gate of a data base.
func New(db *database.DB, people *identity.Directory, s Settings) *Gate {
	if s.Name == "" {
		s.Name = "Canot"
	}
	return &Gate{db: db, people: people, settings: s, hashes: newHashes(), passkeys: newPasskeys(s)}
}

// A Visitor is who stands at the gate: what is known of where a request comes from.
type Visitor struct {
	Source  string         // the address of the network, for limits
	Browser string         // the secret in the browser's cookie; "" when it has none yet
	Device  string         // what it is, in a few words, for the list of sessions
	By      identity.Actor // by the session that the browser sent; it ends when another begins
	Back    string         // the page that they want to come back to, for whoever opens the letter: no secret; "" for none
}

// A Flow is a request for a link and a code, under way.
type Flow struct {
	ID        string
	Browser   string // what the browser must hold for the code to count: the visitor's, or a new one
	ExpiresAt time.Time
}

// A Letter is what is to be written to somebody who asked for a link.
type Letter struct {
	Email     string
	Language  string
	MemberID  string // "" when nobody has the address
	Purpose   string // sign_in, or verify: a new address of a member
	Link      string // whole; "" when the server does not know its own address
	Code      string // six figures
	New       bool   // nobody has the address: the link leads to an account of one's own
	ExpiresAt time.Time
}

// A Proof is what a letter brought: the secret of the link alone, or the flow with the code.
type Proof struct {
	Link       string
	Flow, Code string
}

// An Entry is what a proof opens. Exactly one of Session, SignUp and Done is set.
type Entry struct {
	Session  string // the secret of a new session
	MemberID string // whose it is
	SignUp   string // the address is proved and new: the flow to finish by SignUp
	Email    string // of the sign-up
	Browser  string // what the browser must hold to finish it
	Done     string // what was done without a new session: email_verified, linked
	Back     string // of a session: the Back of who asked for the letter
}

// A NewPerson is what a person says of themselves when they open their account.
type NewPerson struct {
	Name, Language string
	HomeHubID      string // by id; may be empty
	BirthDate      string // 2006-01-02; may be empty
	Clientele      string
	Consent        bool
	ConsentText    string // the words that they agreed to, kept as they stood
}

// newSecret is 256 random bits, as people and browsers can carry them.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

func random(bytes uint32) []byte {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails, by its documentation
	return b
}

// isSecret reports whether s has the form of what newSecret gives.
func isSecret(s string) bool {
	if len(s) != 43 {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil
}

// storable reports whether a text from outside can be asked of a data base at all: PostgreSQL refuses
// zero bytes and what is not UTF-8, which would look like a failure of ours.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// hashOf is what is kept of a secret. what keeps a secret of one use from counting in another.
func hashOf(what, secret string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + secret))
	return hex.EncodeToString(sum[:])
}

// same compares in a time that does not tell where two texts differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
