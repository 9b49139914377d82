package assets

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"canot/web/edge"
)

func get(t *testing.T, path, encoding string) *http.Response {
	t.Helper()
	engine, err := edge.New(edge.Settings{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	Mount(engine)
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	edge.Front(engine).ServeHTTP(w, r)
	return w.Result()
}

func TestAFileIsKeptForEverAndPackedForWhoTakesIt(t *testing.T) {
	for _, name := range []string{"canot.css", "canot.js", "docs.css", "icon.svg"} {
		plain, packed := get(t, Path(name), ""), get(t, Path(name), "br, gzip")
		for _, r := range []*http.Response{plain, packed} {
			if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || r.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: %d %v", name, r.StatusCode, r.Header)
			}
			if r.Header.Get("Content-Type") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s is of no type: %v", name, r.Header)
			}
		}
		whole, err := io.ReadAll(plain.Body)
		if err != nil || string(whole) != string(Body(name)) {
			t.Errorf("%s is another: %v", name, err)
		}
		if packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not packed", name)
			continue
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := io.ReadAll(z); err != nil || string(same) != string(whole) {
			t.Errorf("%s unpacks to something else: %v", name, err)
		}
	}
	for _, path := range []string{"/s/canot.css", "/s/canot.000000000000.css", "/s/..%2fassets.go"} {
		if r := get(t, path, "gzip"); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestRemarksStayAtHome(t *testing.T) {
	if script := string(Body("canot.js")); strings.Contains(script, "// ") || !strings.Contains(script, `"use strict"`) && !strings.Contains(script, "(() =>") {
		t.Error("the script is sent with its remarks, or is none")
	}
}
