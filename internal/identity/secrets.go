package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"

	"canot/internal/database"
)

// secrets are those that this process has read.
type secrets struct {
	mu  sync.Mutex
	has map[string][]byte
}

// Secret returns 32 bytes that every server of this data base has in common and nobody else knows:
// to seal with it what comes back from a browser. name says what for. It is made when it is first
// asked for, stays the same, and is read from the data base once in a process.
func (d *Directory) Secret(ctx context.Context, name string) ([]byte, error) {
	d.secrets.mu.Lock()
	defer d.secrets.mu.Unlock()
	if have := d.secrets.has[name]; have != nil {
		return have, nil
	}
	secret, err := secretOf(d.db.Reader(ctx), name)
	if errors.Is(err, database.ErrNoRows) {
		secret, err = d.makeSecret(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	if d.secrets.has == nil {
		d.secrets.has = map[string][]byte{}
	}
	d.secrets.has[name] = secret
	return secret, nil
}

// makeSecret draws a secret, unless another server was faster: then it is that server's.
func (d *Directory) makeSecret(ctx context.Context, name string) (secret []byte, err error) {
	random := make([]byte, 32)
	rand.Read(random) // never fails: since Go 1.24 it ends the program instead
	err = d.db.In(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO secrets (name, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`,
			name, base64.RawURLEncoding.EncodeToString(random), tx.Now)
		if err == nil {
			secret, err = secretOf(tx, name)
		}
		return err
	})
	return secret, err
}

func secretOf(r database.Reader, name string) ([]byte, error) {
	var text string
	if err := r.Get(&text, `SELECT secret FROM secrets WHERE name = $1`, name); err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.DecodeString(text)
}
