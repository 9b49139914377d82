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
	e, units, err := l.resourceEdits(was, known)
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
	return i.writeResource(p.ID, was.ID, known, e, units)
}

// resourceAt finds a resource of a hub by its name, whatever its case and accents.
func (i importer) resourceAt(hubID, name string) (Resource, bool, error) {
	var id string
	err := i.tx.Get(&id, `SELECT id FROM resources WHERE hub_id = $1 AND name_key = $2`, hubID, Fold(name))
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
func (l line) resourceEdits(was Resource, known bool) (ResourceEdits, *int, error) {
	e := ResourceEdits{
		Slug: l.word("slug"), Category: l.word("category"), Kind: (*Kind)(l.word("kind")),
		Name: l.texts("name", was.Name), Description: l.texts("description", was.Description), Notes: l.text("notes"),
		Capacity: l.integer("capacity"), Floor: l.text("floor"), Accessibility: l.texts("accessibility", was.Accessibility),
		Tags: l.list("tags"), Archived: l.yesOrNo("archived"),
		Policy: PolicyEdits{
			Grain: l.integer("grain_min"), Shortest: l.integer("min_min"), Longest: l.integer("max_min"),
			Notice: l.integer("notice_min"), Horizon: l.integer("horizon_days"),
			BufferBefore: l.integer("buffer_before_min"), BufferAfter: l.integer("buffer_after_min"),
			CancelCutoff: l.integer("cancel_cutoff_min"), Within: (*Within)(l.word("within")),
			Approval: l.yesOrNo("approval"), Competing: l.yesOrNo("competing"), Certifications: l.list("certification"),
		},
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
		set(&x.Kind, e.Kind)
		x.Policy = defaultPolicy(x.Kind)
		x.Slug = "new"
		if e.Category == nil {
			l.check.refuse("category", "required", nil)
		}
	}
	e.write(&x)
	x.CategoryID = "?" // judged by category
	x.check(l.check)
	return e, units, l.check.err()
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
	x, err := findResource(i.tx, key)
	if fault.KindOf(err) == fault.NotFound {
		l.check.refuse("resource", "unknown_resource", nil)
		return verdict{}, l.check.err()
	}
	if err != nil {
		return verdict{}, err
	}
	if _, err := governed(i.tx, i.by, x.HubID); err != nil {
		return verdict{}, err
	}
	status := l.unitStatus(u, x, known)
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	e := UnitEdits{Code: l.word("code"), Serial: l.text("serial"), Condition: l.text("condition")}
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
