package booking

import (
	"sync"

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
