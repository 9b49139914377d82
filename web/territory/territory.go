// Package territory is the ground of the map: how a place on Earth becomes a place on the
// sheet, and the waters and borders of the territory, drawn once and kept in the program.
//
// It knows geometry. It refuses to know what a hub is, and how the map looks: colours are
// the style sheet's. Start reading at Project.
package territory

//go:generate go run draw.go

import "math"

// The sheet, in its own units. One unit is Scale kilometres, wherever it lies on the sheet,
// to half a percent.
const (
	Width  = 1000
	Height = 470
	Scale  = 1.6
)

// The projection is Lambert's conformal conic, on a sphere, true to scale on two parallels:
// the usual one for countries that are wide from east to west. The sheet reaches from
// Lake of the Woods to the great lakes of Chibougamau, and from Georgian Bay to James Bay.
const (
	meridian    = -84.42 // that runs straight up the sheet
	parallelOne = 46.8
	parallelTwo = 50.6
	middle      = 48.85 // the latitude that is half-way up, on the meridian
	radius      = 6371.0088
)

// The figures of the cone.
var (
	cone   = math.Log(cos(parallelOne)/cos(parallelTwo)) / math.Log(slant(parallelTwo)/slant(parallelOne))
	apex   = radius / Scale * cos(parallelOne) * math.Pow(slant(parallelOne), cone) / cone
	origin = fromApex(middle)
)

// Project returns where on the sheet a place lies, in units from its upper left corner. What
// is outside the sheet has coordinates below 0, or above Width and Height. The poles have
// none that mean anything.
func Project(latitude, longitude float64) (x, y float64) {
	r, turn := fromApex(latitude), cone*radians(longitude-meridian)
	return Width/2 + r*math.Sin(turn), Height/2 + r*math.Cos(turn) - origin
}

// Shown reports whether a point of the sheet is on it, at least margin units from its edge.
func Shown(x, y, margin float64) bool {
	return x >= margin && x <= Width-margin && y >= margin && y <= Height-margin
}

// fromApex is how far below the tip of the cone a parallel lies.
func fromApex(latitude float64) float64 { return apex / math.Pow(slant(latitude), cone) }

func slant(latitude float64) float64 { return math.Tan(math.Pi/4 + radians(latitude)/2) }

func cos(degrees float64) float64 { return math.Cos(radians(degrees)) }

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
