package mail

import (
	"context"
	"slices"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// revoked is the message about a certificate that was taken away; the job's ID is the certificate's.
const revoked = "certificate_revoked"

// tellOfRevocation makes one job for the member and one for each of the staff who are to know, however
// many bookings rested on the certificate.
func (p *Post) tellOfRevocation(ctx context.Context, job Job) error {
	if p.Revoked == nil {
		return nil
	}
	c, err := p.Revoked(ctx, job.ID)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	hubs, err := p.hubsOf(ctx, c)
	if err != nil {
		return err
	}
	from := database.RunningJob(ctx).ID
	return p.DB.In(ctx, func(tx *database.Tx) error {
		jobs := []database.Job{{Kind: "mail", Args: Job{What: revoked, ID: job.ID, To: c.MemberID, From: from}, At: tx.Now}}
		var told []string
		for _, hubID := range hubs {
			staff, err := p.readers(ctx, tx, news{word: revoked, right: identity.Certify}, booking.Booking{HubID: hubID, MemberID: c.MemberID})
			if err != nil {
				return err
			}
			for _, id := range staff {
				if !slices.Contains(told, id) {
					told = append(told, id)
					jobs = append(jobs, database.Job{Kind: "mail", Args: Job{What: revoked + ofStaff, ID: job.ID, To: id, From: from}, At: tx.Now})
				}
			}
		}
		return tx.Enqueue(jobs...)
	})
}

// hubsOf are the hubs whose staff are told: those of the bookings, and without any nobody's.
func (p *Post) hubsOf(ctx context.Context, c Revocation) (hubs []string, err error) {
	for _, id := range c.Bookings {
		b, err := p.Book.Booking(ctx, identity.System, id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		if err == nil && !slices.Contains(hubs, b.HubID) {
			hubs = append(hubs, b.HubID)
		}
	}
	return hubs, nil
}

// revocation writes to the member, or to one of the staff, that a certificate was taken away, why, and
// which bookings rested on it. Staff read of the bookings of the hubs where they certify.
func (p *Post) revocation(ctx context.Context, job Job) (*letter, error) {
	if p.Revoked == nil {
		return nil, nil
	}
	c, err := p.Revoked(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	m, err := p.person(ctx, job.To)
	if err != nil {
		return nil, err
	}
	toStaff := job.What != revoked
	if !toStaff && m.ID != c.MemberID {
		return nil, nil
	}
	l := &letter{to: m.Email, language: languageOf(m.Language)}
	w := &writing{p: p, ctx: ctx, reader: m, l: l}
	hubID, seesPerson := m.HomeHubID, false
	for _, id := range c.Bookings {
		if w.b, err = p.Book.Booking(ctx, identity.System, id); fault.KindOf(err) == fault.NotFound {
			continue
		} else if err != nil {
			return nil, err
		}
		if !live(w.b) || !p.DB.Now().Before(w.b.EndsAt) {
			continue
		}
		if w.hub, err = p.Catalog.Hub(ctx, w.b.HubID); err != nil {
			return nil, err
		}
		if toStaff {
			w.held = nil // another hub, other rights
			may, err := w.readerMay(identity.Certify)
			if err != nil {
				return nil, err
			}
			if !may {
				continue
			}
			sees, err := w.readerMay(identity.ViewPersons)
			if err != nil {
				return nil, err
			}
			seesPerson = seesPerson || sees
		}
		if err := w.listed(); err != nil {
			return nil, err
		}
		hubID = w.hub.ID
	}
	if toStaff && len(l.Facts) == 0 {
		return nil, nil
	}
	params := fault.Params{"certification": oneLine(c.Certification.In(l.Lang()))}
	word := revoked
	if toStaff {
		word = "certificate_revoked_staff"
	}
	if len(l.Facts) > 0 {
		params["bookings"] = len(l.Facts)
	}
	l.Subject = l.say(word+".subject", params)
	l.Hello = l.say("hello", fault.Params{"name": oneLine(m.Name)})
	l.Lead = l.paragraphs(params, word+".lead", word+".bookings")
	if c.Reason != "" && (!toStaff || seesPerson) {
		l.Quote = &fact{Label: l.say("reason", nil), Value: c.Reason}
	}
	l.After = l.paragraphs(params, word+".next")
	l.Why = l.say(word+".why", params)
	if !toStaff {
		p.contact(ctx, l, hubID)
		return l, nil
	}
	return l, w.holder(c.MemberID, seesPerson)
}

// listed adds the booking to the facts: what, and when on the clocks of its hub.
func (w *writing) listed() (err error) {
	if w.zone, err = hours.LoadZone(w.b.TimeZone); err != nil {
		return err
	}
	names, err := w.resources()
	if err != nil {
		return err
	}
	what := w.l.say("what", fault.Params{"resource": names[0], "more": len(names) - 1})
	value := w.l.say("instead.resource", fault.Params{"resource": what, "when": w.when(w.b.StartsAt, w.b.EndsAt, w.zone, false)})
	w.l.Facts = append(w.l.Facts, fact{Label: w.b.Reference, Value: value})
	return nil
}

// holder tells staff whose certificate it was, if they may see persons, and that somebody without an
// address must be called.
func (w *writing) holder(memberID string, seesPerson bool) error {
	who, err := w.p.People.Member(w.ctx, w.p.DB.Reader(w.ctx), memberID)
	if err != nil {
		return err
	}
	if seesPerson {
		w.l.Facts = append(w.l.Facts, fact{Label: w.l.say("fact.who", nil), Value: oneLine(who.Name)})
		w.reached(who)
	}
	if who.Email == "" {
		w.l.After = append(w.l.After, w.l.say("assisted", nil))
	}
	return nil
}
