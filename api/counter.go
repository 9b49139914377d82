package api

import (
	"context"

	"canot/booking"
	"canot/internal/identity/privacy"
)

// visitBody is a booking at a counter, with who comes.
type visitBody struct {
	Booking bookingBody       `json:"booking"`
	Person  string            `json:"person" doc:"Their name; empty for who may not see persons"`
	Codes   map[string]string `json:"codes" doc:"Of the units that it has, by id"`
	Out     []string          `json:"out" doc:"The units that are out with them, by id"`
}

// onLoan is a unit that is out, with who has it.
type onLoan struct {
	Loan      loanBody `json:"loan"`
	Reference string   `json:"reference"`
	Person    string   `json:"person" doc:"Their name; empty for who may not see persons"`
	Wanted    *Instant `json:"wanted_at" nullable:"true" doc:"When the unit is promised to somebody else next"`
}

// trouble is a unit that is out of service now, or a ticket that is open.
type trouble struct {
	Unit        string   `json:"unit" doc:"By id"`
	Code        string   `json:"code"`
	Cause       string   `json:"cause" doc:"repair, incomplete, lost or preventive; empty for a ticket alone"`
	Until       *Instant `json:"until" nullable:"true" doc:"When it is back, where that is known"`
	Maintenance string   `json:"maintenance" doc:"By id; empty for a ticket alone"`
	Ticket      string   `json:"ticket" doc:"By id; empty for none"`
	Urgent      bool     `json:"urgent"`
}

// shortage is a consumable that runs out.
type shortage struct {
	Consumable string `json:"consumable" doc:"By id"`
	Code       string `json:"code"`
	Stock      int64  `json:"stock" doc:"In its own measure"`
	Low        int64  `json:"low"`
}

// counterBody is what a counter has before it today.
type counterBody struct {
	Hub       string         `json:"hub" doc:"By id"`
	At        Instant        `json:"at" doc:"When it was so"`
	Stamp     string         `json:"stamp" doc:"Changes whenever this may have"`
	Arrivals  []visitBody    `json:"arrivals" doc:"Spaces, machines and guides: who comes today, who is here"`
	Outgoing  []visitBody    `json:"outgoing" doc:"Equipment that is to be handed out today"`
	Returns   []onLoan       `json:"returns" doc:"Due until the end of today"`
	Late      []onLoan       `json:"late"`
	OutLater  int            `json:"out_later" doc:"Units that are out and due after today"`
	Waiting   []visitBody    `json:"waiting" doc:"Requests to answer"`
	Homeless  []visitBody    `json:"without_unit" doc:"Bookings with a line without unit"`
	Broken    []trouble      `json:"broken"`
	Transfers []transferBody `json:"transfers" doc:"On the way, or to be sent"`
	Unsettled []unsettled    `json:"unsettled" doc:"What a device did without a line and what happened meanwhile contradicts"`
	LowStock  []shortage     `json:"low_stock"`
}

// unsettled is an act that waits for a person.
type unsettled struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind" enum:"check_out,check_in,arrive"`
	At         Instant `json:"at" doc:"When it was done, by the clock of the device"`
	ReceivedAt Instant `json:"received_at"`
	By         string  `json:"by" doc:"Who did it, by id"`
	Code       string  `json:"code" doc:"What stands against it: the code of a violation"`
	Unit       string  `json:"unit" doc:"By id, or empty"`
	Booking    string  `json:"booking" doc:"By id, or empty"`
	Doubtful   bool    `json:"doubtful" doc:"The clock told an impossible instant"`
}

func wireUnsettled(u booking.UnsettledAct) unsettled {
	return unsettled{ID: u.ID, Kind: u.Kind, At: instant(u.At), ReceivedAt: instant(u.ReceivedAt), By: u.ByID, Code: u.Code,
		Unit: u.UnitID, Booking: u.BookingID, Doubtful: u.Doubtful}
}

func wireVisit(v booking.Visit) visitBody {
	out := visitBody{Booking: wireBooking(v.Booking), Person: v.Person.Name, Codes: v.Codes, Out: []string{}}
	for _, l := range v.Lines {
		for _, unit := range l.Units {
			if v.Out[unit] {
				out.Out = append(out.Out, unit)
			}
		}
	}
	return out
}

