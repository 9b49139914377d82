package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
)

// bookForm is what one fills in before booking, as it was typed.
type bookForm struct {
	frame
	Key                 string // under which it counts once, however often it is sent
	Author              string // the mark of whom the page was made for; "" for nobody
	Title, Notes        string
	Sector, Visibility  string
	Organisation        string
	Attendance          string
	AskAttendance       bool // there is room for several persons
	Most                int  // of them, 0 for no limit
	Terms               []termsBox
	Organisations, Kept []hiddenField // whom one may book for; what was chosen before
	Open                bool          // what is folded away has something in it
	Again               bool          // it was refused: sending it is trying again
	Sectors             []option

	wants    []booking.Want
	from, to time.Time
	accepts  []string // terms, as slug@version
}

// A termsBox is terms of use that must be accepted first.
type termsBox struct {
	ID, Name, Value, Text, Wrong string
	Checked                      bool
}

// typedFields are the fields of a form that are carried along as they were typed.
var typedFields = []string{"titre", "notes", "secteur", "visibilite", "organisme", "personnes"}

// formOf reads a form as it was sent, or as it was kept while somebody signed in.
func formOf(q url.Values, wants []booking.Want, from, to time.Time) bookForm {
	f := bookForm{
		Key: q.Get("cle"), Title: q.Get("titre"), Notes: q.Get("notes"), Sector: q.Get("secteur"), Visibility: q.Get("visibilite"),
		Author: q.Get(authorField), Organisation: q.Get("organisme"), Attendance: strings.TrimSpace(q.Get("personnes")),
		wants: wants, from: from, to: to, accepts: q["accepte"],
	}
	if len(f.accepts) > mostWanted {
		f.accepts = f.accepts[:mostWanted]
	}
	if !goodKey(f.Key) {
		f.Key = newKey()
	}
	return f
}

func newKey() string { return database.NewID() }

func goodKey(key string) bool {
	return len(key) >= 16 && len(key) <= 64 && !strings.ContainsFunc(key, func(r rune) bool { return r < '0' || r > 'z' })
}

// text is a field as it was typed.
func (f bookForm) text(name string) string {
	return map[string]string{"titre": f.Title, "notes": f.Notes, "secteur": f.Sector, "visibilite": f.Visibility, "organisme": f.Organisation, "personnes": f.Attendance}[name]
}

// ChosenFields say what is booked and when.
func (f bookForm) ChosenFields() []hiddenField {
	return append(hiddenBasket(f.wants), hiddenField{"debut", stamp(f.from)}, hiddenField{"fin", stamp(f.to)}, hiddenField{authorField, f.Author})
}

// fields are all of the form, for one that nobody fills in.
func (f bookForm) fields() []hiddenField {
	all := append(f.ChosenFields(), hiddenField{"cle", f.Key})
	for _, name := range typedFields {
		if text := f.text(name); text != "" {
			all = append(all, hiddenField{name, text})
		}
	}
	for _, text := range f.accepts {
		all = append(all, hiddenField{"accepte", text})
	}
	return all
}

// address is the page on which the form is.
func (f bookForm) address() string { return checkAddress(f.wants, f.from, f.to) }

// typed reports whether somebody has filled in something.
func (f bookForm) typed() bool {
	return slices.ContainsFunc(typedFields, func(name string) bool { return name != "visibilite" && f.text(name) != "" })
}

// mostPeople is how many persons the book takes at most.
const mostPeople = 100_000

// attendance is how many persons come; what is no number is none that the book accepts.
func (f bookForm) attendance() int {
	if f.Attendance == "" {
		return 0
	}
	if n := numberOf(f.Attendance); n > 0 && n <= mostPeople {
		return n
	}
	return -1
}

// versionOf is the version of a thing that a form was made from. A form always says one: without
// it, or with none that can be read, it is of no version, and stale.
func versionOf(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return n
	}
	return -1
}

func numberOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// key is under which the form counts once: the same form gives the same booking.
func (f bookForm) key(who identity.Actor) database.Key {
	var all []string
	for _, x := range f.fields() {
		all = append(all, x.Name, x.Value)
	}
	return database.Key{Caller: who.ID, Key: "page-" + f.Key, Hash: hashOf(all...)}
}

