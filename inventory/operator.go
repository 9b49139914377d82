package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

type operatorRow struct {
	Operator
	Tax stringMap `db:"tax_numbers"`
}

func (row operatorRow) operator() Operator {
	row.TaxNumbers = row.Tax
	return row.Operator
}

const operatorColumns = `id, slug, legal_name, address, email, phone, tax_numbers, version, privacy_name, privacy_email, privacy_phone`

const selectOperators = `
	SELECT id, slug, legal_name, address, email, phone, tax_numbers, version, privacy_name AS "privacy.name",
	       privacy_email AS "privacy.email", privacy_phone AS "privacy.phone"
	FROM operators `

// Operators lists the legal persons behind the hubs, in order of slug.
func (c *Catalog) Operators(ctx context.Context) ([]Operator, error) {
	return operators(c.db.Reader(ctx))
}

func operators(r database.Reader) ([]Operator, error) {
	var rows []operatorRow
	err := r.Select(&rows, selectOperators+`ORDER BY slug`)
	list := make([]Operator, len(rows))
	for i, row := range rows {
		list[i] = row.operator()
	}
	return list, err
}

// Operator returns the operator with that id or slug.
func (c *Catalog) Operator(ctx context.Context, key string) (Operator, error) {
	return findOperator(c.db.Reader(ctx), key)
}

func findOperator(r database.Reader, key string) (Operator, error) {
	var row operatorRow
	err := r.Get(&row, selectOperators+`WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "operator_not_found", nil)
	}
	return row.operator(), err
}

// CreateOperator makes an operator. It asks for the right to manage the network.
func (c *Catalog) CreateOperator(ctx context.Context, by identity.Actor, e OperatorEdits, k database.Key) (Operator, error) {
	if err := may(by, identity.ManageNetwork, "", ""); err != nil {
		return Operator{}, err
	}
	return once(ctx, c.db, k, func(tx *database.Tx) (Operator, error) {
		return insertOperator(tx, by, e)
	})
}

func insertOperator(tx *database.Tx, by identity.Actor, e OperatorEdits) (Operator, error) {
	o := Operator{ID: database.NewID(), Version: 1}
	if e.LegalName != nil {
		o.Slug = slugOf(*e.LegalName)
	}
	e.apply(&o)
	if err := o.check(); err != nil {
		return Operator{}, err
	}
	rows, err := tx.Exec(`INSERT INTO operators (`+operatorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (slug) DO NOTHING`,
		o.ID, o.Slug, o.LegalName, o.Address, o.Email, o.Phone, stringMap(o.TaxNumbers), o.Version,
		o.Privacy.Name, o.Privacy.Email, o.Privacy.Phone)
	if err == nil && rows == 0 {
		err = slugTaken()
	}
	if err != nil {
		return Operator{}, err
	}
	return o, record(tx, by, "operator.create", o.ID, nil, o)
}

// UpdateOperator edits an operator. It asks for the right to manage the network.
func (c *Catalog) UpdateOperator(ctx context.Context, by identity.Actor, key string, e OperatorEdits, k database.Key) (Operator, error) {
	if err := may(by, identity.ManageNetwork, "", ""); err != nil {
		return Operator{}, err
	}
	return once(ctx, c.db, k, func(tx *database.Tx) (Operator, error) {
		was, err := findOperator(tx, key)
		if err != nil {
			return Operator{}, err
		}
		if err := stale(e.IfVersion, was.Version); err != nil {
			return Operator{}, err
		}
		o := was
		e.apply(&o)
		if err := o.check(); err != nil {
			return Operator{}, err
		}
		if same(was, o) {
			return was, nil
		}
		if err := slugFree(tx, "operators", o.ID, o.Slug); err != nil {
			return Operator{}, err
		}
		o.Version++
		return o, updateOperator(tx, by, was, o)
	})
}

func updateOperator(tx *database.Tx, by identity.Actor, was, o Operator) error {
	rows, err := tx.Exec(`
		UPDATE operators SET slug = $2, legal_name = $3, address = $4, email = $5, phone = $6, tax_numbers = $7, version = $8,
		    privacy_name = $10, privacy_email = $11, privacy_phone = $12
		WHERE id = $1 AND version = $9`,
		o.ID, o.Slug, o.LegalName, o.Address, o.Email, o.Phone, stringMap(o.TaxNumbers), o.Version, was.Version,
		o.Privacy.Name, o.Privacy.Email, o.Privacy.Phone)
	if err == nil && rows == 0 {
		err = fault.New(fault.Stale, "stale", nil)
	}
	if err != nil {
		return err
	}
	return record(tx, by, "operator.update", o.ID, was, o)
}

func (e OperatorEdits) apply(o *Operator) {
	set(&o.Slug, e.Slug)
	setText(&o.LegalName, e.LegalName)
	setText(&o.Address, e.Address)
	setText(&o.Email, e.Email)
	setText(&o.Phone, e.Phone)
	setText(&o.Privacy.Name, e.PrivacyName)
	setText(&o.Privacy.Email, e.PrivacyEmail)
	setText(&o.Privacy.Phone, e.PrivacyPhone)
	if e.TaxNumbers != nil {
		o.TaxNumbers = map[string]string{}
		for name, number := range *e.TaxNumbers {
			o.TaxNumbers[cleanText(name)] = cleanText(number)
		}
	}
}

// setText is set for a text that a person wrote.
func setText(dest *string, value *string) {
	if value != nil {
		*dest = cleanText(*value)
	}
}

func (o Operator) check() error {
	var c check
	c.slug(o.Slug)
	c.required("legal_name", o.LegalName, maxName)
	c.text("address", o.Address, maxText, true)
	c.email("email", o.Email)
	c.line("phone", o.Phone, maxTag)
	c.line("privacy.name", o.Privacy.Name, maxName)
	c.email("privacy.email", o.Privacy.Email)
	c.line("privacy.phone", o.Privacy.Phone, maxTag)
	if len(o.TaxNumbers) > maxLanguages {
		c.refuse("tax_numbers", "too_many_items", fault.Params{"max": maxLanguages})
	}
	for _, name := range slices.Sorted(maps.Keys(o.TaxNumbers)) {
		c.required("tax_numbers", name, maxTag)
		c.line(fmt.Sprintf("tax_numbers.%s", name), o.TaxNumbers[name], maxTag)
	}
	return c.err()
}
