package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Statuses of a unit.
const (
	InService = "in_service"
	Retired   = "retired"
)

// Bounds of units and of their parts.
const (
	maxUnits      = 1000 // of one resource
	maxComponents = 100  // of one unit
	maxQuantity   = 1000 // of one component
	maxShelf      = 60
	maxValue      = 1_000_000_000 // cents
)

const selectUnits = `
	SELECT u.id, u.resource_id, u.home_hub_id, u.current_hub_id, u.code, u.serial, u.condition, u.status, u.version,
	       u.shelf, u.value_cents, u.supplier, u.purchased_on, u.warranty_until, u.notes, u.meter_min
	FROM units u `

// Units lists the units of a resource, the retired ones too, in order of code.
func (c *Catalog) Units(ctx context.Context, resourceKey string) ([]Unit, error) {
	r := c.db.Reader(ctx)
	units := []Unit{}
	err := r.Select(&units, selectUnits+`JOIN resources r ON r.id = u.resource_id WHERE (r.id = $1 OR r.slug = $1) AND NOT r.awaited ORDER BY u.code`, resourceKey)
	if err == nil && len(units) == 0 {
		_, err = seenResource(r, resourceKey)
	}
	return units, err
}

// Unit returns the unit with that id or inventory code, with its components. A code may be written in
// small letters.
func (c *Catalog) Unit(ctx context.Context, idOrCode string) (Unit, error) {
	return findUnit(c.db.Reader(ctx), idOrCode)
}

func findUnit(r database.Reader, key string) (Unit, error) {
	var u Unit
	err := r.Get(&u, selectUnits+`WHERE u.id = $1 OR u.code = $1 OR u.code = $2 ORDER BY CASE WHEN u.code = $2 AND u.code <> $1 THEN 1 ELSE 0 END LIMIT 1`, key, FoldCode(key))
	if errors.Is(err, database.ErrNoRows) {
		return u, fault.New(fault.NotFound, "unit_not_found", nil)
	}
	if err != nil {
		return u, err
	}
	u.Components = []Component{}
	err = r.Select(&u.Components, `
		SELECT id, unit_id, name, quantity, missing, required FROM components WHERE unit_id = $1 ORDER BY id`, u.ID)
	return u, err
}

// AddUnit adds a unit to a resource, in service at the resource's hub. Its code is made
// of the hub and the resource unless one is given.
func (c *Catalog) AddUnit(ctx context.Context, by identity.Actor, resourceKey string, e UnitEdits, k database.Key) (Unit, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Unit, error) {
		x, err := lockResource(tx, by, resourceKey)
		if err != nil {
			return Unit{}, err
		}
		u, err := insertUnit(tx, by, x, e, InService)
		if err != nil {
			return Unit{}, err
		}
		return u, bumpRules(tx, x.ID)
	})
}

// insertUnit is AddUnit as a step, under the locks of the resource, whose versions the
// caller raises.
func insertUnit(tx *database.Tx, by identity.Actor, x Resource, e UnitEdits, status string) (Unit, error) {
	u := Unit{ID: database.NewID(), ResourceID: x.ID, HomeHubID: x.HubID, CurrentHubID: x.HubID, Status: status, Version: 1, Components: []Component{}}
	e.write(&u)
	u.Code = FoldCode(u.Code)
	if u.Code == "" {
		codes, err := freeCodes(tx, x, 1)
		if err != nil {
			return Unit{}, err
		}
		u.Code = codes[0]
	}
	var c check
	u.check(&c)
	if err := u.checkCode(tx, &c, ""); err != nil {
		return Unit{}, err
	}
	var count int
	if err := tx.Get(&count, `SELECT COUNT(*) FROM units WHERE resource_id = $1`, x.ID); err != nil {
		return Unit{}, err
	}
	if count >= maxUnits {
		c.refuse("units", "too_many_items", fault.Params{"max": maxUnits})
	}
	if err := c.err(); err != nil {
		return Unit{}, err
	}
	rows, err := tx.Exec(`
		INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code, serial, condition, status, version,
		                   shelf, value_cents, supplier, purchased_on, warranty_until, notes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (code) DO NOTHING`,
		u.ID, u.ResourceID, u.HomeHubID, u.CurrentHubID, u.Code, u.Serial, u.Condition, u.Status, u.Version,
		u.Shelf, u.ValueCents, u.Supplier, u.PurchasedOn, u.WarrantyUntil, u.Notes)
	if err == nil && rows == 0 {
		c.refuse("code", "code_taken", nil)
		err = c.err()
	}
	if err != nil {
		return Unit{}, err
	}
	return u, record(tx, by, "unit.create", u.ID, nil, u)
}

