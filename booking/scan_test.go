package booking_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

func TestAScanForgivesWhatIsAroundACode(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		n.mustExec(`UPDATE members SET card = 'M-7KQ2M9XA' WHERE id = $1`, n.zoe.ID)
		for text, kind := range map[string]string{
			"amos-camera1":                         "unit",
			"AMOS-CAMERA1":                         "unit",
			"  amos-camera1\r\n":                   "unit",
			"https://canot.example/u/amos-camera1": "unit",
			"httpsÉééCANOT.EXAMPLEéUéamos-camera1": "unit", // a US scanner on a French keyboard
			"a1":                                     "nothing",
			"ra1":                                    "unit", // its last characters
			"camera1":                                "unit",
			b.Reference:                              "booking",
			strings.ToLower(b.Reference):             "booking",
			strings.ReplaceAll(b.Reference, "-", ""): "booking",
			b.Reference[4:]:                          "booking",
			"M-7KQ2M9XA":                             "person",
			"m-7kq2m9xa":                             "person",
			"9XA":                                    "person",
			"rouyn-camera1":                          "unit", // it may be brought back here
			"n-camera1":                              "nothing",
			"":                                       "nothing",
			"  ":                                     "nothing",
			"%":                                      "nothing",
			"___":                                    "nothing",
			"'; DROP TABLE units; --":                "nothing",
			strings.Repeat("amos-camera1", 100):      "nothing",
			"amos-camera9":                           "nothing",
		} {
			if found := n.scan(n.anne, text); found.Kind != kind {
				t.Errorf("%q is %s, want %s: %+v", text, found.Kind, kind, found)
			}
		}
		several := n.scan(n.anne, "era")
		_ = several
		if found := n.scan(n.anne, "esk"); found.Kind != "nothing" {
			t.Errorf("the middle of a code: %+v", found)
		}
		found := n.scan(n.anne, "M-7KQ2M9XA")
		if found.Person.Name != "Zoé" || len(found.Bookings) != 1 || found.Bookings[0].ID != b.ID {
			t.Errorf("the card: %+v", found)
		}
	})
}

func TestCodesThatEndAlikeAreOffered(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for _, code := range []string{"CAM-0071", "MIC-0071", "TRIPOD-0072"} {
			n.mustExec(`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ($1, $2, $3, $3, $1)`, code, n.id["amos-camera"], n.id["amos"])
		}
		n.mustExec(`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ($1, $2, $3, $3, $1)`, "FAR-0071", n.id["rouyn-camera"], n.id["rouyn"])
		found := n.scan(n.anne, "071")
		if found.Kind != "several" || !slices.Equal(found.Several, []string{"CAM-0071", "MIC-0071"}) {
			t.Errorf("%+v", found)
		}
		if found := n.scan(n.anne, "072"); found.Kind != "unit" || found.Unit.Code != "TRIPOD-0072" {
			t.Errorf("%+v", found)
		}
	})
}

