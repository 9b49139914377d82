package api

import (
	"context"

	"canot/inventory/stock"
	"canot/web/edge"
)

// stocktakeBody is one walk along a shelf of a hub, on the wire.
type stocktakeBody struct {
	ID        string   `json:"id"`
	Hub       string   `json:"hub" doc:"By id"`
	Shelf     string   `json:"shelf" doc:"Empty for the whole hub"`
	StartedAt Instant  `json:"started_at"`
	StartedBy string   `json:"started_by" doc:"By id"`
	ClosedAt  *Instant `json:"closed_at" nullable:"true"`
	Scanned   int      `json:"scanned" doc:"How many codes"`
	Version   int64    `json:"version" doc:"Its ETag, without the quotes"`
}

func wireStocktake(t stock.Stocktake) stocktakeBody {
	return stocktakeBody{ID: t.ID, Hub: t.HubID, Shelf: t.Shelf, StartedAt: instant(t.StartedAt), StartedBy: t.StartedBy,
		ClosedAt: instantOrNil(t.ClosedAt), Scanned: t.Scanned, Version: t.Version}
}

// stockItem is a unit that was scanned or should have been, or a code that no unit has.
type stockItem struct {
	State string   `json:"state" enum:"found,missing,other_shelf,other_hub,out,on_the_road,lost,retired,unknown,stock"`
	Unit  string   `json:"unit" doc:"By id, or empty"`
	Code  string   `json:"code"`
	Shelf string   `json:"shelf" doc:"Where the book has it"`
	Hub   string   `json:"hub" doc:"Where the book has it, by id"`
	At    *Instant `json:"at" nullable:"true" doc:"When it was scanned"`
}

func wireItem(i stock.Item) stockItem {
	return stockItem{State: i.State, Unit: i.UnitID, Code: i.Code, Shelf: i.Shelf, Hub: i.HubID, At: instantOrNil(i.At)}
}

// tallied is a stock-taking with what it has come to.
type tallied struct {
	Stocktake stocktakeBody `json:"stocktake"`
	Found     []stockItem   `json:"found"`
	Missing   []stockItem   `json:"missing" doc:"Empty once it is closed: units have moved since"`
	Wrong     []stockItem   `json:"wrong" doc:"In the wrong place, or unknown"`
}

func (a *API) stocktakeRoutes() {
	const tag = "Stock-taking"
	register(a, operation{id: "listStocktakes", call: "GET /hubs/{id}/stocktakes", tag: tag, summary: "List the latest stock-takings", scope: staff}, a.stocktakeList)
	register(a, operation{id: "beginStocktake", call: "POST /hubs/{id}/stocktakes", tag: tag, summary: "Begin to take stock", scope: staff, status: 201}, a.stocktakeBegin)
	register(a, operation{id: "getStocktake", call: "GET /stocktakes/{id}", tag: tag, summary: "Read what a stock-taking has come to", scope: staff}, a.stocktakeRead)
	register(a, operation{id: "scanStocktake", call: "POST /stocktakes/{id}/scans", tag: tag, summary: "Note a code that is there", scope: staff,
		doc: "Whether a unit has it or not. What a scanner adds is forgiven."}, a.stocktakeScan)
	register(a, operation{id: "closeStocktake", call: "POST /stocktakes/{id}/close", tag: tag, summary: "Close a stock-taking", scope: staff, fails: []int{412}}, a.stocktakeClose)
}

type stocktakeListInput struct {
	Keyed
	Paging
}

var stocktakes = whole[stock.Stocktake]{"stocktakes", func(t stock.Stocktake) string { return latest(t.StartedAt, t.ID) }}

func (a *API) stocktakeList(ctx context.Context, in *stocktakeListInput) (*answer[page[stocktakeBody]], error) {
	list, err := a.Stock.Stocktakes(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(stocktakes, list, in.Paging, wireStocktake)
}

type stocktakeBeginInput struct {
	Keyed
	Once
	Body struct {
		Shelf string `json:"shelf,omitempty" maxLength:"60" doc:"The whole hub when left out"`
	}
}

func (a *API) stocktakeBegin(ctx context.Context, in *stocktakeBeginInput) (*made[stocktakeBody], error) {
	t, err := a.Stock.Begin(ctx, actor(ctx), in.ID, in.Body.Shelf, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[stocktakeBody]{Location: prefix + "/stocktakes/" + t.ID, ETag: edge.Tag(t.Version), Body: wireStocktake(t)}, nil
}

type stocktakeInput struct {
	ID string `path:"id"`
}

func (a *API) stocktakeRead(ctx context.Context, in *stocktakeInput) (*tagged[tallied], error) {
	t, tally, err := a.Stock.Stocktake(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &tagged[tallied]{Status: 200, ETag: edge.Tag(t.Version), Body: tallied{wireStocktake(t), each(tally.Found, wireItem), each(tally.Missing, wireItem), each(tally.Wrong, wireItem)}}, nil
}

type stocktakeScanInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"200" doc:"As it was scanned"`
	}
}

// scanned is what a code is that was scanned on a shelf.
type scanned struct {
	Item    stockItem `json:"item"`
	Already bool      `json:"already" doc:"It was scanned there before"`
}

func (a *API) stocktakeScan(ctx context.Context, in *stocktakeScanInput) (*answer[scanned], error) {
	s, err := a.Stock.Scan(ctx, actor(ctx), in.ID, in.Body.Code, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[scanned]{scanned{wireItem(s.Item), s.Already}}, nil
}

type stocktakeCloseInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body *struct {
		Shelve []string `json:"shelve,omitempty" maxItems:"1000" doc:"Units that were found on another shelf and stay where they were found, by id"`
	}
}

func (a *API) stocktakeClose(ctx context.Context, in *stocktakeCloseInput) (*tagged[stocktakeBody], error) {
	version, err := in.version(func() (int64, error) {
		t, _, err := a.Stock.Stocktake(ctx, actor(ctx), in.ID)
		return t.Version, err
	})
	if err != nil {
		return nil, err
	}
	c := stock.Closing{IfVersion: version}
	if in.Body != nil {
		c.Shelve = in.Body.Shelve
	}
	t, err := a.Stock.Close(ctx, actor(ctx), in.ID, c, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &tagged[stocktakeBody]{Status: 200, ETag: edge.Tag(t.Version), Body: wireStocktake(t)}, nil
}
