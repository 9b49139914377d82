package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"canot/internal/database"
	"canot/internal/fault"
)

// Once is the header of a write that may be sent again and has its effect once.
type Once struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters. Sent again with the same key and body, the request has its effect once and gets the same answer, for at least 30 days"`
}

type keyKey struct{}

// keyOf returns the Idempotency-Key of a request, scoped to who asks; the zero Key when there is none.
func keyOf(ctx context.Context) database.Key {
	k, _ := ctx.Value(keyKey{}).(database.Key)
	return k
}

// takeKey reads the Idempotency-Key of a write, before huma reads the body. The
// key stands for one request: its hash covers the address and the body as sent.
func takeKey(c *gin.Context) error {
	keys := c.Request.Header.Values("Idempotency-Key")
	if len(keys) == 0 || c.Request.Method == http.MethodGet {
		return nil
	}
	if len(keys) > 1 || len(keys[0]) == 0 || len(keys[0]) > 255 || !printable(keys[0]) {
		return field("Idempotency-Key", "bad_key")
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return cutShort(err)
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	for _, part := range []string{c.Request.Method, c.Request.URL.Path, c.Request.URL.RawQuery} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(body)
	k := database.Key{Caller: actor(c.Request.Context()).ID, Key: keys[0], Hash: hex.EncodeToString(h.Sum(nil))}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), keyKey{}, k))
	return nil
}

// cutShort says why a body could not be read to its end.
func cutShort(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return malformed(fault.Violation{Code: "body_cut_short"})
}

func printable(s string) bool {
	for _, b := range []byte(s) {
		if b < 0x20 || b > 0x7e {
			return false
		}
	}
	return true
}
