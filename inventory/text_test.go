package inventory_test

import (
	"encoding/json"
	"maps"
	"testing"

	"canot/inventory"
)

// FuzzATextIsReadAsJSONSays compares what is read with what a decoder of all of JSON reads.
func FuzzATextIsReadAsJSONSays(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"fr":"Studio"}`, `{"en":"A studio","fr":"Un studio « grand », à 12,50 $"}`, `{"fr":"dit \"ici\""}`, `{"fr":"\u003cb\u003e"}`,
		`{"fr":"a","fr":"b"}`, `{ "fr": "a" }`, `{"fr":"a",}`, `{"fr":"a"`, `{"fr":"a"}}`, `{"fr"}`, `{"fr":}`, `{"fr":1}`, `{fr:"a"}`, `{"fr":"a""en":"b"}`,
		`{"":""}`, `{,}`, `{`, ``, `null`, `[]`, `"fr"`, "{\"fr\":\"a\nb\"}", "{\"fr\":\"\x00\"}", "{\"fr\":\"\xff\"}", "{\"f\x1f\":\"a\"}", `{"fr":"a"} `,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := inventory.Text{}
		refused := json.Unmarshal([]byte(s), &want) != nil
		for _, src := range []any{s, []byte(s)} {
			got := inventory.Text{"fr": "what was there before"}
			if err := got.Scan(src); (err != nil) != refused {
				t.Fatalf("%q as %T: %v, refused by JSON: %t", s, src, err, refused)
			}
			if !refused && !maps.Equal(got, want) {
				t.Errorf("%q as %T is %q, not %q", s, src, got, want)
			}
		}
	})
}
