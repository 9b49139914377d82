package web

import (
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

// A stand is a town with a counter at Amos: Anne works there, Rose manages it, Luc works at Val-d'Or.
type stand struct {
	*town
	anne, rose, zoe *browser
}

func onCounter(t *testing.T, f func(t *testing.T, w *stand)) {
	onStreet(t, func(t *testing.T, w *town, zoe *browser) {
		s := &stand{town: w, zoe: zoe}
		for _, name := range []string{"Anne", "Rose", "Luc"} {
			s.browser().person(name, strings.ToLower(name)+"@exemple.example")
		}
		s.anne = s.works("anne@exemple.example", "amos", identity.Staff)
		s.rose = s.works("rose@exemple.example", "amos", identity.Manager)
		f(t, s)
	})
}

// works is somebody who has a role at a hub, signed in.
func (s *stand) works(email, hub string, role identity.Role) *browser {
	s.t.Helper()
	h, err := s.site.Catalog.Hub(s.t.Context(), hub)
	must(s.t, err)
	id := s.idOf(email)
	must(s.t, s.people.GrantRole(s.t.Context(), identity.System, id, identity.Grant{Role: role, HubID: h.ID}, database.Key{}))
	s.people.Forget(id)
	return s.proved(email)
}

// proved is a browser in which somebody of whom two steps are asked has taken both.
func (w *town) proved(email string) *browser {
	w.t.Helper()
	b := w.browser()
	b.post("/connexion", "email", email)
	w.letter()
	for _, m := range w.kept.Messages() { // the latest first; other news may have come with it
		if link := inLetter.FindString(m.Text); m.To == email && link != "" {
			b.post("/connexion/lien", "secret", b.get(link).hidden("secret"))
			break
		}
	}
	secret := secretOf(b.post(newSecondPath).on(newSecondPath, 200))
	code, err := totp.GenerateCode(secret, w.clock.Now())
	must(w.t, err)
	b.post(secondPath+"/confirmer", "code", code).on(secondPath+"/confirmer", 200)
	return b
}

// books makes a booking of somebody's for staff, from now on for some hours.
func (s *stand) books(email, what string, quantity, hours int) booking.Booking {
	s.t.Helper()
	from := s.clock.Now().Truncate(time.Hour)
	b, err := s.book.Place(s.t.Context(), identity.System, booking.Request{Lines: []booking.Want{{Resource: what, Quantity: quantity}}, StartsAt: from, EndsAt: from.Add(time.Duration(hours) * time.Hour), MemberID: s.idOf(email)}, database.Key{})
	must(s.t, err)
	return b
}

// codes are those of the units that a booking has.
func (s *stand) codes(b booking.Booking) []string {
	s.t.Helper()
	var codes []string
	for _, l := range b.Lines {
		for _, id := range l.Units {
			u, err := s.site.Catalog.Unit(s.t.Context(), id)
			must(s.t, err)
			codes = append(codes, u.Code)
		}
	}
	return codes
}

// scan types a text into the field of a counter and presses Enter.
func (b *browser) scan(v view, text string) view {
	b.w.t.Helper()
	return b.send(v.field("scan"), "code", text)
}

// field is the form of a page with an id.
func (v view) field(id string) filled {
	v.t.Helper()
	e := v.one("form", "id", id)
	for _, f := range v.forms(e.has["action"]) {
		if _, is := f.fields["code"]; is {
			return f
		}
	}
	v.t.Fatalf("%s has no field", v.path)
	return filled{}
}

const atAmos = "/comptoir/amos"

func TestAHandOverTakesTwoScansAndOneKey(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 4)
		code := s.codes(b)[0]
		board := s.anne.get(atAmos).on(atAmos, 200).has("Zoé", "Le camera", code)
		s.page(atAmos, board, "fr")
		if got := board.one("a", "href", "#remettre").text; got != "1 à remettre" {
			t.Errorf("the figure is %q", got)
		}
		open := s.anne.scan(board, strings.ToLower(b.Reference)).has("Zoé", code)
		s.page("/ open", open, "fr")
		ticked := s.anne.scan(open, code)
		if _, is := ticked.one("input", "id", "u-"+code).has["checked"]; !is {
			t.Error("the unit is not ticked")
		}
		done := s.anne.scan(ticked, "")
		if said := done.one("div", "id", "dit").text; said != "Remis à Zoé. À rendre : 14 h." {
			t.Errorf("it says %q", said)
		}
		s.page("/ handed", done, "fr")
		if now := s.bookingOf(b.ID); now.Status != booking.InUse {
			t.Errorf("the booking is %s", now.Status)
		}
		if open := done.field("scan").fields.Get("r"); open != "" {
			t.Error("what is scanned next would be for the same person")
		}
		back := s.anne.scan(done, code)
		if said := back.one("div", "id", "dit").text; said != "Le camera, "+code+" : revenu. C’était prêté à Zoé." {
			t.Errorf("it says %q", said)
		}
		s.page("/ back", back, "fr")
		if now := s.bookingOf(b.ID); now.Status != booking.Completed {
			t.Errorf("the booking is %s", now.Status)
		}
	})
}

