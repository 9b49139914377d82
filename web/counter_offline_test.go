package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAStampIsOursAlone(t *testing.T) {
	secret, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	stamp := stampOf(secret, now)
	if got := contactIn(secret, stamp); !got.Equal(now) {
		t.Errorf("our own says %v", got)
	}
	later := stampOf(other, now.Add(time.Hour))
	for _, forged := range []string{"", "x", later, later[:11] + stamp[11:], stamp[:len(stamp)-1], stamp + "A", strings.Repeat("A", 32)} {
		if got := contactIn(secret, forged); !got.IsZero() {
			t.Errorf("%q says %v", forged, got)
		}
	}
}

func TestTheCounterWithoutALineIsTheSameForEverybody(t *testing.T) {
	w := newTown(t, "sqlite", false)
	in := w.browser()
	in.person("Zoé", "zoe@exemple.example")
	for path, lang := range map[string]string{counterShellPath: "fr", "/en" + counterShellPath: "en"} {
		seen := w.browser().get(path).on(path, 200)
		checkPage(t, path, seen, lang)
		if mine := in.get(path); mine.body != seen.body {
			t.Errorf("%s differs for who is signed in", path)
		}
		if p := seen.header.Get("Permissions-Policy"); !strings.Contains(p, "camera=(self)") {
			t.Errorf("%s: %s", path, p)
		}
	}
}

// json asks for an address as the counter's script does.
func (b *browser) json(method, path, form string) (int, http.Header, map[string]any) {
	b.w.t.Helper()
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.url+path, strings.NewReader(form))
	must(b.w.t, err)
	r.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.w.url)
	}
	answer, err := b.http.Do(r)
	must(b.w.t, err)
	defer answer.Body.Close()
	var said map[string]any
	must(b.w.t, json.NewDecoder(answer.Body).Decode(&said))
	return answer.StatusCode, answer.Header, said
}

func TestWhatACounterKeepsIsForItsStaff(t *testing.T) {
	onEach(t, func(t *testing.T, w *town) {
		w.workshop()
		path := counterPath + "/amos/copie.json"
		luc, zoe := w.browser(), w.browser()
		luc.person("Luc", "luc@exemple.example")
		zoe.person("Zoé", "zoe@exemple.example")
		for who, b := range map[string]*browser{"a visitor": w.browser(), "a member": zoe} {
			want := map[string]int{"a visitor": 401, "a member": 404}[who]
			status, header, said := b.json("GET", path, "")
			if status != want || said["copy"] != nil || said["words"] == "" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v", who, status, said)
			}
			if status, _, said := b.json("POST", strings.TrimSuffix(path, "copie.json")+"retours", "unite=S-1"); status != want && status != 403 {
				t.Errorf("%s takes things back: %d %v", who, status, said)
			}
		}
		staff := w.ruler("luc@exemple.example")
		status, header, said := staff.json("GET", path, "")
		if status != 200 || said["person"] != header.Get(personHeader) || said["person"] == "-" || said["contact"] == "" {
			t.Fatalf("%d %v %v", status, header, said)
		}
		if mark := staff.get("/compte").header.Get(personHeader); mark != said["person"] {
			t.Error("a page and the copy are not of the same person")
		}
		if again := w.ruler("luc@exemple.example").get("/compte").header.Get(personHeader); again != said["person"] {
			t.Error("a person has another mark in their next session")
		}
	})
}
