package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity/signin"
)

const secondPath = "/connexion/verification"

func (s *Site) mountSecond(r gin.IRouter) {
	s.on(r, "GET", secondPath, secondPage)
	s.on(r, "POST", secondPath, bySecond)
	s.on(r, "POST", secondPath+"/nouvelle", beginSecond)
	s.on(r, "POST", secondPath+"/confirmer", confirmSecond)
}

// secondForm asks for a second proof, or offers to set one up.
type secondForm struct {
	frame
	Has      bool // an authenticator, or recovery codes: a code can be asked for
	KeysOnly bool
}

// secondPage asks for the second step of who has one, or whose roles ask for it; others go on.
func secondPage(p *page) error { return p.secondAgain(http.StatusOK, nil) }

func (p *page) secondAgain(status int, t *told) error {
	a := p.v.Actor
	if a.SessionID == "" {
		return fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	has, err := p.Gate.Factors(p.c.Request.Context(), a)
	if err != nil {
		return err
	}
	steps := has.Authenticator || has.RecoveryCodes > 0
	if has.SessionOf >= 2 || !a.LacksFactor && !steps {
		return p.to("/connexion")
	}
	f := secondForm{frame: p.frame(p.l.Say("page.second.title", nil)), Has: steps, KeysOnly: !steps && has.Passkeys > 0}
	f.Error = t
	return p.show(status, "second", f)
}

func bySecond(p *page) error {
	entry, err := p.Gate.SecondFactor(p.c.Request.Context(), p.v.Actor, p.visitor(), p.field("code"))
	if err != nil {
		if p.v.Actor.SessionID == "" {
			return err
		}
		t, status := p.explain(err)
		return p.secondAgain(status, &t)
	}
	p.v.KeepSession(entry.Session)
	return p.to("/connexion")
}

// newSecond shows the secret of a new authenticator, once.
type newSecond struct {
	frame
	Secret  string // in groups of four
	Address template.URL
	Picture template.HTML
}

func beginSecond(p *page) error {
	made, err := p.Gate.BeginAuthenticator(p.c.Request.Context(), p.v.Actor)
	if err != nil {
		return err
	}
	return p.newSecondPage(http.StatusOK, made, nil)
}

func (p *page) newSecondPage(status int, made signin.NewAuthenticator, t *told) error {
	f := newSecond{frame: p.frame(p.l.Say("page.second.new_title", nil)), Secret: groups(made.Secret, 4)}
	f.Error = t
	if made.URL != "" {
		picture, err := picture(made.URL, p.l.Say("page.second.picture", nil))
		if err != nil {
			return err
		}
		f.Address, f.Picture = template.URL(made.URL), picture
	}
	return p.show(status, "second_new", f)
}

// codesPage shows the recovery codes, once.
type codesPage struct {
	frame
	Codes []string
}

func confirmSecond(p *page) error {
	codes, entry, err := p.Gate.ConfirmAuthenticator(p.c.Request.Context(), p.v.Actor, p.visitor(), p.field("code"))
	if err != nil {
		if p.v.Actor.SessionID == "" {
			return err
		}
		t, status := p.explain(err)
		return p.newSecondPage(status, signin.NewAuthenticator{}, &t)
	}
	p.v.KeepSession(entry.Session)
	f := codesPage{p.frame(p.l.Say("page.second.codes_title", nil)), codes}
	return p.show(http.StatusOK, "codes", f)
}

// groups parts a text into groups, which are easier to copy.
func groups(s string, size int) string {
	var parts []string
	for ; len(s) > size; s = s[size:] {
		parts = append(parts, s[:size])
	}
	return strings.Join(append(parts, s), " ")
}

// picture draws a text as a QR code, in the page itself: it is a secret, so it has no
// address. The path holds numbers alone, and label is our own words.
func picture(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				path.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h1v1h-1z")
			}
		}
	}
	side := strconv.Itoa(size + 8)
	return template.HTML(`<svg class="qr" role="img" aria-label="` + template.HTMLEscapeString(label) + `" viewBox="-4 -4 ` + side + ` ` + side +
		`"><rect x="-4" y="-4" width="` + side + `" height="` + side + `" fill="#fff"/><path fill="#000" d="` + path.String() + `"/></svg>`), nil
}
