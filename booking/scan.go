package booking

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"canot/internal/identity"
	"canot/inventory"
)

// Scanned is what a text that was scanned or typed at a counter means there.
type Scanned struct {
	Kind     string // unit, booking, person, several, nothing
	Text     string // as it was understood
	Unit     *ScannedUnit
	Booking  *Visit
	Person   *Person
	Bookings []Visit                   // of the person: those that may begin or run at this hub now and today
	Several  []string                  // codes and references that end like that
	Named    map[string]inventory.Text // what each of them is: the resource of a unit, who comes for a booking
	Open     *Visit                    // the booking that was open when it was scanned
}

// A ScannedUnit is a unit, with its components and what happens to it. Of a booking of which who
// asks may not know, Loan says no more than that the unit is out and until when, and Promised is nil.
type ScannedUnit struct {
	inventory.Unit
	ResourceName inventory.Text
	Kind         inventory.Kind
	Status       string     // in_service, out_of_service, in_transit, lost, retired
	Loan         *OnLoan    // it is out with somebody
	Promised     *Visit     // whom it is promised to now or next, today
	PromisedAt   *time.Time // when its next booking begins, today; also where Promised is nil
	Equal        []string   // codes of equal units here that are free until that booking ends
	Journey      *Transfer
	Last         *OnLoan // its last loan that has ended
}

const (
	shortestEnd = 3  // characters of a code that are enough to look for its end
	mostSeveral = 12 // things whose codes end alike are offered
)

// Scan says what a text means at a counter, as Counter and ScanAt do.
func (b *Book) Scan(ctx context.Context, who identity.Actor, hubKey, text string) (Scanned, error) {
	c, err := b.Counter(ctx, who, hubKey)
	if err != nil {
		return Scanned{}, err
	}
	return b.ScanAt(ctx, who, c, text, "")
}

// ScanAt says what a text means at a counter that was found for who: a unit's code, a booking's
// reference, a person's card, or the last characters of one of them. What a scanner added around it
// or a keyboard's layout changed is forgiven; the address of a label names the whole code in it and nothing
// else, and a text that is the code of a unit as it stands is that unit (inventory.ReadScanned). By their ends only units that are at this hub are found,
// and bookings and persons that are awaited here today; a unit of another hub by its whole code, for
// it may be brought back here. open is the id of the booking that is open at the counter, "" for none:
// it is read with the rest. It is two statements at most.
func (b *Book) ScanAt(ctx context.Context, who identity.Actor, c Counter, text, open string) (Scanned, error) {
	found, r := Scanned{Kind: "nothing"}, b.db.Reader(ctx)
	read := inventory.ReadScanned(text)
	spellings := spellingsOf(read)
	if len(spellings) == 0 && open == "" {
		return found, nil
	}
	end := ""
	if len(spellings) == 0 {
		spellings = []string{""} // nothing is called so
	} else if found.Text = spellings[0]; read.Run != "" && len(found.Text) >= shortestEnd {
		end = found.Text
	}
	var clues []clue
	if err := r.SelectIn(&clues, selectClues, spellings, c.Hub.ID, c.Now, c.today().End, end, open); err != nil {
		return Scanned{}, fmt.Errorf("scan: %w", err)
	}
	clues, suspended := suspensionsIn(clues)
	clues = best(wholly(clues, read.Whole))
	ids := bookingsOf(clues, c)
	if open != "" {
		ids = append(ids, open)
	}
	var rows []visitRow
	if err := r.SelectIn(&rows, fmt.Sprintf(selectVisits, `SELECT x.id FROM bookings x WHERE x.id IN ($list)`), ids); err != nil {
		return Scanned{}, fmt.Errorf("scan: %w", err)
	}
	visits := map[string]*Visit{}
	for _, v := range visitsOf(rows, who) {
		if v.HubID == c.Hub.ID || who.May(identity.HandOut, v.HubID, v.regionID) {
			visits[v.ID] = &v
		}
	}
	for _, x := range clues {
		if v := visits[said(x.HomeHubID)]; x.Part == "part" && v != nil {
			v.Components[*x.ResourceID] = append(v.Components[*x.ResourceID], x.component(*x.ResourceID))
		}
	}
	for id, until := range suspended {
		if v := visits[id]; v != nil {
			v.SuspendedUntil = until
		}
	}
	found.Open = visits[open]
	found.tell(who, c, clues, visits)
	return found, nil
}

