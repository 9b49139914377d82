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
	asked   bool                       // nothing is booked: it is about a request
	coming  bool                       // it says all that one needs to come: how to get there, what to bring, how to cancel
	entry   bool                       // it goes with a file for the calendar
	loan    bool                       // it is about what is still out with somebody, and is told after the booking's end too
}

// ofStaff is what the name of a message ends in that goes to staff.
const ofStaff = ".staff"

// bookingNews are the messages about a booking, by the name that their job has.
var bookingNews = map[string]news{
	"booking.confirmed":                {word: "confirmed", still: is(booking.Confirmed, booking.InUse), coming: true, entry: true},
	"booking.request":                  {word: "request", still: is(booking.Pending), asked: true, coming: true, entry: true},
	"booking.request.staff":            {word: "request_staff", right: identity.Approve, still: is(booking.Pending)},
	"booking.approve":                  {word: "approve", still: is(booking.Confirmed, booking.InUse), coming: true, entry: true},
	"booking.decline":                  {word: "decline", still: is(booking.Declined), instead: true, asked: true, entry: true},
	"booking.rival":                    {word: "rival", still: is(booking.Declined), instead: true, asked: true, entry: true},
	"booking.lapse":                    {word: "lapse", still: is(booking.Expired), instead: true, asked: true, entry: true},
	"booking.moved":                    {word: "moved", still: live, coming: true, entry: true},
	"booking.moved_by_staff":           {word: "moved_by_staff", still: live, coming: true, entry: true},
	"booking.reminder":                 {word: "reminder", still: is(booking.Confirmed), coming: true},
	"booking.rehome":                   {word: "rehome", still: live},
	"booking.lose_unit":                {word: "lose_unit", still: withoutUnit, instead: true},
	"booking.lose_unit.staff":          {word: "lose_unit_staff", right: identity.BookForOthers, still: withoutUnit},
	"booking.find_unit":                {word: "find_unit", still: whole, coming: true},
	"booking.due_tomorrow":             {word: "due_tomorrow", still: inUse, loan: true},
	"booking.late":                     {word: "late", still: inUse, loan: true},
	"booking.late_again":               {word: "late_again", still: inUse, loan: true},
	"booking.overdue.staff":            {word: "overdue_staff", right: identity.HandOut, still: inUse, loan: true},
	"booking.no_show":                  {word: "no_show", still: is(booking.NoShow)},
	"booking.set_right":                {word: "set_right", still: live, entry: true},
	"booking.cancelled":                {word: "cancelled_self", still: is(booking.Cancelled), entry: true},
	"booking.cancelled_by_staff":       {word: "cancelled", still: is(booking.Cancelled), entry: true},
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

func whole(b booking.Booking) bool { return live(b) && !withoutUnit(b) }

// notice turns news of a booking into one job of the kind "mail" for each whom it concerns,
// so that a message that cannot be sent holds up no other.
func (p *Post) notice(ctx context.Context, raw json.RawMessage) error {
	var n Notice
	if err := json.Unmarshal(raw, &n); err != nil {
		return errors.New("the arguments of a notice cannot be read")
	}
	if bookingNews[n.What].word == "" && matterNews[n.What].word == "" {
		return errors.New("no such notice")
	}
	if p.isStale(ctx, n.What) {
		return nil
	}
	if matterNews[n.What].word != "" {
		return p.matterNotice(ctx, n)
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
	return p.staffOf(r, n.right, hub, b.MemberID)
}

// booking writes one message about a booking, or nothing when it is no longer true, no
// longer matters, or its reader may no longer know.
func (p *Post) booking(ctx context.Context, job Job) (*letter, error) {
	n := bookingNews[job.What]
	b, err := p.Book.Booking(ctx, identity.System, job.ID)
	if err != nil {
		return nil, err
	}
	if !n.still(b) || !n.loan && !p.DB.Now().Before(b.EndsAt) {
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
		"hub": oneLine(w.hub.Name.In(l.Lang())), "town": oneLine(w.hub.Town), "reference": w.b.Reference,
	}
	params["what"] = l.say("what", params)
	if w.b.Competes {
		params["competes"] = 1
	}
	if w.b.Status == booking.Pending {
		params["pending"] = 1
	}
	if w.b.LapsesAt != nil {
		params["until"] = w.b.LapsesAt.In(w.zone)
	}
	if gone, err := w.aside(n, params); err != nil || gone {
		return nil, err
	}
	l.Subject = l.say(n.word+".subject", params)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(w.reader.Name)})
	l.Lead = l.paragraphs(params, n.word+".lead", n.word+".again")
	if address := w.pageAddress(); n.right == "" && address != "" && w.b.Status.Live() {
		l.Action = &action{l.say("booking_action", params), address}
	}
	if w.b.Reason != "" && (w.b.Status == booking.Declined || w.b.Status == booking.Cancelled) {
		l.Quote = &fact{Label: l.say("reason", nil), Value: w.b.Reason}
	}
	if err := w.facts(n, names); err != nil {
		return nil, err
	}
	if n.instead {
		if err := w.instead(); err != nil {
			return nil, err
		}
	}
	l.After = l.paragraphs(params, n.word+".act", n.word+".next", n.word+".competes", n.word+".lapses")
	if n.coming {
		w.coming(params)
	}
	if n.entry {
		if err := w.enter(); err != nil {
			return nil, err
		}
		if l.calendar != nil && w.b.Status.Live() {
			l.After = append(l.After, l.say("entry", nil))
		}
	}
	if n.right != "" {
		l.Why = l.say("staff.why", params)
		return l, w.assisted()
	}
	l.Why = l.say("member.why", params)
	if n.asked {
		l.Why = l.say("asker.why", params)
	}
	w.p.contact(w.ctx, l, w.hub.ID)
	return l, nil
}

