package upkeep_test

import (
	"testing"

	"canot/inventory/upkeep"
)

func TestALabelSaysWhatAThingIs(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		got := must[upkeep.Thing](t)(w.desk.Thing(ctx, "AM-LASER-01"))
		if got.UnitID != w.one.ID || got.Slug != "amos-laser" || got.HubID != w.amos.ID || got.Retired || got.Reported || got.OutOfService || got.PhotoID != "" {
			t.Errorf("of a unit: %+v", got)
		}
		if same := must[upkeep.Thing](t)(w.desk.Thing(ctx, w.one.ID)); same.Code != "AM-LASER-01" {
			t.Errorf("by its id: %+v", same)
		}
		must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-02", upkeep.NewTicket{Description: "bruit"}, noKey))
		if must[upkeep.Thing](t)(w.desk.Thing(ctx, "AM-LASER-01")).Reported || !must[upkeep.Thing](t)(w.desk.Thing(ctx, "AM-LASER-02")).Reported {
			t.Error("the wrong unit is said to have a problem")
		}
		if got := must[upkeep.Thing](t)(w.desk.Thing(ctx, "amos-laser")); got.UnitID != "" || got.Code != "" {
			t.Errorf("of a resource of two units: %+v", got)
		}
		if got := must[upkeep.Thing](t)(w.desk.Thing(ctx, "amos-salle")); got.Code != "AM-SALLE-01" {
			t.Errorf("of a resource of one unit: %+v", got)
		}
		for _, label := range []string{"", "AM-LASER-99", "'; DROP TABLE units", "\x00", "\u202e"} {
			_, err := w.desk.Thing(ctx, label)
			wantCode(t, err, "unit_not_found")
		}
	})
}
