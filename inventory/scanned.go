package inventory

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Scanned is what a text that a scanner or a hand gave may name.
type Scanned struct {
	// Whole is the code as it stands, the likeliest first: as it is, in capitals, in small letters. A thing
	// of such a code is what was scanned, whatever a piece of the code may name besides. It is empty for
	// what can be no code.
	Whole []string
	// Run is the last run of letters A to Z, figures and dashes, as it is: a keyboard of another layout
	// than the scanner's changes what stands before it, and leaves these. It is "" for the address of a
	// label: what is printed there is one whole code, and a piece of it may be that of another unit.
	Run string
}

const longestScan = 300 // bytes of what a scanner or a person gives; a code is shorter

var (
	scanRun = regexp.MustCompile(`[A-Za-z0-9-]+`)
	// doubled is what a keyboard makes of the two slashes of an address.
	doubled = regexp.MustCompile(`(?i)^https?.`)
	// mangledByte is a percent-encoded byte of which the sign came out as another character, which
	// stands for nothing else in an address.
	mangledByte = regexp.MustCompile(`[^A-Za-z0-9._~$&+=:@"-]([0-9A-Fa-f]{2})`)
)

// ReadScanned reads a text that was scanned or typed.
func ReadScanned(text string) Scanned {
	text = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "")))
	if text == "" || len(text) > longestScan {
		return Scanned{}
	}
	if code, ok := labelCode(text); ok {
		return Scanned{Whole: inEachCase(code)}
	}
	s := Scanned{Whole: inEachCase(text)}
	if runs := scanRun.FindAllString(text, -1); len(runs) > 0 {
		s.Run = runs[len(runs)-1]
	}
	return s
}

func inEachCase(code string) []string {
	if code == "" || Unwritable(code, false) {
		return nil
	}
	all := []string{code}
	for _, other := range []string{strings.ToUpper(code), strings.ToLower(code)} {
		if !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all
}

// labelCode is the code in the address of a label: what follows the last /u/, without what somebody may
// have put behind it as a query or a fragment, decoded: in the code itself the marks of these are encoded.
// The scanner may type for another keyboard than the one that is set: its slashes come out as one other
// character then, é on a Canadian French one, where the two marks are É and /, and its percent signs may.
func labelCode(text string) (code string, ok bool) {
	for _, slash := range slashes(text) {
		lower := strings.ToLower(text)
		if len(lower) != len(text) {
			lower = text
		}
		mark := slash + "u" + slash
		at := strings.LastIndex(lower, mark)
		if at < 0 {
			continue
		}
		code, _, _ = strings.Cut(text[at+len(mark):], slash)
		ends := "?#"
		if slash == "é" {
			ends += "É/"
		}
		if i := strings.IndexAny(code, ends); i >= 0 {
			code = code[:i]
		}
		if slash != "/" {
			code = strings.ReplaceAll(code, `"`, "@") // as the same keyboard has it
		}
		if !strings.Contains(code, "%") {
			code = mangledByte.ReplaceAllString(code, "%$1")
		}
		if plain, err := url.PathUnescape(code); err == nil && utf8.ValidString(plain) {
			code = plain
		}
		return strings.TrimSpace(code), true
	}
	return "", false
}

// slashes are what may stand for a slash in a text, in small letters.
func slashes(text string) []string {
	all := []string{"/", "é"}
	if rest := []rune(strings.ToLower(doubled.ReplaceAllString(text, ""))); len(rest) > 1 && len(rest) < len([]rune(text)) && rest[0] == rest[1] {
		if s := string(rest[0]); !slices.Contains(all, s) && !scanRun.MatchString(s) {
			all = append(all, s)
		}
	}
	return all
}
