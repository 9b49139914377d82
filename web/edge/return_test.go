package edge

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestThePageToComeBackToIsKept(t *testing.T) {
	const path = "/reserver/verifier?r=a*2&r=b&fin=2026-11-24T19:00:00Z;x=\"é\""
	for publicURL, name := range map[string]string{"": "canot-r", "https://canot.example": "__Host-canot-r"} {
		d := open(t, Settings{}, func(e *gin.Engine) {
			who := NewDoor(crowd{}, nil, publicURL).Who()
			e.GET("/keep", who, func(c *gin.Context) { From(c.Request.Context()).KeepReturn(path) })
			e.GET("/forget", who, func(c *gin.Context) { From(c.Request.Context()).EndReturn() })
			e.GET("/say", who, func(c *gin.Context) { c.String(200, "%s", From(c.Request.Context()).Return) })
		})
		w := d.ask("GET", "/keep")
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Name != name || !cookies[0].HttpOnly || cookies[0].MaxAge != 3600 || cookies[0].Secure != (publicURL != "") ||
			cookies[0].Path != "/" || !strings.Contains(w.Header().Get("Set-Cookie"), "SameSite=Lax") || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%v", w.Header())
		}
		said := func(value string) *httptest.ResponseRecorder { return d.ask("GET", "/say", "Cookie", name+"="+value) }
		if got := said(cookies[0].Value).Body.String(); got != path {
			t.Errorf("kept %q", got)
		}
		for _, bad := range []string{"/plain", "%%%", "", base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("/", 2000)))} {
			if got := said(bad).Body.String(); got != "" {
				t.Errorf("%.20q is read as %.20q", bad, got)
			}
		}
		if gone := d.ask("GET", "/forget").Result().Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
			t.Errorf("%v", gone)
		}
	}
}
