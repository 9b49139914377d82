package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
)

func TestASentencePromisesAlternativesOnlyWhenTheyAreThere(t *testing.T) {
	for code, kind := range map[string]fault.Kind{"rules": fault.Refused, "conflict": fault.Taken} {
		refusal := &booking.Refusal{Fault: fault.New(kind, code, nil), Alternatives: []booking.Alternative{{Kind: "time"}}}
		for lang, promise := range map[string][]string{"fr": {"conviendrait", "proposées"}, "en": {"accepted", "offered"}} {
			for err, promised := range map[error]bool{refusal: true, &booking.Refusal{Fault: refusal.Fault}: false, refusal.Fault: false} {
				d := open(t, Settings{}, func(e *gin.Engine) { e.GET("/x", Handle(func(*gin.Context) error { return err })) })
				body := d.get("/x", "Accept-Language", lang).Body.String()
				if got := strings.Contains(body, promise[0]) || strings.Contains(body, promise[1]); got != promised || !strings.Contains(body, code) {
					t.Errorf("%s in %s, promised %t: %s", code, lang, promised, body)
				}
			}
		}
	}
}

func TestTheDataBaseAwayDoesNotSayThatNothingHappened(t *testing.T) {
	for lang, words := range map[string]string{"fr": "peut-être", "en": "may have been recorded, or not"} {
		d := open(t, Settings{}, func(e *gin.Engine) {
			e.GET("/x", Handle(func(*gin.Context) error { return fault.New(fault.Unavailable, "database_away", nil) }))
		})
		if body := d.get("/x", "Accept-Language", lang).Body.String(); !strings.Contains(body, words) || !strings.Contains(body, "Idempotency-Key") {
			t.Errorf("%s: %s", lang, body)
		}
	}
}

func TestWhatIsNoFaultIsOurMistake(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for name, c := range map[string]struct {
		ctx    context.Context
		err    error
		status int
	}{
		"an unknown error":                   {t.Context(), errors.New("again"), 500},
		"one of a kind that nobody knows":    {t.Context(), fault.New("odd", "odd", nil), 500},
		"one whose caller has left":          {gone, errors.New("index out of range"), 500},
		"the caller's leave":                 {gone, fmt.Errorf("read: %w", context.Canceled), 503},
		"a cancellation of our own making":   {t.Context(), context.Canceled, 500},
		"a fault, though its caller is gone": {gone, fault.New(fault.NotFound, "hub_not_found", nil), 404},
	} {
		v := &Visit{ID: "abc", Language: From(t.Context()).Language}
		p := Explain(context.WithValue(c.ctx, visitKey{}, v), c.err)
		if p.Status != c.status || (p.Status == 500) != (p.Code == "internal" && p.RequestID == "abc" && strings.Contains(p.Detail, "abc")) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestViolationsAlwaysCarryParams(t *testing.T) {
	b, err := json.Marshal(Violations(From(t.Context()).Language, []fault.Violation{{Code: "in_past"}}))
	if err != nil || !bytes.Contains(b, []byte(`"params":{}`)) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestPackedBodiesAreNotRead(t *testing.T) {
	d := open(t, Settings{}, func(e *gin.Engine) {
		e.POST("/x", Handle(func(c *gin.Context) error { c.Status(204); return nil }))
	})
	for encoding, status := range map[string]int{"": 204, "identity": 204, "gzip": 415, "br": 415, "gzip, identity": 415} {
		r := httptest.NewRequest("POST", "/x", strings.NewReader("{}"))
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != status || status == 415 && !strings.Contains(w.Body.String(), "bad_content_encoding") {
			t.Errorf("%q: %d %s", encoding, w.Code, w.Body)
		}
	}
}

func TestWhoTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "x-gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "*": true,
		"*;q=0": false, "gzip;q=0, *": false, "br": false, "identity": false, "gzip;q=much": false,
	} {
		if AcceptsGzip(header) != want {
			t.Errorf("%q: %t", header, !want)
		}
	}
}
