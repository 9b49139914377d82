package inventory

import (
	"errors"

	"canot/internal/database"
	"canot/internal/fault"
)

// resource takes one line of a file of resources.
func (i importer) resource(l line) (verdict, error) {
	if l.cells["hub"] == "" {
		l.check.refuse("hub", "required", nil)
	}
	if l.name() == "" {
		l.check.refuse("name_fr", "required", nil)
	}
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	p, err := governed(i.tx, i.by, l.cells["hub"])
	if fault.KindOf(err) == fault.NotFound {
		l.check.refuse("hub", "unknown_hub", nil)
		return verdict{}, l.check.err()
	}
	if err != nil {
		return verdict{}, err
	}
	was, known, err := i.resourceAt(p.ID, l.name())
	if err != nil {
		return verdict{}, err
	}
	if !known {
		was = Resource{HubID: p.ID}
	}
	e, units, err := i.resourceEdits(l, was, known)
	if err != nil {
		return verdict{}, err
	}
	if e.Slug != nil && !known {
		if err := slugFree(i.tx, "resources", was.ID, *e.Slug); err != nil {
			return verdict{}, err
		}
	}
	if e.Category != nil {
		if err := i.category(*e.Category); err != nil {
			return verdict{}, err
		}
	}
	v, err := i.writeResource(p.ID, was.ID, known, e, units)
	if err != nil {
		return verdict{}, err
	}
	more, err := i.missingCertifications(e)
	v.warnings = append(v.warnings, more...)
	return v, err
}

// missingCertifications warns of certifications that a line asks for and that nobody has
// made yet. The line stands: until they are made and given, nobody may book.
func (i importer) missingCertifications(e ResourceEdits) ([]fault.Violation, error) {
	if e.Policy.Certifications == nil {
		return nil, nil
	}
	unknown, err := strangers(i.tx, "certifications", *e.Policy.Certifications)
	var c check
	for _, slug := range unknown {
		c.refuse("certification", "unknown_certification", fault.Params{"slug": slug})
	}
	return c.violations, err
}

// resourceAt finds a resource of a hub by its name, whatever its case and accents.
func (i importer) resourceAt(hubID, name string) (Resource, bool, error) {
	var id string
	err := i.tx.Get(&id, `SELECT id FROM resources WHERE hub_id = $1 AND name_key = $2 AND NOT awaited`, hubID, Fold(name))
	if errors.Is(err, database.ErrNoRows) {
		return Resource{}, false, nil
	}
	if err != nil {
		return Resource{}, false, err
	}
	x, err := findResource(i.tx, id)
	return x, true, err
}

func (i importer) writeResource(hubID, id string, known bool, e ResourceEdits, units *int) (verdict, error) {
	v := verdict{outcome: Unchanged}
	var x Resource
	var err error
	if !known {
		x, err = insertResource(i.tx, i.by, hubID, e)
		v.outcome = Created
	} else {
		var changed bool
		if x, changed, err = editResource(i.tx, i.by, id, e); changed {
			v.outcome = Changed
		}
	}
	if err != nil || units == nil {
		return v, err
	}
	added, spare, err := i.fillUnits(x, *units)
	if err != nil {
		return v, err
	}
	if added > 0 && known {
		v.outcome = Changed
	}
	if spare > 0 {
		v.warnings = append(v.warnings, fault.Violation{Code: "units_kept",
			Params: fault.Params{"field": "units", "wanted": *units, "found": *units + spare}})
	}
	return v, nil
}

// fillUnits adds units up to the wanted number, and says how many there are beyond it: a
// file never takes a unit away. Retired ones do not count.
func (i importer) fillUnits(x Resource, wanted int) (added, spare int, err error) {
	var have int
	if err := i.tx.Get(&have, `SELECT COUNT(*) FROM units WHERE resource_id = $1 AND status = 'in_service'`, x.ID); err != nil {
		return 0, 0, err
	}
	if have >= wanted {
		return 0, have - wanted, nil
	}
	codes, err := freeCodes(i.tx, x, wanted-have)
	if err != nil {
		return 0, 0, err
	}
	for _, code := range codes {
		if _, err := insertUnit(i.tx, i.by, x, UnitEdits{Code: &code}, InService); err != nil {
			return 0, 0, err
		}
	}
	return wanted - have, 0, bumpRules(i.tx, x.ID)
}

