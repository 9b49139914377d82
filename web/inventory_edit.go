package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/web/edge"
)

// unitFormView is the form of a unit, new or not.
type unitFormView struct {
	frame
	Action, Back, Code string // Code is of the unit that is there, "" for a new one
	Resource           string
	Name               string // of the resource of one that is there
	Version, Key       string
	Typed              map[string]string // by field
}

// unitFields are the fields of the form.
var unitFields = []string{"ressource", "code", "serie", "etat", "tablette", "valeur", "fournisseur", "achat", "garantie", "notes"}

// unitForm shows the form of a unit: of the one in the address, or of a new one.
func unitForm(p *page) error {
	d, c, err := p.manages()
	if err != nil {
		return err
	}
	f := p.unitFormOf(d)
	if p.c.Param("unit") == "" {
		f.Typed["ressource"] = clipped(p.c.Query("ressource"), 100)
		return p.show(http.StatusOK, "inventory_form", f)
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	f.of(p, d, u)
	f.Typed = map[string]string{"code": u.Code, "serie": u.Serial, "etat": u.Condition, "tablette": u.Shelf, "valeur": dollars(u.ValueCents),
		"fournisseur": u.Supplier, "achat": u.PurchasedOn, "garantie": u.WarrantyUntil, "notes": u.Notes}
	return p.show(http.StatusOK, "inventory_form", f)
}

func (p *page) unitFormOf(d desk) unitFormView {
	f := unitFormView{frame: p.frame(p.l.Say("page.inventory.new", nil)), Action: p.inventory(d) + "/exemplaires/nouveau", Back: p.inventory(d), Typed: map[string]string{}, Key: newKey()}
	f.Desk = &d
	return f
}

// of makes the form that of a unit that is there.
func (f *unitFormView) of(p *page, d desk, u booking.UnitView) {
	path := p.inventory(d) + "/exemplaires/" + u.ID
	f.Title = p.l.Say("page.inventory.edit_title", fault.Params{"code": u.Code})
	f.Action, f.Back, f.Code, f.Name, f.Version = path+"/modifier", path, u.Code, u.Name.In(p.l.Tag()), strconv.FormatInt(u.Version, 10)
}

// typed keeps what a form says, and shows it again with what is wrong.
func (f *unitFormView) typed(p *page, err error) int {
	for _, name := range unitFields {
		f.Typed[name] = p.field(name)
	}
	if key := p.field("cle"); goodKey(key) && fault.KindOf(err) == fault.Unavailable {
		f.Key = key
	}
	t, status := p.explain(err)
	f.Error = &t
	return status
}

// unitEdits are what the form says of a unit.
func (p *page) unitEdits() (inventory.UnitEdits, error) {
	text := func(name string) *string { s := p.field(name); return &s }
	e := inventory.UnitEdits{Serial: text("serie"), Condition: text("etat"), Shelf: text("tablette"), Supplier: text("fournisseur"),
		PurchasedOn: text("achat"), WarrantyUntil: text("garantie"), Notes: text("notes")}
	if code := strings.TrimSpace(p.field("code")); code != "" {
		e.Code = &code
	}
	cents, ok := centsOf(p.field("valeur"))
	if !ok {
		return e, fault.Field("value_cents", "bad_number")
	}
	e.ValueCents = &cents
	return e, nil
}

// centsOf reads an amount as people write it: 1 234,50 $, 1234.5, nothing.
func centsOf(text string) (int64, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "$", "", "'", "").Replace(text)
	if text == "" {
		return 0, true
	}
	whole, rest, _ := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	for len(rest) < 2 {
		rest += "0"
	}
	if len(rest) > 2 || len(whole) > 8 || strings.ContainsAny(whole+rest, "+-") {
		return 0, false
	}
	cents, err := strconv.ParseInt(cmp.Or(whole, "0")+rest, 10, 64)
	return cents, err == nil && cents >= 0
}

