package mail

import (
	"context"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
)

func headerOf(t *testing.T, raw, name string) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	return m.Header.Get(name)
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	must(t, err)
	return text
}

// partsOf reads the texts of a message by their type.
func partsOf(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	parts := map[string]string{}
	addParts(t, parts, m.Header.Get("Content-Type"), m.Body)
	return parts
}

// addParts decodes the parts of a body; those of an attached file are named after it.
func addParts(t *testing.T, parts map[string]string, contentType string, content io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	must(t, err)
	if kind != "multipart/alternative" && kind != "multipart/mixed" {
		t.Fatalf("a message of %s", kind)
	}
	for r := multipart.NewReader(content, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		must(t, err)
		if inner := p.Header.Get("Content-Type"); strings.HasPrefix(inner, "multipart/") {
			addParts(t, parts, inner, p)
			continue
		}
		body := io.Reader(p)
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		text, err := io.ReadAll(body)
		must(t, err)
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		must(t, err)
		if name := p.FileName(); name != "" {
			kind = name
		}
		if method := params["method"]; method != "" {
			kind += "; method=" + method
		}
		if charset := params["charset"]; kind != CalendarName && !strings.EqualFold(charset, "utf-8") {
			t.Errorf("%s is in %q", p.Header.Get("Content-Type"), charset)
		}
		parts[kind] = string(text)
	}
}

// hushed asks that neither the log nor what staff read of a job has one of the texts.
func (b *bench) hushed(texts ...string) {
	b.t.Helper()
	var errors []string
	must(b.t, b.DB.Reader(b.t.Context()).Select(&errors, `SELECT last_error FROM jobs`))
	for _, text := range texts {
		if all := b.log.String() + strings.Join(errors, "\n"); strings.Contains(all, text) {
			b.t.Errorf("%q is told: %s", text, all)
		}
	}
}

func recipients(all []Message) string {
	var to []string
	for _, m := range all {
		name, _, _ := strings.Cut(m.To, "@")
		to = append(to, name)
	}
	return strings.Join(slices.Sorted(slices.Values(to)), " ")
}

func TestNewsGoToWhomTheyConcern(t *testing.T) {
	for what, c := range map[string]struct {
		k  booked
		to string
	}{
		"booking.request":            {booked{status: "pending"}, "anne joe marc zoe"}, // Zoé may approve too, though not this
		"booking.confirmed":          {booked{status: "confirmed"}, "joe"},
		"booking.approve":            {booked{status: "confirmed"}, "joe"},
		"booking.decline":            {booked{status: "declined"}, "joe"},
		"booking.rival":              {booked{status: "declined"}, "joe"},
		"booking.lapse":              {booked{status: "expired"}, "joe"},
		"booking.rehome":             {booked{status: "confirmed"}, "joe"},
		"booking.lose_unit":          {booked{status: "confirmed", withoutUnit: 1}, "anne joe"},
		"booking.set_right":          {booked{status: "confirmed"}, "joe"},
		"booking.cancelled_by_staff": {booked{status: "cancelled"}, "joe"},
		"booking.certificate_lapses": {booked{status: "confirmed"}, "anne joe"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "sqlite")
			c.k.id, c.k.member = "boo", "mem-joe"
			b.put(c.k)
			b.enqueue("notice", Notice{Booking: "boo", What: what})
			if got := recipients(b.run()); got != c.to {
				t.Errorf("told %s, want %s", got, c.to)
			}
			if b.jobs("ready")+b.jobs("given_up") != 0 {
				t.Error("a job is left")
			}
			b.hushed("joe@", "Diamond", "chœur")
		})
	}
}

