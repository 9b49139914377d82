package inventory

import (
	"context"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// A Condition is one version of terms of use that a policy may ask a person to accept.
// A published text never changes: another text is another version, and the data base
// refuses anything else, so that what somebody accepted can always be read again.
type Condition struct {
	ID          string    `db:"id" json:"id"`
	Slug        string    `db:"slug" json:"slug"`
	HubID       string    `db:"hub_id" json:"hub"` // "" for terms of the whole network
	Name        Text      `db:"name" json:"name"`
	Version     int64     `db:"version" json:"version"` // of the text, from 1
	Latest      int64     `db:"latest" json:"latest"`   // the version that is asked for now
	Text        Text      `db:"text" json:"text,omitempty"`
	PublishedAt time.Time `db:"published_at" json:"published_at"`
}

// maxTerms bounds the text of terms of use, in characters.
const maxTerms = 20_000

const selectConditions = `
	SELECT c.id, c.slug, c.hub_id, c.name, t.version, c.version AS latest, t.text, t.created_at AS published_at
	FROM conditions c JOIN condition_texts t ON t.condition_id = c.id `

// Conditions lists all terms of use in their latest version, in order of slug.
func (c *Catalog) Conditions(ctx context.Context) ([]Condition, error) {
	list := []Condition{}
	err := c.db.Reader(ctx).Select(&list, selectConditions+`WHERE t.version = c.version ORDER BY c.slug`)
	return list, err
}

// Condition returns one version of the terms with that id or slug; version 0 is the
// latest. Everybody may read them, the versions of old too.
func (c *Catalog) Condition(ctx context.Context, key string, version int64) (Condition, error) {
	return findCondition(c.db.Reader(ctx), key, version)
}

func findCondition(r database.Reader, key string, version int64) (Condition, error) {
	var x Condition
	err := r.Get(&x, selectConditions+`
		WHERE (c.id = $1 OR c.slug = $1) AND (t.version = $2 OR $2 = 0 AND t.version = c.version)`, key, version)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "condition_not_found", nil)
	}
	return x, err
}

// CreateCondition publishes the first version of new terms of use. It asks for the right
// to manage the inventory of the hub that the edits name, or the network when none is.
func (c *Catalog) CreateCondition(ctx context.Context, by identity.Actor, e ConditionEdits, k database.Key) (Condition, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Condition, error) {
		x := Condition{ID: database.NewID(), Version: 1}
		if e.Hub != nil && *e.Hub != "" {
			h, err := governed(tx, by, *e.Hub)
			if err != nil {
				return Condition{}, err
			}
			x.HubID = h.ID
		} else if err := may(by, identity.ManageNetwork, "", ""); err != nil {
			return Condition{}, err
		}
		if e.Name != nil {
			x.Slug = slugOf(e.Name.In("fr"))
		}
		set(&x.Slug, e.Slug)
		e.write(&x)
		if err := x.check(); err != nil {
			return Condition{}, err
		}
		rows, err := tx.Exec(`
			INSERT INTO conditions (id, slug, hub_id, name, created_at, version) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (slug) DO NOTHING`, x.ID, x.Slug, x.HubID, x.Name, tx.Now, x.Version)
		if err == nil && rows == 0 {
			err = slugTaken()
		}
		if err != nil {
			return Condition{}, err
		}
		return publish(tx, by, x, "condition.create")
	})
}

// PublishCondition publishes another text of terms of use, which from then on is asked
// for, and with it perhaps another name. What holds already is left alone. It asks for the
// rights that making them asks for.
func (c *Catalog) PublishCondition(ctx context.Context, by identity.Actor, key string, e ConditionEdits, k database.Key) (Condition, error) {
	return once(ctx, c.db, k, func(tx *database.Tx) (Condition, error) {
		was, err := findCondition(tx, key, 0)
		if err != nil {
			return Condition{}, err
		}
		if err := mayPublish(tx, by, was); err != nil {
			return Condition{}, err
		}
		// The lock: who comes second goes on from what the first has published.
		if _, err := tx.Exec(`UPDATE conditions SET version = version WHERE id = $1`, was.ID); err != nil {
			return Condition{}, err
		}
		if was, err = findCondition(tx, was.ID, 0); err != nil {
			return Condition{}, err
		}
		if err := stale(e.IfVersion, was.Version); err != nil {
			return Condition{}, err
		}
		x := was
		e.write(&x)
		if err := x.checkFixed(e, was); err != nil {
			return Condition{}, err
		}
		if same(was, x) {
			return was, nil
		}
		x.Version++
		if _, err := tx.Exec(`UPDATE conditions SET name = $2, version = $3 WHERE id = $1`, x.ID, x.Name, x.Version); err != nil {
			return Condition{}, err
		}
		return publish(tx, by, x, "condition.publish")
	})
}

// mayPublish asks for the right over terms that are there.
func mayPublish(r database.Reader, by identity.Actor, x Condition) error {
	if x.HubID == "" {
		return may(by, identity.ManageNetwork, "", "")
	}
	_, err := governed(r, by, x.HubID)
	return err
}

// publish keeps the text of a version, and returns it as it will be read.
func publish(tx *database.Tx, by identity.Actor, x Condition, action string) (Condition, error) {
	if _, err := tx.Exec(`INSERT INTO condition_texts (condition_id, version, text, created_at, made_by) VALUES ($1, $2, $3, $4, $5)`,
		x.ID, x.Version, x.Text, tx.Now, by.ID); err != nil {
		return Condition{}, err
	}
	x, err := findCondition(tx, x.ID, x.Version)
	if err != nil {
		return Condition{}, err
	}
	return x, record(tx, by, action, x.ID, nil, x)
}

func (e ConditionEdits) write(x *Condition) {
	if e.Name != nil {
		x.Name = e.Name.clean()
	}
	if e.Text != nil {
		x.Text = e.Text.clean()
	}
}

func (x Condition) check() error {
	var c check
	c.slug(x.Slug)
	x.checkTexts(&c)
	return c.err()
}

// checkFixed checks a new version, whose slug and hub are those of the first.
func (x Condition) checkFixed(e ConditionEdits, was Condition) error {
	var c check
	c.sameSlug(e.Slug, was.Slug)
	x.checkTexts(&c)
	return c.err()
}

func (x Condition) checkTexts(c *check) {
	c.name("name", x.Name)
	if x.Text.In("fr") == "" {
		c.refuse("text", "required", nil)
	}
	c.texts("text", x.Text, maxTerms, true)
}
