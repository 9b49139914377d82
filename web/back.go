package web

import (
	"net/url"
	"slices"
	"strings"
)

// longestBack bounds the address of a page to come back to.
const longestBack = 1000

// backTo is the page of this site that an address names, as its French path with its query; ""
// for what leads elsewhere, or might in some browser: these take a backslash for a slash and
// leave out tabs and line ends.
func backTo(address string) string {
	if len(address) > longestBack || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") ||
		strings.ContainsFunc(address, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }) {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return ""
	}
	path := u.EscapedPath()
	if path == "/en" || strings.HasPrefix(path, "/en/") {
		if path = strings.TrimPrefix(path, "/en"); path == "" {
			path = "/"
		}
	}
	if strings.HasPrefix(path, "//") { // it was "/en//elsewhere"
		return ""
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// A comeback is what a sign-in leads back to: a page, and what was typed on it. It is in a cookie;
// what was typed is on the server, sealed under a secret that nothing but the cookie has, and under
// the mark of who typed it: nobody else who signs in there reads it.
type comeback struct {
	path  string // the French address with its query; "" for none
	typed string // the secret of what was typed; "" for nothing
	gone  bool   // it was gone back to: only what was typed is still wanted, for a page that is read again
}

// comeback is what the browser keeps. Anybody may have written it.
func (p *page) comeback() comeback {
	part := strings.Split(p.v.Return, " ")
	c := comeback{path: backTo(part[0])}
	if len(part) > 1 && c.path != "" {
		c.typed, c.gone = part[1], len(part) > 2
	}
	return c
}

// waits reports whether there is a page to go back to.
func (c comeback) waits() bool { return c.path != "" && !c.gone }

// keepComeback has the browser keep a page to come back to.
func (p *page) keepComeback(c comeback) {
	text := c.path
	if c.typed != "" {
		text += " " + c.typed
		if c.gone {
			text += " -"
		}
	}
	p.v.KeepReturn(text)
	p.v.Return = text
}

// keepBack notes the page that a sign-in shall lead back to, where the address asks for one.
func (p *page) keepBack() {
	if path := backTo(p.c.Query("retour")); path != "" && path != p.comeback().path {
		p.keepComeback(comeback{path: path})
	} else if path != "" && !p.comeback().waits() {
		p.keepComeback(comeback{path: path, typed: p.comeback().typed})
	}
}

// signInAddress is where one signs in to come back to an address of this site.
func signInAddress(back string) string {
	return "/connexion?" + url.Values{"retour": {back}}.Encode()
}

// mostTyped bounds what is kept of a form while somebody signs in.
const mostTyped = 64 << 10

// authorField is the field of a form that names by a mark whom its page was made for.
const authorField = "auteur"

// unkept are the fields of a form that do not wait for a sign-in: what is agreed to is agreed to by
// who is signed in. The key is kept: nobody may know whether the form has counted already.
var unkept = []string{"password", "code", "codes", "secret", onlyShow, authorField, "accepte"}

// signInFirst has somebody sign in and come back to a French address of this site, where they find
// what they typed: it waits on the server, not in an address, for whom the form was made. A form that
// does not say whom leads back to its page alone.
func (p *page) signInFirst(back string, typed []hiddenField) error {
	c, author := comeback{path: backTo(back)}, p.field(authorField)
	q := url.Values{}
	for _, f := range typed {
		if !slices.Contains(unkept, f.Name) {
			q.Add(f.Name, f.Value)
		}
	}
	if text := q.Encode(); len(q) > 0 && author != "" && len(text) <= mostTyped {
		c.typed = newSecret()
		if err := p.Gate.Keep(p.c.Request.Context(), p.visitor(), c.typed, seal(typedKey(c.typed, author), text)); err != nil {
			return p.retry(err, p.frenchPath(), typed)
		}
	}
	p.keepComeback(c)
	return p.to("/connexion")
}

// typedKey is under which what somebody typed is sealed.
func typedKey(secret, author string) string { return secret + " " + author }

// typedBefore is what somebody typed on the page of a French address before they had to sign in, nil
// for nothing. When somebody else has signed in it is forgotten.
func (p *page) typedBefore(address string) (url.Values, error) {
	c := p.comeback()
	if !c.gone || c.path != backTo(address) || !p.v.Actor.Known() {
		return nil, nil
	}
	sealed, err := p.Gate.Kept(p.c.Request.Context(), c.typed)
	if err != nil || sealed == "" {
		return nil, err
	}
	text := unseal(typedKey(c.typed, p.personMark()), sealed)
	if text == "" {
		p.v.EndReturn()
		return nil, nil
	}
	return url.ParseQuery(text)
}

// comeByLetter has who signs in by a letter come back to the page that was wanted where the letter was
// asked for. Only the page went with it: what was typed there waits in the browser in which it was.
func (p *page) comeByLetter(address string) {
	path, c := backTo(address), p.comeback()
	switch {
	case path == "", path == c.path && c.waits():
	case path == c.path:
		p.keepComeback(comeback{path: path, typed: c.typed})
	default:
		p.keepComeback(comeback{path: path})
	}
}

// sent forgets what was typed before somebody signed in: it is where it belongs.
func (p *page) sent() {
	if p.comeback().gone {
		p.v.EndReturn()
	}
}

// onward goes to the page that somebody wanted to open before they signed in, else to their
// account. It is gone to once.
func (p *page) onward() error {
	c := p.comeback()
	switch {
	case !c.waits():
		return p.to(accountPath)
	case c.typed == "":
		p.v.EndReturn()
	default:
		c.gone = true
		p.keepComeback(c)
	}
	return p.to(c.path)
}

// signInFor is the sign-in page that leads back to the page that was asked for.
func (p *page) signInFor() string {
	if path := backTo(p.c.Request.URL.RequestURI()); path != "" && !strings.HasSuffix(p.c.Request.URL.Path, ".json") {
		return "/connexion?" + url.Values{"retour": {path}}.Encode()
	}
	return "/connexion"
}

// leave has the browser forget who was signed in, and all that was kept for them: the script's
// list of bookings too.
func (p *page) leave() {
	p.v.EndSession()
	p.v.EndReturn()
	p.c.Header("Clear-Site-Data", `"cache", "storage"`)
}
