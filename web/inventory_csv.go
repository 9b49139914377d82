package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"canot/booking"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/internal/identity/privacy"
	"canot/inventory"
	"canot/inventory/hours"
	"canot/web/edge"
)

// mountTables puts the pages by which a hub's inventory goes in and out as spreadsheets.
func (s *Site) mountTables(r gin.IRouter) {
	s.on(r, "GET", inventoryPath+"/:hub/importer", importPage)
	s.on(r, "POST", inventoryPath+"/:hub/importer", importTable)
	s.on(r, "GET", inventoryPath+"/:hub/exporter.csv", exportTable)
}

// tableKinds are what goes in and out, and outOnly what happened, which is not written by hand.
var (
	tableKinds = []string{"units", "components", "consumables", "resources", "rules"}
	outOnly    = []string{booking.LoanTable, booking.JourneyTable, booking.OutageTable, "tickets", "moves", "stocktakes"}
)

// tablesView is the page by which files go in and out.
type tablesView struct {
	frame
	Path      string
	Kinds     []findChoice
	Files     []findLink // what comes out, and goes in again as it is
	Past      []findLink // what only comes out
	Names     bool       // the loans say whose they were
	Since     string     // from which day on what happened comes out
	Import    bool
	Report    *tableReport
	Around    []navigation
	Key, Kind string
}

// A tableReport says what an import did or would do.
type tableReport struct {
	Dry    bool
	Counts fault.Params
	Lines  []tableLine
	More   int
}

// A tableLine is a line of a file that needs a person's eye.
type tableLine struct {
	Line     int
	Key      string
	Outcome  string
	Messages []string
}

// mostReported bounds the lines that one page tells.
const mostReported = 60

// importPage shows the form.
func importPage(p *page) error { return p.showTables(http.StatusOK, nil, nil) }

func (p *page) showTables(status int, report *tableReport, wrong error) error {
	d, _, err := p.counterDesk()
	if err != nil {
		return err
	}
	f := tablesView{frame: p.frame(p.l.Say("page.tables.title", nil)), Path: p.inventory(d) + "/importer", Report: report, Around: p.inventoryAround(d, "/importer"), Key: newKey(),
		Import: p.v.Actor.May(identity.ManageInventory, d.Hub.ID, d.Hub.RegionID)}
	f.Names = p.v.Actor.May(identity.ViewPersons, d.Hub.ID, d.Hub.RegionID)
	export := p.v.Actor.May(identity.Export, d.Hub.ID, d.Hub.RegionID)
	if !f.Import && !export {
		return identity.Denied(p.v.Actor)
	}
	f.Wide, f.Desk = true, &d
	since, err := p.since(d)
	if err != nil {
		return err
	}
	f.Since = since.String()
	for _, kind := range tableKinds {
		f.Kinds = append(f.Kinds, findChoice{kind, p.l.Say("page.tables.kind."+kind, nil), kind == p.field("genre")})
	}
	if export {
		for _, kind := range tableKinds {
			f.Files = append(f.Files, findLink{p.tablePath(d, kind), p.l.Say("page.tables.kind."+kind, nil)})
		}
		for _, kind := range outOnly {
			f.Past = append(f.Past, findLink{p.tablePath(d, kind) + "&depuis=" + f.Since, p.l.Say("page.tables.kind."+kind, nil)})
		}
	}
	if wrong != nil {
		t, code := p.explain(wrong)
		f.Error, status = &t, code
	}
	return p.show(status, "tables", f)
}

// importTable puts a file in, or says what that would do.
func importTable(p *page) error {
	d, _, err := p.manages() // before anything large is read
	if err != nil {
		return err
	}
	if err := p.openForm(); err != nil {
		return err
	}
	heads, err := p.uploaded("fichier")
	if err == nil && len(heads) != 1 {
		err = &fault.Error{Kind: fault.Refused, Code: "rules", Violations: []fault.Violation{{Code: "no_file", Params: fault.Params{"field": "file"}}}}
	}
	if err != nil {
		return p.showTables(0, nil, err)
	}
	body, err := bodyOf(heads[0])
	if err != nil {
		return err
	}
	kind, dry := p.field("genre"), p.field("essai") != ""
	if !slices.Contains(tableKinds, kind) {
		return p.showTables(0, nil, fault.Field("kind", "bad_value"))
	}
	if bytes.HasPrefix(body, []byte("PK\x03\x04")) {
		return p.showTables(0, nil, fault.Field("file", "excel_workbook"))
	}
	var report inventory.Report
	switch ctx, file := p.c.Request.Context(), bytes.NewReader(body); kind {
	case "consumables":
		report, err = p.Stock.Import(ctx, p.v.Actor, d.Hub.ID, file, dry)
	case "rules":
		report, err = p.Upkeep.ImportRules(ctx, p.v.Actor, d.Hub.ID, file, dry)
	default:
		report, err = p.Catalog.Import(ctx, p.v.Actor, file, inventory.ImportOptions{Kind: kind, DryRun: dry})
	}
	if err != nil {
		return p.showTables(0, nil, err)
	}
	return p.showTables(http.StatusOK, p.tableReport(report), nil)
}

