package api

import (
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// forbidden are fields that nobody writes of themselves, with a value that somebody would like.
var forbidden = map[string]string{
	"role": `"administrator"`, "roles": `[{"role":"administrator"}]`, "rights": `["manage_network"]`, "grants": `[]`, "scope": `"admin"`, "factors": `2`,
	"tier": `"libre"`, "price": `0`, "price_cents": `0`, "paid": `true`, "credits": `6000`, "quota": `6000`, "discount": `100`,
	"status": `"confirmed"`, "approved_by": `"x"`, "made_by": `"x"`, "competes": `false`, "lapses_at": `"2030-01-01T00:00:00Z"`, "sequence": `9`, "reference": `"AAAA-AAAA"`,
	"id": `"x"`, "member_id": `"x"`, "owner": `"x"`, "organisation_id": `"x"`, "hub_id": `"x"`, "units": `["x"]`, "waived": `["too_long"]`,
	"created_at": `"2020-01-01T00:00:00Z"`, "changed_at": `"2020-01-01T00:00:00Z"`, "version": `9`, "standing": `9`, "active": `true`,
	"email_verified": `true`, "email_verified_at": `"2020-01-01T00:00:00Z"`, "erased_at": `"2020-01-01T00:00:00Z"`, "guardian_consent_at": `"2020-01-01T00:00:00Z"`,
	"Role": `"administrator"`, "__proto__": `{"role":"administrator"}`,
}

// TestNobodyAssignsWhatIsNotTheirs sends each such field with every request by which a member writes.
func TestNobodyAssignsWhatIsNotTheirs(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		w := newWorld(n)
		flow := w.proved("new@example.ca")
		for _, c := range []struct{ who, op, of, body string }{
			{"own", "POST /bookings", "", `{"resource":"demande",<slot>}`},
			{"own", "POST /bookings/preview", "", `{"resource":"demande",<slot>}`},
			{"own", "PATCH /bookings/{id}", "<request>", `{"title":"x"}`},
			{"own", "POST /bookings/{id}/confirm", "<hold>", `{}`},
			{"own", "POST /bookings/{id}/cancel", "<booking>", `{"reason":"x"}`},
			{"own", "PATCH /me", "", `{"phone":"1"}`},
			{"own", "PATCH /members/{id}", "<own>", `{"phone":"1"}`},
			{"own", "POST /members/{id}/tokens", "<own>", `{"scopes":["read"]}`},
			{"own", "POST /members/{id}/consents", "<own>", `{"purpose":"photos"}`},
			{"own", "POST /conditions/{id}/acceptances", "regles", `{"version":1}`},
			{"browser", "PUT /account/password", "", `{"password":"un long mot de passe"}`},
			{"browser", "POST /account/email", "", `{"email":"x@example.ca"}`},
			{"nobody", "POST /sign-in", "", `{"email":"x@example.ca"}`},
			{"nobody", "POST /sign-in/sign-up", "", `{"flow":"` + flow + `","name":"x","consent":true}`},
		} {
			p := w.named(c.who)
			w.freshen(p, rule{})
			method, path, body := w.call(rule{op: c.op, of: c.of, body: c.body}, p)
			before := w.changes()
			for field, value := range forbidden {
				if strings.Contains(body, `"`+field+`"`) {
					continue
				}
				sent := strings.TrimSuffix(body, "}") + `,"` + field + `":` + value + `}`
				sent = strings.Replace(sent, "{,", "{", 1)
				got := w.ask(p, method, path, sent, w.cookieOf(c.who)...)
				if got.status != 400 || !slices.Contains(got.violations(), "unknown_field "+field) {
					t.Errorf("%s with %s answers %d: %s", c.op, field, got.status, got.body)
				}
			}
			if w.changes() != before {
				t.Errorf("%s with a forbidden field had an effect", c.op)
			}
		}
		// The same without them is taken, and makes a plain member.
		in := w.ask(w.named("nobody"), "POST", prefix+"/sign-in/sign-up", `{"flow":"`+flow+`","name":"x","consent":true}`, w.cookieOf("nobody")...).want(200)
		made := w.do("GET", prefix+"/members/"+in.text("member"), "root", "").want(200).json()
		if roles := made["roles"].([]any); len(roles) != 0 || made["email_verified"] != true || made["guardian_consent_at"] != nil {
			t.Errorf("who signed up is %v", made)
		}
	})
}

// proved proves an address that nobody has, up to the form of the sign-up, and keeps the browser.
func (w *world) proved(email string) (flow string) {
	w.t.Helper()
	asked := w.do("POST", prefix+"/sign-in", "", `{"email":"`+email+`"}`).want(202)
	w.made["browser"], _, _ = strings.Cut(asked.header.Get("Set-Cookie"), ";")
	letter, err := w.api.Gate.Secrets(w.t.(*testing.T).Context(), asked.text("flow"))
	must(w.t, err)
	in := w.do("POST", prefix+"/sign-in/code", "", `{"flow":"`+asked.text("flow")+`","code":"`+letter.Code+`"}`, "Cookie", w.made["browser"]).want(200)
	return in.text("flow")
}

