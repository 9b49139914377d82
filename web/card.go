package web

import (
	"io"
	"net/http"

	"canot/booking"
	"canot/web/print"
)

// cardView is a person's card.
type cardView struct {
	frame
	News   *told
	Name   string
	Number string // "" for who has none
	Key    string
}

func cardPage(p *page) error { return p.cardAgain(http.StatusOK, nil) }

func (p *page) cardAgain(status int, wrong *told) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	if p.c.Request.Method != http.MethodGet {
		p.other = cardPath
	}
	v := cardView{frame: p.frame(p.l.Say("page.card.title", nil)), Name: m.Name, Number: m.Card, Key: newKey()}
	v.Error = wrong
	if p.c.Query("fait") == "refaite" && m.Card != "" {
		v.News = &told{Title: p.l.Say("page.card.renewed", nil)}
	}
	return p.show(status, "card", v)
}

// makeCard makes the card of who asks for one, or another one for who has lost theirs.
func makeCard(p *page) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	ctx, a, renew := p.c.Request.Context(), p.v.Actor, p.field("refaire") != ""
	verb, done := p.Directory.Card, ""
	if renew {
		verb, done = p.Directory.RenewCard, "?fait=refaite"
	}
	if _, err := verb(ctx, a, a.ID, p.onceKey("key", p.field("refaire"))); err != nil {
		t, status := p.explain(err)
		return p.cardAgain(status, &t)
	}
	return p.to(cardPath + done)
}

// printCard is the card to cut out. Who has none is brought to where it is made.
func printCard(p *page) error {
	m, err := p.myself()
	if err != nil {
		return err
	}
	if m.Card == "" {
		return p.to(cardPath)
	}
	card := print.Card{Number: m.Card, Name: m.Name, Network: "Canot", Say: p.l.Say("page.card.say", nil),
		Steps: []string{p.l.Say("page.card.cut", nil), p.l.Say("page.card.lost", nil)}}
	return p.pdf("carte", p.l.Say("page.card.title", nil), desk{}, booking.Counter{Now: p.DB.Now()}, func(w io.Writer, about print.Document) error {
		return print.PersonCard(w, about, p.paper(), card)
	})
}