func (s *stand) bookingOf(id string) booking.Booking {
	s.t.Helper()
	b, err := s.book.Booking(s.t.Context(), identity.System, id)
	must(s.t, err)
	return b
}

// page asks of a page of the counter what checkPage asks of all.
func (s *stand) page(path string, v view, lang string) {
	s.t.Helper()
	checkPage(s.t, path, v, lang)
	if n := len(v.elements("script", "", "")); n != 2 {
		s.t.Errorf("%s has %d scripts", path, n)
	}
	ids := map[string]bool{}
	for _, name := range []string{"input", "button", "section", "div", "form", "h2", "p", "canvas", "select"} {
		for _, e := range v.elements(name, "", "") {
			if id := e.has["id"]; id != "" && ids[id] {
				s.t.Errorf("%s: two have the id %s", path, id)
			} else {
				ids[id] = true
			}
		}
	}
}

func TestTheCounterIsForWhoStandsThere(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		luc := s.works("luc@exemple.example", "val-dor", identity.Staff)
		for _, path := range []string{atAmos, atAmos + "?code=x", atAmos + "/sans-reservation", atAmos + "/listes/retards"} {
			s.zoe.get(path).on(strings.Split(path, "?")[0], 404)
			luc.get(path).on(strings.Split(path, "?")[0], 404)
			s.browser().get(path).on("/connexion", 200)
		}
		for _, path := range []string{"", "/prets", "/retours", "/arrivees", "/prolonger", "/sans-reservation", "/retours/x", "/demandes/x"} {
			for who, b := range map[string]*browser{"a member": s.zoe, "staff of another hub": luc} {
				if v := b.post(atAmos+path, "code", "x"); v.status != 404 {
					t.Errorf("%s posts to %s: %d", who, path, v.status)
				}
			}
		}
		luc.get("/comptoir").on("/comptoir/val-dor", 200)
		if v := s.zoe.get("/comptoir"); v.status != 403 {
			t.Errorf("a member is answered %d", v.status)
		}
	})
}

func TestAUnitThatIsPromisedLeavesByASwapOrByRight(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		mine, theirs := s.books("zoe@exemple.example", "amos-camera", 1, 4), s.books("rose@exemple.example", "amos-camera", 1, 4)
		other := s.codes(theirs)[0]
		open := s.anne.scan(s.anne.get(atAmos), mine.Reference)
		clash := s.anne.scan(open, other).has(other+" est promis à Rose", "Échanger").lacks("Passer outre")
		s.page("/ clash", clash, "fr")
		if v := s.rose.scan(s.rose.scan(s.rose.get(atAmos), mine.Reference), other); !strings.Contains(v.body, "Passer outre") {
			t.Error("who may set a rule aside is not offered it")
		}
		form := clash.forms(atAmos + "/prets")[0]
		over := s.rose.scan(s.rose.scan(s.rose.get(atAmos), mine.Reference), other).forms(atAmos + "/prets")[1]
		for _, code := range []string{other, strings.ToLower(other), theirs.Reference, "https://canot.example/u/" + other, "M-7KQ2M9XA"} {
			again := s.rose.send(over, "raison", code).on(atAmos+"/prets", 422).has("est un code", "Passer outre", other+" est promis à Rose")
			s.page("/ a scan as a reason", again, "fr")
		}
		if now := s.bookingOf(mine.ID); now.Status != booking.Confirmed {
			t.Errorf("a scanner set a rule aside: %s", now.Status)
		}
		s.anne.send(form, "echange", "1").has("Remis à Zoé")
		if got := s.codes(s.bookingOf(theirs.ID)); len(got) != 1 || got[0] != s.codes(mine)[0] {
			t.Errorf("the other has %v", got)
		}
	})
}

