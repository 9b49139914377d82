package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/identity/privacy"
	"canot/web/edge"
)

// bookingBody is a booking on the wire: to its member and to staff of its hub, nobody else.
type bookingBody struct {
	ID           string        `json:"id"`
	Reference    string        `json:"reference" doc:"Short, for people" example:"K7QM-3XPD"`
	Status       string        `json:"status" enum:"held,pending,confirmed,in_use,completed,expired,declined,cancelled,no_show"`
	Hub          string        `json:"hub" doc:"The id of its hub"`
	HubSlug      string        `json:"hub_slug"`
	TimeZone     string        `json:"time_zone" doc:"The hub's"`
	StartsAt     Instant       `json:"starts_at"`
	EndsAt       Instant       `json:"ends_at"`
	LapsesAt     *Instant      `json:"lapses_at" nullable:"true" doc:"When a hold, or a request that nobody answers, lapses by itself"`
	Lines        []bookingLine `json:"lines"`
	Title        string        `json:"title"`
	Notes        string        `json:"notes"`
	Sector       string        `json:"sector" doc:"savoir, affaires, culture, or empty"`
	Visibility   string        `json:"visibility" enum:"private,members"`
	Attendance   int           `json:"attendance" doc:"Persons who come"`
	Reason       string        `json:"reason" doc:"Why it was declined or cancelled"`
	Member       string        `json:"member" doc:"Whose it is, by id"`
	Organisation string        `json:"organisation" doc:"The organisation whose booking it is, by id, or empty"`
	MadeBy       string        `json:"made_by" doc:"Who made it, by id"`
	Price        *money        `json:"price,omitempty" doc:"Before tax, as it was told when it was made or moved; left out where nothing was told"`
	Competes     bool          `json:"competes" doc:"A request that takes no time until it is approved"`
	Sequence     int64         `json:"sequence" doc:"Of its calendar entry"`
	Version      int64         `json:"version" doc:"Its ETag, without the quotes"`
	CreatedAt    Instant       `json:"created_at"`
	ChangedAt    Instant       `json:"changed_at"`
}

type bookingLine struct {
	Resource     string   `json:"resource" doc:"By id"`
	ResourceSlug string   `json:"resource_slug"`
	Quantity     int      `json:"quantity"`
	Units        []string `json:"units" doc:"The ids of the units that it has"`
	WithoutUnit  int      `json:"without_unit" doc:"Units that were lost to maintenance, and wait for staff to settle it"`
}

// priceOf is what somebody was told that a booking costs, nil where nothing was.
func priceOf(b booking.Booking) *money {
	if b.PriceCents == nil {
		return nil
	}
	return &money{*b.PriceCents, b.Currency}
}

func wireBooking(b booking.Booking) bookingBody {
	out := bookingBody{
		ID: b.ID, Reference: b.Reference, Status: string(b.Status), Hub: b.HubID, HubSlug: b.HubSlug, TimeZone: b.TimeZone,
		StartsAt: instant(b.StartsAt), EndsAt: instant(b.EndsAt), LapsesAt: instantOrNil(b.LapsesAt),
		Lines: make([]bookingLine, len(b.Lines)), Title: b.Title, Notes: b.Notes, Sector: b.Sector, Visibility: b.Visibility,
		Attendance: b.Attendance, Reason: b.Reason, Organisation: b.Organisation, Member: b.MemberID, MadeBy: b.MadeBy, Price: priceOf(b), Competes: b.Competes, Sequence: b.Sequence, Version: b.Version,
		CreatedAt: instant(b.CreatedAt), ChangedAt: instant(b.ChangedAt),
	}
	for i, l := range b.Lines {
		out.Lines[i] = bookingLine{Resource: l.ResourceID, ResourceSlug: l.ResourceSlug, Quantity: l.Quantity, Units: orEmpty(l.Units), WithoutUnit: l.WithoutUnit}
	}
	return out
}

func taggedBooking(b booking.Booking) *tagged[bookingBody] {
	return &tagged[bookingBody]{Status: http.StatusOK, ETag: edge.Tag(b.Version), Body: wireBooking(b)}
}

