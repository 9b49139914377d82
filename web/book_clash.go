package web

import (
	"slices"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
)

// A clash is what of a basket cannot be had together with the rest, whatever the length.
type clash struct {
	Lines []clashLine
	One   bool // there is one alone, and the tier of who asks allows less than it needs
}

// A clashLine is one resource of a clash, and the ways out of it.
type clashLine struct{ Text, Name, Remove, Alone string }

// clashOf names the resources whose shortest length is above the longest of others, and these.
// Where no policy says so, it is the tier of who asks, or the step of the clock: then all are named.
func (p *page) clashOf(s booking.Slots, wants []booking.Want, c timeChosen) *clash {
	longest, shortest := time.Duration(0), time.Duration(0)
	for i, t := range s.Terms {
		x := t.Resource.Policy
		if most := minutesOf(x.Longest); i == 0 || most < longest {
			longest = most
		}
		shortest = max(shortest, minutesOf(x.Shortest))
	}
	out := &clash{One: len(s.Terms) == 1}
	for i, t := range s.Terms {
		x := t.Resource.Policy
		key := ""
		switch {
		case minutesOf(x.Longest) < shortest:
			key = "page.book.clash_most"
		case minutesOf(x.Shortest) > longest:
			key = "page.book.clash_least"
		case longest < shortest:
			continue // it goes with either
		default:
			key = "page.book.clash_between"
		}
		name := t.Resource.Name.In(p.l.Tag())
		line := clashLine{Name: name, Text: p.l.Say(key, fault.Params{"resource": name, "shortest_min": x.Shortest, "longest_min": x.Longest})}
		if len(wants) > 1 && i < len(wants) {
			line.Remove = whenWith(withoutOne(wants, wants[i].Resource), c.day, "")
			line.Alone = whenWith(wants[i:i+1], c.day, "")
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

func minutesOf(n int) time.Duration { return time.Duration(n) * time.Minute }

// lacks are the certifications that a basket asks for and that who is signed in does not have
// today, in one sentence; "" for none.
func (p *page) lacks(s booking.Slots) (string, error) {
	var asked []string
	for _, t := range s.Terms {
		asked = append(asked, t.Resource.Policy.Certifications...)
	}
	if !p.v.Actor.Known() || len(asked) == 0 {
		return "", nil
	}
	slices.Sort(asked)
	t := s.Terms[0]
	held, err := p.Roster.Held(p.c.Request.Context(), p.v.Actor.ID, t.Resource.HubID, t.Zone, p.DB.Now(), slices.Compact(asked))
	if err != nil {
		return "", err
	}
	has, name := map[string]bool{}, map[string]string{}
	for _, h := range held {
		has[h.Slug], name[h.Slug] = h.Has, h.Name.In(p.l.Tag())
	}
	var missing []string
	for _, t := range s.Terms {
		for _, text := range missingOf(t.Resource.Policy.Requirements, has, name, p.l.Say("page.held.or", nil)) {
			if !slices.Contains(missing, text) {
				missing = append(missing, text)
			}
		}
	}
	if len(missing) == 0 {
		return "", nil
	}
	return p.l.Say("page.book.lacks", fault.Params{"names": strings.Join(missing, ", ")}), nil
}

// missingOf are what is missing of what some requirements ask: each certification, or one of them
// where one is enough.
func missingOf(q inventory.Requirements, has map[string]bool, name map[string]string, or string) []string {
	var missing []string
	for _, slug := range q.Certifications {
		if has[slug] && q.AnyCertification {
			return nil
		}
		if !has[slug] {
			missing = append(missing, name[slug])
		}
	}
	if q.AnyCertification && len(missing) > 1 {
		return []string{strings.Join(missing, " "+or+" ")}
	}
	return missing
}
