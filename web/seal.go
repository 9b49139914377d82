package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// seal wraps a text that only the browser with this secret has read again: an address that
// somebody typed has no place in an address of a page, where proxies write it down.
func seal(browser, text string) string {
	a := sealer(browser)
	nonce := make([]byte, a.NonceSize())
	rand.Read(nonce) // never fails: since Go 1.24 it ends the program instead
	return base64.RawURLEncoding.EncodeToString(a.Seal(nonce, nonce, []byte(text), nil))
}

// unseal is what seal wrapped, "" when that was for another browser, or is nothing at all.
func unseal(browser, sealed string) string {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	a := sealer(browser)
	if err != nil || browser == "" || len(raw) < a.NonceSize() {
		return ""
	}
	text, err := a.Open(nil, raw[:a.NonceSize()], raw[a.NonceSize():], nil)
	if err != nil {
		return ""
	}
	return string(text)
}

// newSecret is 256 random bits, as a cookie carries them.
func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, as above
	return base64.RawURLEncoding.EncodeToString(b)
}

func sealer(browser string) cipher.AEAD {
	key := sha256.Sum256([]byte("canot pages " + browser))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for a block of another length
	}
	return a
}
