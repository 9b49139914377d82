package inventory

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"canot/internal/database"
	"canot/internal/identity"
)

// Formats of an export.
const (
	FormatCSV  = "csv"
	FormatJSON = "json"
)

// Export writes all hubs, resources, units or components of units, as CSV that Import takes back unchanged, or
// as a JSON array that also holds what CSV has no column for. It reads one snapshot.
// Another kind or format is Malformed. In CSV, texts that a spreadsheet would take for a
// formula have an apostrophe in front, which Import takes away.
func (c *Catalog) Export(ctx context.Context, w io.Writer, kind, format string) error {
	var wrong check
	wrong.oneOf("kind", kind, hubFile, resourceFile, unitFile, componentFile)
	wrong.oneOf("format", format, FormatCSV, FormatJSON)
	if err := wrong.err(); err != nil {
		return err
	}
	var things any
	var out sheet
	err := c.db.View(ctx, func(r database.Reader) (err error) {
		things, out, err = exported(r, kind, "")
		return err
	})
	if err != nil {
		return err
	}
	if format == FormatJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(things)
	}
	return out.write(w)
}

// ExportHub writes the resources, the units or the components of units of a hub (id or slug) as
// Export does in CSV, for who may take the hub's data out: of the units that are at home there, wherever
// they are, and of those that are there.
func (c *Catalog) ExportHub(ctx context.Context, by identity.Actor, w io.Writer, hubKey, kind string) error {
	var wrong check
	wrong.oneOf("kind", kind, resourceFile, unitFile, componentFile)
	if err := wrong.err(); err != nil {
		return err
	}
	var out sheet
	err := c.db.View(ctx, func(r database.Reader) error {
		hub, err := findHub(r, hubKey)
		if err != nil {
			return err
		}
		if err := may(by, identity.Export, hub.ID, hub.RegionID); err != nil {
			return err
		}
		_, out, err = exported(r, kind, hub.ID)
		return err
	})
	if err != nil {
		return err
	}
	return out.write(w)
}

// exported reads what is exported, of one hub, or of all for "".
func exported(r database.Reader, kind, hubID string) (any, sheet, error) {
	switch kind {
	case hubFile:
		hubs, err := hubsWhere(r, `true ORDER BY h.slug`)
		return hubs, hubSheet(hubs), err
	case resourceFile:
		list, err := resourcesWhere(r, `(r.hub_id = $1 OR $1 = '') AND NOT r.awaited ORDER BY r.slug`, hubID)
		return list, resourceSheet(list), err
	case componentFile:
		parts, err := componentsToExport(r, hubID)
		return parts, componentSheet(parts), err
	default:
		units, err := unitsToExport(r, hubID)
		return units, unitSheet(units), err
	}
}

// A sheet is a header and rows of cells by column.
type sheet struct {
	plain  []string // columns that no spreadsheet could take for a formula
	header []string
	rows   []map[string]string
}