func TestSomebodyWithoutABookingIsServedInOneStep(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		page := s.anne.scan(s.anne.get(atAmos+"/sans-reservation"), "amos-camera0").on(atAmos+"/sans-reservation", 200).has("amos-camera0")
		s.page("/sans-reservation", page, "fr")
		form := page.form(atAmos + "/sans-reservation")
		until := page.elements("input", "name", "jusqua")[0].has["value"]
		wrong := s.anne.send(form, "jusqua", until).on(atAmos+"/sans-reservation", 400).has("Écrivez un nom", "amos-camera0")
		s.page("/sans-reservation wrong", wrong, "fr")
		s.anne.send(wrong.form(atAmos+"/sans-reservation"), "nom", "Gilles <b>", "jusqua", until, "u", "amos-camera0").has("Gilles &lt;b&gt;", "C’est noté, sans réservation.")
		card := s.anne.get(atAmos + "/sans-reservation")
		s.anne.send(card.form(atAmos+"/sans-reservation"), "nom", "amos-camera1", "quoi", "amos-studio", "jusqua", until).on(atAmos+"/sans-reservation", 422).has("est un code")
		room := s.anne.get(atAmos + "/sans-reservation")
		s.anne.send(room.form(atAmos+"/sans-reservation"), "nom", "Marthe", "quoi", "amos-studio", "jusqua", until).has("Marthe", "C’est noté, sans réservation.")
		s.anne.get(atAmos).has("Gilles &lt;b&gt;", "Marthe", "sur place")
	})
}

func TestADamagedReturnGoesOutOfService(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 4)
		code := s.codes(b)[0]
		s.anne.scan(s.anne.scan(s.anne.scan(s.anne.get(atAmos), b.Reference), code), "")
		back := s.anne.scan(s.anne.get(atAmos), code).has("Peut retourner à sa place")
		var form filled
		for _, f := range back.elements("form", "enctype", "multipart/form-data") {
			form = back.form(f.has["action"])
		}
		next, err := s.book.Place(t.Context(), identity.System, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 2}}, StartsAt: b.EndsAt.Add(time.Hour), EndsAt: b.EndsAt.Add(2 * time.Hour), MemberID: s.idOf("rose@exemple.example")}, database.Key{})
		must(t, err)
		noted := s.anne.multipart(form, "abime", "1", "probleme", "Objectif\tfendu\u200b\ufeff").has("C’est noté.", "À mettre de côté", "Un billet est ouvert", "À reloger", "Rose", "/reservations/"+next.ID+"/changer")
		s.page("/ noted", noted, "fr")
		var told string // a form with files is cleaned as others are
		must(t, s.db.Reader(t.Context()).Get(&told, `SELECT description FROM tickets`))
		if told != "Objectif fendu" {
			t.Errorf("the ticket says %q", told)
		}
		s.anne.get(atAmos).has("Hors service", code)
		again := s.anne.get(atAmos + "?code=" + url.QueryEscape(code)).has("hors service")
		s.page("?code=", again, "fr")
	})
}

func TestAPlaceIsBegunByATap(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-studio", 1, 2)
		board := s.anne.get(atAmos)
		form := board.form(atAmos + "/arrivees")
		s.anne.send(form).on(atAmos, 200).has("Arrivée notée.", "sur place")
		s.anne.send(form).on(atAmos, 200)
		if now := s.bookingOf(b.ID); now.Status != booking.InUse || now.Version != 2 {
			t.Errorf("%s at version %d", now.Status, now.Version)
		}
	})
}

