package web

import (
	"net/url"
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

// keepBack notes the page that a sign-in shall lead back to, where the address asks for one.
func (p *page) keepBack() {
	if path := backTo(p.c.Query("retour")); path != "" {
		p.v.KeepReturn(path)
		p.v.Return = path
	}
}

// onward goes to the page that somebody wanted to open before they signed in, else to their
// account. It is gone to once.
func (p *page) onward() error {
	path := backTo(p.v.Return)
	if path == "" {
		return p.to(accountPath)
	}
	p.v.EndReturn()
	return p.to(path)
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
