package upkeep_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/files"
	"canot/inventory/upkeep"
)

// exec writes what other packages write.
func (w *workshop) exec(query string, args ...any) {
	w.t.Helper()
	if err := w.db.In(ctx, func(tx *database.Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
		w.t.Fatal(err)
	}
}

// logged counts the rows of the log about something.
func (w *workshop) logged(action, subject string) (n int) {
	w.t.Helper()
	if err := w.db.Reader(ctx).Get(&n, `SELECT count(*) FROM changes WHERE action = $1 AND subject_id = $2`, action, subject); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *workshop) off(p upkeep.Rule, active bool) {
	w.t.Helper()
	must[upkeep.Rule](w.t)(w.desk.ChangeRule(ctx, w.boss, p.ID, upkeep.RuleEdits{Active: &active}, noKey))
}

func TestADamageIsToldAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Problem, Description: "bruit"})
		if jobs := w.jobs("notice"); len(jobs) != 0 {
			t.Errorf("a problem that can wait is told at once: %v", jobs)
		}
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Damage})
		if jobs := w.jobs("notice"); len(jobs) != 1 || jobs[0]["id"] != one.ID || jobs[0]["what"] != "ticket.new" {
			t.Errorf("of a damage: %v", jobs)
		}
	})
}

// What is retired, archived or elsewhere is not there to be reported.
func TestOnlyWhatIsThereIsReported(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		report := func(key string) (upkeep.Ticket, error) {
			return w.desk.Report(ctx, w.zoe, key, upkeep.NewTicket{Description: "bruit"}, noKey)
		}
		w.exec(`UPDATE units SET status = 'retired' WHERE id = $1`, w.one.ID)
		_, err := report("AM-LASER-01")
		wantCode(t, err, "unit_not_found")
		if got := must[upkeep.Ticket](t)(report("amos-laser")); got.UnitID != w.two.ID {
			t.Errorf("the only laser left is %s: %+v", w.two.ID, got)
		}
		w.exec(`UPDATE units SET current_hub_id = (SELECT id FROM hubs WHERE slug = 'val-dor') WHERE id = $1`, w.two.ID)
		if got := must[upkeep.Ticket](t)(report("amos-laser")); got.UnitID != "" || got.HubID != w.amos.ID {
			t.Errorf("no laser is here: %+v", got)
		}
		w.exec(`UPDATE resources SET archived = true WHERE slug = 'amos-laser'`)
		_, err = report("amos-laser")
		wantCode(t, err, "unit_not_found")
	})
}

func TestATicketIsGivenToWhoIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Problem, Description: "bruit"})
		gone := w.person("Rosalie", identity.Staff, w.amos.ID)
		w.exec(`UPDATE members SET active = false WHERE id = $1`, gone.ID)
		_, err := w.desk.Change(ctx, w.anne, one.ID, upkeep.TicketEdits{AssignedTo: &gone.ID}, noKey)
		wantCode(t, err, "not_staff")
		for text, code := range map[string]string{"": "required", strings.Repeat("é", 2001): "text_too_long", "a\x00": "bad_text"} {
			_, err := w.desk.Change(ctx, w.anne, one.ID, upkeep.TicketEdits{Description: &text}, noKey)
			wantCode(t, err, code)
		}
	})
}

// Of several who edit the same version of a ticket at once, one does.
func TestOneOfManyEditsATicket(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Problem, Description: "bruit"})
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				cost := int64(i + 1)
				_, errs[i] = w.desk.Change(ctx, w.anne, one.ID, upkeep.TicketEdits{IfVersion: 1, CostCents: &cost}, noKey)
			})
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if fault.KindOf(err) != fault.Stale {
				t.Error(err)
			}
		}
		if got := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.anne, one.ID)); done != 1 || got.Version != 2 || w.logged("ticket.change", one.ID) != 1 {
			t.Errorf("%d edited it: %+v", done, got)
		}
	})
}

// A unit that came after a rule counts from its first use on, and each use is in the log.
func TestAUnitThatComesLaterCountsToo(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(600))})
		late := must[inventory.Unit](t)(w.catalog.AddUnit(ctx, identity.System, "amos-laser", inventory.UnitEdits{Code: ptr("AM-LASER-03")}, noKey))
		if due := w.use(late.ID, 599); len(due) != 0 {
			t.Errorf("a minute early: %+v", due)
		}
		if due := w.use(late.ID, 1); len(due) != 1 {
			t.Error("never due")
		}
		must[int64](t)(w.desk.SetMeter(ctx, w.anne, "AM-LASER-03", 10, noKey))
		if used, set := w.logged("unit.use", late.ID), w.logged("unit.meter", late.ID); used != 2 || set != 1 {
			t.Errorf("the log has %d of 2 uses, and %d of 1 correction", used, set)
		}
	})
}

