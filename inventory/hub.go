package inventory

import (
	"context"
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

type hubRow struct {
	Hub
	LanguageList stringList `db:"languages"`
	PhotoList    photoList  `db:"photos"`
}

func (row hubRow) hub() Hub {
	row.Languages, row.Photos = row.LanguageList, row.PhotoList
	return row.Hub
}

const selectHubs = `
	SELECT h.id, h.slug, h.region_id, g.slug AS region_slug, h.operator_id, o.slug AS operator_slug, h.name,
	       h.town, h.province, h.address, h.latitude, h.longitude, h.time_zone, h.languages, h.currency,
	       h.tax_jurisdiction, h.phone, h.email, h.access, h.wheelchair, h.accessibility, h.photos, h.suspend_after,
	       h.suspend_days, h.version,
	       o.legal_name AS operator_name, o.version AS operator_version, o.privacy_name AS "privacy.name",
	       o.privacy_email AS "privacy.email", o.privacy_phone AS "privacy.phone"
	FROM hubs h JOIN regions g ON g.id = h.region_id JOIN operators o ON o.id = h.operator_id `

// Hubs lists hubs with their own weeks, in order of slug, and the cursor of the next
// page, "" at the end. A region that does not exist is NotFound.
func (c *Catalog) Hubs(ctx context.Context, q HubQuery) ([]Hub, string, error) {
	p, err := pageOf(q.Limit, q.After)
	if err != nil {
		return nil, "", err
	}
	r := c.db.Reader(ctx)
	var f filter
	f.where("h.slug > ?", p.after)
	if q.Region != "" {
		f.where("(g.id = ? OR g.slug = ?)", q.Region, q.Region)
	}
	f.words("h.search", q.Q)
	limit := f.value(p.limit + 1)
	hubs, err := hubsWhere(r, f.String()+" ORDER BY h.slug LIMIT "+limit, f.args...)
	if err != nil {
		return nil, "", err
	}
	if len(hubs) == 0 && q.Region != "" {
		if _, err := regionTable.find(r, q.Region); err != nil {
			return nil, "", err
		}
	}
	hubs, next := cut(p, hubs, func(h Hub) string { return h.Slug })
	return hubs, next, nil
}

// Hub returns the hub with that id or slug, with its own week.
func (c *Catalog) Hub(ctx context.Context, key string) (Hub, error) {
	return findHub(c.db.Reader(ctx), key)
}

func findHub(r database.Reader, key string) (Hub, error) {
	hubs, err := hubsWhere(r, `h.id = $1 OR h.slug = $1`, key)
	if err == nil && len(hubs) == 0 {
		err = fault.New(fault.NotFound, "hub_not_found", nil)
	}
	if err != nil {
		return Hub{}, err
	}
	return hubs[0], nil
}

// hubsWhere reads hubs in two statements, however many.
func hubsWhere(r database.Reader, where string, args ...any) ([]Hub, error) {
	var rows []hubRow
	if err := r.Select(&rows, selectHubs+`WHERE `+where, args...); err != nil {
		return nil, err
	}
	hubs, ids := make([]Hub, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		hubs[i], ids[i] = row.hub(), row.ID
	}
	weeks, err := weeksOf(r, ids)
	for i, h := range hubs {
		hubs[i].Week = weeks[weekOwner{HubID: h.ID}]
	}
	return hubs, err
}

// hubPlace is what a right is asked for.
type hubPlace struct {
	ID       string `db:"id"`
	RegionID string `db:"region_id"`
}

// governed finds a hub by id or slug, and asks whether by manages the inventory there.
func governed(r database.Reader, by identity.Actor, hubKey string) (hubPlace, error) {
	var p hubPlace
	err := r.Get(&p, `SELECT id, region_id FROM hubs WHERE id = $1 OR slug = $1`, hubKey)
	if errors.Is(err, database.ErrNoRows) {
		return p, fault.New(fault.NotFound, "hub_not_found", nil)
	}
	if err != nil {
		return p, err
	}
	return p, may(by, identity.ManageInventory, p.ID, p.RegionID)
}

// CreateHub makes a hub, closed until it is given a week. It asks for the right to
// manage the inventory of its region.
func (c *Catalog) CreateHub(ctx context.Context, by identity.Actor, e HubEdits, k database.Key) (Hub, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Hub, error) {
		if err := lockEveryHub(tx); err != nil {
			return Hub{}, err
		}
		return insertHub(tx, by, e)
	})
}

