package booking_test

import (
	"context"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) change(who identity.Actor, id string, e booking.Edits) (booking.Booking, error) {
	return n.book.Change(context.Background(), who, id, e, database.Key{})
}

func to(from, until time.Time) booking.Edits {
	return booking.Edits{StartsAt: &from, EndsAt: &until}
}

func TestAMoveIntoItsOwnOldTimeWorks(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		moved, err := n.change(n.zoe, b.ID, to(at(0, 11, 0), at(0, 13, 0)))
		must(t, err)
		if moved.Version != 2 || moved.Sequence != 1 || !moved.StartsAt.Equal(at(0, 11, 0)) || moved.Lines[0].Units[0] != b.Lines[0].Units[0] {
			t.Fatalf("moved to %+v", moved)
		}
		n.mustPlace(n.luc, want("amos-studio", at(0, 9, 0), at(0, 10, 30)))
		n.clean()
	})
}

func TestAMoveThatFailsLeavesTheOldBooking(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.mustPlace(n.luc, want("amos-studio", at(1, 13, 0), at(1, 15, 0)))
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		_, err := n.change(n.zoe, b.ID, to(at(1, 14, 0), at(1, 16, 0)))
		wantCodes(t, err, "taken")
		for _, a := range alternativesOf(err) {
			if a.Kind == "hub" {
				t.Errorf("a move cannot leave its hub: %+v", a)
			}
		}
		got, err := n.book.Booking(context.Background(), n.zoe, b.ID)
		must(t, err)
		if got.Version != 1 || !got.StartsAt.Equal(at(1, 10, 0)) || len(got.Lines[0].Units) != 1 {
			t.Fatalf("the old booking is %+v", got)
		}
		_, err = n.place(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		wantCodes(t, err, "taken")
		n.clean()
	})
}

func TestTheSecondOfTwoEditorsIsTold(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		won := 0
		for range 2 {
			_, err := n.change(n.zoe, b.ID, booking.Edits{Title: ptr("Tournage"), IfVersion: 1})
			if err == nil {
				won++
			} else if fault.KindOf(err) != fault.Stale {
				t.Fatal(err)
			}
		}
		if won != 1 {
			t.Fatalf("%d editors of one version won", won)
		}
		wins := racers(t, 16, func(i int) error {
			_, err := n.change(n.zoe, b.ID, booking.Edits{StartsAt: ptr(at(1, 10, 30)), IfVersion: 2})
			if fault.KindOf(err) == fault.Stale {
				return fault.New(fault.Refused, "stale", nil)
			}
			return err
		})
		if wins != 1 {
			t.Fatalf("%d of 16 editors of one version won", wins)
		}
		n.clean()
	})
}

func TestAChangeOfTextsRaisesTheVersionAndNotTheSequence(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		got, err := n.change(n.zoe, b.ID, booking.Edits{Title: ptr("Répétition"), Visibility: ptr("members")})
		must(t, err)
		if got.Title != "Répétition" || got.Version != 2 || got.Sequence != 0 {
			t.Fatalf("changed to %+v", got)
		}
		_, err = n.change(n.zoe, b.ID, booking.Edits{Title: ptr("a\r\nb"), Sector: ptr("sport")})
		wantCodes(t, err, "bad_text", "bad_sector")
		_, err = n.change(n.zoe, b.ID, booking.Edits{Title: ptr("\u202egnp.exe")})
		wantCodes(t, err, "bad_text")
		var logged string
		must(t, n.db.Reader(context.Background()).Get(&logged, `SELECT after FROM changes WHERE subject_id = $1 AND action = 'booking.change'`, b.ID))
		if want := `"changed":["title","visibility"]`; !contains(logged, want) || contains(logged, "Répétition") {
			t.Fatalf("the log says %s", logged)
		}
	})
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestLinesMayChangeWithTheTime(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		lines := []booking.Want{{Resource: "amos-studio", Quantity: 1}, {Resource: "amos-camera", Quantity: 2}}
		got, err := n.change(n.zoe, b.ID, booking.Edits{Lines: &lines})
		must(t, err)
		if len(got.Lines) != 2 || len(got.Lines[1].Units) != 2 {
			t.Fatalf("changed to %+v", got.Lines)
		}
		n.clean()
		lines = []booking.Want{{Resource: "val-dor-studio", Quantity: 1}}
		_, err = n.change(n.zoe, b.ID, booking.Edits{Lines: &lines})
		wantCodes(t, err, "one_hub")
	})
}

