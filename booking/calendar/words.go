package calendar

import (
	"encoding/json"
	"slices"

	"canot/inventory"
)

// words are what a feed says in one language.
type words struct {
	booked, closed      string
	colon               string // after a word that announces what follows
	network, workshops  string
	mine, bookings      string // names of private calendars
	reference           string
	spaces, machines    string
	equipment, guidance string
}

// French sets a no-break space before the colon.
var languages = map[string]words{
	"fr": {
		booked: "Réservé", closed: "Fermé", colon: "\u00a0: ",
		network: "Réseau Canot", workshops: "Ateliers du réseau",
		mine: "Mes réservations", bookings: "réservations", reference: "Référence",
		spaces: "espaces", machines: "machines", equipment: "équipement", guidance: "accompagnement",
	},
	"en": {
		booked: "Booked", closed: "Closed", colon: ": ",
		network: "Canot network", workshops: "Workshops of the network",
		mine: "My bookings", bookings: "bookings", reference: "Reference",
		spaces: "spaces", machines: "machines", equipment: "equipment", guidance: "guidance",
	},
}

// kind is the word for what a narrowed feed is about.
func (w words) kind(kind string) string {
	switch inventory.Kind(kind) {
	case inventory.Space:
		return w.spaces
	case inventory.Machine:
		return w.machines
	case inventory.Equipment:
		return w.equipment
	case inventory.Guide:
		return w.guidance
	}
	return ""
}

// pick reads a stored text of several languages and returns it in lang, else in
// French, else in English, else in the first language it has. A text that cannot
// be read is empty: a feed with a nameless entry is better than none.
func pick(stored, lang string) string {
	var t inventory.Text
	if json.Unmarshal([]byte(stored), &t) != nil {
		return ""
	}
	for _, l := range []string{lang, "fr", "en"} {
		if t[l] != "" {
			return t[l]
		}
	}
	var tags []string
	for l, text := range t {
		if text != "" {
			tags = append(tags, l)
		}
	}
	if len(tags) == 0 {
		return ""
	}
	return t[slices.Min(tags)]
}
