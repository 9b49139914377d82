package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/stock"
)

// mountStock puts the pages of a hub's consumables.
func (s *Site) mountStock(r gin.IRouter) {
	at := inventoryPath + "/:hub/consommables"
	s.on(r, "GET", at, stockPage)
	s.on(r, "GET", at+"/nouveau", consumableForm)
	s.on(r, "POST", at+"/nouveau", writeConsumable)
	s.on(r, "GET", at+"/:consumable", consumablePage)
	s.on(r, "GET", at+"/:consumable/modifier", consumableForm)
	s.on(r, "POST", at+"/:consumable/modifier", writeConsumable)
	s.on(r, "POST", at+"/:consumable/mouvements", moveStock)
	s.on(r, "GET", at+"/:consumable/mouvements", func(p *page) error {
		return p.to(inventoryPath + "/" + url.PathEscape(p.c.Param("hub")) + "/consommables/" + url.PathEscape(p.c.Param("consumable")))
	})
}

// stockView is the list of a hub's consumables.
type stockView struct {
	frame
	Path   string
	Lines  []stockLine
	Manage bool
	Around []navigation

	Table, Moves string // the addresses of the files, "" for who may not take them out
}

// A stockLine is one consumable in the list.
type stockLine struct {
	Path, Code, Name, Shelf string
	Stock                   string
	Short, Archived         bool
}

// stockPage lists the consumables of a hub.
func stockPage(p *page) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	all, err := p.Stock.Consumables(p.c.Request.Context(), p.v.Actor, d.Hub.ID)
	if err != nil {
		return err
	}
	f := stockView{frame: p.frame(p.l.Say("page.stock.title", nil)), Path: p.inventory(d) + "/consommables",
		Manage: p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID), Around: p.inventoryAround(d, "/consommables")}
	f.Wide, f.Desk, f.Table, f.Moves = true, &d, p.tablePath(d, "consumables"), p.tablePath(d, "moves")
	for _, c := range all {
		f.Lines = append(f.Lines, stockLine{f.Path + "/" + c.ID, c.Code, c.Name.In(p.l.Tag()), c.Shelf, p.amount(c.Stock, c.Measure), c.Short() && !c.Archived, c.Archived})
	}
	return p.show(http.StatusOK, "stock_list", f)
}

// amount is so much of something, in its own measure.
func (p *page) amount(n int64, measure string) string {
	text := p.l.Number(max(n, -n)) + "\u00a0" + measure
	if n < 0 {
		text = "−" + text
	}
	return text
}

// consumableView is one consumable, with what changed its stock.
type consumableView struct {
	frame
	Path, Back, News, Code, Name, Stock, Low, Shelf, Measure string
	Short, Archived, Manage                                  bool
	Moves                                                    []stockMoveLine
	Kinds                                                    []findChoice
	Quantity, Note, Key                                      string
	Newer, Older                                             string
}

// A stockMoveLine is one change of a stock.
type stockMoveLine struct{ When, Words, Delta, After, By, Note, Reference, Path string }

// movesPerPage bounds what one page tells of the past.
const movesPerPage = 40

// stockKinds are what may change a stock, as one chooses among them.
var stockKinds = []string{stock.Delivery, stock.Used, stock.Count, stock.Loss}

// consumablePage shows one consumable.
func consumablePage(p *page) error { return p.showConsumable(http.StatusOK, nil) }

func (p *page) showConsumable(status int, wrong error) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	number := pageNumber(p.c.Query("page"))
	c, moves, err := p.Stock.Moves(p.c.Request.Context(), p.v.Actor, p.c.Param("consumable"), movesPerPage+1, (number-1)*movesPerPage)
	if err == nil && c.HubID != d.Hub.ID {
		err = fault.New(fault.NotFound, "consumable_not_found", nil)
	}
	if err != nil {
		return err
	}
	f := consumableView{frame: p.frame(c.Name.In(p.l.Tag())), Back: p.inventory(d) + "/consommables", Code: c.Code, Name: c.Name.In(p.l.Tag()), Stock: p.amount(c.Stock, c.Measure),
		Shelf: c.Shelf, Measure: c.Measure, Short: c.Short(), Archived: c.Archived, Manage: p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID),
		Quantity: p.field("quantite"), Note: p.field("note"), Key: newKey()}
	f.Path = f.Back + "/" + c.ID
	f.Wide, f.Desk = true, &d
	if c.Low > 0 {
		f.Low = p.amount(c.Low, c.Measure)
	}
	if p.l.Has("page.stock.done." + p.c.Query("fait")) {
		f.News = p.l.Say("page.stock.done."+p.c.Query("fait"), nil)
	}
	if wrong != nil {
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	for _, kind := range stockKinds {
		f.Kinds = append(f.Kinds, findChoice{kind, p.l.Say("page.stock.kind."+kind, nil), kind == p.field("genre")})
	}
	if len(moves) > movesPerPage {
		moves, f.Older = moves[:movesPerPage], f.Path+"?page="+strconv.Itoa(number+1)
	}
	if number > 1 {
		f.Newer = f.Path + "?page=" + strconv.Itoa(number-1)
	}
	names := p.v.Actor.May(identity.ViewPersons, d.Hub.ID, d.Hub.RegionID)
	for _, m := range moves {
		l := stockMoveLine{When: p.stamp(m.At, d.Zone), Words: p.l.Say("page.stock.moved."+m.Kind, nil), Delta: p.delta(m.Delta), After: p.l.Number(m.StockAfter), Note: m.Note, Reference: m.Reference}
		if names {
			l.By = m.ByName
		}
		if m.Reference != "" {
			l.Path = "/reservations/" + m.BookingID
		}
		f.Moves = append(f.Moves, l)
	}
	return p.show(status, "stock_one", f)
}