// A tap that comes too early is refused, and a tap in time is not, on the very page that refused it.
func TestAnEarlyTapDoesNotStick(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		from := s.clock.Now().Truncate(time.Hour).Add(time.Hour)
		b, err := s.book.Place(t.Context(), identity.System, booking.Request{Lines: []booking.Want{{Resource: "amos-studio", Quantity: 1}}, StartsAt: from, EndsAt: from.Add(time.Hour), MemberID: s.idOf("zoe@exemple.example")}, database.Key{})
		must(t, err)
		s.clock.Move(from.Add(-31 * time.Minute).Sub(s.clock.Now()))
		board := s.anne.get(atAmos)
		form := board.form(atAmos + "/arrivees")
		if early := s.anne.send(form); early.status != http.StatusUnprocessableEntity {
			t.Fatalf("31 minutes early: %d", early.status)
		}
		s.clock.Move(2 * time.Minute)
		s.anne.send(form).on(atAmos, 200).has("Arrivée notée.")
		s.anne.send(form).on(atAmos, 200) // a double tap
		if now := s.bookingOf(b.ID); now.Status != booking.InUse || now.Version != 2 {
			t.Errorf("%s at version %d", now.Status, now.Version)
		}
	})
}

// A tap on a board that has not changed yet ends the loan that it shows, and no later one.
func TestAReturnEndsTheLoanThatItShows(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		first := s.books("zoe@exemple.example", "amos-camera", 1, 1)
		code := s.codes(first)[0]
		s.anne.scan(s.anne.scan(s.anne.scan(s.anne.get(atAmos), first.Reference), code), "")
		form := s.anne.get(atAmos).form(atAmos + "/retours")
		s.anne.send(form).has("Peut retourner à sa place")
		s.clock.Move(2 * time.Hour)
		second := s.books("rose@exemple.example", "amos-camera", 2, 1)
		open := s.anne.scan(s.anne.get(atAmos), second.Reference)
		s.anne.send(open.form(atAmos+"/prets"), "faire", "tout").has("Remis à Rose")
		s.anne.send(form) // once more, from a screen that was left open
		if now := s.bookingOf(second.ID); now.Status != booking.InUse {
			t.Errorf("the second is %s", now.Status)
		}
		loans, err := s.book.Loans(t.Context(), identity.System, second.ID)
		must(t, err)
		for _, l := range loans {
			if l.BackAt != nil {
				t.Errorf("%s was closed by the first loan’s return", l.Code)
			}
		}
	})
}

func TestWhoHasItMayKeepItWhileNobodyWaits(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 2, 4)
		s.zoe.get("/reservations/" + b.ID).lacks("Prolonger")
		open := s.anne.scan(s.anne.get(atAmos), b.Reference)
		s.anne.send(open.form(atAmos+"/prets"), "faire", "tout").has("Remis à Zoé")
		page := s.zoe.get("/reservations/" + b.ID).has("Prolonger")
		checkPage(t, "/reservations", page, "fr")
		form := page.form("/reservations/" + b.ID + "/prolonger")
		until := page.elements("button", "name", "jusqua")
		s.zoe.send(form, "jusqua", until[1].has["value"]).on("/reservations/"+b.ID, 200).has("C’est prolongé jusqu’au")
		if now := s.bookingOf(b.ID); !now.EndsAt.Equal(b.EndsAt.Add(2 * time.Hour)) {
			t.Errorf("it ends at %s", now.EndsAt)
		}
		from := b.EndsAt.Add(4 * time.Hour)
		_, err := s.book.Place(t.Context(), identity.System, booking.Request{Lines: []booking.Want{{Resource: "amos-camera", Quantity: 1}}, StartsAt: from, EndsAt: from.Add(time.Hour), MemberID: s.idOf("rose@exemple.example")}, database.Key{})
		must(t, err)
		page = s.zoe.get("/reservations/" + b.ID)
		refused := s.zoe.send(page.form("/reservations/"+b.ID+"/prolonger"), "autre", from.Add(30*time.Minute).In(time.FixedZone("", -5*3600)).Format("2006-01-02T15:04"))
		if refused.status == http.StatusOK || !strings.Contains(refused.body, "rien n’a changé") {
			t.Errorf("%d %s", refused.status, refused.body)
		}
	})
}