// A rule that is off opens nothing and counts nothing; nor does what is retired.
func TestWhatIsOffOrRetiredIsNotDue(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		w.off(w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60)), EveryDays: ptr(int64(30))}), false)
		fresh := w.rule(upkeep.RuleEdits{EveryUseMin: ptr(int64(60)), Active: ptr(false)})
		if due := w.use(w.one.ID, 600); len(due) != 0 {
			t.Errorf("of rules that are off: %+v", due)
		}
		w.off(fresh, true)
		if due := w.use(w.one.ID, 1); len(due) != 0 {
			t.Errorf("the hours before it was on count: %+v", due)
		}
		if due := w.use(w.one.ID, 60); len(due) != 1 || due[0].RuleID != fresh.ID {
			t.Errorf("of the rule that is on: %+v", due)
		}
		on := w.rule(upkeep.RuleEdits{EveryDays: ptr(int64(30)), EveryUseMin: ptr(int64(60))})
		w.exec(`UPDATE units SET status = 'retired' WHERE id = $1`, w.one.ID)
		if due := w.use(w.one.ID, 600); len(due) != 0 {
			t.Errorf("of what is retired: %+v", due)
		}
		w.clock.Move(60 * 24 * time.Hour)
		if err := w.desk.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		w.daily()
		for _, x := range w.list(w.anne, "") {
			if x.RuleID != fresh.ID && (x.RuleID != on.ID || x.UnitID != w.two.ID) {
				t.Errorf("open: %+v", x)
			}
		}
		if n := len(w.list(w.anne, "")); n != 2 {
			t.Errorf("%d are open, want that of use, and that of days for the unit that is there", n)
		}
	})
}

func picture(t *testing.T) files.Prepared {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 20))); err != nil {
		t.Fatal(err)
	}
	return must[files.Prepared](t)(files.Prepare(b.Bytes(), files.Photo))
}

func TestPicturesOfATicketAreForWhoHandsOutThere(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Damage})
		for _, by := range []identity.Actor{w.zoe, w.paul, {}} {
			if _, err := w.desk.AddPhoto(ctx, by, one.ID, picture(t), noKey); err == nil {
				t.Error("a stranger added a picture")
			}
		}
		must[files.File](t)(w.desk.AddPhoto(ctx, w.anne, one.ID, picture(t), noKey))
		if n := w.logged("ticket.photo", one.ID); n != 1 {
			t.Errorf("the log has %d of 1 pictures", n)
		}
		// Whoever reports something shows it, and it is gone with them.
		told := must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-01", upkeep.NewTicket{Description: "bruit", Photos: []files.NewFile{{Prepared: picture(t)}}}, noKey))
		left := func(id string) (n int) {
			if err := w.db.Reader(ctx).Get(&n, `SELECT count(*) FROM files WHERE subject_kind = 'ticket' AND subject_id = $1`, id); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if left(told.ID) != 1 {
			t.Error("the picture of a report is lost")
		}
		if err := w.db.In(ctx, func(tx *database.Tx) error { return upkeep.Forget(tx, w.zoe.ID) }); err != nil {
			t.Fatal(err)
		}
		if left(told.ID) != 0 || left(one.ID) != 1 {
			t.Errorf("after forgetting who reported: %d of theirs, %d of staff's", left(told.ID), left(one.ID))
		}
	})
}

// Who reported is forgotten once the ticket was closed for long enough, and not before.
func TestRetentionForgetsWhoReported(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		report := func(closed bool) upkeep.Ticket {
			x := must[upkeep.Ticket](t)(w.desk.Report(ctx, identity.Actor{}, "AM-LASER-01", upkeep.NewTicket{Description: "bruit", Contact: "819 555-0101"}, noKey))
			y := must[upkeep.Ticket](t)(w.desk.Report(ctx, w.zoe, "AM-LASER-01", upkeep.NewTicket{Description: "bruit"}, noKey))
			if closed {
				must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, x.ID, upkeep.TicketEdits{State: ptr(upkeep.Done)}, noKey))
				must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, y.ID, upkeep.TicketEdits{State: ptr(upkeep.Rejected)}, noKey))
			}
			return x
		}
		report(true)
		open := report(false)
		w.clock.Move(48 * time.Hour)
		recent := report(true)
		if n := must[int](t)(w.desk.ForgetTexts(ctx, w.clock.Now().Add(-24*time.Hour))); n != 2 {
			t.Errorf("%d tickets were cleaned, want the two that were closed long ago", n)
		}
		var known int
		if err := w.db.Reader(ctx).Get(&known, `SELECT count(*) FROM tickets WHERE reported_by <> '' OR contact <> ''`); err != nil || known != 4 {
			t.Errorf("%d tickets say who reported them, %v", known, err)
		}
		for _, id := range []string{open.ID, recent.ID} {
			if got := must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.boss, id)); got.Contact == "" {
				t.Errorf("too early: %+v", got)
			}
		}
	})
}

