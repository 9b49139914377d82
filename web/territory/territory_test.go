package territory

import (
	"bytes"
	"compress/gzip"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Worked out with the formulas of Snyder, «Map Projections: A Working Manual» (USGS 1395),
// p. 104 to 107, for a sphere of 6371.0088 km, outside of this program.
func TestKnownPlacesAreWhereTheyBelong(t *testing.T) {
	for _, place := range []struct {
		name                string
		latitude, longitude float64
		x, y                float64
	}{
		{"the middle", 48.85, -84.42, 500, 235},
		{"Kenora", 49.767, -94.4894, 49.49, 141.51},
		{"Chibougamau", 49.9167, -74.3667, 948.43, 131.30},
		{"Grand Sudbury", 46.49, -81.01, 663.14, 395.31},
		{"Hearst", 49.6894, -83.6665, 533.86, 176.53},
	} {
		x, y := Project(place.latitude, place.longitude)
		if math.Abs(x-place.x) > 0.05 || math.Abs(y-place.y) > 0.05 {
			t.Errorf("%s is at %.2f, %.2f, want %.2f, %.2f", place.name, x, y, place.x, place.y)
		}
	}
}

// The rings around a hub are circles on the sheet: that is right as far as one unit is as many
// kilometres in every place and direction.
func TestDistancesOnTheSheetAreThoseOnTheGround(t *testing.T) {
	const step = 0.1 // degrees
	for latitude := 46.0; latitude <= 51.5; latitude += 0.5 {
		for longitude := -95.0; longitude <= -74.0; longitude++ {
			x, y := Project(latitude, longitude)
			for _, to := range [][2]float64{{latitude + step, longitude}, {latitude, longitude + step}, {latitude + step, longitude - step}} {
				u, v := Project(to[0], to[1])
				drawn, ground := math.Hypot(u-x, v-y)*Scale, kilometres(latitude, longitude, to[0], to[1])
				if off := math.Abs(drawn/ground - 1); off > 0.005 {
					t.Errorf("at %.1f, %.1f a unit is %.2f %% off", latitude, longitude, off*100)
				}
			}
		}
	}
}

// kilometres is by the spherical law of cosines, another way than the program's.
func kilometres(lat1, lng1, lat2, lng2 float64) float64 {
	sin1, cos1 := math.Sincos(radians(lat1))
	sin2, cos2 := math.Sincos(radians(lat2))
	return radius * math.Acos(sin1*sin2+cos1*cos2*math.Cos(radians(lng2-lng1)))
}

var figures = regexp.MustCompile(`-?\d+`)

// walk calls f with every corner of a path, and whether it begins a new line.
func walk(path string, f func(x, y float64, begins bool)) {
	for _, line := range strings.Split(path, "M")[1:] {
		x, y := 0.0, 0.0
		n := figures.FindAllString(line, -1)
		for i := 0; i+1 < len(n); i += 2 {
			dx, _ := strconv.ParseFloat(n[i], 64)
			dy, _ := strconv.ParseFloat(n[i+1], 64)
			x, y = x+dx, y+dy
			f(x, y, i == 0)
		}
	}
}

func TestWhatIsDrawnIsOnTheSheet(t *testing.T) {
	form := regexp.MustCompile(`^(M-?\d+[ -]\d+(l-?\d+[ -]\d+( ?-?\d+[ -]\d+)*)z?)+$`)
	for name, path := range map[string]string{"Water": Water, "Rivers": Rivers, "Borders": Borders} {
		if !form.MatchString(path) {
			t.Errorf("%s is no path of relative lines", name)
		}
		walk(path, func(x, y float64, _ bool) {
			if !Shown(x, y, -7) {
				t.Errorf("%s reaches %g, %g", name, x, y)
			}
		})
	}
}

// wet reports whether a place lies in water, by the even-odd rule.
func wet(latitude, longitude float64) bool {
	x, y := Project(latitude, longitude)
	in := false
	var ax, ay, sx, sy float64
	edge := func(bx, by float64) {
		if (ay > y) != (by > y) && x < (bx-ax)*(y-ay)/(by-ay)+ax {
			in = !in
		}
	}
	walk(Water, func(bx, by float64, begins bool) {
		if begins {
			edge(sx, sy)
			ax, ay, sx, sy = bx, by, bx, by
			return
		}
		edge(bx, by)
		ax, ay = bx, by
	})
	edge(sx, sy)
	return in
}

func TestTheGreatWatersAreThere(t *testing.T) {
	for name, at := range map[string][2]float64{
		"James Bay": {51.75, -80.2}, "Superior": {47.8, -87.0}, "Huron": {45.6, -82.9}, "Nipigon": {49.8, -88.3}, "Nipissing": {46.27, -79.9},
		"Abitibi": {48.67, -79.85}, "Mistassini": {51.0, -73.6}, "Lake of the Woods": {49.1, -94.85}, "Témiscamingue": {47.18, -79.43}, "Matagami": {49.85, -77.6},
		"Gouin": {48.72, -74.75}, "Seul": {50.35, -92.4},
	} {
		if !wet(at[0], at[1]) {
			t.Errorf("%s is dry", name)
		}
	}
	for name, at := range map[string][2]float64{
		"Rouyn-Noranda": {48.2366, -79.0167}, "Timmins": {48.4758, -81.3305}, "Hearst": {49.6894, -83.6665}, "Manitoulin": {45.75, -82.3}, "Isle Royale": {48.0, -88.85},
		"Atikokan": {48.7574, -91.6214}, "Chapais": {49.7833, -74.85},
	} {
		if wet(at[0], at[1]) {
			t.Errorf("%s is under water", name)
		}
	}
}

// The border of Ontario and Quebec runs due north from the head of Lake Timiskaming.
func TestTheProvincesMeetWhereTheyDo(t *testing.T) {
	x, y := Project(49.5, -79.517)
	nearest := math.Inf(1)
	var ax, ay float64
	walk(Borders, func(bx, by float64, begins bool) {
		if !begins {
			along := max(0, min(1, ((x-ax)*(bx-ax)+(y-ay)*(by-ay))/((bx-ax)*(bx-ax)+(by-ay)*(by-ay))))
			nearest = min(nearest, math.Hypot(ax+along*(bx-ax)-x, ay+along*(by-ay)-y))
		}
		ax, ay = bx, by
	})
	if nearest > 2 {
		t.Errorf("the border passes %.1f units from where it runs", nearest)
	}
}

func TestTheGroundIsLight(t *testing.T) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(Water + Rivers + Borders))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil || b.Len() > 4500 {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}
