package calendar

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// today is when the tests are.
var today = time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)

// marker stands in every personal text of the fixture: no public feed may have it.
const marker = "MarqueurPersonnel"

func reasonJSON(s string) string {
	b, err := json.Marshal(map[string]string{"fr": s})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// eachNetwork runs f on both engines, each with a small network in it, a clock of
// its own and a count of its statements.
func eachNetwork(t *testing.T, f func(t *testing.T, n *network)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n := &network{t: t, clock: dbtest.NewClock(today)}
			n.db = dbtest.Open(t, engine, database.Settings{
				Clock: n.clock.Now, Observe: func(string) { n.statements.Add(1) }})
			n.Feeds = New(n.db)
			n.fill()
			f(t, n)
		})
	}
}

type network struct {
	*Feeds
	t          *testing.T
	db         *database.DB
	clock      *dbtest.Clock
	statements atomic.Int64
}

func (n *network) exec(query string, args ...any) {
	n.t.Helper()
	err := n.db.In(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	must(n.t, err)
}

// fill makes two regions, three hubs (one of them empty), five resources and
// bookings and closures of every sort that a feed has something to say of.
func (n *network) fill() {
	n.exec(`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Exploitant inc.')`)
	n.exec(`INSERT INTO regions (id, slug, name) VALUES ('re1', 'abitibi-temiscamingue', '{"fr":"Abitibi-Témiscamingue"}'), ('re2', 'nord-ontario', '{"fr":"Nord de l’Ontario","en":"Northern Ontario"}'), ('re3', 'nunavik', '{"fr":"Nunavik"}')`)
	n.exec(`INSERT INTO hubs (id, slug, region_id, operator_id, name, town, latitude, longitude, time_zone) VALUES
		('hub1', 'rouyn-noranda', 're1', 'op', '{"fr":"Hub de Rouyn-Noranda","en":"Rouyn-Noranda Hub"}', 'Rouyn-Noranda', 48.2, -79.0, 'America/Toronto'),
		('hub2', 'kenora', 're2', 'op', '{"en":"Kenora Hub"}', 'Kenora', 49.7, -94.4, 'America/Winnipeg'),
		('hub3', 'amos', 're1', 'op', '{"fr":"Hub d’Amos"}', 'Amos', 48.5, -78.1, 'America/Toronto')`)
	n.exec(`INSERT INTO categories (id, slug, name) VALUES ('cat1', 'medialab', '{"fr":"Médialab","en":"Media lab"}'), ('cat2', 'camera', '{"fr":"Caméra","en":"Camera"}'), ('cat3', 'laser', '{"fr":"Découpe laser"}')`)
	for _, r := range [][5]string{
		{"res1", "rouyn-noranda-studio-medialab", "hub1", "space", `{"fr":"Studio medialab","en":"Medialab studio"}`},
		{"res2", "rouyn-noranda-trousse-camera", "hub1", "equipment", `{"fr":"Trousse caméra","en":"Camera kit"}`},
		{"res3", "rouyn-noranda-decoupeuse-laser", "hub1", "machine", `{"fr":"Découpeuse laser 60 W; lit de 600 × 400 mm, extraction, refroidissement à l’eau"}`},
		{"res4", "kenora-desk", "hub2", "space", `{"en":"Desk"}`},
	} {
		category := map[string]string{"space": "cat1", "equipment": "cat2", "machine": "cat3"}[r[3]]
		n.exec(`INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, notes, grain_min, shortest_min, longest_min, within)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 30, 30, 480, 'inside')`, r[0], r[1], r[2], r[3], category, r[4], r[1], marker)
	}
	n.exec(`INSERT INTO members (id, name, email, email_key, created_at) VALUES ('mem1', $1, $2, $2, $3)`, marker+" Tremblay", marker+"@exemple.example", today)
	for _, b := range fixtures {
		n.book(b)
	}
	n.exec(`INSERT INTO closures (id, hub_id, resource_id, starts_local, ends_local, reason, changed_at) VALUES
		('clo1', 'hub1', '', '2026-12-24T12:00:00', '2026-12-26T08:30:00', '{"fr":"Noël, fermeture hâtive","en":"Christmas"}', $1),
		('clo2', 'hub1', '', '2027-01-01T00:00:00', '2027-01-02T00:00:00', '{"fr":"Jour de l’An","en":"New Year’s Day"}', $1),
		('clo3', 'hub1', 'res3', '2027-02-01T00:00:00', '2027-02-08T00:00:00', '{"fr":"Remplacement du tube"}', $1),
		('clo4', 'hub2', '', '2026-12-01T08:00:00', '2026-12-01T12:00:00', '{}', $1),
		('clo5', 'hub1', '', '2026-09-01T00:00:00', '2026-09-02T00:00:00', '{"fr":"trop vieux"}', $1),
		('clo6', 'hub1', '', '2028-09-01T00:00:00', '2028-09-02T00:00:00', '{"fr":"trop loin"}', $1)`, today.AddDate(0, 0, -7))
}

// A fixture is a booking of the fixture network.
type fixture struct {
	id, hub, status string
	starts, changed time.Time
	shown, competes bool
	sequence        int
	lines           map[string]int
}

func inDays(d, hour int) time.Time { return time.Date(2026, 11, 21+d, hour, 0, 0, 0, time.UTC) }

var fixtures = []fixture{
	{"boo01", "hub1", "confirmed", inDays(2, 14), inDays(-3, 9), true, false, 0, map[string]int{"res1": 1, "res2": 2}},
	{"boo02", "hub1", "pending", inDays(3, 14), inDays(-2, 9), true, false, 1, map[string]int{"res3": 1}},
	{"boo03", "hub1", "pending", inDays(3, 14), inDays(-2, 9), false, true, 0, map[string]int{"res3": 1}}, // competes: takes no time
	{"boo04", "hub1", "held", inDays(4, 14), inDays(0, 14), false, false, 0, map[string]int{"res1": 1}},
	{"boo05", "hub1", "in_use", inDays(0, 14), inDays(0, 14), true, false, 0, map[string]int{"res2": 1}},
	{"boo06", "hub1", "completed", inDays(-20, 14), inDays(-20, 16), true, false, 3, map[string]int{"res1": 1}},
	{"boo07", "hub1", "completed", inDays(-40, 14), inDays(-40, 16), true, false, 0, map[string]int{"res1": 1}}, // before the window
	{"boo08", "hub1", "cancelled", inDays(5, 14), inDays(-10, 9), true, false, 2, map[string]int{"res1": 1}},
	{"boo09", "hub1", "cancelled", inDays(5, 14), inDays(-31, 9), true, false, 2, map[string]int{"res1": 1}}, // its thirty days are over
	{"boo10", "hub1", "cancelled", inDays(5, 14), inDays(-1, 9), false, false, 1, map[string]int{"res1": 1}}, // never shown
	{"boo11", "hub1", "declined", inDays(6, 14), inDays(-1, 9), true, false, 1, map[string]int{"res3": 1}},
	{"boo12", "hub1", "no_show", inDays(-35, 14), inDays(-10, 16), true, false, 1, map[string]int{"res1": 1}}, // over, but its thirty days are not
	{"boo13", "hub1", "expired", inDays(7, 14), inDays(-1, 16), true, false, 1, map[string]int{"res1": 1}},
	{"boo14", "hub2", "confirmed", inDays(2, 14), inDays(-1, 16), true, false, 0, map[string]int{"res4": 3}},
	{"boo15", "hub1", "confirmed", inDays(370, 14), inDays(-1, 16), true, false, 0, map[string]int{"res1": 1}}, // after the window
}

func (n *network) book(b fixture) {
	n.t.Helper()
	n.exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, starts_local, ends_local, title, notes, visibility, competes, shown, sequence, created_at, changed_at)
		VALUES ($1, $1, $2, 'mem1', 'mem1', $3, $4, $5, '', '', $6, $6, 'members', $7, $8, $9, $10, $10)`,
		b.id, b.hub, b.status, b.starts, b.starts.Add(2*time.Hour), marker+" titre", b.competes, b.shown, b.sequence, b.changed)
	line := 0
	for _, id := range []string{"res1", "res2", "res3", "res4"} {
		if q := b.lines[id]; q > 0 {
			n.exec(`INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ($1, $2, $3, $4)`, b.id, line, id, q)
			line++
		}
	}
}

// touch does to the versions what every verb that changes a booking does.
func (n *network) touch(resource string) {
	n.exec(`UPDATE resources SET version = version + 1 WHERE id = $1`, resource)
}
