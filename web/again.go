package web

import (
	"encoding/json"
	"slices"

	"github.com/gin-gonic/gin"

	"canot/web/locale"
)

// onlyShow is the field of a form that is to be shown again as it was filled in, and to do nothing.
const onlyShow = "montrer"

// untold are the fields of a form that are sent once: secrets, and the key under which it counts.
// Where nobody knows whether it counted, retry sends the key again.
var untold = []string{"password", "code", "codes", "secret", "cle", "key", onlyShow}

// form puts a form in both languages: do answers it, and show shows its page as it was filled in,
// which is how it is read in the other language, and how something is looked at first. What
// was typed goes there as a form does: it has no place in an address, where proxies write it down.
func (s *Site) form(r gin.IRouter, path string, show, do handler) {
	s.on(r, "POST", path, func(p *page) error {
		p.resend = []hiddenField{{onlyShow, "1"}}
		for _, f := range fieldsOfForm(p.c.Request.PostForm) {
			if !slices.Contains(untold, f.Name) {
				p.resend = append(p.resend, f)
			}
		}
		if p.showsOnly() {
			return show(p)
		}
		return do(p)
	})
}

// showsOnly reports whether a form asks to be shown, and nothing else.
func (p *page) showsOnly() bool { return p.c.PostForm(onlyShow) != "" }

// sealedField is what a page has just made and shows once, for the same page in the other language:
// only the browser that it was made in has it read again.
const sealedField = "scelle"

// sealed are the fields by which a page that shows something once is shown in the other language. The
// secret itself is in none of them.
func (p *page) sealed(made any) []hiddenField {
	text, err := json.Marshal(made)
	if err != nil {
		panic(err) // only for what no page makes
	}
	if p.v.Browser == "" {
		p.v.Browser = newSecret()
		p.v.KeepBrowser(p.v.Browser)
	}
	return []hiddenField{{onlyShow, "1"}, {sealedField, seal(p.v.Browser, string(text))}}
}

// unsealed reads what sealed wrote, and reports whether it could.
func (p *page) unsealed(made any) bool {
	text := unseal(p.v.Browser, p.c.PostForm(sealedField))
	return text != "" && json.Unmarshal([]byte(text), made) == nil
}

// otherLanguage leads to the same page in the other language: a link, or a form where the page
// answers one.
type otherLanguage struct {
	Href, Lang, Name string
	Fields           []hiddenField
}

// inOther is the way to the page in the other language, nil where there is none.
func (p *page) inOther() *otherLanguage {
	if p.other == nowhere {
		return nil
	}
	address := p.other
	if p.resend != nil || address == "" {
		address = p.frenchPath()
		if q := p.c.Request.URL.RawQuery; q != "" && p.resend == nil {
			address += "?" + q
		}
	}
	if p.resendTo != "" {
		address = p.resendTo
	}
	if p.l.Tag() == locale.English.Tag() {
		return &otherLanguage{address, "fr", "Français", p.resend}
	}
	return &otherLanguage{addressOf(locale.English, address), "en", "English", p.resend}
}