// bareReference is a reference that was typed without its dash.
var bareReference = regexp.MustCompile(`^[2-9A-HJ-NP-Z]{8}$`)

// spellingsOf are the codes that a text may stand for, the likeliest first; none for a text that is
// empty or too long to be one.
func spellingsOf(read inventory.Scanned) []string {
	all := slices.Clone(read.Whole)
	last := strings.Trim(read.Run, "-")
	if last == "" && len(all) > 0 {
		last = all[0] // of a label
	}
	if last == "" {
		return nil
	}
	upper := strings.ToUpper(last)
	all = append([]string{upper, last, strings.ToLower(last)}, all...)
	if bareReference.MatchString(upper) {
		all = append(all, upper[:4]+"-"+upper[4:])
	}
	slices.Sort(all[1:])
	return append(all[:1], slices.DeleteFunc(slices.Compact(all[1:]), func(s string) bool { return s == all[0] })...)
}

// wholly keeps of the clues what a text names as it stands, where there is such a unit: a piece of its code
// may be the code of another, and means nothing then.
func wholly(clues []clue, whole []string) []clue {
	named, alike := map[string]bool{}, map[string]bool{}
	for _, x := range clues {
		if x.Part == "unit" && x.Rank == 0 && slices.Contains(whole, *x.Code) {
			named[x.ID], alike[*x.ResourceID] = true, true
		}
	}
	if len(named) == 0 {
		return clues
	}
	return slices.DeleteFunc(clues, func(x clue) bool {
		switch x.Part {
		case "unit":
			return x.Rank == 2 && !alike[*x.ResourceID] || x.Rank < 2 && !named[x.ID]
		case "component":
			return !named[*x.ResourceID]
		}
		return x.Part == "booking" || x.Part == "theirs" || x.Part == "person"
	})
}

// A clue is a row of what a text may mean. Rank is 0 for what it names, 1 for what ends like it, and
// 2 for a unit that is equal to one that it names.
type clue struct {
	Part       string     `db:"part"` // unit, component, part, suspended, booking, theirs, person
	ID         string     `db:"id"`
	Rank       int        `db:"rank"`
	Code       *string    `db:"code"`        // of a unit; the name of a person, the reference of a booking
	ResourceID *string    `db:"resource_id"` // the unit of a component, the member of a booking
	HomeHubID  *string    `db:"home_hub_id"` // the booking of a part, and of who is suspended
	HubID      *string    `db:"current_hub_id"`
	Serial     *string    `db:"serial"`    // the number of a person
	Condition  *string    `db:"condition"` // the language of a person
	Status     *string    `db:"status"`
	Version    int64      `db:"version"` // the quantity of a component
	Name       *string    `db:"name"`
	Kind       *string    `db:"kind"`
	Cause      *string    `db:"cause"` // why it is out of service now
	Missing    int        `db:"missing"`
	Required   bool       `db:"required"`
	LoanID     *string    `db:"loan_id"`
	LoanOf     *string    `db:"loan_of"` // booking
	OutAt      *time.Time `db:"out_at"`
	OutBy      *string    `db:"out_by"`
	OutHubID   *string    `db:"out_hub_id"`
	DueAt      *time.Time `db:"due_at"`
	NowOf      *string    `db:"now_of"` // the booking that has it now
	NowFrom    *time.Time `db:"now_from"`
	NowUntil   *time.Time `db:"now_until"`
	NowLapses  *time.Time `db:"now_lapses"`
	NextOf     *string    `db:"next_of"`
	NextFrom   *time.Time `db:"next_from"`
	JourneyID  *string    `db:"journey_id"`
	FromHubID  *string    `db:"from_hub_id"`
	FromName   *string    `db:"from_name"`
	ToHubID    *string    `db:"to_hub_id"`
	ToName     *string    `db:"to_name"`
	State      *string    `db:"state"`
	LeavesAt   *time.Time `db:"leaves_at"`
	ArrivesAt  *time.Time `db:"arrives_at"`
	NowOver    *int       `db:"now_over"` // that booking has no more use for it: its clean-up is left
	LastID     *string    `db:"last_id"`  // of its loans that have ended
	LastOf     *string    `db:"last_of"`
	LastOut    *time.Time `db:"last_out"`
	LastDue    *time.Time `db:"last_due"`
	LastBack   *time.Time `db:"last_back"`
	LastHubID  *string    `db:"last_hub_id"`
	LastNote   *string    `db:"last_note"`
	LastMiss   *string    `db:"last_missing"`
	LastBroken *bool      `db:"last_damaged"`
	Shelf      *string    `db:"shelf"`
}

