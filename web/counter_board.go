package web

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/locale"
)

// boardShown is how many rows a list of the board has before it goes on on a page of its own;
// boardPage is how many that page has.
const (
	boardShown = 8
	boardPage  = 60
)

// boardRights are what who looks at a board may do beside handing out.
type boardRights struct{ Approve bool }

// boardRights are those of who looks at a counter.
func (p *page) boardRights(d desk) boardRights {
	return boardRights{Approve: p.v.Actor.May(identity.Approve, d.Hub.ID, d.Hub.RegionID)}
}

// boardView is what a counter has before it today: figures first, then lists.
type boardView struct {
	Path  string // of the counter
	Clock string // when it was so, as 14 h 30
	Tiles []boardTile
	Lists []boardList
	Only  bool   // one list alone, all of it
	Prev  string // of one list: its pages
	Next  string
}

// A boardTile is a figure that leads to its list.
type boardTile struct {
	ID, Words, Tone string
	Count           int
}

// A boardList is the rows of one sort.
type boardList struct {
	ID, Title, Tone string // the tone is wrong for what cannot wait, soon for what is to be done, "" for what is good to know
	Count           int
	Rows            []boardRow
	More            string // the page with all of them, "" where they are all here
}

// CountParams are the figures of how many there are.
func (l boardList) CountParams() fault.Params { return fault.Params{"count": l.Count} }

// Seen are the figures of when it was so.
func (v boardView) Seen() fault.Params { return fault.Params{"hour": v.Clock} }

// A boardRow is one thing to do, or to know.
type boardRow struct {
	Time  string // or how late; what a glance must read
	Far   bool   // it is of another day
	Who   string
	Phone string
	What  string
	Codes []string
	Note  string
	Here  string // it has begun: said as a tag
	Ways  []option
	Acts  []boardAct
}

// Call is the link to the telephone, "" for none.
func (r boardRow) Call() template.URL { return telephone(r.Phone) }

// A boardAct is a form of one button.
type boardAct struct {
	Kind, Action, Words, About string // the kind is check_out, check_in or arrive, for what a device queues; "" for others
	Fields                     []hiddenField
	Quiet                      bool
}

// A deskClock says times as short as a counter needs them.
type deskClock struct {
	l    locale.Language
	zone *time.Location
	now  time.Time
}

// at is a time today, or of a day that is named.
func (c deskClock) at(t time.Time) string {
	at, today := t.In(c.zone), hours.DateOf(c.now, c.zone)
	params := fault.Params{"hour": c.l.Time(at)}
	switch hours.DateOf(t, c.zone) {
	case today:
		return c.l.Time(at)
	case today.AddDays(1):
		return c.l.Say("page.counter.tomorrow", params)
	case today.AddDays(-1):
		return c.l.Say("page.counter.yesterday", params)
	}
	params["day"] = strings.ReplaceAll(strings.TrimRight(strings.TrimSuffix(c.l.Date(at), strconv.Itoa(at.Year())), ", \u00a0"), "\u00a0", " ")
	return c.l.Say("page.counter.day", params)
}

// far reports whether a time is of another day.
func (c deskClock) far(t time.Time) bool {
	return hours.DateOf(t, c.zone) != hours.DateOf(c.now, c.zone)
}

// near reports whether what begins then is to be dealt with now.
func (c deskClock) near(t time.Time) bool { return t.Before(c.now.Add(soon)) }

// soon is how long before its start a booking is what a counter deals with next.
const soon = 30 * time.Minute

// late is how long ago something was due, in hours or days where minutes say nothing.
func (c deskClock) late(due time.Time) string {
	d := c.now.Sub(due)
	switch {
	case d >= 48*time.Hour:
		d = d.Truncate(24 * time.Hour)
	case d >= 4*time.Hour:
		d = d.Truncate(time.Hour)
	}
	return c.l.Duration(max(d.Truncate(time.Minute), time.Minute))
}

// A boardMaker makes rows.
type boardMaker struct {
	deskClock
	path, slug string
}

// A boardSource is a list of the board, each of whose rows is put into words when it is shown.
type boardSource struct {
	id, tone string
	count    int
	row      func(i int) boardRow
}