// onceKey is under which another form counts once: the same form with the same fields, its key in
// the field of that name. Without one it is the zero Key.
func (p *page) onceKey(name string, fields ...string) database.Key {
	key := p.field(name)
	if !goodKey(key) {
		return database.Key{}
	}
	return database.Key{Caller: p.v.Actor.ID, Key: "page " + p.c.FullPath() + " " + key, Hash: hashOf(fields...)}
}

// hashOf stands for some texts in their order.
func hashOf(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write([]byte(text + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fill puts into a form what there is to choose from, for these resources.
func (p *page) fill(f *bookForm, terms []*inventory.Terms, asked []fault.Violation, refused bool) error {
	p.fillAttendance(f, terms)
	f.Again, f.Sectors = refused, p.sectors(f.Sector)
	if f.Attendance == "" {
		f.Attendance = "1"
	}
	ctx := p.c.Request.Context()
	mine, _, err := p.Directory.Organisations(ctx, p.v.Actor, identity.OrganisationQuery{Mine: true, Limit: 20})
	if err != nil {
		return err
	}
	for _, o := range mine {
		f.Organisations = append(f.Organisations, hiddenField{o.Name, o.ID})
	}
	f.Open = f.Notes+f.Sector+f.Organisation != "" || f.Visibility == "members"
	return p.termsBoxes(f, asked)
}

// fillAttendance says whether the number of persons is asked for, and how many there may be.
func (p *page) fillAttendance(f *bookForm, terms []*inventory.Terms) {
	for _, t := range terms {
		most := t.Resource.Policy.Attendance
		if most == 0 {
			most = t.Resource.Capacity
		}
		if most > 1 {
			f.AskAttendance = true
		}
		if most > 0 && (f.Most == 0 || most < f.Most) {
			f.Most = most
		}
	}
}

// sectors are what a booking may be for.
func (p *page) sectors(now string) []option {
	var all []option
	for _, sector := range []string{"savoir", "affaires", "culture"} {
		all = append(all, option{ID: sector, Words: p.sectorWords(sector), Here: now == sector})
	}
	return all
}

func (p *page) sectorWords(sector string) string {
	switch sector {
	case "savoir":
		return p.l.Say("page.book.sector_savoir", nil)
	case "affaires":
		return p.l.Say("page.book.sector_affaires", nil)
	case "culture":
		return p.l.Say("page.book.sector_culture", nil)
	}
	return ""
}

// termsBoxes asks for the terms that are not accepted yet, and for those that were ticked before.
func (p *page) termsBoxes(f *bookForm, asked []fault.Violation) error {
	if len(asked) == 0 && len(f.accepts) == 0 {
		return nil
	}
	all, err := p.Catalog.Conditions(p.c.Request.Context())
	if err != nil {
		return err
	}
	for _, c := range all {
		value := c.Slug + "@" + strconv.FormatInt(c.Version, 10)
		open := slices.ContainsFunc(asked, func(v fault.Violation) bool { return v.Params["condition"] == c.Slug })
		ticked := slices.Contains(f.accepts, value)
		if !open && !ticked {
			continue
		}
		box := termsBox{ID: "accepte-" + strconv.Itoa(len(f.Terms)), Name: c.Name.In(p.l.Tag()), Value: value, Text: c.Text.In(p.l.Tag()), Checked: ticked}
		if open && p.c.Request.Method != http.MethodGet {
			box.Wrong = p.l.Say("page.book.terms_wrong", nil)
		}
		f.Terms = append(f.Terms, box)
	}
	return nil
}

// book books, and leads to the booking; or shows the form again, with all that was typed and why not.
func book(p *page) error {
	f, elsewhere := p.bookAsked()
	if elsewhere != "" {
		return p.to(elsewhere)
	}
	who := p.v.Actor
	if !who.Known() {
		return p.signInFirst(f.address(), f.fields())
	}
	if f.attendance() < 0 {
		return p.bookAgain(f, fault.Field("attendance", "bad_attendance"))
	}
	req := f.request()
	req.Brief = true // what there is instead is looked up for the page
	b, err := p.Book.Place(p.c.Request.Context(), who, req, f.key(who))
	if err != nil {
		return p.notBooked(f, err)
	}
	p.sent()
	return p.to(bookingAddress(b.ID) + "?fait=reservee")
}

// bookAsked is the form that was sent, or where to go on without one.
func (p *page) bookAsked() (f bookForm, elsewhere string) {
	q := p.c.Request.PostForm
	wants := wantsOf(q)
	from, to, ok := spanFrom(q.Get("debut"), q.Get("fin"))
	switch {
	case len(wants) == 0:
		return f, "/ressources"
	case !ok:
		return f, whenAddress(wants, "")
	}
	return formOf(q, wants, from, to), ""
}

// bookShown shows the form as it was filled in, and books nothing.
func bookShown(p *page) error {
	f, elsewhere := p.bookAsked()
	switch {
	case elsewhere != "":
		return p.to(elsewhere)
	case !p.v.Actor.Known():
		return p.signInFirst(f.address(), f.fields())
	}
	// Its key is new, but for a form of which nobody knows whether it was booked.
	err := p.check(http.StatusOK, f, nil)
	if kind := fault.KindOf(err); kind == fault.Unavailable || kind == fault.TooMany {
		return p.retry(err, "/reserver", f.fields())
	}
	return err
}

// notBooked shows the form again after a refusal. Where nobody knows whether it was booked, the
// same form can be sent again, under the same key.
func (p *page) notBooked(f bookForm, err error) error {
	var refused *booking.Refusal
	switch kind := fault.KindOf(err); {
	case fault.Is(err, "sign_in"):
		return p.signInFirst(f.address(), f.fields())
	case fault.Is(err, "idempotency_key_reused"):
		f.Key = newKey()
		return p.bookedBefore(f)
	case errors.As(err, &refused), kind == fault.Malformed:
		return p.bookAgain(f, err)
	case kind == fault.Unavailable, kind == fault.TooMany:
		return p.retry(err, "/reserver", f.fields())
	}
	return err
}

// bookedBefore answers a form that was sent before, with something else on it. Where it has booked, what
// is taken is one's own: what was typed may be written on that booking.
func (p *page) bookedBefore(f bookForm) error {
	near, _, err := p.Book.Bookings(p.c.Request.Context(), p.v.Actor, booking.Query{Mine: true, From: &f.from, To: &f.to})
	if err != nil {
		return err
	}
	for _, b := range near {
		if !b.Status.Live() || !b.StartsAt.Equal(f.from) || !b.EndsAt.Equal(f.to) || !slices.Equal(wantsFor(b), f.wants) {
			continue
		}
		p.resend, p.resendTo = []hiddenField{{onlyShow, "1"}, {"version", strconv.FormatInt(b.Version, 10)}, {authorField, p.personMark()}}, bookingAddress(b.ID)+"/changer"
		for _, name := range typedFields {
			p.resend = append(p.resend, hiddenField{name, f.text(name)})
		}
		c := changeForm{bookForm: f, version: b.Version, writes: true}
		return p.change(http.StatusConflict, b, c, &told{Title: p.l.Say("page.book.yours_title", nil), Text: p.l.Say("page.book.yours", nil)}, nil)
	}
	return p.check(http.StatusConflict, f, &told{Title: p.l.Say("page.book.reused_title", nil), Text: p.l.Say("page.book.reused", nil)})
}

// bookAgain shows the form with why it was refused. What is sent next is another request.
func (p *page) bookAgain(f bookForm, err error) error {
	f.Key = newKey()
	t, status := p.explain(err)
	t.Title, t.Text = p.l.Say("page.book.refused", nil), ""
	return p.check(status, f, &t)
}

// retryView is a form that could not be served, to be sent again as it was.
type retryView struct {
	frame
	Action string
	Fields []hiddenField
}

// retry keeps what was typed where the service is away or too busy. The form may have counted, unheard:
// it is sent again under its key, in the other language too.
func (p *page) retry(err error, action string, fields []hiddenField) error {
	_, status := p.explain(err)
	p.other = "/reservations"
	if p.resend != nil {
		p.resend, p.resendTo = append([]hiddenField{{onlyShow, "1"}}, fields...), action
	}
	v := retryView{frame: p.frame(p.l.Say("page.book.away_title", nil)), Action: action, Fields: fields}
	v.Error = &told{Title: p.l.Say("page.book.away_title", nil)}
	return p.show(status, "book_retry", v)
}

// zoneNamed is a zone by its name.
func zoneNamed(name string) *time.Location {
	zone, err := hours.LoadZone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
