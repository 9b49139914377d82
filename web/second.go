package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/gin-gonic/gin"

	"canot/internal/fault"
)

const (
	secondPath    = "/connexion/verification"
	newSecondPath = secondPath + "/nouvelle"
)

func (s *Site) mountSecond(r gin.IRouter) {
	s.on(r, "GET", secondPath, secondPage)
	s.on(r, "POST", secondPath, bySecond)
	s.on(r, "GET", newSecondPath, pendingSecond)
	s.on(r, "POST", newSecondPath, beginSecond)
	s.on(r, "POST", secondPath+"/confirmer", confirmSecond)
	s.on(r, "POST", secondPath+"/codes", newCodes)
	s.leads(r, "/connexion", secondPath+"/confirmer", secondPath+"/codes")
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
		return p.onward()
	}
	p.other = secondPath
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
	return p.onward()
}

// newSecond shows the secret of a new authenticator, until a code of it was given.
type newSecond struct {
	frame
	Secret  string // in groups of four
	Address template.URL
	Picture template.HTML
}

func beginSecond(p *page) error {
	_, err := p.Gate.BeginAuthenticator(p.c.Request.Context(), p.v.Actor)
	if err != nil && !fault.Is(err, "authenticator_exists") {
		return err
	}
	return p.to(newSecondPath)
}

func pendingSecond(p *page) error { return p.newSecondPage(http.StatusOK, nil) }

// newSecondPage shows the secret that waits for its code. Without one there is nothing to set up.
func (p *page) newSecondPage(status int, t *told) error {
	made, err := p.Gate.PendingAuthenticator(p.c.Request.Context(), p.v.Actor)
	if fault.Is(err, "not_found") {
		return p.to(secondPath)
	}
	if err != nil {
		return err
	}
	p.other = newSecondPath
	f := newSecond{frame: p.frame(p.l.Say("page.second.new_title", nil)), Secret: groups(made.Secret, 4), Address: template.URL(made.URL)}
	f.Error = t
	if f.Picture, err = picture(made.URL, p.l.Say("page.second.picture", nil)); err != nil {
		return err
	}
	return p.show(status, "second_new", f)
}

// codesPage shows the recovery codes, once.
type codesPage struct {
	frame
	Codes []string
}

func (p *page) codesPage(codes []string) error {
	p.other = nowhere // they are not there to be read again
	return p.show(http.StatusOK, "codes", codesPage{p.frame(p.l.Say("page.second.codes_title", nil)), codes})
}

func confirmSecond(p *page) error {
	ctx, a := p.c.Request.Context(), p.v.Actor
	codes, entry, err := p.Gate.ConfirmAuthenticator(ctx, a, p.visitor(), p.field("code"))
	if err == nil {
		p.v.KeepSession(entry.Session)
		return p.codesPage(codes)
	}
	if a.SessionID == "" {
		return err
	}
	// The page of the codes was loaded again, or its button tapped twice: the step is in place.
	if has, broken := p.Gate.Factors(ctx, a); broken == nil && has.Authenticator && has.SessionOf >= 2 {
		return p.to(devicesPath + "?fait=" + newsStep)
	}
	t, status := p.explain(err)
	if fault.Is(err, "bad_factor") {
		t = told{Title: p.l.Say("page.wrong.code", nil), Text: p.l.Say("page.wrong.new_code", nil)}
	}
	return p.newSecondPage(status, &t)
}

// newCodes replaces the recovery codes of who has lost or used theirs.
func newCodes(p *page) error {
	codes, err := p.Gate.NewRecoveryCodes(p.c.Request.Context(), p.v.Actor)
	if err != nil {
		return err
	}
	return p.codesPage(codes)
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
