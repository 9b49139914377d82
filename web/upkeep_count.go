package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
)

// countAnchor is where one counts the components on the page of a unit, behind its address.
const countAnchor = "#compter"

// A partOf is a component with how many of it there should be, and how many are missing.
type partOf struct {
	ID, Name, Count, Missing, Note string
	Lacks                          string // for its field, as it was typed
}

// kit are the components of a unit, to be counted.
func (p *page) kit(all []inventory.Component) []partOf {
	var kit []partOf
	for _, x := range all {
		part := partOf{ID: x.ID, Name: x.Name.In(p.l.Tag()), Count: strconv.Itoa(x.Quantity), Lacks: cmp.Or(p.field("manque-"+x.ID), strconv.Itoa(x.Missing))}
		if x.Missing > 0 {
			part.Missing = p.l.Say("page.inventory.part_missing", fault.Params{"count": x.Missing})
		}
		if x.Required {
			part.Note = p.l.Say("page.inventory.part_required", nil)
		}
		kit = append(kit, part)
	}
	return kit
}

// lacking names what is missing of a unit, "" for nothing.
func (p *page) lacking(all []inventory.Component) string {
	var some []string
	for _, x := range all {
		if x.Missing > 0 {
			some = append(some, p.l.Say("page.upkeep.lacks", fault.Params{"name": x.Name.In(p.l.Tag()), "count": x.Missing}))
		}
	}
	return strings.Join(some, ", ")
}

// partsCounted reads how many of each component are missing, and the same as texts; nil when nothing was asked.
func (p *page) partsCounted() (map[string]int, []string, error) {
	var texts []string
	var all map[string]int
	for _, name := range slices.Sorted(maps.Keys(p.c.Request.PostForm)) {
		part, is := strings.CutPrefix(name, "manque-")
		if text := strings.TrimSpace(p.field(name)); is && text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return nil, nil, fault.Field("missing", "bad_number")
			}
			if all == nil {
				all = map[string]int{}
			}
			all[part], texts = n, append(texts, name, text)
		}
	}
	return all, texts, nil
}

// countParts notes how many of the components of the unit in the address are missing.
func countParts(p *page) error {
	_, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	p.c.PostForm("cle") // reads the form
	missing, typed, err := p.partsCounted()
	if err != nil || p.field(backField) != "" {
		return p.showUnit(http.StatusOK, err)
	}
	return p.saveParts(u, "compte", func(foreseen []string) error {
		if missing == nil {
			return nil
		}
		_, err := p.Book.CountComponents(p.c.Request.Context(), p.v.Actor, u.ID, missing, foreseen, p.onceKey("cle", append(typed, u.ID)...))
		return err
	}, func(wrong error) error { return p.showUnit(0, wrong) })
}

// countNews says what a count came to: what is missing, or that the unit is whole.
func (p *page) countNews(u booking.UnitView) string {
	switch {
	case len(booking.Incomplete(u.Components)) > 0:
		return p.l.Say("page.inventory.counted_incomplete", fault.Params{"what": p.lacking(booking.Incomplete(u.Components))})
	case p.lacking(u.Components) != "":
		return p.l.Say("page.inventory.counted_short", fault.Params{"what": p.lacking(u.Components)})
	case u.Signs != booking.UnitInService:
		return p.l.Say("page.inventory.counted_away", nil)
	}
	return p.l.Say("page.inventory.counted", nil)
}
