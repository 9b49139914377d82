package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"canot/internal/fault"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// A section is a part of a dossier, for reading.
type section struct {
	Heading string
	Node    node
}

// A node is a value with what is in it: a text, named values, or a list.
type node struct {
	Text   string
	Path   string // of what the text leads to, "" for nowhere
	Fields []namedNode
	Items  []node
}

// A namedNode is a value with its name in words.
type namedNode struct {
	Name string
	Node node
}

// Empty reports whether there is nothing to read.
func (n node) Empty() bool { return n.Text == "" && len(n.Fields) == 0 && len(n.Items) == 0 }

// Texts reports whether a list holds texts alone.
func (n node) Texts() bool {
	return !slices.ContainsFunc(n.Items, func(i node) bool { return len(i.Fields)+len(i.Items) > 0 || i.Path != "" })
}

// Line is a list of texts in one line.
func (n node) Line() string {
	texts := make([]string, len(n.Items))
	for i, item := range n.Items {
		texts[i] = item.Text
	}
	return strings.Join(texts, ", ")
}

// Short reports whether a value fits beside its name.
func (n node) Short() bool { return len(n.Fields) == 0 && n.Texts() }

// Long reports whether a list is better folded.
func (n node) Long() bool { return len(n.Items) > 3 }

// Count is how many a list has, for its sentence.
func (n node) Count() fault.Params { return fault.Params{"count": len(n.Items)} }

// technical are values that programs need and that tell a person nothing; the file has them.
var technical = []string{
	"id", "version", "sequence", "time_zone", "hub_slug", "resource_slug", "tier_slug", "certification_slug", "units",
	"without_unit", "made_by", "given_by", "revoked_by", "by", "member", "viewer", "booking", "kept_answers", "before", "after", "competes", "subject",
}

// coded are values that are words of programs: one that has no words here is not shown as it is.
var coded = []string{"action", "clientele", "kind", "language", "method", "period", "purpose", "rights", "role", "rule", "scopes", "sector", "status", "visibility", "what"}

// A reading turns a dossier into something to read.
type reading struct {
	l     locale.Language
	names map[string]inventory.Text // of hubs, regions and resources, by id

	zone  *time.Location // in which times are said
	atHub bool           // it is that of the hub of what is being read
}

// section reads a part.
func (r *reading) section(part privacy.Section) (section, error) {
	raw, err := json.Marshal(part.About)
	if err != nil {
		return section{}, err
	}
	n, err := r.node(raw, part.Name)
	heading := r.l.Say("dossier.part_"+part.Name, nil)
	if heading == "" {
		heading = r.nameOf(part.Name)
	}
	return section{heading, n}, err
}

func (r *reading) nameOf(key string) string {
	if words := r.l.Say("dossier."+key, nil); words != "" {
		return words
	}
	return r.l.Say("page.data.unnamed", nil)
}

