package mail

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Matter is what a message is about that is not about a booking.
type Matter struct {
	HubID    string
	MemberID string       // who gets it; "" for the hub's people with the right that the message is for
	Params   fault.Params // figures and names for its sentences; texts of several languages too
	Quote    string       // what a person wrote
	Path     string       // the page of it, in French; "" for none

	// Of a return: what was missing, and the condition that was noted, "" for none or what Quote says.
	Missing   []Missing
	Condition string
}

// Missing is so many of a component that were not there.
type Missing struct {
	Name  inventory.Text // nil for one that is none any more
	Count int
}

// matterNews are the messages about a matter, by the name that their job has.
var matterNews = map[string]struct {
	word  string         // the family of its sentences
	right identity.Right // of staff who get it, where no member is named
}{
	"member.suspended": {word: "suspended"},
	"transfer.arrived": {word: "transfer_arrived", right: identity.HandOut},
	"stock.low":        {word: "stock_low", right: identity.ManageInventory},
	"ticket.new":       {word: "ticket_new", right: identity.ManageInventory},
}

// matterNotice turns news of a matter into one job of the kind "mail" for each whom it concerns.
func (p *Post) matterNotice(ctx context.Context, n Notice) error {
	m, err := p.matterOf(ctx, n.What, n.ID)
	if err != nil || m == nil {
		return err
	}
	return p.DB.In(ctx, func(tx *database.Tx) error {
		to, err := p.concerned(ctx, tx, n.What, *m)
		var jobs []database.Job
		for _, id := range to {
			jobs = append(jobs, database.Job{Kind: "mail", Args: Job{What: n.What, ID: n.ID, To: id, From: database.RunningJob(ctx).ID}, At: tx.Now})
		}
		if err != nil || len(jobs) == 0 {
			return err
		}
		return tx.Enqueue(jobs...)
	})
}

// matterOf reads a matter, nil when there is nothing to say of it any more.
func (p *Post) matterOf(ctx context.Context, what, id string) (*Matter, error) {
	if p.MatterOf == nil {
		return nil, nil
	}
	m, err := p.MatterOf(ctx, what, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return &m, err
}

// concerned are the members whom a matter goes to.
func (p *Post) concerned(ctx context.Context, r database.Reader, what string, m Matter) ([]string, error) {
	if m.MemberID != "" {
		return []string{m.MemberID}, nil
	}
	hub, err := p.Catalog.Hub(ctx, m.HubID)
	if err != nil {
		return nil, err
	}
	return p.staffOf(r, matterNews[what].right, hub)
}

// staffOf are the people of a hub who hold a right and have an address; those farther away only when
// nobody is left there.
func (p *Post) staffOf(r database.Reader, right identity.Right, hub inventory.Hub, but ...string) ([]string, error) {
	for _, ask := range []func(database.Reader, identity.Right, string, string) ([]identity.Member, error){p.People.Nearest, p.People.WhoMay} {
		staff, err := ask(r, right, hub.ID, hub.RegionID)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, m := range staff {
			if !slices.Contains(but, m.ID) && m.Email != "" {
				ids = append(ids, m.ID)
			}
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

// matter writes one message about a matter to one reader, or nothing when it is no longer theirs to know.
func (p *Post) matter(ctx context.Context, job Job) (*letter, error) {
	n := matterNews[job.What]
	about, err := p.matterOf(ctx, job.What, job.ID)
	if err != nil || about == nil {
		return nil, err
	}
	reader, err := p.person(ctx, job.To)
	if err != nil {
		return nil, err
	}
	hub, err := p.Catalog.Hub(ctx, about.HubID)
	if err != nil {
		return nil, err
	}
	if about.MemberID != "" && about.MemberID != job.To {
		return nil, nil
	}
	if about.MemberID == "" {
		staff, err := p.People.WhoMay(p.DB.Reader(ctx), n.right, hub.ID, hub.RegionID)
		if err != nil || !slices.ContainsFunc(staff, func(m identity.Member) bool { return m.ID == job.To }) {
			return nil, err
		}
	}
	l := &letter{to: reader.Email, language: languageOf(reader.Language)}
	params, err := aboutHub(l, hub, about.Params)
	if err != nil {
		return nil, err
	}
	l.Subject = l.say(n.word+".subject", params)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(reader.Name)})
	l.Lead = l.paragraphs(params, n.word+".lead", n.word+".more")
	if address := p.address(l.language, about.Path); address != "" && about.Path != "" {
		l.Action = &action{l.say(n.word+".action", params), address}
	}
	if about.Quote != "" {
		l.Quote = &fact{Label: l.say(n.word+".quote", nil), Value: about.Quote}
	}
	if len(about.Missing) > 0 {
		l.Facts = append(l.Facts, fact{Label: l.say(n.word+".missing", nil), Value: l.missing(about.Missing)})
	}
	if about.Condition != "" {
		l.Facts = append(l.Facts, fact{Label: l.say(n.word+".condition", nil), Value: oneLine(about.Condition)})
	}
	l.After = l.paragraphs(params, n.word+".next")
	l.Why = l.say(n.word+".why", params)
	if n.right == "" {
		p.contact(ctx, l, hub.ID)
	}
	return l, nil
}

// missing says what was missing: «Pile (2), Trépied (1)».
func (l *letter) missing(all []Missing) string {
	parts := make([]string, len(all))
	for i, x := range all {
		name := cmp.Or(oneLine(x.Name.In(l.Lang())), l.say("ticket_new.some_part", nil))
		parts[i] = l.say("ticket_new.lacks", fault.Params{"name": name, "count": x.Count})
	}
	return strings.Join(parts, ", ")
}

// aboutHub are the figures of a matter with the hub's name; its instants are read on the hub's clock.
func aboutHub(l *letter, hub inventory.Hub, given fault.Params) (fault.Params, error) {
	zone, err := hours.LoadZone(hub.TimeZone)
	if err != nil {
		return nil, err
	}
	params := fault.Params{"hub": oneLine(hub.Name.In(l.Lang()))}
	for name, v := range given {
		switch v := v.(type) {
		case inventory.Text:
			params[name] = oneLine(v.In(l.Lang()))
		case string:
			params[name] = oneLine(v)
		case time.Time:
			params[name] = v.In(zone)
		default:
			params[name] = v
		}
	}
	return params, nil
}
