package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
)

func (n *network) board(who identity.Actor) booking.Board {
	n.t.Helper()
	board, err := n.book.Board(context.Background(), who, "amos")
	must(n.t, err)
	return board
}

func (n *network) scan(who identity.Actor, text string) booking.Scanned {
	n.t.Helper()
	found, err := n.book.Scan(context.Background(), who, "amos", text)
	must(n.t, err)
	return found
}

func visitIDs(visits []booking.Visit) []string {
	ids := []string{}
	for _, v := range visits {
		ids = append(ids, v.ID)
	}
	return ids
}

func TestTheBoardShowsTheDay(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.clock.Set(at(0, 8, 0))
		studio := n.mustPlace(n.zoe, want("amos-studio", at(0, 10, 0), at(0, 12, 0)))
		soon := n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0)))
		long := n.mustPlace(n.luc, want("amos-camera", at(0, 9, 0), at(2, 11, 0)))
		tomorrow := n.mustPlace(n.luc, want("amos-studio", at(1, 10, 0), at(1, 12, 0)))
		elsewhere := n.mustPlace(n.luc, want("rouyn-studio", at(0, 10, 0), at(0, 12, 0)))
		board := n.board(n.anne)
		if got := visitIDs(board.Arrivals); !slices.Equal(got, []string{studio.ID}) {
			t.Errorf("who comes: %v, not %v alone (tomorrow %v, elsewhere %v)", got, studio.ID, tomorrow.ID, elsewhere.ID)
		}
		if got := visitIDs(board.Outgoing); len(got) != 2 || !slices.Contains(got, soon.ID) || !slices.Contains(got, long.ID) {
			t.Errorf("what goes out: %v", got)
		}
		v := board.Arrivals[0]
		if v.Person.Name != "Zoé" || len(v.Codes) != 1 || v.Codes[v.Lines[0].Units[0]] != "amos-studio1" {
			t.Errorf("who comes: %+v", v)
		}
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(soon)
		n.mustHandOut(long)
		board = n.board(n.anne)
		if len(board.Outgoing) != 0 || len(board.Returns) != 1 || board.Returns[0].Reference != soon.Reference || board.OutLater != 1 || len(board.Late) != 0 {
			t.Errorf("after the hand-over: %+v", board)
		}
		n.clock.Set(at(0, 11, 1))
		board = n.board(n.anne)
		if len(board.Returns) != 0 || len(board.Late) != 1 || board.Late[0].Person.Name != "Zoé" || !board.Late[0].DueAt.Equal(at(0, 11, 0)) {
			t.Errorf("a minute late: %+v", board.Late)
		}
	})
}

// What is out for longer than today is a figure, unless something of the same booking is still to be
// handed out.
func TestTheBoardShowsWhatIsLeftOfALongLoan(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		b := n.mustPlace(n.zoe, cameras(2, at(0, 9, 0), at(2, 11, 0)))
		n.clock.Set(at(0, 9, 0))
		n.mustHandOut(b, "amos-camera1")
		board := n.board(n.anne)
		if got := visitIDs(board.Outgoing); !slices.Equal(got, []string{b.ID}) || board.OutLater != 1 || len(board.Returns) != 0 {
			t.Errorf("one of two is out: to hand out %v, out for longer %d, %d returns", got, board.OutLater, len(board.Returns))
		}
		n.mustHandOut(b, "amos-camera2")
		if board := n.board(n.anne); len(board.Outgoing) != 0 || board.OutLater != 2 || len(board.Returns) != 0 {
			t.Errorf("both are out: %+v", board)
		}
		n.clock.Set(at(2, 8, 0))
		if board := n.board(n.anne); len(board.Returns) != 2 || board.OutLater != 0 || board.Returns[0].Person.Name != "Zoé" {
			t.Errorf("the day on which they are due: %+v", board.Returns)
		}
	})
}