func (w *world) cookieOf(who string) []string {
	if who != "nobody" {
		return nil
	}
	return []string{"Cookie", w.made["browser"]}
}

// TestWhoseAccountIsClosedIsNobody asks everything by a token of a closed account, and by a session.
func TestWhoseAccountIsClosedIsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		w := newWorld(n)
		for _, p := range []*persona{w.named("administrator"), w.named("proved")} {
			w.freshen(p, rule{})
			w.ask(p, "GET", prefix+"/me", "").want(200)
			must(t, n.api.Directory.SetActive(t.Context(), identity.System, p.id, false, database.Key{}))
			for _, r := range table {
				method, path, body := w.call(r, p)
				before := w.changes()
				got := w.ask(p, method, path, body)
				if w.named("nobody").may(r.may) && p.by > 0 {
					continue // they may as much as anybody
				}
				if got.status != 401 || w.changes() != before {
					t.Errorf("%s as %s, who is no more, answers %d: %s", r.op, p.name, got.status, got.body)
				}
			}
		}
	})
}

// TestWhatOneMayNotSayOfOneself asks for what has a field, and is for others to give.
func TestWhatOneMayNotSayOfOneself(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		w := newWorld(n)
		other := w.id["other"]
		for _, c := range []struct {
			who, op, of, body string
			status            int
			code              string
		}{
			{"own", "POST /bookings", "", `{"resource":"salle","member":"` + other + `",<slot>}`, 403, ""},
			{"own", "POST /bookings", "", `{"resource":"salle","waive":[{"rule":"too_long","reason":"x"}],<slot>}`, 403, ""},
			{"own", "POST /bookings", "", `{"resource":"salle","organisation":"<troupe>",<slot>}`, 422, "unknown_organisation organisation"},
			{"own", "PATCH /me", "", `{"guardian_consent":true}`, 403, ""},
			{"own", "PATCH /members/{id}", "<own>", `{"guardian_consent":true}`, 403, ""},
			{"own", "POST /members/{id}/roles", "<own>", `{"role":"staff","hub":"amos"}`, 403, ""},
			{"staff", "POST /members/{id}/roles", "<staff>", `{"role":"manager","hub":"amos"}`, 403, ""},
			{"staff", "POST /members/{id}/roles", "<staff>", `{"role":"staff","hub":"amos","rights":["waive"]}`, 403, ""},
			{"manager", "POST /members/{id}/roles", "<manager>", `{"role":"coordinator","region":"at"}`, 403, ""},
			{"manager", "POST /members/{id}/roles", "<manager>", `{"role":"manager","hub":"rouyn"}`, 403, ""},
			{"coordinator", "POST /members/{id}/roles", "<coordinator>", `{"role":"administrator"}`, 403, ""},
			{"staff", "PATCH /me", "", `{"guardian_consent":true}`, 403, ""},
			{"staff", "POST /members/{id}/certificates", "<staff>", `{"certification":"laser"}`, 422, "own_certificate member"},
			{"manager", "POST /bookings", "", `{"resource":"salle","waive":[{"rule":"too_long","reason":"x"}],<slot>}`, 422, "own_waiver waive"},
			{"staff", "POST /bookings/{id}/approve", "<request of staff>", ``, 422, "own_request"},
			{"staff", "POST /bookings/{id}/decline", "<request of staff>", ``, 422, "own_request"},
			{"manager", "POST /bookings/{id}/waivers", "<request of manager>", `{"rule":"too_long","reason":"x"}`, 422, "own_waiver waive"},
			{"reader", "POST /bookings", "", `{"resource":"salle",<slot>}`, 403, ""},
			{"reader", "POST /members/{id}/tokens", "<own>", `{"scopes":["admin"]}`, 403, ""},
			{"half", "POST /members/{id}/tokens", "<half>", `{"scopes":["read"]}`, 403, ""},
			{"browser", "POST /members/{id}/tokens", "<own>", `{"scopes":["admin"]}`, 403, ""},
		} {
			p := w.named(c.who)
			w.freshen(p, rule{})
			if name, found := strings.CutPrefix(c.of, "<request of "); found {
				w.made["request of "+strings.TrimSuffix(name, ">")] = w.book(strings.TrimSuffix(name, ">"), "demande", "")
			}
			method, path, body := w.call(rule{op: c.op, of: c.of, body: c.body}, p)
			before := w.changes()
			got := w.ask(p, method, path, body)
			if got.status != c.status || c.code != "" && !slices.Contains(got.violations(), c.code) {
				t.Errorf("%s as %s with %s answers %d: %s", c.op, c.who, c.body, got.status, got.body)
			}
			if w.changes() != before {
				t.Errorf("%s as %s with %s had an effect", c.op, c.who, c.body)
			}
		}
		if got := w.do("GET", prefix+"/members/"+w.id["staff"], "root", "").want(200).json()["roles"].([]any); len(got) != 1 || got[0].(map[string]any)["role"] != string(identity.Staff) {
			t.Errorf("the staff of Amos are %v", got)
		}
	})
}
