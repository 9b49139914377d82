package mail

import (
	"strings"
	"testing"
	"time"
)

func TestALoanIsAskedForUntilItIsBack(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.put(booked{id: "lent", member: "mem-joe", status: "in_use", starts: inDays(-3, 14), kit: true})
		b.lend("lent", now.Add(-90*time.Minute), 2)
		late := Notice{Booking: "lent", What: "booking.late"}
		b.enqueue("notice", late)
		all := b.run()
		if len(all) != 1 || all[0].To != "joe@exemple.example" {
			t.Fatalf("%+v", all)
		}
		for _, want := range []string{"Camera kit\u00a0×\u00a02", "RN-TROUSSE-LENT-1, RN-TROUSSE-LENT-2", "8:30", "819 555-0142", "extend the loan"} {
			if !strings.Contains(all[0].Text, want) {
				t.Errorf("no %q in\n%s", want, all[0].Text)
			}
		}
		b.exec(`UPDATE loans SET back_at = $1 WHERE unit_id = 'lent-1'`, now)
		b.enqueue("notice", late)
		if all = b.run(); len(all) != 2 || strings.Contains(all[1].Text, "LENT-1") || !strings.Contains(all[1].Text, "LENT-2") {
			t.Fatalf("%+v", all)
		}
		b.exec(`UPDATE loans SET back_at = $1 WHERE unit_id = 'lent-2'`, now)
		b.enqueue("notice", late)
		if all = b.run(); len(all) != 2 {
			t.Errorf("what is back is asked for:\n%s", all[2].Text)
		}
	})
}

func TestStaffAreToldOfALongOverdueLoan(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.put(booked{id: "lent", member: "mem-aline", status: "in_use", starts: inDays(-3, 14), kit: true})
		b.lend("lent", inDays(-1, 14), 1)
		b.enqueue("notice", Notice{Booking: "lent", What: "booking.overdue.staff"})
		all := b.run()
		if len(all) != 1 || all[0].To != "anne@exemple.example" || !strings.Contains(all[0].Text, "il faut l’appeler") || !strings.Contains(all[0].Text, "Aline Wapachee") {
			t.Fatalf("%+v", all)
		}
	})
}

func TestAMatterGoesToWhomItConcerns(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		b.exec(`UPDATE grants SET role = 'manager' WHERE member_id = 'mem-anne'`)
		for _, x := range []struct{ what, id, to string }{
			{"member.suspended", "mem-joe", "joe@exemple.example"},
			{"stock.low", "c1", "anne@exemple.example"},
			{"ticket.new", "t1", "anne@exemple.example"},
			{"transfer.arrived", "x1", "anne@exemple.example"},
		} {
			before := len(b.kept.Messages())
			b.enqueue("notice", Notice{ID: x.id, What: x.what})
			all := b.run()[before:]
			if len(all) != 1 || all[0].To != x.to {
				t.Errorf("%s went to %+v", x.what, all)
			}
		}
		before := len(b.kept.Messages())
		b.enqueue("notice", Notice{ID: "gone", What: "ticket.new"})
		b.enqueue("mail", Job{What: "stock.low", ID: "c1", To: "mem-marc"}, Job{What: "member.suspended", ID: "mem-zoe", To: "gone"})
		if all := b.run(); len(all) != before {
			t.Errorf("%+v", all[before:])
		}
	})
}
