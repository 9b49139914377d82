package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory/files"
)

// A backView is a unit that has just come back: whose it was, what happens to it next, and what is
// to be looked at.
type backView struct {
	Code, Name, Who, Late string
	Said                  string
	Beside                bool // something else is open as well
	Noted                 bool // what was found on it has been noted: nothing more is asked
	Next                  []nextLine
	Parts                 []countLine
	Damaged               bool
	Condition, Trouble    string
	Typed                 bool // something was written that could not be kept yet
	Used                  [usedRows]usedLine
	Consumables           []consumableLine
	Action, Key           string
	Report                string
}

// A nextLine says where a unit goes now.
type nextLine struct {
	Words, Tone, Path string
}

// A consumableLine is what may have been used up.
type consumableLine struct{ ID, Name, Measure string }

// usedRows is how many consumables the form of a return takes at once.
const usedRows = 3

// A usedLine is a row of the form for what was used up: what and how many, as written.
type usedLine struct{ What, Count string }

// Row is the number of a row, counted from one.
func (v backView) Row(i int) int { return i + 1 }

// backOf is a unit that came back, nil where it never left.
func (x *post) backOf(u *booking.ScannedUnit) (*backView, error) {
	if u.Last == nil || u.Loan != nil {
		return nil, nil
	}
	l := u.Last
	v := &backView{Code: u.Code, Name: u.ResourceName.In(x.l.Tag()), Who: x.name(l.Person), Parts: x.parts(u.Components), Damaged: l.Damaged, Condition: l.ConditionIn,
		Action: x.desk.Path + "/retours/" + l.Loan.ID, Key: newKey()}
	v.Said = x.l.Say("page.counter.back_said", fault.Params{"code": u.Code, "what": v.Name, "who": v.Who})
	if l.BackAt != nil && l.BackAt.After(l.DueAt) {
		c := x.clock
		c.now = *l.BackAt
		v.Late = c.late(l.DueAt)
	}
	for i, p := range v.Parts {
		if n, ok := l.Missing[p.ID]; ok {
			v.Parts[i].Missing = n
		}
	}
	v.Next = x.next(u)
	if x.Stock == nil || len(v.Parts) == 0 && u.Kind == "" {
		return v, nil
	}
	all, err := x.Stock.Consumables(x.c.Request.Context(), x.v.Actor, x.desk.Hub.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if !c.Archived {
			v.Consumables = append(v.Consumables, consumableLine{c.ID, c.Name.In(x.l.Tag()), c.Measure})
		}
	}
	return v, nil
}

// next says where a unit goes now, what cannot wait first.
func (x *post) next(u *booking.ScannedUnit) []nextLine {
	var all []nextLine
	if u.Status != "in_service" {
		all = append(all, nextLine{Words: x.l.Say("page.counter.next_away", fault.Params{"state": x.unitWords(u.Status)}), Tone: "wrong", Path: upkeepPath + "/" + x.desk.Hub.Slug})
	}
	if t := u.Journey; t != nil {
		all = append(all, nextLine{Words: x.l.Say("page.counter.next_journey", fault.Params{"hub": t.ToHubName.In(x.l.Tag())}), Tone: "soon", Path: transfersPath + "/" + x.desk.Hub.Slug})
	}
	if b := u.Promised; b != nil {
		all = append(all, nextLine{Words: x.l.Say("page.counter.promised", fault.Params{"who": x.name(b.Person), "hour": x.clock.at(b.StartsAt)}), Tone: "soon", Path: x.address(b.ID, nil)})
	}
	if len(all) == 0 {
		var params fault.Params
		if u.Shelf != "" {
			params = fault.Params{"shelf": u.Shelf}
		}
		all = append(all, nextLine{Words: x.l.Say("page.counter.next_shelf", params), Tone: "fine"})
	}
	return all
}

