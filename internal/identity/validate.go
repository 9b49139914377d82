package identity

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"canot/internal/fault"
)

const (
	longestName  = 120
	longestLabel = 80
	longestEmail = 254
	longestPhone = 40
)

// A form gathers what is wrong with the fields of a request, so that a person is told all of it at
// once.
type form struct{ wrong []fault.Violation }

func (f *form) refuse(field, code string) {
	f.wrong = append(f.wrong, fault.Violation{Code: code, Params: fault.Params{"field": field}})
}

// text reads one line of a person's text: trimmed, composed, at most so long, nothing that a
// terminal or a page would obey.
func (f *form) text(field, value string, longest int) string {
	value = strings.TrimSpace(norm.NFC.String(value))
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unwritable):
		f.refuse(field, "bad_characters")
	case utf8.RuneCountInString(value) > longest:
		f.wrong = append(f.wrong, fault.Violation{Code: "text_too_long", Params: fault.Params{"field": field, "max": longest}})
	}
	return value
}

// unwritable is true of control characters, of those that turn or split the text around them, and
// of the byte order mark: what inventory.Unwritable says of the texts above this package.
func unwritable(r rune) bool {
	switch r {
	case utf8.RuneError, '\u2028', '\u2029', '\ufeff':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// storable reports whether an identifier from outside can be asked of a data base at all: PostgreSQL
// refuses zero bytes and what is not UTF-8, which would look like a failure of ours.
func storable(id string) bool { return utf8.ValidString(id) && !strings.ContainsRune(id, 0) }

func (f *form) required(field, value string) {
	if value == "" {
		f.refuse(field, "required")
	}
}

func (f *form) email(field, value string) string {
	value = strings.TrimSpace(norm.NFC.String(value))
	if value != "" && (!isEmail(value) || ambiguous(value)) {
		f.refuse(field, "bad_email")
	}
	return value
}

func isEmail(s string) bool {
	if len(s) > longestEmail || strings.ContainsFunc(s, unwritable) || strings.ContainsAny(s, " \"<>,;") {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s {
		return false
	}
	domain := s[strings.LastIndexByte(s, '@')+1:]
	return strings.Contains(strings.Trim(domain, "."), ".")
}

func (f *form) language(field, value string) string {
	switch value {
	case "":
		return "fr"
	case "fr", "en":
	default:
		f.refuse(field, "bad_language")
	}
	return value
}

// birthDate asks for a day on which somebody alive was born, or for nothing.
func (f *form) birthDate(field, value string, now time.Time) {
	if value == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, value)
	// Where the network is, it may be a day earlier than now, and never a day later.
	if err != nil || day.After(now) || day.Year() < now.Year()-130 {
		f.refuse(field, "bad_birth_date")
	}
}

func (f *form) clientele(field, value string) {
	if !slices.Contains(Clienteles, value) {
		f.refuse(field, "bad_clientele")
	}
}

// fault returns what is wrong, or nil.
func (f *form) fault() error {
	if len(f.wrong) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: f.wrong}
}

// ambiguous is true of an address that is easily taken for another: of characters that stand for
// others (ﬁ, ａ), of a letter whose small form is one of ASCII (İ), or at a domain that cannot be.
func ambiguous(email string) bool {
	if norm.NFKC.String(email) != email {
		return true
	}
	if strings.ContainsFunc(email, func(r rune) bool { return r > unicode.MaxASCII && unicode.ToLower(r) <= unicode.MaxASCII }) {
		return true
	}
	domain := email[strings.LastIndexByte(email, '@')+1:]
	_, err := idna.Lookup.ToASCII(domain)
	return err != nil && strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII })
}

// foldEmail is what two spellings of one address have in common: the case of letters, which tells no
// two mailboxes apart in practice, and the form of the domain (RFC 5891). It is no more than that:
// ß is not ss, for those are two mailboxes.
func foldEmail(email string) string {
	email = strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
	at := strings.LastIndexByte(email, '@') + 1
	if domain, err := idna.Lookup.ToASCII(email[at:]); err == nil {
		return email[:at] + domain
	}
	return email
}

// foldName is what two spellings of one name have in common.
func foldName(name string) string {
	return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(name)))
}
