package booking

import (
	"slices"
	"strings"
	"unicode/utf8"

	"canot/internal/fault"
	"canot/inventory"
)

// judgeTexts applies the rules of the fields that people write. A nil field is not judged.
func judgeTexts(title, notes, sector, visibility *string) []fault.Violation {
	var broken []fault.Violation
	no := func(code, field string, most int) {
		params := fault.Params{"field": field}
		if most > 0 {
			params["most"] = most
		}
		broken = append(broken, fault.Violation{Code: code, Params: params})
	}
	if title != nil {
		if utf8.RuneCountInString(*title) > maxTitle {
			no("title_too_long", "title", maxTitle)
		}
		if inventory.Unwritable(*title, false) {
			no("bad_text", "title", 0)
		}
	}
	if notes != nil {
		*notes = strings.ReplaceAll(*notes, "\r\n", "\n") // as browsers send it
		if strings.TrimSpace(*notes) == "" {
			*notes = "" // nobody wrote one
		}
		if utf8.RuneCountInString(*notes) > maxNotes {
			no("notes_too_long", "notes", maxNotes)
		}
		if inventory.Unwritable(*notes, true) {
			no("bad_text", "notes", 0)
		}
	}
	if sector != nil && !slices.Contains([]string{"", "savoir", "affaires", "culture"}, *sector) {
		no("bad_sector", "sector", 0)
	}
	if visibility != nil {
		if *visibility == "" {
			*visibility = "private"
		}
		if *visibility != "private" && *visibility != "members" {
			no("bad_visibility", "visibility", 0)
		}
	}
	return broken
}

// judgeNote applies the rules of notes to another text that people write, by the name of its field.
func judgeNote(field string, text *string) []fault.Violation {
	broken := judgeTexts(nil, text, nil, nil)
	for i := range broken {
		if broken[i].Code == "notes_too_long" {
			broken[i].Code = "too_long_text"
		}
		broken[i].Params["field"] = field
	}
	return broken
}
