package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/signin"
	"canot/inventory"
	"canot/inventory/hours"
)

// A life is a network in which Mia has left a mark in every place where something personal is kept.
// Every mark begins with zouqx.
type life struct {
	t          *testing.T
	env        []string
	nw         *network
	gate       *signin.Gate
	mia, admin identity.Actor
	token      string
	session    string
	coming     booking.Booking
	card       string
}

// marks are what the file with everything that is known of Mia must hold.
var marks = []string{
	"zouqxname", "zouqxmail@hub.example", "zouqxphone", "1987-06-05", "zouqxorg", "zouqxtoken", "zouqxdevice", "zouqxkey", "zouqxsubject", "zouqxnew@hub.example",
	"zouqxpast", "zouqxnotes", "zouqxcoming", "zouqxforher", "zouqxcancelled", "zouqxwaived", "zouqxrevoked",
	"zouqxwalkin", "zouqxcondition", "/photos/", `"signature":"/photos/`, "zouqxsuspended", "zouqxreported", `"moves":1`, `"journeys":1`,
}

// newLife makes the network, and Mia's part in it, through the verbs of the program.
func newLife(t *testing.T, engine string) *life {
	t.Helper()
	url := dbtest.EmptyURL(t, engine)
	l := &life{t: t, env: []string{"CANOT_DATABASE_URL=" + url}}
	must(t, l.env, "import", "--quiet", dataFile("hubs.csv"), dataFile("resources.csv"))
	nw, err := open(t.Context(), opening{url: url, log: slog.New(slog.DiscardHandler)})
	l.ok(err)
	t.Cleanup(func() { _ = nw.close() })
	l.nw, l.gate = nw, signin.New(nw.db, nw.directory, signin.Settings{PublicURL: "https://canot.example", Name: "Canot"})
	l.admin = l.person(identity.NewMember{Name: "Ada", Email: "ada@hub.example"}, identity.Grant{Role: identity.Administrator})
	amos, err := nw.catalog.Hub(t.Context(), "amos")
	l.ok(err)
	l.mia = l.person(identity.NewMember{Name: "zouqxname Mia", Email: "zouqxmail@hub.example", HomeHubID: amos.ID, Phone: "819 zouqxphone",
		BirthDate: "1987-06-05", EmailVerified: true})
	l.signsIn()
	l.books(amos)
	l.belongs(amos)
	counter, err := nw.catalog.Hub(t.Context(), "rouyn-noranda")
	l.ok(err)
	l.borrows(counter)
	return l
}

func (l *life) ok(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) person(n identity.NewMember, grants ...identity.Grant) identity.Actor {
	l.t.Helper()
	m, err := l.nw.directory.CreateMember(l.t.Context(), identity.System, n)
	l.ok(err)
	for _, g := range grants {
		l.ok(l.nw.directory.GrantRole(l.t.Context(), identity.System, m.ID, g, database.Key{}))
	}
	return identity.Actor{ID: m.ID, Language: "fr", Grants: grants}
}

func (l *life) key(name string, caller identity.Actor) database.Key {
	return database.Key{Caller: caller.ID, Key: name, Hash: "h"}
}

