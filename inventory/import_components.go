package inventory

import (
	"slices"
	"strconv"
	"strings"

	"canot/internal/database"
	"canot/internal/fault"
)

// component takes one line of a file of components: it adds one to the unit that the line names by
// its code, or edits the one of that name. A file takes none away, and counts none: how many are
// missing is found out at the counter.
func (i importer) component(l line) (verdict, error) {
	if l.cells["unit"] == "" {
		l.check.refuse("unit", "required", nil)
	}
	if l.name() == "" {
		l.check.refuse("name_fr", "required", nil)
	}
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	u, err := findUnit(i.tx, l.cells["unit"])
	if fault.KindOf(err) == fault.NotFound || err == nil && FoldCode(u.Code) != FoldCode(l.cells["unit"]) {
		l.check.refuse("unit", "unknown_unit", nil)
		return verdict{}, l.check.err()
	}
	if err != nil {
		return verdict{}, err
	}
	parts := slices.Clone(u.Components)
	at := slices.IndexFunc(parts, func(p Component) bool { return Fold(p.Name.In("fr")) == Fold(l.name()) })
	outcome := Changed
	if at < 0 {
		parts, at, outcome = append(parts, Component{Quantity: 1}), len(parts), Created
	}
	l.writeComponent(&parts[at])
	if err := l.check.err(); err != nil {
		return verdict{}, err
	}
	return i.writeParts(u, parts, outcome)
}

// writeComponent reads the columns of a component.
func (l line) writeComponent(p *Component) {
	if t := l.texts("name", p.Name); t != nil {
		p.Name = *t
	}
	if n := l.integer("quantity"); n != nil {
		p.Quantity = *n
	}
	if b := l.yesOrNo("required"); b != nil {
		p.Required = *b
	}
	if n := l.integer("missing"); n != nil && *n != p.Missing {
		l.check.refuse("missing", "not_by_import", nil)
	}
}

func (i importer) writeParts(u Unit, wanted []Component, outcome string) (verdict, error) {
	parts, err := ComponentEdits{Parts: wanted}.parts(u)
	if f := fault.Of(err); f != nil {
		for n, v := range f.Violations {
			// Columns have no number.
			field, _ := v.Params["field"].(string)
			f.Violations[n].Params["field"] = field[strings.LastIndexByte(field, '.')+1:]
		}
	}
	if err != nil {
		return verdict{}, err
	}
	x, err := findResource(i.tx, u.ResourceID)
	if err == nil {
		err = i.mayWrite(u, x.HubID, same(u.Components, parts))
	}
	if err != nil || same(u.Components, parts) {
		return verdict{outcome: Unchanged}, err
	}
	was := figures(componentCounts(u.Components))
	u.Components = parts
	if err := writeComponents(i.tx, u); err != nil {
		return verdict{}, err
	}
	if err := record(i.tx, i.by, "unit.components", u.ID, was, componentCounts(parts)); err != nil || i.follow == nil {
		return verdict{outcome: outcome}, err
	}
	return verdict{outcome: outcome}, i.follow(i.tx, u.ID)
}

// componentToExport is a component with the code of its unit.
type componentToExport struct {
	Component
	Code string `db:"code" json:"code"`
}

func componentsToExport(r database.Reader, hubID string) ([]componentToExport, error) {
	parts := []componentToExport{}
	err := r.Select(&parts, `
		SELECT c.id, c.unit_id, c.name, c.quantity, c.missing, c.required, u.code FROM components c JOIN units u ON u.id = c.unit_id
		WHERE u.home_hub_id = $1 OR u.current_hub_id = $1 OR $1 = '' ORDER BY u.code, c.id`, hubID)
	return parts, err
}

func componentSheet(parts []componentToExport) sheet {
	s := sheet{plain: fileKinds[componentFile].plain, header: []string{"unit", "quantity", "missing", "required"}, rows: make([]map[string]string, len(parts))}
	var names []Text
	for i, p := range parts {
		names = append(names, p.Name)
		s.rows[i] = map[string]string{"unit": p.Code, "quantity": strconv.Itoa(p.Quantity), "missing": strconv.Itoa(p.Missing), "required": yesNo(p.Required)}
	}
	s.textColumns("name", names)
	return s
}