// Who loses some of what they booked is told what they still have, and so is the team.
func TestWhoLosesAPartIsToldWhatIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.put(booked{id: "boo", member: "mem-zoe", status: "confirmed", kit: true})
		b.exec(`UPDATE booking_lines SET without_unit = 1 WHERE booking_id = 'boo' AND line = 1`)
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.lose_unit"})
		told := 0
		for _, m := range b.run() {
			told++
			if !strings.Contains(m.Text, "(1 sur 2)") && !strings.Contains(m.Text, "(1 of 2)") || !strings.Contains(m.Text, "Studio médialab, ") && !strings.Contains(m.Text, "Media lab studio, ") {
				t.Errorf("%s is told %s", m.To, m.Text)
			}
		}
		if told < 2 {
			t.Errorf("%d were told", told)
		}
		b.exec(`UPDATE booking_lines SET without_unit = quantity WHERE booking_id = 'boo'`)
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.lose_unit"})
		for _, m := range b.run()[told:] {
			if strings.Contains(m.Text, "reste") || strings.Contains(m.Text, "still") {
				t.Errorf("with nothing left %s is told %s", m.To, m.Text)
			}
		}
	})
}

func TestNobodyIsAskedToApproveTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.put(booked{id: "boo", member: "mem-zoe", status: "pending"})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.request"})
		for _, m := range b.run() {
			if m.To == "zoe@exemple.example" && !strings.HasPrefix(m.Subject, "Demande reçue") {
				t.Errorf("Zoé gets %q", m.Subject)
			}
		}
		if got := recipients(b.run()); got != "anne marc zoe" {
			t.Errorf("told %s", got)
		}
		b.exec(`DELETE FROM grants WHERE member_id IN ('mem-anne', 'mem-marc')`)
		b.put(booked{id: "boo2", member: "mem-zoe", status: "pending", starts: inDays(4, 14)})
		b.enqueue("notice", Notice{Booking: "boo2", What: "booking.request"})
		if got := recipients(b.run()); got != "anne marc ursule zoe zoe" {
			t.Errorf("told %s: when nobody else is near, those farther away are", got)
		}
	})
}

// TestARevocationIsOneLetterEach: one to the member and one to each of the staff, whatever was booked.
func TestARevocationIsOneLetterEach(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		for i, id := range []string{"revoked-en", "revoked-en2"} {
			b.put(booked{id: id, member: "mem-joe", status: "confirmed", starts: inDays(2+i, 14)})
		}
		b.enqueue("mail", Job{What: "certificate_revoked", ID: "rev-en"})
		all := b.run()
		if got := recipients(all); got != "anne joe" {
			t.Fatalf("told %s", got)
		}
		for _, m := range all {
			if !strings.Contains(m.Text, "K7QM-revoked-en") || !strings.Contains(m.Text, "K7QM-revoked-en2") || !strings.Contains(m.Text, "lens") {
				t.Errorf("%s is not told of all: %s", m.To, m.Text)
			}
		}
		b.enqueue("mail", Job{What: "certificate_revoked", ID: "rev-none"}, Job{What: "certificate_revoked", ID: "gone"})
		if got := recipients(b.run()); got != "anne joe joe" {
			t.Errorf("told %s", got)
		}
		b.hushed("joe@", "Diamond", "lens")
	})
}

// TestALapseIsToldAsItIs: not held at all on the day has no last day, and what was set right is not told.
func TestALapseIsToldAsItIs(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "confirmed"})
	b.LapseOf = func(context.Context, string) (Lapse, error) { return Lapse{Certification: laser}, nil }
	b.enqueue("notice", Notice{Booking: "boo", What: "booking.certificate_lapses"})
	all := b.run()
	for _, m := range all {
		if !strings.Contains(m.Text, "aser") || strings.Contains(m.Text, "0001") || strings.Contains(m.Text, "{") {
			t.Error(m.Text)
		}
	}
	b.LapseOf = func(context.Context, string) (Lapse, error) {
		return Lapse{}, fault.New(fault.NotFound, "certificate_not_found", nil)
	}
	b.enqueue("notice", Notice{Booking: "boo", What: "booking.certificate_lapses"})
	if len(all) != 2 || len(b.run()) != 2 {
		t.Errorf("%d letters, then %d", len(all), len(b.run()))
	}
}

