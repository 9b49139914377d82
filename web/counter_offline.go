package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/web/edge"
)

// counterShellPath is the page that the worker shows where a counter was asked for and the line is
// down. It holds nothing of anybody: the script fills it from what the device keeps.
const counterShellPath = counterPath + "/hors-ligne"

func (s *Site) mountOfflineCounter(r gin.IRouter) {
	s.on(r, "GET", counterShellPath, counterShell)
	s.on(r, "GET", counterPath+"/:hub/copie.json", counterCopyFile)
	s.mountUnsettled(r)
}

// An offlineCounter is what the script of a counter needs for when the line is down.
type offlineCounter struct {
	Hub     string // slug; "" on the page that is for all hubs
	Name    string
	Person  string // whose the counter is, as personMark; "" for nobody
	Contact string
	Shell   bool // the page is all there is: it brings its own field
	Words   []offlineWord
}

// An offlineWord is a text that the script shows, with the figures that it fills in still in braces.
type offlineWord struct{ Name, Text string }

// offlineWords are the script's texts.
func (p *page) offlineWords() []offlineWord {
	figures := fault.Params{}
	for _, name := range []string{"at", "code", "codes", "from", "n", "name", "person", "reference", "until"} {
		figures[name] = "{" + name + "}"
	}
	all := make([]offlineWord, len(offlineNames))
	for i, name := range offlineNames {
		all[i] = offlineWord{name, p.l.Say("page.off."+name, figures)}
	}
	return all
}

var offlineNames = []string{
	"cut", "seen", "no_copy", "gone", "gone_kept_one", "gone_kept_many", "sign_in", "to_send", "refused", "not_allowed", "others", "adopt", "again",
	"undo", "undo_sure", "undo_late", "sent_one", "sent_many", "unsettled_one", "unsettled_many", "settle", "read", "kind_check_out", "kind_check_in", "kind_arrive",
	"open", "close", "due", "hand_over", "arrive", "state_waiting", "state_ticked", "state_out", "coming", "none_coming", "out", "unknown", "noted",
	"whose", "whose_promised", "is_return", "not_theirs", "promised", "early", "over", "not_now", "nothing_open", "scan_unit", "handed", "returned", "next", "arrived",
	"here_already", "kept_it", "needs_line", "not_kept", "damaged", "missing", "leaving_one", "leaving_many", "leaving_why", "leave_now", "leave_send", "stay",
	"leave_lost", "leave_lost_why", "leave_erase_one", "leave_erase_many", "still_cut",
}

// offline is what the template counter-offline needs on the page of a counter.
func (p *page) offline(d desk) offlineCounter {
	return offlineCounter{Hub: d.Hub.Slug, Name: d.Name, Person: p.personMark(), Contact: p.contactStamp(), Words: p.offlineWords()}
}

// shellPage is the counter without a line.
type shellPage struct {
	frame
	Offline offlineCounter
}

func counterShell(p *page) error {
	p.other = nowhere // what is done on it is not in its address
	f := p.frame(p.l.Say("page.off.title", nil))
	f.Nav, f.Known, f.Desk = nil, false, &desk{}
	p.camera()
	return p.show(http.StatusOK, "counter-shell", shellPage{f, offlineCounter{Shell: true, Words: p.offlineWords()}})
}

