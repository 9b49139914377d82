package api

import (
	"context"
	"encoding/base64"
	"time"

	"canot/booking"
	"canot/internal/identity"
)

// loanBody is one stretch in which a unit is out with a person, on the wire.
type loanBody struct {
	ID           string         `json:"id"`
	Booking      string         `json:"booking" doc:"By id"`
	Unit         string         `json:"unit" doc:"By id"`
	Code         string         `json:"code" doc:"Of the unit"`
	OutAt        Instant        `json:"out_at"`
	OutBy        string         `json:"out_by" doc:"Who handed it out, by id"`
	OutHub       string         `json:"out_hub" doc:"By id"`
	DueAt        Instant        `json:"due_at"`
	BackAt       *Instant       `json:"back_at" nullable:"true" doc:"null while it is out"`
	BackBy       string         `json:"back_by" doc:"By id; empty while it is out"`
	BackHub      string         `json:"back_hub" doc:"By id; empty while it is out, and for what never came back"`
	ConditionOut string         `json:"condition_out"`
	ConditionIn  string         `json:"condition_in"`
	Missing      map[string]int `json:"missing" doc:"How many were missing at the return, by component"`
	Damaged      bool           `json:"damaged"`
	Signed       bool           `json:"signed" doc:"Handed out against a signature on screen"`
	Doubtful     bool           `json:"doubtful" doc:"A device's clock told an impossible instant of it"`
}

func wireLoan(l booking.Loan) loanBody {
	out := loanBody{ID: l.ID, Booking: l.BookingID, Unit: l.UnitID, Code: l.Code, OutAt: instant(l.OutAt), OutBy: l.OutBy, OutHub: l.OutHubID,
		DueAt: instant(l.DueAt), BackAt: instantOrNil(l.BackAt), BackBy: l.BackBy, BackHub: l.BackHubID, ConditionOut: l.ConditionOut,
		ConditionIn: l.ConditionIn, Missing: l.Missing, Damaged: l.Damaged, Signed: l.SignatureID != "", Doubtful: l.Doubtful}
	if out.Missing == nil {
		out.Missing = map[string]int{}
	}
	return out
}

func (a *API) loanRoutes() {
	const tag = "Counter"
	register(a, operation{id: "checkOutBooking", call: "POST /bookings/{id}/check-out", tag: tag, summary: "Hand out what was booked", scope: staff, fails: []int{409, 412},
		doc: "All that it waits for, or the units that are named; the rest may follow. A unit that is promised to somebody else is refused, unless they get another one (`swap`) or there is a reason (`override`, by right; it is logged). The certification that is asked for is judged again, for today."}, a.checkOut)
	register(a, operation{id: "arriveBooking", call: "POST /bookings/{id}/arrive", tag: tag, summary: "Say that who booked has come", scope: book, fails: []int{409},
		doc: "Of a space, a machine or a guide. Arriving twice is the same as once."}, a.arrive)
	register(a, operation{id: "extendBooking", call: "POST /bookings/{id}/extend", tag: tag, summary: "Move the end of a booking that runs", scope: book, fails: []int{409, 412},
		doc: "On the very units that are out, if nobody waits for them."}, a.extend)
	register(a, operation{id: "listLoans", call: "GET /bookings/{id}/loans", tag: tag, summary: "List what of a booking left the counter", scope: read}, a.loanList)
	register(a, operation{id: "getLoan", call: "GET /loans/{id}", tag: tag, summary: "Read a loan", scope: staff}, a.loanRead)
	register(a, operation{id: "checkInUnit", call: "POST /units/{id}/check-in", tag: tag, summary: "Take a unit back", scope: staff, fails: []int{409},
		doc: "The rest of its time is free at once. What is damaged, or lacks a required component, goes out of service in the same commit, and the next bookings get another unit. Back already is no error: `already` says so."}, a.checkIn)
	register(a, operation{id: "inspectLoan", call: "POST /loans/{id}/inspection", tag: tag, summary: "Note what was found after a return", scope: staff, fails: []int{409}}, a.inspect)
	register(a, operation{id: "createWalkIn", call: "POST /hubs/{id}/walk-ins", tag: tag, summary: "Book and hand out in one step", scope: staff, status: 201, fails: []int{409},
		doc: "For a person at the counter, with an account or without: a name is enough."}, a.walkIn)
}

// signatureOf reads a signature: a PNG in base 64.
func signatureOf(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	png, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(png) == 0 {
		return nil, field("signature", "bad_value")
	}
	return png, nil
}

