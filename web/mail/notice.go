package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// news is one message about a booking.
type news struct {
	word    string                     // the family of its sentences
	right   identity.Right             // who gets it: the member whose booking it is, or who holds this right there
	still   func(booking.Booking) bool // whether it is still true
	instead bool                       // it says what could be had instead
}

// ofStaff is what the name of a message ends in that goes to staff.
const ofStaff = ".staff"

// bookingNews are the messages about a booking, by the name that their job has.
var bookingNews = map[string]news{
	"booking.request":                  {word: "request", still: is(booking.Pending)},
	"booking.request.staff":            {word: "request_staff", right: identity.Approve, still: is(booking.Pending)},
	"booking.approve":                  {word: "approve", still: is(booking.Confirmed, booking.InUse)},
	"booking.decline":                  {word: "decline", still: is(booking.Declined), instead: true},
	"booking.rival":                    {word: "rival", still: is(booking.Declined), instead: true},
	"booking.lapse":                    {word: "lapse", still: is(booking.Expired), instead: true},
	"booking.rehome":                   {word: "rehome", still: live},
	"booking.lose_unit":                {word: "lose_unit", still: withoutUnit, instead: true},
	"booking.lose_unit.staff":          {word: "lose_unit_staff", right: identity.BookForOthers, still: withoutUnit},
	"booking.set_right":                {word: "set_right", still: live},
	"booking.cancelled_by_staff":       {word: "cancelled", still: is(booking.Cancelled)},
	"booking.certificate_lapses":       {word: "certificate", still: live},
	"booking.certificate_lapses.staff": {word: "certificate_staff", right: identity.Certify, still: live},
}

func is(statuses ...booking.Status) func(booking.Booking) bool {
	return func(b booking.Booking) bool { return slices.Contains(statuses, b.Status) }
}

func live(b booking.Booking) bool { return b.Status.Live() }

func withoutUnit(b booking.Booking) bool {
	return live(b) && slices.ContainsFunc(b.Lines, func(l booking.Line) bool { return l.WithoutUnit > 0 })
}

// notice turns news of a booking into one job of the kind "mail" for each whom it concerns,
// so that a message that cannot be sent holds up no other.
func (p *Post) notice(ctx context.Context, raw json.RawMessage) error {
	var n Notice
	if err := json.Unmarshal(raw, &n); err != nil {
		return errors.New("the arguments of a notice cannot be read")
	}
	if bookingNews[n.What].word == "" {
		return errors.New("no such notice")
	}
	if p.isStale(ctx, n.What) {
		return nil
	}
	b, err := p.Book.Booking(ctx, identity.System, n.Booking)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return p.DB.In(ctx, func(tx *database.Tx) error {
		var jobs []database.Job
		for _, what := range []string{n.What, n.What + ofStaff} {
			to, err := p.readers(ctx, tx, bookingNews[what], b)
			if err != nil {
				return err
			}
			for _, id := range to {
				job := Job{What: what, ID: b.ID, To: id, From: database.RunningJob(ctx).ID}
				jobs = append(jobs, database.Job{Kind: "mail", Args: job, At: tx.Now})
			}
		}
		if len(jobs) == 0 {
			return nil
		}
		return tx.Enqueue(jobs...)
	})
}