// camera lets a page use the camera, to read codes with it.
func (p *page) camera() {
	p.c.Header("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
}

// personHeader tells the worker in a browser which person an answer is for, by a mark that stays the
// same from one session to the next.
const personHeader = "Canot-Person"

// personMark names who asks by something from which their identifier cannot be found again; "-" for nobody.
func (p *page) personMark() string {
	if !p.v.Actor.Known() {
		return "-"
	}
	sum := sha256.Sum256([]byte("canot person " + p.v.Actor.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// copyFile is a counter as a device keeps it, with whose it is and when it had contact.
type copyFile struct {
	Contact string              `json:"contact"`
	Person  string              `json:"person"`
	Name    string              `json:"name"` // of the hub
	Copy    booking.CounterCopy `json:"copy"`
}

// counterCopyFile gives a counter's device what it keeps. It is also how the device asks whether
// there is a line.
func counterCopyFile(p *page) error {
	edge.Private(p.c.Writer.Header())
	p.c.Header(sessionHeader, p.sessionMark())
	p.c.Header(personHeader, p.personMark())
	body, err := p.copyFile()
	if err != nil {
		return p.failJSON(err)
	}
	p.c.Data(http.StatusOK, "application/json", body)
	return nil
}

func (p *page) copyFile() ([]byte, error) {
	if !p.v.Actor.Known() {
		return nil, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	ctx := p.c.Request.Context()
	hub, err := p.Catalog.Hub(ctx, p.c.Param("hub"))
	if err != nil {
		return nil, err
	}
	kept, err := p.Book.CounterCopy(ctx, p.v.Actor, hub.ID, p.l.Tag())
	if err != nil {
		return nil, err
	}
	if err := p.looked(privacy.ViewedList, kept.Members...); err != nil {
		return nil, err
	}
	kept.Hub = hub.Slug
	return json.Marshal(copyFile{p.contactStamp(), p.personMark(), hub.Name.In(p.l.Tag()), kept})
}

// failJSON answers a script with what went wrong, in words.
func (p *page) failJSON(err error) error {
	e := edge.Explain(p.c.Request.Context(), err)
	words := e.Detail
	if fault.Is(err, "sign_in") {
		words = p.l.Say("page.sign.needed", nil)
	}
	edge.Private(p.c.Writer.Header())
	for name, values := range e.GetHeaders() {
		if name == "Retry-After" {
			p.c.Writer.Header()[name] = values
		}
	}
	p.c.JSON(e.Status, struct {
		Code  string `json:"code"`
		Title string `json:"title"`
		Words string `json:"words"`
	}{e.Code, e.Title, words})
	return nil
}

// asksJSON reports whether a script posts an act, which is answered without a page.
func (p *page) asksJSON() bool { return p.c.GetHeader("Accept") == "application/json" }

// An actAnswer is what became of an act, for the script that did it.
type actAnswer struct {
	booking.Done
	Words string `json:"words"`
}

// The kinds of acts.
const (
	actCheckOut = "check_out"
	actCheckIn  = "check_in"
	actArrive   = "arrive"
)

// carryOut does what a counter's device did at its own instant, and answers its script. Sent again
// under the same key it answers the same.
func (p *page) carryOut(kind string) error {
	done, err := p.carriedOut(kind)
	if err != nil {
		return p.failJSON(err)
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header(contactHeader, p.contactStamp())
	words := p.l.Say("page.off.state."+done.State, nil)
	if done.State == "unsettled" {
		words = p.unsettledWords(done.Code)
	}
	p.c.JSON(http.StatusOK, actAnswer{done, words})
	return nil
}

func (p *page) carriedOut(kind string) (booking.Done, error) {
	if !p.v.Actor.Known() {
		return booking.Done{}, fault.New(fault.Unauthenticated, "sign_in", nil)
	}
	if _, err := p.deskOf(identity.HandOut); err != nil {
		return booking.Done{}, err
	}
	act, err := p.act(kind)
	if err != nil {
		return booking.Done{}, err
	}
	key := p.onceKey("cle", kind, act.Booking, act.Unit, p.field("instant"), strconv.FormatBool(act.Damaged), hashOf(p.missingFields()...))
	if key.Key == "" {
		return booking.Done{}, fault.Field("cle", "bad_key")
	}
	return p.Book.CarryOut(p.c.Request.Context(), p.v.Actor, p.c.Param("hub"), act, key)
}

// act is what the form of a device says.
func (p *page) act(kind string) (booking.Act, error) {
	a := booking.Act{Kind: kind, Booking: p.field("booking"), Unit: p.field("unite"), Damaged: p.field("abime") != ""}
	if kind == actCheckOut {
		a.Unit = p.field("u")
	}
	at, err := time.Parse(time.RFC3339, p.field("instant"))
	if err != nil { // no device of ours
		return a, fault.Field("instant", "bad_time")
	}
	a.At = at.UTC().Truncate(time.Second)
	if a.At.Before(time.Unix(0, 0)) { // a clock that begins anew begins then; the first instant of all would mean now
		a.At = time.Unix(0, 0).UTC()
	}
	for _, pair := range p.missingFields() {
		name, count, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return a, fault.Field("manque", "bad_number")
		}
		if a.Missing == nil {
			a.Missing = map[string]int{}
		}
		a.Missing[name] = n
	}
	secret, err := p.contactSecret()
	a.Contact = contactIn(secret, p.field("contact"))
	return a, err
}

// missingFields are what a form says is missing: component=count.
func (p *page) missingFields() (all []string) {
	for name, values := range p.c.Request.PostForm {
		if component, ok := strings.CutPrefix(name, "manque-"); ok && values[0] != "" {
			all = append(all, component+"="+values[0])
		}
	}
	slices.Sort(all)
	return all
}

// contactHeader carries to a counter's device when it had contact, sealed.
const contactHeader = "Canot-Contact"

// contactStamp says when this answer is given, so that only we can have said it: a device brings it
// back with what it did while the line was down, and its clock is held against it. It is "" where it
// cannot be sealed now; that is no reason to give no answer.
func (p *page) contactStamp() string {
	secret, err := p.contactSecret()
	if err != nil {
		return ""
	}
	return stampOf(secret, p.DB.Now())
}

func (p *page) contactSecret() ([]byte, error) {
	return p.Directory.Secret(p.c.Request.Context(), "counter contact")
}

func stampOf(secret []byte, at time.Time) string {
	text := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	m := hmac.New(sha256.New, secret)
	m.Write(text)
	return base64.RawURLEncoding.EncodeToString(append(text, m.Sum(nil)[:16]...))
}

// contactIn is the instant in a stamp of ours, zero for anything else.
func contactIn(secret []byte, stamp string) time.Time {
	raw, err := base64.RawURLEncoding.DecodeString(stamp)
	if err != nil || len(raw) != 24 {
		return time.Time{}
	}
	at := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0).UTC()
	if !hmac.Equal([]byte(stampOf(secret, at)), []byte(stamp)) {
		return time.Time{}
	}
	return at
}
