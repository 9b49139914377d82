package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	return !slices.ContainsFunc(n.Items, func(i node) bool { return len(i.Fields)+len(i.Items) > 0 })
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
	"without_unit", "made_by", "given_by", "revoked_by", "by", "member", "kept_answers", "before", "after", "competes", "subject",
}

// A reading turns a dossier into something to read.
type reading struct {
	ctx     context.Context
	l       locale.Language
	catalog *inventory.Catalog
	names   map[string]string // of hubs and resources, by id
}

// section reads a part. Names that have no words stay as the programs call them, rather than
// be left out.
func (r *reading) section(part privacy.Section) (section, error) {
	raw, err := json.Marshal(part.About)
	if err != nil {
		return section{}, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	n, err := r.node(d, part.Name)
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
	return strings.ReplaceAll(key, "_", " ")
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

// node reads the next value, keeping the order of names; name is that of the value.
func (r *reading) node(d *json.Decoder, name string) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	var n node
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			for d.More() {
				item, err := r.node(d, name)
				if err != nil {
					return node{}, err
				}
				n.Items = append(n.Items, item)
			}
		} else if n, err = r.object(d); err != nil {
			return node{}, err
		}
		_, err = d.Token()
		return n, err
	case string:
		n.Text = r.text(name, t)
	case json.Number:
		n.Text = r.number(name, t)
	case bool:
		n.Text = r.l.Say("dossier.yes", nil)
		if !t {
			n.Text = r.l.Say("dossier.no", nil)
		}
	}
	return n, nil
}

// object reads named values. A text in several languages is read as a text.
func (r *reading) object(d *json.Decoder) (node, error) {
	var n node
	inLanguages := inventory.Text{}
	all := 0
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return node{}, err
		}
		key, ok := token.(string)
		if !ok {
			return node{}, errors.New("a name that is no text")
		}
		key = snake(key)
		value, err := r.node(d, key)
		if err != nil {
			return node{}, err
		}
		all++
		if l, known := locale.Named(key); known && l.Tag() == key {
			inLanguages[key] = value.Text
		}
		hidden := slices.Contains(technical, key) || strings.HasSuffix(key, "_id") && key != "hub_id"
		if !value.Empty() && !hidden {
			n.Fields = append(n.Fields, namedNode{r.nameOf(key), value})
		}
	}
	if all > 0 && all == len(inLanguages) {
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
	return r.l.Number(whole)
}

// text says a text: a time or a day as people say them, a hub or a resource by its name, and
// what programs have a word for in words.
func (r *reading) text(name, s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		zone, err := hours.LoadZone("America/Toronto")
		if err != nil {
			zone = time.UTC
		}
		return r.l.DateTime(t.In(zone))
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return r.l.Date(t)
	}
	if s == "" {
		return ""
	}
	for _, key := range []string{"dossier." + name + "." + s, name + "." + s} {
		if words := r.l.Say(key, nil); words != "" {
			return words
		}
	}
	switch name {
	case "hub", "hub_id", "home_hub":
		return r.named(s, func() (inventory.Text, error) {
			h, err := r.catalog.Hub(r.ctx, s)
			return h.Name, err
		})
	case "resource":
		return r.named(s, func() (inventory.Text, error) {
			x, err := r.catalog.Resource(r.ctx, s)
			return x.Name, err
		})
	}
	return s
}

// named is the name of what has an id; what cannot be found keeps its id.
func (r *reading) named(id string, find func() (inventory.Text, error)) string {
	if name, known := r.names[id]; known {
		return name
	}
	name := id
	if found, err := find(); err == nil {
		name = found.In(r.l.Tag())
	}
	r.names[id] = name
	return name
}
