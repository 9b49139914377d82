package membership

import (
	"context"
	"errors"
	"maps"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// once runs a verb in a transaction, and gives the same request the same answer. The verb returns the id
// of what it made or changed.
func (r *Roster) once(ctx context.Context, k database.Key, verb func(*database.Tx) (string, error)) (string, error) {
	id, err := database.OnceIn(ctx, r.db, k, func(tx *database.Tx) (string, error) {
		id, err := verb(tx)
		return id, twin(err)
	})
	r.reaching.forget() // also when it failed: a commit whose answer was lost may have happened
	return id, err
}

// twin turns the data base's refusal of a slug that another took in the same moment into
// the refusal that one gets who comes a moment later.
func twin(err error) error {
	switch database.Constraint(err) {
	case "tiers_slug_unique", "certifications_slug_unique":
		return refused("slug", "slug_taken", nil)
	}
	return err
}

// allow asks that by has a right at a hub, or over the network when there is none.
func allow(r database.Reader, by identity.Actor, right identity.Right, hubID string) error {
	region, err := regionOf(r, hubID)
	if err != nil {
		return err
	}
	if !by.May(right, hubID, region) {
		return identity.Denied(by)
	}
	return nil
}

func regionOf(r database.Reader, hubID string) (string, error) {
	if hubID == "" {
		return "", nil
	}
	var region string
	err := r.Get(&region, `SELECT region_id FROM hubs WHERE id = $1`, hubID)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("hub_not_found")
	}
	return region, err
}

// hubOf returns the id of a hub by id or slug; "" is none.
func hubOf(r database.Reader, key string) (string, error) {
	id, _, err := placeOf(r, key)
	return id, err
}

// placeOf returns the id and the zone of a hub by id or slug. An empty key is no hub, and
// its calendar is that of UTC.
func placeOf(r database.Reader, key string) (id string, zoneName string, err error) {
	if key == "" {
		return "", "UTC", nil
	}
	var row struct {
		ID   string `db:"id"`
		Zone string `db:"time_zone"`
	}
	err = r.Get(&row, `SELECT id, time_zone FROM hubs WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.Field("hub", "unknown_hub")
	}
	return row.ID, row.Zone, err
}

// today is the day that the calendar of a hub shows.
func today(tx *database.Tx, zoneName string) (hours.Date, error) {
	zone, err := hours.LoadZone(zoneName)
	if err != nil {
		return hours.Date{}, err
	}
	return hours.DateOf(tx.Now, zone), nil
}

func notFound(code string) error { return fault.New(fault.NotFound, code, nil) }

// refused is one broken rule about one field.
func refused(field, code string, params fault.Params) error {
	p := fault.Params{"field": field}
	maps.Copy(p, params)
	return &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: code, Params: p}}}
}

func stale(ifVersion, version int64) error {
	if ifVersion == 0 || ifVersion == version {
		return nil
	}
	return fault.New(fault.Stale, "stale", fault.Params{"version": version})
}

// unknown says that a field names, by id or slug, what is not there.
func unknown(field, code, slug string) error {
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{Code: code, Params: fault.Params{"field": field, "slug": slug}}}}
}

// A form collects what is wrong with what somebody sent, so that one answer names it all.
type form struct{ violations []fault.Violation }

func (f *form) no(field, code string, params fault.Params) {
	p := fault.Params{"field": field}
	maps.Copy(p, params)
	f.violations = append(f.violations, fault.Violation{Code: code, Params: p})
}

func (f *form) err() error {
	if len(f.violations) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: f.violations}
}

func (f *form) between(field string, n *int64, least, most int64) {
	if n != nil && (*n < least || *n > most) {
		f.no(field, "out_of_range", fault.Params{"min": least, "max": most})
	}
}

func (f *form) oneOf(field, s string, words ...string) {
	if !slices.Contains(words, s) {
		f.no(field, "bad_value", nil)
	}
}

// day checks a day of the calendar; "" stands for none.
func (f *form) day(field, s string) {
	if _, err := hours.ParseDate(s); s != "" && err != nil {
		f.no(field, "bad_date", nil)
	}
}

// usualDay is day, and within the years that memberships have.
func (f *form) usualDay(field, s string) {
	f.day(field, s)
	if len(f.violations) == 0 && s != "" && (s < earliestDay || s > latestDay) {
		f.no(field, "day_out_of_range", fault.Params{"from_on": earliestDay, "until_on": latestDay})
	}
}

func (f *form) texts(field string, t inventory.Text, most int, needed bool) {
	if needed && t.In("fr") == "" {
		f.no(field, "required", nil)
	}
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		switch {
		case lang != "fr" && lang != "en":
			f.no(field, "bad_language", nil)
		case inventory.Unwritable(t[lang], !needed):
			f.no(field, "bad_text", nil)
		case len([]rune(t[lang])) > most:
			f.no(field, "text_too_long", fault.Params{"max": most})
		}
	}
}

const (
	longestName = 120
	longestText = 5000
	mostMinutes = 366 * 1440
)

func set[T any](dest *T, value *T) {
	if value != nil {
		*dest = *value
	}
}
