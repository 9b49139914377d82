package membership

import (
	"context"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// A Balance is what a holder may still use, and how it came to be.
type Balance struct {
	Hub     string   // whose calendar and visitor tier count
	Tier    TierName // in force today, the zero TierName for none
	Buckets []Bucket // of the present periods
	Packs   []Pack
	Lines   []LedgerLine // one page, the latest first
	Next    string       // the cursor of the next page of Lines, "" at the end
}

// A BalanceQuery asks for a balance. Hub is an id or slug; "" is the hub of the holder's
// membership, else their home hub.
type BalanceQuery struct {
	Holder
	Hub   string
	Limit int    // lines of the ledger, 0 means 50
	After string // the cursor that the page before gave
}

// A Bucket is what a tier includes of something in the present day, week or month.
type Bucket struct {
	AllowanceID string
	Kind        inventory.Kind
	CategoryID  string // "" for the kind, or for everything where both are ""
	Period      string
	StartsOn    string
	NextOn      string // when the next period begins
	Included    int64  // minutes, as the others
	Used        int64
	Left        int64
}

// A LedgerLine is one use or return of minutes.
type LedgerLine struct {
	ID          string    `db:"id" json:"id"`
	At          time.Time `db:"at" json:"at"`
	PackID      string    `db:"pack_id" json:"pack_id"`
	AllowanceID string    `db:"allowance_id" json:"allowance_id"`
	Period      string    `db:"period" json:"period"`
	PeriodStart string    `db:"period_start" json:"period_start"`
	BookingID   string    `db:"booking_id" json:"booking_id"`
	Minutes     int64     `db:"minutes" json:"minutes"` // negative when it was taken
	Reason      string    `db:"reason" json:"reason"`   // grant, use, return, or one of AdjustReasons
}

// Balance returns what a holder may still use at a hub, and a page of how it came to be. It
// is for the holder and for staff of their hubs.
func (r *Roster) Balance(ctx context.Context, by identity.Actor, q BalanceQuery) (Balance, error) {
	var b Balance
	h, hubKey := q.Holder, q.Hub
	if q.Limit <= 0 {
		q.Limit = 50
	}
	err := r.db.View(ctx, func(rd database.Reader) error {
		if err := r.seen(rd, by, h); err != nil {
			return err
		}
		if hubKey == "" {
			var err error
			if hubKey, err = usualHub(rd, h, r.db.Now()); err != nil {
				return err
			}
		}
		b = Balance{}
		if err := r.buckets(ctx, rd, h, hubKey, &b); err != nil {
			return err
		}
		if err := packsOf(rd, h, &b.Packs); err != nil {
			return err
		}
		if q.After != "" && !idForm.MatchString(q.After) {
			return fault.Field("cursor", "bad_cursor")
		}
		if err := ledgerOf(rd, h, q.After, q.Limit+1, &b.Lines); err != nil {
			return err
		}
		if len(b.Lines) > q.Limit {
			b.Lines = slices.Clip(b.Lines[:q.Limit])
			b.Next = b.Lines[q.Limit-1].ID
		}
		return nil
	})
	return b, err
}

// ledgerOf reads so many lines of a holder, the latest first, after the one with an id.
func ledgerOf(rd database.Reader, h Holder, after string, most int, lines *[]LedgerLine) error {
	return rd.Select(lines, `
		SELECT id, at, COALESCE(pack_id, '') AS pack_id, COALESCE(allowance_id, '') AS allowance_id, period, period_start,
			COALESCE(booking_id, '') AS booking_id, minutes, reason
		FROM ledger WHERE (member_id = $1 OR organisation_id = $2)
			AND ($3 = '' OR at < (SELECT x.at FROM ledger x WHERE x.id = $3) OR at = (SELECT x.at FROM ledger x WHERE x.id = $3) AND id > $3)
		ORDER BY at DESC, id LIMIT $4`, h.onlyMember(), h.OrganisationID, after, most)
}

// usualHub is where the holder's membership is, else their home; "" for neither.
func usualHub(rd database.Reader, h Holder, now time.Time) (string, error) {
	var hubs []string
	err := rd.Select(&hubs, `
		SELECT hub_id FROM (
			SELECT 1 AS rank, hub_id FROM memberships
			WHERE (member_id = $1 OR organisation_id = $2) AND cancelled_at IS NULL AND starts_on <= $3 AND (ends_on = '' OR renews OR ends_on >= $3)
			UNION ALL SELECT 2, home_hub_id FROM members WHERE id = $1 AND home_hub_id IS NOT NULL
			UNION ALL SELECT 3, hub_id FROM organisations WHERE id = $2 AND hub_id IS NOT NULL) x
		ORDER BY rank, hub_id LIMIT 1`, h.onlyMember(), h.OrganisationID, hours.DateOf(now, time.UTC).String())
	if err != nil || len(hubs) == 0 {
		return "", err
	}
	return hubs[0], nil
}

func (r *Roster) buckets(ctx context.Context, rd database.Reader, h Holder, hubKey string, b *Balance) error {
	hub, zoneName, err := placeOf(rd, hubKey)
	if err != nil {
		return err
	}
	region, err := regionOf(rd, hub)
	if err != nil {
		return err
	}
	zone, err := hours.LoadZone(zoneName)
	if err != nil {
		return err
	}
	now := r.db.Now()
	a := Ask{MemberID: h.onlyMember(), OrganisationID: h.OrganisationID, HubID: hub, RegionID: region, Zone: zone, Now: now, Span: hours.Span{Start: now, End: now}}
	s, err := r.Standing(ctx, rd, a)
	if err != nil {
		return err
	}
	day := hours.DateOf(now, zone)
	b.Hub = hub
	t := s.inForce(a, day)
	if t == nil {
		return nil
	}
	b.Tier = TierName{t.slug, t.name}
	for _, w := range s.allowances[t.id] {
		for _, l := range w.limits() {
			start := startOf(l.period, day)
			used := s.spent[bucket{w.id, l.period, start.String()}]
			b.Buckets = append(b.Buckets, newBucket(w, l, start, used))
		}
	}
	return nil
}

// newBucket is a bucket of which so much is used: less than nothing when staff added some.
func newBucket(w *allowance, l limit, start hours.Date, used int64) Bucket {
	return Bucket{AllowanceID: w.id, Kind: w.kind, CategoryID: w.category, Period: l.period, StartsOn: start.String(),
		NextOn: nextStart(l.period, start).String(), Included: *l.most, Used: max(0, used), Left: max(0, *l.most-used)}
}