func TestABookingThatHasBegunKeepsItsStart(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(0, 9, 0), at(0, 11, 0)))
		n.clock.Set(at(0, 10, 0))
		_, err := n.change(n.zoe, b.ID, booking.Edits{StartsAt: ptr(at(0, 10, 0))})
		wantCodes(t, err, "already_started")
		got, err := n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(0, 12, 0))})
		must(t, err)
		if !got.EndsAt.Equal(at(0, 12, 0)) {
			t.Fatalf("ends %s", got.EndsAt)
		}
		n.clock.Set(at(0, 12, 0))
		_, err = n.change(n.zoe, b.ID, booking.Edits{EndsAt: ptr(at(0, 13, 0))})
		wantCodes(t, err, "already_ended")
		must(t, n.book.Settle(context.Background(), b.ID))
		done, err := n.book.Booking(context.Background(), n.zoe, b.ID)
		must(t, err)
		if done.Status != booking.Completed {
			t.Fatalf("status %s", done.Status)
		}
		_, err = n.book.Cancel(context.Background(), n.zoe, b.ID, 0, "", database.Key{})
		wantCodes(t, err, "bad_status")
		n.clean()
	})
}

func TestACancelledBookingGivesBackItsTimeAndNeverComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		first, err := n.book.Cancel(ctx, n.zoe, b.ID, 0, "grippe", database.Key{})
		must(t, err)
		again, err := n.book.Cancel(ctx, n.zoe, b.ID, 0, "", database.Key{})
		must(t, err)
		if first.Status != booking.Cancelled || again.Version != first.Version || first.Sequence != 1 {
			t.Fatalf("cancelled %+v, again %+v", first, again)
		}
		n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		_, err = n.change(n.zoe, b.ID, to(at(2, 10, 0), at(2, 12, 0)))
		wantCodes(t, err, "bad_status")
		_, err = n.book.Confirm(ctx, n.zoe, b.ID, 0, database.Key{})
		wantCodes(t, err, "bad_status")
		_, err = n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		wantCodes(t, err, "bad_status")
		n.clean()
	})
}

func TestAMemberCancelsUntilTheCutoffAndStaffLater(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), CancelCutoff: ptr(120), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(0, 12, 0), at(0, 13, 0)))
		n.clock.Set(at(0, 10, 0))
		_, err := n.book.Cancel(ctx, n.zoe, b.ID, 0, "", database.Key{})
		wantCodes(t, err, "cutoff_passed")
		_, err = n.book.Cancel(ctx, n.anne, b.ID, 0, "machine brisée", database.Key{})
		must(t, err)
	})
}

func TestApprovalIsGivenByAnotherPersonWithTheRight(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(1, 10, 0), at(1, 11, 0)))
		if b.Status != booking.Pending || len(b.Lines[0].Units) != 1 {
			t.Fatalf("placed %+v", b)
		}
		_, err := n.place(n.luc, want("amos-printer", at(1, 10, 0), at(1, 11, 0)))
		wantCodes(t, err, "taken") // a request occupies, too
		_, err = n.book.Approve(ctx, n.luc, b.ID, 0, database.Key{})
		wantCodes(t, err, "booking_not_found")
		_, err = n.book.Approve(ctx, n.zoe, b.ID, 0, database.Key{})
		wantCodes(t, err, "own_request")
		got, err := n.book.Approve(ctx, n.anne, b.ID, 0, database.Key{})
		must(t, err)
		if got.Status != booking.Confirmed || got.Sequence != 1 {
			t.Fatalf("approved %+v", got)
		}
		moved, err := n.change(n.zoe, b.ID, to(at(1, 14, 0), at(1, 15, 0)))
		must(t, err)
		if moved.Status != booking.Pending {
			t.Fatalf("a move skipped the approval: %s", moved.Status)
		}
		own := n.mustPlace(n.anne, want("amos-printer", at(2, 10, 0), at(2, 11, 0)))
		_, err = n.book.Approve(ctx, n.anne, own.ID, 0, database.Key{})
		wantCodes(t, err, "own_request")
		declined, err := n.book.Decline(ctx, n.anne, moved.ID, 0, "complet", database.Key{})
		must(t, err)
		if declined.Status != booking.Declined || len(declined.Lines[0].Units) != 0 {
			t.Fatalf("declined %+v", declined)
		}
		n.clean()
	})
}

