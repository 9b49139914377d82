package inventory

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"

	"canot/internal/database"
	"canot/inventory/hours"
)

// maxRemembered bounds the memory of terms: some kilobytes each.
const maxRemembered = 20_000

// A termsMemory remembers the terms of resources, the last that were loaded of each.
// Its zero value is empty. It is safe for use by many goroutines.
type termsMemory struct {
	mu   sync.RWMutex
	last map[string]*Terms
}

// find returns the remembered terms of a resource if they are of that rules version.
func (m *termsMemory) find(id string, rulesVersion int64) *Terms {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if t := m.last[id]; t != nil && t.RulesVersion == rulesVersion {
		return t
	}
	return nil
}

func (m *termsMemory) remember(t *Terms) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = map[string]*Terms{}
	}
	if _, known := m.last[t.Resource.ID]; !known && len(m.last) >= maxRemembered {
		for id := range m.last { // any one: what is needed again is loaded again
			delete(m.last, id)
			break
		}
	}
	m.last[t.Resource.ID] = t
}

// Terms returns the terms of resources, by id. wanted says for each resource the
// rules_version under which they are asked for, as the caller just read it; 0 asks for
// whatever is now. Resources that do not exist are left out; archived ones are not.
//
// What is remembered under the wanted version costs no statement. All that is not is
// loaded through r in six statements, however many resources. It is remembered when the
// version is the wanted one: a rules version names its content, even one that was rolled
// back (see BumpRules). r should be a View or a Tx: with a reader outside of a
// transaction, an edit that is committed between two statements may be half seen in this
// one answer, though in no later one. In a Tx that edits, BumpRules comes before Terms.
//
// The terms are shared and must not be changed. Terms is safe for use by many goroutines.
func (c *Catalog) Terms(_ context.Context, r database.Reader, wanted map[string]int64) (map[string]*Terms, error) {
	found := make(map[string]*Terms, len(wanted))
	var missing []string
	for id, version := range wanted {
		if t := c.terms.find(id, version); t != nil {
			found[id] = t
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	loaded, err := loadTerms(r, missing)
	if err != nil {
		return nil, err
	}
	for _, t := range loaded {
		found[t.Resource.ID] = t
		if v := wanted[t.Resource.ID]; v == 0 || v == t.RulesVersion {
			c.terms.remember(t)
		}
	}
	return found, nil
}

// termsRow is a resource with what judging needs of its hub.
type termsRow struct {
	resourceRow
	RegionID  string  `db:"region_id"`
	HubName   Text    `db:"hub_name"`
	Town      string  `db:"town"`
	Phone     string  `db:"phone"`
	Email     string  `db:"email"`
	Wheels    string  `db:"wheelchair"`
	TimeZone  string  `db:"time_zone"`
	Latitude  float64 `db:"latitude"`
	Longitude float64 `db:"longitude"`
	Currency  string  `db:"currency"`
}

// loadTerms reads the resources first, for their version must not be newer than the rest:
// then what an edit changes meanwhile is remembered under a version that nobody asks for.
func loadTerms(r database.Reader, ids []string) ([]*Terms, error) {
	var rows []termsRow
	if err := r.SelectIn(&rows, selectTerms, ids); err != nil {
		return nil, err
	}
	var plain []resourceRow
	var resourceIDs, hubIDs []string
	seen := map[string]bool{}
	for _, row := range rows {
		plain = append(plain, row.resourceRow)
		resourceIDs = append(resourceIDs, row.ID)
		if !seen[row.HubID] {
			seen[row.HubID] = true
			hubIDs = append(hubIDs, row.HubID)
		}
	}
	resources, err := withTags(r, plain)
	if err != nil {
		return nil, err
	}
	units, err := unitsInService(r, resourceIDs)
	if err != nil {
		return nil, err
	}
	openings, err := openingsOf(r, hubIDs)
	if err != nil {
		return nil, err
	}
	terms := make([]*Terms, len(rows))
	for i, row := range rows {
		zone, err := hours.LoadZone(row.TimeZone)
		if err != nil {
			return nil, err
		}
		t := &Terms{Resource: resources[i], HubSlug: row.HubSlug, HubName: row.HubName, Town: row.Town, Phone: row.Phone, Email: row.Email, Wheelchair: row.Wheels,
			RegionID: row.RegionID, Currency: row.Currency, Zone: zone, Latitude: row.Latitude, Longitude: row.Longitude, RulesVersion: row.RulesVersion}
		for _, u := range units[row.ID] {
			if u.CurrentHubID == row.HubID {
				t.Units = append(t.Units, u)
			}
		}
		t.Hours, t.Closures = openings.rules(row.HubID, row.ID)
		terms[i] = t
	}
	return terms, nil
}

const selectTerms = `SELECT h.region_id, h.time_zone, h.latitude, h.longitude, h.currency, h.name AS hub_name, h.town, h.phone, h.email,
	h.wheelchair, ` + resourceColumns + resourceTables + `
	WHERE r.id IN ($list)`

func unitsInService(r database.Reader, resourceIDs []string) (map[string][]Unit, error) {
	var units []Unit
	err := r.SelectIn(&units, selectUnits+`WHERE u.status = 'in_service' AND u.resource_id IN ($list) ORDER BY u.code`, resourceIDs)
	byResource := map[string][]Unit{}
	for _, u := range units {
		byResource[u.ResourceID] = append(byResource[u.ResourceID], u)
	}
	return byResource, err
}

// openings are the hours of several hubs and of their resources.
type openings struct {
	weeks      map[weekOwner]hours.Week
	exceptions map[string][]Exception // by hub
	closures   map[string][]Closure   // by hub
}

func openingsOf(r database.Reader, hubIDs []string) (o openings, err error) {
	o = openings{exceptions: map[string][]Exception{}, closures: map[string][]Closure{}}
	if o.weeks, err = weeksOf(r, hubIDs); err != nil {
		return o, err
	}
	exceptions, err := exceptionsOf(r, hubIDs)
	if err != nil {
		return o, err
	}
	for _, e := range exceptions {
		o.exceptions[e.HubID] = append(o.exceptions[e.HubID], e)
	}
	closures, err := closuresOf(r, hubIDs)
	for _, x := range closures {
		o.closures[x.HubID] = append(o.closures[x.HubID], x)
	}
	return o, err
}

// rules applies the precedence: for a date, the resource's exception, else the hub's,
// else the resource's week, else the hub's; closures of both add up.
func (o openings) rules(hubID, resourceID string) (hours.Rules, []Closure) {
	rules := hours.Rules{Week: o.weeks[weekOwner{HubID: hubID}], Exceptions: map[hours.Date][]hours.DaySpan{}}
	if own, ok := o.weeks[weekOwner{hubID, resourceID}]; ok {
		rules.Week = own
	}
	for _, owner := range []string{"", resourceID} {
		for _, e := range o.exceptions[hubID] {
			if e.ResourceID == owner {
				rules.Exceptions[e.Date] = e.Spans
			}
		}
	}
	var closures []Closure
	for _, x := range o.closures[hubID] {
		if x.ResourceID == "" || x.ResourceID == resourceID {
			closures = append(closures, x)
			rules.Closures = append(rules.Closures, hours.LocalSpan{Starts: x.StartsLocal, Ends: x.EndsLocal})
		}
	}
	return rules, closures
}

// BumpRules raises version and rules_version of resources whose hours, closures, policy
// or units just changed, as a step of a verb that holds their locks. It comes after the
// change and before Terms is asked for in the same transaction.
//
// rules_version rises by a random stride, so that a version that was remembered out of a
// transaction that then failed is never given again to other content.
func BumpRules(_ context.Context, tx *database.Tx, resourceIDs ...string) error {
	return bumpRules(tx, resourceIDs...)
}

// maxStride keeps rules versions within what JSON numbers hold for thousands of millions of edits.
const maxStride = 1 << 20

func bumpRules(tx *database.Tx, resourceIDs ...string) error {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	stride := int64(binary.LittleEndian.Uint32(b[:])%maxStride) + 1
	_, err := tx.ExecIn(`UPDATE resources SET version = version + 1, rules_version = rules_version + $1 WHERE id IN ($list)`,
		resourceIDs, stride)
	return err
}
