package inventory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"canot/internal/fault"
)

// Bounds of a file.
const (
	maxFile  = 20 << 20 // bytes
	maxLines = 50_000
	maxCell  = 10_000 // bytes
)

// The kinds of files.
const (
	hubFile      = "hubs"
	resourceFile = "resources"
	unitFile     = "units"

	componentFile = "components"
)

// A fileKind says which columns a file may have. Those in texts exist once for each
// language: access_fr, access_en.
type fileKind struct {
	columns []string // that hold one thing each
	texts   []string // that are texts in several languages
	plain   []string // those of columns that no spreadsheet could take for a formula
	keys    []string // that must be there: by them a line finds its row
}

var fileKinds = map[string]fileKind{
	hubFile: {
		columns: []string{"slug", "name", "region", "town", "province", "latitude", "longitude", "time_zone", "languages",
			"tax_jurisdiction", "hours", "operator", "phone", "email", "wheelchair", "address", "currency", "suspend_after", "suspend_days"},
		texts: []string{"name", "access", "accessibility"},
		plain: []string{"latitude", "longitude", "suspend_after", "suspend_days"},
		keys:  []string{"slug"},
	},
	resourceFile: {
		columns: []string{"hub", "kind", "category", "units", "capacity", "tags", "grain_min", "min_min", "max_min", "within",
			"buffer_before_min", "buffer_after_min", "certification", "approval", "price_cents_per_hour", "notes", "slug",
			"notice_min", "horizon_days", "cancel_cutoff_min", "competing", "floor", "archived", "any_certification", "tiers",
			"approval_tiers", "approval_above_min", "answer_within_min", "minimum_age", "consent_under", "attendance", "conditions",
			"no_show_after_min", "signature"},
		texts: []string{"name", "description", "bring", "accessibility"},
		plain: []string{"units", "capacity", "grain_min", "min_min", "max_min", "buffer_before_min", "buffer_after_min",
			"price_cents_per_hour", "notice_min", "horizon_days", "cancel_cutoff_min", "approval_above_min", "answer_within_min",
			"minimum_age", "consent_under", "attendance", "no_show_after_min"},
		keys: []string{"hub", "name_fr"},
	},
	unitFile: {
		columns: []string{"resource", "code", "serial", "condition", "status", "shelf", "value_cents", "supplier", "purchased_on", "warranty_until", "notes"},
		plain:   []string{"value_cents"},
		keys:    []string{"code"},
	},
	componentFile: {
		columns: []string{"unit", "quantity", "missing", "required"},
		texts:   []string{"name"},
		plain:   []string{"quantity", "missing"},
		keys:    []string{"unit", "name_fr"},
	},
}

// knows reports whether a file of the kind may have the column.
func (k fileKind) knows(column string) bool {
	if slices.Contains(k.columns, column) {
		return true
	}
	text, lang, ok := strings.Cut(column, "_")
	return ok && slices.Contains(k.texts, text) && languageTag.MatchString(lang)
}

// A file is a CSV file that could be read as a whole. Single lines may still be wrong.
type file struct {
	kind  string
	may   fileKind // what it may hold
	lines []line
}

// A line is one record by column. Its check holds what was wrong with it so far.
type line struct {
	number int
	key    string
	cells  map[string]string
	check  *check
}

// fileFault refuses a whole file.
func fileFault(code string, params fault.Params) error {
	if params == nil {
		params = fault.Params{}
	}
	if params["field"] == nil {
		params["field"] = "file"
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{Code: code, Params: params}}}
}

// readFile reads a CSV file in UTF-8, with or without a byte order mark, or in Windows-1252, with commas or
// semicolons. What is wrong with the file as a whole (too long, another encoding, broken
// quotes, an unknown or missing column) is Malformed, and names the line or the column.
// An empty kind is told by the header.
func readFile(r io.Reader, kind string) (file, error) {
	return file{kind: kind, may: fileKinds[kind]}.read(r)
}

