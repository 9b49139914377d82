package signin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// An idp is a provider of OpenID Connect: discovery, keys, and tokens for codes that it gave, if
// the verifier of PKCE is right. forge is what a test has it do wrong.
type idp struct {
	*httptest.Server
	key   *rsa.PrivateKey
	now   func() time.Time
	codes map[string]grant
	forge func(claims map[string]any)
}

type grant struct {
	challenge string
	claims    map[string]any
}

func newIDP(t *testing.T, now func() time.Time) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key, now: now, codes: map[string]grant{}, forge: func(map[string]any) {}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64.EncodeToString(key.N.Bytes()), "e": b64.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// token gives the token of a code, once, to who knows the verifier and the secret of the client.
func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	code, g := r.FormValue("code"), p.codes[r.FormValue("code")]
	delete(p.codes, code)
	id, secret, _ := r.BasicAuth()
	hash := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if g.claims == nil || b64.EncodeToString(hash[:]) != g.challenge || id != "canot" || secret != "s3cret" || r.FormValue("redirect_uri") != publicURL+signin.ReturnPath {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]any{"error": "invalid_grant"})
		return
	}
	p.forge(g.claims)
	reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.sign(g.claims)})
}

func (p *idp) sign(claims map[string]any) string {
	head, _ := json.Marshal(map[string]any{"alg": "RS256", "kid": "1"})
	body, _ := json.Marshal(claims)
	text := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	hash := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, hash[:])
	return text + "." + b64.EncodeToString(signature)
}

// visit is a person who comes to the provider with an address that Canot gave: they prove there who
// they are, and are sent back with a state and a code.
func (p *idp) visit(t *testing.T, address, subject, email string, isVerified bool) (state, code string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != publicURL+signin.ReturnPath || q.Get("response_type") != "code" {
		t.Errorf("the address is %s", address)
	}
	code = database.NewID()
	p.codes[code] = grant{q.Get("code_challenge"), map[string]any{
		"iss": p.URL, "aud": "canot", "sub": subject, "email": email, "email_verified": isVerified, "nonce": q.Get("nonce"),
		"iat": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix(),
	}}
	return q.Get("state"), code
}

// withIDP gives the town a provider.
func withIDP(t *testing.T, w *town) *idp {
	t.Helper()
	p := newIDP(t, w.clock.Now)
	w.gate = signin.New(w.db, w.people, signin.Settings{PublicURL: publicURL, OIDC: &signin.OIDC{Issuer: p.URL, ClientID: "canot", ClientSecret: "s3cret", Name: "Cégep"}})
	return p
}

// byProvider signs a visitor in by the provider.
func (w *town) byProvider(t *testing.T, p *idp, v signin.Visitor, subject, email string, isVerified bool) (signin.Entry, error) {
	t.Helper()
	address, browser, err := w.gate.BeginOIDC(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	v.Browser = browser
	state, code := p.visit(t, address, subject, email, isVerified)
	return w.gate.FinishOIDC(t.Context(), v, state, code)
}

// linkTo links by's account with a subject at the provider.
func (w *town) linkTo(t *testing.T, p *idp, by identity.Actor, subject string) error {
	t.Helper()
	v := as(by)
	address, browser, err := w.gate.LinkOIDC(t.Context(), by, v)
	if err != nil {
		t.Fatal(err)
	}
	v.Browser = browser
	state, code := p.visit(t, address, subject, "", false)
	_, err = w.gate.FinishOIDC(t.Context(), v, state, code)
	return err
}

func TestAProviderOpensAnAccountAndSignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p, v := withIDP(t, w), from("192.0.2.1")
		e, err := w.byProvider(t, p, v, "42", "noe@cegep.example", true)
		if err != nil || e.SignUp == "" || e.Session != "" || e.Email != "noe@cegep.example" {
			t.Fatalf("%+v %v", e, err)
		}
		v.Browser = e.Browser
		e, err = w.gate.SignUp(t.Context(), v, e.SignUp, signin.NewPerson{Name: "Noé", Language: "fr", Consent: true, ConsentText: "Oui."})
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.byProvider(t, p, from("192.0.2.1"), "42", "changed@cegep.example", false)
		if err != nil || again.MemberID != e.MemberID || again.Session == "" {
			t.Errorf("the same person, with another address: %+v %v", again, err)
		}
		_, err = w.byProvider(t, p, from("192.0.2.1"), "43", "noe@cegep.example", true)
		wantCode(t, "another person with that address", err, "oidc_email_known")
		w.close(t, e.MemberID)
		_, err = w.byProvider(t, p, from("192.0.2.1"), "42", "noe@cegep.example", true)
		wantCode(t, "a closed account", err, "bad_oidc")
	})
}

