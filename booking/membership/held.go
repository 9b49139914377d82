package membership

import (
	"context"
	"time"

	"canot/inventory"
	"canot/inventory/hours"
)

// Held is a certification that something asks for, and whether somebody has it.
type Held struct {
	Slug    string
	Name    inventory.Text
	Has     bool   // on the day that was asked about
	UntilOn string // the last day on which it counts, or counted; "" for no end, or never held
	FromOn  string // the first day, of one that does not count yet
}

// Held says which of some certifications (slugs) a member has at a hub, at an instant of its
// clock; "" is a visitor, who has none. It asks for no right: its caller asks for who is signed
// in. It is one statement.
func (r *Roster) Held(ctx context.Context, memberID, hubID string, zone *time.Location, at time.Time, slugs []string) ([]Held, error) {
	if len(slugs) == 0 {
		return nil, nil
	}
	a := Ask{MemberID: memberID, HubID: hubID, Zone: zone, Now: at, Span: hours.Span{Start: at, End: at.Add(time.Second)}}
	s := &Standing{}
	if err := s.readFulfilled(r.db.Reader(ctx), a, slugs); err != nil {
		return nil, err
	}
	j := judging{Standing: s, ask: a, day: hours.DateOf(at, zone)}
	all := make([]Held, 0, len(slugs))
	for _, slug := range slugs {
		h := Held{Slug: slug, Name: s.certificationNames[slug]}
		id, why := j.holds(slug)
		h.Has = id != ""
		h.UntilOn, _ = why.Params["until_on"].(string)
		h.FromOn, _ = why.Params["from_on"].(string)
		for _, c := range s.certificates[slug] {
			if c.id == id {
				h.UntilOn, _ = c.lastDay(at, zone)
			}
		}
		all = append(all, h)
	}
	return all, nil
}
