package upkeep_test

import (
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory/upkeep"
)

func TestAnyoneReportsAProblem(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		visitor := identity.Actor{}
		got, err := w.desk.Report(ctx, visitor, "am-laser-01", upkeep.NewTicket{
			Description: "Elle fume.\nBeaucoup.", Contact: "819 555-0101", Kind: upkeep.Preventive, RuleID: "x", ReportedBy: w.boss.ID}, noKey)
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != upkeep.Problem || got.RuleID != "" || got.ReportedBy != "" || got.UnitID != w.one.ID || got.HubID != w.amos.ID || got.Contact != "819 555-0101" {
			t.Errorf("a visitor's report is %+v", got)
		}
		got, err = w.desk.Report(ctx, w.zoe, "amos-salle", upkeep.NewTicket{Description: "La porte ne ferme pas.", Contact: "x"}, noKey)
		if err != nil {
			t.Fatal(err)
		}
		if got.ReportedBy != w.zoe.ID || got.Contact != "" || got.UnitID == "" {
			t.Errorf("a member's report on a resource of one unit is %+v", got)
		}
		if got, err = w.desk.Report(ctx, w.zoe, "amos-laser", upkeep.NewTicket{Description: "Une des deux."}, noKey); err != nil || got.UnitID != "" {
			t.Errorf("a report on a resource of two units names %q, %v", got.UnitID, err)
		}
		for _, key := range []string{"AM-LASER-99", "", strings.Repeat("x", 300), "a\x00b", "%"} {
			_, err := w.desk.Report(ctx, visitor, key, upkeep.NewTicket{Description: "rien"}, noKey)
			wantCode(t, err, "unit_not_found")
		}
		for text, code := range map[string]string{"": "required", strings.Repeat("é", 2001): "text_too_long", "a\x00": "bad_text", "\u202egnirts": "bad_text"} {
			_, err := w.desk.Report(ctx, visitor, "AM-LASER-01", upkeep.NewTicket{Description: text}, noKey)
			wantCode(t, err, code)
		}
		_, err = w.desk.Report(ctx, visitor, "AM-LASER-01", upkeep.NewTicket{Description: "a", Contact: strings.Repeat("c", 201)}, noKey)
		wantCode(t, err, "text_too_long")
		if n := len(w.list(w.anne, upkeep.OpenOnes)); n != 3 {
			t.Errorf("%d tickets are open, want 3", n)
		}
	})
}

func TestTheSameReportIsOneTicket(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		key := database.Key{Caller: w.zoe.ID, Key: "k1"}
		n := upkeep.NewTicket{Description: "bruit"}
		first := must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-01", n, key))
		again := must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-01", n, key))
		if first.ID != again.ID || len(w.list(w.anne, "")) != 1 {
			t.Error("the same request made two tickets")
		}
	})
}

func TestTicketsAreForWhoHandsOutThere(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Damage, ReportedBy: w.zoe.ID})
		for _, by := range []identity.Actor{w.zoe, w.paul, {}} {
			if _, _, err := w.desk.Tickets(ctx, by, "amos", "", 0, ""); err == nil {
				t.Error("a stranger lists tickets")
			}
			if _, err := w.desk.Counts(ctx, by, "amos"); err == nil {
				t.Error("a stranger counts tickets")
			}
			if _, err := w.desk.Ticket(ctx, by, one.ID); err == nil {
				t.Error("a stranger reads a ticket")
			}
			if _, err := w.desk.OfUnit(ctx, by, w.one.ID); err == nil {
				t.Error("a stranger reads the tickets of a unit")
			}
			if _, err := w.desk.Change(ctx, by, one.ID, upkeep.TicketEdits{Note: "ha"}, noKey); err == nil {
				t.Error("a stranger writes on a ticket")
			}
			if _, err := w.desk.SetMeter(ctx, by, w.one.ID, 3, noKey); err == nil {
				t.Error("a stranger sets a meter")
			}
			if err := w.desk.MarkDone(ctx, by, "x", w.one.ID, noKey); err == nil {
				t.Error("a stranger says that a service was done")
			}
		}
		if got := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.anne, one.ID)); got.ReporterName != "Zoé" || got.Code != "AM-LASER-01" {
			t.Errorf("staff see %+v", got)
		}
		blind := w.anne
		rights, _ := identity.RightsOf([]identity.Right{identity.HandOut})
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: w.amos.ID, Rights: rights}}
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.boss, one.ID, upkeep.TicketEdits{Note: "vu", AssignedTo: ptr(w.anne.ID)}, noKey))
		if got := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, blind, one.ID)); got.ReporterName != "" || got.ReportedBy != "" || got.AssigneeName != "" || got.Notes[0].Name != "" {
			t.Errorf("who may not see persons sees %+v", got)
		}
	})
}