// handOut says what leaves.
type handOut struct {
	Units     []string          `json:"units,omitempty" maxItems:"200" doc:"By id or code; all that it waits for when left out"`
	Condition map[string]string `json:"condition,omitempty" doc:"As noted at the hand-over, by unit"`
	Signature string            `json:"signature,omitempty" maxLength:"400000" doc:"A PNG in base 64"`
	OnPaper   bool              `json:"on_paper,omitempty" doc:"It was signed on paper"`
	Swap      bool              `json:"swap,omitempty" doc:"Whoever a unit is promised to gets the one that this booking had, where that serves them"`
	Override  string            `json:"override,omitempty" maxLength:"500" doc:"Why a unit that is promised to somebody else leaves all the same"`
	Hub       string            `json:"hub,omitempty" maxLength:"100" doc:"The counter, by id or slug; the booking's hub when left out"`
}

type checkOutInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body *handOut
}

func (a *API) checkOut(ctx context.Context, in *checkOutInput) (*tagged[bookingBody], error) {
	version, err := in.version(a.bookingVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	h := booking.HandOut{Booking: in.ID, IfVersion: version}
	if x := in.Body; x != nil {
		h.Units, h.Condition, h.OnPaper, h.Swap, h.Override = x.Units, x.Condition, x.OnPaper, x.Swap, x.Override
		if h.Signature, err = signatureOf(x.Signature); err != nil {
			return nil, err
		}
		if x.Hub != "" {
			hub, err := a.Catalog.Hub(ctx, x.Hub)
			if err != nil {
				return nil, err
			}
			h.Hub = hub.ID
		}
	}
	b, err := a.Book.CheckOut(ctx, actor(ctx), h, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedBooking(b), nil
}

type arriveInput struct {
	ID string `path:"id"`
	Once
	Body *struct {
		At Instant `json:"at,omitempty" doc:"Now when left out"`
	}
}

func (a *API) arrive(ctx context.Context, in *arriveInput) (*tagged[bookingBody], error) {
	var at time.Time
	if in.Body != nil {
		at = in.Body.At.t
	}
	b, err := a.Book.Arrive(ctx, actor(ctx), in.ID, at, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedBooking(b), nil
}

type extendInput struct {
	ID string `path:"id"`
	Once
	Matching
	Body struct {
		EndsAt Instant `json:"ends_at"`
	}
}

func (a *API) extend(ctx context.Context, in *extendInput) (*tagged[bookingBody], error) {
	version, err := in.version(a.bookingVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	b, err := a.Book.Extend(ctx, actor(ctx), in.ID, in.Body.EndsAt.t, version, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedBooking(b), nil
}

// loans is the list of the loans of a booking.
type loans struct {
	Items []loanBody `json:"items"`
}

type loanInput struct {
	ID string `path:"id"`
}

func (a *API) loanList(ctx context.Context, in *loanInput) (*answer[loans], error) {
	list, err := a.Book.Loans(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := loans{Items: []loanBody{}}
	for _, l := range list {
		out.Items = append(out.Items, wireLoan(l))
	}
	return &answer[loans]{out}, nil
}

func (a *API) loanRead(ctx context.Context, in *loanInput) (*answer[loanBody], error) {
	l, err := a.Book.Loan(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[loanBody]{wireLoan(l)}, nil
}

// Finding is what was found on a unit.
type Finding struct {
	Condition string         `json:"condition,omitempty" maxLength:"2000"`
	Missing   map[string]int `json:"missing,omitempty" doc:"How many are missing, by component; left out when they were not counted"`
	Damaged   bool           `json:"damaged,omitempty" doc:"It goes out of service"`
	Trouble   string         `json:"trouble,omitempty" maxLength:"2000" doc:"What is wrong with it, for who mends it"`
	Uses      []usedUp       `json:"uses,omitempty" maxItems:"50" doc:"Consumables that were used up"`
}

// usedUp is so much of a consumable.
type usedUp struct {
	Consumable string `json:"consumable" minLength:"1" maxLength:"100" doc:"By id or code"`
	Quantity   int64  `json:"quantity" minimum:"1" maximum:"1000000000" doc:"In its own measure"`
}

func (f Finding) returned() booking.Return {
	r := booking.Return{Condition: f.Condition, Missing: f.Missing, Damaged: f.Damaged, Trouble: f.Trouble}
	for _, u := range f.Uses {
		r.Uses = append(r.Uses, booking.Use{Consumable: u.Consumable, Quantity: u.Quantity})
	}
	return r
}

// returned is what a return came to.
type returned struct {
	Loan        loanBody         `json:"loan"`
	Booking     bookingBody      `json:"booking"`
	Already     bool             `json:"already" doc:"It was back already: nothing was done"`
	Maintenance *maintenanceBody `json:"maintenance,omitempty" doc:"What opened with it"`
	Transfer    string           `json:"transfer" doc:"The journey home that it asks for, by id; empty for none"`
	Rehomed     []string         `json:"rehomed" doc:"Bookings that were given an equal unit"`
	WithoutUnit []string         `json:"without_unit" doc:"Bookings that are left without one"`
	Given       []string         `json:"given" doc:"Bookings that waited for a unit and got one"`
}

func wireReturned(r booking.Returned) returned {
	out := returned{Loan: wireLoan(r.Loan), Booking: wireBooking(r.Booking), Already: r.Already, Transfer: r.TransferID,
		Rehomed: orEmpty(r.Rehomed), WithoutUnit: orEmpty(r.WithoutUnit), Given: orEmpty(r.Given)}
	if r.Maintenance != nil {
		m := wireMaintenance(*r.Maintenance)
		out.Maintenance = &m
	}
	return out
}

type checkInInput struct {
	ID string `path:"id" doc:"The unit, by id or code"`
	Once
	Body *struct {
		Hub string  `json:"hub,omitempty" maxLength:"100" doc:"Where it came back, by id or slug; where it left when left out"`
		At  Instant `json:"at,omitempty" doc:"Now when left out"`
		Finding
	}
}

func (a *API) checkIn(ctx context.Context, in *checkInInput) (*answer[returned], error) {
	back := booking.Return{}
	if x := in.Body; x != nil {
		back = x.returned()
		back.Hub, back.At = x.Hub, x.At.t
	}
	back.Unit = in.ID
	return answerReturned(a.Book.CheckIn(ctx, actor(ctx), back, keyOf(ctx)))
}

func answerReturned(r booking.Returned, err error) (*answer[returned], error) {
	if err != nil {
		return nil, err
	}
	return &answer[returned]{wireReturned(r)}, nil
}

type inspectInput struct {
	ID string `path:"id"`
	Once
	Body Finding
}

func (a *API) inspect(ctx context.Context, in *inspectInput) (*answer[returned], error) {
	return answerReturned(a.Book.Inspect(ctx, actor(ctx), in.ID, in.Body.returned(), keyOf(ctx)))
}

// walkIn is a person at the counter without a booking.
type walkIn struct {
	Member    string       `json:"member,omitempty" maxLength:"100" doc:"By id"`
	Name      string       `json:"name,omitempty" maxLength:"120" doc:"Of somebody who has no account: one is made, without e-mail"`
	Phone     string       `json:"phone,omitempty" maxLength:"40"`
	Language  string       `json:"language,omitempty" enum:"fr,en"`
	Units     []string     `json:"units" minItems:"1" maxItems:"100" doc:"By id or code; a resource, by id or slug, for any free unit of it"`
	EndsAt    Instant      `json:"ends_at" doc:"When it is due"`
	Title     string       `json:"title,omitempty"`
	Signature string       `json:"signature,omitempty" maxLength:"400000" doc:"A PNG in base 64"`
	OnPaper   bool         `json:"on_paper,omitempty" doc:"It was signed on paper"`
	Accepts   []acceptance `json:"accepts,omitempty" maxItems:"20" doc:"Terms that the person accepts at the counter"`
	Waive     []newWaiver  `json:"waive,omitempty" maxItems:"20" doc:"Rules to lift for it, by right"`
	Override  string       `json:"override,omitempty" maxLength:"500" doc:"Why a unit that is promised to somebody else leaves all the same"`
}

type walkInInput struct {
	Keyed
	Once
	Body walkIn
}

func (a *API) walkIn(ctx context.Context, in *walkInInput) (*made[bookingBody], error) {
	x := in.Body
	if (x.Member == "") == (x.Name == "") {
		return nil, field("member", "required")
	}
	signature, err := signatureOf(x.Signature)
	if err != nil {
		return nil, err
	}
	w := booking.WalkIn{Hub: in.ID, Member: x.Member, Units: x.Units, Until: x.EndsAt.t, Title: x.Title, Signature: signature, OnPaper: x.OnPaper,
		Accepts: accepts(x.Accepts), Waive: waives(x.Waive), Override: x.Override}
	if x.Name != "" {
		w.New = &identity.NewMember{Name: x.Name, Phone: x.Phone, Language: x.Language}
	}
	b, err := a.Book.WalkIn(ctx, actor(ctx), w, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeBooking(b), nil
}