// freeCodes returns n codes that no unit has: the hub in short, the resource's name, a
// number. They depend on nothing but what there is, so that the same import gives the
// same codes everywhere.
func freeCodes(r database.Reader, x Resource, n int) ([]string, error) {
	base := codeBase(x)
	var used []string
	// '.' follows '-': the stretch holds all that begins with the base and a dash.
	if err := r.Select(&used, `SELECT code FROM units WHERE code > $1 AND code < $2`, base+"-", base+"."); err != nil {
		return nil, err
	}
	last := 0
	for _, code := range used {
		if i, err := strconv.Atoi(strings.TrimPrefix(code, base+"-")); err == nil {
			last = max(last, i)
		}
	}
	codes := make([]string, n)
	for i := range codes {
		codes[i] = fmt.Sprintf("%s-%02d", base, last+1+i)
	}
	return codes, nil
}

// longestCode bounds the part of a made code that comes from the resource's name: it is printed on
// small labels and typed by hand.
const longestCode = 12

// smallWords tell nothing apart in a code.
var smallWords = []string{"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "pour"}

// codeBase is RN-STUDIO for the medialab studio of rouyn-noranda: initials of a hub of several words,
// three letters of one of a single word, and as many words of the name as fit.
func codeBase(x Resource) string {
	words := strings.Split(x.HubSlug, "-")
	hub := words[0][:min(3, len(words[0]))]
	if len(words) > 1 {
		hub = ""
		for _, w := range words {
			hub += w[:min(1, len(w))]
		}
	}
	return strings.ToUpper(hub + "-" + codeName(slugOf(x.Name.In("fr")), x.ID))
}

// codeName is a name in short, or what stands for it where no letter of it can be in a code.
func codeName(slug, otherwise string) string {
	words := strings.FieldsFunc(slug, func(r rune) bool { return r == '-' })
	if told := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(smallWords, w) }); len(told) > 0 {
		words = told
	}
	if len(words) == 0 {
		return otherwise
	}
	name := words[0][:min(len(words[0]), longestCode)]
	for _, w := range words[1:] {
		if len(name)+1+len(w) > longestCode {
			break
		}
		name += "-" + w
	}
	return name
}

// UpdateUnit edits a unit: its code, what it is, where it stands and how it was bought.
func (c *Catalog) UpdateUnit(ctx context.Context, by identity.Actor, idOrCode string, e UnitEdits, k database.Key) (Unit, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Unit, error) {
		was, err := lockUnit(tx, by, idOrCode)
		if err != nil {
			return Unit{}, err
		}
		u, _, err := editUnit(tx, by, was, e)
		return u, err
	})
}

// lockUnit asks for the right, and locks a unit behind its resource and hub.
func lockUnit(tx *database.Tx, by identity.Actor, key string) (Unit, error) {
	u, err := findUnit(tx, key)
	if err != nil {
		return Unit{}, err
	}
	if _, err := lockResource(tx, by, u.ResourceID); err != nil {
		return Unit{}, err
	}
	if err := tx.Lock("units", u.ID); err != nil {
		return Unit{}, err
	}
	now, err := findUnit(tx, u.ID)
	if err == nil && now.ResourceID != u.ResourceID {
		// A journey brought it to another resource meanwhile, whose lock comes before the unit's.
		err = fault.New(fault.Unavailable, "busy", nil)
	}
	return now, err
}

// editUnit is UpdateUnit as a step, under its locks. It says whether anything changed.
func editUnit(tx *database.Tx, by identity.Actor, was Unit, e UnitEdits) (Unit, bool, error) {
	if err := stale(e.IfVersion, was.Version); err != nil {
		return Unit{}, false, err
	}
	u := was
	e.write(&u)
	if u.Code != was.Code {
		u.Code = FoldCode(u.Code)
	}
	var c check
	u.check(&c)
	if err := u.checkCode(tx, &c, was.Code); err != nil {
		return Unit{}, false, err
	}
	if err := c.err(); err != nil {
		return Unit{}, false, err
	}
	if same(was, u) {
		return was, false, nil
	}
	u.Version++
	if _, err := tx.Exec(`
		UPDATE units SET code = $2, serial = $3, condition = $4, version = $5, shelf = $6, value_cents = $7, supplier = $8,
		       purchased_on = $9, warranty_until = $10, notes = $11 WHERE id = $1`,
		u.ID, u.Code, u.Serial, u.Condition, u.Version, u.Shelf, u.ValueCents, u.Supplier, u.PurchasedOn, u.WarrantyUntil, u.Notes); err != nil {
		return Unit{}, false, err
	}
	if err := bumpRules(tx, u.ResourceID); err != nil {
		return Unit{}, false, err
	}
	return u, true, record(tx, by, "unit.update", u.ID, was, u)
}

