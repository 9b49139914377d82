package api

import (
	"context"
	"time"

	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
)

// hub is a place on the wire.
type hub struct {
	ID              string            `json:"id"`
	Slug            string            `json:"slug"`
	Name            map[string]string `json:"name"`
	Region          string            `json:"region" doc:"Its id"`
	Operator        string            `json:"operator" doc:"Its id"`
	Town            string            `json:"town"`
	Province        string            `json:"province"`
	Address         string            `json:"address"`
	Latitude        float64           `json:"latitude"`
	Longitude       float64           `json:"longitude"`
	TimeZone        string            `json:"time_zone" doc:"IANA name" example:"America/Toronto"`
	Languages       []string          `json:"languages"`
	Currency        string            `json:"currency" example:"CAD"`
	TaxJurisdiction string            `json:"tax_jurisdiction" example:"CA-QC"`
	Phone           string            `json:"phone"`
	Email           string            `json:"email"`
	Access          map[string]string `json:"access" doc:"How to get in"`
	Wheelchair      string            `json:"wheelchair" enum:"yes,no,limited,unknown"`
	Accessibility   map[string]string `json:"accessibility"`
	Photos          []photo           `json:"photos"`
	SuspendAfter    int               `json:"suspend_after" doc:"Late returns within ninety days after which a person borrows nothing here for a while; 0 for never"`
	SuspendDays     int               `json:"suspend_days" doc:"How many days that is"`
	OpeningHours    string            `json:"opening_hours" doc:"The hub's week on its own clock, as in OpenStreetMap; empty when it is closed" example:"Mo-Fr 09:00-17:00; Sa 10:00-16:00"`
	Closures        []closure         `json:"closures" doc:"Those to come, and the one that lasts"`
	Privacy         personInCharge    `json:"privacy" doc:"Who is in charge of personal data at its operator"`
	Version         int64             `json:"version"`
}

type photo struct {
	URL string            `json:"url" maxLength:"500"`
	Alt map[string]string `json:"alt,omitempty"`
}

// closure shuts a hub, or one resource of it.
type closure struct {
	ID          string            `json:"id"`
	Hub         string            `json:"hub" doc:"Its id"`
	Resource    *string           `json:"resource" doc:"The resource that it shuts, by id; null when it shuts the whole hub"`
	StartsLocal string            `json:"starts_local" doc:"On the hub's clock" example:"2026-12-24T12:00:00"`
	EndsLocal   string            `json:"ends_local"`
	StartsAt    Instant           `json:"starts_at"`
	EndsAt      Instant           `json:"ends_at"`
	Reason      map[string]string `json:"reason"`
}

func (a *API) hubRoutes() {
	register(a, operation{id: "listHubs", call: "GET /hubs", tag: "Hubs", summary: "List hubs", scope: public}, a.hubList)
	register(a, operation{id: "getHub", call: "GET /hubs/{id}", tag: "Hubs", summary: "Read a hub", scope: public}, a.hubRead)
	register(a, operation{id: "createHub", call: "POST /hubs", tag: "Hubs", summary: "Add a hub", scope: admin, status: 201}, a.hubCreate)
	register(a, operation{id: "updateHub", call: "PATCH /hubs/{id}", tag: "Hubs", summary: "Change a hub", scope: admin, fails: []int{412}}, a.hubUpdate)
}

type hubListInput struct {
	Region string `query:"region" maxLength:"100" doc:"A region, by id or slug"`
	Q      string `query:"q" maxLength:"200" doc:"Words of the name or town; accents and case do not matter"`
	Paging
}