func TestStaffAnswerARequestAtTheCounter(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		from := s.clock.Now().Truncate(time.Hour).Add(26 * time.Hour)
		ask := func(hour int) booking.Booking {
			who, err := s.people.Member(t.Context(), s.db.Reader(t.Context()), s.idOf("zoe@exemple.example"))
			must(t, err)
			at := from.Add(time.Duration(hour) * time.Hour)
			b, err := s.book.Place(t.Context(), identity.Actor{ID: who.ID}, booking.Request{Lines: []booking.Want{{Resource: "amos-salle", Quantity: 1}}, StartsAt: at, EndsAt: at.Add(time.Hour)}, database.Key{})
			must(t, err)
			return b
		}
		yes, no := ask(0), ask(2)
		board := s.anne.get(atAmos).has("À approuver")
		board.one("a", "href", atAmos+"?r="+yes.ID)
		open := s.anne.get(atAmos + "?r=" + yes.ID)
		s.page("?r=", open, "fr")
		s.anne.send(open.form(atAmos+"/demandes/"+yes.ID), "faire", "approuver").has("Demande approuvée.")
		both := s.anne.get(atAmos + "?r=" + no.ID).forms(atAmos + "/demandes/" + no.ID)
		if len(both) != 2 || both[0].fields.Has("raison") || !both[1].fields.Has("raison") {
			t.Fatalf("approving and declining are one form: %+v", both)
		}
		s.anne.send(both[1], "faire", "refuser", "raison", strings.ToLower(no.Reference)).on(atAmos+"/demandes/"+no.ID, 422).has("est un code")
		s.anne.send(both[1], "faire", "refuser", "raison", "Travaux").has("Demande refusée.")
		if a, b := s.bookingOf(yes.ID), s.bookingOf(no.ID); a.Status != booking.Confirmed || b.Status != booking.Declined || b.Reason != "Travaux" {
			t.Errorf("%s, %s %q", a.Status, b.Status, b.Reason)
		}
	})
}

func TestTheCounterSpeaksEnglishToo(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 4)
		board := s.anne.get("/en"+atAmos).has("Scan or type a code", "To hand out")
		s.page("/en", board, "en")
		open := s.anne.scan(board, b.Reference).has("Hand out")
		s.page("/en open", open, "en")
		nothing := s.anne.scan(board, "QQQQQQ").has("matches nothing here")
		s.page("/en nothing", nothing, "en")
		if got := open.one("a", "hreflang", "fr").has["href"]; !strings.HasPrefix(got, atAmos+"?r=") {
			t.Errorf("the other language is at %s", got)
		}
	})
}

func TestANumberChoosesAmongSeveral(t *testing.T) {
	for _, c := range []struct{ text, want string }{{"2", "b"}, {"1", "a"}, {"3", "3"}, {"0", "0"}, {"x", "x"}, {"12", "12"}} {
		if got := numbered(c.text, []string{"a", "b"}); got != c.want {
			t.Errorf("%q is %q", c.text, got)
		}
	}
}