// resourceEdits reads the line, and checks the resource as it would be but for what it
// refers to.
func (i importer) resourceEdits(l line, was Resource, known bool) (ResourceEdits, *int, error) {
	e := ResourceEdits{
		Slug: l.word("slug"), Category: l.word("category"), Kind: (*Kind)(l.word("kind")),
		Name: l.texts("name", was.Name), Description: l.texts("description", was.Description), Bring: l.texts("bring", was.Bring), Notes: l.text("notes"),
		Capacity: l.integer("capacity"), Floor: l.text("floor"), Accessibility: l.texts("accessibility", was.Accessibility),
		Tags: l.list("tags"), Archived: l.yesOrNo("archived"), inFile: true,
	}
	if cents := l.integer("price_cents_per_hour"); cents != nil {
		price := int64(*cents)
		e.PricePerHour = &price
	}
	// What a file notes of a new thing is all there is to describe it with.
	if notes := l.word("notes"); !known && e.Description == nil && notes != nil {
		e.Description = &Text{"fr": *notes}
	}
	units := l.integer("units")
	if units != nil {
		l.check.between("units", *units, 0, maxUnits)
	}
	x := was
	if known {
		l.check.sameSlug(e.Slug, was.Slug)
	} else {
		x.Slug = "new"
		if e.Category == nil {
			l.check.refuse("category", "required", nil)
		}
	}
	e.write(&x)
	if err := i.policyOf(l, &e, &x, known); err != nil {
		return e, units, err
	}
	x.CategoryID = "?" // judged by category
	x.check(l.check)
	return e, units, l.check.err()
}

// policyOf reads the columns of the policy into the edits, and gives it to x. Of a
// resource that is there, a cell that says what holds already is nobody's edit: else a
// file that was taken out and put back would take the policy from the layers. An empty
// list says that the resource itself asks for nothing of the sort.
func (i importer) policyOf(l line, e *ResourceEdits, x *Resource, known bool) error {
	if e.Category != nil {
		n, err := categoryTable.find(i.tx, *e.Category)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		x.CategoryID = n.ID
	}
	above, err := layersOver(i.tx, x.HubID, x.CategoryID)
	if err != nil {
		return err
	}
	e.Policy = l.policyEdits().clean()
	var empty []string
	if known {
		x.govern(above, nil, PolicyEdits{})
		e.Policy = e.Policy.differing(x.Policy)
	}
	for n, list := range e.Policy.lists() {
		if list != nil && len(*list) == 0 {
			empty = append(empty, []string{"certifications", "tiers", "approval_tiers", "conditions"}[n])
		}
	}
	if e.Policy = e.Policy.without(empty); len(empty) > 0 {
		e.Inherit = &empty
	}
	x.govern(above, empty, e.Policy)
	return nil
}

// policyEdits reads the columns of a policy.
func (l line) policyEdits() PolicyEdits {
	return PolicyEdits{
		Grain: l.integer("grain_min"), Shortest: l.integer("min_min"), Longest: l.integer("max_min"),
		Notice: l.integer("notice_min"), Horizon: l.integer("horizon_days"),
		BufferBefore: l.integer("buffer_before_min"), BufferAfter: l.integer("buffer_after_min"),
		CancelCutoff: l.integer("cancel_cutoff_min"), Within: (*Within)(l.word("within")),
		Approval: l.yesOrNo("approval"), Competing: l.yesOrNo("competing"), Certifications: l.list("certification"),
		AnyCertification: l.yesOrNo("any_certification"), Tiers: l.list("tiers"), ApprovalTiers: l.list("approval_tiers"),
		ApprovalAbove: l.integer("approval_above_min"), AnswerWithin: l.integer("answer_within_min"),
		MinimumAge: l.integer("minimum_age"), ConsentUnder: l.integer("consent_under"),
		Attendance: l.integer("attendance"), Conditions: l.list("conditions"),
		NoShowAfter: l.integer("no_show_after_min"), Signature: l.yesOrNo("signature"),
	}
}