func (a *API) hubList(ctx context.Context, in *hubListInput) (*answer[page[hub]], error) {
	list, next, err := a.Catalog.Hubs(ctx, inventory.HubQuery{Region: in.Region, Q: in.Q, Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	shut, err := a.comingClosures(ctx, list...)
	if err != nil {
		return nil, err
	}
	return &answer[page[hub]]{listed(list, next, func(h inventory.Hub) hub { return wireHub(h, shut[h.ID]) })}, nil
}

type hubReadInput struct {
	Keyed
	Conditional
}

func (a *API) hubRead(ctx context.Context, in *hubReadInput) (*tagged[hub], error) {
	h, err := a.Catalog.Hub(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := a.taggedHub(ctx, h)
	if err != nil {
		return nil, err
	}
	out.Status = in.answer(out.ETag)
	return out, nil
}

// taggedHub adds what a hub's representation holds beside the hub. A closure
// that passes leaves the list without any edit, hence the count in the ETag; the
// operator has a version of its own.
func (a *API) taggedHub(ctx context.Context, h inventory.Hub) (*tagged[hub], error) {
	shut, err := a.comingClosures(ctx, h)
	if err != nil {
		return nil, err
	}
	return &tagged[hub]{Status: 200, ETag: versioned(h.Version, h.OperatorVersion<<20|int64(len(shut[h.ID]))), Body: wireHub(h, shut[h.ID])}, nil
}

// comingClosures lists the closures of hubs that have not ended, by hub, in one statement.
func (a *API) comingClosures(ctx context.Context, hubs ...inventory.Hub) (map[string][]closure, error) {
	now := a.DB.Now()
	zones := map[string]*time.Location{}
	ids := make([]string, len(hubs))
	for i, h := range hubs {
		ids[i] = h.ID
		zone, err := hours.LoadZone(h.TimeZone)
		if err != nil {
			return nil, err
		}
		zones[h.ID] = zone
	}
	// No zone is further from UTC than a day: what ended before then has ended everywhere.
	list, err := a.Catalog.ClosuresOf(a.DB.Reader(ctx), ids, now.AddDate(0, 0, -1).Format(localLayout), "9999-12-31T00:00:00")
	if err != nil {
		return nil, err
	}
	byHub := map[string][]closure{}
	for _, x := range list {
		c, err := wireClosure(x, zones[x.HubID])
		if err != nil {
			return nil, err
		}
		if c.EndsAt.t.After(now) {
			byHub[x.HubID] = append(byHub[x.HubID], c)
		}
	}
	return byHub, nil
}

// localLayout is a time on a hub's own clock.
const localLayout = "2006-01-02T15:04:05"

func wireClosure(x inventory.Closure, zone *time.Location) (closure, error) {
	starts, err := hours.Instant(x.StartsLocal, zone)
	if err != nil {
		return closure{}, err
	}
	ends, err := hours.Instant(x.EndsLocal, zone)
	if err != nil {
		return closure{}, err
	}
	c := closure{
		ID: x.ID, Hub: x.HubID, StartsLocal: x.StartsLocal, EndsLocal: x.EndsLocal,
		StartsAt: instant(starts), EndsAt: instant(ends), Reason: textOrEmpty(x.Reason),
	}
	if x.ResourceID != "" {
		c.Resource = &x.ResourceID
	}
	return c, nil
}

func wireHub(h inventory.Hub, shut []closure) hub {
	return hub{
		ID: h.ID, Slug: h.Slug, Name: textOrEmpty(h.Name), Region: h.RegionID, Operator: h.OperatorID,
		Town: h.Town, Province: h.Province, Address: h.Address, Latitude: h.Latitude, Longitude: h.Longitude,
		TimeZone: h.TimeZone, Languages: orEmpty(h.Languages), Currency: h.Currency, TaxJurisdiction: h.TaxJurisdiction,
		Phone: h.Phone, Email: h.Email, Access: textOrEmpty(h.Access), Wheelchair: h.Wheelchair,
		Accessibility: textOrEmpty(h.Accessibility), Photos: wirePhotos(h.Photos), SuspendAfter: h.SuspendAfter, SuspendDays: h.SuspendDays,
		OpeningHours: h.Week.String(), Closures: orEmpty(shut), Version: h.Version,
		Privacy: personInCharge{h.OperatorID, h.OperatorName, h.Privacy.Name, h.Privacy.Email, h.Privacy.Phone},
	}
}

func wirePhotos(list []inventory.Photo) []photo {
	out := make([]photo, len(list))
	for i, p := range list {
		out[i] = photo{URL: p.URL, Alt: p.Alt}
	}
	return out
}

// hubEdits is what may be written of a hub. Hours have a route of their own.
type hubEdits struct {
	Slug            Edit[string]            `json:"slug,omitempty" doc:"Made from the name when left out; once made it stays, for calendars are subscribed to it"`
	Region          Edit[string]            `json:"region,omitempty" doc:"By id or slug; to change it, one needs the right in both regions"`
	Operator        Edit[string]            `json:"operator,omitempty" doc:"By id or slug; changed by the region's coordinator"`
	Name            Edit[map[string]string] `json:"name,omitempty"`
	Town            Edit[string]            `json:"town,omitempty"`
	Province        Edit[string]            `json:"province,omitempty"`
	Address         Edit[string]            `json:"address,omitempty"`
	Latitude        Edit[float64]           `json:"latitude,omitempty"`
	Longitude       Edit[float64]           `json:"longitude,omitempty"`
	TimeZone        Edit[string]            `json:"time_zone,omitempty" doc:"IANA name of a place, such as America/Toronto; it stays while bookings are to come"`
	Languages       Edit[[]string]          `json:"languages,omitempty"`
	Currency        Edit[string]            `json:"currency,omitempty"`
	TaxJurisdiction Edit[string]            `json:"tax_jurisdiction,omitempty"`
	Phone           Edit[string]            `json:"phone,omitempty"`
	Email           Edit[string]            `json:"email,omitempty"`
	Access          Edit[map[string]string] `json:"access,omitempty"`
	Wheelchair      Edit[string]            `json:"wheelchair,omitempty" enum:"yes,no,limited,unknown"`
	Accessibility   Edit[map[string]string] `json:"accessibility,omitempty"`
	Photos          Edit[[]photo]           `json:"photos,omitempty" maxItems:"20"`
	SuspendAfter    Edit[int]               `json:"suspend_after,omitempty" doc:"Late returns within ninety days after which a person borrows nothing here for a while; 0 for never"`
	SuspendDays     Edit[int]               `json:"suspend_days,omitempty"`
}

func (e *hubEdits) edits(version int64) inventory.HubEdits {
	return inventory.HubEdits{
		IfVersion: version, Slug: e.Slug.ptr(), Region: e.Region.ptr(), Operator: e.Operator.ptr(), Name: textPtr(e.Name.ptr()),
		Town: e.Town.ptr(), Province: e.Province.ptr(), Address: e.Address.ptr(),
		Latitude: e.Latitude.ptr(), Longitude: e.Longitude.ptr(), TimeZone: e.TimeZone.ptr(), Languages: e.Languages.ptr(),
		Currency: e.Currency.ptr(), TaxJurisdiction: e.TaxJurisdiction.ptr(), Phone: e.Phone.ptr(), Email: e.Email.ptr(),
		Access: textPtr(e.Access.ptr()), Wheelchair: e.Wheelchair.ptr(), Accessibility: textPtr(e.Accessibility.ptr()),
		Photos: photosPtr(e.Photos.ptr()), SuspendAfter: e.SuspendAfter.ptr(), SuspendDays: e.SuspendDays.ptr(),
	}
}

func textPtr(m *map[string]string) *inventory.Text {
	if m == nil {
		return nil
	}
	t := inventory.Text(*m)
	return &t
}

func photosPtr(list *[]photo) *[]inventory.Photo {
	if list == nil {
		return nil
	}
	out := make([]inventory.Photo, len(*list))
	for i, p := range *list {
		out[i] = inventory.Photo{URL: p.URL, Alt: p.Alt}
	}
	return &out
}

type hubCreateInput struct {
	Once
	Body hubEdits
}

func (a *API) hubCreate(ctx context.Context, in *hubCreateInput) (*made[hub], error) {
	h, err := a.Catalog.CreateHub(ctx, actor(ctx), in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	out, err := a.taggedHub(ctx, h)
	if err != nil {
		return nil, err
	}
	return &made[hub]{Location: prefix + "/hubs/" + h.ID, ETag: out.ETag, Body: out.Body}, nil
}

type hubUpdateInput struct {
	Keyed
	Once
	Matching
	Body hubEdits
}

func (a *API) hubUpdate(ctx context.Context, in *hubUpdateInput) (*tagged[hub], error) {
	version, err := in.version(a.hubVersion(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	h, err := a.Catalog.UpdateHub(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return a.taggedHub(ctx, h)
}

func (a *API) hubVersion(ctx context.Context, key string) func() (int64, error) {
	return func() (int64, error) {
		h, err := a.Catalog.Hub(ctx, key)
		return h.Version, err
	}
}

// hubOf finds the hub that a key names.
func (a *API) hubOf(ctx context.Context, key string) (inventory.Hub, error) {
	if key == "" {
		return inventory.Hub{}, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	return a.Catalog.Hub(ctx, key)
}