// justLeft adds to a booking what is to be seen of the units that have just left for it: the forms for
// their pictures, and who signed.
func (x *post) justLeft(v *visitView) error {
	loans, err := x.Book.Loans(x.c.Request.Context(), x.v.Actor, v.ID)
	for _, l := range loans {
		if l.BackAt == nil {
			if path := "/photos/" + l.SignatureID; l.SignatureID != "" && !slices.Contains(v.Signed, path) {
				v.Signed = append(v.Signed, path)
			}
			v.Photos = append(v.Photos, photoForm{ID: l.ID, Code: l.Code, Action: x.desk.Path + "/retours/" + l.ID, Key: newKey()})
		}
	}
	return err
}

// inspect notes what was found on a unit: after its return, or with pictures of how it left.
func inspect(p *page) error {
	if _, _, err := p.counterDesk(); err != nil {
		return err // before anything heavy is read
	}
	if err := p.openForm(); err != nil {
		return err
	}
	x, err := p.atCounter(p.c.Request.PostForm)
	if err != nil {
		return err
	}
	ctx, loan, left := x.c.Request.Context(), x.c.Param("loan"), x.field("moment") == files.Out
	if !goodID(loan) {
		return fault.New(fault.NotFound, "loan_not_found", nil)
	}
	x.code = x.field("unite")
	sent, err := x.prepared("photo", files.Photo)
	if err != nil {
		return x.inspectAgain(err)
	}
	var pictures []files.Prepared
	for _, f := range sent {
		pictures = append(pictures, f.Prepared)
	}
	var noted booking.Returned
	if !left {
		found, hash, err := x.found()
		if err == nil {
			noted, err = x.Book.Inspect(ctx, x.v.Actor, loan, found, x.onceKey("cle", append(hash, loan)...))
		}
		if err != nil {
			return x.inspectAgain(err)
		}
	}
	if len(pictures) > 0 {
		moment := files.In
		if left {
			moment = files.Out
		}
		key := x.onceKey("cle", loan, moment)
		if key.Key != "" {
			key.Key += " photos"
		}
		if err := x.Book.Photograph(ctx, x.v.Actor, loan, moment, pictures, key); err != nil {
			return x.inspectAgain(err)
		}
	}
	if left {
		return x.to(x.address("", nil, "vu", x.open, "fait", "photo"))
	}
	if noted.Maintenance != nil || len(noted.WithoutUnit) > 0 || len(noted.Rehomed) > 0 {
		return x.changed(noted)
	}
	return x.to(x.address("", nil, "fait", "note"))
}

// returnAgain leads back to the form of a return, from its address.
func returnAgain(p *page) error {
	x, err := p.atCounter(url.Values{})
	if err != nil {
		return err
	}
	loan, err := x.Book.Loan(x.c.Request.Context(), x.v.Actor, x.c.Param("loan"))
	switch {
	case err != nil:
		return x.to(x.desk.Path)
	case loan.BackAt == nil: // its photos are taken as it leaves
		return x.to(x.address("", nil, "vu", loan.BookingID, "fait", "photos"))
	}
	return x.to(x.address("", nil, "retour", loan.Code))
}

// inspectAgain shows the form of what was found on a unit again with all that was written into it, or
// the forms for pictures of what leaves, and why it was refused.
func (x *post) inspectAgain(err error) error {
	wrong, status, err := x.refusal(err)
	if err != nil {
		return err
	}
	v := x.empty()
	v.Text = ""
	if x.field("moment") == files.Out && x.open != "" {
		s, err := x.see("", x.open)
		if err != nil {
			return err
		}
		if s.Open == nil {
			return x.againWith(status, wrong)
		}
		v.Kind, v.Visit = "booking", x.visit(*s.Open, false)
		if err := x.justLeft(v.Visit); err != nil {
			return err
		}
		for i := range v.Visit.Photos {
			v.Visit.Photos[i].Open = v.Visit.Photos[i].ID == x.c.Param("loan")
		}
		v.Open = ""
		return x.show(status, v, wrong)
	}
	s, err := x.see(x.code, "")
	if err != nil {
		return err
	}
	if s.Unit == nil || s.Unit.Last == nil || s.Unit.Last.Loan.ID != x.c.Param("loan") {
		return x.againWith(status, wrong)
	}
	if v.Back, err = x.backOf(s.Unit); err != nil {
		return err
	}
	if v.Back == nil {
		return x.againWith(status, wrong)
	}
	v.Kind = "back"
	x.asTyped(v.Back)
	return x.show(status, v, wrong)
}