// tableReport puts a report into words: the figures, and the lines that need a person's eye.
func (p *page) tableReport(r inventory.Report) *tableReport {
	out := &tableReport{Dry: r.DryRun, Counts: fault.Params{"created": r.Created, "changed": r.Changed, "unchanged": r.Unchanged, "refused": r.Refused}}
	for _, l := range r.Lines {
		if len(l.Violations) == 0 {
			continue
		}
		if len(out.Lines) == mostReported {
			out.More++
			continue
		}
		line := tableLine{Line: l.Line, Key: clipped(l.Key, 80), Outcome: p.l.Say("page.tables.outcome."+l.Outcome, nil)}
		for _, v := range edge.Violations(p.l, l.Violations) {
			line.Messages = append(line.Messages, v.Message)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// tablePath is the address of a file of a hub, "" to who may not take it out.
func (p *page) tablePath(d desk, kind string) string {
	if !p.v.Actor.May(identity.Export, d.Hub.ID, d.Hub.RegionID) {
		return ""
	}
	return p.inventory(d) + "/exporter.csv?quoi=" + kind
}

// since is the day from which on what happened comes out: what was asked for, or two years back. A hub
// that is old has more to tell than a spreadsheet holds.
func (p *page) since(d desk) (hours.Date, error) {
	text := p.c.Query("depuis")
	if text == "" {
		return hours.DateOf(p.DB.Now(), d.Zone).AddDays(-2 * 365), nil
	}
	day, err := hours.ParseDate(text)
	if err != nil {
		return day, fault.Field("depuis", "bad_date").Because(err)
	}
	return day, nil
}

// exportTable sends a file of the hub. Who is named in it was looked at, each time.
func exportTable(p *page) error {
	d, err := p.deskOf(identity.Export)
	if err != nil {
		return err
	}
	kind, ctx := p.c.Query("quoi"), p.c.Request.Context()
	day, err := p.since(d)
	if err != nil {
		return err
	}
	since, name := hours.At(day, 0, d.Zone), d.Hub.Slug+"-"+kind
	if slices.Contains(outOnly, kind) && p.c.Query("recensement") == "" {
		name += "-depuis-" + day.String()
	}
	var out bytes.Buffer
	var persons []string
	switch kind {
	case "consumables", "moves":
		err = p.Stock.Export(ctx, p.v.Actor, &out, d.Hub.ID, kind == "moves", since)
	case "stocktakes":
		take := p.c.Query("recensement")
		if take != "" && !goodID(take) {
			return fault.New(fault.NotFound, "stocktake_not_found", nil)
		}
		err = p.Stock.ExportTakes(ctx, p.v.Actor, &out, d.Hub.ID, take, since)
	case "tickets":
		err = p.exportTickets(&out, d, since)
	case "rules":
		err = p.Upkeep.ExportRules(ctx, p.v.Actor, &out, d.Hub.ID)
	case booking.LoanTable, booking.JourneyTable, booking.OutageTable:
		persons, err = p.Book.ExportHub(ctx, p.v.Actor, &out, d.Hub.ID, kind, since)
	default:
		err = p.Catalog.ExportHub(ctx, p.v.Actor, &out, d.Hub.ID, kind)
	}
	if err == nil {
		err = p.Privacy.Viewed(ctx, p.v.Actor, privacy.ViewedList, persons...)
	}
	if err != nil {
		return err
	}
	edge.Private(p.c.Writer.Header())
	p.c.Header("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	p.c.Data(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
	return nil
}

// ticketColumns are those of the file of tickets, which only comes out.
var ticketColumns = inventory.Table{
	Columns: []string{"created_at", "closed_at", "unit", "resource", "kind", "state", "urgent", "cost_cents", "description"},
	Plain:   []string{"created_at", "closed_at", "cost_cents"},
}

// exportTickets writes the tickets of a hub since an instant, without who reported them.
func (p *page) exportTickets(out *bytes.Buffer, d desk, since time.Time) error {
	list, err := p.Upkeep.TicketsSince(p.c.Request.Context(), p.v.Actor, d.Hub.ID, since)
	if err != nil {
		return err
	}
	rows := make([]map[string]string, len(list))
	for i, t := range list {
		row := map[string]string{"created_at": t.CreatedAt.UTC().Format(time.RFC3339), "unit": t.Code, "resource": t.ResourceName.In("fr"), "kind": t.Kind,
			"state": t.State, "urgent": map[bool]string{true: "yes", false: "no"}[t.Urgent], "cost_cents": strconv.FormatInt(t.CostCents, 10), "description": t.Description}
		if t.ClosedAt != nil {
			row["closed_at"] = t.ClosedAt.UTC().Format(time.RFC3339)
		}
		rows[i] = row
	}
	return ticketColumns.Write(out, rows)
}