func TestARequestThatLapsedSaysWhetherItsTimeIsFree(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.exec(`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ('uni1', 'res1', 'hub1', 'hub1', 'S-1')`)
		b.exec(`UPDATE resources SET within = 'any' WHERE id = 'res1'`)
		b.exec(`UPDATE members SET email_verified_at = $1`, now)
		b.put(booked{id: "boo", member: "mem-joe", status: "expired"})
		b.put(booked{id: "kit", member: "mem-joe", status: "expired", kit: true}) // there is no kit
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.lapse"}, Notice{Booking: "kit", What: "booking.lapse"})
		all := b.run()
		if len(all) != 2 {
			t.Fatalf("%d letters", len(all))
		}
		for _, m := range all {
			if free := strings.Contains(m.Text, "K7QM-boo"); strings.Contains(m.Text, "free again") != free {
				t.Errorf("free %t: %s", free, m.Text)
			}
		}
	})
}

func TestAlternativesAreNearAndApart(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "declined"})
	b.enqueue("notice", Notice{Booking: "boo", What: "booking.decline"})
	b.AlternativesFor = func(context.Context, string) ([]booking.Alternative, error) {
		return append(slices.Clone(instead), booking.Alternative{Kind: "time", Resource: "studio", Hub: "rouyn-noranda", StartsAt: inDays(2, 19), EndsAt: inDays(2, 21)},
			booking.Alternative{Kind: "hub", Resource: "kenora-studio", Hub: "kenora", StartsAt: inDays(2, 14), EndsAt: inDays(2, 16), DistanceKm: 299}), nil
	}
	if m := b.run()[0]; strings.Count(m.Text, "\n- ") != 3 || strings.Contains(m.Text, "1,140") || strings.Count(m.Text, "Times are those of the place.") != 1 {
		t.Error(m.Text)
	}
}

// TestAnAnswerGoesToWhomItConcerns: to the member, where the reader may see persons; else to nobody here.
func TestAnAnswerGoesToWhomItConcerns(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.exec(`UPDATE members SET phone = '819 555-0177' WHERE id = 'mem-joe'`)
		b.put(booked{id: "boo", member: "mem-joe", status: "pending"})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.request"})
		for _, m := range b.run() {
			want := map[string]string{"anne@exemple.example": "joe@exemple.example", "joe@exemple.example": "bonjour@cuivre.example"}[m.To]
			told := strings.Contains(m.Text, "819 555-0177") && strings.Contains(m.HTML, `href="tel:8195550177"`) && strings.Contains(m.HTML, `href="mailto:joe@exemple.example"`)
			if m.ReplyTo != want || told != (m.To == "anne@exemple.example") {
				t.Errorf("%s answers to %q: %s", m.To, m.ReplyTo, m.HTML)
			}
		}
	})
}

