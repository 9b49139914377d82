// Package calendar writes what happens as iCalendar feeds (RFC 5545 and 7986):
// who subscribes sees when a hub, a resource or a region is taken or closed, in
// any calendar program.
//
// It knows the lines of the format, what a feed shows and what tells that a feed
// has changed. It refuses to know who booked and why: its queries of public feeds
// select no personal column, so that none can leak, and those of private ones a title
// and nobody's name. Whether somebody may read a private feed is asked before, of package
// identity, which keeps their secret addresses. It writes nothing to the data
// base, and knows nothing of HTTP. The few words that stand in a feed («Réservé»)
// are kept here, in words.go, because they are a part of the file, not of a page.
//
// Start reading at Feeds.Stamp and Feeds.Write; Feeds.Private is a private feed, and Event
// one booking, as a message carries it or a page offers it.
package calendar

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/inventory"
)

// A Scope says what a feed is about.
type Scope string

// The scopes of the public feeds.
const (
	Hub       Scope = "hub"       // bookings and closures of one hub
	Resource  Scope = "resource"  // bookings and closures of one resource
	Region    Scope = "region"    // closures of the hubs of a region; bookings when asked for
	Network   Scope = "network"   // the same of all hubs
	Workshops Scope = "workshops" // public events
)

// A Query names one feed. Two equal queries name the same feed.
type Query struct {
	Scope    Scope
	Key      string // slug or id of the hub, resource or region; "" for the others
	Kind     string // only what concerns resources of this kind; "" for all
	Category string // only what concerns resources of this category, by slug or id; "" for all
	Busy     bool   // bookings too, where the scope does not show them by itself
	Lang     string // fr or en; "" means fr
}

// clean returns the query in its one normal form, or a Malformed fault that names
// the field that cannot be read, or NotFound for a key that nothing can have. Whether the category exists is left to the stamp.
func (q Query) clean() (Query, error) {
	switch q.Lang {
	case "":
		q.Lang = "fr"
	case "fr", "en":
	default:
		return q, unreadable("lang", "bad_choice", "fr, en")
	}
	switch inventory.Kind(q.Kind) {
	case "", inventory.Space, inventory.Machine, inventory.Equipment, inventory.Guide:
	default:
		return q, unreadable("kind", "bad_choice", "space, machine, equipment, guide")
	}
	// PostgreSQL refuses a text with a NUL or with bytes that are not UTF-8; no slug has them.
	if unfit(q.Category) {
		return q, noCategory()
	}
	if unfit(q.Key) {
		return q, q.missing()
	}
	switch q.Scope {
	case Hub, Resource:
		q.Busy = true
	case Workshops:
		q.Busy, q.Key = false, ""
	case Network:
		q.Key = ""
	}
	return q, nil
}

func unfit(key string) bool {
	return !utf8.ValidString(key) || strings.ContainsRune(key, 0)
}

// unreadable is a Malformed fault for one field, with what it may be.
func unreadable(field, code, choices string) error {
	f := fault.Field(field, code)
	if choices != "" {
		f.Violations[0].Params["choices"] = choices
	}
	return f
}

func noCategory() error { return fault.New(fault.NotFound, "category_not_found", nil) }

// missing is the fault for a feed whose subject is not there.
func (q Query) missing() error {
	code := "not_found"
	switch q.Scope {
	case Hub:
		code = "hub_not_found"
	case Resource:
		code = "resource_not_found"
	case Region:
		code = "region_not_found"
	}
	return fault.New(fault.NotFound, code, nil)
}

// A window is the stretch of time that a feed shows. It moves once a day, so that
// the bytes of a feed stay the same for as long as nothing changes.
type window struct {
	day      time.Time // midnight UTC
	from, to time.Time // shown are events that touch [from, to)
	gone     time.Time // a cancelled booking disappears when its change is older than this
}

func windowAt(now time.Time) window {
	y, m, d := now.UTC().Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	back := day.AddDate(0, 0, -30)
	return window{day: day, from: back, to: day.AddDate(1, 0, 0), gone: back}
}

// Feeds are the calendars of a network, public and private. They may be used by several goroutines.
type Feeds struct {
	db *database.DB

	mu   sync.Mutex
	seen map[Query]Stamp // when each feed was first seen as it is now
}

// New makes the feeds of the network in db.
func New(db *database.DB) *Feeds {
	return &Feeds{db: db, seen: map[Query]Stamp{}}
}
