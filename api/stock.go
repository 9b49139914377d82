package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"canot/inventory/stock"
	"canot/web/edge"
)

// consumableBody is something of a hub that is used up, on the wire.
type consumableBody struct {
	ID       string            `json:"id"`
	Hub      string            `json:"hub" doc:"By id"`
	Code     string            `json:"code" doc:"On its label"`
	Name     map[string]string `json:"name"`
	Measure  string            `json:"measure" doc:"What one of it is" example:"m"`
	Shelf    string            `json:"shelf"`
	Stock    int64             `json:"stock" doc:"In its measure"`
	Low      int64             `json:"low" doc:"At so much or less staff are told; 0 for never"`
	Archived bool              `json:"archived"`
	Version  int64             `json:"version" doc:"Its ETag, without the quotes"`
}

func wireConsumable(c stock.Consumable) consumableBody {
	return consumableBody{ID: c.ID, Hub: c.HubID, Code: c.Code, Name: textOrEmpty(c.Name), Measure: c.Measure, Shelf: c.Shelf,
		Stock: c.Stock, Low: c.Low, Archived: c.Archived, Version: c.Version}
}

// moveBody is one change of a stock.
type moveBody struct {
	ID         string  `json:"id"`
	Consumable string  `json:"consumable" doc:"By id"`
	At         Instant `json:"at"`
	By         string  `json:"by" doc:"By id"`
	Kind       string  `json:"kind" enum:"delivery,use,count,loss"`
	Delta      int64   `json:"delta"`
	StockAfter int64   `json:"stock_after"`
	Booking    string  `json:"booking" doc:"With which it was used, by id, or empty"`
	Unit       string  `json:"unit" doc:"With which it was used, by id, or empty"`
	Note       string  `json:"note"`
}

func wireMove(m stock.Move) moveBody {
	return moveBody{ID: m.ID, Consumable: m.ConsumableID, At: instant(m.At), By: m.ByID, Kind: m.Kind, Delta: m.Delta, StockAfter: m.StockAfter,
		Booking: m.BookingID, Unit: m.UnitID, Note: m.Note}
}

func (a *API) stockRoutes() {
	const tag = "Consumables"
	register(a, operation{id: "listConsumables", call: "GET /hubs/{id}/consumables", tag: tag, summary: "List what is used up at a hub", scope: staff}, a.consumableList)
	register(a, operation{id: "addConsumable", call: "POST /hubs/{id}/consumables", tag: tag, summary: "Add a consumable", scope: admin, status: 201}, a.consumableAdd)
	register(a, operation{id: "getConsumable", call: "GET /consumables/{id}", tag: tag, summary: "Read a consumable", scope: staff}, a.consumableRead)
	register(a, operation{id: "updateConsumable", call: "PATCH /consumables/{id}", tag: tag, summary: "Change a consumable", scope: admin, fails: []int{412}}, a.consumableUpdate)
	register(a, operation{id: "listStockMoves", call: "GET /consumables/{id}/moves", tag: tag, summary: "List what changed a stock, the latest first", scope: staff}, a.moveList)
	register(a, operation{id: "moveStock", call: "POST /consumables/{id}/moves", tag: tag, summary: "Note a delivery, a use, a count or a loss", scope: staff, status: 201,
		doc: "More than there is cannot be used or lost."}, a.moveAdd)
}

type consumableListInput struct {
	Keyed
	Paging
}

var consumables = whole[stock.Consumable]{"consumables", func(c stock.Consumable) string { return c.Code }}