// snake is a name as the API writes it, from one that Go writes.
func snake(key string) string {
	var b strings.Builder
	for i, c := range key {
		if unicode.IsUpper(c) && i > 0 && !unicode.IsUpper(rune(key[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// node reads a value; name is what it is called.
func (r *reading) node(raw json.RawMessage, name string) (node, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(d)
		}
		var n node
		for d.More() {
			var each json.RawMessage
			if err := d.Decode(&each); err != nil {
				return node{}, err
			}
			item, err := r.node(each, name)
			if err != nil {
				return node{}, err
			}
			n.Items = append(n.Items, item)
		}
		return n, nil
	case string:
		if strings.HasPrefix(t, "/photos/") && (name == "signature" || name == "pictures") {
			return node{Text: r.l.Say("dossier.see", nil), Path: t}, nil
		}
		return node{Text: r.text(name, t)}, nil
	case json.Number:
		return node{Text: r.number(name, t)}, nil
	case bool:
		word := map[bool]string{true: "yes", false: "no"}[t]
		return node{Text: cmp.Or(r.l.Say("dossier."+name+"_"+word, nil), r.l.Say("dossier."+word, nil))}, nil
	}
	return node{}, nil
}

// A named value of an object, not read yet.
type rawField struct {
	key string
	raw json.RawMessage
}

// fieldsOf splits an object, keeping the order of its names.
func fieldsOf(d *json.Decoder) ([]rawField, error) {
	var all []rawField
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, errors.New("a name that is no text")
		}
		f := rawField{key: snake(key)}
		if err := d.Decode(&f.raw); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// object reads named values. What has a time zone says its times in it. A text in several
// languages is read as a text.
func (r *reading) object(d *json.Decoder) (node, error) {
	all, err := fieldsOf(d)
	if err != nil {
		return node{}, err
	}
	zone, atHub := r.zone, r.atHub
	defer func() { r.zone, r.atHub = zone, atHub }()
	renews := false
	for _, f := range all {
		var name string
		if f.key == "time_zone" && json.Unmarshal(f.raw, &name) == nil {
			if own, err := hours.LoadZone(name); err == nil {
				r.zone, r.atHub = own, true
			}
		}
		renews = renews || f.key == "renews" && string(f.raw) == "true"
	}
	var n node
	inLanguages := inventory.Text{}
	for _, f := range all {
		value, err := r.node(f.raw, f.key)
		if err != nil {
			return node{}, err
		}
		if l, known := locale.Named(f.key); known && l.Tag() == f.key {
			inLanguages[f.key] = value.Text
		}
		if renews && f.key == "ends_on" {
			value = node{Text: r.l.Say("dossier.renewing", nil)} // its last day is only that of this term
		}
		hidden := slices.Contains(technical, f.key) || strings.HasSuffix(f.key, "_id") && f.key != "hub_id" || renews && f.key == "renews"
		if !value.Empty() && !hidden {
			n.Fields = append(n.Fields, namedNode{r.nameOf(f.key), value})
		}
	}
	if len(all) > 0 && len(all) == len(inLanguages) {
		return node{Text: inLanguages.In(r.l.Tag())}, nil
	}
	return n, nil
}

func (r *reading) number(name string, n json.Number) string {
	whole, err := n.Int64()
	switch {
	case err != nil:
		return n.String()
	case strings.HasSuffix(name, "_cents"):
		return r.l.Money(whole, "CAD")
	case name == "minutes" || name == "left" || strings.HasSuffix(name, "_min"):
		if whole < 0 {
			return "−" + r.l.Duration(time.Duration(-whole)*time.Minute)
		}
		return r.l.Duration(time.Duration(whole) * time.Minute)
	}
	return cmp.Or(r.l.Say("dossier."+name+"_count", fault.Params{"count": whole}), r.l.Number(whole))
}

// text says a text: a time or a day as people say them, a hub or a resource by its name, and
// what programs have a word for in words.
func (r *reading) text(name, s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		said := r.l.DateTime(t.In(r.zone))
		if r.atHub {
			return r.l.Say("page.data.hub_time", fault.Params{"time": said})
		}
		return said
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if name == "birth_date" {
			return r.l.Day(t)
		}
		return r.l.Date(t)
	}
	switch name {
	case "hub", "hub_id", "home_hub", "region", "resource":
		if name := r.names[s]; name != nil {
			return name.In(r.l.Tag())
		}
		return s
	case "rights", "scopes": // several, with spaces between
		words := strings.Fields(s)
		for i, word := range words {
			words[i] = r.word(name, word)
		}
		return strings.Join(words, ", ")
	}
	return r.word(name, s)
}

// word says what programs have a word for, and leaves what a person wrote.
func (r *reading) word(name, s string) string {
	if s == "" {
		return ""
	}
	// A key that ended in .other would be the plural of what the value is called.
	for _, key := range []string{"dossier." + name + "." + s, name + "." + s, "dossier." + name + "_" + s} {
		if words := r.l.Say(key, nil); words != "" {
			return words
		}
	}
	if slices.Contains(coded, name) {
		return r.l.Say("page.data.unworded", nil)
	}
	return s
}

// withName are the values that name a hub, a region or a resource by its id.
var withName = regexp.MustCompile(`"(?:hub|hub_id|home_hub|region|resource)":"([^"]+)"`)

// idsIn are the ids in a dossier of what has a name to be read by.
func idsIn(parts []privacy.Section) ([]string, error) {
	raw, err := json.Marshal(parts)
	var ids []string
	for _, m := range withName.FindAllSubmatch(raw, -1) {
		ids = append(ids, string(m[1]))
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}