// sources are the lists of a board, in the order in which a counter deals with them, without those in
// which there is nothing.
func (m boardMaker) sources(b booking.Board, hub string, see boardRights) []boardSource {
	broken := machines(b.Broken)
	told := slices.DeleteFunc(slices.Clone(broken), func(t booking.Trouble) bool { return t.Cause != "" })
	broken = slices.DeleteFunc(broken, func(t booking.Trouble) bool { return t.Cause == "" }) // what somebody told is in service still
	return slices.DeleteFunc([]boardSource{
		{"retards", "wrong", len(b.Late), func(i int) boardRow { return m.loan(b.Late[i], true) }},
		{"reloger", "wrong", len(b.Homeless), func(i int) boardRow { return m.homeless(b.Homeless[i]) }},
		{"regler", "wrong", len(b.Unsettled), func(i int) boardRow { return m.unsettled(b.Unsettled[i]) }},
		{"remettre", "soon", len(b.Outgoing), func(i int) boardRow { return m.outgoing(b.Outgoing[i]) }},
		{"arrivees", "soon", len(b.Arrivals), func(i int) boardRow { return m.arrival(b.Arrivals[i]) }},
		{"retours", "soon", len(b.Returns), func(i int) boardRow { return m.loan(b.Returns[i], false) }},
		{"demandes", "soon", len(b.Waiting), func(i int) boardRow { return m.request(b.Waiting[i], see) }},
		{"transferts", "", len(b.Journeys), func(i int) boardRow { return m.journey(b.Journeys[i], hub) }},
		{"pannes", "", len(broken), func(i int) boardRow { return m.trouble(broken[i]) }},
		{"problemes", "", len(told), func(i int) boardRow { return m.trouble(told[i]) }},
		{"stock", "", len(b.LowStock), func(i int) boardRow { return m.low(b.LowStock[i]) }},
	}, func(s boardSource) bool { return s.count == 0 })
}

// list is a list with its rows from first until last.
func (m boardMaker) list(s boardSource, first, last int) boardList {
	list := boardList{ID: s.id, Title: m.l.Say("page.counter.list."+s.id, nil), Tone: s.tone, Count: s.count, Rows: make([]boardRow, 0, last-first)}
	for i := first; i < last; i++ {
		list.Rows = append(list.Rows, s.row(i))
	}
	return list
}

// boardOf is a board in words: its figures, and of each list what fits on one screen. It holds nothing
// of who looks or of their device, so that it may be shown to all who look with the same rights in the
// same language.
func boardOf(l locale.Language, d desk, b booking.Board, see boardRights) boardView {
	m, v := makerOf(l, d, b), boardViewOf(l, d, b)
	for _, s := range m.sources(b, d.Hub.ID, see) {
		list := m.list(s, 0, min(s.count, boardShown))
		if len(list.Rows) < s.count {
			list.More = d.Path + "/listes/" + s.id
		}
		v.Lists = append(v.Lists, list)
		v.Tiles = append(v.Tiles, boardTile{ID: s.id, Words: l.Say("page.counter.tile."+s.id, list.CountParams()), Tone: s.tone, Count: s.count})
	}
	return v
}

// listOf is one of the lists of a board alone, a page of it; none when there is no such list now.
func listOf(l locale.Language, d desk, b booking.Board, see boardRights, id string, page int) boardView {
	m, v := makerOf(l, d, b), boardViewOf(l, d, b)
	v.Only = true
	at := func(page int) string { return v.Path + "/listes/" + id + "?page=" + strconv.Itoa(page) }
	for _, s := range m.sources(b, d.Hub.ID, see) {
		if s.id != id {
			continue
		}
		pages := (s.count + boardPage - 1) / boardPage
		page = min(max(page, 1), pages)
		if page > 1 {
			v.Prev = at(page - 1)
		}
		if page < pages {
			v.Next = at(page + 1)
		}
		v.Lists = []boardList{m.list(s, (page-1)*boardPage, min(page*boardPage, s.count))}
	}
	return v
}