func TestAScannedUnitSaysWhatHappensToIt(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(at(0, 9, 0))
		first := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
		code := n.board(n.anne).Outgoing[0].Codes[first.Lines[0].Units[0]]
		u := n.scan(n.anne, code).Unit
		if u.Promised == nil || u.Promised.ID != first.ID || u.Promised.Person.Name != "Zoé" || u.Loan != nil || u.Status != "in_service" || len(u.Equal) != 1 || u.Equal[0] == code {
			t.Errorf("promised: %+v", u)
		}
		n.mustHandOut(first)
		u = n.scan(n.anne, code).Unit
		if u.Loan == nil || u.Loan.Reference != first.Reference || u.Loan.Person.Name != "Zoé" || u.Promised != nil || !u.Loan.DueAt.Equal(at(0, 11, 0)) {
			t.Errorf("out: %+v", u)
		}
		second := n.mustPlace(n.luc, want("amos-camera", at(0, 9, 0), at(0, 12, 0))) // the other one
		u = n.scan(n.anne, code).Unit
		if len(u.Equal) != 0 {
			t.Errorf("equal ones while the other is taken: %v", u.Equal)
		}
		third := n.mustPlace(n.luc, want("amos-camera", at(0, 13, 0), at(0, 15, 0)))
		held := code
		if third.Lines[0].Units[0] == second.Lines[0].Units[0] {
			held = n.scan(n.anne, third.Reference).Booking.Codes[third.Lines[0].Units[0]]
		}
		u = n.scan(n.anne, held).Unit
		if u.Promised == nil || u.PromisedAt == nil {
			t.Errorf("promised next: %+v", u)
		}
		_, err := n.book.TakeOut(context.Background(), n.anne, "amos-desk1", at(0, 9, 0), nil, "", database.Key{})
		must(t, err)
		if u := n.scan(n.anne, "amos-desk1").Unit; u.Status != "out_of_service" {
			t.Errorf("in repair: %+v", u)
		}
		_, err = n.catalog.SetComponents(context.Background(), n.boss, "amos-desk2", componentsOf("Lampe", "Chaise"), database.Key{})
		must(t, err)
		if u := n.scan(n.anne, "amos-desk2").Unit; len(u.Components) != 2 || u.Components[0].Quantity != 1 || u.Components[0].Name["fr"] == "" {
			t.Errorf("a kit: %+v", u)
		}
	})
}

// TestAScanTellsNothingOfAnotherHub holds what staff of Amos learn by the code of a unit of Rouyn, or
// by a reference of a booking there.
func TestAScanTellsNothingOfAnotherHub(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(at(0, 9, 0))
		there := n.mustPlace(n.zoe, want("rouyn-camera", at(0, 9, 0), at(0, 11, 0)))
		later := n.mustPlace(n.luc, want("rouyn-camera", at(0, 13, 0), at(0, 15, 0)))
		if found := n.scan(n.anne, there.Reference); found.Kind != "nothing" || found.Booking != nil {
			t.Errorf("a booking there: %+v", found)
		}
		if found := n.scan(n.boss, there.Reference); found.Kind != "booking" {
			t.Errorf("to who may hand out there: %+v", found)
		}
		seen, err := n.book.Scan(context.Background(), n.boss, "rouyn", there.Reference)
		must(t, err)
		code := seen.Booking.Codes[there.Lines[0].Units[0]]
		u := n.scan(n.anne, code).Unit
		if u.Promised != nil || u.PromisedAt == nil {
			t.Errorf("a unit there: %+v", u)
		}
		_, err = n.book.CheckOut(context.Background(), n.boss, booking.HandOut{Booking: there.ID}, database.Key{})
		must(t, err)
		u = n.scan(n.anne, code).Unit
		if u.Loan == nil || u.Loan.Person != (booking.Person{}) || u.Loan.Reference != "" || u.Loan.BookingID != "" || u.Loan.OutBy != "" || u.Promised != nil {
			t.Errorf("a unit that is out there: %+v %+v", u.Loan, u)
		}
		if u := n.scan(n.boss, code).Unit; u.Loan.Person.Name != "Zoé" {
			t.Errorf("to who may: %+v", u.Loan)
		}
		n.mustExec(`UPDATE members SET card = 'M-7KQ2M9XA' WHERE id = $1`, n.zoe.ID)
		if found := n.scan(n.anne, "M-7KQ2M9XA"); found.Kind != "person" || len(found.Bookings) != 0 {
			t.Errorf("their card: %+v", found)
		}
		if found := n.scan(n.anne, "9XA"); found.Kind != "nothing" {
			t.Errorf("the end of a card of somebody who is not awaited here: %+v", found)
		}
		at, err := n.book.Counter(context.Background(), n.anne, "amos")
		must(t, err)
		found, err := n.book.ScanAt(context.Background(), n.anne, at, "", later.ID)
		must(t, err)
		if found.Open != nil {
			t.Errorf("opened by its id: %+v", found.Open)
		}
		blind := n.anne
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights(identity.HandOut)}}
		if found := n.scan(blind, "M-7KQ2M9XA"); found.Person.Name != "" {
			t.Errorf("a card, to who may not see persons: %+v", found.Person)
		}
	})
}

