package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"canot/internal/identity"
	"canot/internal/identity/signin"
)

// A device is an authenticator with a browser before it: it makes keys of ES256, and signs what
// WebAuthn has it sign. Its fields are what a test lets it do wrong.
type device struct {
	origin  string
	flags   byte // of what it says: present, verified, and so on
	counter uint32

	key        *ecdsa.PrivateKey
	credential []byte
	handle     []byte
	rpID       string
}

const (
	present, verified, attested = 0x01, 0x04, 0x40
)

func newDevice() *device { return &device{origin: publicURL, flags: present | verified} }

var b64 = base64.RawURLEncoding

func (d *device) clientData(kind, challenge string) []byte {
	data, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	return data
}

func (d *device) authData(flags byte, more ...byte) []byte {
	id := sha256.Sum256([]byte(d.rpID))
	data := append(id[:], flags)
	return append(binary.BigEndian.AppendUint32(data, d.counter), more...)
}

// create answers navigator.credentials.create.
func (d *device) create(t *testing.T, options json.RawMessage) []byte {
	t.Helper()
	var o struct {
		PublicKey struct {
			Challenge string
			RP        struct{ ID string }
			User      struct{ ID string }
			Selection struct{ UserVerification, ResidentKey string } `json:"authenticatorSelection"`
		}
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o.PublicKey.Selection.UserVerification != "required" || o.PublicKey.Selection.ResidentKey != "required" || o.PublicKey.RP.ID != "canot.example" {
		t.Errorf("the options are %s", options)
	}
	var err error
	if d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	d.credential, d.rpID = make([]byte, 32), o.PublicKey.RP.ID
	_, _ = rand.Read(d.credential)
	if d.handle, err = b64.DecodeString(o.PublicKey.User.ID); err != nil {
		t.Fatal(err)
	}
	public, err := d.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		t.Fatal(err)
	}
	more := append(make([]byte, 16), 0, byte(len(d.credential)))
	more = append(append(more, d.credential...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(d.flags|attested, more...)})
	if err != nil {
		t.Fatal(err)
	}
	return d.answer(map[string]any{
		"attestationObject": b64.EncodeToString(object), "clientDataJSON": b64.EncodeToString(d.clientData("webauthn.create", o.PublicKey.Challenge)),
	})
}

// get answers navigator.credentials.get.
func (d *device) get(t *testing.T, options json.RawMessage) []byte {
	t.Helper()
	var o struct {
		PublicKey struct {
			Challenge        string
			UserVerification string
		}
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o.PublicKey.UserVerification != "required" {
		t.Errorf("the options are %s", options)
	}
	client, data := d.clientData("webauthn.get", o.PublicKey.Challenge), d.authData(d.flags)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	return d.answer(map[string]any{
		"authenticatorData": b64.EncodeToString(data), "clientDataJSON": b64.EncodeToString(client),
		"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(d.handle),
	})
}

func (d *device) answer(response map[string]any) []byte {
	id := b64.EncodeToString(d.credential)
	text, _ := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	return text
}

// withPasskey gives by a passkey in a device and returns them in the session that follows.
func (w *town) withPasskey(t *testing.T, by identity.Actor, d *device) (identity.Actor, signin.Passkey) {
	t.Helper()
	v := as(by)
	c, err := w.gate.BeginPasskey(t.Context(), by, v)
	if err != nil {
		t.Fatal(err)
	}
	v.Browser = c.Browser
	key, e, err := w.gate.FinishPasskey(t.Context(), by, v, c.ID, d.create(t, c.Options), "Téléphone")
	if err != nil {
		t.Fatal(err)
	}
	return w.who(t, e.Session), key
}

// byPasskey signs in by a device.
func (w *town) byPasskey(t *testing.T, d *device) (signin.Entry, error) {
	t.Helper()
	v := from("192.0.2.1")
	c, err := w.gate.BeginPasskeySignIn(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	v.Browser = c.Browser
	return w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, d.get(t, c.Options))
}

func TestAPasskeySignsInWithTwoFactors(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		sam := w.person(t, "Sam", "sam@exemple.example", identity.Grant{Role: identity.Staff, HubID: amos})
		by, session := w.signIn(t, from("192.0.2.1"), sam.Email)
		d := newDevice()
		two, key := w.withPasskey(t, by, d)
		w.ended(t, "the session of one factor", session)
		if two.LacksFactor || !two.May(identity.Approve, amos, at) {
			t.Errorf("after making one: %+v", two)
		}
		e, err := w.byPasskey(t, d)
		if err != nil || e.MemberID != sam.ID {
			t.Fatalf("%+v %v", e, err)
		}
		who := w.who(t, e.Session)
		if who.LacksFactor || !who.May(identity.Approve, amos, at) {
			t.Errorf("signed in: %+v", who)
		}
		list, err := w.gate.Passkeys(t.Context(), who)
		if err != nil || len(list) != 1 || list[0].ID != key.ID || list[0].Label != "Téléphone" || list[0].UsedAt == nil {
			t.Errorf("%+v %v", list, err)
		}
		one, _ := w.signIn(t, from("198.51.100.9"), sam.Email)
		w.refusesSettings(t, one, "second_factor_needed")
		mia, _ := w.signIn(t, from("198.51.100.9"), w.mia.Email)
		wantCode(t, "remove another's", w.gate.RemovePasskey(t.Context(), mia, key.ID), "passkey_not_found")
		wantCode(t, "remove the last factor of staff", w.gate.RemovePasskey(t.Context(), who, key.ID), "last_factor")
		if err := w.people.RevokeRole(t.Context(), identity.System, sam.ID, identity.Grant{Role: identity.Staff, HubID: amos}, noKey); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "remove", w.gate.RemovePasskey(t.Context(), who, key.ID), "")
		_, err = w.byPasskey(t, d)
		wantCode(t, "by a passkey that was removed", err, "bad_passkey")
		w.mail(t)
		if len(w.notices) != 2 || w.notices[0] != "passkey_added" || w.notices[1] != "factor_removed" {
			t.Errorf("told: %q", w.notices)
		}
	})
}