func TestLinksAreMadeOfAddressesOnly(t *testing.T) {
	for text, want := range map[string]string{"819 555-0142": "tel:8195550142", "+1 (819) 555-0142 poste 3": "tel:+18195550142", "demander Lise": "", "javascript:1": ""} {
		if got := string(telTo(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if mailTo("a@b.example?bcc=c@d.example") != "mailto:a@b.example%3Fbcc=c@d.example" && mailTo("a@b.example?bcc=c@d.example") != "" {
		t.Error(mailTo("a@b.example?bcc=c@d.example"))
	}
	if mailTo("x") != "" {
		t.Error("x is an address")
	}
}

// TestStaffSeeWhoAsksByRightOnly: Marc may approve, but not see persons.
func TestStaffSeeWhoAsksByRightOnly(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.put(booked{id: "boo", member: "mem-joe", status: "pending"})
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.request"})
		for _, m := range b.run() {
			told := strings.Contains(m.Text, "Diamond") && strings.Contains(m.Text, "chœur")
			if may := m.To != "marc@exemple.example" && m.To != "zoe@exemple.example"; told != may {
				t.Errorf("%s: told %t: %s", m.To, told, m.Text)
			}
		}
	})
}

func TestWhatIsNoLongerTrueIsNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		what  string
		k     booked
		after time.Duration
	}{
		"accepted, then cancelled":       {"booking.approve", booked{status: "cancelled"}, 0},
		"a request that was answered":    {"booking.request", booked{status: "confirmed"}, 0},
		"a loss that was settled":        {"booking.lose_unit", booked{status: "confirmed"}, 0},
		"a booking that is over":         {"booking.rehome", booked{status: "confirmed", starts: now.Add(-3 * time.Hour)}, 0},
		"news of three days ago":         {"booking.rehome", booked{status: "confirmed", starts: inDays(9, 14)}, 72 * time.Hour},
		"a booking that is not there":    {"booking.rehome", booked{id: "other", status: "confirmed"}, 0},
		"a member whose account is shut": {"booking.rehome", booked{member: "mem-shut", status: "confirmed"}, 0},
		"a member without an address":    {"booking.rehome", booked{member: "mem-aline", status: "confirmed"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "sqlite")
			b.exec(`INSERT INTO members (id, name, email, email_key, active, created_at) VALUES ('mem-shut', 'X', 'x@exemple.example', 'x@exemple.example', false, $1)`, now)
			if c.k.id == "" {
				c.k.id = "boo"
			}
			if c.k.member == "" {
				c.k.member = "mem-joe"
			}
			b.put(c.k)
			b.enqueue("notice", Notice{Booking: "boo", What: c.what})
			b.clock.Move(c.after)
			if got := b.run(); len(got) != 0 {
				t.Errorf("%d messages, %q", len(got), got[0].Subject)
			}
			if b.jobs("ready")+b.jobs("given_up") != 0 {
				t.Error("a job is left")
			}
		})
	}
}

func TestWaitingMailIsSentUntilItIsStale(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.enqueue("mail", Job{What: "password_changed", ID: "mem-zoe"})
		b.clock.Move(47 * time.Hour)
		if got := b.run(); len(got) != 1 {
			t.Errorf("%d messages", len(got))
		}
		b.enqueue("mail", Job{What: "password_changed", ID: "mem-zoe"}, Job{What: "sign_in", ID: "gone"}, Job{What: "password_changed", ID: "nobody"})
		b.clock.Move(49 * time.Hour)
		if got := b.run(); len(got) != 1 || b.jobs("ready") != 0 {
			t.Errorf("%d messages, %d jobs", len(got), b.jobs("ready"))
		}
	})
}

// TestANoticeDoneTwiceSendsTheSameMessage: the worker may die between doing a job and
// writing that it is done.
func TestANoticeDoneTwiceSendsTheSameMessage(t *testing.T) {
	b := newBench(t, "sqlite")
	b.put(booked{id: "boo", member: "mem-joe", status: "confirmed"})
	b.enqueue("mail", Job{What: "booking.rehome", ID: "boo", To: "mem-joe", From: "notice-1"}, Job{What: "booking.rehome", ID: "boo", To: "mem-joe", From: "notice-1"})
	if got := b.run(); len(got) != 1 {
		t.Errorf("%d messages that differ", len(got))
	}
	b.enqueue("mail", Job{What: "booking.rehome", ID: "boo", To: "mem-joe", From: "notice-2"})
	if got := b.run(); len(got) != 2 {
		t.Errorf("news of another day pass for the same: %d", len(got))
	}
}

func TestASecondSignInMessageHasItsOwnName(t *testing.T) {
	b := newBench(t, "sqlite")
	again := Job{What: "sign_in", ID: "in-fr", From: "the same try after try"}
	b.enqueue("mail", again, again)
	if got := b.run(); len(got) != 2 || got[0].ID == got[1].ID {
		t.Errorf("%d messages", len(got))
	}
	b.hushed("S3cret", "042917", "zoe@")
}

