package edge

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The cookies. Browsers hold a name that begins with __Host- to TLS, to one host and to its whole
// path, so no neighbour can set it; without TLS they would not take it.
const (
	sessionCookie = "canot"   // the secret of a session
	browserCookie = "canot-b" // what a browser is known by while it signs in; it opens nothing
	returnCookie  = "canot-r" // the page to come back to once somebody has signed in
)

const (
	sessionKept = 90 * 24 * time.Hour // the server ends it sooner
	browserKept = 24 * time.Hour
	returnKept  = time.Hour
)

// What is longer did not come from here, and is not read.
const (
	longestSecret = 200
	longestReturn = 2000
)

// cookies writes and reads the cookies of one server.
type cookies struct{ secure bool }

func cookiesFor(publicURL string) cookies { return cookies{strings.HasPrefix(publicURL, "https://")} }

func (s cookies) name(of string) string {
	if s.secure {
		return "__Host-" + of
	}
	return of
}

// read returns what a cookie holds, "" when it is not there, longer than it may be, or there twice:
// then somebody else set one.
func (s cookies) read(r *http.Request, of string, longest int) string {
	found := r.CookiesNamed(s.name(of))
	if len(found) != 1 || len(found[0].Value) > longest {
		return ""
	}
	return found[0].Value
}

// write has the browser keep a cookie for a time; none takes it away.
func (s cookies) write(h http.Header, of, value string, kept time.Duration) {
	age := int(kept / time.Second)
	if age == 0 {
		age = -1
	}
	c := http.Cookie{
		Name: s.name(of), Value: value, Path: "/", MaxAge: age,
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	// The last word counts: what was said of this cookie before goes.
	var rest []string
	for _, line := range h.Values("Set-Cookie") {
		if !strings.HasPrefix(line, c.Name+"=") {
			rest = append(rest, line)
		}
	}
	h["Set-Cookie"] = append(rest, c.String())
}

// KeepSession has the browser speak by a session from now on.
func (v *Visit) KeepSession(secret string) { v.keep(sessionCookie, secret, sessionKept) }

// EndSession has the browser forget its session.
func (v *Visit) EndSession() { v.keep(sessionCookie, "", 0) }

// KeepBrowser has the browser keep what it is known by while it signs in.
func (v *Visit) KeepBrowser(secret string) { v.keep(browserCookie, secret, browserKept) }

// KeepReturn has the browser keep the address of the page to come back to once somebody has signed
// in: a path of this site, which the caller has checked. It is kept for an hour, for an account may
// have to be opened first.
func (v *Visit) KeepReturn(path string) {
	v.keep(returnCookie, base64.RawURLEncoding.EncodeToString([]byte(path)), returnKept)
}

// EndReturn has the browser forget the page to come back to.
func (v *Visit) EndReturn() { v.keep(returnCookie, "", 0) }

// decoded is what KeepReturn kept, "" when it is none of ours.
func decoded(value string) string {
	path, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	return string(path)
}

// keep sets a cookie in the answer. A visit that came through no Door has none to set.
func (v *Visit) keep(of, value string, kept time.Duration) {
	if v.door == nil {
		return
	}
	v.door.cookies.write(v.Header, of, value, kept)
	v.Header.Set("Cache-Control", "no-store")
}

// originOf is the origin of an address: what browsers send as Origin.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// deviceOf says in two words what a browser says that it is, for the list of sessions: "Firefox,
// Windows". The whole text would tell more of a person than they need to know it again by.
func deviceOf(agent string) string {
	var parts []string
	for _, known := range [][][2]string{
		{{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
			{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}},
		{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}},
	} {
		for _, sign := range known {
			if strings.Contains(agent, sign[0]) {
				parts = append(parts, sign[1])
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
