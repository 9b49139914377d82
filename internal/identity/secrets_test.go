package identity_test

import (
	"bytes"
	"testing"

	"canot/internal/identity"
)

func TestServersOfADataBaseHaveASecretInCommon(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		read := func(d *identity.Directory, name string) []byte {
			secret, err := d.Secret(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			return secret
		}
		one, again, elsewhere, other := read(w.dir, "contact"), read(w.dir, "contact"), read(identity.New(w.db), "contact"), read(w.dir, "other")
		if len(one) != 32 || !bytes.Equal(one, again) || !bytes.Equal(one, elsewhere) || bytes.Equal(one, other) {
			t.Errorf("%x %x %x %x", one, again, elsewhere, other)
		}
	})
}