// readers are the members whom a message about a booking goes to.
func (p *Post) readers(ctx context.Context, r database.Reader, n news, b booking.Booking) ([]string, error) {
	switch {
	case n.word == "":
		return nil, nil
	case n.right == "":
		return []string{b.MemberID}, nil
	}
	hub, err := p.Catalog.Hub(ctx, b.HubID)
	if err != nil {
		return nil, err
	}
	// The hub's own people, and those farther away only when nobody is left there.
	for _, ask := range []func(database.Reader, identity.Right, string, string) ([]identity.Member, error){p.People.Nearest, p.People.WhoMay} {
		staff, err := ask(r, n.right, hub.ID, hub.RegionID)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, m := range staff {
			if m.ID != b.MemberID && m.Email != "" {
				ids = append(ids, m.ID)
			}
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

// booking writes one message about a booking, or nothing when it is no longer true, no
// longer matters, or its reader may no longer know.
func (p *Post) booking(ctx context.Context, job Job) (*letter, error) {
	n := bookingNews[job.What]
	b, err := p.Book.Booking(ctx, identity.System, job.ID)
	if err != nil {
		return nil, err
	}
	if !n.still(b) || !p.DB.Now().Before(b.EndsAt) {
		return nil, nil
	}
	m, err := p.person(ctx, job.To)
	if err != nil {
		return nil, err
	}
	hub, err := p.Catalog.Hub(ctx, b.HubID)
	if err != nil {
		return nil, err
	}
	w := &writing{p: p, ctx: ctx, b: b, hub: hub, reader: m, l: &letter{to: m.Email, language: languageOf(m.Language)}}
	if w.zone, err = hours.LoadZone(b.TimeZone); err != nil {
		return nil, err
	}
	if n.right != "" {
		if may, err := w.readerMay(n.right); err != nil || !may {
			return nil, err
		}
	} else if job.To != b.MemberID {
		return nil, nil
	}
	return w.letter(n)
}

// letter puts the message together.
func (w *writing) letter(n news) (*letter, error) {
	l := w.l
	names, err := w.resources()
	if err != nil {
		return nil, err
	}
	params := fault.Params{
		"resource": names[0], "more": len(names) - 1, "day": l.language.Date(w.b.StartsAt.In(w.zone)),
		"hub": oneLine(w.hub.Name.In(l.Lang())), "town": oneLine(w.hub.Town),
	}
	params["what"] = l.say("what", params)
	if w.b.Competes {
		params["competes"] = 1
	}
	if w.b.LapsesAt != nil {
		params["until"] = w.b.LapsesAt.In(w.zone)
	}
	l.Subject = l.say(n.word+".subject", params)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(w.reader.Name)})
	l.Lead = l.paragraphs(params, n.word+".lead")
	if w.b.Reason != "" && (w.b.Status == booking.Declined || w.b.Status == booking.Cancelled) {
		l.Quote = &fact{l.say("reason", nil), w.b.Reason}
	}
	if err := w.facts(n, names); err != nil {
		return nil, err
	}
	if n.instead {
		if err := w.instead(); err != nil {
			return nil, err
		}
	}
	l.After = l.paragraphs(params, n.word+".next", n.word+".competes", n.word+".lapses")
	if n.right != "" {
		l.Why = l.say("staff.why", params)
		return l, w.assisted()
	}
	l.Why = l.say("member.why", params)
	l.Contact, l.replyTo = w.p.contact(w.ctx, l.language, w.hub.ID)
	return l, nil
}

// facts say which booking it is.
func (w *writing) facts(n news, names []string) error {
	l := w.l
	add := func(label, value string) {
		if value = oneLine(value); value != "" {
			l.Facts = append(l.Facts, fact{l.say("fact."+label, nil), value})
		}
	}
	add("what", strings.Join(names, ", "))
	add("when", w.when(w.b.StartsAt, w.b.EndsAt, w.zone))
	if n.right == "" {
		add("where", w.where())
		add("title", w.b.Title)
		add("reference", w.b.Reference)
		return nil
	}
	// Who asks, and for what, is told to those alone who may see persons.
	may, err := w.readerMay(identity.ViewPersons)
	if err != nil {
		return err
	}
	if may {
		who, err := w.p.People.Member(w.ctx, w.p.DB.Reader(w.ctx), w.b.MemberID)
		if err != nil {
			return err
		}
		add("who", who.Name)
		add("title", w.b.Title)
	}
	add("reference", w.b.Reference)
	return nil
}

// assisted adds, for staff, that the person has no address and must be called.
func (w *writing) assisted() error {
	who, err := w.p.People.Member(w.ctx, w.p.DB.Reader(w.ctx), w.b.MemberID)
	if err == nil && who.Email == "" {
		w.l.After = append(w.l.After, w.l.say("assisted", nil))
	}
	return err
}

// instead lists what could be had instead of the booking.
func (w *writing) instead() error {
	if w.p.AlternativesFor == nil {
		return nil
	}
	found, err := w.p.AlternativesFor(w.ctx, w.b.ID)
	if err != nil {
		return fmt.Errorf("alternatives: %w", err)
	}
	for _, a := range found {
		text, err := w.alternative(a)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if !slices.Contains(w.l.Others, text) {
			w.l.Others = append(w.l.Others, text)
		}
	}
	return nil
}

func (w *writing) alternative(a booking.Alternative) (string, error) {
	hub := w.hub
	var resource inventory.Resource
	var err error
	if a.Kind != "time" {
		if resource, err = w.p.Catalog.Resource(w.ctx, a.Resource); err != nil {
			return "", err
		}
	}
	if a.Kind == "hub" {
		if hub, err = w.p.Catalog.Hub(w.ctx, a.Hub); err != nil {
			return "", err
		}
	}
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return "", err
	}
	return w.l.say("instead."+a.Kind, fault.Params{
		"resource": oneLine(resource.Name.In(w.l.Lang())), "town": oneLine(hub.Town), "distance_km": a.DistanceKm,
		"when": w.when(a.StartsAt, a.EndsAt, zone),
	}), nil
}
