package upkeep_test

import (
	"strings"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/upkeep"
)

func (w *workshop) rule(e upkeep.RuleEdits) upkeep.Rule {
	w.t.Helper()
	if e.Name == nil {
		e.Name = ptr("Nettoyer la lentille")
	}
	return must[upkeep.Rule](w.t)(w.desk.AddRule(ctx, w.boss, "amos-laser", e, noKey))
}

func TestHoursOfUseOpenAServiceOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.use(w.one.ID, 5000) // before the rule was made: does not count
		p := w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(600)), Note: ptr("Alcool isopropylique.")})
		if due := w.use(w.one.ID, 599); len(due) != 0 {
			t.Fatalf("a minute too early: %+v", due)
		}
		due := w.use(w.one.ID, 1)
		if len(due) != 1 || due[0].RuleID != p.ID || due[0].Kind != upkeep.Preventive || due[0].Description != "Alcool isopropylique." {
			t.Fatalf("due: %+v", due)
		}
		if more := w.use(w.one.ID, 5000); len(more) != 0 {
			t.Errorf("opened again while open: %+v", more)
		}
		if other := w.use(w.two.ID, 10); len(other) != 0 {
			t.Errorf("the other unit is due: %+v", other)
		}
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, due[0].ID, upkeep.TicketEdits{State: ptr(upkeep.Done)}, noKey))
		if early := w.use(w.one.ID, 599); len(early) != 0 {
			t.Errorf("done begins anew, yet: %+v", early)
		}
		if again := w.use(w.one.ID, 1); len(again) != 1 {
			t.Errorf("a second time due: %+v", again)
		}
		if w.use(w.one.ID, 0) != nil || w.use(w.one.ID, -5) != nil {
			t.Error("no use opened something")
		}
		rules := must[[]upkeep.Rule](t)(w.desk.Rules(ctx, w.anne, "amos"))
		if len(rules) != 1 || len(rules[0].Units) != 2 || *rules[0].Units[0].LeftMin != 0 || rules[0].Units[0].TicketID == "" || *rules[0].Units[1].LeftMin != 590 {
			t.Errorf("the rules say %+v", rules)
		}
	})
}

func TestARejectedServiceIsDueAgain(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60))})
		due := w.use(w.one.ID, 60)
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, due[0].ID, upkeep.TicketEdits{State: ptr(upkeep.Rejected)}, noKey))
		if again := w.use(w.one.ID, 1); len(again) != 1 {
			t.Error("nobody did it, and nobody is told again")
		}
	})
}

func TestDaysOpenAServiceOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		p := w.rule(upkeep.RuleEdits{EveryDays: ptr(int64(30))})
		if err := w.desk.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		w.clock.Move(29 * 24 * time.Hour)
		w.daily()
		if n := len(w.list(w.anne, "")); n != 0 {
			t.Fatalf("%d services are due after 29 days", n)
		}
		late := must[inventory.Unit](t)(w.catalog.AddUnit(ctx, identity.System, "amos-laser", inventory.UnitEdits{Code: ptr("AM-LASER-03")}, noKey))
		for range 4 {
			w.clock.Move(24 * time.Hour)
			w.daily()
		}
		list := w.list(w.anne, "")
		if len(list) != 2 {
			t.Fatalf("%d services are open, want one for each unit that was there", len(list))
		}
		for _, x := range list {
			if x.UnitID == late.ID || x.RuleName != "Nettoyer la lentille" {
				t.Errorf("open: %+v", x)
			}
		}
		if err := w.desk.MarkDone(ctx, w.anne, p.ID, "AM-LASER-01", noKey); err != nil {
			t.Fatal(err)
		}
		if list := w.list(w.anne, ""); len(list) != 1 || list[0].UnitID != w.two.ID {
			t.Errorf("after one was done: %+v", list)
		}
		w.clock.Move(29 * 24 * time.Hour)
		w.daily()
		if list := w.list(w.anne, ""); len(list) != 2 {
			t.Errorf("%d are open: the one that was put off, and that of the unit that came later", len(list))
		}
	})
}

func TestARuleThatBlocksAsksTheBook(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60)), Blocks: ptr(true)})
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60))})
		due := w.use(w.one.ID, 60)
		jobs := w.jobs(upkeep.BlockJob)
		if len(due) != 2 || len(jobs) != 1 || jobs[0]["unit"] != w.one.ID {
			t.Errorf("due %+v, jobs %v", due, jobs)
		}
	})
}

