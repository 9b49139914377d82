package inventory

import (
	"reflect"
	"slices"
	"strings"

	"canot/internal/database"
)

// What a policy says comes from layers: the default of the kind, then the category in the
// whole network, the hub, the category at the hub, and last the resource itself. Each says
// some fields; for every field the most specific that says it wins. The columns of a
// resource always hold the outcome, so that a booking reads it without knowing of layers:
// whoever changes a layer writes the outcome again, under the locks of all it governs.

// The layers, by the name under which PolicyOf tells where a value comes from.
const (
	FromKind        = "kind"
	FromCategory    = "category"
	FromHub         = "hub"
	FromHubCategory = "hub_category"
	FromResource    = "resource"
)

// allFields stands for every field in a list of names.
const allFields = "*"

// A policyField is one field of a policy: its JSON name, and where it is in an edit and in
// a policy.
type policyField struct {
	name   string
	edit   int
	policy []int
}

var policyFields = fieldsOfPolicy()

// fieldsOfPolicy matches the fields of PolicyEdits with those of Policy, which are called
// alike. One without its match would be a mistake of this package, and panics at start.
func fieldsOfPolicy() []policyField {
	edits, policy := reflect.TypeFor[PolicyEdits](), reflect.TypeFor[Policy]()
	list := make([]policyField, edits.NumField())
	for i := range list {
		f := edits.Field(i)
		match, ok := policy.FieldByName(f.Name)
		if !ok || f.Type.Elem() != match.Type {
			panic("inventory: no such field of a policy: " + f.Name)
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		list[i] = policyField{name, i, match.Index}
	}
	return list
}

// PolicyFields returns the JSON names of all fields of a policy, in order.
func PolicyFields() []string {
	names := make([]string, len(policyFields))
	for i, f := range policyFields {
		names[i] = f.name
	}
	return names
}

// apply returns p with the edits made.
func (e PolicyEdits) apply(p Policy) Policy {
	from, to := reflect.ValueOf(e), reflect.ValueOf(&p).Elem()
	for _, f := range policyFields {
		if v := from.Field(f.edit); !v.IsNil() {
			to.FieldByIndex(f.policy).Set(v.Elem())
		}
	}
	return p
}

// over returns the edits with those of below where these say nothing.
func (e PolicyEdits) over(below PolicyEdits) PolicyEdits {
	to, from := reflect.ValueOf(&e).Elem(), reflect.ValueOf(below)
	for _, f := range policyFields {
		if to.Field(f.edit).IsNil() {
			to.Field(f.edit).Set(from.Field(f.edit))
		}
	}
	return e
}

// without returns the edits less the named fields.
func (e PolicyEdits) without(names []string) PolicyEdits {
	to := reflect.ValueOf(&e).Elem()
	for _, f := range policyFields {
		if slices.Contains(names, f.name) || slices.Contains(names, allFields) {
			to.Field(f.edit).SetZero()
		}
	}
	return e
}

// names returns the JSON names of the fields that the edits say, in order.
func (e PolicyEdits) names() []string {
	v, names := reflect.ValueOf(e), []string{}
	for _, f := range policyFields {
		if !v.Field(f.edit).IsNil() {
			names = append(names, f.name)
		}
	}
	return names
}

// said returns what p says of the named fields, as edits.
func (p Policy) said(names []string) PolicyEdits {
	var e PolicyEdits
	to, from := reflect.ValueOf(&e).Elem(), reflect.ValueOf(p)
	for _, f := range policyFields {
		if slices.Contains(names, f.name) || slices.Contains(names, allFields) {
			v := reflect.New(to.Field(f.edit).Type().Elem())
			v.Elem().Set(from.FieldByIndex(f.policy))
			to.Field(f.edit).Set(v)
		}
	}
	return e.clean()
}

// differing returns the edits less those that say what p says already.
func (e PolicyEdits) differing(p Policy) PolicyEdits {
	is, to := reflect.ValueOf(p.said([]string{allFields})), reflect.ValueOf(&e).Elem()
	for _, f := range policyFields {
		if v := to.Field(f.edit); !v.IsNil() && same(v.Interface(), is.Field(f.edit).Interface()) {
			v.SetZero()
		}
	}
	return e
}

// lists are the fields that hold slugs.
func (e *PolicyEdits) lists() []*[]string {
	return []*[]string{e.Certifications, e.Tiers, e.ApprovalTiers, e.Conditions}
}

// clean returns the edits with each slug once, in order, and no list that is null.
func (e PolicyEdits) clean() PolicyEdits {
	for i, list := range e.lists() {
		if list == nil {
			continue
		}
		sorted := cleanList(*list)
		slices.Sort(sorted)
		*[]**[]string{&e.Certifications, &e.Tiers, &e.ApprovalTiers, &e.Conditions}[i] = &sorted
	}
	return e
}

// ownNames returns the names in the form in which they are kept: all of them are "*".
func ownNames(names []string) []string {
	if len(names) == len(policyFields) {
		return []string{allFields}
	}
	return names
}

// A place is what one layer of policies is of: a category, a hub, or both.
type place struct{ HubID, CategoryID string }

// layers are what the layers say, by place.
type layers map[place]PolicyEdits

// policyLayer is what one layer says, and its name.
type policyLayer struct {
	from string
	says PolicyEdits
}

// above lists the layers over resources of a category at a hub, the most general first.
func (l layers) above(hubID, categoryID string) []policyLayer {
	return []policyLayer{
		{FromCategory, l[place{"", categoryID}]},
		{FromHub, l[place{hubID, ""}]},
		{FromHubCategory, l[place{hubID, categoryID}]},
	}
}

// effective returns the policy of a resource that itself says own.
func (l layers) effective(x Resource, own PolicyEdits) Policy {
	p := defaultPolicy(x.Kind)
	for _, layer := range l.above(x.HubID, x.CategoryID) {
		p = layer.says.apply(p)
	}
	return own.apply(p)
}

// own returns what a resource says itself.
func (x Resource) own() PolicyEdits { return x.Policy.said(x.PolicyOwn) }

// govern gives a resource the policy that the layers and it say, once it has given the
// inherited fields back and been edited.
func (x *Resource) govern(l layers, inherited []string, e PolicyEdits) {
	own := e.clean().over(x.own().without(inherited))
	x.PolicyOwn = ownNames(own.names())
	x.Policy = l.effective(*x, own)
}

type layerRow struct {
	HubID      string      `db:"hub_id"`
	CategoryID string      `db:"category_id"`
	Policy     storedEdits `db:"policy"`
}

const selectLayers = `SELECT hub_id, category_id, policy FROM policy_defaults `

// layersOver reads the layers over resources of a category at a hub, in one statement.
func layersOver(r database.Reader, hubID, categoryID string) (layers, error) {
	return layersWhere(r, `WHERE (hub_id = '' AND category_id = $2) OR (hub_id = $1 AND (category_id = '' OR category_id = $2))`, hubID, categoryID)
}

func layersWhere(r database.Reader, where string, args ...any) (layers, error) {
	var rows []layerRow
	err := r.Select(&rows, selectLayers+where, args...)
	l := layers{}
	for _, row := range rows {
		l[place{row.HubID, row.CategoryID}] = PolicyEdits(row.Policy)
	}
	return l, err
}
