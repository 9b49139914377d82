package web

import (
	"math"
	"slices"
	"unicode/utf8"

	"canot/inventory"
	"canot/web/locale"
	"canot/web/territory"
)

// The map is a picture for who sees it: it is hidden from screen readers and from the Tab
// key, because the list beside it says all that it says, in the same order for everybody,
// and its links are the list's own. Sixteen stops of the Tab key before the list would help
// nobody. On a small screen only towns whose names fit can be tapped: the dots of the others
// are too near to each other for a finger.

// A townMap is the map of the hubs: the ground, a dot for each, and the names of those
// whose names fit.
type townMap struct {
	Width, Height          int
	Water, Rivers, Borders string
	Dots                   []mapDot
	Rings                  []mapRing
	Names                  []mapName
}

// A mapDot is a hub on the sheet.
type mapDot struct {
	Path         string // its page
	Town         string
	X, Y         int
	Chosen       bool
	Beyond       bool      // it lies outside the sheet, in this direction
	Wide, Narrow *mapLabel // where its name stands on a large and on a small screen; nil for nowhere
}

// A mapLabel is where a name begins, ends or has its middle.
type mapLabel struct {
	X, Y   int
	Anchor string // of SVG: "end", "middle", or "" for the beginning
}

// A mapName is the name of a land or of a water, on a large screen.
type mapName struct {
	X, Y  int
	Water bool
	Words string
}

// A mapRing is a circle of so many kilometres around the chosen hub.
type mapRing struct {
	X, Y, R int
	Words   string
	Label   *mapLabel // where its words stand; nil for nowhere
}

// The sizes of names, in units of the sheet: a small screen shows a unit as a third of a
// pixel. The style sheet has the same two figures, and smaller ones for the sizes between.
const (
	wideLetters   = 18
	narrowLetters = 36
	longestName   = 22 // letters of a town's name on the map
)

// ringKm are the distances that are drawn around the chosen hub.
var ringKm = []float64{100, 250, 500}

// mapOf draws the hubs, with rings around the chosen one, which may be "". A hub outside the
// sheet stands at its edge, in its direction. Where no hub is on the sheet there is no map.
func mapOf(l locale.Language, places []inventory.Place, chosen string) *townMap {
	m := &townMap{Width: territory.Width, Height: territory.Height, Water: territory.Water, Rivers: territory.Rivers, Borders: territory.Borders}
	on := false
	for _, h := range places {
		x, y := territory.Project(h.Latitude, h.Longitude)
		d := mapDot{Path: hubAddress(h.Slug), Town: shortName(h), Chosen: h.Slug == chosen, Beyond: !territory.Shown(x, y, 0)}
		d.X, d.Y = clamped(x, territory.Width), clamped(y, territory.Height)
		on = on || !d.Beyond
		m.Dots = append(m.Dots, d)
	}
	if !on {
		return nil
	}
	// The chosen one is drawn last, above the others, and is the first to choose a place for
	// its name.
	slices.SortStableFunc(m.Dots, func(a, b mapDot) int { return rank(a) - rank(b) })
	if last := m.Dots[len(m.Dots)-1]; last.Chosen && !last.Beyond {
		for _, km := range ringKm {
			m.Rings = append(m.Rings, mapRing{X: last.X, Y: last.Y, R: int(km/territory.Scale + 0.5), Words: l.Distance(km)})
		}
	}
	m.Names = namesOn(l)
	m.name()
	return m
}

// namesOn are the lands and waters that help to find one's way.
func namesOn(l locale.Language) []mapName {
	var names []mapName
	add := func(latitude, longitude float64, water bool, words string) {
		x, y := territory.Project(latitude, longitude)
		names = append(names, mapName{int(math.Round(x)), int(math.Round(y)), water, words})
	}
	add(51.62, -80.35, true, l.Say("page.map.james_bay", nil))
	add(47.55, -87.4, true, l.Say("page.map.superior", nil))
	add(50.75, -86.3, false, l.Say("page.map.ontario", nil))
	add(47.05, -75.6, false, l.Say("page.map.quebec", nil))
	return names
}

func rank(d mapDot) int {
	if d.Chosen {
		return 1
	}
	return 0
}

// clamped keeps a coordinate on the sheet, far enough from the edge to be seen whole.
func clamped(v float64, end int) int {
	const margin = 12
	if math.IsNaN(v) {
		v = 0
	}
	return int(math.Round(min(max(v, margin), float64(end-margin))))
}

// shortName is how a hub is called on the map.
func shortName(h inventory.Place) string {
	name := h.Town
	if name == "" {
		name = h.Name.In("fr")
	}
	if utf8.RuneCountInString(name) > longestName {
		name = string([]rune(name)[:longestName-1]) + "…"
	}
	return name
}

// name finds a place for the names, and for what the rings say, on both sizes of screen.
func (m *townMap) name() {
	wide := m.obstacles(9)
	m.spread(&wide, wideLetters, 10, func(d *mapDot, l *mapLabel) { d.Wide = l })
	for i := range m.Rings {
		r := &m.Rings[i]
		r.Label = r.words(&wide)
	}
	m.Names = slices.DeleteFunc(m.Names, func(n mapName) bool {
		width := 1.3 * widthOf(n.Words, wideLetters) // they are set wider
		return !take(&wide, tile{float64(n.X) - width/2, float64(n.Y - wideLetters), float64(n.X) + width/2, float64(n.Y + 5)})
	})
	narrow := m.obstacles(13)
	m.spread(&narrow, narrowLetters, 18, func(d *mapDot, l *mapLabel) { d.Narrow = l })
}

