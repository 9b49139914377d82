package inventory

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"canot/internal/database"
	"canot/internal/identity"
)

// once runs a verb in a transaction and keeps what it gives under k in the same commit.
func once[T any](ctx context.Context, db *database.DB, k database.Key, verb func(tx *database.Tx) (T, error)) (T, error) {
	return database.OnceIn(ctx, db, k, func(tx *database.Tx) (T, error) {
		v, err := verb(tx)
		return v, twin(err)
	})
}

// twin turns the data base's refusal of a name that another took in the same moment into
// the refusal that one gets who comes a moment later.
func twin(err error) error {
	var c check
	switch database.Constraint(err) {
	case "units_code_unique":
		c.refuse("code", "code_taken", nil)
	case "operators_slug_unique":
		c.refuse("slug", "slug_taken", nil)
	default:
		return err
	}
	return c.err()
}

// lockHubs locks hubs and every resource that they govern, in the declared order, and
// must come before the facts of an edit are read. A resource cannot slip in between,
// for making one locks its hub.
func lockHubs(tx *database.Tx, hubIDs ...string) error {
	if len(hubIDs) == 0 {
		return nil
	}
	if err := tx.Lock("hubs", hubIDs...); err != nil {
		return err
	}
	ids, err := resourcesAt(tx, hubIDs...)
	if err != nil || len(ids) == 0 {
		return err
	}
	return tx.Lock("resources", ids...)
}

// lockEveryHub locks all hubs there are, as a step of making one. Who writes a layer that
// all hubs follow waits here, or is waited for.
func lockEveryHub(tx *database.Tx) error {
	var ids []string
	if err := tx.Select(&ids, `SELECT id FROM hubs ORDER BY id`); err != nil {
		return err
	}
	return tx.Lock("hubs", ids...)
}

// resourcesAt returns the ids of all resources of the hubs, archived ones too.
func resourcesAt(r database.Reader, hubIDs ...string) ([]string, error) {
	var ids []string
	err := r.SelectIn(&ids, `SELECT id FROM resources WHERE hub_id IN ($list) ORDER BY id`, hubIDs)
	return ids, err
}

// record appends to the log what an edit changed: for numbers, references and switches
// what they were and are; of a text only that it changed, for it may name a person.
func record(tx *database.Tx, by identity.Actor, action, subject string, before, after any) error {
	was, is := figures(before), figures(after)
	changed := []string{}
	for _, f := range slices.Sorted(maps.Keys(is)) {
		if !reflect.DeepEqual(was[f], is[f]) {
			changed = append(changed, f)
		}
	}
	kind, _, _ := strings.Cut(action, ".")
	c := database.Change{By: by.ID, Action: action, Kind: kind, Subject: subject, After: logged(is, changed)}
	if before != nil {
		c.Before = logged(was, changed)
	}
	return tx.Record(c)
}

// figures flattens what is encoded as JSON to one level: "policy.grain_min".
func figures(v any) map[string]any {
	flat := map[string]any{}
	if v == nil {
		return flat
	}
	b, err := json.Marshal(v)
	if err != nil {
		return flat
	}
	var tree map[string]any
	if json.Unmarshal(b, &tree) != nil {
		return flat
	}
	for name, value := range tree {
		if sub, ok := value.(map[string]any); ok && name == "policy" {
			for f, x := range sub {
				flat[name+"."+f] = x
			}
			continue
		}
		flat[name] = value
	}
	return flat
}

// Texts that are no person's: identifiers and words of closed sets. All others are
// logged by name only.
var loggedWords = []string{
	"id", "slug", "region", "operator", "hub", "resource", "unit", "category", "kind", "time_zone", "currency",
	"tax_jurisdiction", "wheelchair", "policy.within", "status", "code", "date", "starts_at", "ends_at",
	"home_hub", "current_hub", "hours", "tags", "spans", "policy_own", "policy.certifications", "policy.tiers",
	"policy.approval_tiers", "policy.conditions",
}

// logged keeps of the changed fields what may be kept.
func logged(all map[string]any, changed []string) map[string]any {
	kept := map[string]any{"changed": changed}
	for _, f := range changed {
		switch v := all[f].(type) {
		case float64, bool:
			kept[f] = v
		case string, []any:
			if slices.Contains(loggedWords, f) {
				kept[f] = v
			}
		}
	}
	return kept
}

// A filter grows the conditions of one query and their values.
type filter struct {
	conds []string
	args  []any
}

// where adds a condition in which every ? stands for the next of the values.
func (f *filter) where(cond string, values ...any) {
	for _, v := range values {
		cond = strings.Replace(cond, "?", f.value(v), 1)
	}
	f.conds = append(f.conds, cond)
}

// value adds one value and returns its place in the query.
func (f *filter) value(v any) string {
	f.args = append(f.args, v)
	return "$" + strconv.Itoa(len(f.args))
}

// String returns the conditions, for the place after WHERE.
func (f *filter) String() string {
	if len(f.conds) == 0 {
		return "true"
	}
	return strings.Join(f.conds, " AND ")
}

// same reports whether two things would be stored alike, whatever their versions.
func same(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
