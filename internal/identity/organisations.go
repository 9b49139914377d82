package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// Sectors are the three in which the network's organisations work.
var Sectors = []string{"savoir", "affaires", "culture"}

// An Organisation is a body for which its delegates book, on its own memberships and credits.
type Organisation struct {
	ID        string    `db:"id"`
	Name      string    `db:"name"`      // no two have the same, however capitalised
	Sector    string    `db:"sector"`    // one of Sectors
	Clientele string    `db:"clientele"` // one of Clienteles
	Email     string    `db:"email"`     // may be empty
	Phone     string    `db:"phone"`     // may be empty
	HubID     string    `db:"hub_id"`    // whose staff know it, "" for the network's
	Active    bool      `db:"active"`    // nobody books for one that is not
	CreatedAt time.Time `db:"created_at"`
	Version   int64     `db:"version"`
}

const organisationColumns = `o.id, o.name, o.sector, o.clientele, o.email, o.phone, COALESCE(o.hub_id, '') AS hub_id, o.active, o.created_at, o.version`

// OrganisationEdits is what to write of an organisation; nil leaves a field as it is. A new one needs
// a name and a sector.
type OrganisationEdits struct {
	IfVersion int64 // the version that was read; 0 for any

	Name      *string // at most 120 characters
	Sector    *string
	Clientele *string
	Email     *string
	Phone     *string // at most 40 characters
	HubID     *string
	Active    *bool
}

// on returns o with the edits, and the names of the fields that they change.
func (e OrganisationEdits) on(o Organisation) (n Organisation, fields []string, err error) {
	n = o
	var f form
	if e.Name != nil {
		n.Name = f.text("name", *e.Name, longestName)
	}
	f.required("name", n.Name)
	if e.Sector != nil {
		n.Sector = *e.Sector
	}
	if f.required("sector", n.Sector); n.Sector != "" && !slices.Contains(Sectors, n.Sector) {
		f.refuse("sector", "bad_sector")
	}
	if e.Clientele != nil {
		n.Clientele = *e.Clientele
		f.clientele("clientele", n.Clientele)
	}
	if e.Email != nil {
		n.Email = f.email("email", *e.Email)
	}
	if e.Phone != nil {
		n.Phone = f.text("phone", *e.Phone, longestPhone)
	}
	if e.HubID != nil {
		n.HubID = *e.HubID
	}
	if e.Active != nil {
		n.Active = *e.Active
	}
	for _, field := range []struct {
		name    string
		changed bool
	}{
		{"name", n.Name != o.Name}, {"sector", n.Sector != o.Sector}, {"clientele", n.Clientele != o.Clientele}, {"email", n.Email != o.Email},
		{"phone", n.Phone != o.Phone}, {"hub", n.HubID != o.HubID}, {"active", n.Active != o.Active},
	} {
		if field.changed {
			fields = append(fields, field.name)
		}
	}
	return n, fields, f.fault()
}

// CreateOrganisation registers an organisation. It asks for ManageMembers at its hub, or over the
// network when it has none. Fields that cannot be read are told together, as Malformed; a name that
// another has is Refused, organisation_known. Repeated with its key, it returns the one made the
// first time as it is now.
func (d *Directory) CreateOrganisation(ctx context.Context, by Actor, e OrganisationEdits, k database.Key) (Organisation, error) {
	o, _, err := e.on(Organisation{Active: true})
	if err != nil {
		return Organisation{}, err
	}
	id, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		if err := mayRegister(tx, by, o.HubID); err != nil {
			return "", err
		}
		o.ID = database.NewID()
		written, err := tx.Exec(`INSERT INTO organisations (id, name, name_key, sector, clientele, email, phone, hub_id, active, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name_key) DO NOTHING`,
			o.ID, o.Name, foldName(o.Name), o.Sector, o.Clientele, o.Email, o.Phone, orNull(o.HubID), o.Active, tx.Now)
		if err != nil {
			return "", err
		}
		if written == 0 {
			return "", organisationKnown()
		}
		return o.ID, tx.Record(database.Change{
			By: by.ID, Action: "organisation.create", Kind: "organisation", Subject: o.ID, After: o.figures(nil),
		})
	})
	if err != nil {
		return Organisation{}, fmt.Errorf("create organisation: %w", err)
	}
	return organisationByID(d.db.Reader(ctx), id)
}

// ChangeOrganisation changes an organisation. It asks for ManageMembers at its hub, and at the one
// that it moves to; to who may not see it it is NotFound, organisation_not_found. Another version than
// IfVersion is Stale, a name that another has Refused, organisation_known. Repeated with its key, it
// returns the organisation as it is now.
func (d *Directory) ChangeOrganisation(ctx context.Context, by Actor, id string, e OrganisationEdits, k database.Key) (Organisation, error) {
	if !storable(id) {
		return Organisation{}, organisationNotFound()
	}
	_, err := database.OnceIn(ctx, d.db, k, func(tx *database.Tx) (string, error) {
		if err := tx.Lock("organisations", id); err != nil {
			return "", err
		}
		by, err := current(tx, by)
		if err != nil {
			return "", err
		}
		o, err := seenOrganisation(tx, by, id)
		if err != nil {
			return "", err
		}
		if err := mayRegister(tx, by, o.HubID); err != nil {
			return "", err
		}
		if e.IfVersion != 0 && e.IfVersion != o.Version {
			return "", fault.New(fault.Stale, "stale", fault.Params{"version": o.Version})
		}
		n, fields, err := e.on(o)
		if err != nil || len(fields) == 0 {
			return id, err
		}
		if err := mayRegister(tx, by, n.HubID); err != nil {
			return "", err
		}
		return id, writeOrganisation(tx, by, o, n, fields)
	})
	if err != nil {
		return Organisation{}, fmt.Errorf("change organisation: %w", err)
	}
	return organisationByID(d.db.Reader(ctx), id)
}

