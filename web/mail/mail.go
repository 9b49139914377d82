// Package mail is what Canot writes to people: it turns a job of the jobs table
// into a message in the language of whoever gets it, as text and as HTML, and
// hands it to a Sender.
//
// It knows addresses, sentences (those of web/locale, under "mail.") and what is
// too old to be told. It refuses to know why something happened and whether it
// may: the packages that enqueue a job do. Nothing that it logs, and no error that
// it returns, holds an address or a text of a person.
//
// Start reading at Post.Handlers; account.go and notice.go say which messages
// there are.
package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/locale"
)

// stale is how old a job may be: news older than this would only confuse.
const stale = 48 * time.Hour

// A Job is the arguments of a job of the kind "mail": one message to one person.
type Job struct {
	What string `json:"what"`           // which message
	ID   string `json:"id"`             // what it is about: a sign-in, a member, a booking, a membership
	To   string `json:"to,omitempty"`   // the member who gets it, where that is not said by ID
	From string `json:"from,omitempty"` // the job that asked for it; the message is named after it
}

// A Notice is the arguments of a job of the kind "notice": news of a booking, or of another
// matter, for all whom it concerns.
type Notice struct {
	Booking string `json:"booking,omitempty"`
	ID      string `json:"id,omitempty"` // of the matter
	What    string `json:"what"`
}

// A SignIn is what the message of one sign-in holds. Link is a whole address.
type SignIn struct {
	Email     string
	Language  string
	Link      string
	Code      string
	New       bool // nobody has an account with this address yet
	Verify    bool // it proves a new address of an account that there is
	ExpiresAt time.Time
}

// An Ending is a membership that ends soon. The holder is a member, or an organisation
// with an address of its own.
type Ending struct {
	MemberID string
	Email    string // of an organisation
	Name     string // of an organisation
	Tier     inventory.Text
	HubID    string
	EndsOn   time.Time // any instant of its last day, in the hub's zone
}

// A Lapse is a certificate that will be over before a booking that rests on it.
type Lapse struct {
	Certification inventory.Text
	LastDay       time.Time // any instant of it, in whatever zone; zero when it is not held at all
}

// A Revocation is a certificate that was taken away, and the live bookings to come that rested on it.
type Revocation struct {
	MemberID      string
	Certification inventory.Text
	Reason        string   // what its member was told
	Bookings      []string // ids, by start
}

// People is what a Post asks of the directory.
type People interface {
	Member(ctx context.Context, r database.Reader, id string) (identity.Member, error)
	WhoMay(r database.Reader, right identity.Right, hubID, regionID string) ([]identity.Member, error)
	Nearest(r database.Reader, right identity.Right, hubID, regionID string) ([]identity.Member, error)
}

// Deps is what a Post is made of. Functions that are nil make their messages be dropped.
type Deps struct {
	DB        *database.DB
	Catalog   *inventory.Catalog
	Book      *booking.Book
	People    People
	Send      Sender
	Log       *slog.Logger
	PublicURL string // the address that people use; without it messages have no links
	From      string // who messages are from, as CANOT_MAIL_FROM; without it calendar files name nobody

	// Secrets makes the link and the code of a sign-in anew. One that is gone, used or over is NotFound.
	Secrets func(ctx context.Context, signInID string) (SignIn, error)
	// FormerAddress is where a member was reached before a change of their address.
	FormerAddress func(ctx context.Context, change string) (string, error)
	// AlternativesFor finds what would be accepted instead of a booking.
	AlternativesFor func(ctx context.Context, bookingID string) ([]booking.Alternative, error)
	// Ending reads a membership that ends. One that does not end any more is NotFound.
	Ending func(ctx context.Context, membershipID string) (Ending, error)
	// LapseOf says which certificate of a booking ends too soon. One that does not any more is NotFound.
	LapseOf func(ctx context.Context, bookingID string) (Lapse, error)
	// Revoked reads a certificate that was taken away. One that was not is NotFound.
	Revoked func(ctx context.Context, certificateID string) (Revocation, error)
	// MatterOf reads what a message is about that is not about a booking. One that is over is NotFound.
	MatterOf func(ctx context.Context, what, id string) (Matter, error)
}