// asTyped puts into the form of a return what was written into it.
func (x *post) asTyped(v *backView) {
	v.Condition, v.Trouble, v.Damaged, v.Typed = x.field("etat"), x.field("probleme"), x.field("abime") != "", true
	for i, p := range v.Parts {
		if n, err := strconv.Atoi(strings.TrimSpace(x.field("manque-" + p.ID))); err == nil {
			v.Parts[i].Missing = n
		}
	}
	for i := range v.Used {
		row := strconv.Itoa(i + 1)
		v.Used[i] = usedLine{x.field("quel-" + row), x.field("conso-" + row)}
	}
}

// mostMoved bounds how many bookings are named that lose their unit by what was found on it.
const mostMoved = 5

// changed stays with a unit on which something was found, and says what that has changed: it is out of
// service, has a ticket, and who is to be helped now.
func (x *post) changed(noted booking.Returned) error {
	x.open, x.code = "", noted.Loan.Code
	x.counter.Now = x.DB.Now() // what was just noted is of a moment after the one in which the form came
	s, err := x.see(noted.Loan.Code, "")
	if err != nil {
		return err
	}
	v := x.empty()
	v.Kind, v.Text, v.Said = "back", "", x.l.Say("page.counter.done.note", nil)
	if s.Unit == nil {
		return x.to(x.address("", nil, "fait", "note"))
	}
	if v.Back, err = x.backOf(s.Unit); err != nil || v.Back == nil {
		return err
	}
	v.Back.Noted = true
	var more []nextLine
	if m := noted.Maintenance; m != nil && m.TicketID != "" {
		more = append(more, nextLine{Words: x.l.Say("page.counter.next_ticket", nil), Tone: "soon", Path: upkeepPath + "/" + x.desk.Hub.Slug + "/billets/" + m.TicketID})
	}
	for key, ids := range map[string][]string{"page.counter.next_without": noted.WithoutUnit, "page.counter.next_rehomed": noted.Rehomed} {
		for _, id := range ids[:min(len(ids), mostMoved)] {
			seen, err := x.see("", id)
			if err != nil {
				return err
			}
			if b := seen.Open; b != nil {
				line := nextLine{Words: x.l.Say(key, fault.Params{"who": x.name(b.Person), "hour": x.clock.at(b.StartsAt)}), Tone: "soon", Path: bookingAddress(b.ID)}
				if key == "page.counter.next_without" {
					line.Tone, line.Path = "wrong", line.Path+"/changer"
				}
				more = append(more, line)
			}
		}
	}
	slices.SortStableFunc(more, func(a, b nextLine) int { return strings.Compare(b.Tone, a.Tone) })
	v.Back.Next = append(v.Back.Next, more...)
	x.code = ""
	return x.show(http.StatusOK, v, nil)
}

// found reads what was found on a unit, and the same as texts.
func (x *post) found() (booking.Return, []string, error) {
	r := booking.Return{Hub: x.desk.Hub.ID, Condition: strings.TrimSpace(x.field("etat")), Damaged: x.field("abime") != "", Trouble: strings.TrimSpace(x.field("probleme"))}
	texts := []string{r.Condition, strconv.FormatBool(r.Damaged), r.Trouble}
	for _, name := range slices.Sorted(maps.Keys(x.c.Request.PostForm)) {
		values := x.c.Request.PostForm[name]
		part, missing := strings.CutPrefix(name, "manque-")
		row, uses := strings.CutPrefix(name, "conso-")
		used := x.field("quel-" + row)
		if !missing && (!uses || used == "") || values[0] == "" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(values[0]))
		if err != nil || n < 0 {
			return r, nil, fault.Field(name, "bad_number")
		}
		texts = append(texts, name, values[0], used)
		if uses && n > 0 {
			r.Uses = append(r.Uses, booking.Use{Consumable: used, Quantity: int64(n)})
		}
		if missing {
			if r.Missing == nil {
				r.Missing = map[string]int{}
			}
			r.Missing[part] = n
		}
	}
	return r, texts, nil
}