// category makes a category that is not there yet.
func (i importer) category(slug string) error {
	return i.ensure("categories", "category", slug, func() error {
		name := categoryName(slug)
		_, err := categoryTable.insert(i.tx, i.by, NamedEdits{Slug: &slug, Name: &name})
		return err
	})
}

// unit takes one line of a file of units.
func (i importer) unit(l line) (verdict, error) {
	u, err := findUnit(i.tx, l.cells["code"])
	known := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return verdict{}, err
	}
	key := l.cells["resource"]
	if known && key == "" {
		key = u.ResourceID
	}
	x, err := seenResource(i.tx, key)
	if fault.KindOf(err) == fault.NotFound {
		l.check.refuse("resource", "unknown_resource", nil)
		return verdict{}, l.check.err()
	}
	if err != nil {
		return verdict{}, err
	}
	status, e := l.unitStatus(u, x, known), l.unitEdits()
	if known && x.ID == u.ResourceID && status == u.Status && l.check.err() == nil {
		e.Code = nil // it is by its code that the line found it
		is := u
		e.write(&is)
		if err := i.mayWrite(u, x.HubID, same(u, is)); err != nil || same(u, is) {
			return verdict{outcome: Unchanged}, err
		}
	} else if _, err := governed(i.tx, i.by, x.HubID); err != nil {
		return verdict{}, err
	}
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	if !known {
		if _, err := insertUnit(i.tx, i.by, x, e, status); err != nil {
			return verdict{}, err
		}
		return verdict{outcome: Created}, bumpRules(i.tx, x.ID)
	}
	_, changed, err := editUnit(i.tx, i.by, u, e)
	if changed {
		return verdict{outcome: Changed}, err
	}
	return verdict{outcome: Unchanged}, err
}

// mayWrite asks for the right to write a unit that is booked at a hub. A line that says what is there
// already asks for none of whose hub it is at home at: a hub's own file goes in again, though some of its
// units are lent to another. What the file of the home hub changes of such a unit is refused, with why.
func (i importer) mayWrite(u Unit, hubID string, unchanged bool) error {
	_, err := governed(i.tx, i.by, hubID)
	if err == nil || hubID == u.HomeHubID {
		return err
	}
	if _, home := governed(i.tx, i.by, u.HomeHubID); home != nil {
		return err
	}
	if unchanged {
		return nil
	}
	var c check
	c.refuse("code", "unit_lent", nil)
	return c.err()
}

// unitEdits reads the columns of a unit.
func (l line) unitEdits() UnitEdits {
	e := UnitEdits{Code: l.word("code"), Serial: l.text("serial"), Condition: l.text("condition"), Shelf: l.text("shelf"),
		Supplier: l.text("supplier"), PurchasedOn: l.text("purchased_on"), WarrantyUntil: l.text("warranty_until"), Notes: l.text("notes")}
	if cents := l.integer("value_cents"); cents != nil {
		value := int64(*cents)
		e.ValueCents = &value
	}
	return e
}

// unitStatus returns the status of a new unit, and refuses what a file may not do to one
// that is there: move it to another resource, retire it, take it back into service.
func (l line) unitStatus(u Unit, x Resource, known bool) string {
	if l.cells["code"] == "" {
		l.check.refuse("code", "required", nil)
	}
	status := InService
	if s := l.word("status"); s != nil {
		l.check.oneOf("status", *s, InService, Retired)
		status = *s
	} else if known {
		status = u.Status
	}
	if known && x.ID != u.ResourceID {
		l.check.refuse("resource", "not_by_import", nil)
	}
	if known && status != u.Status {
		l.check.refuse("status", "not_by_import", nil)
	}
	return status
}
