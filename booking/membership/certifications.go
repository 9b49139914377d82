package membership

import (
	"context"
	"errors"
	"fmt"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// A Certification is «may use this sort of machine»: of the network, honoured everywhere,
// or of a hub.
type Certification struct {
	ID           string         `db:"id"`
	Slug         string         `db:"slug"`
	HubID        string         `db:"hub_id"` // "" for the network's
	Name         inventory.Text `db:"name"`
	Description  inventory.Text `db:"description"`
	ValidMonths  int64          `db:"valid_months"`  // how long one that is given counts, 0 for ever
	UnusedMonths int64          `db:"unused_months"` // it lapses after so long without use, 0 never
	Archived     bool           `db:"archived"`      // is not given any more; those given go on counting
	Version      int64          `db:"version"`
}

// CertificationEdits are what may be written of a certification; nil leaves it. Hub is an
// id or a slug, and only for a new one, as the slug is.
type CertificationEdits struct {
	IfVersion                 int64
	Slug, Hub                 *string
	Name, Description         *inventory.Text
	ValidMonths, UnusedMonths *int64
	Archived                  *bool
}

const certificationColumns = `id, slug, hub_id, name, description, valid_months, unused_months, archived, version`

// Certifications lists the certifications of the network and of the hubs, in order of slug;
// archived ones only when asked. Everybody may know them.
func (r *Roster) Certifications(ctx context.Context, archived bool) ([]Certification, error) {
	var list []Certification
	err := r.db.Reader(ctx).Select(&list, `SELECT `+certificationColumns+` FROM certifications WHERE $1 OR NOT archived ORDER BY slug`, archived)
	return list, err
}

// Certification returns the certification with that id or slug, or a NotFound fault,
// certification_not_found.
func (r *Roster) Certification(ctx context.Context, key string) (Certification, error) {
	return findCertification(r.db.Reader(ctx), key)
}

func findCertification(rd database.Reader, key string) (Certification, error) {
	var c Certification
	err := rd.Get(&c, `SELECT `+certificationColumns+` FROM certifications WHERE id = $1 OR slug = $1`, key)
	if errors.Is(err, database.ErrNoRows) {
		err = notFound("certification_not_found")
	}
	return c, err
}

// CreateCertification makes a certification. It asks for ManageTiers at its hub, or over
// the network.
func (r *Roster) CreateCertification(ctx context.Context, by identity.Actor, e CertificationEdits, k database.Key) (Certification, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		hub, err := hubOf(tx, or(e.Hub, ""))
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, hub); err != nil {
			return "", err
		}
		return insertCertification(tx, by, hub, e)
	})
	if err != nil {
		return Certification{}, fmt.Errorf("create certification: %w", err)
	}
	return r.Certification(ctx, id)
}

// LoadCertifications makes many certifications in the caller's transaction, for the demo
// network and for imports, and returns their ids. It asks for no right: its caller has.
func (r *Roster) LoadCertifications(_ context.Context, tx *database.Tx, many []CertificationEdits) ([]string, error) {
	ids := make([]string, len(many))
	for i, e := range many {
		hub, err := hubOf(tx, or(e.Hub, ""))
		if err != nil {
			return nil, err
		}
		if ids[i], err = insertCertification(tx, identity.System, hub, e); err != nil {
			return nil, fmt.Errorf("load certifications: %w", err)
		}
	}
	return ids, nil
}

func insertCertification(tx *database.Tx, by identity.Actor, hub string, e CertificationEdits) (string, error) {
	c := Certification{ID: database.NewID(), HubID: hub, Version: 1}
	set(&c.Slug, e.Slug)
	e.apply(&c)
	if err := c.check(); err != nil {
		return "", err
	}
	n, err := tx.Exec(`INSERT INTO certifications (`+certificationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (slug) DO NOTHING`,
		c.ID, c.Slug, c.HubID, c.Name, c.Description, c.ValidMonths, c.UnusedMonths, c.Archived, c.Version)
	if err == nil && n == 0 {
		err = refused("slug", "slug_taken", nil)
	}
	if err != nil {
		return "", err
	}
	return c.ID, tx.Record(database.Change{By: by.ID, Action: "certification.create", Kind: "certification", Subject: c.ID, After: c.figures()})
}

// ChangeCertification changes a certification. Another ValidMonths counts for those given
// later, another UnusedMonths for all. It asks for ManageTiers at its hub, or over the
// network. Another version than IfVersion is Stale.
func (r *Roster) ChangeCertification(ctx context.Context, by identity.Actor, key string, e CertificationEdits, k database.Key) (Certification, error) {
	id, err := r.once(ctx, k, func(tx *database.Tx) (string, error) {
		was, err := findCertification(tx, key)
		if err != nil {
			return "", err
		}
		if err := allow(tx, by, identity.ManageTiers, was.HubID); err != nil {
			return "", err
		}
		if err := stale(e.IfVersion, was.Version); err != nil {
			return "", err
		}
		if e.Slug != nil && *e.Slug != was.Slug {
			return "", refused("slug", "slug_fixed", nil)
		}
		c := was
		e.apply(&c)
		if err := c.check(); err != nil {
			return "", err
		}
		c.Version++
		n, err := tx.Exec(`UPDATE certifications SET name = $2, description = $3, valid_months = $4, unused_months = $5, archived = $6, version = $7
			WHERE id = $1 AND version = $8`, c.ID, c.Name, c.Description, c.ValidMonths, c.UnusedMonths, c.Archived, c.Version, was.Version)
		if err == nil && n == 0 {
			err = fault.New(fault.Stale, "stale", nil)
		}
		if err != nil {
			return "", err
		}
		return c.ID, tx.Record(database.Change{By: by.ID, Action: "certification.update", Kind: "certification", Subject: c.ID,
			Before: was.figures(), After: c.figures()})
	})
	if err != nil {
		return Certification{}, fmt.Errorf("change certification: %w", err)
	}
	return r.Certification(ctx, id)
}

func (e CertificationEdits) apply(c *Certification) {
	set(&c.Name, e.Name)
	set(&c.Description, e.Description)
	set(&c.ValidMonths, e.ValidMonths)
	set(&c.UnusedMonths, e.UnusedMonths)
	set(&c.Archived, e.Archived)
}

func (c Certification) check() error {
	var f form
	if !slugForm.MatchString(c.Slug) || len(c.Slug) > 80 {
		f.no("slug", "bad_slug", nil)
	}
	f.texts("name", c.Name, longestName, true)
	f.texts("description", c.Description, longestText, false)
	f.between("valid_months", &c.ValidMonths, 0, 600)
	f.between("unused_months", &c.UnusedMonths, 0, 600)
	return f.err()
}

func (c Certification) figures() map[string]any {
	return map[string]any{"slug": c.Slug, "hub": c.HubID, "valid_months": c.ValidMonths, "unused_months": c.UnusedMonths,
		"archived": c.Archived, "version": c.Version}
}