func TestAMeterIsSetRight(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(600))})
		w.use(w.one.ID, 500)
		must[int64](t)(w.desk.SetMeter(ctx, w.anne, "AM-LASER-01", 599, noKey))
		if len(w.list(w.anne, "")) != 0 {
			t.Error("due a minute early")
		}
		must[int64](t)(w.desk.SetMeter(ctx, w.anne, "AM-LASER-01", 600, noKey))
		if len(w.list(w.anne, "")) != 1 {
			t.Error("not due at its hours")
		}
		_, err := w.desk.SetMeter(ctx, w.anne, "AM-LASER-01", -1, noKey)
		wantCode(t, err, "out_of_range")
		_, err = w.desk.SetMeter(ctx, w.anne, "AM-LASER-99", 1, noKey)
		wantCode(t, err, "unit_not_found")
		_, err = w.desk.SetMeter(ctx, w.paul, "AM-LASER-01", 1, noKey)
		wantCode(t, err, "unit_not_found")
		// A meter that was wrong and is set back does not put the next service off.
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, w.list(w.anne, "")[0].ID, upkeep.TicketEdits{State: ptr(upkeep.Done)}, noKey))
		must[int64](t)(w.desk.SetMeter(ctx, w.anne, "AM-LASER-01", 0, noKey))
		if due := w.use(w.one.ID, 600); len(due) != 1 {
			t.Errorf("after the meter was set back: %+v", due)
		}
	})
}

func TestRulesAreTheManagersToMake(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		good := upkeep.RuleEdits{Name: ptr("x"), EveryDays: ptr(int64(30))}
		for _, by := range []identity.Actor{w.anne, w.zoe, w.paul, {}} {
			if _, err := w.desk.AddRule(ctx, by, "amos-laser", good, noKey); err == nil {
				t.Error("somebody else made a rule")
			}
		}
		p := must[upkeep.Rule](t)(w.desk.AddRule(ctx, w.boss, "amos-laser", good, noKey))
		if _, err := w.desk.ChangeRule(ctx, w.anne, p.ID, good, noKey); err == nil {
			t.Error("staff changed a rule")
		}
		for code, e := range map[string]upkeep.RuleEdits{
			"required":      {EveryDays: ptr(int64(1))},
			"every_needed":  {Name: ptr("x")},
			"out_of_range":  {Name: ptr("x"), EveryDays: ptr(int64(-1))},
			"text_too_long": {Name: ptr(strings.Repeat("x", 201)), EveryDays: ptr(int64(1))},
			"bad_text":      {Name: ptr("a\nb"), EveryDays: ptr(int64(1))},
		} {
			_, err := w.desk.AddRule(ctx, w.boss, "amos-laser", e, noKey)
			wantCode(t, err, code)
		}
		got := must[upkeep.Rule](t)(w.desk.ChangeRule(ctx, w.boss, p.ID, upkeep.RuleEdits{IfVersion: 1, Active: ptr(false)}, noKey))
		if got.Active || got.Version != 2 {
			t.Errorf("changed: %+v", got)
		}
		_, err := w.desk.ChangeRule(ctx, w.boss, p.ID, upkeep.RuleEdits{IfVersion: 1}, noKey)
		wantCode(t, err, "stale")
		w.clock.Move(60 * 24 * time.Hour)
		if err := w.desk.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		if len(w.list(w.anne, "")) != 0 {
			t.Error("a rule that is off opened something")
		}
	})
}

func TestTwoUsesAtOnceOpenOneService(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60))})
		ends := make(chan error, 8)
		for range 8 {
			go func() {
				ends <- w.db.In(ctx, func(tx *database.Tx) error {
					_, err := upkeep.AddUse(tx, w.anne, w.one.ID, 60)
					return err
				})
			}()
		}
		for range 8 {
			if err := <-ends; err != nil {
				t.Error(err)
			}
		}
		if n := len(w.list(w.anne, "")); n != 1 {
			t.Errorf("%d services are open, want 1", n)
		}
		var meter int64
		if err := w.db.Reader(ctx).Get(&meter, `SELECT meter_min FROM units WHERE id = $1`, w.one.ID); err != nil || meter != 480 {
			t.Errorf("the meter says %d, %v", meter, err)
		}
	})
}