func TestAProviderDoesNotTakeAnAccountByItsAddress(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		for _, email := range []string{w.mia.Email, "MIA@exemple.EXAMPLE"} {
			e, err := w.byProvider(t, p, from("192.0.2.1"), "666", email, true)
			wantCode(t, "the address of a member", err, "oidc_email_known")
			if e != (signin.Entry{}) {
				t.Errorf("it opens %+v", e)
			}
		}
		_, err := w.byProvider(t, p, from("192.0.2.1"), "666", "other@exemple.example", false)
		wantCode(t, "an address that is not verified", err, "oidc_email_unverified")
		if n := w.count(t, `SELECT count(*) FROM external_identities`); n != 0 {
			t.Errorf("%d identities", n)
		}
	})
}

func TestTheOwnerLinksAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		mia, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		wantCode(t, "link", w.linkTo(t, p, mia, "7"), "")
		wantCode(t, "link again", w.linkTo(t, p, mia, "7"), "")
		e, err := w.byProvider(t, p, from("192.0.2.1"), "7", "", false)
		if err != nil || e.MemberID != w.mia.ID {
			t.Errorf("%+v %v", e, err)
		}
		w.person(t, "Eve", "eve@exemple.example")
		eve, _ := w.signIn(t, from("198.51.100.9"), "eve@exemple.example")
		wantCode(t, "link what is another's", w.linkTo(t, p, eve, "7"), "oidc_linked_elsewhere")

		// Eve begins to link her own account, and has Mia finish it.
		v := as(eve)
		address, browser, err := w.gate.LinkOIDC(t.Context(), eve, v)
		if err != nil {
			t.Fatal(err)
		}
		state, code := p.visit(t, address, "8", "", false)
		trapped := as(mia)
		trapped.Browser = browser
		_, err = w.gate.FinishOIDC(t.Context(), trapped, state, code)
		wantCode(t, "finish by somebody else", err, "bad_oidc")

		wantCode(t, "unlink", w.gate.UnlinkOIDC(t.Context(), mia), "")
		_, err = w.byProvider(t, p, from("192.0.2.1"), "7", "", false)
		wantCode(t, "after unlinking", err, "oidc_email_unverified")
	})
}

func TestWhatDoesNotFitTheBeginningAtTheProvider(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		mia, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		wantCode(t, "link", w.linkTo(t, p, mia, "7"), "")
		begin := func() (v signin.Visitor, state, code string) {
			v = from("192.0.2.1")
			address, browser, err := w.gate.BeginOIDC(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			v.Browser = browser
			state, code = p.visit(t, address, "7", "", false)
			return v, state, code
		}
		v, state, code := begin()
		_, err := w.gate.FinishOIDC(t.Context(), v, strings.Repeat("A", 43), code)
		wantCode(t, "another state", err, "bad_oidc")
		_, err = w.gate.FinishOIDC(t.Context(), from("192.0.2.1"), state, code)
		wantCode(t, "another browser", err, "bad_oidc")
		_, err = w.gate.FinishOIDC(t.Context(), v, state, "x"+code)
		wantCode(t, "another code", err, "bad_oidc")
		_, err = w.gate.FinishOIDC(t.Context(), v, state, code)
		wantCode(t, "a state that was used", err, "bad_oidc")

		v, state, _ = begin()
		_, _, foreign := begin()
		_, err = w.gate.FinishOIDC(t.Context(), v, state, foreign)
		wantCode(t, "the code of another exchange: PKCE", err, "bad_oidc")

		v, state, code = begin()
		w.clock.Move(10 * time.Minute)
		_, err = w.gate.FinishOIDC(t.Context(), v, state, code)
		wantCode(t, "too late", err, "bad_oidc")

		for name, forge := range map[string]func(map[string]any){
			"another nonce":    func(c map[string]any) { c["nonce"] = "x" },
			"no nonce":         func(c map[string]any) { delete(c, "nonce") },
			"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example" },
			"another audience": func(c map[string]any) { c["aud"] = "other" },
			"over":             func(c map[string]any) { c["exp"] = w.clock.Now().Add(-time.Hour).Unix() },
			"nobody":           func(c map[string]any) { c["sub"] = "" },
		} {
			v, state, code = begin()
			p.forge = forge
			_, err = w.gate.FinishOIDC(t.Context(), v, state, code)
			wantCode(t, name, err, "bad_oidc")
			p.forge = func(map[string]any) {}
		}
		key := p.key
		p.key, err = rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		v, state, code = begin()
		_, err = w.gate.FinishOIDC(t.Context(), v, state, code)
		wantCode(t, "signed by somebody else", err, "bad_oidc")
		p.key = key
		v, state, code = begin()
		e, err := w.gate.FinishOIDC(t.Context(), v, state, code)
		if err != nil || e.MemberID != w.mia.ID {
			t.Errorf("as it should be: %+v %v", e, err)
		}
	})
}

func TestAProviderThatIsAway(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		p := withIDP(t, w)
		p.Close()
		_, _, err := w.gate.BeginOIDC(t.Context(), from("192.0.2.1"))
		wantCode(t, "away", err, "oidc_away")
		if w.gate.OIDCName() != "Cégep" {
			t.Error("the name of the provider is lost")
		}
		w.signIn(t, from("192.0.2.1"), w.mia.Email)
	})
}
