package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/web/edge"
	"canot/web/mail"
)

// mailsPath is where a demo shows the mail that it did not send.
const mailsPath = "/demo/courriels"

func (s *Site) mountMails(r gin.IRouter) {
	s.on(r, "GET", mailsPath, mailsPage)
	s.on(r, "GET", mailsPath+"/:number", mailPage)
	s.on(r, "GET", mailsPath+"/:number/html", mailHTML)
	s.on(r, "GET", mailsPath+"/:number/"+mail.CalendarName, mailCalendar)
}

// A keptLine is one message in the list.
type keptLine struct {
	Number      int
	To, Subject string
	At          string
	Attached    string // the name of the file that goes with it, or ""
}

type mailsForm struct {
	frame
	Messages []keptLine
}

func mailsPage(p *page) error {
	f := mailsForm{frame: p.frame(p.l.Say("page.mails.title", nil))}
	zone, err := p.homeZone("") // a demo's mail is everybody's
	if err != nil {
		return err
	}
	for _, m := range p.Kept.Messages() {
		f.Messages = append(f.Messages, p.line(m, zone))
	}
	return p.show(http.StatusOK, "mails", f)
}

func (p *page) line(m mail.KeptMessage, zone *time.Location) keptLine {
	line := keptLine{m.Number, m.To, m.Subject, p.l.DateTime(m.At.In(zone).Truncate(time.Minute)), ""}
	if m.Calendar != nil {
		line.Attached = mail.CalendarName
	}
	return line
}

type mailForm struct {
	frame
	keptLine
	ReplyTo, Text string
}

func mailPage(p *page) error {
	m, err := p.kept()
	if err != nil {
		return err
	}
	zone, err := p.homeZone("")
	if err != nil {
		return err
	}
	// This one page shows another of the site inside it.
	h := p.c.Writer.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'")
	return p.show(http.StatusOK, "mail", mailForm{p.frame(m.Subject), p.line(m, zone), m.ReplyTo, m.Text})
}

// mailCalendar is the calendar file of a message, as mail programs save it.
func mailCalendar(p *page) error {
	m, err := p.kept()
	if err == nil && m.Calendar == nil {
		err = fault.New(fault.NotFound, "not_found", nil)
	}
	if err != nil {
		return err
	}
	h := p.c.Writer.Header()
	edge.Private(h)
	h.Set("Content-Disposition", `attachment; filename="`+mail.CalendarName+`"`)
	p.c.Data(http.StatusOK, "text/calendar; charset=utf-8", m.Calendar.File)
	return nil
}

// mailHTML is a message as mail programs show it, in a frame that may do nothing: no script,
// no form, no picture from elsewhere, and no part in this site.
func mailHTML(p *page) error {
	m, err := p.kept()
	if err != nil {
		return err
	}
	h := p.c.Writer.Header()
	edge.Private(h)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "+
		"sandbox allow-popups allow-popups-to-escape-sandbox")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	p.c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(m.HTML))
	return nil
}

func (p *page) kept() (mail.KeptMessage, error) {
	number, err := strconv.Atoi(p.c.Param("number"))
	m, ok := p.Kept.Message(number)
	if err != nil || !ok {
		return m, fault.New(fault.NotFound, "not_found", nil)
	}
	return m, nil
}
