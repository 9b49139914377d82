package print

import (
	"bytes"
	"testing"
)

// BenchmarkLabels prints as many labels as are printed at once.
func BenchmarkLabels(b *testing.B) {
	f, _ := FormatOf("letter-5160")
	labels, _, _ := labelsFor(MostLabels, "ROU-CAMERA-SONY-FX3-%04d")
	for b.Loop() {
		var pdf bytes.Buffer
		if err := Labels(&pdf, paperOf, f, 0, labels); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(pdf.Len())/1e6, "MB")
	}
}