func TestAPasskeyThatIsNotAsItShouldBe(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		good := newDevice()
		good.counter = 7
		w.withPasskey(t, by, good)
		tests := map[string]func(d *device){
			"of another site":             func(d *device) { d.origin = "https://evil.example" },
			"without who holds it":        func(d *device) { d.flags = present },
			"for another site":            func(d *device) { d.rpID = "evil.example" },
			"of somebody else":            func(d *device) { d.handle = []byte("0000000000000000") },
			"with bytes for a handle":     func(d *device) { d.handle = []byte{0xff, 0} },
			"of another key":              func(d *device) { d.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
			"that nobody keeps":           func(d *device) { d.credential = make([]byte, 32) },
			"whose count fell: a copy is": func(d *device) { d.counter = 3 },
		}
		for name, spoil := range tests {
			d := *good
			d.counter++
			spoil(&d)
			_, err := w.byPasskey(t, &d)
			wantCode(t, "a passkey "+name, err, "bad_passkey")
		}
		good.counter = 9
		_, err := w.byPasskey(t, good)
		wantCode(t, "the passkey", err, "")
		w.close(t, w.mia.ID)
		good.counter = 10
		_, err = w.byPasskey(t, good)
		wantCode(t, "of a closed account", err, "bad_passkey")
	})
}

func TestACeremonyEndsOnceWhereItBegan(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, _ := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		d := newDevice()
		by, _ = w.withPasskey(t, by, d)
		v := from("192.0.2.1")
		c, err := w.gate.BeginPasskeySignIn(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		answer := d.get(t, c.Options)
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, answer)
		wantCode(t, "in another browser", err, "bad_passkey")
		v.Browser = c.Browser
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, answer)
		wantCode(t, "where it began", err, "")
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, answer)
		wantCode(t, "again", err, "bad_passkey")

		c, err = w.gate.BeginPasskeySignIn(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, []byte(`{}`))
		wantCode(t, "with nothing", err, "bad_passkey")
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, d.get(t, c.Options))
		wantCode(t, "after it failed", err, "bad_passkey")

		c, err = w.gate.BeginPasskeySignIn(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Move(10 * time.Minute)
		_, err = w.gate.FinishPasskeySignIn(t.Context(), v, c.ID, d.get(t, c.Options))
		wantCode(t, "too late", err, "bad_passkey")

		// A ceremony of one member is none of another's, and none of the other kind.
		w.person(t, "Eve", "eve@exemple.example")
		eve, _ := w.signIn(t, from("198.51.100.9"), "eve@exemple.example")
		c, err = w.gate.BeginPasskey(t.Context(), by, as(by))
		if err != nil {
			t.Fatal(err)
		}
		stolen := as(eve)
		stolen.Browser = c.Browser
		other := newDevice()
		_, _, err = w.gate.FinishPasskey(t.Context(), eve, stolen, c.ID, other.create(t, c.Options), "")
		wantCode(t, "by another member", err, "bad_passkey")
		_, err = w.gate.FinishPasskeySignIn(t.Context(), stolen, c.ID, d.get(t, json.RawMessage(`{"publicKey":{"challenge":"x","userVerification":"required"}}`)))
		wantCode(t, "as another kind", err, "bad_passkey")
	})
}

func TestANewPasskeyIsCheckedAsWell(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		by, session := w.signIn(t, from("192.0.2.1"), w.mia.Email)
		for name, spoil := range map[string]func(d *device){
			"of another site":      func(d *device) { d.origin = "https://evil.example" },
			"without who holds it": func(d *device) { d.flags = present },
		} {
			d, v := newDevice(), as(by)
			spoil(d)
			c, err := w.gate.BeginPasskey(t.Context(), by, v)
			if err != nil {
				t.Fatal(err)
			}
			v.Browser = c.Browser
			_, _, err = w.gate.FinishPasskey(t.Context(), by, v, c.ID, d.create(t, c.Options), "")
			wantCode(t, "a passkey "+name, err, "bad_passkey")
		}
		w.who(t, session)
		if n := w.count(t, `SELECT count(*) FROM passkeys`); n != 0 {
			t.Errorf("%d passkeys", n)
		}
	})
}

func TestPasskeyCeremoniesAreLimitedBySource(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		for range 60 {
			_, err := w.gate.BeginPasskeySignIn(t.Context(), from("192.0.2.1"))
			wantCode(t, "begin", err, "")
		}
		_, err := w.gate.BeginPasskeySignIn(t.Context(), from("192.0.2.1"))
		wantCode(t, "one too many", err, "slow_down")
	})
}