// aside reads what some messages say beside the booking. It reports true when there is nothing to
// say any more.
func (w *writing) aside(n news, params fault.Params) (gone bool, err error) {
	if n.loan {
		return w.loan(n, params)
	}
	switch n.word {
	case "reminder":
		return w.tomorrow(params)
	case "lapse":
		free, err := w.free()
		if free {
			params["again"] = 1
		}
		return false, err
	case "lose_unit", "lose_unit_staff":
		params["left"] = strings.Join(w.left(), ", ")
	case "certificate", "certificate_staff":
		if w.p.LapseOf == nil {
			return true, nil
		}
		lapse, err := w.p.LapseOf(w.ctx, w.b.ID)
		if err != nil {
			return false, err
		}
		params["certification"] = oneLine(lapse.Certification.In(w.l.Lang()))
		if !lapse.LastDay.IsZero() {
			params["last_day"] = w.l.language.Date(lapse.LastDay)
		}
	}
	return false, nil
}

// free reports whether its member could have now what the booking was for.
func (w *writing) free() (bool, error) {
	r := booking.Request{StartsAt: w.b.StartsAt, EndsAt: w.b.EndsAt, Attendance: w.b.Attendance, Organisation: w.b.Organisation, Brief: true}
	for _, l := range w.b.Lines {
		r.Lines = append(r.Lines, booking.Want{Resource: l.ResourceID, Quantity: l.Quantity})
	}
	seen, err := w.p.Book.Preview(w.ctx, identity.Actor{ID: w.b.MemberID}, r)
	if fault.Of(err) != nil && fault.KindOf(err) != fault.Unavailable {
		return false, nil
	}
	return seen.OK, err
}

// facts say which booking it is.
func (w *writing) facts(n news, names []string) error {
	l := w.l
	add := func(label, value string) {
		if value = oneLine(value); value != "" {
			l.Facts = append(l.Facts, fact{Label: l.say("fact."+label, nil), Value: value})
		}
	}
	if n.loan {
		w.out.facts(w, add)
	} else {
		add("what", strings.Join(names, ", "))
		add("when", w.when(w.b.StartsAt, w.b.EndsAt, w.zone, false))
	}
	if n.right == "" {
		add("where", w.where())
		if n.coming {
			price, err := w.price()
			if err != nil {
				return err
			}
			add("price", price)
		}
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
		w.reached(who)
		add("title", w.b.Title)
	}
	add("reference", w.b.Reference)
	return nil
}

// reached says how to reach a member, and lets an answer go to them.
func (w *writing) reached(who identity.Member) {
	for _, f := range []fact{{"email", oneLine(who.Email), mailTo(who.Email)}, {"phone", oneLine(who.Phone), telTo(who.Phone)}} {
		if f.Value != "" {
			f.Label = w.l.say("fact."+f.Label, nil)
			w.l.Facts = append(w.l.Facts, f)
		}
	}
	w.l.replyTo = who.Email
}

// assisted adds, for staff, that the person has no address and must be called.
func (w *writing) assisted() error {
	who, err := w.p.People.Member(w.ctx, w.p.DB.Reader(w.ctx), w.b.MemberID)
	if err == nil && who.Email == "" {
		w.l.After = append(w.l.After, w.l.say("assisted", nil))
	}
	return err
}

// farthest is how far, in kilometres, a letter sends somebody.
const farthest = 300

// instead lists what could be had instead of the booking.
func (w *writing) instead() error {
	if w.p.AlternativesFor == nil {
		return nil
	}
	found, err := w.p.AlternativesFor(w.ctx, w.b.ID)
	if err != nil {
		return fmt.Errorf("alternatives: %w", err)
	}
	listed := map[string][]hours.Span{}
	for _, a := range found {
		span := hours.Span{Start: a.StartsAt, End: a.EndsAt}
		if a.DistanceKm > farthest || slices.ContainsFunc(listed[a.Resource], span.Overlaps) {
			continue // too far to drive, or hardly another choice
		}
		text, err := w.alternative(a)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if !slices.Contains(w.l.Others, text) {
			w.l.Others = append(w.l.Others, text)
			listed[a.Resource] = append(listed[a.Resource], span)
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
		"when": w.when(a.StartsAt, a.EndsAt, zone, true),
	}), nil
}
