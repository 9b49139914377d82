package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	netmail "net/mail"
	"net/url"
	"strings"
	"unicode"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/web/locale"
)

// A letter is a message before it has a form. All its texts are plain, whoever wrote them.
type letter struct {
	to       string // an address
	replyTo  string
	language locale.Language
	secret   bool // another try writes other secrets: it is another message

	Subject string
	Hello   string
	Lead    []string
	Action  *action
	Code    *fact
	Quote   *fact // what a person wrote
	Facts   []fact
	Others  []string
	After   []string
	Contact string
	Why     string // why this person gets it

	Notes []fact // what somebody wrote once for all who come, of several lines

	reach    []fact // the addresses that Contact names
	calendar *Calendar
}

// A fact is something with its name. One that can be written to or called has a link.
type fact struct {
	Label, Value string
	URL          template.URL
}

// mailTo is the link of an address, "" for what is none.
func mailTo(address string) template.URL {
	if a, err := netmail.ParseAddress(address); err != nil || a.Address != address {
		return ""
	}
	return template.URL("mailto:" + strings.ReplaceAll(url.PathEscape(address), "%40", "@"))
}

// telTo is the link of a telephone number, "" for what has too few digits to be one. Whatever
// follows the number, an extension for one, is left out.
func telTo(number string) template.URL {
	var digits strings.Builder
read:
	for i, r := range number {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			digits.WriteRune(r)
		case !strings.ContainsRune(" .-()/\u00a0\u2011", r):
			break read
		}
	}
	if digits.Len() < 7 {
		return ""
	}
	return template.URL("tel:" + digits.String())
}

// ContactParts are the pieces of Contact, for the page: its addresses have links.
func (l letter) ContactParts() []fact {
	if l.Contact == "" {
		return nil
	}
	parts := []fact{{Value: l.Contact}}
	for _, r := range l.reach {
		last := len(parts) - 1
		before, after, found := strings.Cut(parts[last].Value, r.Value)
		if r.URL == "" || r.Value == "" || !found {
			continue
		}
		parts = append(parts[:last], fact{Value: before}, r, fact{Value: after})
	}
	return parts
}

// An action is a link to press.
type action struct{ Label, URL string }

//go:embed letter.html
var letterHTML string

var page = template.Must(template.New("letter").Parse(letterHTML))

// Lang is the language's tag, for the page.
func (l letter) Lang() string { return l.language.Tag() }

// OthersHeading stands above what could be had instead.
func (l letter) OthersHeading() string { return l.say("instead", nil) }

// OthersClock stands below it, and says whose clocks the times are read on.
func (l letter) OthersClock() string { return l.say("instead_clock", nil) }

// say is a sentence of the family "mail.".
func (l letter) say(key string, params fault.Params) string {
	return l.language.Say("mail."+key, params)
}

// paragraphs are the sentences of those keys that have words.
func (l letter) paragraphs(params fault.Params, keys ...string) []string {
	var all []string
	for _, key := range keys {
		if text := l.say(key, params); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// message gives a letter its form and its name.
func (p *Post) message(ctx context.Context, job Job, l letter) (Message, error) {
	var html bytes.Buffer
	if err := page.Execute(&html, l); err != nil {
		return Message{}, err
	}
	return Message{
		ID: nameOf(ctx, job, l), To: l.to, ReplyTo: l.replyTo, Subject: oneLine(l.Subject),
		Text: l.text(), HTML: html.String(), At: p.DB.Now(), Calendar: l.calendar,
	}, nil
}

// nameOf is the left half of a Message-ID. It is the same at every try, so that a message
// whose answer was lost on the way is known as the one that came before; only one that
// holds new secrets is new each time, because the older one no longer works.
func nameOf(ctx context.Context, job Job, l letter) string {
	from := job.From
	if from == "" {
		from = database.RunningJob(ctx).ID
	}
	if from == "" || l.secret {
		return database.NewID()
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{from, job.What, job.ID, job.To}, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// text is the letter for who reads without HTML.
func (l letter) text() string {
	var b strings.Builder
	para := func(lines ...string) {
		for _, line := range lines {
			if line != "" {
				b.WriteString(line + "\n")
			}
		}
		b.WriteString("\n")
	}
	all := func(list []string) {
		for _, text := range list {
			para(text)
		}
	}
	if l.Hello != "" {
		para(l.Hello)
	}
	all(l.Lead)
	if l.Action != nil {
		para(l.Action.Label+l.say("colon", nil), l.Action.URL)
	}
	if l.Code != nil {
		para(l.Code.Label, "    "+l.Code.Value)
	}
	if l.Quote != nil {
		para(l.Quote.Label, indented(l.Quote.Value))
	}
	for _, f := range l.Facts {
		b.WriteString(f.Label + l.say("colon", nil) + " " + oneLine(f.Value) + "\n")
	}
	if len(l.Facts) > 0 {
		b.WriteString("\n")
	}
	for _, n := range l.Notes {
		para(n.Label+l.say("colon", nil), n.Value)
	}
	if len(l.Others) > 0 {
		b.WriteString(l.OthersHeading() + "\n")
		for _, o := range l.Others {
			b.WriteString("- " + oneLine(o) + "\n")
		}
		b.WriteString(l.OthersClock() + "\n\n")
	}
	all(l.After)
	if l.Contact != "" {
		para(l.Contact)
	}
	b.WriteString("-- \n" + l.Why + "\n")
	return b.String()
}

// indented sets what a person wrote apart, so that it cannot pass for our own words.
func indented(s string) string {
	lines := strings.FieldsFunc(s, isBreak)
	for i, line := range lines {
		lines[i] = "> " + oneLine(line)
	}
	return strings.Join(lines, "\n")
}

// longestNote is how many letters a note may have.
const longestNote = 900

// severalLines is a text that keeps its lines, each as oneLine leaves it, and no empty one; it is
// shortened as a whole.
func severalLines(s string) string {
	var lines []string
	left := longestNote
	for _, line := range strings.FieldsFunc(s, isBreak) {
		line = clean(line)
		letters := []rune(line)
		if line == "" {
			continue
		}
		if len(letters) > left {
			lines = append(lines, string(letters[:max(left-1, 0)])+"…")
			break
		}
		left -= len(letters)
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func isBreak(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

// longestLine is how many letters a subject may have.
const longestLine = 180

// oneLine takes out of a text what would start another line, another header, or turn its
// direction, and shortens it.
func oneLine(s string) string {
	s = clean(s)
	if letters := []rune(s); len(letters) > longestLine {
		s = string(letters[:longestLine-1]) + "…"
	}
	return s
}

// clean is oneLine for texts of any length.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	s = strings.Trim(s, " ")
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}
