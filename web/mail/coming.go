package mail

import (
	"slices"
	"strings"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// coming adds to a letter what one needs to come: how to get there, what to bring, and until
// when the booking can be given back.
func (w *writing) coming(params fault.Params) {
	l := w.l
	if way := wayTo(l.language, w.hub); way != "" {
		l.Notes = append(l.Notes, fact{Label: l.say("way", nil), Value: way})
	}
	if bring := toBring(l.language, w.b, w.things); bring != "" {
		l.Notes = append(l.Notes, fact{Label: l.say("bring", nil), Value: bring})
	}
	key := "cancelling"
	if w.b.Status == booking.Pending {
		key = "withdrawing"
	}
	until := w.b.CancelUntil(w.things)
	if w.p.PublicURL != "" && w.p.DB.Now().Before(until) {
		params["cancel_day"], params["cancel_time"] = l.language.Date(until.In(w.zone)), l.language.Time(until.In(w.zone))
	}
	l.After = append(l.After, l.paragraphs(params, key)...)
}

// tomorrow says whether a reminder speaks of tomorrow or, where it was late, of today. It
// reports true when it is no time to remind of the booking: it was moved since, or has begun.
func (w *writing) tomorrow(params fault.Params) (gone bool, err error) {
	from, err := w.b.RemindAt()
	if err != nil {
		return false, err
	}
	now := w.p.DB.Now()
	if now.Before(from) || !now.Before(w.b.StartsAt) {
		return true, nil
	}
	if hours.DateOf(now, w.zone) == hours.DateOf(w.b.StartsAt, w.zone) {
		params["today"] = 1
	}
	params["at"] = w.l.language.Time(w.b.StartsAt.In(w.zone))
	return false, nil
}

// pageAddress is the booking's own page, "" while the site does not know its address.
func (w *writing) pageAddress() string {
	return w.p.address(w.l.language, "/reservations/"+w.b.ID)
}

// wayTo is how to get to a hub, as its people wrote it.
func wayTo(l locale.Language, hub inventory.Hub) string { return severalLines(hub.Access.In(l.Tag())) }

// toBring is what the people of the hub ask to bring: for several things each under its name,
// and what several ask alike once.
func toBring(l locale.Language, b booking.Booking, things []inventory.Resource) string {
	var texts []string
	named := map[string][]string{}
	names := namesOf(l, b, things)
	for i, line := range b.Lines {
		thing, _ := thingOf(line, things)
		text := severalLines(thing.Bring.In(l.Tag()))
		if text == "" {
			continue
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		named[text] = append(named[text], names[i])
	}
	if len(b.Lines) == 1 {
		return strings.Join(texts, "\n")
	}
	for i, text := range texts {
		texts[i] = strings.Join(named[text], ", ") + l.Say("mail.colon", nil) + " " + text
	}
	return strings.Join(texts, "\n")
}
