package privacy

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// An Incident is one entry of an operator's register of confidentiality incidents: an access, a use, a
// communication or a loss of personal data that should not have been (Quebec, RLRQ c. P-39.1, s. 3.5
// to 3.8). Days are 2026-11-22, "" while there is none.
type Incident struct {
	ID                  string    `db:"id"`
	OperatorID          string    `db:"operator_id"`
	HappenedOn          string    `db:"happened_on"` // "" when it is not known
	DiscoveredOn        string    `db:"discovered_on"`
	Description         string    `db:"description"`   // what happened; names nobody
	PersonalData        string    `db:"personal_data"` // which kinds of data
	Persons             int       `db:"persons"`       // how many were concerned
	SeriousRisk         bool      `db:"serious_risk"`  // of injury: then authority and persons must be told
	AuthorityNotifiedOn string    `db:"authority_notified_on"`
	PersonsNotifiedOn   string    `db:"persons_notified_on"`
	Measures            string    `db:"measures"` // what was done
	ClosedOn            string    `db:"closed_on"`
	MadeBy              string    `db:"made_by"`
	CreatedAt           time.Time `db:"created_at"`
	Version             int64     `db:"version"`
}

// IncidentEdits change an incident, or make one. A nil field stays as it is.
type IncidentEdits struct {
	IfVersion int64 // 0 means whatever it is now

	HappenedOn, DiscoveredOn               *string
	Description, PersonalData, Measures    *string
	Persons                                *int
	SeriousRisk                            *bool
	AuthorityNotifiedOn, PersonsNotifiedOn *string
	ClosedOn                               *string
}

const longestText = 4000 // characters of a text of the register