// component is the component of a clue.
func (x clue) component(unit string) inventory.Component {
	return inventory.Component{ID: x.ID, UnitID: unit, Name: textOf(x.Name), Quantity: int(x.Version), Missing: x.Missing, Required: x.Required}
}

// selectClues finds at hub $1, at $2, until the end of the day $3, what has one of the codes of the
// list, or ends like $4 unless that is empty, and of the booking $5 the components of what it has and the
// suspensions of who comes for it.
// Occupancies of one unit never overlap: the last that began says what it is doing now, and the first
// that has not, what next.
var selectClues = fmt.Sprintf(`
	WITH named AS (
		SELECT u.id, 0 AS rank FROM units u WHERE u.code IN ($list)
		UNION ALL
		SELECT id, 1 FROM (SELECT u.id FROM units u
			WHERE u.current_hub_id = $1 AND CAST($4 AS text) <> '' AND upper(substr(u.code, length(u.code) - length(CAST($4 AS text)) + 1)) = CAST($4 AS text)
			ORDER BY u.code LIMIT %[1]d) ends
		UNION ALL
		SELECT id, 2 FROM (SELECT e.id FROM units u JOIN units e ON e.resource_id = u.resource_id AND e.id <> u.id AND e.current_hub_id = $1 AND e.status = 'in_service'
			WHERE u.code IN ($list) ORDER BY e.code LIMIT %[2]d) equal
	), awaited AS (
		SELECT b.id, b.reference, b.member_id FROM bookings b WHERE b.hub_id = $1 AND b.status %[4]s AND b.status IN ('confirmed', 'in_use') AND b.starts_at < $3
	), chosen AS (
		SELECT b.id, b.reference, b.member_id, 0 AS rank FROM bookings b WHERE b.reference IN ($list)
		UNION ALL
		SELECT id, reference, member_id, 1 FROM (SELECT * FROM awaited
			WHERE CAST($4 AS text) <> '' AND substr(reference, length(reference) - length(CAST($4 AS text)) + 1) = CAST($4 AS text) ORDER BY reference LIMIT %[1]d) ends
	)
	SELECT 'unit' AS part, u.id, named.rank, u.code, u.resource_id, u.home_hub_id, u.current_hub_id, u.serial, u.condition, u.status, u.version, r.name, r.kind,
		(SELECT m.cause FROM maintenances m WHERE m.unit_id = u.id AND m.open AND m.starts_at <= $2 AND (m.ends_at IS NULL OR m.ends_at > $2)
			ORDER BY CASE m.cause WHEN 'lost' THEN 0 ELSE 1 END LIMIT 1) AS cause, 0 AS missing, false AS required,
		k.id AS loan_id, k.booking_id AS loan_of, k.out_at, k.out_by, k.out_hub_id, k.due_at,
		o.booking_id AS now_of, o.starts_at AS now_from, o.ends_at AS now_until, o.lapses_at AS now_lapses, n.booking_id AS next_of, n.starts_at AS next_from,
		j.id AS journey_id, j.from_hub_id, f.name AS from_name, j.to_hub_id, t.name AS to_name, j.state, j.leaves_at, j.arrives_at,
		z.id AS last_id, z.booking_id AS last_of, z.out_at AS last_out, z.due_at AS last_due, z.back_at AS last_back, z.back_hub_id AS last_hub_id,
		z.condition_in AS last_note, z.missing AS last_missing, z.damaged AS last_damaged, u.shelf,
		CASE WHEN o.booking_id IS NOT NULL AND %[6]s = 0 AND (%[7]s > 0 OR w.ends_at <= $2 OR w.status NOT IN ('held', 'pending', 'confirmed', 'in_use')) THEN 1 ELSE 0 END AS now_over
	FROM named JOIN units u ON u.id = named.id JOIN resources r ON r.id = u.resource_id
	LEFT JOIN loans k ON k.unit_id = u.id AND k.back_at IS NULL
	LEFT JOIN loans z ON z.id = (SELECT x.id FROM loans x WHERE x.unit_id = u.id AND x.back_at IS NOT NULL ORDER BY %[5]s LIMIT 1)
	LEFT JOIN transfers j ON j.unit_id = u.id AND j.state IN ('planned', 'on_the_road')
	LEFT JOIN hubs f ON f.id = j.from_hub_id LEFT JOIN hubs t ON t.id = j.to_hub_id
	LEFT JOIN occupancies o ON o.id = (SELECT p.id FROM occupancies p WHERE p.unit_id = u.id AND p.live AND p.starts_at <= $2 ORDER BY p.starts_at DESC LIMIT 1)
	LEFT JOIN bookings w ON w.id = o.booking_id
	LEFT JOIN occupancies n ON n.id = (SELECT p.id FROM occupancies p WHERE p.unit_id = u.id AND p.live AND p.starts_at > $2 AND (p.lapses_at IS NULL OR p.lapses_at > $2)
		ORDER BY p.starts_at LIMIT 1)
	UNION ALL
	SELECT 'component', c.id, named.rank, NULL, c.unit_id, NULL, NULL, NULL, NULL, NULL, c.quantity, c.name, NULL, NULL, c.missing, c.required, %[3]s
	FROM named JOIN components c ON c.unit_id = named.id WHERE named.rank < 2
	UNION ALL
	SELECT 'part', c.id, 0, NULL, c.unit_id, x.id, NULL, NULL, NULL, NULL, c.quantity, c.name, NULL, NULL, c.missing, c.required, %[3]s
	FROM (SELECT id FROM chosen UNION SELECT CAST($5 AS text)) x JOIN occupancies o ON o.booking_id = x.id AND o.live JOIN components c ON c.unit_id = o.unit_id
	UNION ALL
	SELECT 'suspended', s.id, 0, NULL, NULL, b.id, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, false, NULL, NULL, NULL, NULL, NULL, s.ends_at, %[8]s
	FROM (SELECT id FROM chosen UNION SELECT CAST($5 AS text)) x JOIN bookings b ON b.id = x.id
	JOIN suspensions s ON s.member_id = b.member_id AND s.hub_id = b.hub_id AND s.lifted_at IS NULL AND s.ends_at > $2
	UNION ALL
	SELECT 'booking', id, rank, reference, member_id, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, false, %[3]s FROM chosen
	UNION ALL
	SELECT 'person', m.id, 0, m.name, NULL, NULL, NULL, m.phone, m.language, NULL, 0, NULL, NULL, NULL, 0, false, %[3]s
	FROM members m WHERE m.card IN ($list) AND m.active
	UNION ALL
	SELECT 'person', id, 1, name, NULL, NULL, NULL, phone, language, NULL, 0, NULL, NULL, NULL, 0, false, %[3]s
	FROM (SELECT DISTINCT m.id, m.name, m.phone, m.language FROM awaited JOIN members m ON m.id = awaited.member_id
		WHERE m.active AND CAST($4 AS text) <> '' AND substr(m.card, length(m.card) - length(CAST($4 AS text)) + 1) = CAST($4 AS text) LIMIT %[1]d) ends
	UNION ALL
	SELECT 'theirs', awaited.id, CASE WHEN m.card IN ($list) THEN 0 ELSE 1 END, awaited.reference, awaited.member_id, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, false, %[3]s
	FROM awaited JOIN members m ON m.id = awaited.member_id
	WHERE m.card IN ($list) OR CAST($4 AS text) <> '' AND substr(m.card, length(m.card) - length(CAST($4 AS text)) + 1) = CAST($4 AS text)
	ORDER BY part, rank, code, id`, mostSeveral, mostListed, strings.Repeat("NULL, ", 30)+"NULL", stillStands, lastLoan, lentNow, lentBefore, strings.Repeat("NULL, ", 24)+"NULL")