func (a *API) bookingRoutes() {
	const tag = "Bookings"
	register(a, operation{id: "listBookings", call: "GET /bookings", tag: tag, summary: "List bookings", scope: read,
		doc: "One's own; staff see those of their hubs too."}, a.bookingList)
	register(a, operation{id: "getBooking", call: "GET /bookings/{id}", tag: tag, summary: "Read a booking", scope: read}, a.bookingRead)
	register(a, operation{id: "createBooking", call: "POST /bookings", tag: tag, summary: "Book", scope: book, status: 201, fails: []int{403, 404, 409},
		doc: "One or several lines at one hub, over one span, all or nothing. `{\"resource\", \"starts_at\", \"ends_at\"}` is the short form for one line. A refusal names every rule that is not met and offers what would be accepted."}, a.bookingCreate)
	register(a, operation{id: "previewBooking", call: "POST /bookings/preview", tag: tag, summary: "See what booking would answer", scope: public, class: edge.Searches, fails: []int{403, 404},
		doc: "The same body as for booking; nothing is written."}, a.bookingPreview)
	register(a, operation{id: "updateBooking", call: "PATCH /bookings/{id}", tag: tag, summary: "Move or change a booking", scope: book, fails: []int{409, 412},
		doc: "All at once: when it is refused, the booking stays as it was."}, a.bookingUpdate)
}

type bookingListInput struct {
	From        Instant `query:"from" doc:"Those that end after it"`
	To          Instant `query:"to" doc:"Those that start before it"`
	Hub         string  `query:"hub" maxLength:"100" doc:"By id or slug"`
	Resource    string  `query:"resource" maxLength:"100" doc:"By id or slug"`
	Status      string  `query:"status" enum:"held,pending,confirmed,in_use,completed,expired,declined,cancelled,no_show"`
	Mine        bool    `query:"mine" doc:"One's own only"`
	WithoutUnit bool    `query:"without_unit" doc:"Only those that lost a unit and wait for staff to settle it"`
	Paging
}

func (a *API) bookingList(ctx context.Context, in *bookingListInput) (*answer[page[bookingBody]], error) {
	list, next, err := a.Book.Bookings(ctx, actor(ctx), booking.Query{
		From: in.From.ptr(), To: in.To.ptr(), Hub: in.Hub, Resource: in.Resource, Status: in.Status,
		Mine: in.Mine, WithoutUnit: in.WithoutUnit, Limit: in.Limit, After: in.Cursor,
	})
	if err == nil && len(list) == 0 && in.Cursor == "" {
		err = a.exist(ctx, in.Hub, in.Resource)
	}
	if err == nil {
		err = a.viewedBookings(ctx, list...)
	}
	if err != nil {
		return nil, err
	}
	return &answer[page[bookingBody]]{listed(list, next, wireBooking)}, nil
}

// exist says which of a hub and a resource that a list was asked of is not there, once
// nothing was found. Either may be empty.
func (a *API) exist(ctx context.Context, hub, resource string) error {
	if _, err := a.hubID(ctx, hub); err != nil || resource == "" {
		return err
	}
	_, err := a.Catalog.Resource(ctx, resource)
	return err
}

// ptr returns the time, or nil when it was not given.
func (i Instant) ptr() *time.Time {
	if i.t.IsZero() {
		return nil
	}
	return &i.t
}

type bookingReadInput struct {
	ID string `path:"id"`
	Conditional
}

