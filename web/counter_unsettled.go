package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
)

// unsettledPath follows the address of a counter.
const unsettledPath = "/a-regler"

// longestNote is how much may be said of an act that is not done.
const longestNote = 300

func (s *Site) mountUnsettled(r gin.IRouter) {
	s.on(r, "GET", counterPath+"/:hub"+unsettledPath, unsettledList)
	s.on(r, "POST", counterPath+"/:hub"+unsettledPath, settleAct)
}

// unsettledView is what devices did while the line was down and what happened meanwhile contradicts.
type unsettledView struct {
	frame
	Acts   []unsettledAct
	News   string
	Action string
	Most   int    // characters of a note
	Wrong  string // id of the act that a refused form was about
	Note   string // what that form said
}

// An unsettledAct is one of them, in words.
type unsettledAct struct {
	ID, Key    string
	What       string // what was done
	Unit       string // code
	UnitPath   string
	Reference  string
	OpenPath   string // where its booking is opened on the counter
	Person, By string
	When, Came string
	Why        string
	Told       []string // of a return: damaged, what was missing
	Doubtful   bool
}

func unsettledList(p *page) error {
	return p.unsettledAgain(http.StatusOK, unsettledView{}, nil)
}

func (p *page) unsettledAgain(status int, v unsettledView, wrong *told) error {
	d, err := p.deskOf(identity.HandOut)
	if err != nil {
		return err
	}
	acts, err := p.Book.Unsettled(p.c.Request.Context(), p.v.Actor, d.Hub.ID)
	if err != nil {
		return err
	}
	var seen []string
	for _, a := range acts {
		if a.Person != "" && !slices.Contains(seen, a.PersonID) {
			seen = append(seen, a.PersonID)
		}
	}
	if err := p.looked(privacy.ViewedList, seen...); err != nil {
		return err
	}
	p.other = d.Path + unsettledPath
	v.frame, v.Action, v.Most = p.frame(p.l.Say("page.unsettled.title", nil)), d.Path+unsettledPath, longestNote
	v.Desk, v.Error = &d, wrong
	v.News = map[string]string{
		"fait": p.l.Say("page.unsettled.done", nil), "deja": p.l.Say("page.unsettled.already", nil), "ecarte": p.l.Say("page.unsettled.dismissed", nil),
	}[p.c.Query("fait")]
	for _, a := range acts {
		v.Acts = append(v.Acts, p.unsettledAct(d, a))
	}
	return p.show(status, "counter-unsettled", v)
}

func (p *page) unsettledAct(d desk, a booking.UnsettledAct) unsettledAct {
	u := unsettledAct{
		ID: a.ID, Key: newKey(), What: p.l.Say("page.unsettled.kind."+a.Kind, nil), Unit: a.UnitCode, Reference: a.Reference,
		Person: a.Person, By: a.ByName, When: p.l.DateTime(a.At.In(d.Zone)), Why: p.unsettledWords(a.Code), Doubtful: a.Doubtful,
	}
	if a.ReceivedAt.Sub(a.At) > 2*time.Minute {
		u.Came = p.l.DateTime(a.ReceivedAt.In(d.Zone))
	}
	if a.UnitID != "" {
		u.UnitPath = inventoryPath + "/" + d.Hub.Slug + "/exemplaires/" + a.UnitID
	}
	if a.BookingID != "" {
		u.OpenPath = d.Path + "?r=" + a.BookingID
	}
	if a.Damaged {
		u.Told = append(u.Told, p.l.Say("page.unsettled.damaged", nil))
	}
	for _, x := range a.Missing {
		name := cmp.Or(x.Name.In(p.l.Tag()), p.l.Say("page.unsettled.some_part", nil))
		u.Told = append(u.Told, p.l.Say("page.unsettled.missing", fault.Params{"name": name, "count": x.Count}))
	}
	return u
}

// unsettledWords say what stands against an act.
func (p *page) unsettledWords(code string) string {
	for _, key := range []string{"page.unsettled.why." + code, "problem." + code + ".title"} {
		if words := p.l.Say(key, nil); p.l.Has(key) && !strings.Contains(words, "{") { // its figures were not kept
			return words
		}
	}
	return p.l.Say("page.unsettled.why", nil)
}

// settleAct does an act after all, or dismisses it with a note. Twice is the same as once.
func settleAct(p *page) error {
	d, err := p.deskOf(identity.HandOut)
	if err != nil {
		return err
	}
	id, again, note := p.field("acte"), p.field("faire") == "encore", strings.TrimSpace(p.field("note"))
	if !goodID(id) {
		return fault.New(fault.NotFound, "act_not_found", nil)
	}
	v := unsettledView{Wrong: id, Note: note}
	if !again && (note == "" || len([]rune(note)) > longestNote) {
		t := told{Title: p.l.Say("page.unsettled.note_needed", nil), List: []wrongField{{"note-" + id, p.l.Say("page.unsettled.note_why", nil)}}}
		return p.unsettledAgain(http.StatusUnprocessableEntity, v, &t)
	}
	done, err := p.Book.SettleAct(p.c.Request.Context(), p.v.Actor, id, again, note, p.onceKey("cle", id, p.field("faire"), note))
	if kind := fault.KindOf(err); kind == fault.Taken || kind == fault.Refused || kind == fault.Stale || kind == fault.Malformed {
		t, status := p.explain(err)
		return p.unsettledAgain(status, v, &t)
	}
	if err != nil {
		return err
	}
	switch {
	case done.State == "unsettled":
		t := told{Title: p.l.Say("page.unsettled.still", nil), Text: p.unsettledWords(done.Code)}
		return p.unsettledAgain(http.StatusConflict, v, &t)
	case !again:
		return p.to(d.Path + unsettledPath + "?fait=ecarte")
	case done.State == "already":
		return p.to(d.Path + unsettledPath + "?fait=deja")
	}
	return p.to(d.Path + unsettledPath + "?fait=fait")
}