// A Post writes messages. It may be used by several goroutines.
type Post struct{ Deps }

// New makes a Post.
func New(d Deps) *Post { return &Post{d} }

// Handlers are the jobs that a Post does. Where nothing can be sent they are not to be
// given to a worker: the jobs then wait, and those that have become stale are dropped
// once there is a way to send.
func (p *Post) Handlers() map[string]database.Handler {
	return map[string]database.Handler{"mail": p.mail, "notice": p.notice}
}

// mail writes and sends one message.
func (p *Post) mail(ctx context.Context, raw json.RawMessage) error {
	var job Job
	if err := json.Unmarshal(raw, &job); err != nil {
		return errors.New("the arguments of a mail job cannot be read")
	}
	if p.isStale(ctx, job.What) {
		return nil
	}
	if job.What == revoked && job.To == "" {
		return p.tellOfRevocation(ctx, job)
	}
	l, err := p.write(ctx, job)
	if err != nil {
		return fmt.Errorf("write %s: %w", known(job.What), err)
	}
	if l == nil {
		p.Log.InfoContext(ctx, "mail dropped", "what", known(job.What), "job", database.RunningJob(ctx).ID)
		return nil
	}
	m, err := p.message(ctx, job, *l)
	if err != nil {
		return fmt.Errorf("render %s: %w", known(job.What), err)
	}
	err = p.Send.Send(ctx, m)
	var refused *Refused
	if errors.As(err, &refused) && refused.ForGood {
		// Another try would be refused as well: nobody is there, or the message is not wanted.
		p.Log.WarnContext(ctx, "mail refused for good", "what", known(job.What), "job", database.RunningJob(ctx).ID, "error", err.Error())
		return nil
	}
	return err
}

// write makes the letter of a job, or nil when there is nothing to say any more.
func (p *Post) write(ctx context.Context, job Job) (*letter, error) {
	l, err := p.letter(ctx, job)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil // who or what it was about is gone
	}
	if err != nil || l == nil || l.to == "" {
		return nil, err
	}
	return l, nil
}

func (p *Post) letter(ctx context.Context, job Job) (*letter, error) {
	switch {
	case signInNews[job.What]:
		return p.signIn(ctx, job)
	case accountNews[job.What]:
		return p.account(ctx, job)
	case job.What == "membership_ends":
		return p.ending(ctx, job)
	case job.What == revoked || job.What == revoked+ofStaff:
		return p.revocation(ctx, job)
	case bookingNews[job.What].word != "":
		return p.booking(ctx, job)
	case matterNews[job.What].word != "":
		return p.matter(ctx, job)
	}
	return nil, errors.New("no such message")
}

// isStale reports whether the job that is being done was asked for too long ago.
func (p *Post) isStale(ctx context.Context, what string) bool {
	job := database.RunningJob(ctx)
	if job.ID == "" || p.DB.Now().Sub(job.CreatedAt) <= stale {
		return false
	}
	p.Log.InfoContext(ctx, "mail dropped", "what", known(what), "job", job.ID, "why", "stale")
	return true
}

// known is the name of a message, for the log; a name that is none may be anything.
func known(what string) string {
	if signInNews[what] || what == "membership_ends" || what == revoked || what == revoked+ofStaff || accountNews[what] || bookingNews[what].word != "" || matterNews[what].word != "" {
		return what
	}
	return "unknown"
}

// languageOf is the language of a person.
func languageOf(tag string) locale.Language {
	l, _ := locale.Named(tag)
	return l
}

// person reads a member who can be written to: one that is active and has an address.
func (p *Post) person(ctx context.Context, id string) (identity.Member, error) {
	m, err := p.People.Member(ctx, p.DB.Reader(ctx), id)
	if err == nil && (!m.Active || m.Email == "") {
		err = fault.New(fault.NotFound, "member_not_found", nil)
	}
	return m, err
}