func (e UnitEdits) write(u *Unit) {
	setText(&u.Code, e.Code)
	setText(&u.Serial, e.Serial)
	setText(&u.Condition, e.Condition)
	setText(&u.Shelf, e.Shelf)
	setText(&u.Supplier, e.Supplier)
	setText(&u.Notes, e.Notes)
	setText(&u.PurchasedOn, e.PurchasedOn)
	setText(&u.WarrantyUntil, e.WarrantyUntil)
	if e.ValueCents != nil {
		u.ValueCents = *e.ValueCents
	}
}

// cardForm and referenceForm are what people's cards and bookings' references look like: a unit of such
// a code could not be told from them when it is scanned.
var (
	cardForm      = regexp.MustCompile(`(?i)^M-[0-9A-Z]{8}$`)
	referenceForm = regexp.MustCompile(`(?i)^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$`)
)

// codeForm is what a label, an address and a scanner's keyboard carry unharmed.
var codeForm = regexp.MustCompile(`^[A-Z0-9-]*[A-Z0-9][A-Z0-9-]*$`)

// FoldCode is a code of a unit or of a consumable as it is kept: in capitals, for a scanner's keyboard
// changes letters, and two codes that differ in them only cannot be told apart when they are scanned.
func FoldCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// CodeFlaw is the code of the violation of a folded code that no label can hold, or that a scanner's
// reader would take for something else; "" for none.
func CodeFlaw(code string) string {
	switch {
	case !codeForm.MatchString(code):
		return "bad_unit_code"
	case cardForm.MatchString(code), referenceForm.MatchString(code):
		return "unit_code_like_another"
	}
	return ""
}

// CodesLike is how many units and consumables, but for the one of an id, have a folded code, in whatever
// letters they have it.
func CodesLike(r database.Reader, folded, except string) (n int, err error) {
	err = r.Get(&n, `SELECT (SELECT COUNT(*) FROM units WHERE upper(code) = $1 AND id <> $2) + (SELECT COUNT(*) FROM consumables WHERE upper(code) = $1 AND id <> $2)`, folded, except)
	return n, err
}

// checkCode refuses a new code that cannot be one, or that something else has. Codes that units have
// already stay.
func (u Unit) checkCode(r database.Reader, c *check, was string) error {
	if u.Code == was || u.Code == "" {
		return nil
	}
	if flaw := CodeFlaw(u.Code); flaw != "" {
		c.refuse("code", flaw, nil)
		return nil
	}
	twins, err := CodesLike(r, u.Code, u.ID)
	if twins > 0 {
		c.refuse("code", "code_taken", nil)
	}
	return err
}

func (u Unit) check(c *check) {
	c.required("code", u.Code, maxSlug)
	c.line("serial", u.Serial, maxName)
	c.text("condition", u.Condition, maxText, true)
	c.line("shelf", u.Shelf, maxShelf)
	c.line("supplier", u.Supplier, maxName)
	c.text("notes", u.Notes, maxText, true)
	c.date("purchased_on", u.PurchasedOn)
	c.date("warranty_until", u.WarrantyUntil)
	c.between("value_cents", int(u.ValueCents), 0, maxValue)
}

// SetComponents replaces the components of a unit, as ComponentEdits say. How many are
// missing stays as it was counted, but never above what there should be. Whether the unit
// can be lent follows in the same commit (WhenPartsChange).
func (c *Catalog) SetComponents(ctx context.Context, by identity.Actor, idOrCode string, e ComponentEdits, k database.Key) (Unit, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Unit, error) {
		u, err := lockUnit(tx, by, idOrCode)
		if err != nil {
			return Unit{}, err
		}
		if err := stale(e.IfVersion, u.Version); err != nil {
			return Unit{}, err
		}
		parts, err := e.parts(u)
		if err != nil {
			return Unit{}, err
		}
		if same(u.Components, parts) {
			return u, nil
		}
		was := figures(componentCounts(u.Components))
		u.Components = parts
		if err := writeComponents(tx, u); err != nil {
			return Unit{}, err
		}
		if err := record(tx, by, "unit.components", u.ID, was, componentCounts(parts)); err != nil {
			return Unit{}, err
		}
		if err := c.partsChanged(ctx, tx, by, u.ID, e.Foreseen); err != nil {
			return Unit{}, err
		}
		return findUnit(tx, u.ID)
	})
}