// write writes a sheet in UTF-8, with the mark by which spreadsheets know that it is, which Import takes away.
func (s sheet) write(w io.Writer) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(s.header); err != nil {
		return err
	}
	record := make([]string, len(s.header))
	for _, row := range s.rows {
		for i, column := range s.header {
			if record[i] = row[column]; !slices.Contains(s.plain, column) {
				record[i] = safeCell(record[i])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// languagesOf are those of the texts, French and English always among them.
func languagesOf(texts ...Text) []string {
	found := map[string]bool{"fr": true, "en": true}
	for _, t := range texts {
		for lang := range t {
			found[lang] = true
		}
	}
	list := slices.Sorted(maps.Keys(found))
	slices.SortStableFunc(list, func(a, b string) int { return rankOf(a) - rankOf(b) })
	return list
}

func rankOf(lang string) int {
	if i := slices.Index([]string{"fr", "en"}, lang); i >= 0 {
		return i
	}
	return 2
}

// textColumns gives the columns of a text, and fills them in the rows.
func (s *sheet) textColumns(name string, texts []Text) {
	for _, lang := range languagesOf(texts...) {
		column := name + "_" + lang
		s.header = append(s.header, column)
		for i, t := range texts {
			s.rows[i][column] = t[lang]
		}
	}
}

func hubSheet(hubs []Hub) sheet {
	s := sheet{plain: fileKinds[hubFile].plain, rows: make([]map[string]string, len(hubs)), header: []string{
		"slug", "region", "town", "province", "address", "latitude", "longitude", "time_zone", "languages", "currency",
		"tax_jurisdiction", "hours", "operator", "phone", "email", "wheelchair", "suspend_after", "suspend_days"}}
	var names, access, accessibility []Text
	for i, h := range hubs {
		names, access, accessibility = append(names, h.Name), append(access, h.Access), append(accessibility, h.Accessibility)
		s.rows[i] = map[string]string{
			"slug": h.Slug, "region": h.RegionSlug, "town": h.Town, "province": h.Province, "address": h.Address,
			"latitude": decimal(h.Latitude), "longitude": decimal(h.Longitude), "time_zone": h.TimeZone,
			"languages": strings.Join(h.Languages, ";"), "currency": h.Currency, "tax_jurisdiction": h.TaxJurisdiction,
			"hours": h.Week.String(), "operator": h.OperatorSlug, "phone": h.Phone, "email": h.Email, "wheelchair": h.Wheelchair,
			"suspend_after": strconv.Itoa(h.SuspendAfter), "suspend_days": strconv.Itoa(h.SuspendDays),
		}
	}
	s.textColumns("name", names)
	s.textColumns("access", access)
	s.textColumns("accessibility", accessibility)
	return s
}

func resourceSheet(list []Resource) sheet {
	s := sheet{plain: fileKinds[resourceFile].plain, rows: make([]map[string]string, len(list)), header: []string{
		"hub", "kind", "category", "units", "capacity", "tags", "grain_min", "min_min", "max_min", "within",
		"buffer_before_min", "buffer_after_min", "certification", "approval", "price_cents_per_hour", "notes", "slug",
		"notice_min", "horizon_days", "cancel_cutoff_min", "competing", "floor", "archived", "any_certification", "tiers",
		"approval_tiers", "approval_above_min", "answer_within_min", "minimum_age", "consent_under", "attendance", "conditions",
		"no_show_after_min", "signature"}}
	var names, descriptions, bring, accessibility []Text
	for i, x := range list {
		names, descriptions = append(names, x.Name), append(descriptions, x.Description)
		bring, accessibility = append(bring, x.Bring), append(accessibility, x.Accessibility)
		p := x.Policy
		s.rows[i] = map[string]string{
			"hub": x.HubSlug, "kind": string(x.Kind), "category": x.CategorySlug, "units": strconv.Itoa(x.UnitsInService),
			"capacity": strconv.Itoa(x.Capacity), "tags": strings.Join(x.Tags, ";"), "grain_min": strconv.Itoa(p.Grain),
			"min_min": strconv.Itoa(p.Shortest), "max_min": strconv.Itoa(p.Longest), "within": string(p.Within),
			"buffer_before_min": strconv.Itoa(p.BufferBefore), "buffer_after_min": strconv.Itoa(p.BufferAfter),
			"certification": strings.Join(p.Certifications, ";"), "approval": yesNo(p.Approval),
			"price_cents_per_hour": strconv.FormatInt(x.PricePerHour, 10), "notes": x.Notes, "slug": x.Slug,
			"notice_min": strconv.Itoa(p.Notice), "horizon_days": strconv.Itoa(p.Horizon),
			"cancel_cutoff_min": strconv.Itoa(p.CancelCutoff), "competing": yesNo(p.Competing), "floor": x.Floor,
			"archived": yesNo(x.Archived), "any_certification": yesNo(p.AnyCertification),
			"tiers": strings.Join(p.Tiers, ";"), "approval_tiers": strings.Join(p.ApprovalTiers, ";"),
			"approval_above_min": strconv.Itoa(p.ApprovalAbove), "answer_within_min": strconv.Itoa(p.AnswerWithin),
			"minimum_age": strconv.Itoa(p.MinimumAge), "consent_under": strconv.Itoa(p.ConsentUnder),
			"attendance": strconv.Itoa(p.Attendance), "conditions": strings.Join(p.Conditions, ";"),
			"no_show_after_min": strconv.Itoa(p.NoShowAfter), "signature": yesNo(p.Signature),
		}
	}
	s.textColumns("name", names)
	s.textColumns("description", descriptions)
	s.textColumns("bring", bring)
	s.textColumns("accessibility", accessibility)
	return s
}

// unitToExport is a unit with the slug of its resource.
type unitToExport struct {
	Unit
	ResourceSlug string `db:"resource_slug" json:"resource_slug"`
}

func unitsToExport(r database.Reader, hubID string) ([]unitToExport, error) {
	units := []unitToExport{}
	if err := r.Select(&units, `
		SELECT u.id, u.resource_id, r.slug AS resource_slug, u.home_hub_id, u.current_hub_id, u.code, u.serial,
		       u.condition, u.status, u.version, u.shelf, u.value_cents, u.supplier, u.purchased_on, u.warranty_until, u.notes, u.meter_min
		FROM units u JOIN resources r ON r.id = u.resource_id WHERE u.home_hub_id = $1 OR u.current_hub_id = $1 OR $1 = '' ORDER BY u.code`, hubID); err != nil {
		return nil, err
	}
	parts, err := componentsToExport(r, hubID)
	if err != nil {
		return nil, err
	}
	byUnit := map[string][]Component{}
	for _, p := range parts {
		byUnit[p.UnitID] = append(byUnit[p.UnitID], p.Component)
	}
	for i, u := range units {
		units[i].Components = byUnit[u.ID]
	}
	return units, nil
}

func unitSheet(units []unitToExport) sheet {
	s := sheet{plain: fileKinds[unitFile].plain, header: []string{"resource", "code", "serial", "condition", "status",
		"shelf", "value_cents", "supplier", "purchased_on", "warranty_until", "notes"}}
	for _, u := range units {
		s.rows = append(s.rows, map[string]string{"resource": u.ResourceSlug, "code": u.Code, "serial": u.Serial,
			"condition": u.Condition, "status": u.Status, "shelf": u.Shelf, "value_cents": strconv.FormatInt(u.ValueCents, 10),
			"supplier": u.Supplier, "purchased_on": u.PurchasedOn, "warranty_until": u.WarrantyUntil, "notes": u.Notes})
	}
	return s
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
