package api

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Paging is the parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Cursor string `query:"cursor" maxLength:"400" doc:"Where to go on: next_cursor of the page before"`
}

// page is one page of a list.
type page[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Give it as ?cursor= to get the next page; null on the last one"`
}

// listed makes a page; there is always a list, if an empty one.
func listed[From, T any](items []From, next string, wire func(From) T) page[T] {
	p := page[T]{Items: make([]T, len(items))}
	for i, item := range items {
		p.Items[i] = wire(item)
	}
	if next != "" {
		p.NextCursor = &next
	}
	return p
}

// A whole is a list that is short by nature and read in one go: what it is called, and
// for each item a text that no other item has and that sorts as the list does.
type whole[From any] struct {
	name string
	key  func(From) string
}

// page cuts one page out of a list that was read whole. Its cursor is the key of the last
// item, so that what is added or taken away meanwhile makes no other item come twice or
// never. A cursor of another list is refused.
func (w whole[From]) page(items []From, p Paging) ([]From, string, error) {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b From) int { return cmp.Compare(w.key(a), w.key(b)) })
	if p.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
		last, ours := strings.CutPrefix(string(raw), w.name+":")
		if err != nil || !ours || last == "" || !readable(last) {
			return nil, "", field("cursor", "bad_cursor")
		}
		at, found := slices.BinarySearchFunc(items, last, func(x From, key string) int { return cmp.Compare(w.key(x), key) })
		if found {
			at++
		}
		items = items[at:]
	}
	if len(items) <= p.Limit {
		return items, "", nil
	}
	items = items[:p.Limit]
	return items, base64.RawURLEncoding.EncodeToString([]byte(w.name + ":" + w.key(items[p.Limit-1]))), nil
}

// paged answers with one page of a list that was read whole.
func paged[From, T any](w whole[From], items []From, p Paging, wire func(From) T) (*answer[page[T]], error) {
	items, next, err := w.page(items, p)
	if err != nil {
		return nil, err
	}
	return &answer[page[T]]{listed(items, next, wire)}, nil
}

// soonest is a key for lists in order of time, the earliest first.
func soonest(t time.Time, id string) string { return t.UTC().Format(time.RFC3339) + " " + id }

// latest is a key for lists in order of time, the latest first.
func latest(t time.Time, id string) string {
	return fmt.Sprintf("%019d %s", math.MaxInt64-t.Unix(), id)
}