func (f file) read(r io.Reader) (file, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return file{}, err
	}
	if len(text) > maxFile {
		return file{}, fault.New(fault.TooLarge, "too_large", fault.Params{"max_bytes": maxFile})
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if at := firstInvalid(text); at >= 0 {
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		if text = fromWindows(text); text == nil {
			return file{}, fileFault("bad_encoding", fault.Params{"line": line})
		}
	}
	records := csv.NewReader(bytes.NewReader(text))
	records.Comma = separator(text)
	records.FieldsPerRecord = -1
	header, err := records.Read()
	if errors.Is(err, io.EOF) {
		return file{}, fileFault("empty_file", nil)
	}
	if err != nil {
		return file{}, csvFault(err)
	}
	if err := f.readHeader(header); err != nil {
		return file{}, err
	}
	return f, f.readLines(records, header)
}

// byteOrderMark is how a spreadsheet knows that a file is in UTF-8.
const byteOrderMark = "\uFEFF"

// fromWindows reads a text in Windows-1252, as which spreadsheets save a CSV file unless they are asked
// for another encoding; nil for what cannot be one. A text of which a part is UTF-8 is none: its
// accents would come out garbled, and nobody would be told.
func fromWindows(text []byte) []byte {
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if size > 1 || r == 0 {
			return nil
		}
		rest = rest[size:]
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil
	}
	return out
}

func firstInvalid(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return -1
}

// separator is what the first line has more of outside its quotes.
func separator(text []byte) rune {
	commas, semicolons, quoted := 0, 0, false
	for _, b := range text {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == ',':
			commas++
		case b == ';':
			semicolons++
		case b == '\n':
			return map[bool]rune{true: ';', false: ','}[semicolons > commas]
		}
	}
	return map[bool]rune{true: ';', false: ','}[semicolons > commas]
}

func csvFault(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fileFault("bad_csv", fault.Params{"line": p.Line})
	}
	return err
}

// readHeader makes the header plain, finds the kind, and refuses columns by name.
func (f *file) readHeader(header []string) error {
	for i, h := range header {
		header[i] = strings.ToLower(strings.TrimSpace(h))
	}
	if f.kind == "" {
		f.kind = kindOf(header)
		f.may = fileKinds[f.kind]
	}
	if f.may.keys == nil {
		return fault.Field("kind", "bad_value")
	}
	var c check
	for i, h := range header {
		switch {
		case slices.Index(header, h) < i:
			c.unreadable(h, "duplicate_column")
		case !f.may.knows(h):
			c.unreadable(h, "unknown_column")
		}
	}
	for _, k := range f.may.keys {
		if !slices.Contains(header, k) {
			c.unreadable(k, "missing_column")
		}
	}
	for i := range c.violations {
		// A column's name comes from the file; what is shown of it is bounded.
		name, _ := c.violations[i].Params["field"].(string)
		c.violations[i].Params["field"] = name[:min(len(name), maxTag)]
	}
	return c.err()
}

// kindOf tells the kind by the columns that only one kind has.
func kindOf(header []string) string {
	switch {
	case slices.Contains(header, "unit"):
		return componentFile
	case slices.Contains(header, "code"):
		return unitFile
	case slices.Contains(header, "hub"):
		return resourceFile
	default:
		return hubFile
	}
}

func (f *file) readLines(records *csv.Reader, header []string) error {
	first := map[string]int{}
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvFault(err)
		}
		if len(f.lines) == maxLines {
			return fileFault("too_many_lines", fault.Params{"max": maxLines})
		}
		number, _ := records.FieldPos(0)
		l := f.readLine(number, header, record)
		if before, twice := first[l.key]; twice && l.key != "" {
			l.check.refuse(f.may.keys[0], "duplicate_key", fault.Params{"first_line": before})
		} else {
			first[l.key] = number
		}
		f.lines = append(f.lines, l)
	}
}