func TestBlankTakesTheWordsOut(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one, other := w.open(upkeep.NewTicket{UnitID: w.one.ID, Kind: upkeep.Damage, Description: "Luc l’a échappée", Contact: "x"}), w.open(upkeep.NewTicket{UnitID: w.two.ID, Kind: upkeep.Damage, Description: "usure"})
		must[upkeep.Ticket](t)(w.desk.Change(ctx, w.anne, one.ID, upkeep.TicketEdits{Note: "Luc paiera"}, noKey))
		for i, x := range []upkeep.Ticket{one, other} {
			w.exec(`INSERT INTO maintenances (id, unit_id, cause, starts_at, reason, open, made_by, created_at, version, ticket_id) VALUES ($1, $2, 'repair', $3, 'échappée', true, 'x', $3, 1, $4)`,
				string(rune('a'+i)), x.UnitID, w.clock.Now(), x.ID)
		}
		if err := w.db.In(ctx, func(tx *database.Tx) error { return upkeep.Blank(tx, []string{one.ID}) }); err != nil {
			t.Fatal(err)
		}
		var left []string
		err := w.db.Reader(ctx).Select(&left, `SELECT description || contact FROM tickets WHERE description || contact <> '' UNION ALL SELECT body FROM ticket_notes WHERE body <> ''
			UNION ALL SELECT reason FROM maintenances WHERE reason <> ''`)
		slices.Sort(left)
		if err != nil || strings.Join(left, "|") != "usure|échappée" {
			t.Errorf("left is %q, %v", left, err)
		}
	})
}

// A service is said to be done of a unit that the rule is for, and stands in the log.
func TestAServiceIsDoneOnAUnitOfItsRule(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		p := w.rule(upkeep.RuleEdits{EveryDays: ptr(int64(30))})
		wantCode(t, w.desk.MarkDone(ctx, w.anne, p.ID, "AM-SALLE-01", noKey), "unit_not_found")
		if err := w.desk.MarkDone(ctx, w.anne, p.ID, "AM-LASER-01", noKey); err != nil {
			t.Fatal(err)
		}
		must[upkeep.Rule](t)(w.desk.ChangeRule(ctx, w.boss, p.ID, upkeep.RuleEdits{EveryDays: ptr(int64(20))}, noKey))
		for _, action := range []string{"rule.create", "rule.done", "rule.change"} {
			if w.logged(action, p.ID) != 1 {
				t.Errorf("the log has no %s", action)
			}
		}
		for code, e := range map[string]upkeep.RuleEdits{
			"out_of_range":  {EveryDays: ptr(int64(3661))},
			"text_too_long": {Note: ptr(strings.Repeat("x", 2001))},
		} {
			_, err := w.desk.ChangeRule(ctx, w.boss, p.ID, e, noKey)
			wantCode(t, err, code)
		}
		_, err := w.desk.ChangeRule(ctx, w.boss, p.ID, upkeep.RuleEdits{EveryUseMin: ptr(int64(-1))}, noKey)
		wantCode(t, err, "out_of_range")
		for _, by := range []identity.Actor{w.zoe, w.paul, {}} {
			if _, err := w.desk.Rule(ctx, by, p.ID); err == nil {
				t.Error("a stranger reads a rule")
			}
			if _, err := w.desk.Rules(ctx, by, "amos"); err == nil {
				t.Error("a stranger lists rules")
			}
		}
	})
}

func TestWhoMayNotSeePersonsSeesNoAddress(t *testing.T) {
	onEach(t, func(t *testing.T, w *workshop) {
		one := must[upkeep.Ticket](t)(w.desk.Report(ctx, identity.Actor{}, "AM-LASER-01", upkeep.NewTicket{Description: "bruit", Contact: "819 555-0101"}, noKey))
		blind := w.anne
		rights, _ := identity.RightsOf([]identity.Right{identity.HandOut})
		blind.Grants = []identity.Grant{{Role: identity.Staff, HubID: w.amos.ID, Rights: rights}}
		if must[upkeep.Ticket](t)(w.desk.Ticket(ctx, w.anne, one.ID)).Contact == "" || must[upkeep.Ticket](t)(w.desk.Ticket(ctx, blind, one.ID)).Contact != "" {
			t.Error("an address is for who may see persons")
		}
	})
}
