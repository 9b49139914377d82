package web

import (
	"strings"
	"testing"

	"canot/web/mail"
)

// A demo shows that a message has a calendar file, and gives it as mail programs do.
func TestADemoGivesTheFileOfAMessage(t *testing.T) {
	w := newTown(t, "sqlite", true)
	file := "BEGIN:VCALENDAR\r\nSUMMARY:<script>\r\nEND:VCALENDAR\r\n"
	must(t, w.kept.Send(t.Context(), mail.Message{ID: "plain", To: "zoe@exemple.example", Subject: "Sans fichier", Text: "x", HTML: "<p>x", At: now}))
	must(t, w.kept.Send(t.Context(), mail.Message{ID: "filed", To: "zoe@exemple.example", Subject: "Avec fichier", Text: "x", HTML: "<p>x", At: now,
		Calendar: &mail.Calendar{Method: "REQUEST", File: []byte(file)}}))
	b := w.browser()
	if list := b.get(mailsPath).on(mailsPath, 200); strings.Count(list.body, "Fichier joint") != 1 {
		t.Error(list.body)
	}
	b.get(mailsPath+"/2").has("Fichier joint", mailsPath+"/2/reservation.ics")
	if one := b.get(mailsPath + "/1"); strings.Contains(one.body, "reservation.ics") {
		t.Error(one.body)
	}
	got := b.get(mailsPath + "/2/reservation.ics")
	if got.status != 200 || got.body != file || got.header.Get("Content-Type") != "text/calendar; charset=utf-8" || got.header.Get("Content-Disposition") != `attachment; filename="reservation.ics"` ||
		got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %q", got.status, got.header, got.body)
	}
	for _, none := range []string{"/1/reservation.ics", "/3/reservation.ics", "/x/reservation.ics"} {
		if got := b.get(mailsPath + none); got.status != 404 {
			t.Errorf("%s: %d", none, got.status)
		}
	}
}