// RecordIncident adds an entry to the register of an operator. It takes the right to manage the
// network, or to manage members at a hub of that operator; to others the operator is NotFound,
// operator_not_found. Description and the day of discovery must be given; what cannot be read is
// Malformed, told together.
func (o *Office) RecordIncident(ctx context.Context, by identity.Actor, operatorID string, e IncidentEdits, k database.Key) (Incident, error) {
	if !by.Known() {
		return Incident{}, identity.Denied(by)
	}
	in := Incident{OperatorID: operatorID, MadeBy: by.ID, Version: 1}
	if err := e.apply(&in); err != nil {
		return Incident{}, err
	}
	id, err := database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		if err := mayRegister(tx, by, operatorID, "operator_not_found"); err != nil {
			return "", err
		}
		id := database.NewID()
		_, err := tx.Exec(`INSERT INTO incidents (id, operator_id, happened_on, discovered_on, description, personal_data, persons, serious_risk,
				authority_notified_on, persons_notified_on, measures, closed_on, made_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			id, in.OperatorID, in.HappenedOn, in.DiscoveredOn, in.Description, in.PersonalData, in.Persons, in.SeriousRisk,
			in.AuthorityNotifiedOn, in.PersonsNotifiedOn, in.Measures, in.ClosedOn, by.ID, tx.Now)
		if err != nil {
			return "", err
		}
		return id, recordIncident(tx, by, "incident.record", id, nil, &in)
	})
	if err != nil {
		return Incident{}, fmt.Errorf("record incident: %w", err)
	}
	return oneIncident(o.db.Reader(ctx), id)
}

// ChangeIncident completes an entry. It asks for the right of RecordIncident; to others the entry is
// NotFound, incident_not_found. Stale when somebody changed it since IfVersion.
func (o *Office) ChangeIncident(ctx context.Context, by identity.Actor, id string, e IncidentEdits, k database.Key) (Incident, error) {
	_, err := database.OnceIn(ctx, o.db, k, func(tx *database.Tx) (string, error) {
		was, err := visibleIncident(tx, by, id)
		if err != nil {
			return "", err
		}
		if e.IfVersion != 0 && e.IfVersion != was.Version {
			return "", fault.New(fault.Stale, "stale", nil)
		}
		is := was
		if err := e.apply(&is); err != nil {
			return "", err
		}
		if is == was {
			return id, nil
		}
		written, err := tx.Exec(`UPDATE incidents SET happened_on = $3, discovered_on = $4, description = $5, personal_data = $6, persons = $7,
				serious_risk = $8, authority_notified_on = $9, persons_notified_on = $10, measures = $11, closed_on = $12, version = version + 1
			WHERE id = $1 AND version = $2`, id, was.Version, is.HappenedOn, is.DiscoveredOn, is.Description, is.PersonalData, is.Persons,
			is.SeriousRisk, is.AuthorityNotifiedOn, is.PersonsNotifiedOn, is.Measures, is.ClosedOn)
		if err != nil {
			return "", err
		}
		if written == 0 {
			return "", fault.New(fault.Stale, "stale", nil)
		}
		return id, recordIncident(tx, by, "incident.change", id, &was, &is)
	})
	if err != nil {
		return Incident{}, fmt.Errorf("change incident: %w", err)
	}
	return oneIncident(o.db.Reader(ctx), id)
}

// Incident returns one entry to who may add to its register.
func (o *Office) Incident(ctx context.Context, by identity.Actor, id string) (Incident, error) {
	return visibleIncident(o.db.Reader(ctx), by, id)
}

// Incidents lists the register of an operator, the latest discovery first. It asks for the right of
// RecordIncident.
func (o *Office) Incidents(ctx context.Context, by identity.Actor, operatorID string) ([]Incident, error) {
	if !by.Known() {
		return nil, identity.Denied(by)
	}
	r := o.db.Reader(ctx)
	if err := mayRegister(r, by, operatorID, "operator_not_found"); err != nil {
		return nil, err
	}
	return incidentsWhere(r, `operator_id = $1 ORDER BY discovered_on DESC, id DESC`, operatorID)
}

// mayRegister asks for the right over an operator's register. It reads inventory's tables, which lie
// above this package.
func mayRegister(r database.Reader, by identity.Actor, operatorID, otherwise string) error {
	notFound := fault.New(fault.NotFound, otherwise, nil)
	if !plainID(operatorID) {
		return notFound
	}
	var hubs []struct {
		ID     *string `db:"id"`
		Region *string `db:"region_id"`
	}
	err := r.Select(&hubs, `SELECT h.id, h.region_id FROM operators o LEFT JOIN hubs h ON h.operator_id = o.id WHERE o.id = $1`, operatorID)
	if err != nil {
		return err
	}
	if len(hubs) > 0 && by.May(identity.ManageNetwork, "", "") {
		return nil
	}
	for _, h := range hubs {
		if h.ID != nil && by.May(identity.ManageMembers, *h.ID, *h.Region) {
			return nil
		}
	}
	return notFound
}

func visibleIncident(r database.Reader, by identity.Actor, id string) (Incident, error) {
	if !by.Known() {
		return Incident{}, identity.Denied(by)
	}
	in, err := oneIncident(r, id)
	if err != nil {
		return Incident{}, err
	}
	return in, mayRegister(r, by, in.OperatorID, "incident_not_found")
}

func oneIncident(r database.Reader, id string) (Incident, error) {
	notFound := fault.New(fault.NotFound, "incident_not_found", nil)
	if !plainID(id) {
		return Incident{}, notFound
	}
	list, err := incidentsWhere(r, `id = $1`, id)
	if err != nil {
		return Incident{}, err
	}
	if len(list) == 0 {
		return Incident{}, notFound
	}
	return list[0], nil
}

func incidentsWhere(r database.Reader, rest string, args ...any) ([]Incident, error) {
	list := []Incident{}
	err := r.Select(&list, `SELECT id, operator_id, happened_on, discovered_on, description, personal_data, persons, serious_risk,
		authority_notified_on, persons_notified_on, measures, closed_on, made_by, created_at, version FROM incidents WHERE `+rest, args...)
	for i := range list {
		list[i].CreatedAt = list[i].CreatedAt.UTC()
	}
	return list, err
}

// recordIncident logs days and figures; of the texts it says that they changed.
func recordIncident(tx *database.Tx, by identity.Actor, action, id string, was, is *Incident) error {
	figures := func(in *Incident) any {
		if in == nil {
			return nil
		}
		return map[string]any{"operator": in.OperatorID, "happened_on": in.HappenedOn, "discovered_on": in.DiscoveredOn, "persons": in.Persons,
			"serious_risk": in.SeriousRisk, "authority_notified_on": in.AuthorityNotifiedOn, "persons_notified_on": in.PersonsNotifiedOn,
			"closed_on": in.ClosedOn}
	}
	return tx.Record(database.Change{By: by.ID, Action: action, Kind: "incident", Subject: id, Before: figures(was), After: figures(is)})
}

// apply writes the edits into in, and tells together what is wrong with it then.
func (e IncidentEdits) apply(in *Incident) error {
	var wrong []fault.Violation
	refuse := func(code string, params fault.Params) {
		wrong = append(wrong, fault.Violation{Code: code, Params: params})
	}
	for _, d := range []struct {
		field string
		from  *string
		to    *string
	}{
		{"happened_on", e.HappenedOn, &in.HappenedOn}, {"discovered_on", e.DiscoveredOn, &in.DiscoveredOn},
		{"authority_notified_on", e.AuthorityNotifiedOn, &in.AuthorityNotifiedOn},
		{"persons_notified_on", e.PersonsNotifiedOn, &in.PersonsNotifiedOn}, {"closed_on", e.ClosedOn, &in.ClosedOn},
	} {
		if d.from != nil {
			*d.to = *d.from
		}
		if _, err := time.Parse(time.DateOnly, *d.to); err != nil && *d.to != "" {
			refuse("bad_date", fault.Params{"field": d.field})
		}
	}
	for _, t := range []struct {
		field string
		from  *string
		to    *string
	}{{"description", e.Description, &in.Description}, {"personal_data", e.PersonalData, &in.PersonalData}, {"measures", e.Measures, &in.Measures}} {
		if t.from != nil {
			*t.to = strings.TrimSpace(*t.from)
		}
		switch {
		case !writable(*t.to):
			refuse("bad_characters", fault.Params{"field": t.field})
		case utf8.RuneCountInString(*t.to) > longestText:
			refuse("text_too_long", fault.Params{"field": t.field, "max": longestText})
		}
	}
	if in.DiscoveredOn == "" {
		refuse("required", fault.Params{"field": "discovered_on"})
	}
	if in.Description == "" {
		refuse("required", fault.Params{"field": "description"})
	}
	set(&in.Persons, e.Persons)
	set(&in.SeriousRisk, e.SeriousRisk)
	if in.Persons < 0 || in.Persons > 1_000_000_000 {
		refuse("out_of_range", fault.Params{"field": "persons", "min": 0, "max": 1_000_000_000})
	}
	if len(wrong) > 0 {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: wrong}
	}
	return nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// writable is false of texts that hold what no page shows: control characters other than the end of a
// line, and those that turn the text around them.
func writable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
	}) < 0
}
