package main

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What a page may weigh on the wire, packed and with the heads of the answers, in bytes. The
// first is one round trip of a fresh connection.
const (
	pageLimit   = 14 * 1000
	fileWeight  = 20 * 1000 // of the whole file on a person, which is as long as they have been there
	scriptLimit = 17 * 1000
	visitLimit  = 30 * 1000
	laterLimit  = 8 * 1000 // icon, manifest and service worker, which come after the page is there
	keptLimit   = 4 * 1000 // the pages without a line, which the worker fetches once
	askedLimit  = 4        // requests until the page can be used

	// Of the pages of a hub's staff, which have the counter's style and script: they are opened day
	// after day on the same device.
	staffScriptLimit = 25 * 1000
	staffVisitLimit  = 60 * 1000
	staffAskedLimit  = 6
)

// TestEveryPageIsLight weighs the pages of a network of 1,600 resources, as a browser that packs
// would receive them over a fresh connection.
func TestEveryPageIsLight(t *testing.T) {
	in := largeWorld.get(t)
	eachPage(t, in, func(t *testing.T, p sitePage, language string, cookies []*http.Cookie) {
		address := p.addressIn(in, language)
		page, body := in.weigh(t, p, language, cookies)
		if limit := map[bool]int{false: pageLimit, true: fileWeight}[p.whole]; page > limit {
			t.Errorf("%s is %d bytes", address, page)
		}
		visit, requests, script, later := page, 1, 0, 0
		worker, _ := in.weigh(t, sitePage{address: "/sw.js"}, "fr", nil)
		later += worker
		kept := 0 // what the worker fetches; its style and script have come with the page
		for _, address := range []string{"/hors-ligne", "/en/hors-ligne"} {
			bytes, _ := in.weigh(t, sitePage{address: address}, "fr", nil)
			kept += bytes
		}
		mostScript, mostVisit, mostAsked := scriptLimit, visitLimit, askedLimit
		if strings.Contains(body, "/s/counter.") {
			mostScript, mostVisit, mostAsked = staffScriptLimit, staffVisitLimit, staffAskedLimit
		}
		for _, a := range assetsOf(t, body) {
			bytes, _ := in.weigh(t, sitePage{address: a.address}, "fr", nil)
			switch a.kind {
			case "later":
				later += bytes
				continue
			case "script":
				script += bytes
			}
			visit += bytes
			requests++
		}
		t.Logf("%s: page %d, first visit %d in %d requests, script %d, later %d", address, page, visit, requests, script, later)
		if visit > mostVisit || requests > mostAsked || script > mostScript || later > laterLimit || kept > keptLimit {
			t.Errorf("%s: a first visit is %d bytes in %d requests, of them script %d; later come %d", address, visit, requests, script, later)
		}
	})
}

// weigh asks for something as a browser does, and returns its bytes on the wire and what it says.
func (w *world) weigh(t *testing.T, p sitePage, language string, cookies []*http.Cookie) (int, string) {
	t.Helper()
	address := p.addressIn(w, language)
	answer, body := w.fetch(t, p, language, cookies, "Accept-Encoding", "gzip, deflate, br")
	head, err := httputil.DumpResponse(answer, false)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != p.wanted() {
		t.Fatalf("%s: status %d", address, answer.StatusCode)
	}
	if answer.Header.Get("Content-Encoding") != "gzip" && len(body) > 2000 && !strings.HasPrefix(answer.Header.Get("Content-Type"), "image/png") {
		t.Errorf("%s is not packed", address)
	}
	_, plain := w.fetch(t, p, language, cookies)
	return len(head) + len(body), string(plain)
}

// A part is what a page has fetched: "style", "script", "picture", or "later".
type part struct{ kind, address string }

func assetsOf(t *testing.T, page string) (parts []part) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case n.Data == "link" && attr["rel"] == "stylesheet":
			parts = append(parts, part{"style", attr["href"]})
		case n.Data == "link" && (strings.Contains(attr["rel"], "icon") || attr["rel"] == "manifest"):
			parts = append(parts, part{"later", attr["href"]})
		case n.Data == "link" && (strings.Contains(attr["rel"], "load") || attr["rel"] == "prefetch"):
			parts = append(parts, part{"style", attr["href"]})
		case n.Data == "script" && attr["src"] != "":
			parts = append(parts, part{"script", attr["src"]})
		case (n.Data == "img" || n.Data == "iframe") && attr["src"] != "":
			parts = append(parts, part{"picture", attr["src"]})
		}
	}
	return parts
}

// TestAFurtherPageFetchesNothingElse follows what a browser asks for: everything once, and on
// the next page the page alone.
func TestAFurtherPageFetchesNothingElse(t *testing.T) {
	in := demoWorld(t)
	w := openWindow(t, in.URL, phone)
	w.open("/connexion")
	first := w.requests()
	if len(first) > askedLimit {
		t.Errorf("a first visit asks %d times: %v", len(first), first)
	}
	w.open("/confidentialite")
	w.open("/en/connexion")
	w.open("/connexion")
	for _, a := range w.requests()[len(first):] {
		if a.kind != "Document" && !a.fromStore {
			t.Errorf("a further page asks for %s (%s)", a.address, a.kind)
		}
	}
}

// requests is what was asked for so far, but for what comes after a page is there.
func (w *window) requests() (list []asked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if a.kind != "Manifest" && !strings.Contains(a.address, "/icon") && !strings.HasSuffix(a.address, "/sw.js") && !strings.HasPrefix(a.address, "data:") {
			list = append(list, a)
		}
	}
	return list
}