// spread gives names their places: first the chosen one's, then always the one with the fewest
// places left, where it takes the fewest from others. What has none left is not named.
func (m *townMap) spread(taken *[]tile, letters, gap float64, set func(*mapDot, *mapLabel)) {
	type wish struct {
		dot    *mapDot
		places []labelTile
	}
	var wishes []wish
	for i := range m.Dots {
		wishes = append(wishes, wish{&m.Dots[i], placesFor(&m.Dots[i], letters, gap)})
	}
	for len(wishes) > 0 {
		next := 0
		for i := range wishes {
			wishes[i].places = slices.DeleteFunc(wishes[i].places, func(p labelTile) bool { return !room(*taken, p.tile) })
			if better := len(wishes[i].places) - len(wishes[next].places); wishes[i].dot.Chosen || better < 0 && !wishes[next].dot.Chosen {
				next = i
			}
		}
		w := wishes[next]
		wishes = slices.Delete(wishes, next, next+1)
		if w.dot.Chosen && len(w.places) == 0 { // the one name that must be there may cover dots
			w.places = slices.DeleteFunc(placesFor(w.dot, letters, gap), func(p labelTile) bool { return !room(nil, p.tile) })
		}
		least := math.MaxInt
		var best *labelTile
		for i, p := range w.places {
			cost := i // earlier ones read better
			for _, other := range wishes {
				for _, q := range other.places {
					if p.touches(q.tile) {
						cost += 24 / len(other.places)
					}
				}
			}
			if cost < least {
				least, best = cost, &w.places[i]
			}
		}
		if best != nil {
			*taken = append(*taken, best.tile)
			set(w.dot, &best.mapLabel)
		}
	}
}

// A tile is a rectangle of the sheet that something stands on.
type tile struct{ left, top, right, bottom float64 }

func (t tile) touches(o tile) bool {
	return t.left < o.right && o.left < t.right && t.top < o.bottom && o.top < t.bottom
}

// obstacles are the dots, on which no name may stand.
func (m *townMap) obstacles(size float64) []tile {
	taken := make([]tile, len(m.Dots))
	for i, d := range m.Dots {
		x, y := float64(d.X), float64(d.Y)
		taken[i] = tile{x - size, y - size, x + size, y + size}
	}
	return taken
}

// room reports whether all of t is on the sheet and free.
func room(taken []tile, t tile) bool {
	return t.left >= 4 && t.top >= 2 && t.right <= territory.Width-4 && t.bottom <= territory.Height-2 && !slices.ContainsFunc(taken, t.touches)
}

// take takes t if there is room for it.
func take(taken *[]tile, t tile) bool {
	free := room(*taken, t)
	if free {
		*taken = append(*taken, t)
	}
	return free
}

// A labelTile is a place for a name, and the rectangle that the name would cover.
type labelTile struct {
	mapLabel
	tile
}

// placesFor are where the name of a dot could stand, the best first: beside it, above or below
// it, or off a corner.
func placesFor(d *mapDot, letters, gap float64) (places []labelTile) {
	if d.Chosen {
		gap += 3 // its dot is larger
	}
	x, y, width := float64(d.X), float64(d.Y), widthOf(d.Town, letters)
	up, level, down := -gap-0.24*letters, 0.36*letters, gap+0.8*letters // clear of its own dot
	for _, way := range []struct {
		anchor string
		dx, dy float64
	}{
		{"", gap, level}, {"end", -gap, level}, {"middle", 0, up}, {"middle", 0, down},
		{"", gap / 2, up}, {"", gap / 2, down}, {"end", -gap / 2, up}, {"end", -gap / 2, down},
		{"", -gap, up}, {"end", gap, up}, {"", -gap, down}, {"end", gap, down},
	} {
		lx, ly := math.Round(x+way.dx), math.Round(y+way.dy)
		left := lx
		switch way.anchor {
		case "end":
			left = lx - width
		case "middle":
			left = lx - width/2
		}
		places = append(places, labelTile{mapLabel{int(lx), int(ly), way.anchor}, tile{left, ly - 0.8*letters, left + width, ly + 0.24*letters}})
	}
	return places
}

// widthOf is how wide a name is at most in the system's own letters.
func widthOf(name string, letters float64) float64 {
	return 0.58 * letters * float64(utf8.RuneCountInString(name))
}

// words finds room for what a ring says, on the ring.
func (r *mapRing) words(taken *[]tile) *mapLabel {
	width := widthOf(r.Words, wideLetters)
	for _, degrees := range []float64{-90, 90, -65, -115, 65, 115, -40, -140, 40, 140, 0, 180, -20, 20, 160, -160} {
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		x, y := math.Round(float64(r.X)+float64(r.R)*cos), math.Round(float64(r.Y)+float64(r.R)*sin+wideLetters*0.36)
		if take(taken, tile{x - width/2, y - 0.8*wideLetters, x + width/2, y + 0.24*wideLetters}) {
			return &mapLabel{X: int(x), Y: int(y), Anchor: "middle"}
		}
	}
	return nil
}
