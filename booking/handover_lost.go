package booking

// notOut refuses to take a unit out of service that is out with somebody now. One that is lost is not
// with them any more: its loan ends, and never came back.
func (o *outing) notOut(m Maintenance) error {
	_, out, err := outUntil(o.tx, o.unit.ID)
	if err != nil || !out || m.StartsAt.After(o.tx.Now) {
		return err
	}
	if m.Cause != "lost" {
		return isOut(o.unit)
	}
	return o.loseLoan()
}

// loseLoan ends the loan of a unit that was lost, and its booking when that was all it had.
func (o *outing) loseLoan() error {
	all, err := loansOf(o.tx, `n.unit_id = $1 AND n.back_at IS NULL`, o.unit.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	l := all[0]
	l.BackAt, l.BackBy = &o.tx.Now, o.who.ID
	if l.OutAt.After(o.tx.Now) {
		l.BackAt = &l.OutAt
	}
	if _, err := o.tx.Exec(`UPDATE loans SET back_at = $2, back_by = $3 WHERE id = $1 AND back_at IS NULL`, l.ID, *l.BackAt, l.BackBy); err != nil {
		return err
	}
	if err := endLive(o.tx, o.unit.ID, l.BookingID, *l.BackAt); err != nil {
		return err
	}
	if err := recordLoan(o.tx, o.who, "loan.lost", l, nil); err != nil {
		return err
	}
	was, err := findBooking(o.tx, l.BookingID)
	if err != nil {
		return err
	}
	if left, err := somethingLeft(o.tx, was); err != nil || left {
		return err
	}
	is := was
	is.Status, is.Version, is.ChangedAt = Completed, was.Version+1, o.tx.Now
	if err := updateBooking(o.tx, is); err != nil {
		return err
	}
	if err := meterMachines(o.tx, o.who, was); err != nil {
		return err
	}
	return record(o.tx, o.who.ID, "booking.complete", &was, &is)
}