// insertHub is CreateHub as a step, with all other hubs locked.
func insertHub(tx *database.Tx, by identity.Actor, e HubEdits) (Hub, error) {
	h := Hub{ID: database.NewID(), Version: 1, Languages: []string{"fr"}, Currency: "CAD", Wheelchair: "unknown", SuspendDays: usualSuspension}
	if e.Name != nil {
		h.Slug = slugOf(e.Name.In("fr"))
	}
	var c check
	if e.Latitude == nil {
		c.refuse("latitude", "required", nil)
	}
	if e.Longitude == nil {
		c.refuse("longitude", "required", nil)
	}
	if err := e.apply(tx, &c, &h); err != nil {
		return Hub{}, err
	}
	if err := may(by, identity.ManageInventory, "", h.RegionID); err != nil {
		return Hub{}, err
	}
	rows, err := tx.Exec(`
		INSERT INTO hubs (id, slug, region_id, operator_id, name, town, province, address, latitude, longitude,
		    time_zone, languages, currency, tax_jurisdiction, phone, email, access, wheelchair, accessibility,
		    photos, search, suspend_after, suspend_days, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
		ON CONFLICT (slug) DO NOTHING`, h.values()...)
	if err == nil && rows == 0 {
		err = slugTaken()
	}
	if err != nil {
		return Hub{}, err
	}
	if h, err = findHub(tx, h.ID); err != nil {
		return Hub{}, err
	}
	return h, record(tx, by, "hub.create", h.ID, nil, h)
}

// UpdateHub edits a hub. What governs its resources may be among it, and its name is in
// their calendars, so every one of them is locked and its versions rise.
func (c *Catalog) UpdateHub(ctx context.Context, by identity.Actor, key string, e HubEdits, k database.Key) (Hub, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Hub, error) {
		p, err := governed(tx, by, key)
		if err != nil {
			return Hub{}, err
		}
		if err := lockHubs(tx, p.ID); err != nil {
			return Hub{}, err
		}
		h, _, err := editHub(tx, by, p.ID, e)
		return h, err
	})
}

// editHub is UpdateHub as a step, under its locks. It says whether anything changed.
func editHub(tx *database.Tx, by identity.Actor, id string, e HubEdits) (Hub, bool, error) {
	was, err := findHub(tx, id)
	if err != nil {
		return Hub{}, false, err
	}
	if err := stale(e.IfVersion, was.Version); err != nil {
		return Hub{}, false, err
	}
	h := was
	var c check
	if err := e.keep(tx, &c, was); err != nil {
		return Hub{}, false, err
	}
	if err := e.apply(tx, &c, &h); err != nil {
		return Hub{}, false, err
	}
	if same(was, h) {
		return was, false, nil
	}
	if err := mayMove(by, was, h); err != nil {
		return Hub{}, false, err
	}
	h.Version++
	if _, err := tx.Exec(`
		UPDATE hubs SET slug = $2, region_id = $3, operator_id = $4, name = $5, town = $6, province = $7,
		    address = $8, latitude = $9, longitude = $10, time_zone = $11, languages = $12, currency = $13,
		    tax_jurisdiction = $14, phone = $15, email = $16, access = $17, wheelchair = $18,
		    accessibility = $19, photos = $20, search = $21, suspend_after = $22, suspend_days = $23, version = $24
		WHERE id = $1`, h.values()...); err != nil {
		return Hub{}, false, err
	}
	if err := bumpHub(tx, h.ID); err != nil {
		return Hub{}, false, err
	}
	if h, err = findHub(tx, h.ID); err != nil {
		return Hub{}, false, err
	}
	return h, true, record(tx, by, "hub.update", h.ID, was, h)
}

