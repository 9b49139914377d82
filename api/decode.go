package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// deepest is how many levels of lists and objects a body may have.
const deepest = 20

// A flaw is what makes a body unreadable: a violation's code, and its figures
// as name=value. It travels through huma, which carries errors as text.
type flaw struct {
	code    string
	figures []string
}

// Error writes the flaw as violationOf reads it.
func (f *flaw) Error() string { return strings.Join(append([]string{f.code}, f.figures...), "|") }

func flawed(code string, figures ...string) error { return &flaw{code, figures} }

// decode reads a JSON body into v, strictly. huma calls it twice: first with a
// pointer to an empty interface, to judge the body by its schema, then with the
// operation's own type.
func decode(data []byte, v any) error {
	if _, first := v.(*any); first {
		if err := inspect(data); err != nil {
			return err
		}
	}
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && strings.HasPrefix(wrong.Value, "number"):
		return flawed("bad_number", "field="+cleanField(wrong.Field))
	case errors.As(err, &wrong):
		return flawed("wrong_type", "field="+cleanField(wrong.Field), "expected=object")
	}
	var own *flaw
	if errors.As(err, &own) {
		return own
	}
	return flawed("bad_json", "offset=0")
}

// inspect finds what encoding/json lets pass: fields given twice or as null, texts that
// are not UTF-8 or hold a NUL, which no data base keeps, and deep nesting.
func inspect(data []byte) error {
	if !utf8.Valid(data) {
		return flawed("bad_utf8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	s := scanner{d: d}
	if err := s.value(0); err != nil {
		return s.explain(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return flawed("bad_json", "offset="+strconv.FormatInt(d.InputOffset(), 10))
	}
	return nil
}

// A scanner walks one JSON value and knows where it is.
type scanner struct {
	d    *json.Decoder
	path []string
}

func (s *scanner) field(name string) string {
	return cleanField(strings.Join(append(s.path, name), "."))
}

func (s *scanner) value(depth int) error {
	token, err := s.d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case nil:
		// Leaving a field out is how it is left alone: null would be a second way to say
		// that, or a way to say something else. A whole body is for the schema to judge.
		if depth > 0 {
			return flawed("null_value", "field="+s.field(""))
		}
	case string:
		if strings.ContainsRune(t, 0) {
			return flawed("bad_text", "field="+s.field(""))
		}
	case json.Delim:
		if depth == deepest {
			return flawed("too_deep", "most="+strconv.Itoa(deepest))
		}
		if t == '{' {
			return s.object(depth + 1)
		}
		return s.list(depth + 1)
	}
	return nil
}

func (s *scanner) object(depth int) error {
	seen := map[string]bool{}
	for s.d.More() {
		token, err := s.d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return flawed("duplicate_key", "field="+s.field(name))
		}
		if strings.ContainsRune(name, 0) {
			return flawed("bad_text", "field="+s.field(""))
		}
		seen[name] = true
		s.path = append(s.path, name)
		if err := s.value(depth); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	_, err := s.d.Token() // the closing brace
	return err
}

func (s *scanner) list(depth int) error {
	for i := 0; s.d.More(); i++ {
		s.path = append(s.path, strconv.Itoa(i))
		if err := s.value(depth); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	_, err := s.d.Token()
	return err
}

// explain turns the decoder's own errors into flaws.
func (s *scanner) explain(err error) error {
	var own *flaw
	if errors.As(err, &own) {
		return own
	}
	offset := s.d.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	return flawed("bad_json", "offset="+strconv.FormatInt(offset, 10))
}

// cleanField makes a field's name safe to send back: it came from outside, and
// it travels as text between bars.
func cleanField(name string) string {
	name = strings.Trim(name, ".")
	return clip(strings.Map(func(r rune) rune {
		if r == '|' || r < ' ' || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name))
}

// clip keeps what is said back to a caller short.
func clip(s string) string {
	const most = 100
	if utf8.RuneCountInString(s) <= most {
		return strings.ToValidUTF8(s, "_")
	}
	return string([]rune(s)[:most]) + "…"
}

// readable reports whether a parameter is text that can be looked for at all.
func readable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