// multipart sends a form as a browser sends one that may have files.
func (b *browser) multipart(f filled, fill ...string) view {
	b.w.t.Helper()
	var body strings.Builder
	form := multipart.NewWriter(&body)
	sent := url.Values{}
	for name, values := range f.fields {
		if name != "photo" {
			sent[name] = values
		}
	}
	for i := 0; i < len(fill); i += 2 {
		sent.Set(fill[i], fill[i+1])
	}
	for name, values := range sent {
		for _, value := range values {
			must(b.w.t, form.WriteField(name, value))
		}
	}
	must(b.w.t, form.Close())
	r, err := http.NewRequest("POST", b.w.url+f.action, strings.NewReader(body.String()))
	must(b.w.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", b.w.url)
	return b.do(r)
}

func TestSomebodyOfAnotherHubIsServedForWhatAsksForACertification(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		_, err := s.site.Roster.CreateCertification(t.Context(), identity.System, membership.CertificationEdits{Slug: to("prise-de-vue"), Name: words("Prise de vue")}, database.Key{})
		must(t, err)
		b := s.books("luc@exemple.example", "amos-camera", 1, 4)
		_, err = s.site.Catalog.UpdateResource(t.Context(), identity.System, "amos-camera", inventory.ResourceEdits{Policy: inventory.PolicyEdits{Certifications: &[]string{"prise-de-vue"}}}, database.Key{})
		must(t, err)
		there, err := s.site.Catalog.Hub(t.Context(), "val-dor")
		must(t, err)
		must(t, s.db.In(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE members SET home_hub_id = $1 WHERE id = $2`, there.ID, s.idOf("luc@exemple.example"))
			return err
		}))
		s.people.Forget(s.idOf("luc@exemple.example"))
		s.anne.scan(s.anne.get(atAmos), b.Reference).on(atAmos, 200).has("Luc", "Habilitation manquante", "Prise de vue")
	})
}

// TestTheEndOfACodeAsksFirst holds that a typed end takes nothing back by itself, and a scan does.
func TestTheEndOfACodeAsksFirst(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b, other := s.books("zoe@exemple.example", "amos-camera", 1, 4), s.books("rose@exemple.example", "amos-camera", 1, 4)
		code := s.codes(b)[0]
		s.anne.scan(s.anne.scan(s.anne.scan(s.anne.get(atAmos), b.Reference), code), "")
		end := code[len(code)-3:]
		asked := s.anne.scan(s.anne.get(atAmos), end).has("Retour de Le camera (" + code + ") de Zoé")
		s.page("/ asked", asked, "fr")
		beside := s.anne.scan(s.anne.scan(s.anne.get(atAmos), other.Reference), end).has("Retour de Le camera ("+code+") de Zoé", other.Reference)
		s.page("/ asked beside", beside, "fr")
		if s.bookingOf(b.ID).Status != booking.InUse {
			t.Fatal("it is back unasked")
		}
		back := s.anne.send(beside.form(atAmos+"/retours")).has("revenu", "Rose")
		s.page("/ back beside", back, "fr")
		if s.bookingOf(b.ID).Status != booking.Completed || back.field("scan").fields.Get("r") != other.ID {
			t.Error("it is not back, or the booking is closed")
		}
	})
}

// TestAWalkInIsServedByTheField holds that names, units and returns may all be given to the one field.
func TestAWalkInIsServedByTheField(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 1)
		out := s.codes(b)[0]
		s.anne.scan(s.anne.scan(s.anne.scan(s.anne.get(atAmos), b.Reference), out), "")
		free := "amos-camera0"
		if out == free {
			free = "amos-camera1"
		}
		page := s.anne.get(atAmos + "/sans-reservation").has("Sans réservation – ")
		page = s.anne.scan(page, "Gilles").has("Pour Gilles")
		s.page("/ named", page, "fr")
		page = s.anne.scan(page, out).has("revenu", `value="Gilles"`)
		s.page("/ back beside a walk-in", page, "fr")
		if s.bookingOf(b.ID).Status != booking.Completed {
			t.Error("what was scanned is not back")
		}
		page = s.anne.scan(page, free).has(`value="Gilles"`)
		s.page("/ taken", page, "fr")
		if _, is := page.one("button", "value", "preter").has["data-enter"]; !is {
			t.Error("Enter does not lend")
		}
		until := page.elements("input", "name", "jusqua")[0].has["value"]
		s.anne.send(page.form(atAmos+"/sans-reservation"), "jusqua", until, "faire", "preter").has("Gilles", "C’est noté, sans réservation.")
	})
}

func TestAUnitBeforeABookingOfOtherThingsIsToldAtOnce(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b, theirs := s.books("zoe@exemple.example", "amos-studio", 1, 2), s.books("rose@exemple.example", "amos-camera", 1, 4)
		code := s.codes(theirs)[0]
		page := s.anne.scan(s.anne.scan(s.anne.get(atAmos), code), b.Reference).has("n’est pas dans cette réservation", "promis à Rose")
		s.page("/ of something else", page, "fr")
		if u := page.field("scan").fields["u"]; len(u) != 0 {
			t.Errorf("it is ticked: %v", u)
		}
	})
}

func TestAMachineThatIsOutWithATicketIsOneTrouble(t *testing.T) {
	all := []booking.Trouble{{UnitID: "a", TicketID: "t", Urgent: true}, {UnitID: "a", Cause: "repair"}, {TicketID: "x"}, {TicketID: "y"}, {UnitID: "b", Cause: "lost"}}
	got := machines(all)
	if len(got) != 4 || got[0].Cause != "repair" || got[0].TicketID != "t" || !got[0].Urgent {
		t.Errorf("%+v", got)
	}
}