func componentsOf(names ...string) inventory.ComponentEdits {
	var e inventory.ComponentEdits
	for _, name := range names {
		e.Parts = append(e.Parts, inventory.Component{Name: inventory.Text{"fr": name}, Quantity: 1})
	}
	return e
}

// TestALabelNamesItsOwnUnit whatever its code holds, and whatever a keyboard makes of its address: a
// piece of a code is never taken for the code of another unit.
func TestALabelNamesItsOwnUnit(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		for i, code := range []string{"AM TEST 201", "201", "ÉTABLI=7", "7", "C@B&D", "D"} { // as units of before are called
			plain := "PLAIN-" + strconv.Itoa(i)
			if _, err := n.catalog.AddUnit(context.Background(), identity.System, "amos-camera", inventory.UnitEdits{Code: &plain}, database.Key{}); err != nil {
				t.Fatal(err)
			}
			n.mustExec(`UPDATE units SET code = $2 WHERE code = $1`, plain, code)
		}
		for text, code := range map[string]string{
			"https://canot.example/u/AM%20TEST%20201":   "AM TEST 201",
			"https:éécanot.exampleéuéAM%20TEST%20201":   "AM TEST 201", // a US scanner on a Canadian French keyboard
			"HTTPSÉÉÉCANOT.EXAMPLEÉUÉAM%20TEST%20201":   "AM TEST 201", // with the capitals locked
			"https:éécanot.exampleéuéAM¨20TEST¨20201":   "AM TEST 201",
			"https:!!canot.example!u!AM%20TEST%20201":   "AM TEST 201",
			"https://canot.example/u/AM%20TEST%20202":   "",
			"https://canot.example/u/AM%20TEST%20201/x": "AM TEST 201",
			"AM TEST 201":                               "AM TEST 201", // its bar code
			"am test 201":                               "AM TEST 201",
			"201":                                       "201",
			"https://canot.example/u/201":               "201",
			"https://canot.example/u/1":                 "",
			"https://canot.example/u/01":                "",
			"https://canot.example/u/%C3%89TABLI=7":     "ÉTABLI=7",
			"httpsÉééCANOT.EXAMPLEéUé%C3%89TABLI=7":     "ÉTABLI=7",
			"ÉTABLI=7":                                  "ÉTABLI=7",
			"https://canot.example/en/u/C@B&D":          "C@B&D",
			`https:éécanot.exampleéuéC"B&D`:             "C@B&D",
			"https://canot.example/u/camera1":           "",
			"https://canot.example/u/AMOS-CAMERA1":      "amos-camera1",
			"https://canot.example/u/%00":               "",
			"https://canot.example/u/%ff%fe":            "",
			"https://canot.example/u/":                  "",
			"https://canot.example/u/100%":              "",
			"https://canot.example/u/u/AM%20TEST%20201": "AM TEST 201",
			"https://canot.example/u/201?x=1":           "201", // what an application put behind it
			"https://canot.example/u/201#haut":          "201",
			"https://canot.example/u/AM%20TEST%20201?a": "AM TEST 201",
			"https:éécanot.exampleéuéAM%20TEST%20201Éa": "AM TEST 201",
			"https:éécanot.exampleéuéAM%20TEST%20201/a": "AM TEST 201",
			"https:!!canot.example!u!AM%20TEST%20201?a": "AM TEST 201",
			"https://canot.example/u/201%3Fx":           "", // a mark that is part of the code
		} {
			found := n.scan(n.anne, text)
			switch {
			case code == "" && found.Kind != "nothing":
				t.Errorf("%q is %s %+v", text, found.Kind, found.Several)
			case code != "" && (found.Unit == nil || found.Unit.Code != code):
				t.Errorf("%q is %s %+v %+v, want %s", text, found.Kind, found.Several, found.Unit, code)
			}
		}
	})
}