func (f *file) readLine(number int, header, record []string) line {
	l := line{number: number, cells: map[string]string{}, check: &check{}}
	if len(record) != len(header) {
		l.check.unreadable("line", "bad_columns")
		l.check.violations[0].Params["expected"], l.check.violations[0].Params["found"] = len(header), len(record)
	}
	for i, column := range header {
		if i >= len(record) {
			break
		}
		cell := record[i]
		if len(cell) > maxCell {
			l.check.refuse(column, "text_too_long", fault.Params{"max": maxCell})
			cell = ""
		}
		if !slices.Contains(f.may.plain, column) {
			cell = plainCell(cell)
		}
		l.cells[column] = strings.TrimSpace(cell)
	}
	l.key = l.findKey(f.kind)
	return l
}

// findKey is what two lines of one file may not share, and what a report calls a line by.
func (l line) findKey(kind string) string {
	switch kind {
	case hubFile:
		return l.cells["slug"]
	case resourceFile:
		return l.cells["hub"] + "/" + Fold(l.name())
	case componentFile:
		return l.cells["unit"] + "/" + Fold(l.name())
	case unitFile:
		return FoldCode(l.cells["code"])
	default:
		return l.cells["code"]
	}
}

// name is the name that a line gives to its thing, as Text.In would choose it.
func (l line) name() string {
	if t := l.texts("name", nil); t != nil {
		return t.In("fr")
	}
	return ""
}

// A cell that begins so is taken for a formula by spreadsheets.
const formulaSigns = "=+-@\t\r"

// safeCell puts an apostrophe before a text that a spreadsheet would run, and before one
// that already begins like that, so that plainCell gives back the text as it was.
func safeCell(s string) string {
	if rest := strings.TrimLeft(s, "'"); rest != "" && strings.ContainsRune(formulaSigns, rune(rest[0])) {
		return "'" + s
	}
	return s
}

// plainCell takes away what safeCell put there.
func plainCell(s string) string {
	if rest := strings.TrimLeft(s, "'"); rest != s && rest != "" && strings.ContainsRune(formulaSigns, rune(rest[0])) {
		return s[1:]
	}
	return s
}

// The readers of a cell return nil for a column that the file has not; those of words,
// numbers and switches also for an empty cell, which leaves things as they are.

func (l line) text(column string) *string {
	if s, ok := l.cells[column]; ok {
		return &s
	}
	return nil
}

func (l line) word(column string) *string {
	if s := l.cells[column]; s != "" {
		return &s
	}
	return nil
}

func (l line) list(column string) *[]string {
	s, ok := l.cells[column]
	if !ok {
		return nil
	}
	list := cleanList(strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' }))
	return &list
}

func (l line) integer(column string) *int {
	s := l.cells[column]
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		l.check.unreadable(column, "bad_number")
		return nil
	}
	i := int(n)
	return &i
}

func (l line) decimal(column string) *float64 {
	s := l.cells[column]
	if s == "" {
		return nil
	}
	// A spreadsheet in French writes 48,2366.
	n, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil {
		l.check.unreadable(column, "bad_number")
		return nil
	}
	return &n
}

func (l line) yesOrNo(column string) *bool {
	var b bool
	switch strings.ToLower(l.cells[column]) {
	case "":
		return nil
	case "yes", "true", "1", "oui", "vrai":
		b = true
	case "no", "false", "0", "non", "faux":
	default:
		l.check.unreadable(column, "bad_value")
		return nil
	}
	return &b
}

// texts returns was with what the columns of text say in each language, or nil when the
// file has none of them.
func (l line) texts(text string, was Text) *Text {
	var out *Text
	for _, column := range sortedColumns(l.cells) {
		name, lang, ok := strings.Cut(column, "_")
		if column == text {
			lang, ok, name = "fr", true, text
		}
		if !ok || name != text || !languageTag.MatchString(lang) {
			continue
		}
		was = was.With(lang, cleanText(l.cells[column]))
		out = &was
	}
	return out
}