// bumpHub raises the versions of every resource of a hub.
func bumpHub(tx *database.Tx, hubID string) error {
	ids, err := resourcesAt(tx, hubID)
	if err != nil {
		return err
	}
	return bumpRules(tx, ids...)
}

// raiseHub raises the version of a hub whose opening changed, and of all it governs.
func raiseHub(tx *database.Tx, hubID string) error {
	if _, err := tx.Exec(`UPDATE hubs SET version = version + 1 WHERE id = $1`, hubID); err != nil {
		return err
	}
	return bumpHub(tx, hubID)
}

// apply makes the edits, finds what they refer to, and checks the whole.
func (e HubEdits) apply(r database.Reader, c *check, h *Hub) error {
	e.write(h)
	if err := e.refer(r, c, h); err != nil {
		return err
	}
	h.check(c)
	return c.err()
}

// keep refuses what may not change of a hub that is there, under its locks. Its slug is
// in calendar addresses that people subscribed to. Its zone is what the promises made
// there are kept in: another would move every booking to come to another hour.
func (e HubEdits) keep(tx *database.Tx, c *check, was Hub) error {
	c.sameSlug(e.Slug, was.Slug)
	if e.TimeZone == nil || *e.TimeZone == was.TimeZone {
		return nil
	}
	var bookings int
	err := tx.Get(&bookings, `
		SELECT COUNT(*) FROM bookings
		WHERE hub_id = $1 AND ends_at > $2 AND status IN ('held', 'pending', 'confirmed', 'in_use')`, was.ID, tx.Now)
	if bookings > 0 {
		c.refuse("time_zone", "zone_in_use", fault.Params{"bookings": bookings})
	}
	return err
}

// mayMove asks for the rights of an edit that changes who answers for a hub. Its region
// is asked on both sides, and its operator of the region's coordinator: a hub's own
// manager neither takes it out of their region nor gives it to another legal person.
func mayMove(by identity.Actor, was, h Hub) error {
	if was.RegionID == h.RegionID && was.OperatorID == h.OperatorID {
		return nil
	}
	if err := may(by, identity.ManageInventory, "", was.RegionID); err != nil {
		return err
	}
	return may(by, identity.ManageInventory, "", h.RegionID)
}

// refer finds the region and the operator.
func (e HubEdits) refer(r database.Reader, c *check, h *Hub) (err error) {
	if e.Region != nil && *e.Region != "" {
		if h.RegionID, err = reference(r, c, "regions", "region", "unknown_region", *e.Region); err != nil {
			return err
		}
	}
	if e.Operator != nil && *e.Operator != "" {
		h.OperatorID, err = reference(r, c, "operators", "operator", "unknown_operator", *e.Operator)
	}
	return err
}

func (e HubEdits) write(h *Hub) {
	set(&h.Slug, e.Slug)
	if e.Name != nil {
		h.Name = e.Name.clean()
	}
	setText(&h.Town, e.Town)
	setText(&h.Province, e.Province)
	setText(&h.Address, e.Address)
	set(&h.Latitude, e.Latitude)
	set(&h.Longitude, e.Longitude)
	set(&h.TimeZone, e.TimeZone)
	if e.Languages != nil {
		h.Languages = cleanList(*e.Languages)
	}
	set(&h.Currency, e.Currency)
	setText(&h.TaxJurisdiction, e.TaxJurisdiction)
	setText(&h.Phone, e.Phone)
	setText(&h.Email, e.Email)
	if e.Access != nil {
		h.Access = e.Access.clean()
	}
	set(&h.Wheelchair, e.Wheelchair)
	if e.Accessibility != nil {
		h.Accessibility = e.Accessibility.clean()
	}
	if e.Photos != nil {
		h.Photos = cleanPhotos(*e.Photos)
	}
	set(&h.SuspendAfter, e.SuspendAfter)
	set(&h.SuspendDays, e.SuspendDays)
}