// delta is a change with its sign.
func (p *page) delta(n int64) string {
	switch {
	case n > 0:
		return "+" + p.l.Number(n)
	case n < 0:
		return "−" + p.l.Number(-n)
	}
	return "0"
}

// moveStock writes a delivery, a use, a count or a loss.
func moveStock(p *page) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	quantity, err := strconv.ParseInt(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(p.field("quantite")), 10, 64)
	if err != nil {
		return p.showConsumable(0, fault.Field("quantity", "bad_number"))
	}
	id := p.c.Param("consumable")
	_, err = p.Stock.Move(p.c.Request.Context(), p.v.Actor, id, stock.Moving{Kind: p.field("genre"), Quantity: quantity, Note: p.field("note")},
		p.onceKey("cle", id, p.field("genre"), p.field("quantite"), p.field("note")))
	if err != nil {
		return p.showConsumable(0, err)
	}
	return p.to(p.inventory(d) + "/consommables/" + url.PathEscape(id) + "?fait=note")
}

// consumableFormView is the form of a consumable, new or not.
type consumableFormView struct {
	frame
	Action, Back, Code, Version, Key string
	Typed                            map[string]string
	Archived                         bool
}

// consumableForm shows the form of the consumable in the address, or of a new one.
func consumableForm(p *page) error { return p.showConsumableForm(http.StatusOK, nil) }

func (p *page) showConsumableForm(status int, wrong error) error {
	d, _, err := p.manages()
	if err != nil {
		return err
	}
	back := p.inventory(d) + "/consommables"
	f := consumableFormView{frame: p.frame(p.l.Say("page.stock.new", nil)), Action: back + "/nouveau", Back: back, Key: newKey(), Typed: map[string]string{}}
	f.Desk = &d
	if id := p.c.Param("consumable"); id != "" {
		c, err := p.Stock.Consumable(p.c.Request.Context(), p.v.Actor, id)
		if err != nil {
			return err
		}
		f.Title = p.l.Say("page.stock.edit_title", fault.Params{"code": c.Code})
		f.Action, f.Back, f.Code, f.Version = back+"/"+c.ID+"/modifier", back+"/"+c.ID, c.Code, strconv.FormatInt(c.Version, 10)
		f.Typed = map[string]string{"code": c.Code, "nom": c.Name["fr"], "en": c.Name["en"], "mesure": c.Measure, "tablette": c.Shelf, "seuil": strconv.FormatInt(c.Low, 10)}
		f.Archived = c.Archived
	}
	if wrong != nil {
		for _, name := range []string{"code", "nom", "en", "mesure", "tablette", "seuil"} {
			f.Typed[name] = p.field(name)
		}
		f.Archived = p.field("archive") != ""
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	return p.show(status, "stock_form", f)
}

// writeConsumable makes a consumable, or edits the one of the address.
func writeConsumable(p *page) error {
	d, _, err := p.manages()
	if err != nil {
		return err
	}
	text := func(name string) *string { s := p.field(name); return &s }
	low, err := int64(0), error(nil)
	if s := strings.TrimSpace(p.field("seuil")); s != "" {
		if low, err = strconv.ParseInt(s, 10, 64); err != nil {
			return p.showConsumableForm(0, fault.Field("low", "bad_number"))
		}
	}
	archived := p.field("archive") != ""
	e := stock.Edits{Code: text("code"), Measure: text("mesure"), Shelf: text("tablette"), Low: &low, Archived: &archived,
		Name: &inventory.Text{"fr": p.field("nom"), "en": p.field("en")}}
	e.IfVersion, _ = strconv.ParseInt(p.field("version"), 10, 64)
	ctx, id := p.c.Request.Context(), p.c.Param("consumable")
	key := p.onceKey("cle", id, p.field("version"), *e.Code, *e.Measure, *e.Shelf, p.field("nom"), p.field("en"), p.field("seuil"), p.field("archive"))
	var c stock.Consumable
	if id == "" {
		c, err = p.Stock.Add(ctx, p.v.Actor, d.Hub.ID, e, key)
	} else {
		c, err = p.Stock.Edit(ctx, p.v.Actor, id, e, key)
	}
	if err != nil {
		return p.showConsumableForm(0, err)
	}
	return p.to(p.inventory(d) + "/consommables/" + c.ID + "?fait=ecrit")
}