func makerOf(l locale.Language, d desk, b booking.Board) boardMaker {
	return boardMaker{deskClock{l, d.Zone, b.Now}, d.Path, d.Hub.Slug}
}

func boardViewOf(l locale.Language, d desk, b booking.Board) boardView {
	return boardView{Path: d.Path, Clock: l.Time(b.Now.In(d.Zone))}
}

// open is where a booking is opened at the counter.
func (m boardMaker) open(id string) string { return m.path + "?r=" + id }

func (m boardMaker) say(key string) string { return m.l.Say(key, nil) }

// what names what is booked, and the codes that it was given.
func (m boardMaker) what(v booking.Visit) (what string, codes []string) {
	var names []string
	for _, l := range v.Lines {
		name := cmp.Or(l.ResourceName.In(m.l.Tag()), l.ResourceSlug)
		if l.Quantity > 1 {
			name = strconv.Itoa(l.Quantity) + " × " + name
		}
		names = append(names, name)
		for _, id := range l.Units {
			if code := v.Codes[id]; code != "" && l.Kind == inventory.Equipment {
				codes = append(codes, code)
			}
		}
	}
	return strings.Join(names, ", "), codes
}

func (m boardMaker) visit(v booking.Visit) boardRow {
	r := boardRow{Time: m.at(v.StartsAt), Far: m.far(v.StartsAt), Who: v.Person.Name, Phone: v.Person.Phone}
	r.What, r.Codes = m.what(v)
	return r
}

func (m boardMaker) outgoing(v booking.Visit) boardRow {
	r := m.visit(v)
	out, all := 0, 0
	for _, l := range v.Lines {
		for _, id := range l.Units {
			if l.Kind != inventory.Equipment {
				continue
			}
			if all++; v.Out[id] {
				out++
			}
		}
	}
	if out > 0 {
		r.Note = m.l.Say("page.counter.part_out", fault.Params{"out": out, "units": all})
	}
	if lost(v.Booking) {
		r.Note = m.l.Say("page.counter.list.reloger", nil)
	}
	r.Phone = ""
	r.Ways = []option{{Words: m.say("page.counter.hand"), Path: m.open(v.ID), Here: m.near(v.StartsAt)}}
	return r
}

func (m boardMaker) arrival(v booking.Visit) boardRow {
	r := m.visit(v)
	r.Phone, r.Codes = "", nil
	r.Note = m.l.Say("page.counter.until", fault.Params{"hour": m.at(v.EndsAt)})
	if v.Status == booking.InUse {
		r.Here = m.say("page.counter.here")
		r.Ways = []option{{Words: m.say("page.counter.see"), Path: m.open(v.ID)}}
		return r
	}
	r.Acts = []boardAct{{Kind: "arrive", Action: m.path + "/arrivees", Words: m.say("page.counter.arrive"), About: v.Person.Name, Quiet: !m.near(v.StartsAt),
		Fields: []hiddenField{{"booking", v.ID}, {"version", strconv.FormatInt(v.Version, 10)}}}}
	return r
}

func (m boardMaker) loan(x booking.OnLoan, late bool) boardRow {
	r := boardRow{Time: m.at(x.DueAt), Far: !late && m.far(x.DueAt), Who: x.Person.Name, What: x.ResourceName.In(m.l.Tag()), Codes: []string{x.Code}}
	if late {
		r.Time, r.Phone = m.l.Say("page.counter.late_by", lateParams(m.late(x.DueAt))), x.Person.Phone
	}
	if x.Wanted != nil && x.Wanted.Before(m.now.Add(48*time.Hour)) {
		r.Note = m.l.Say("page.counter.wanted", fault.Params{"hour": m.at(*x.Wanted)})
	}
	r.Acts = []boardAct{{Kind: "check_in", Action: m.path + "/retours", Words: m.say("page.counter.back"), About: x.Code, Quiet: true,
		Fields: []hiddenField{{"unite", x.Code}, {"pret", x.Loan.ID}}}}
	if late {
		r.Ways = []option{{Words: m.say("page.counter.see"), Path: m.open(x.BookingID)}}
	}
	return r
}

