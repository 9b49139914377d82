package api

import (
	"context"
	"reflect"
	"strconv"
	"sync"
	"time"

	"canot/booking"
	"canot/web/edge"
)

// availability is the free time of resources, on the wire.
type availability struct {
	From  Instant     `json:"from"`
	To    Instant     `json:"to"`
	Items []freeTimes `json:"items" nullable:"false"`
}

type freeTimes struct {
	Resource struct {
		ID   string `json:"id"`
		Slug string `json:"slug"`
		Hub  string `json:"hub" doc:"The slug of its hub"`
	} `json:"resource"`
	Free []freeTime `json:"free" nullable:"false" doc:"In each, quantity units are each free for the whole of it"`
}

type freeTime struct {
	StartsAt Instant `json:"starts_at"`
	EndsAt   Instant `json:"ends_at"`
	Quantity int     `json:"quantity"`
}

func (a *API) availabilityRoutes() {
	register(a, operation{
		id: "getAvailability", call: "GET /availability", tag: "Availability", summary: "See when resources are free",
		doc:   "At most 92 days at once, for one resource or a thousand, never paged. Opening hours, closures, maintenance and the rules of each resource are applied: what lies inside an interval and respects the rules would be accepted.",
		scope: public, class: edge.Searches, fails: []int{404, 422}, answer: reflect.TypeFor[availability](),
	}, a.availabilityRead)
}

type availabilityInput struct {
	Resource string  `query:"resource" maxLength:"100" doc:"By id or slug"`
	Hub      string  `query:"hub" maxLength:"100" doc:"By id or slug"`
	Region   string  `query:"region" maxLength:"100" doc:"By id or slug"`
	Kind     string  `query:"kind" enum:"space,machine,equipment,guide"`
	Category string  `query:"category" maxLength:"100" doc:"By id or slug"`
	From     Instant `query:"from" required:"true"`
	To       Instant `query:"to" required:"true"`
	Quantity int     `query:"quantity" minimum:"1" maximum:"10000" default:"1" doc:"Only where so many units are free"`
}

// availabilityOutput is bytes: a thousand resources over weeks are written by
// hand several times faster than by reflection.
type availabilityOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

func (a *API) availabilityRead(ctx context.Context, in *availabilityInput) (*availabilityOutput, error) {
	header := edge.From(ctx).Header
	edge.Vary(header, "Authorization", "Cookie")
	if actor(ctx).Known() {
		edge.Private(header)
	}
	list, err := a.Book.Available(ctx, actor(ctx), booking.AvailabilityQuery{
		Resource: in.Resource, Hub: in.Hub, Region: in.Region, Kind: in.Kind, Category: in.Category,
		From: in.From.t, To: in.To.t, Quantity: in.Quantity,
	})
	if err != nil {
		return nil, err
	}
	return &availabilityOutput{ContentType: "application/json", Body: writeAvailability(in.From.t, in.To.t, list, &a.written)}, nil
}

// writeAvailability encodes an availability. Ids and slugs are of letters,
// digits and dashes, so that none needs escaping.
func writeAvailability(from, to time.Time, list []booking.Availability, written *writtenFree) []byte {
	size := 100
	for _, item := range list {
		size += 100 + len(item.Free)*90
	}
	b := make([]byte, 0, size)
	var w instantWriter
	b = w.append(append(b, `{"from":`...), from)
	b = w.append(append(b, `,"to":`...), to)
	b = append(b, `,"items":[`...)
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"resource":{"id":"`...), item.ResourceID...)
		b = append(append(b, `","slug":"`...), item.ResourceSlug...)
		b = append(append(b, `","hub":"`...), item.HubSlug...)
		b = append(b, `"},"free":[`...)
		b = append(b, written.of(item)...)
		b = append(b, "]}"...)
	}
	return append(b, "]}\n"...)
}

// writtenFree remembers how the free intervals of each resource were last written. The
// book hands out the same slice as long as nothing under it changes, and never changes
// one, so that the slice itself says whether the text is still right.
type writtenFree struct {
	mu    sync.RWMutex
	texts map[string]freeText // by resource
}

type freeText struct {
	free []booking.Free
	text []byte
}

// mostWritten bounds what is remembered; past it, it starts afresh.
const mostWritten = 10_000

func (m *writtenFree) of(item booking.Availability) []byte {
	m.mu.RLock()
	got, ok := m.texts[item.ResourceID]
	m.mu.RUnlock()
	if ok && sameSlice(got.free, item.Free) {
		return got.text
	}
	text := writeFree(item.Free)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.texts == nil || len(m.texts) >= mostWritten {
		m.texts = map[string]freeText{}
	}
	m.texts[item.ResourceID] = freeText{item.Free, text}
	return text
}

// sameSlice reports whether a and b are the same stretch of memory.
func sameSlice(a, b []booking.Free) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func writeFree(all []booking.Free) []byte {
	b := make([]byte, 0, 90*len(all))
	var w instantWriter
	for i, free := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.append(append(b, `{"starts_at":`...), free.StartsAt)
		b = w.append(append(b, `,"ends_at":`...), free.EndsAt)
		b = strconv.AppendInt(append(b, `,"quantity":`...), int64(free.Quantity), 10)
		b = append(b, '}')
	}
	return b
}

// An instantWriter writes instants without the general formatter, which would be half
// of the work: of neighbours, most are of one day, whose date is written once. The zero
// instantWriter is ready.
type instantWriter struct {
	day  int64 // since 1970, of date
	date []byte
}

func (w *instantWriter) append(b []byte, t time.Time) []byte {
	const seconds = 24 * 60 * 60
	unix := t.Unix()
	day, rest := unix/seconds, unix%seconds
	if rest < 0 {
		day, rest = day-1, rest+seconds
	}
	if w.date == nil || day != w.day {
		w.day, w.date = day, t.UTC().AppendFormat(w.date[:0], `"2006-01-02T`)
	}
	hour, minute, second := rest/3600, rest/60%60, rest%60
	b = append(b, w.date...)
	return append(b, byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10), ':',
		byte('0'+second/10), byte('0'+second%10), 'Z', '"')
}
