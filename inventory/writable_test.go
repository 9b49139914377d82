package inventory

import "testing"

func TestTextsThatHideSomethingAreUnwritable(t *testing.T) {
	for name, s := range map[string]string{
		"control":             "a\x07b",
		"delete":              "a\x7fb",
		"next line":           "a\u0085b",
		"override":            "a\u202eb",
		"isolate":             "a\u2066b",
		"line separator":      "a\u2028b",
		"paragraph separator": "a\u2029b",
		"byte order mark":     "a\ufeffb",
		"not UTF-8":           "a\xffb",
		"carriage return":     "a\rb",
	} {
		if !Unwritable(s, false) || !Unwritable(s, true) {
			t.Errorf("%s is writable", name)
		}
	}
	for _, s := range []string{"", "Salle «Éole»", "l\u2019atelier", "14\u00a0h\u00a030", "👩🏽\u200d🔧"} {
		if Unwritable(s, false) {
			t.Errorf("%q is unwritable", s)
		}
	}
	if Unwritable("a\n\tb", true) || !Unwritable("a\nb", false) || !Unwritable("a\tb", false) {
		t.Error("line feeds and tabs belong in texts of several lines, and only there")
	}
}
