package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"canot/inventory"
)

// lists reads one of the text files: "key: a b c" by line, with sep between.
func lists(name, sep string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(string(mustRead(name))) {
		key, rest, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Split(strings.TrimSpace(rest), sep) {
			out[key] = append(out[key], strings.TrimSpace(word))
		}
	}
	return out
}

// A person is an invented member, before the directory knows them.
type person struct {
	name     string
	email    string
	language string
	hub      string // slug of the home hub
}

// people invents n members: a given name and an initial, at home where the
// hubs of the list are, larger ones more often.
func people(n int, rng *rand.Rand) []person {
	given := lists("data/people.txt", " ")
	var homes []string
	for _, g := range growth {
		for range g.more {
			homes = append(homes, g.hub)
		}
	}
	list := make([]person, n)
	for i := range list {
		group, language := "fr", "fr"
		switch p := rng.Float64(); {
		case p < 0.05:
			group = "anicinabe"
		case p < 0.12:
			group = "cree"
		case p < 0.32:
			group, language = "en", "en"
		}
		if (group == "anicinabe" || group == "cree") && rng.IntN(2) == 0 {
			language = "en"
		}
		name := given[group][rng.IntN(len(given[group]))]
		initial := string("ABCDFGHJKLMNPRSTVW"[rng.IntN(18)])
		list[i] = person{
			name:     name + " " + initial + ".",
			email:    fmt.Sprintf("%s.%s.%d@membre.example", strings.ReplaceAll(inventory.Fold(name), " ", "-"), strings.ToLower(initial), i+1),
			language: language,
			hub:      homes[rng.IntN(len(homes))],
		}
	}
	return list
}

// titles gives what people write on their bookings.
type titles map[string][]string

// of picks a title that suits the resource; now and then there is none.
func (t titles) of(r inventory.Resource, category string, rng *rand.Rand) string {
	if rng.IntN(6) == 0 {
		return ""
	}
	list := t[category]
	if len(list) == 0 {
		list = t[string(r.Kind)]
	}
	if len(list) == 0 {
		return ""
	}
	return list[rng.IntN(len(list))]
}
