package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"canot/booking"
	"canot/internal/fault"
)

// partsImpactView shows whom an edit of what a unit is made of, or a count of it, would move, before
// either is saved.
type partsImpactView struct {
	frame
	Code, Back, Key string
	Preview         impactView
}

// backField is the button that leads from the preview to the form again.
const backField = "revoir"

// saveParts saves what a form says of the components of a unit, unless it would move somebody whom no
// page has shown: then nothing is saved, and the page that it shows does. It goes on to the page of the
// unit, which says what was done and who was moved; again shows the form with what is wrong with it.
func (p *page) saveParts(u booking.UnitView, done string, save func(foreseen []string) error, again func(error) error) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	foreseen, looked := p.foreseen(), booking.Impact{}
	shown := foreseen != nil
	if !shown {
		foreseen = []string{}
	} else if looked, err = p.Book.OutingImpact(p.c.Request.Context(), p.v.Actor, u.ID, c.Now, nil); err != nil {
		return again(err)
	}
	err = save(foreseen)
	if hasViolation(err, impactChanged) {
		return p.showPartsImpact(d, c, u, shown)
	}
	if err != nil {
		return again(err)
	}
	address := p.inventory(d) + "/exemplaires/" + u.ID + "?fait=" + done
	for _, b := range looked.Rehomed {
		address += "&autre=" + url.QueryEscape(b.Reference)
	}
	for _, b := range looked.WithoutUnit {
		address += "&reloger=" + url.QueryEscape(b.Reference)
	}
	return p.to(address)
}

// showPartsImpact shows whom what the form asks would move; changed tells that it was shown before, and
// is another now.
func (p *page) showPartsImpact(d desk, c booking.Counter, u booking.UnitView, changed bool) error {
	impact, err := p.Book.OutingImpact(p.c.Request.Context(), p.v.Actor, u.ID, c.Now, nil)
	if err != nil {
		return err
	}
	path := p.inventory(d) + "/exemplaires/" + u.ID
	f := partsImpactView{frame: p.frame(p.l.Say("page.inventory.parts_impact", fault.Params{"code": u.Code})), Code: u.Code, Back: path}
	f.Desk = &d
	f.Preview = impactView{Seen: seenOf(impact), What: u.Code, Thing: u.Name.In(p.l.Tag()), When: p.l.Say("page.inventory.parts_out", nil),
		Moved: p.impactLines(impact.Rehomed, c.Zone), Homeless: p.impactLines(impact.WithoutUnit, c.Zone), Action: path + p.c.Request.URL.Path[strings.LastIndexByte(p.c.Request.URL.Path, '/'):]}
	form := p.c.Request.PostForm
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name != seenField && name != "cle" {
			f.Preview.Fields = append(f.Preview.Fields, hiddenField{name, form.Get(name)})
		}
	}
	f.Key = newKey()
	status := http.StatusOK
	if changed {
		f.Error, status = p.lookAgain(), http.StatusConflict
	}
	return p.show(status, "inventory_parts_impact", f)
}

// movedNews says who lost the unit by what was just done, as the address of the page has it: bookings by
// what people call them.
func (p *page) movedNews() []string {
	var said []string
	for _, name := range []string{"autre", "reloger"} {
		var list []string
		for _, reference := range p.c.QueryArray(name) {
			if len(list) < 50 && booking.IsReference(reference) {
				list = append(list, reference)
			}
		}
		if len(list) > 0 {
			said = append(said, p.l.Say("page.inventory.moved_"+name, fault.Params{"count": len(list), "references": strings.Join(list, ", ")}))
		}
	}
	return said
}