func TestATicketIsWorkedOn(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Problem, Description: "bruit"})
		edit := func(e upkeep.TicketEdits) (upkeep.Ticket, error) {
			w.clock.Move(time.Minute)
			return w.desk.Change(ctx, w.anne, one.ID, e, noKey)
		}
		got := must[upkeep.Ticket](t)(edit(upkeep.TicketEdits{State: ptr(upkeep.InProgress), AssignedTo: ptr(w.anne.ID), Note: "Je regarde."}))
		if got.Version != 2 || got.State != upkeep.InProgress || got.AssignedTo != w.anne.ID {
			t.Errorf("in progress it is %+v", got)
		}
		_, err := edit(upkeep.TicketEdits{IfVersion: 1, Note: "trop tard"})
		wantCode(t, err, "stale")
		_, err = edit(upkeep.TicketEdits{State: ptr("sold")})
		wantCode(t, err, "bad_value")
		_, err = edit(upkeep.TicketEdits{CostCents: ptr(int64(-1))})
		wantCode(t, err, "out_of_range")
		_, err = edit(upkeep.TicketEdits{AssignedTo: ptr(w.zoe.ID)})
		wantCode(t, err, "not_staff")
		_, err = edit(upkeep.TicketEdits{AssignedTo: ptr(w.paul.ID)})
		wantCode(t, err, "not_staff")
		_, err = edit(upkeep.TicketEdits{Note: "\u202e"})
		wantCode(t, err, "bad_text")
		if same := must[upkeep.Ticket](t)(edit(upkeep.TicketEdits{})); same.Version != 2 {
			t.Errorf("an edit of nothing made version %d", same.Version)
		}
		got = must[upkeep.Ticket](t)(edit(upkeep.TicketEdits{State: ptr(upkeep.Done), CostCents: ptr(int64(4250)), Note: "Courroie changée."}))
		if got.ClosedAt == nil || !got.Closed() {
			t.Errorf("done it is %+v", got)
		}
		_, err = edit(upkeep.TicketEdits{State: ptr(upkeep.Fresh)})
		wantCode(t, err, "ticket_closed")
		must[upkeep.Ticket](t)(edit(upkeep.TicketEdits{Note: "Facture reçue.", CostCents: ptr(int64(5000))}))
		read := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.anne, one.ID))
		var said []string
		for _, n := range read.Notes {
			said = append(said, n.Name+" "+n.State+" "+n.Body)
		}
		want := "Anne in_progress Je regarde.|Anne done Courroie changée.|Anne done Facture reçue."
		if strings.Join(said, "|") != want || read.CostCents != 5000 {
			t.Errorf("its notes are %q, want %q", strings.Join(said, "|"), want)
		}
		var log []string
		if err := w.db.Reader(ctx).Select(&log, `SELECT before || after FROM changes WHERE subject_id = $1`, one.ID); err != nil {
			t.Fatal(err)
		}
		if len(log) != 4 || strings.Contains(strings.Join(log, ""), "ourroie") || strings.Contains(strings.Join(log, ""), "bruit") {
			t.Errorf("the log holds %q", log)
		}
	})
}

func TestTicketsAreListedUrgentFirstAndInPieces(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		for i := range 5 {
			w.clock.Move(time.Minute)
			w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Problem, Description: string(rune('a' + i)), Urgent: i == 1 || i == 2})
		}
		var said string
		for after, more := "", true; more; more = after != "" {
			list, next, err := w.desk.Tickets(ctx, w.anne, "amos", "", 2, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				said += x.Description
			}
			after = next
		}
		if said != "cbeda" {
			t.Errorf("in pieces they come as %s, want cbeda", said)
		}
		if n := len(w.jobs("notice")); n != 2 {
			t.Errorf("%d messages wait, want one for each urgent ticket", n)
		}
		first := w.list(w.anne, "")[0]
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, first.ID, upkeep.TicketEdits{State: ptr(upkeep.Rejected)}, noKey))
		if len(w.list(w.anne, "")) != 4 || len(w.list(w.anne, upkeep.ClosedOnes)) != 1 || len(w.list(w.anne, upkeep.Fresh)) != 4 || len(w.list(w.anne, upkeep.Done)) != 0 {
			t.Error("the lists by state are wrong")
		}
		if c := must[map[string]int](t)(w.desk.Counts(ctx, w.anne, "amos")); c[upkeep.Fresh] != 4 || c[upkeep.Rejected] != 1 || len(c) != 2 {
			t.Errorf("counts are %v", c)
		}
		_, _, err := w.desk.Tickets(ctx, w.anne, "amos", "sold", 0, "")
		wantCode(t, err, "bad_value")
		_, _, err = w.desk.Tickets(ctx, w.anne, "nowhere", "", 0, "")
		wantCode(t, err, "hub_not_found")
	})
}

func TestWhatIsKnownOfAPersonCanBeToldAndForgotten(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-01", upkeep.NewTicket{Description: "bruit de Zoé"}, noKey))
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, one.ID, upkeep.TicketEdits{State: ptr(upkeep.Done), AssignedTo: ptr(w.anne.ID), Note: "vu par Anne"}, noKey))
		about := func(by identity.Actor) []upkeep.Trace {
			return must[any](t)(upkeep.About(w.db.Reader(ctx), by.ID)).([]upkeep.Trace)
		}
		if a := about(w.zoe); len(a) != 1 || !a[0].Reported || a[0].Description != "bruit de Zoé" {
			t.Errorf("of who reported: %+v", a)
		}
		if a := about(w.anne); len(a) != 1 || !a[0].Assigned || a[0].Description != "" || len(a[0].Notes) != 1 {
			t.Errorf("of who mended: %+v", a)
		}
		for _, id := range []string{w.zoe.ID, w.anne.ID} {
			if err := w.db.In(ctx, func(tx *database.Tx) error { return upkeep.Forget(tx, id) }); err != nil {
				t.Fatal(err)
			}
		}
		if a := about(w.zoe); len(a) != 0 {
			t.Errorf("after forgetting, of who reported: %+v", a)
		}
		got := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.boss, one.ID))
		if got.Description != "" || got.ReportedBy != "" || got.AssignedTo != "" || got.Notes[0].Body != "" {
			t.Errorf("after forgetting, the ticket says %+v", got)
		}
	})
}
