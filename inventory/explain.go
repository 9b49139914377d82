package inventory

import (
	"context"
	"reflect"
	"slices"

	"canot/internal/database"
)

// A PolicyPart is one field of a policy as it holds, and the layer that says so.
type PolicyPart struct {
	Value any    // an int, a bool, a Within or a []string, never nil
	From  string // FromKind to FromResource
}

// A PolicyOrigin is the policy of a resource, and who says what.
type PolicyOrigin struct {
	Resource Resource
	Parts    map[string]PolicyPart // by JSON name, all of them
}

// PolicyOf returns the policy of the resource with that id or slug, and which layer says
// each part of it, as one snapshot.
func (c *Catalog) PolicyOf(ctx context.Context, key string) (PolicyOrigin, error) {
	var o PolicyOrigin
	err := c.db.View(ctx, func(r database.Reader) error {
		x, err := seenResource(r, key)
		if err != nil {
			return err
		}
		l, err := layersOver(r, x.HubID, x.CategoryID)
		o = PolicyOrigin{x, l.origin(x)}
		return err
	})
	return o, err
}

// origin tells for every field of a policy which layer says it.
func (l layers) origin(x Resource) map[string]PolicyPart {
	from := map[string]string{}
	for _, layer := range append(l.above(x.HubID, x.CategoryID), policyLayer{FromResource, x.own()}) {
		for _, name := range layer.says.names() {
			from[name] = layer.from
		}
	}
	parts := make(map[string]PolicyPart, len(policyFields))
	values := reflect.ValueOf(x.Policy.said([]string{allFields}))
	for _, f := range policyFields {
		part := PolicyPart{Value: values.Field(f.edit).Elem().Interface(), From: FromKind}
		if layer, said := from[f.name]; said {
			part.From = layer
		}
		parts[f.name] = part
	}
	return parts
}

// A Finding is one row at rest that is not as it should be.
type Finding struct {
	Code    string // what is wrong
	Subject string // the id of the row
	Detail  string // figures and names of fields
}

// Check compares the policy of every resource with what the layers and the resource say,
// in one snapshot, and returns a finding for each that differs. It only reads.
func (c *Catalog) Check(ctx context.Context) ([]Finding, error) {
	found := []Finding{}
	err := c.db.View(ctx, func(r database.Reader) error {
		found = found[:0]
		l, err := layersWhere(r, ``)
		if err != nil {
			return err
		}
		var rows []resourceRow
		if err := r.Select(&rows, selectResources+`ORDER BY r.id`); err != nil {
			return err
		}
		for _, row := range rows {
			x := row.resource()
			is := x.Policy.said([]string{allFields})
			should := l.effective(x, x.own())
			for _, name := range is.differing(should).names() {
				found = append(found, Finding{"policy_differs", x.ID, name})
			}
			for _, name := range x.PolicyOwn {
				if name != allFields && !slices.Contains(PolicyFields(), name) {
					found = append(found, Finding{"policy_unknown_field", x.ID, name})
				}
			}
		}
		return nil
	})
	return found, err
}
