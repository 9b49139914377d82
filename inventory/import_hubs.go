package inventory

import (
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory/hours"
)

// hub takes one line of a file of hubs.
func (i importer) hub(l line) (verdict, error) {
	was, err := findHub(i.tx, l.cells["slug"])
	known := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return verdict{}, err
	}
	if known {
		if err := may(i.by, identity.ManageInventory, was.ID, was.RegionID); err != nil {
			return verdict{}, err
		}
		if err := l.belongs("slug", was.Slug); err != nil {
			return verdict{}, err
		}
	} else {
		was = Hub{Languages: []string{"fr"}, Currency: "CAD", Wheelchair: "unknown", SuspendDays: usualSuspension}
	}
	e, week, err := l.hubEdits(was, known)
	if err != nil {
		return verdict{}, err
	}
	if known {
		// Before the region and the operator are made, for a refused line writes nothing.
		if err := e.keep(i.tx, l.check, was); err != nil {
			return verdict{}, err
		}
		if err := l.check.err(); err != nil {
			return verdict{}, err
		}
	}
	if err := i.hubReferences(e); err != nil {
		return verdict{}, err
	}
	return i.writeHub(was.ID, known, e, week)
}

func (i importer) writeHub(id string, known bool, e HubEdits, week *hours.Week) (verdict, error) {
	v := verdict{outcome: Unchanged}
	if !known {
		h, err := insertHub(i.tx, i.by, e)
		if err != nil {
			return verdict{}, err
		}
		id, v.outcome = h.ID, Created
	} else if _, changed, err := editHub(i.tx, i.by, id, e); err != nil {
		return verdict{}, err
	} else if changed {
		v.outcome = Changed
	}
	if week != nil {
		changed, err := writeWeek(i.tx, i.by, id, "", *week)
		if err != nil {
			return verdict{}, err
		}
		if changed && known {
			v.outcome = Changed
		}
	}
	h, err := findHub(i.tx, id)
	if err == nil && h.Week.String() == "" {
		v.warnings = append(v.warnings, fault.Violation{Code: "hub_without_hours", Params: fault.Params{"field": "hours"}})
	}
	return v, err
}

// belongs refuses a line whose key found a row by its id: keys in files are for people.
func (l line) belongs(column, slug string) error {
	if l.cells[column] != slug {
		l.check.unreadable(column, "bad_slug")
	}
	return l.check.err()
}

// hubEdits reads the line, and checks the hub as it would be but for what it refers to.
func (l line) hubEdits(was Hub, known bool) (HubEdits, *hours.Week, error) {
	e := HubEdits{
		Slug: l.word("slug"), Region: l.word("region"), Operator: l.word("operator"),
		Name: l.texts("name", was.Name), Town: l.text("town"), Province: l.text("province"), Address: l.text("address"),
		Latitude: l.decimal("latitude"), Longitude: l.decimal("longitude"), TimeZone: l.word("time_zone"),
		Currency: l.word("currency"), TaxJurisdiction: l.text("tax_jurisdiction"), Phone: l.text("phone"), Email: l.text("email"),
		Access: l.texts("access", was.Access), Wheelchair: l.word("wheelchair"),
		Accessibility: l.texts("accessibility", was.Accessibility),
		SuspendAfter:  l.integer("suspend_after"), SuspendDays: l.integer("suspend_days"),
	}
	if languages := l.list("languages"); languages != nil && len(*languages) > 0 {
		e.Languages = languages
	}
	var week *hours.Week
	if text, given := l.cells["hours"]; given {
		w, err := hours.ParseWeek(text)
		if err != nil {
			l.check.unreadable("hours", "bad_hours")
		}
		week = &w
	}
	if !known {
		for _, column := range []string{"latitude", "longitude", "region", "operator"} {
			if l.cells[column] == "" {
				l.check.refuse(column, "required", nil)
			}
		}
	}
	h := was
	e.write(&h)
	h.RegionID, h.OperatorID = "?", "?" // judged by hubReferences
	h.check(l.check)
	return e, week, l.check.err()
}

// hubReferences makes the region and the operator that are not there yet.
func (i importer) hubReferences(e HubEdits) error {
	if e.Region != nil {
		err := i.ensure("regions", "region", *e.Region, func() error {
			name := regionName(*e.Region)
			_, err := regionTable.insert(i.tx, i.by, NamedEdits{Slug: e.Region, Name: &name})
			return err
		})
		if err != nil {
			return err
		}
	}
	if e.Operator == nil {
		return nil
	}
	return i.ensure("operators", "operator", *e.Operator, func() error {
		name := titleOf(*e.Operator)
		_, err := insertOperator(i.tx, i.by, OperatorEdits{Slug: e.Operator, LegalName: &name})
		return err
	})
}