func wireOnLoan(l booking.OnLoan) onLoan {
	return onLoan{Loan: wireLoan(l.Loan), Reference: l.Reference, Person: l.Person.Name, Wanted: instantOrNil(l.Wanted)}
}

func wireTrouble(t booking.Trouble) trouble {
	return trouble{Unit: t.UnitID, Code: t.Code, Cause: t.Cause, Until: instantOrNil(t.Until), Maintenance: t.MaintenanceID, Ticket: t.TicketID, Urgent: t.Urgent}
}

func wireShortage(s booking.LowStock) shortage {
	return shortage{Consumable: s.ID, Code: s.Code, Stock: s.Stock, Low: s.Low}
}

// each writes a list, which is there even when it is empty.
func each[From, T any](items []From, wire func(From) T) []T {
	out := make([]T, len(items))
	for i, item := range items {
		out[i] = wire(item)
	}
	return out
}

func (a *API) counterRoutes() {
	const tag = "Counter"
	register(a, operation{id: "getCounter", call: "GET /hubs/{id}/counter", tag: tag, summary: "See what a counter has before it today", scope: staff}, a.counterRead)
	register(a, operation{id: "listUnsettled", call: "GET /hubs/{id}/unsettled", tag: tag, summary: "List what devices did and a person must settle", scope: staff}, a.unsettledList)
	register(a, operation{id: "settleAct", call: "POST /unsettled/{id}/settle", tag: tag, summary: "Do an unsettled act after all, or dismiss it", scope: staff}, a.settle)
}

func (a *API) counterRead(ctx context.Context, in *Keyed) (*answer[counterBody], error) {
	b, err := a.Book.Board(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	var persons []string
	for _, list := range [][]booking.Visit{b.Arrivals, b.Outgoing, b.Waiting, b.Homeless} {
		for _, v := range list {
			persons = append(persons, v.MemberID)
		}
	}
	if err := a.viewed(ctx, privacy.ViewedBooking, persons...); err != nil {
		return nil, err
	}
	return &answer[counterBody]{counterBody{Hub: b.Hub.ID, At: instant(b.Now), Stamp: b.Stamp, Arrivals: each(b.Arrivals, wireVisit), Outgoing: each(b.Outgoing, wireVisit),
		Returns: each(b.Returns, wireOnLoan), Late: each(b.Late, wireOnLoan), OutLater: b.OutLater, Waiting: each(b.Waiting, wireVisit),
		Homeless: each(b.Homeless, wireVisit), Broken: each(b.Broken, wireTrouble), Transfers: each(b.Journeys, wireTransfer),
		Unsettled: each(b.Unsettled, wireUnsettled), LowStock: each(b.LowStock, wireShortage)}}, nil
}

type unsettledListInput struct {
	Keyed
	Paging
}

var unsettledActs = whole[booking.UnsettledAct]{"unsettled", func(u booking.UnsettledAct) string { return soonest(u.At, u.ID) }}

func (a *API) unsettledList(ctx context.Context, in *unsettledListInput) (*answer[page[unsettled]], error) {
	list, err := a.Book.Unsettled(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paged(unsettledActs, list, in.Paging, wireUnsettled)
}

type settleInput struct {
	ID string `path:"id"`
	Once
	Body struct {
		Again bool   `json:"again,omitempty" doc:"Do it after all; it is dismissed when left out"`
		Note  string `json:"note,omitempty" maxLength:"500" doc:"Why, for those who look later"`
	}
}

// settledBody is what became of an act.
type settledBody struct {
	State string `json:"state" enum:"done,already,unsettled" doc:"unsettled: it is contradicted still"`
	Code  string `json:"code" doc:"Why it is unsettled; else empty"`
}

func (a *API) settle(ctx context.Context, in *settleInput) (*answer[settledBody], error) {
	d, err := a.Book.SettleAct(ctx, actor(ctx), in.ID, in.Body.Again, in.Body.Note, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &answer[settledBody]{settledBody{d.State, d.Code}}, nil
}