func TestTheBoardShowsWhatWaits(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		n.add("amos", "hall", inventory.Space, 1, inventory.PolicyEdits{Grain: ptr(30), Shortest: ptr(30), Longest: ptr(480), Within: ptr(inventory.Inside), Approval: ptr(true)})
		asked := n.mustPlace(n.zoe, want("amos-hall", at(3, 10, 0), at(3, 12, 0)))
		homeless := n.mustPlace(n.luc, want("amos-studio", at(4, 10, 0), at(4, 12, 0)))
		until := at(5, 12, 0)
		m, err := n.book.TakeOut(context.Background(), n.anne, "amos-studio1", at(0, 8, 0), &until, "", database.Key{})
		must(t, err)
		n.mustExec(`INSERT INTO consumables (id, hub_id, code, name, measure, stock, low) VALUES ('c1', $1, 'PLA', '{"fr":"Filament"}', 'g', 20, 100), ('c2', $1, 'ABS', '{"fr":"Filament"}', 'g', 200, 100)`, n.id["amos"])
		n.mustExec(`INSERT INTO tickets (id, hub_id, resource_id, unit_id, kind, created_at, changed_at, urgent) VALUES ('t1', $1, $2, $3, 'problem', $4, $4, true)`,
			n.id["amos"], n.id["amos-desk"], n.id["amos-desk1"], monday)
		n.mustExec(`INSERT INTO unsettled_acts (id, hub_id, kind, args, at, received_at, by_id, code, unit_id, booking_id) VALUES ('u1', $1, 'check_in', '{}', $2, $2, $3, 'not_out', $4, $5)`,
			n.id["amos"], monday, n.anne.ID, n.id["amos-camera1"], asked.ID)
		n.mustExec(`INSERT INTO transfers (id, unit_id, from_hub_id, to_hub_id, to_resource_id, state, leaves_at, arrives_at, made_by, created_at, changed_at) VALUES ('j1', $1, $2, $3, $4, 'planned', $5, $6, $7, $5, $5)`,
			n.id["amos-camera2"], n.id["amos"], n.id["rouyn"], n.id["rouyn-camera"], at(1, 9, 0), at(1, 15, 0), n.anne.ID)
		board := n.board(n.anne)
		if got := visitIDs(board.Waiting); !slices.Equal(got, []string{asked.ID}) {
			t.Errorf("what waits: %v", got)
		}
		if got := visitIDs(board.Homeless); !slices.Equal(got, []string{homeless.ID}) {
			t.Errorf("without unit: %v", got)
		}
		if len(board.Broken) != 2 || board.Broken[0].MaintenanceID+board.Broken[1].MaintenanceID != m.ID || board.Broken[0].TicketID+board.Broken[1].TicketID != "t1" {
			t.Errorf("broken: %+v", board.Broken)
		}
		for _, b := range board.Broken {
			if b.TicketID != "" && (b.Code != "amos-desk1" || !b.Urgent || b.State != "new" || b.Kind != "problem" || b.ResourceName["fr"] != "desk") {
				t.Errorf("the ticket: %+v", b)
			}
			if b.MaintenanceID != "" && (b.Code != "amos-studio1" || b.Cause != "repair" || !b.Until.Equal(until)) {
				t.Errorf("the repair: %+v", b)
			}
		}
		if len(board.LowStock) != 1 || board.LowStock[0].Code != "PLA" || board.LowStock[0].Name["fr"] != "Filament" || board.LowStock[0].Stock != 20 {
			t.Errorf("low: %+v", board.LowStock)
		}
		if len(board.Journeys) != 1 || board.Journeys[0].Code != "amos-camera2" || board.Journeys[0].ToHubName["fr"] != "rouyn" || !board.Journeys[0].ArrivesAt.Equal(at(1, 15, 0)) {
			t.Errorf("journeys: %+v", board.Journeys)
		}
		if len(board.Unsettled) != 1 || board.Unsettled[0].UnitCode != "amos-camera1" || board.Unsettled[0].Person != "Zoé" || board.Unsettled[0].ByName != "Anne" || board.Unsettled[0].Reference != asked.Reference {
			t.Errorf("unsettled: %+v", board.Unsettled)
		}
		other, err := n.book.Board(context.Background(), n.boss, "rouyn")
		must(t, err)
		if len(other.Journeys) != 1 || len(other.Broken)+len(other.LowStock)+len(other.Unsettled)+len(other.Waiting)+len(other.Homeless) != 0 {
			t.Errorf("at the other hub: %+v", other)
		}
	})
}

func TestTheBoardTellsWhatRightsShow(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		request := want("amos-studio", at(0, 10, 0), at(0, 12, 0))
		request.Title = "Secret"
		n.mustPlace(n.zoe, request)
		anne := n.anne
		anne.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights(identity.HandOut)}}
		v := n.board(anne).Arrivals[0]
		if v.Person.Name != "" || v.Person.Phone != "" || v.Title != "" {
			t.Errorf("to who may only hand out: %+v", v)
		}
		if v := n.board(n.anne).Arrivals[0]; v.Person.Name != "Zoé" || v.Title != "Secret" {
			t.Errorf("to staff: %+v", v)
		}
		for who, code := range map[string]string{"zoe": "hub_not_found", "elsewhere": "hub_not_found", "viewer": "not_allowed", "nobody": "sign_in"} {
			a := map[string]identity.Actor{"zoe": n.zoe, "nobody": {}}[who]
			switch who {
			case "elsewhere":
				a = n.anne
				a.Grants = []identity.Grant{{Role: identity.Manager, HubID: n.id["rouyn"]}}
			case "viewer":
				a = n.anne
				a.Grants = []identity.Grant{{Role: identity.Staff, HubID: n.id["amos"], Rights: identity.Rights(identity.ViewBookings)}}
			}
			_, err := n.book.Board(context.Background(), a, "amos")
			wantCodes(t, err, code)
		}
	})
}