func writeOrganisation(tx *database.Tx, by Actor, o, n Organisation, fields []string) error {
	var others int
	key := foldName(n.Name)
	if err := tx.Get(&others, `SELECT count(*) FROM organisations WHERE name_key = $1 AND id <> $2`, key, o.ID); err != nil {
		return err
	}
	if others > 0 {
		return organisationKnown()
	}
	_, err := tx.Exec(`UPDATE organisations SET name = $2, name_key = $3, sector = $4, clientele = $5, email = $6, phone = $7, hub_id = $8,
		active = $9, standing = standing + 1, version = version + 1 WHERE id = $1`,
		o.ID, n.Name, key, n.Sector, n.Clientele, n.Email, n.Phone, orNull(n.HubID), n.Active)
	if database.Constraint(err) == "organisations_name_unique" { // somebody was quicker
		return organisationKnown()
	}
	if err != nil {
		return err
	}
	return tx.Record(database.Change{
		By: by.ID, Action: "organisation.change", Kind: "organisation", Subject: o.ID, Before: o.figures(nil), After: n.figures(fields),
	})
}

// figures is what the log says of an organisation: nothing that may be of a person.
func (o Organisation) figures(set []string) map[string]any {
	figures := map[string]any{"hub": o.HubID, "sector": o.Sector, "clientele": o.Clientele, "active": o.Active}
	if set != nil {
		figures["set"] = set
	}
	return figures
}

// mayRegister asks that by manages members at a hub, or over the network.
func mayRegister(r database.Reader, by Actor, hubID string) error {
	region, err := regionOf(r, hubID)
	if err != nil {
		return err
	}
	if !by.May(ManageMembers, hubID, region) {
		return Denied(by)
	}
	return nil
}

// An OrganisationQuery asks for organisations.
type OrganisationQuery struct {
	Mine  bool   // those for which the caller may act, wherever they are
	HubID string // else those of a hub, "" for all of the network
	Limit int    // 0 means 50
	After string // the cursor that the page before gave
}

// Organisations lists organisations in order of id, and the cursor of the next page, "" at the end.
// One's own everybody may have; the others ask for ViewPersons at the hub, or over the network. A
// cursor that no page gave is Malformed.
func (d *Directory) Organisations(ctx context.Context, by Actor, q OrganisationQuery) (list []Organisation, next string, err error) {
	r := d.db.Reader(ctx)
	mine := ""
	if q.Mine {
		mine, q.HubID = by.ID, ""
	}
	region, err := regionOf(r, q.HubID)
	if err != nil {
		return nil, "", err
	}
	if !by.Known() || !q.Mine && !by.May(ViewPersons, q.HubID, region) {
		return nil, "", Denied(by)
	}
	if q.After != "" && !idForm.MatchString(q.After) {
		return nil, "", fault.Field("cursor", "bad_cursor")
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	err = r.Select(&list, `SELECT `+organisationColumns+` FROM organisations o WHERE o.id > $1 AND ($2 = '' OR o.hub_id = $2)
		AND ($3 = '' OR o.id IN (SELECT organisation_id FROM organisation_members WHERE member_id = $3)) ORDER BY o.id LIMIT $4`,
		q.After, q.HubID, mine, q.Limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list organisations: %w", err)
	}
	if len(list) > q.Limit {
		list = list[:q.Limit]
		next = list[q.Limit-1].ID
	}
	return list, next, nil
}

// Organisation returns the one of that id to its delegates and to who may see persons at its hub; to
// others it is NotFound, organisation_not_found.
func (d *Directory) Organisation(ctx context.Context, by Actor, id string) (Organisation, error) {
	return seenOrganisation(d.db.Reader(ctx), by, id)
}

func seenOrganisation(r database.Reader, by Actor, id string) (Organisation, error) {
	o, err := organisationByID(r, id)
	if err != nil {
		return Organisation{}, err
	}
	region, err := regionOf(r, o.HubID)
	if err != nil || by.May(ViewPersons, o.HubID, region) {
		return o, err
	}
	delegate, _, err := delegation(r, by.ID, id)
	if err == nil && !delegate {
		err = organisationNotFound()
	}
	if err != nil {
		return Organisation{}, err
	}
	return o, nil
}

func organisationByID(r database.Reader, id string) (Organisation, error) {
	var o Organisation
	err := database.ErrNoRows
	if storable(id) {
		err = r.Get(&o, `SELECT `+organisationColumns+` FROM organisations o WHERE o.id = $1`, id)
	}
	if errors.Is(err, database.ErrNoRows) {
		return Organisation{}, organisationNotFound()
	}
	if err != nil {
		return Organisation{}, fmt.Errorf("read organisation: %w", err)
	}
	return o, nil
}

func organisationNotFound() error { return fault.New(fault.NotFound, "organisation_not_found", nil) }
func organisationKnown() error    { return fault.New(fault.Refused, "organisation_known", nil) }