// suspensionsIn takes out of the clues until when whoever comes for a booking (id) is suspended at its hub.
func suspensionsIn(clues []clue) ([]clue, map[string]time.Time) {
	until := map[string]time.Time{}
	rest := slices.DeleteFunc(clues, func(x clue) bool {
		if x.Part != "suspended" {
			return false
		}
		if id := said(x.HomeHubID); x.DueAt != nil && x.DueAt.After(until[id]) {
			until[id] = *x.DueAt
		}
		return true
	})
	return rest, until
}

// best keeps what the text names, and what ends like it only where it names nothing.
func best(clues []clue) []clue {
	rank := 1
	if slices.ContainsFunc(clues, func(c clue) bool { return c.Rank == 0 && c.Part != "part" }) {
		rank = 0
	}
	return slices.DeleteFunc(clues, func(c clue) bool { return c.Part != "part" && c.Rank != rank && (c.Rank != 2 || rank != 0) })
}

// bookingsOf are the bookings that the clues speak of: of the unit, if it is one alone, or found.
func bookingsOf(clues []clue, c Counter) []string {
	var ids []string
	add := func(id *string) {
		if id != nil && !slices.Contains(ids, *id) {
			ids = append(ids, *id)
		}
	}
	for _, x := range clues {
		switch {
		case x.Part == "booking" || x.Part == "theirs":
			add(&x.ID)
		case x.Part == "unit" && x.Rank < 2:
			add(x.LoanOf)
			add(x.LastOf)
			promised, _ := x.promised(c)
			add(promised)
		}
	}
	return ids
}

// promised is the booking that the unit is promised to, and from when: the one that should have it
// now and has not, or the next one today. What is out is promised to the next one only, and so is what is
// back: nobody waits for its clean-up.
func (x clue) promised(c Counter) (*string, *time.Time) {
	if x.taken(c.Now) && x.NowOf != nil && (x.LoanOf == nil || *x.LoanOf != *x.NowOf) {
		return x.NowOf, x.NowFrom
	}
	if x.NextOf != nil && x.NextFrom.Before(c.today().End) {
		return x.NextOf, x.NextFrom
	}
	return nil, nil
}

// taken reports whether something has the unit of a clue now that who hands it out may not cut short.
func (x clue) taken(now time.Time) bool {
	return x.NowUntil != nil && x.NowUntil.After(now) && (x.NowLapses == nil || x.NowLapses.After(now)) && (x.NowOver == nil || *x.NowOver == 0)
}

// free reports whether the unit of a clue can be had from now until an instant.
func (x clue) free(now, until time.Time) bool {
	return !x.taken(now) && x.LoanID == nil && x.Cause == nil && x.JourneyID == nil && (x.NextFrom == nil || !x.NextFrom.Before(until))
}
