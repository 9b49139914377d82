package web

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"canot/inventory"
	"canot/web/locale"
	"canot/web/territory"
)

// somewhere is a hub of a town at a place.
func somewhere(town string, latitude, longitude float64) inventory.Place {
	return inventory.Place{Slug: town, Town: town, Latitude: latitude, Longitude: longitude}
}

var sixteen = []inventory.Place{
	somewhere("Rouyn-Noranda", 48.2366, -79.0167), somewhere("Val-d'Or", 48.0974, -77.7828), somewhere("Amos", 48.5667, -78.1167), somewhere("La Sarre", 48.8, -79.2),
	somewhere("Ville-Marie", 47.3333, -79.4333), somewhere("Témiscaming", 46.7167, -79.1), somewhere("Chibougamau", 49.9167, -74.3667), somewhere("Chapais", 49.7833, -74.85),
	somewhere("Lebel-sur-Quévillon", 49.05, -76.9833), somewhere("Matagami", 49.75, -77.6333), somewhere("Grand Sudbury", 46.49, -81.01), somewhere("Timmins", 48.4758, -81.3305),
	somewhere("Kapuskasing", 49.4169, -82.4331), somewhere("Hearst", 49.6894, -83.6665), somewhere("Atikokan", 48.7574, -91.6214), somewhere("Kenora", 49.767, -94.4894),
}

// covers is the rectangle that a name covers.
func covers(l *mapLabel, name string, letters float64) tile {
	width, x, y := widthOf(name, letters), float64(l.X), float64(l.Y)
	left := map[string]float64{"": x, "middle": x - width/2, "end": x - width}[l.Anchor]
	return tile{left, y - 0.8*letters, left + width, y + 0.24*letters}
}

func TestEveryTownIsNamedAndNoNameStandsOnAnother(t *testing.T) {
	for _, chosen := range []string{"", "Kenora", "Rouyn-Noranda", "Chibougamau"} {
		m := mapOf(locale.French, sixteen, chosen)
		if len(m.Dots) != len(sixteen) {
			t.Fatalf("%d dots", len(m.Dots))
		}
		var wide, narrow []tile
		named := 0
		for _, d := range m.Dots {
			if d.Wide == nil {
				t.Errorf("from %q: %s has no name on a large screen", chosen, d.Town)
				continue
			}
			wide = append(wide, covers(d.Wide, d.Town, wideLetters))
			if d.Narrow != nil {
				named++
				narrow = append(narrow, covers(d.Narrow, d.Town, narrowLetters))
			} else if d.Chosen {
				t.Errorf("%s is chosen, and has no name on a small screen", d.Town)
			}
		}
		for _, r := range m.Rings {
			if r.Label != nil {
				wide = append(wide, covers(r.Label, r.Words, wideLetters))
			}
		}
		for _, tiles := range [][]tile{wide, narrow} {
			for i, a := range tiles {
				if a.left < 0 || a.top < 0 || a.right > territory.Width || a.bottom > territory.Height {
					t.Errorf("from %q: a name leaves the sheet: %+v", chosen, a)
				}
				for _, b := range tiles[:i] {
					if a.touches(b) {
						t.Errorf("from %q: a name stands on another: %+v %+v", chosen, a, b)
					}
				}
			}
		}
		if named < 9 {
			t.Errorf("from %q: %d names on a small screen", chosen, named)
		}
	}
}

func TestDotsStandWhereTheHubsAre(t *testing.T) {
	m := mapOf(locale.French, sixteen, "Amos")
	for _, h := range sixteen {
		x, y := territory.Project(h.Latitude, h.Longitude)
		found := false
		for _, d := range m.Dots {
			if d.Town == h.Town {
				found = math.Abs(float64(d.X)-x) <= 0.5 && math.Abs(float64(d.Y)-y) <= 0.5 && !d.Beyond && d.Chosen == (h.Town == "Amos")
			}
		}
		if !found {
			t.Errorf("%s is not at %.1f, %.1f", h.Town, x, y)
		}
	}
	if last := m.Dots[len(m.Dots)-1]; last.Town != "Amos" {
		t.Errorf("%s is drawn above the chosen one", last.Town)
	}
	for i, r := range m.Rings { // Val-d'Or is 58 km away, and Lebel-sur-Quévillon 99
		if want := ringKm[i] / territory.Scale; math.Abs(float64(r.R)-want) > 0.5 {
			t.Errorf("the ring of %s has %d units, want %.1f", r.Words, r.R, want)
		}
	}
}

func TestAHubOutsideTheSheetStandsAtItsEdge(t *testing.T) {
	far := map[string][2]float64{"Moncton": {46.09, -64.77}, "Blanc-Sablon": {51.42, -57.13}, "Winnipeg": {49.9, -97.14}, "Toronto": {43.65, -79.38}, "Iqaluit": {63.75, -68.5}, "Sydney": {-33.9, 151.2}}
	places := sixteen[:3:3]
	for town, at := range far {
		places = append(places, somewhere(town, at[0], at[1]))
	}
	for _, d := range mapOf(locale.French, places, "Moncton").Dots {
		if _, out := far[d.Town]; d.Beyond != out || !territory.Shown(float64(d.X), float64(d.Y), 10) {
			t.Errorf("%+v", d)
		}
		if d.Town == "Moncton" && d.X < 950 || d.Town == "Winnipeg" && d.X > 50 || d.Town == "Toronto" && d.Y < 420 || d.Town == "Iqaluit" && d.Y > 50 {
			t.Errorf("%s is at %d, %d", d.Town, d.X, d.Y)
		}
	}
	if m := mapOf(locale.French, places, "Moncton"); len(m.Rings) > 0 {
		t.Error("rings are drawn around a hub that is not on the sheet")
	}
	if m := mapOf(locale.French, places[3:], ""); m != nil {
		t.Error("a map without any hub on it")
	}
	if m := mapOf(locale.French, nil, ""); m != nil {
		t.Error("a map of nothing")
	}
}

// However many hubs there are, the map is made: names that find no room are left out.
func TestACrowdIsDrawn(t *testing.T) {
	var places []inventory.Place
	for i := range 200 {
		places = append(places, somewhere(fmt.Sprintf("Ville %d", i), 47+float64(i%20)/10, -80+float64(i/20)/10))
	}
	m := mapOf(locale.English, places, "Ville 7")
	if len(m.Dots) != 200 || m.Dots[199].Town != "Ville 7" {
		t.Errorf("%d dots", len(m.Dots))
	}
	long := strings.Repeat("é", 40)
	if d := mapOf(locale.English, []inventory.Place{somewhere(long, 48.8, -84.4)}, "").Dots[0]; len([]rune(d.Town)) != longestName || d.Wide == nil || d.Narrow == nil {
		t.Errorf("a long name: %+v", d)
	}
	if m = mapOf(locale.English, []inventory.Place{somewhere("A", 48, -80), somewhere("B", 48, -80)}, "A"); len(m.Dots) != 2 {
		t.Errorf("two hubs of one town: %+v", m.Dots)
	}
}
