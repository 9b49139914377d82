package web

import (
	"testing"
)

// TestWhoIsOpenedAtACounterIsWrittenDownOnce opens a booking, its unit, and what a device keeps.
func TestWhoIsOpenedAtACounterIsWrittenDownOnce(t *testing.T) {
	onCounter(t, func(t *testing.T, s *stand) {
		b := s.books("zoe@exemple.example", "amos-camera", 1, 2)
		views := func(what string) int {
			t.Helper()
			var n int
			must(t, s.site.DB.Reader(t.Context()).Get(&n, `SELECT count(*) FROM personal_views WHERE member_id = $1 AND viewer_id = $2 AND what = $3`,
				b.MemberID, s.idOf("anne@exemple.example"), what))
			return n
		}
		s.anne.get(atAmos)
		if n := views("booking"); n != 0 {
			t.Errorf("the board alone: %d", n)
		}
		for range 3 {
			s.anne.get(atAmos + "?r=" + b.ID)
			s.anne.get(atAmos + "?code=" + b.Reference)
		}
		if n := views("booking"); n != 1 {
			t.Errorf("its booking, opened six times: %d", n)
		}
		for range 2 {
			s.anne.get(atAmos + "/copie.json")
		}
		if n := views("list"); n != 1 {
			t.Errorf("the copy of a device: %d", n)
		}
	})
}
