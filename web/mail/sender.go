package mail

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Message is ready to be sent.
type Message struct {
	ID      string // what stands in Message-ID, without the brackets
	To      string // an address
	Subject string
	Text    string
	HTML    string
	ReplyTo string // an address, or ""
	At      time.Time

	Calendar *Calendar // what goes with it for the calendar of who gets it, or nil
}

// A Calendar is a booking as an iCalendar file, for a mail program to enter into a calendar.
type Calendar struct {
	Method string // what it asks of the calendar: REQUEST, CANCEL or PUBLISH
	File   []byte
}

// CalendarName is the name of the file that a message has attached.
const CalendarName = "reservation.ics"

// A Sender hands messages on. An error that is no *Refused with ForGood is worth another
// try. Errors hold neither an address nor anything of the message.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// A Refused message was not taken by the server.
type Refused struct {
	Status   int    // of SMTP; 0 when the server did not say
	Enhanced string // as in RFC 3463, "5.1.1"; may be ""
	ForGood  bool   // another try would be refused as well
}

// Error says the status and nothing of the server's words, which often repeat the address.
func (r *Refused) Error() string {
	text := "the mail server refused: " + strconv.Itoa(r.Status)
	if r.Enhanced != "" {
		text += " " + r.Enhanced
	}
	return text
}

// keptMost is how many messages Kept keeps.
const keptMost = 500

// Kept is a Sender that sends nothing: it keeps the last 500 messages in memory, for a
// demo to show. The zero Kept is ready. It may be used by several goroutines.
type Kept struct {
	mu       sync.Mutex
	messages []Message
	sent     int
}

// A KeptMessage is one that was kept, with the number under which it is found.
type KeptMessage struct {
	Number int
	Message
}

// Send keeps a message. A message that is already there, a retry, takes its place.
func (k *Kept) Send(_ context.Context, m Message) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at := slices.IndexFunc(k.messages, func(o Message) bool { return o.ID == m.ID }); at >= 0 {
		k.messages[at] = m
		return nil
	}
	k.messages = append(k.messages, m)
	k.sent++
	if len(k.messages) > keptMost {
		k.messages = slices.Delete(k.messages, 0, len(k.messages)-keptMost)
	}
	return nil
}

// Messages returns what was kept, the newest first.
func (k *Kept) Messages() []KeptMessage {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]KeptMessage, len(k.messages))
	for i, m := range k.messages {
		all[len(all)-1-i] = KeptMessage{k.sent - len(k.messages) + i + 1, m}
	}
	return all
}

// Message returns the message of that number, unless it was never there or has been
// pushed out by newer ones.
func (k *Kept) Message(number int) (KeptMessage, bool) {
	for _, m := range k.Messages() {
		if m.Number == number {
			return m, true
		}
	}
	return KeptMessage{}, false
}