func (a *API) bookingRead(ctx context.Context, in *bookingReadInput) (*tagged[bookingBody], error) {
	b, err := a.Book.Booking(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedBooking(b)
	if out.Status = in.answer(out.ETag); out.Status == http.StatusOK {
		err = a.viewedBookings(ctx, b)
	}
	return out, err
}

// viewedBookings writes down whose bookings, other than one's own, were looked at.
func (a *API) viewedBookings(ctx context.Context, list ...booking.Booking) error {
	members := make([]string, len(list))
	for i, b := range list {
		members[i] = b.MemberID
	}
	return a.viewed(ctx, privacy.ViewedBooking, members...)
}

// wantedLine is one resource that is asked for.
type wantedLine struct {
	Resource string `json:"resource" minLength:"1" maxLength:"100" doc:"By id or slug"`
	Quantity int    `json:"quantity,omitempty" minimum:"1" maximum:"10000" doc:"1 when left out"`
}

// bookingRequest is what is asked for.
type bookingRequest struct {
	Lines        []wantedLine `json:"lines,omitempty" minItems:"1" maxItems:"20" doc:"Resources of one hub"`
	Resource     string       `json:"resource,omitempty" minLength:"1" maxLength:"100" doc:"Short for one line"`
	Quantity     int          `json:"quantity,omitempty" minimum:"1" maximum:"10000" doc:"Of the short form"`
	StartsAt     Instant      `json:"starts_at"`
	EndsAt       Instant      `json:"ends_at"`
	Title        string       `json:"title,omitempty"`
	Notes        string       `json:"notes,omitempty"`
	Sector       string       `json:"sector,omitempty" doc:"savoir, affaires, culture, or empty"`
	Visibility   string       `json:"visibility,omitempty" doc:"private or members, which lets signed-in members see the title; private when left out"`
	Member       string       `json:"member,omitempty" maxLength:"100" doc:"To book for somebody else, by right"`
	Organisation string       `json:"organisation,omitempty" maxLength:"100" doc:"To book for an organisation that one acts for, by id: then its membership and its hours count"`
	Attendance   int          `json:"attendance,omitempty" minimum:"1" maximum:"100000" doc:"Persons who come; 1 when left out"`
	Accepts      []acceptance `json:"accepts,omitempty" maxItems:"20" doc:"Terms that the member accepts with this booking"`
	Waive        []newWaiver  `json:"waive,omitempty" maxItems:"20" doc:"Rules to lift for this booking, by right"`
	HoldMinutes  int          `json:"hold_minutes,omitempty" minimum:"1" maximum:"100000" doc:"Hold the time for so long instead of booking it; confirm it before"`
}

// acceptance says that one version of some terms is accepted.
type acceptance struct {
	Condition string `json:"condition" minLength:"1" maxLength:"100" doc:"The slug of the terms"`
	Version   int    `json:"version" minimum:"1" maximum:"1000000"`
}

func accepts(list []acceptance) []membership.Acceptance {
	var out []membership.Acceptance
	for _, x := range list {
		out = append(out, membership.Acceptance{Condition: x.Condition, Version: x.Version})
	}
	return out
}

func waives(list []newWaiver) []booking.Waiver {
	var out []booking.Waiver
	for _, w := range list {
		out = append(out, booking.Waiver{Rule: w.Rule, Reason: w.Reason})
	}
	return out
}

// wants returns the lines, from either form.
func wants(lines []wantedLine, resource string, quantity int) ([]booking.Want, error) {
	switch {
	case (len(lines) > 0) == (resource != ""):
		if resource == "" {
			return nil, field("lines", "required")
		}
		return nil, field("resource", "either_lines_or_resource")
	case resource == "" && quantity != 0:
		return nil, field("quantity", "either_lines_or_resource")
	case resource != "":
		lines = []wantedLine{{resource, quantity}}
	}
	out := make([]booking.Want, len(lines))
	for i, l := range lines {
		out[i] = booking.Want{Resource: l.Resource, Quantity: max(l.Quantity, 1)}
	}
	return out, nil
}

func (r *bookingRequest) request(prefer string) (booking.Request, error) {
	lines, err := wants(r.Lines, r.Resource, r.Quantity)
	if err != nil {
		return booking.Request{}, err
	}
	return booking.Request{
		Organisation: r.Organisation, Attendance: r.Attendance, Accepts: accepts(r.Accepts), Waive: waives(r.Waive),
		Lines: lines, StartsAt: r.StartsAt.t, EndsAt: r.EndsAt.t, Title: r.Title, Notes: r.Notes, Sector: r.Sector,
		Visibility: r.Visibility, MemberID: r.Member, Hold: time.Duration(r.HoldMinutes) * time.Minute, Brief: brief(prefer),
	}, nil
}

// Preferring is the header by which a client that needs no alternatives says so.
type Preferring struct {
	Prefer string `header:"Prefer" doc:"return=minimal: refusals come without alternatives, and sooner"`
}

// brief reports whether the client prefers a minimal answer, among other preferences.
func brief(prefer string) bool {
	for _, item := range strings.FieldsFunc(prefer, func(r rune) bool { return r == ',' || r == ';' }) {
		if strings.EqualFold(strings.ReplaceAll(strings.TrimSpace(item), `"`, ""), "return=minimal") {
			return true
		}
	}
	return false
}

// preferenceApplied tells the client that it was heard.
func (p Preferring) applied(ctx context.Context) {
	if brief(p.Prefer) {
		edge.From(ctx).Header.Set("Preference-Applied", "return=minimal")
	}
}

type bookingCreateInput struct {
	Once
	Preferring
	Body bookingRequest
}

func (a *API) bookingCreate(ctx context.Context, in *bookingCreateInput) (*made[bookingBody], error) {
	in.applied(ctx)
	req, err := in.Body.request(in.Prefer)
	if err != nil {
		return nil, err
	}
	b, err := a.Book.Place(ctx, actor(ctx), req, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return madeBooking(b), nil
}

func madeBooking(b booking.Booking) *made[bookingBody] {
	return &made[bookingBody]{Location: prefix + "/bookings/" + b.ID, ETag: edge.Tag(b.Version), Body: wireBooking(b)}
}

// previewBody says what booking would answer.
type previewBody struct {
	OK           bool                  `json:"ok"`
	Violations   []edge.Violation      `json:"violations"`
	Price        money                 `json:"price" doc:"Before tax"`
	Alternatives []booking.Alternative `json:"alternatives" doc:"What would be accepted instead"`
	Help         *booking.Help         `json:"help,omitempty" doc:"Whom to ask, where a person may lift a rule"`
}

type bookingPreviewInput struct {
	Preferring
	Body bookingRequest
}

func (a *API) bookingPreview(ctx context.Context, in *bookingPreviewInput) (*answer[previewBody], error) {
	in.applied(ctx)
	v := edge.From(ctx)
	edge.Vary(v.Header, "Accept-Language")
	req, err := in.Body.request(in.Prefer)
	if err != nil {
		return nil, err
	}
	p, err := a.Book.Preview(ctx, v.Actor, req)
	if err != nil {
		return nil, err
	}
	return &answer[previewBody]{previewBody{
		OK: p.OK, Violations: edge.Violations(v.Language, p.Violations),
		Price: money{p.PriceCents, p.Currency}, Alternatives: orEmpty(p.Alternatives), Help: p.Help,
	}}, nil
}

// bookingEdits is what may be changed of a booking. A field that is left out stays as it is.
type bookingEdits struct {
	Lines      Edit[[]wantedLine] `json:"lines,omitempty" minItems:"1" maxItems:"20"`
	Resource   Edit[string]       `json:"resource,omitempty" minLength:"1" maxLength:"100" doc:"Short for one line"`
	Quantity   int                `json:"quantity,omitempty" minimum:"1" maximum:"10000" doc:"Of the short form"`
	StartsAt   Edit[Instant]      `json:"starts_at,omitempty"`
	EndsAt     Edit[Instant]      `json:"ends_at,omitempty"`
	Title      Edit[string]       `json:"title,omitempty"`
	Notes      Edit[string]       `json:"notes,omitempty"`
	Sector     Edit[string]       `json:"sector,omitempty"`
	Visibility Edit[string]       `json:"visibility,omitempty" doc:"private or members"`
	Attendance Edit[int]          `json:"attendance,omitempty" doc:"Persons who come"`
	Accepts    []acceptance       `json:"accepts,omitempty" maxItems:"20" doc:"Terms that the member accepts with the change"`
	Waive      []newWaiver        `json:"waive,omitempty" maxItems:"20" doc:"Rules to lift for what the change takes more, by right"`
}

type bookingUpdateInput struct {
	ID string `path:"id"`
	Once
	Matching
	Preferring
	Body bookingEdits
}

func (a *API) bookingUpdate(ctx context.Context, in *bookingUpdateInput) (*tagged[bookingBody], error) {
	in.applied(ctx)
	version, err := in.version(a.bookingVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	e := booking.Edits{
		StartsAt: timePtr(in.Body.StartsAt), EndsAt: timePtr(in.Body.EndsAt), Title: in.Body.Title.ptr(), Notes: in.Body.Notes.ptr(),
		Sector: in.Body.Sector.ptr(), Visibility: in.Body.Visibility.ptr(), Attendance: in.Body.Attendance.ptr(),
		Accepts: accepts(in.Body.Accepts), Waive: waives(in.Body.Waive), IfVersion: version, Brief: brief(in.Prefer),
	}
	if in.Body.Lines.given || in.Body.Resource.given || in.Body.Quantity != 0 {
		lines, err := wants(in.Body.Lines.value, in.Body.Resource.value, in.Body.Quantity)
		if err != nil {
			return nil, err
		}
		e.Lines = &lines
	}
	b, err := a.Book.Change(ctx, actor(ctx), in.ID, e, keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedBooking(b), nil
}

func timePtr(e Edit[Instant]) *time.Time {
	if !e.given {
		return nil
	}
	return &e.value.t
}

func (a *API) bookingVersion(ctx context.Context, id string) func() (int64, error) {
	return func() (int64, error) {
		b, err := a.Book.Booking(ctx, actor(ctx), id)
		return b.Version, err
	}
}