func TestHostileTextsStayTexts(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		const evil = `<script>alert(1)</script><a href="https://evil.example">x</a>"'` + "\u202e" + `&`
		b.exec(`UPDATE members SET name = $1 WHERE id = 'mem-joe'`, "Joe\r\nBcc: victim@exemple.example\r\n"+evil)
		b.exec(`UPDATE resources SET name = $1 WHERE id = 'res1'`, inventory.Text{"fr": "Studio\nBcc: victim@exemple.example " + evil, "en": "Studio\r\nBcc: victim@exemple.example " + evil})
		b.put(booked{id: "boo", member: "mem-joe", status: "pending", title: evil + "\r\n\r\n-- \r\nCanot : cliquez ici"})
		srv := serve(t, serverSettings{})
		b.post(srv)
		b.enqueue("notice", Notice{Booking: "boo", What: "booking.request"})
		b.run()
		if len(srv.got) != 4 {
			t.Fatalf("%d messages", len(srv.got))
		}
		for _, raw := range srv.got {
			m, err := netmail.ReadMessage(strings.NewReader(raw))
			must(t, err)
			parts := partsOf(t, m)
			if m.Header.Get("Bcc") != "" || strings.Contains(parts["text/html"], "<script") || strings.Contains(parts["text/html"], `<a href="https://evil`) {
				t.Errorf("%v\n%s", m.Header, parts["text/html"])
			}
			if strings.Contains(parts["text/plain"], "\r\nBcc:") || strings.Contains(parts["text/plain"], "\u202e") || strings.Contains(parts["text/plain"], "\r\nCanot :") {
				t.Errorf("a text starts a line of its own:\n%s", parts["text/plain"])
			}
			wellFormed(t, parts["text/html"])
		}
	})
}

func TestALineStaysOne(t *testing.T) {
	for text, want := range map[string]string{
		"Studio\r\nBcc: a@b.example": "Studio Bcc: a@b.example", "a\tb\u2028c\u2029d": "a b c d", "a\x00b\x1b[2Jc\x7f": "ab[2Jc",
		"\u202eexe.pdf\u2066": "exe.pdf", "  a  \n  b  ": "a b", "\xff\xfea": "a", "Été à Val-d’Or": "Été à Val-d’Or",
		strings.Repeat("é", 200): strings.Repeat("é", 179) + "…",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestTheWordOfAPersonIsSetApart(t *testing.T) {
	l := letter{language: languageOf("fr"), Quote: &fact{Label: "Le mot", Value: "un\n\n-- \ndeux\u2028trois"}}
	if !strings.Contains(l.text(), "Le mot\n> un\n> --\n> deux\n> trois\n") {
		t.Error(l.text())
	}
}

func TestKeptMessagesAreTheLatest(t *testing.T) {
	k := &Kept{}
	for i := range keptMost + 3 {
		must(t, k.Send(t.Context(), Message{ID: string(rune('A' + i)), Subject: string(rune('A' + i))}))
	}
	all := k.Messages()
	if len(all) != keptMost || all[0].Number != keptMost+3 || all[keptMost-1].Number != 4 {
		t.Errorf("%d messages, from %d to %d", len(all), all[0].Number, all[len(all)-1].Number)
	}
	if m, ok := k.Message(4); !ok || m.Subject != "D" {
		t.Errorf("%+v", m)
	}
	if _, ok := k.Message(3); ok {
		t.Error("an old one is still there")
	}
}

func TestJobsThatMakeNoSense(t *testing.T) {
	b := newBench(t, "sqlite")
	b.enqueue("mail", Job{What: "zoe@exemple.example", ID: "x"}, "zoe@exemple.example")
	b.enqueue("notice", Notice{What: "zoe@exemple.example"}, "zoe@exemple.example")
	if _, err := b.DB.RunDue(t.Context(), b.Handlers()); err == nil {
		t.Error("they are done")
	}
	b.hushed("zoe@")
}
