package booking

import (
	"sync"

	"canot/inventory"
	"canot/inventory/hours"
)

// A spanCache remembers when units are taken. An entry is good as long as the unit
// has the version it was read at; the data base raises that version in the same
// commit as every change of the unit's occupancies, so several servers on one data
// base agree. The zero spanCache is ready.
type spanCache struct {
	mu    sync.RWMutex
	units map[string]spanEntry
}

type spanEntry struct {
	version int64
	known   hours.Span
	taken   []taken // never changed once here
}

// maxRemembered bounds the cache; past it, it starts afresh.
const maxRemembered = 50_000

func (c *spanCache) find(unit string, version int64, window hours.Span) ([]taken, bool) {
	c.mu.RLock()
	e, ok := c.units[unit]
	c.mu.RUnlock()
	if !ok || e.version != version || !e.known.Contains(window) {
		return nil, false
	}
	return e.taken, true
}

func (c *spanCache) keep(unit string, version int64, known hours.Span, all []taken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.units == nil || len(c.units) >= maxRemembered {
		c.units = map[string]spanEntry{}
	}
	if e, ok := c.units[unit]; ok && e.version > version {
		return
	}
	c.units[unit] = spanEntry{version, known, all}
}

// A nameCache remembers the names of resources as they are compared, which takes longer
// than comparing them. The zero nameCache is ready.
type nameCache struct {
	mu    sync.RWMutex
	names map[nameKey]string
}

// A nameKey names one name: an edit of it raises the version of the rules.
type nameKey struct {
	resource, language string
	rules              int64
}

// folded is the name of a resource in a language, as inventory.Fold has it.
func (c *nameCache) folded(t *inventory.Terms, language string) string {
	key := nameKey{t.Resource.ID, language, t.RulesVersion}
	c.mu.RLock()
	name, known := c.names[key]
	c.mu.RUnlock()
	if known {
		return name
	}
	name = inventory.Fold(t.Resource.Name.In(language))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil || len(c.names) >= maxRemembered {
		c.names = map[nameKey]string{}
	}
	c.names[key] = name
	return name
}

// A freeCache remembers the free intervals that were last worked out for each resource.
// An entry is good for its key alone. The zero freeCache is ready.
type freeCache struct {
	mu        sync.RWMutex
	resources map[string]freeEntry
}

// A freeKey is all that the free intervals of a resource depend on, holds aside.
type freeKey struct {
	rules    int64      // names the terms, and so the set of units
	units    int64      // their versions added up: none ever falls
	bounds   hours.Span // what notice and horizon leave of the window
	quantity int
	within   inventory.Within // of the policy, or Any for whom a tier lets in after hours
}

type freeEntry struct {
	key  freeKey
	free []Free // never changed once here
}

func (c *freeCache) find(resource string, key freeKey) ([]Free, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.resources[resource]
	return e.free, ok && e.key == key
}

func (c *freeCache) keep(resource string, key freeKey, free []Free) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resources == nil || len(c.resources) >= maxRemembered {
		c.resources = map[string]freeEntry{}
	}
	c.resources[resource] = freeEntry{key, free}
}