// signsIn leaves marks in tokens, sessions, passkeys, and requests for letters.
func (l *life) signsIn() {
	l.t.Helper()
	ctx := l.t.Context()
	var err error
	l.token, _, err = l.nw.directory.IssueToken(ctx, l.mia, l.mia.ID, identity.TokenRequest{Label: "zouqxtoken", Scopes: []string{identity.ScopeAdmin}})
	l.ok(err)
	_, err = l.gate.Ask(ctx, signin.Visitor{Source: "192.0.2.1"}, "zouqxmail@hub.example", "fr")
	l.ok(err)
	l.ok(l.nw.db.In(ctx, func(tx *database.Tx) (err error) {
		l.session, _, err = l.nw.directory.OpenSession(tx, l.mia.ID, "link", 2, "zouqxdevice")
		if err != nil {
			return err
		}
		if _, err = l.gate.LoadFactors(tx, []string{l.mia.ID}); err != nil {
			return err
		}
		// A passkey and a provider's account take a browser and a provider to make.
		_, err = tx.Exec(`INSERT INTO passkeys (id, member_id, credential, data, label, created_at) VALUES ('k', $1, 'zouqxcredential', 'zouqxdata', 'zouqxkey', $2)`, l.mia.ID, tx.Now)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO external_identities (issuer, subject, member_id, created_at) VALUES ('https://id.example', 'zouqxsubject', $1, $2)`, l.mia.ID, tx.Now)
		return err
	}))
	signedIn, err := l.nw.directory.AuthenticateSession(ctx, l.session)
	l.ok(err)
	_, err = l.gate.ChangeEmail(ctx, signedIn, signin.Visitor{Source: "192.0.2.1"}, "zouqxnew@hub.example")
	l.ok(err)
	l.ok(l.gate.SetPassword(ctx, signedIn, "", "zouqx correct horse battery"))
}

// books leaves marks in bookings, waivers, and kept answers.
func (l *life) books(amos inventory.Hub) {
	l.t.Helper()
	ctx := l.t.Context()
	zone, err := hours.LoadZone(amos.TimeZone)
	l.ok(err)
	day := hours.DateOf(time.Now().AddDate(0, 0, 7), zone)
	for day.Weekday() != time.Tuesday {
		day = day.AddDays(1)
	}
	request := func(title string, from hours.Minutes) booking.Request {
		return booking.Request{Lines: []booking.Want{{Resource: "amos-poste-de-coworking", Quantity: 1}}, MemberID: l.mia.ID, Title: title, Notes: "zouqxnotes",
			StartsAt: hours.At(day, from*60, zone), EndsAt: hours.At(day, from*60+60, zone)}
	}
	l.coming, err = l.nw.book.Place(ctx, l.mia, request("zouqxcoming", 10), l.key("place", l.mia))
	l.ok(err)
	_, err = l.nw.book.Place(ctx, l.admin, request("zouqxforher", 11), l.key("place", l.admin))
	l.ok(err)
	late := request("zouqxlate", 22)
	late.Waive = []booking.Waiver{{Rule: "closed", Reason: "zouqxwaived"}}
	_, err = l.nw.book.Place(ctx, l.admin, late, database.Key{})
	l.ok(err)
	gone, err := l.nw.book.Place(ctx, l.mia, request("zouqxgone", 14), database.Key{})
	l.ok(err)
	_, err = l.nw.book.Cancel(ctx, l.admin, gone.ID, 0, "zouqxcancelled", l.key("cancel", l.admin))
	l.ok(err)
	past := booking.Past{Request: request("zouqxpast", 10), Status: booking.Completed}
	past.StartsAt, past.EndsAt = past.StartsAt.AddDate(0, 0, -28), past.EndsAt.AddDate(0, 0, -28)
	past.MadeAt = past.StartsAt.Add(-48 * time.Hour)
	results, err := l.nw.book.Load(ctx, []booking.Past{past}, nil)
	l.ok(err)
	l.ok(results[0])
}

// belongs leaves marks in organisations, certificates and consents.
func (l *life) belongs(amos inventory.Hub) {
	l.t.Helper()
	ctx := l.t.Context()
	name, sector := "zouqxorg", "culture"
	org, err := l.nw.directory.CreateOrganisation(ctx, identity.System, identity.OrganisationEdits{Name: &name, Sector: &sector, HubID: &amos.ID}, database.Key{})
	l.ok(err)
	l.ok(l.nw.directory.AddDelegate(ctx, identity.System, org.ID, l.mia.ID, true, database.Key{}))
	slug := "laser"
	_, err = l.nw.roster.CreateCertification(ctx, identity.System, membership.CertificationEdits{Slug: &slug, Name: &inventory.Text{"fr": "Laser"}}, database.Key{})
	l.ok(err)
	given, err := l.nw.roster.GiveCertificate(ctx, l.admin, membership.NewCertificate{MemberID: l.mia.ID, Certification: slug, Hub: amos.ID}, database.Key{})
	l.ok(err)
	_, err = l.nw.roster.RevokeCertificate(ctx, l.admin, given.ID, "zouqxrevoked", l.key("revoke", l.admin))
	l.ok(err)
	_, err = l.nw.privacy.Give(ctx, l.mia, l.mia.ID, "newsletter", "fr", "J’accepte.", l.key("consent", l.mia))
	l.ok(err)
}

// left lists the rows of all tables that hold one of the texts, by table.
func (l *life) left(texts ...string) (rows []string) {
	l.t.Helper()
	var packed bytes.Buffer
	l.ok(l.nw.db.Backup(context.WithoutCancel(l.t.Context()), &packed))
	zip, err := gzip.NewReader(&packed)
	l.ok(err)
	table := ""
	for lines := bufio.NewScanner(zip); lines.Scan(); {
		var head struct{ Table string }
		if json.Unmarshal(lines.Bytes(), &head) == nil && head.Table != "" {
			table = head.Table
		}
		for _, text := range texts {
			if strings.Contains(lines.Text(), text) {
				rows = append(rows, table+": "+lines.Text())
				break
			}
		}
	}
	return rows
}

func TestWhatIsKnownOfAPersonIsInTheirFile(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, engine)
			file := must(t, l.env, "call", "GET", "/account/personal-data", "--as", l.mia.ID).stdout
			for _, mark := range marks {
				if !strings.Contains(file, mark) {
					t.Errorf("no %s in\n%s", mark, file)
				}
			}
			for _, secret := range []string{"zouqxdata", "zouqxcredential", l.token, l.session, "$argon2"} {
				if strings.Contains(file, secret) {
					t.Errorf("the secret %s is in the file", secret)
				}
			}
		})
	}
}

func TestNothingPersonalIsLeftOfWhoWasErased(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, engine)
			if n := l.filesOfLoans(); n != 2 {
				t.Fatalf("%d files of loans", n)
			}
			if n := len(l.left(l.card)); n < 3 {
				t.Fatalf("the card is in %d rows", n)
			}
			if n := len(l.left("zouqx")); n < 30 {
				t.Fatalf("only %d rows hold a mark: the test would find nothing", n)
			}
			var before, after int
			l.ok(l.nw.db.Reader(t.Context()).Get(&before, `SELECT COUNT(*) FROM bookings`))
			must(t, l.env, "call", "DELETE", "/account?confirm=erase", "--as", l.mia.ID, "--key", "erase")
			if n := l.filesOfLoans(); n != 0 {
				t.Errorf("%d signatures and pictures of loans are left", n)
			}
			for _, row := range l.left("zouqx", "1987-06-05", "$argon2", l.card) {
				if !strings.HasPrefix(row, "organisations: ") { // which is no person
					t.Errorf("left in %s", row)
				}
			}
			l.ok(l.nw.db.Reader(t.Context()).Get(&after, `SELECT COUNT(*) FROM bookings`))
			if before != after || before != 6 {
				t.Errorf("%d bookings became %d", before, after)
			}
			b, err := l.nw.book.Booking(t.Context(), l.admin, l.coming.ID)
			l.ok(err)
			if b.Status != booking.Cancelled {
				t.Errorf("a coming booking is %s", b.Status)
			}
			l.nw.directory.Forget(l.mia.ID) // another process remembers for ten seconds
			if _, err := l.nw.directory.Authenticate(t.Context(), l.token); !fault.Is(err, "bad_token") {
				t.Errorf("the token: %v", err)
			}
			if _, err := l.nw.directory.AuthenticateSession(t.Context(), l.session); !fault.Is(err, "bad_session") {
				t.Errorf("the session: %v", err)
			}
			if _, err := l.gate.Password(t.Context(), signin.Visitor{Source: "192.0.2.2"}, "zouqxmail@hub.example", "zouqx correct horse battery"); !fault.Is(err, "bad_credentials") {
				t.Errorf("the password: %v", err)
			}
			if o := canot(t, l.env, "call", "DELETE", "/members/"+l.admin.ID); o.code != exitFailed || !strings.Contains(o.stdout, "last_administrator") {
				t.Errorf("the last administrator: exit %d, %s%s", o.code, o.stdout, o.stderr)
			}
			must(t, l.env, "check")
		})
	}
}