// dollars writes an amount for a field, "" for none.
func dollars(cents int64) string {
	if cents == 0 {
		return ""
	}
	if cents%100 == 0 {
		return strconv.FormatInt(cents/100, 10)
	}
	return strconv.FormatInt(cents/100, 10) + "," + strconv.FormatInt(100+cents%100, 10)[1:]
}

// addUnit adds a unit to a resource of the hub.
func addUnit(p *page) error {
	d, _, err := p.manages()
	if err != nil {
		return err
	}
	e, wrong := p.unitEdits()
	resource := strings.TrimSpace(p.field("ressource"))
	if wrong == nil {
		wrong = p.ofThisHub(d, resource)
	}
	var u inventory.Unit
	if wrong == nil {
		u, wrong = p.Catalog.AddUnit(p.c.Request.Context(), p.v.Actor, resource, e, p.onceKey("cle", p.typedUnit()...))
	}
	if wrong != nil {
		f := p.unitFormOf(d)
		return p.show(f.typed(p, wrong), "inventory_form", f)
	}
	return p.to(p.inventory(d) + "/exemplaires/" + u.ID + "?fait=ajoute")
}

// ofThisHub refuses a resource that is not of the hub in the address.
func (p *page) ofThisHub(d desk, key string) error {
	wrong := fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: "unknown_resource", Params: fault.Params{"field": "resource"}}}}
	if key == "" || len(key) > 100 {
		return &wrong
	}
	r, err := p.Catalog.Resource(p.c.Request.Context(), key)
	if fault.KindOf(err) == fault.NotFound || err == nil && r.HubID != d.Hub.ID {
		return &wrong
	}
	return err
}

func (p *page) typedUnit() []string {
	all := []string{p.c.Param("unit"), p.field("version")}
	for _, name := range unitFields {
		all = append(all, p.field(name))
	}
	return all
}

// editUnit edits the unit of the address.
func editUnit(p *page) error {
	d, c, err := p.manages()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	e, wrong := p.unitEdits()
	if e.Code == nil && wrong == nil {
		empty := ""
		e.Code = &empty
	}
	e.IfVersion, _ = strconv.ParseInt(p.field("version"), 10, 64)
	if wrong == nil {
		_, wrong = p.Catalog.UpdateUnit(p.c.Request.Context(), p.v.Actor, u.ID, e, p.onceKey("cle", p.typedUnit()...))
	}
	if wrong != nil {
		f := p.unitFormOf(d)
		f.of(p, d, u)
		return p.show(f.typed(p, wrong), "inventory_form", f)
	}
	return p.to(p.inventory(d) + "/exemplaires/" + u.ID + "?fait=modifie")
}

// partsView is the form of the components of a unit.
type partsView struct {
	frame
	Action, Back, Code, Version, Key string
	Parts                            []partField
}

// A partField is one component in the form; an empty one is for another.
type partField struct {
	N, ID, Name, Other, Quantity string
	Required                     bool
}

// spareParts are the empty rows of the form.
const spareParts = 3

// partsForm shows the components of the unit in the address.
func partsForm(p *page) error { return p.showParts(http.StatusOK, nil) }

func (p *page) showParts(status int, wrong error) error {
	d, c, err := p.manages()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	f := partsView{frame: p.frame(p.l.Say("page.inventory.parts_title", fault.Params{"code": u.Code})), Action: p.inventory(d) + "/exemplaires/" + u.ID + "/composantes",
		Back: p.inventory(d) + "/exemplaires/" + u.ID, Code: u.Code, Version: strconv.FormatInt(u.Version, 10), Key: newKey()}
	f.Desk = &d
	if wrong != nil {
		var t told
		t, status = p.partsWrong(wrong)
		f.Error = &t
	}
	if p.c.Request.Method == http.MethodPost {
		f.Parts = p.typedParts()
		f.Version = p.field("version")
	} else {
		for _, x := range u.Components {
			other := x.Name["en"]
			f.Parts = append(f.Parts, partField{ID: x.ID, Name: x.Name.In("fr"), Other: other, Quantity: strconv.Itoa(x.Quantity), Required: x.Required})
		}
		for range spareParts {
			f.Parts = append(f.Parts, partField{Quantity: "1"})
		}
	}
	for i := range f.Parts {
		f.Parts[i].N = strconv.Itoa(i)
	}
	return p.show(status, "inventory_parts", f)
}