func TestCompetingRequestsTakeNoTimeUntilOneIsApproved(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Competing: ptr(true), Within: ptr(inventory.Inside)})
		var ids []string
		for _, who := range []identity.Actor{n.zoe, n.luc} {
			b := n.mustPlace(who, want("amos-printer", at(1, 10, 0), at(1, 11, 0)))
			if b.Status != booking.Pending || len(b.Lines[0].Units) != 0 {
				t.Fatalf("placed %+v", b)
			}
			ids = append(ids, b.ID)
		}
		n.clean()
		won := racers(t, 8, func(i int) error {
			_, err := n.book.Approve(ctx, n.anne, ids[i%2], 0, database.Key{})
			return err
		})
		if won != 1 {
			t.Fatalf("%d approvals of one hour", won)
		}
		n.clean()
	})
}

func TestAnUnansweredRequestExpiresAtItsStart(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Within: ptr(inventory.Inside)})
		b := n.mustPlace(n.zoe, want("amos-printer", at(1, 10, 0), at(1, 11, 0)))
		n.clock.Set(at(1, 10, 0))
		_, err := n.db.RunDue(context.Background(), n.book.Handlers())
		must(t, err)
		got, err := n.book.Booking(context.Background(), n.zoe, b.ID)
		must(t, err)
		if got.Status != booking.Expired {
			t.Fatalf("status %s", got.Status)
		}
		n.clean()
	})
}

func TestAMoveIsNoWayAroundTheCutoff(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "printer", inventory.Machine, 2, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), CancelCutoff: ptr(120), Within: ptr(inventory.Inside)})
		r := want("amos-printer", at(0, 12, 0), at(0, 14, 0))
		r.Lines[0].Quantity = 2
		b := n.mustPlace(n.zoe, r)
		n.clock.Set(at(0, 10, 30))
		one := []booking.Want{{Resource: "amos-printer", Quantity: 1}}
		for _, e := range []booking.Edits{to(at(3, 12, 0), at(3, 14, 0)), to(at(0, 12, 0), at(0, 13, 0)), {Lines: &one}} {
			_, err := n.change(n.zoe, b.ID, e)
			wantCodes(t, err, "cutoff_passed")
		}
		_, err := n.change(n.zoe, b.ID, to(at(0, 11, 30), at(0, 14, 30))) // gives nothing back
		must(t, err)
		_, err = n.change(n.anne, b.ID, to(at(3, 12, 0), at(3, 14, 0))) // staff may
		must(t, err)
		n.clean()
	})
}

func TestAnEmptyChangeChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		got, err := n.change(n.zoe, b.ID, booking.Edits{})
		must(t, err)
		if got.Version != 1 {
			t.Fatalf("version %d", got.Version)
		}
	})
}

func TestApprovingACompetingRequestIsJudgedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		n.add("amos", "printer", inventory.Machine, 1, inventory.PolicyEdits{
			Grain: ptr(30), Shortest: ptr(30), Longest: ptr(240), Approval: ptr(true), Competing: ptr(true), Within: ptr(inventory.Inside)})
		shut := n.mustPlace(n.zoe, want("amos-printer", at(2, 10, 0), at(2, 11, 0)))
		gone := n.mustPlace(n.zoe, want("amos-printer", at(3, 10, 0), at(3, 11, 0)))
		_, err := n.catalog.AddClosure(ctx, n.boss, inventory.Closure{
			HubID: "amos", StartsLocal: "2026-11-18T00:00:00", EndsLocal: "2026-11-19T00:00:00",
		}, database.Key{})
		must(t, err)
		_, err = n.book.Approve(ctx, n.anne, shut.ID, 0, database.Key{})
		wantCodes(t, err, "closure")
		_, err = n.catalog.UpdateResource(ctx, n.boss, "amos-printer", inventory.ResourceEdits{Archived: ptr(true)}, database.Key{})
		must(t, err)
		_, err = n.book.Approve(ctx, n.anne, gone.ID, 0, database.Key{})
		wantCodes(t, err, "archived")
		n.clean()
	})
}

func TestAPreviewBesideAnEditNeverFails(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		stop := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := n.catalog.UpdateResource(ctx, n.boss, "amos-desk", inventory.ResourceEdits{Capacity: ptr(i%9 + 1)}, database.Key{}); err != nil {
					done <- err
					return
				}
			}
		}()
		for range 100 {
			if _, err := n.book.Preview(ctx, n.zoe, want("amos-desk", at(1, 10, 0), at(1, 12, 0))); err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("preview: %v", err)
			}
		}
		close(stop)
		must(t, <-done)
	})
}
