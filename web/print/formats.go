package print

// A Format is how labels lie on what a printer takes. Lengths are millimetres.
type Format struct {
	ID            string
	Width, Height float64 // of a page
	Left, Top     float64 // of the first label
	Label         [2]float64
	Pitch         [2]float64 // from one label to the next, across and down
	Across, Down  int
	Dot           float64 // the smallest mark of its printer; 0 for 1/300 of an inch
	Inside        float64 // what stays white inside a label, for sheets that are never cut or fed quite straight
}

const inch = 25.4

// formats are the sheets that shops in Canada and in Europe sell, by the measures of their makers, and
// labels of roll printers, whose every label is a page. Those of 8 dots a millimetre print wider bars only,
// so a roll is there for either: a code of some length has its bars on the finer one alone.
var formats = []Format{
	{ID: "letter-5160", Width: 8.5 * inch, Height: 11 * inch, Left: 0.1875 * inch, Top: 0.5 * inch, Label: [2]float64{2.625 * inch, inch},
		Pitch: [2]float64{2.75 * inch, inch}, Across: 3, Down: 10, Inside: 1.8},
	{ID: "letter-5163", Width: 8.5 * inch, Height: 11 * inch, Left: 0.15625 * inch, Top: 0.5 * inch, Label: [2]float64{4 * inch, 2 * inch},
		Pitch: [2]float64{4.1875 * inch, 2 * inch}, Across: 2, Down: 5, Inside: 4},
	{ID: "a4-3x8", Width: 210, Height: 297, Left: 7.2, Top: 12.9, Label: [2]float64{63.5, 33.9}, Pitch: [2]float64{66.04, 33.9}, Across: 3, Down: 8, Inside: 2.5},
	{ID: "a4-3x7", Width: 210, Height: 297, Left: 7.2, Top: 15.15, Label: [2]float64{63.5, 38.1}, Pitch: [2]float64{66.04, 38.1}, Across: 3, Down: 7, Inside: 2.5},
	// To the edges of the page, of which printers leave some millimetres white.
	{ID: "a4-70x37", Width: 210, Height: 297, Left: 0, Top: 0.5, Label: [2]float64{70, 37}, Pitch: [2]float64{70, 37}, Across: 3, Down: 8, Inside: 5},
	{ID: "rouleau-62", Width: 62, Height: 29, Label: [2]float64{62, 29}, Pitch: [2]float64{62, 29}, Across: 1, Down: 1, Inside: 2},
	{ID: "rouleau-54x25", Width: 54, Height: 25, Label: [2]float64{54, 25}, Pitch: [2]float64{54, 25}, Across: 1, Down: 1, Inside: 1.5},
	{ID: "rouleau-62-203", Width: 62, Height: 29, Label: [2]float64{62, 29}, Pitch: [2]float64{62, 29}, Across: 1, Down: 1, Inside: 2, Dot: coarseDot},
	{ID: "rouleau-54x25-203", Width: 54, Height: 25, Label: [2]float64{54, 25}, Pitch: [2]float64{54, 25}, Across: 1, Down: 1, Inside: 1.5, Dot: coarseDot},
}

// Formats are all that there are, the ones that are most sold here first.
func Formats() []Format { return append([]Format(nil), formats...) }

// FormatOf is the format of an id.
func FormatOf(id string) (Format, bool) {
	for _, f := range formats {
		if f.ID == id {
			return f, true
		}
	}
	return Format{}, false
}

// PerPage is how many labels a page holds.
func (f Format) PerPage() int { return f.Across * f.Down }

// at is where the n-th label of a page is.
func (f Format) at(n int) (x, y float64) {
	return f.Left + float64(n%f.Across)*f.Pitch[0], f.Top + float64(n/f.Across)*f.Pitch[1]
}