func (m boardMaker) request(v booking.Visit, see boardRights) boardRow {
	r := m.visit(v)
	r.Phone, r.Codes = "", nil
	if v.LapsesAt != nil {
		r.Note = m.l.Say("page.counter.answer_by", fault.Params{"hour": m.at(*v.LapsesAt)})
	}
	words := m.say("page.counter.see")
	if see.Approve {
		words = m.say("page.counter.answer")
	}
	r.Ways = []option{{Words: words, Path: m.open(v.ID)}}
	return r
}

func (m boardMaker) homeless(v booking.Visit) boardRow {
	r := m.visit(v)
	r.Codes = nil
	r.Ways = []option{{Words: m.say("page.counter.settle"), Path: bookingAddress(v.ID) + "/changer"}}
	return r
}

func (m boardMaker) unsettled(a booking.UnsettledAct) boardRow {
	return boardRow{Time: m.at(a.At), Who: a.Person, What: m.l.Say("page.counter.act."+a.Kind, nil), Codes: nonEmpty(a.UnitCode),
		Ways: []option{{Words: m.say("page.counter.settle"), Path: m.path + "/a-regler"}}}
}

func (m boardMaker) journey(t booking.Transfer, hub string) boardRow {
	r := boardRow{What: t.ResourceName.In(m.l.Tag()), Codes: nonEmpty(t.Code), Ways: []option{{Words: m.say("page.counter.see"), Path: transfersPath + "/" + m.slug}}}
	if t.ToHubID == hub {
		r.Time, r.Far = m.at(t.ArrivesAt), m.far(t.ArrivesAt)
		r.Note = m.l.Say("page.counter.from", fault.Params{"hub": t.FromHubName.In(m.l.Tag())})
	} else {
		r.Time, r.Far = m.at(t.LeavesAt), m.far(t.LeavesAt)
		r.Note = m.l.Say("page.counter.to", fault.Params{"hub": t.ToHubName.In(m.l.Tag())})
	}
	return r
}

// machines are troubles with each unit once: why it is out of service, with its ticket.
func machines(all []booking.Trouble) []booking.Trouble {
	var list []booking.Trouble
	at := map[string]int{}
	for _, t := range all {
		i, known := at[t.UnitID]
		if t.UnitID == "" || !known {
			at[t.UnitID] = len(list)
			list = append(list, t)
			continue
		}
		one := &list[i]
		ticket, urgent := cmp.Or(one.TicketID, t.TicketID), one.Urgent || t.Urgent
		if one.Cause == "" && t.Cause != "" {
			*one = t
		}
		one.TicketID, one.Urgent = ticket, urgent
	}
	return list
}

func (m boardMaker) trouble(t booking.Trouble) boardRow {
	r := boardRow{What: t.ResourceName.In(m.l.Tag()), Codes: nonEmpty(t.Code)}
	if t.Cause != "" {
		r.Note = m.l.Say("page.counter.cause."+t.Cause, nil)
	} else {
		r.Note = m.say("page.counter.reported")
	}
	if t.Urgent {
		r.Here = m.say("page.counter.urgent")
	}
	if t.Until != nil {
		r.Time, r.Far = m.at(*t.Until), m.far(*t.Until)
	}
	way := option{Words: m.say("page.counter.see"), Path: upkeepPath + "/" + m.slug + "/billets/" + t.TicketID}
	switch {
	case t.Cause == "incomplete" && t.UnitID != "":
		way = option{Words: m.say("page.upkeep.count"), Path: inventoryPath + "/" + m.slug + "/exemplaires/" + t.UnitID + countAnchor}
	case t.TicketID == "":
		way.Path = inventoryPath + "/" + m.slug + "/exemplaires/" + t.UnitID
	}
	if t.TicketID != "" || t.UnitID != "" {
		r.Ways = []option{way}
	}
	return r
}

func (m boardMaker) low(c booking.LowStock) boardRow {
	return boardRow{Time: strings.TrimSpace(m.l.Number(c.Stock) + " " + c.Measure), What: c.Name.In(m.l.Tag()),
		Ways: []option{{Words: m.say("page.counter.see"), Path: inventoryPath + "/" + m.slug + "/consommables"}}}
}

// nonEmpty is a text as a list, none for "".
func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}