func (a *API) consumableList(ctx context.Context, in *consumableListInput) (*answer[page[consumableBody]], error) {
	list, err := a.Stock.Consumables(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(consumables, list, in.Paging, wireConsumable)
}

// consumableEdits is what may be written of a consumable.
type consumableEdits struct {
	Code     Edit[string]            `json:"code,omitempty"`
	Name     Edit[map[string]string] `json:"name,omitempty"`
	Measure  Edit[string]            `json:"measure,omitempty" doc:"What one of it is" example:"m"`
	Shelf    Edit[string]            `json:"shelf,omitempty"`
	Low      Edit[int64]             `json:"low,omitempty" doc:"At so much or less staff are told; 0 for never"`
	Archived Edit[bool]              `json:"archived,omitempty"`
}

func (e *consumableEdits) edits(version int64) stock.Edits {
	return stock.Edits{IfVersion: version, Code: e.Code.ptr(), Measure: e.Measure.ptr(), Shelf: e.Shelf.ptr(), Name: textPtr(e.Name.ptr()),
		Low: e.Low.ptr(), Archived: e.Archived.ptr()}
}

type consumableAddInput struct {
	Keyed
	Once
	Body consumableEdits
}

func (a *API) consumableAdd(ctx context.Context, in *consumableAddInput) (*made[consumableBody], error) {
	c, err := a.Stock.Add(ctx, actor(ctx), in.ID, in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[consumableBody]{Location: prefix + "/consumables/" + c.ID, ETag: edge.Tag(c.Version), Body: wireConsumable(c)}, nil
}

type consumableInput struct {
	ID string `path:"id" doc:"Its id, or its code"`
}

func (a *API) consumableRead(ctx context.Context, in *consumableInput) (*tagged[consumableBody], error) {
	return taggedConsumable(a.Stock.Consumable(ctx, actor(ctx), in.ID))
}

func taggedConsumable(c stock.Consumable, err error) (*tagged[consumableBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[consumableBody]{Status: 200, ETag: edge.Tag(c.Version), Body: wireConsumable(c)}, nil
}

type consumableUpdateInput struct {
	ID string `path:"id" doc:"Its id, or its code"`
	Once
	Matching
	Body consumableEdits
}

func (a *API) consumableUpdate(ctx context.Context, in *consumableUpdateInput) (*tagged[consumableBody], error) {
	version, err := in.version(func() (int64, error) {
		c, err := a.Stock.Consumable(ctx, actor(ctx), in.ID)
		return c.Version, err
	})
	if err != nil {
		return nil, err
	}
	return taggedConsumable(a.Stock.Edit(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx)))
}

type moveListInput struct {
	ID string `path:"id" doc:"The consumable, by id or code"`
	Paging
}

func (a *API) moveList(ctx context.Context, in *moveListInput) (*answer[page[moveBody]], error) {
	behind, err := countIn("moves", in.Cursor)
	if err != nil {
		return nil, err
	}
	_, list, err := a.Stock.Moves(ctx, actor(ctx), in.ID, in.Limit+1, behind)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(list) > in.Limit {
		list, next = list[:in.Limit], base64.RawURLEncoding.EncodeToString([]byte("moves:"+strconv.Itoa(behind+in.Limit)))
	}
	return &answer[page[moveBody]]{listed(list, next, wireMove)}, nil
}

// countIn reads a cursor that says how many came before.
func countIn(name, cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	text, ours := strings.CutPrefix(string(raw), name+":")
	n, bad := strconv.Atoi(text)
	if err != nil || bad != nil || !ours || n < 0 || n > 1_000_000_000 {
		return 0, field("cursor", "bad_cursor")
	}
	return n, nil
}

type moveAddInput struct {
	ID string `path:"id" doc:"The consumable, by id or code"`
	Once
	Body struct {
		Kind     string `json:"kind" enum:"delivery,use,count,loss"`
		Quantity int64  `json:"quantity" minimum:"0" maximum:"1000000000" doc:"How much came, was used or is gone; of a count, how much there is"`
		Note     string `json:"note,omitempty" maxLength:"500"`
	}
}

func (a *API) moveAdd(ctx context.Context, in *moveAddInput) (*made[moveBody], error) {
	m, err := a.Stock.Move(ctx, actor(ctx), in.ID, stock.Moving{Kind: in.Body.Kind, Quantity: in.Body.Quantity, Note: in.Body.Note}, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[moveBody]{Location: prefix + "/consumables/" + m.ConsumableID + "/moves", Body: wireMove(m)}, nil
}