// TestTheStampChangesWithTheBoard names all that a board shows: a stamp that stays would leave a
// screen with what is over.
func TestTheStampChangesWithTheBoard(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		stamp := func() string {
			t.Helper()
			all, err := n.book.Stamps(context.Background(), []string{n.id["amos"], n.id["rouyn"]})
			must(t, err)
			c, err := n.book.Counter(context.Background(), n.anne, "amos")
			must(t, err)
			if c.Stamp != all[n.id["amos"]] || len(all) != 2 {
				t.Errorf("the counter's stamp is %s, among all it is %v", c.Stamp, all)
			}
			return c.Stamp
		}
		n.clock.Set(at(0, 9, 0))
		var loan booking.Booking
		last := stamp()
		if again := stamp(); again != last {
			t.Errorf("it changes by itself: %s, %s", last, again)
		}
		for _, change := range []struct {
			what string
			do   func()
		}{
			{"a booking", func() { loan = n.mustPlace(n.zoe, want("amos-camera", at(0, 9, 0), at(0, 11, 0))) }},
			{"a hand-over", func() { n.mustHandOut(loan) }},
			{"a late return, by time alone", func() { n.clock.Set(at(0, 11, 0).Add(time.Second)) }},
			{"a booking that begins soon, by time alone", func() { n.clock.Set(at(0, 11, 5)) }},
			{"a repair", func() {
				_, err := n.book.TakeOut(context.Background(), n.anne, "amos-studio1", at(0, 12, 0), nil, "", database.Key{})
				must(t, err)
			}},
			{"a ticket", func() {
				n.mustExec(`INSERT INTO tickets (id, hub_id, resource_id, kind, created_at, changed_at) VALUES ('t1', $1, $2, 'problem', $3, $3)`, n.id["amos"], n.id["amos-desk"], monday)
			}},
			{"a ticket that somebody took", func() { n.mustExec(`UPDATE tickets SET state = 'in_progress', version = version + 1 WHERE id = 't1'`) }},
			{"a ticket that is done", func() {
				n.mustExec(`UPDATE tickets SET state = 'done', version = version + 1, closed_at = $1 WHERE id = 't1'`, monday)
			}},
			{"a journey from elsewhere", func() {
				n.mustExec(`INSERT INTO transfers (id, unit_id, from_hub_id, to_hub_id, to_resource_id, state, leaves_at, arrives_at, made_by, created_at, changed_at) VALUES ('j1', $1, $2, $3, $4, 'planned', $5, $6, $7, $5, $5)`,
					n.id["rouyn-camera2"], n.id["rouyn"], n.id["amos"], n.id["amos-camera"], at(1, 9, 0), at(1, 15, 0), n.anne.ID)
			}},
			{"a journey that began", func() {
				n.mustExec(`UPDATE transfers SET state = 'on_the_road', version = version + 1 WHERE id = 'j1'`)
			}},
			{"a journey that ended", func() { n.mustExec(`UPDATE transfers SET state = 'arrived', version = version + 1 WHERE id = 'j1'`) }},
			{"a consumable", func() {
				n.mustExec(`INSERT INTO consumables (id, hub_id, code, name, measure) VALUES ('c1', $1, 'PLA', '{}', 'g')`, n.id["amos"])
			}},
			{"its use", func() { n.mustExec(`UPDATE consumables SET stock = 5, version = version + 1 WHERE id = 'c1'`) }},
			{"an unsettled act", func() {
				n.mustExec(`INSERT INTO unsettled_acts (id, hub_id, kind, args, at, received_at, by_id, code) VALUES ('u1', $1, 'check_in', '{}', $2, $2, $3, 'not_out')`, n.id["amos"], monday, n.anne.ID)
			}},
			{"an act that was settled", func() { n.mustExec(`UPDATE unsettled_acts SET settled_at = $1 WHERE id = 'u1'`, monday) }},
		} {
			change.do()
			now := stamp()
			if now == last {
				t.Errorf("%s does not change it", change.what)
			}
			last = now
		}
		n.mustPlace(n.luc, want("rouyn-studio", at(1, 10, 0), at(1, 12, 0)))
		if now := stamp(); now != last {
			t.Error("a booking at another hub changes it")
		}
	})
}

func (n *network) mustExec(query string, args ...any) {
	n.t.Helper()
	must(n.t, n.exec(query, args...))
}
