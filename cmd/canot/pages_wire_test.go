package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// eachPage runs f for every page of the site, in both languages, as who may see it.
func eachPage(t *testing.T, in *world, f func(t *testing.T, p sitePage, language string, cookies []*http.Cookie)) {
	t.Helper()
	for _, language := range []string{"fr", "en"} {
		for _, p := range pagesOfTheSite {
			if p.why != "" {
				continue
			}
			var cookies []*http.Cookie
			if p.who != anybody {
				cookies = in.signIn(t, in.email(p.who))
			}
			t.Run(language+" "+p.name(), func(t *testing.T) { f(t, p, language, cookies) })
		}
	}
}

// wanted is the status that a page answers with.
func (p sitePage) wanted() int {
	if p.status == 0 {
		return http.StatusOK
	}
	return p.status
}

// TestEveryPageIsValidHTML has the Nu checker read every page, in one go: it finds no error and
// has no warning.
func TestEveryPageIsValidHTML(t *testing.T) {
	in := demoWorld(t)
	folder := t.TempDir()
	var files []string
	names := map[string]string{}
	eachPage(t, in, func(t *testing.T, p sitePage, language string, cookies []*http.Cookie) {
		answer, body := in.fetch(t, p, language, cookies)
		if answer.StatusCode != p.wanted() {
			t.Fatalf("%s: status %d\n%s", p.addressIn(in, language), answer.StatusCode, body)
		}
		file := filepath.Join(folder, fmt.Sprintf("%03d.html", len(files)))
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		names[filepath.Base(file)] = language + " " + p.name()
	})
	for _, c := range findingsOfChecker(t, files...) {
		t.Errorf("%s, line %d: %s: %s\n\t%s", names[filepath.Base(c.URL)], c.LastLine, c.Type, c.Message, c.Extract)
	}
}

// A finding is what the Nu checker has against a page.
type finding struct {
	Type, SubType, URL, Message, Extract string
	LastLine                             int
}

func findingsOfChecker(t *testing.T, files ...string) []finding {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		t.Fatalf("the HTML checker needs Java: run .ci/tools (%v)", err)
	}
	checker := exec.CommandContext(t.Context(), java, append([]string{"-Xss2m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", tool(t, "vnu-jar-26.9.27/vnu.jar"),
		"--format", "json", "--exit-zero-always", "--stdout"}, files...)...)
	var complaints strings.Builder
	checker.Stderr = &complaints
	out, err := checker.Output()
	var said struct{ Messages []finding }
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil {
		t.Fatalf("the HTML checker failed: %v\n%s", err, complaints.String())
	}
	return said.Messages
}

// TestTheCheckerOfHTMLFindsErrors keeps the test above honest.
func TestTheCheckerOfHTMLFindsErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.html")
	if err := os.WriteFile(file, []byte(`<!doctype html><html lang="fr"><title>x</title><p id=a><p id=a><div></span>`), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := findingsOfChecker(t, file); len(found) < 2 {
		t.Errorf("found %v", found)
	}
}

// TestNoPageCarriesAnythingInline reads every page and its policy: nothing is allowed but what
// the network itself serves as a file, and no page tries.
func TestNoPageCarriesAnythingInline(t *testing.T) {
	in := demoWorld(t)
	eachPage(t, in, func(t *testing.T, p sitePage, language string, cookies []*http.Cookie) {
		answer, body := in.fetch(t, p, language, cookies)
		policy := answer.Header.Get("Content-Security-Policy")
		for _, needed := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, needed) {
				t.Errorf("the policy lacks %s: %s", needed, policy)
			}
		}
		for directive := range strings.SplitSeq(policy, ";") {
			for _, source := range strings.Fields(directive)[1:] {
				if source != "'none'" && source != "'self'" {
					t.Errorf("the policy allows %s: %s", source, policy)
				}
			}
		}
		if kept := answer.Header.Get("Cache-Control"); kept != "no-store" {
			t.Errorf("may be kept: %q", kept)
		}
		for _, wrong := range inlined(string(body)) {
			t.Error(wrong)
		}
	})
}

// inlined names what a page carries that its policy refuses.
func inlined(page string) (found []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case a.Key == "style", strings.HasPrefix(a.Key, "on"), a.Key == "srcdoc":
				found = append(found, fmt.Sprintf("<%s %s=%q>", n.Data, a.Key, a.Val))
			case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "data:"):
				found = append(found, fmt.Sprintf("<%s %s=%q>", n.Data, a.Key, a.Val))
			case a.Key == "src" && (!strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//")):
				found = append(found, fmt.Sprintf("<%s> from %s", n.Data, a.Val))
			}
		}
		switch n.Data {
		case "style", "object", "embed", "base":
			found = append(found, "<"+n.Data+">")
		case "script":
			if attr["src"] == "" {
				found = append(found, "a script inside the page")
			}
		case "link":
			if !strings.HasPrefix(attr["href"], "/") && attr["rel"] != "canonical" && attr["rel"] != "alternate" {
				found = append(found, fmt.Sprintf("<link rel=%s> to %s", attr["rel"], attr["href"]))
			}
		}
	}
	return found
}

func TestWhatIsInlineIsFound(t *testing.T) {
	for _, page := range []string{
		`<p style="color:red">`, `<style>p{}</style>`, `<script>1</script>`, `<a href=" javascript:x()">`, `<button onclick="x()">`,
		`<img src="https://elsewhere.example/x.png">`, `<img src="//elsewhere.example/x.png">`, `<link rel="stylesheet" href="https://cdn.example/x.css">`,
		`<iframe srcdoc="x"></iframe>`, `<base href="/x">`,
	} {
		if len(inlined(page)) == 0 {
			t.Errorf("nothing found in %s", page)
		}
	}
	if found := inlined(`<link rel="stylesheet" href="/s/a.css"><script src="/s/a.js" defer></script><svg><path d="M0 0"/></svg>`); len(found) > 0 {
		t.Error(found)
	}
}