func cleanPhotos(list []Photo) []Photo {
	out := make([]Photo, len(list))
	for i, p := range list {
		out[i] = Photo{URL: cleanText(p.URL), Alt: p.Alt.clean()}
	}
	return out
}

// Bounds of a hub's rule on late returns.
const (
	usualSuspension   = 14 // days
	longestSuspension = 366
	mostLate          = 100
)

func (h Hub) check(c *check) {
	c.slug(h.Slug)
	c.name("name", h.Name)
	c.line("town", h.Town, maxName)
	c.line("province", h.Province, maxTag)
	c.text("address", h.Address, maxText, true)
	c.degrees("latitude", h.Latitude, 90)
	c.degrees("longitude", h.Longitude, 180)
	c.zone(h.TimeZone)
	c.languages(h.Languages)
	if !currencyCode.MatchString(h.Currency) {
		c.unreadable("currency", "bad_value")
	}
	if h.TaxJurisdiction != "" && !jurisdictionCode.MatchString(h.TaxJurisdiction) {
		c.unreadable("tax_jurisdiction", "bad_value")
	}
	c.line("phone", h.Phone, maxTag)
	c.email("email", h.Email)
	c.texts("access", h.Access, maxText, true)
	c.oneOf("wheelchair", h.Wheelchair, "yes", "no", "limited", "unknown")
	c.texts("accessibility", h.Accessibility, maxText, true)
	c.photos(h.Photos)
	c.between("suspend_after", h.SuspendAfter, 0, mostLate)
	c.between("suspend_days", h.SuspendDays, 1, longestSuspension)
	if h.RegionID == "" && !c.has("region") {
		c.refuse("region", "required", nil)
	}
	if h.OperatorID == "" && !c.has("operator") {
		c.refuse("operator", "required", nil)
	}
}

// values are the columns in the order of the table.
func (h Hub) values() []any {
	return []any{h.ID, h.Slug, h.RegionID, h.OperatorID, h.Name, h.Town, h.Province, h.Address, h.Latitude,
		h.Longitude, h.TimeZone, stringList(h.Languages), h.Currency, h.TaxJurisdiction, h.Phone, h.Email,
		h.Access, h.Wheelchair, h.Accessibility, photoList(h.Photos), h.search(), h.SuspendAfter, h.SuspendDays, h.Version}
}

// search is the text in which a hub is looked for.
func (h Hub) search() string {
	return foldAll([]Text{h.Name}, h.Town, h.Province, h.Slug)
}

// weekOwner is a hub, or one resource of it, that has a week.
type weekOwner struct{ HubID, ResourceID string }

// weeksOf returns every week of the hubs and of their resources.
func weeksOf(r database.Reader, hubIDs []string) (map[weekOwner]hours.Week, error) {
	var rows []struct {
		HubID      string        `db:"hub_id"`
		ResourceID string        `db:"resource_id"`
		Weekday    int           `db:"weekday"`
		Opens      hours.Minutes `db:"opens"`
		Closes     hours.Minutes `db:"closes"`
	}
	err := r.SelectIn(&rows, `
		SELECT hub_id, resource_id, weekday, opens, closes FROM opening_hours
		WHERE hub_id IN ($list) ORDER BY hub_id, resource_id, weekday, opens`, hubIDs)
	weeks := map[weekOwner]hours.Week{}
	for _, row := range rows {
		owner := weekOwner{row.HubID, row.ResourceID}
		week := weeks[owner]
		week[row.Weekday] = append(week[row.Weekday], hours.DaySpan{Opens: row.Opens, Closes: row.Closes})
		weeks[owner] = week
	}
	return weeks, err
}