// parts checks the wanted components, and gives new ones an id. They come in order of id.
func (e ComponentEdits) parts(u Unit) ([]Component, error) {
	var c check
	if len(e.Parts) > maxComponents {
		c.refuse("components", "too_many_items", fault.Params{"max": maxComponents})
		return nil, c.err()
	}
	had := map[string]Component{}
	for _, p := range u.Components {
		had[p.ID] = p
	}
	parts := make([]Component, 0, len(e.Parts))
	for i, p := range e.Parts {
		field := fmt.Sprintf("components.%d", i)
		was, known := had[p.ID]
		if p.ID != "" && !known {
			c.refuse(field+".id", "unknown_component", nil)
		}
		delete(had, p.ID) // named twice is unknown the second time
		if p.ID == "" {
			p.ID = database.NewID()
		}
		p.UnitID, p.Name = u.ID, p.Name.clean()
		p.Missing = min(was.Missing, p.Quantity)
		c.name(field+".name", p.Name)
		c.between(field+".quantity", p.Quantity, 1, maxQuantity)
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b Component) int { return strings.Compare(a.ID, b.ID) })
	return parts, c.err()
}

func writeComponents(tx *database.Tx, u Unit) error {
	if _, err := tx.Exec(`DELETE FROM components WHERE unit_id = $1`, u.ID); err != nil {
		return err
	}
	for _, p := range u.Components {
		if _, err := tx.Exec(`INSERT INTO components (id, unit_id, name, quantity, missing, required) VALUES ($1, $2, $3, $4, $5, $6)`,
			p.ID, p.UnitID, p.Name, p.Quantity, p.Missing, p.Required); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE units SET version = version + 1 WHERE id = $1`, u.ID)
	return err
}

// componentCounts is what the log keeps of components: how many of which, never a name.
func componentCounts(parts []Component) map[string]any {
	counts := map[string]any{}
	for _, p := range parts {
		counts[p.ID+".quantity"], counts[p.ID+".missing"], counts[p.ID+".required"] = p.Quantity, p.Missing, p.Required
	}
	return counts
}

// RetireUnit takes a unit out of service for good, as a step of the book's verb, which
// has asked for the right, holds the locks of the resource and of the unit, records the
// change, and houses the unit's bookings elsewhere. It raises the resource's versions.
// Retiring twice is the same as once.
func RetireUnit(_ context.Context, tx *database.Tx, unitID string) error {
	var resourceID string
	err := tx.Get(&resourceID, `UPDATE units SET status = 'retired', version = version + 1 WHERE id = $1 AND status <> 'retired' RETURNING resource_id`, unitID)
	if errors.Is(err, database.ErrNoRows) {
		_, err = findUnit(tx, unitID)
		return err
	}
	if err != nil {
		return err
	}
	return bumpRules(tx, resourceID)
}

// CountComponents writes how many of each component are missing, by component id, as a
// step of the book's verb, which has asked for the right, holds the lock of the unit and
// records the change. Components that are not named keep their count. It reports whether
// a required component is missing now, whoever counted it. A component that is not the
// unit's, and a count above what there should be, are Refused with nothing written.
func CountComponents(_ context.Context, tx *database.Tx, unitID string, missing map[string]int) (requiredMissing bool, err error) {
	u, err := findUnit(tx, unitID)
	if err != nil {
		return false, err
	}
	var c check
	parts := map[string]Component{}
	for _, p := range u.Components {
		parts[p.ID] = p
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		p, known := parts[id]
		if !known {
			c.refuse("missing", "unknown_component", nil)
			continue
		}
		c.between("missing", missing[id], 0, p.Quantity)
	}
	if err := c.err(); err != nil {
		return false, err
	}
	for _, p := range u.Components {
		n, counted := missing[p.ID]
		if !counted {
			n = p.Missing
		} else if _, err := tx.Exec(`UPDATE components SET missing = $2 WHERE id = $1`, p.ID, n); err != nil {
			return false, err
		}
		requiredMissing = requiredMissing || p.Required && n > 0
	}
	_, err = tx.Exec(`UPDATE units SET version = version + 1 WHERE id = $1`, u.ID)
	return requiredMissing, err
}
