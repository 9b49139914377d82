package inventory

import (
	"encoding/base64"

	"canot/internal/fault"
)

// Sizes of a page of a list.
const (
	defaultPage = 50
	largestPage = 200
)

// A page is where a list goes on, and how much of it is wanted. Lists are in order of
// slug, and the cursor is the last slug that was given.
type page struct {
	limit int
	after string
}

// pageOf reads limit and cursor. A cursor that this catalog did not give is Malformed.
func pageOf(limit int, after string) (page, error) {
	if limit == 0 {
		limit = defaultPage
	}
	if limit < 1 || limit > largestPage {
		return page{}, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{
			{Code: "out_of_range", Params: fault.Params{"field": "limit", "min": 1, "max": largestPage}}}}
	}
	slug, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil || len(after) > 2*maxSlug || after != "" && !slugForm.Match(slug) {
		return page{}, fault.Field("cursor", "bad_cursor")
	}
	return page{limit, string(slug)}, nil
}

// cut keeps one page of items, of which one more was read than is wanted, and returns
// the cursor that gives the rest, or "".
func cut[T any](p page, items []T, slug func(T) string) ([]T, string) {
	if len(items) <= p.limit {
		return items, ""
	}
	items = items[:p.limit]
	return items, base64.RawURLEncoding.EncodeToString([]byte(slug(items[p.limit-1])))
}