// mostParts bounds the rows of the form.
const mostParts = 110

// typedParts are the rows of the form as they were typed.
func (p *page) typedParts() []partField {
	var all []partField
	for i := range mostParts {
		n := strconv.Itoa(i)
		if _, there := p.c.GetPostForm("nom-" + n); !there {
			break
		}
		all = append(all, partField{ID: p.field("id-" + n), Name: strings.TrimSpace(p.field("nom-" + n)), Other: strings.TrimSpace(p.field("en-" + n)),
			Quantity: p.field("quantite-" + n), Required: p.field("requise-"+n) != ""})
	}
	return all
}

// partsWrong says what is wrong with the rows of the form, each beside its field, by the name of its part.
func (p *page) partsWrong(err error) (told, int) {
	t, status := p.mend(err)
	var named []partField
	for i, row := range p.typedParts() {
		if row.N = strconv.Itoa(i); row.Name != "" {
			named = append(named, row)
		}
	}
	f := fault.Of(err)
	for i := range t.List {
		v := f.Violations[i]
		path, _ := v.Params["field"].(string)
		rest, of := strings.CutPrefix(path, "components.")
		n, field, _ := strings.Cut(rest, ".")
		at, err := strconv.Atoi(n)
		if !of || err != nil || at >= len(named) {
			continue
		}
		params := maps.Clone(v.Params)
		params["part"] = named[at].Name
		input := map[string]string{"quantity": "quantite-", "name": "nom-"}[field]
		if key := "page.inventory.part_wrong_" + v.Code; field == "quantity" && p.l.Has(key) {
			t.List[i] = wrongField{input + named[at].N, p.l.Say(key, params)}
			continue
		}
		params["field"] = p.l.Say("form."+field, nil)
		params["what"] = edge.Violations(p.l, []fault.Violation{{Code: v.Code, Params: params}})[0].Message
		t.List[i] = wrongField{Text: p.l.Say("page.inventory.part_wrong", params)}
		if input != "" {
			t.List[i].Field = input + named[at].N
		}
	}
	return t, status
}

// editParts replaces the components: a row whose name is empty goes.
func editParts(p *page) error {
	_, c, err := p.manages()
	if err != nil {
		return err
	}
	u, err := p.unitOf(c)
	if err != nil {
		return err
	}
	e := inventory.ComponentEdits{}
	e.IfVersion, _ = strconv.ParseInt(p.field("version"), 10, 64)
	sum := []string{u.ID, p.field("version")}
	for _, row := range p.typedParts() {
		if row.Name == "" {
			continue
		}
		name := inventory.Text{"fr": row.Name}
		if row.Other != "" {
			name["en"] = row.Other
		}
		quantity, err := strconv.Atoi(strings.TrimSpace(row.Quantity))
		if err != nil {
			return p.showParts(0, fault.Field(fmt.Sprintf("components.%d.quantity", len(e.Parts)), "bad_number"))
		}
		e.Parts = append(e.Parts, inventory.Component{ID: row.ID, Name: name, Quantity: quantity, Required: row.Required})
		sum = append(sum, row.ID, row.Name, row.Other, row.Quantity, strconv.FormatBool(row.Required))
	}
	if p.field(backField) != "" {
		return p.showParts(http.StatusOK, nil)
	}
	return p.saveParts(u, "composantes", func(foreseen []string) error {
		e.Foreseen = foreseen
		_, err := p.Catalog.SetComponents(p.c.Request.Context(), p.v.Actor, u.ID, e, p.onceKey("cle", sum...))
		return err
	}, func(wrong error) error { return p.showParts(0, wrong) })
}
