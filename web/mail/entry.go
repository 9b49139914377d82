package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"

	"canot/booking"
	"canot/booking/calendar"
	"canot/internal/fault"
	"canot/inventory"
	"canot/web/locale"
)

// EventWords are the words of one booking's calendar file in a language, the same in a
// message and behind a link on its page: things are its resources, as far as they are known,
// and page is the whole address of its page, or "". They name nobody.
func EventWords(l locale.Language, b booking.Booking, hub inventory.Hub, things []inventory.Resource, page string) calendar.EventWords {
	names := namesOf(l, b, things)
	what := l.Say("mail.what", fault.Params{"resource": names[0], "more": len(names) - 1})
	name, address := placeOf(l, hub)
	words := calendar.EventWords{
		Lang: l.Tag(), URL: page,
		Summary:  l.Say("mail.event", fault.Params{"what": what, "title": oneLine(b.Title)}),
		Location: strings.TrimSuffix(name+", "+address, ", "),
	}
	say := func(label, value string) {
		if value != "" {
			words.Description = append(words.Description, strings.Split(label+l.Say("mail.colon", nil)+" "+value, "\n")...)
		}
	}
	say(l.Say("mail.fact.reference", nil), b.Reference)
	if len(names) > 1 {
		say(l.Say("mail.fact.what", nil), strings.Join(names, ", "))
	}
	if b.Status.Live() {
		say(l.Say("mail.way", nil), wayTo(l, hub))
		say(l.Say("mail.bring", nil), toBring(l, b, things))
	}
	say(l.Say("mail.fact.email", nil), oneLine(hub.Email))
	say(l.Say("mail.fact.phone", nil), oneLine(hub.Phone))
	return words
}

// enter puts the booking into the letter as a file for the reader's calendar. One that is in
// no calendar has none.
func (w *writing) enter() error {
	words := EventWords(w.l.language, w.b, w.hub, w.things, w.pageAddress())
	if from, err := netmail.ParseAddress(w.p.From); err == nil {
		words.Organizer = calendar.Person{Name: from.Name, Address: from.Address}
		words.Attendee = calendar.Person{Name: oneLine(w.reader.Name), Address: w.reader.Email}
	}
	var file bytes.Buffer
	err := calendar.Event(&file, w.b, words)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	w.l.calendar = &Calendar{Method: words.Method(w.b), File: file.Bytes()}
	return err
}
