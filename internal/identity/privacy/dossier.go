package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
)

// A Dossier is everything that is known of a person, by parts.
type Dossier struct {
	MemberID string    `json:"member"`
	TakenAt  time.Time `json:"taken_at"`
	Parts    []Section `json:"parts"`
}

// A Section is what one package knows; About encodes as JSON.
type Section struct {
	Name  string `json:"name"`
	About any    `json:"about"`
}

// Export returns everything that is known of a person, as it is at one moment. The person may have
// it, by both factors if they have two. Who manages members at their home hub, takes data out there,
// and could give every role that they have, receives what is theirs to see, without how the person
// signs in, and it is written down as a view.
func (o *Office) Export(ctx context.Context, by identity.Actor, memberID string) (Dossier, error) {
	d := Dossier{MemberID: memberID, TakenAt: o.db.Now().UTC()}
	err := o.db.View(ctx, func(r database.Reader) error {
		if _, err := o.reach(ctx, r, by, memberID, identity.ManageMembers, identity.Export); err != nil {
			return err
		}
		if err := o.people.FullyProved(r, by); err != nil {
			return err
		}
		for _, p := range append(o.parts[:len(o.parts):len(o.parts)], own) {
			if p.About == nil {
				continue
			}
			known, err := p.About(r, memberID)
			if err != nil {
				return fmt.Errorf("part %s: %w", p.Name, err)
			}
			if by.ID != memberID && p.Shown != nil {
				shown := false
				if known, shown = p.Shown(by, known); !shown {
					continue
				}
			}
			d.Parts = append(d.Parts, Section{p.Name, known})
		}
		return nil
	})
	if err != nil {
		return Dossier{}, fmt.Errorf("export: %w", err)
	}
	if err := o.Viewed(ctx, by, ViewedDossier, memberID); err != nil {
		return Dossier{}, err
	}
	return d, nil
}

// Hidden is the Shown of a part that is for the person alone.
func Hidden(identity.Actor, any) (any, bool) { return nil, false }

// own is what this package itself knows of a person. Consents and views stay when the person goes:
// they hold ids, and the program's own words.
var own = Part{Name: "privacy", About: aboutOwn, Erase: forgetAnswersOf}

// A logged change of the person's account.
type logged struct {
	At     time.Time       `db:"at" json:"at"`
	By     string          `db:"actor_id" json:"by"`
	Action string          `db:"action" json:"action"`
	Before json.RawMessage `db:"-" json:"before"`
	After  json.RawMessage `db:"-" json:"after"`

	BeforeText string `db:"before" json:"-"`
	AfterText  string `db:"after" json:"-"`
}

func aboutOwn(r database.Reader, memberID string) (any, error) {
	var known struct {
		Consents []Consent `json:"consents"`
		Views    []View    `json:"views"`
		Changes  []logged  `json:"changes"`
		Answers  int       `json:"kept_answers"`
	}
	var err error
	if known.Consents, err = consentsWhere(r, `member_id = $1 ORDER BY at, id`, memberID); err != nil {
		return nil, err
	}
	if known.Views, err = viewsWhere(r, `v.member_id = $1 ORDER BY v.at, v.id`, memberID); err != nil {
		return nil, err
	}
	known.Changes = []logged{}
	err = r.Select(&known.Changes, `SELECT at, actor_id, action, before, after FROM changes WHERE subject_id = $1 ORDER BY seq`, memberID)
	if err != nil {
		return nil, err
	}
	for i, c := range known.Changes {
		known.Changes[i].At = c.At.UTC()
		known.Changes[i].Before, known.Changes[i].After = json.RawMessage(c.BeforeText), json.RawMessage(c.AfterText)
	}
	err = r.Get(&known.Answers, `SELECT COUNT(*) FROM idempotency_keys WHERE caller = $1`, memberID)
	return known, err
}
