package web

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"canot/booking"
	"canot/internal/fault"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/print"
)

// blankLines is how many lines the sheet of a day has for who comes without a booking.
const blankLines = 8

// printedDay is the day that was asked for: today when none was.
func (p *page) printedDay(c booking.Counter) (booking.Day, error) {
	date := hours.DateOf(c.Now, c.Zone)
	if text := p.c.Query("jour"); text != "" {
		asked, err := hours.ParseDate(text)
		if err != nil || asked.Before(date.AddDays(-366)) || date.AddDays(366).Before(asked) {
			return booking.Day{}, fault.Field("date", "bad_date")
		}
		date = asked
	}
	return p.Book.DayAt(p.c.Request.Context(), p.v.Actor, c, date)
}

// A dayWords says what is on a sheet.
type dayWords struct {
	*page
	day booking.Day
}

// at is a time: of the day of the sheet its hour, of another one its day too.
func (w dayWords) at(t time.Time) string {
	local := t.In(w.day.Zone)
	hour := w.l.Time(local)
	if hours.DateOf(t, w.day.Zone) == w.day.Date {
		return hour
	}
	return w.l.Say("page.print.at", fault.Params{"day": w.l.ShortDate(local), "hour": hour})
}

// what is booked: two cameras and a tripod.
func (w dayWords) what(v booking.Visit, equipment bool) string {
	var all []string
	for _, l := range v.Lines {
		if (l.Kind == inventory.Equipment) != equipment {
			continue
		}
		name := l.ResourceName.In(w.l.Tag())
		if l.Quantity > 1 {
			name = strconv.Itoa(l.Quantity) + "\u00a0× " + name
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// codes are those of the units that a visit has of one sort.
func codesOf(v booking.Visit, equipment bool) string {
	var all []string
	for _, l := range v.Lines {
		if (l.Kind == inventory.Equipment) == equipment {
			for _, unit := range l.Units {
				all = append(all, v.Codes[unit])
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// printPickUps prints a code for each booking whose things are handed out on a day, to go with them on
// the shelf: who comes shows the same code.
func printPickUps(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	format, first, err := p.sheetOf()
	if err != nil {
		return p.refused(err)
	}
	day, err := p.printedDay(c)
	if err != nil {
		return p.refused(err)
	}
	words := dayWords{p, day}
	var list []print.PickUp
	for _, v := range day.Outgoing {
		who := initials(v.Person.Name) // on a shelf that others pass
		if p.c.Query("noms") != "" {
			who = v.Person.Name
		}
		list = append(list, print.PickUp{Reference: v.Reference, Who: who, When: words.at(v.StartsAt), What: words.what(v, true)})
	}
	return p.pdf("codes-"+d.Hub.Slug, p.l.Say("page.print.codes", nil), d, c, func(w io.Writer, about print.Document) error {
		return print.PickUps(w, about, format, first, list)
	})
}

// printDay prints the sheet of a day.
func printDay(p *page) error {
	d, c, err := p.counterDesk()
	if err != nil {
		return err
	}
	day, err := p.printedDay(c)
	if err != nil {
		return p.refused(err)
	}
	sheet := dayWords{p, day}.sheet(d)
	return p.pdf("feuille-"+d.Hub.Slug+"-"+day.Date.String(), p.l.Say("page.print.day", nil), d, c, func(w io.Writer, about print.Document) error {
		return print.DaySheet(w, about, p.paper(), sheet)
	})
}

// paper is the paper that was chosen: Letter unless it was A4.
func (p *page) paper() print.Paper {
	if p.c.Query("papier") == print.A4.ID {
		return print.A4
	}
	return print.Letter
}

func (w dayWords) sheet(d desk) print.Day {
	title := w.l.Date(hours.At(w.day.Date, 0, w.day.Zone))
	return print.Day{
		Hub: d.Name, Title: capital(title),
		Note: w.l.Say("page.print.day_note", fault.Params{"opens": w.day.Now.In(w.day.Zone)}),
		Page: func(n, of int) string { return w.l.Say("page.print.page", fault.Params{"page": n, "pages": of}) },
		Parts: slices.DeleteFunc([]print.Part{w.late(), w.outgoing(), w.arrivals(), w.returns(), w.blank()}, func(part print.Part) bool {
			return part.None == "" && len(part.Rows)+part.Blank == 0
		}),
	}
}

// columns are those of a table, by the last part of the keys of their words.
func (w dayWords) columns(all ...print.Column) []print.Column {
	for i, c := range all {
		all[i].Head = w.l.Say("page.print.column_"+c.Head, nil)
	}
	return all
}

var (
	columnTime  = print.Column{Head: "time", Share: 12}
	columnWho   = print.Column{Head: "who", Share: 16, Kind: print.Strong}
	columnCode  = print.Column{Head: "reference", Share: 10}
	columnPhone = print.Column{Head: "phone", Share: 12}
	columnWhat  = print.Column{Head: "what", Share: 20}
	columnUnits = print.Column{Head: "units", Share: 20}
	columnOut   = print.Column{Head: "out", Share: 6, Kind: print.Tick}
	columnBack  = print.Column{Head: "back", Share: 6, Kind: print.Tick}
	columnHere  = print.Column{Head: "here", Share: 6, Kind: print.Tick}
	columnNotes = print.Column{Head: "notes", Share: 16, Kind: print.Write}
	columnSign  = print.Column{Head: "signature", Share: 16, Kind: print.Write}
)

func (w dayWords) outgoing() print.Part {
	part := print.Part{Title: w.l.Say("page.print.outgoing", nil), None: w.l.Say("page.print.no_outgoing", nil),
		Columns: w.columns(columnTime, columnWho, columnCode, columnWhat, columnUnits, columnOut, columnBack, columnSign)}
	for _, v := range w.day.Outgoing {
		part.Rows = append(part.Rows, []string{w.span(v), v.Person.Name, v.Reference, w.what(v, true), codesOf(v, true)})
	}
	return part
}

func (w dayWords) arrivals() print.Part {
	part := print.Part{Title: w.l.Say("page.print.arrivals", nil), None: w.l.Say("page.print.no_arrivals", nil),
		Columns: w.columns(columnTime, columnWho, columnCode, columnWhat, columnUnits, columnHere, columnNotes)}
	for _, v := range w.day.Arrivals {
		part.Rows = append(part.Rows, []string{w.span(v), v.Person.Name, v.Reference, w.what(v, false), codesOf(v, false)})
	}
	return part
}

func (w dayWords) span(v booking.Visit) string { return w.at(v.StartsAt) + " – " + w.at(v.EndsAt) }

func (w dayWords) returns() print.Part {
	part := w.loans("returns", w.day.Returns)
	part.None = w.l.Say("page.print.no_returns", nil)
	return part
}

func (w dayWords) late() print.Part { return w.loans("late", w.day.Late) }

// loans are units that are out, with what to call who has them by.
func (w dayWords) loans(title string, list []booking.OnLoan) print.Part {
	part := print.Part{Title: w.l.Say("page.print."+title, nil), Columns: w.columns(columnTime, columnWho, columnPhone, columnCode, columnWhat, columnUnits, columnBack, columnNotes)}
	for _, l := range list {
		part.Rows = append(part.Rows, []string{w.at(l.DueAt), l.Person.Name, l.Person.Phone, l.Reference, l.ResourceName.In(w.l.Tag()), l.Code})
	}
	return part
}

// blank is for who comes without a booking.
func (w dayWords) blank() print.Part {
	return print.Part{Title: w.l.Say("page.print.walk_ins", nil), Blank: blankLines,
		Columns: w.columns(columnTime, columnWho, columnPhone, columnWhat, columnUnits, columnOut, columnBack, columnSign)}
}

// capital is a text that begins a line.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
