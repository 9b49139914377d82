package mail

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"canot/booking"
	"canot/booking/membership"
	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/internal/fault"
	"canot/internal/identity"
	"canot/inventory"
)

// now is when the tests are: Saturday morning in Rouyn-Noranda.
var now = time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)

// A bench is a Post with a small network and a mailbox.
type bench struct {
	*Post
	t     *testing.T
	clock *dbtest.Clock
	kept  *Kept
	log   *bytes.Buffer
}

func newBench(t *testing.T, engine string) *bench {
	t.Helper()
	b := &bench{t: t, clock: dbtest.NewClock(now), kept: &Kept{}, log: &bytes.Buffer{}}
	db := dbtest.Open(t, engine, database.Settings{Clock: b.clock.Now})
	catalog, directory := inventory.New(db), identity.New(db)
	b.Post = New(Deps{
		DB: db, Catalog: catalog, Book: booking.New(db, catalog, directory, membership.New(db)), People: directory, Send: b.kept,
		Log: slog.New(slog.NewJSONHandler(b.log, nil)), PublicURL: "https://canot.example", From: "Canot <canot@canot.example>",
		Secrets: func(_ context.Context, id string) (SignIn, error) {
			s, ok := signIns[id]
			if !ok {
				return SignIn{}, fault.New(fault.NotFound, "sign_in_not_found", nil)
			}
			s.Language = strings.TrimSpace(s.Language)
			s.ExpiresAt = b.clock.Now().Add(15 * time.Minute)
			return s, nil
		},
		FormerAddress:   func(context.Context, string) (string, error) { return "avant@exemple.example", nil },
		AlternativesFor: func(context.Context, string) ([]booking.Alternative, error) { return instead, nil },
		Ending: func(_ context.Context, id string) (Ending, error) {
			return Ending{MemberID: id, Tier: inventory.Text{"fr": "Créateur", "en": "Creator"}, HubID: "hub1", EndsOn: now.AddDate(0, 0, 10)}, nil
		},
	})
	b.LapseOf = func(context.Context, string) (Lapse, error) {
		return Lapse{Certification: inventory.Text{"fr": "Découpe au laser", "en": "Laser cutting"}, LastDay: inDays(1, 15)}, nil
	}
	b.Revoked = func(_ context.Context, id string) (Revocation, error) {
		r, ok := revocations[id]
		if !ok {
			return r, fault.New(fault.NotFound, "certificate_not_found", nil)
		}
		return r, nil
	}
	b.MatterOf = func(_ context.Context, what, id string) (Matter, error) {
		m, ok := matters[what]
		if !ok || id == "gone" {
			return m, fault.New(fault.NotFound, "not_found", nil)
		}
		if m.MemberID != "" {
			m.MemberID = id
		}
		return m, nil
	}
	b.fill()
	return b
}

// matters are what messages are about that are not about a booking.
var matters = map[string]Matter{
	"member.suspended": {HubID: "hub1", MemberID: "mem-zoe", Params: fault.Params{"until": inDays(14, 15), "late": 1}},
	"transfer.arrived": {HubID: "hub1", Path: "/transferts/rouyn-noranda", Params: fault.Params{
		"resource": inventory.Text{"fr": "Trousse caméra", "en": "Camera kit"}, "code": "RN-TROUSSE-01", "to": inventory.Text{"fr": "Hub de Val-d’Or", "en": "Val-d’Or Hub"}}},
	"stock.low": {HubID: "hub1", Path: "/inventaire/rouyn-noranda/consommables", Params: fault.Params{
		"name": inventory.Text{"fr": "Filament PLA blanc", "en": "White PLA filament"}, "measure": "g", "stock": 400, "low": 500}},
	"ticket.new": {HubID: "hub1", Path: "/entretien/rouyn-noranda/billets/t1", Quote: "La bague de mise au point accroche.", Params: fault.Params{
		"resource": inventory.Text{"fr": "Trousse caméra", "en": "Camera kit"}, "code": "RN-TROUSSE-01", "damage": 1, "out": 1},
		Missing: []Missing{{inventory.Text{"fr": "Bouchon d’objectif", "en": "Lens cap"}, 1}, {inventory.Text{"fr": "Pile", "en": "Battery"}, 2}}, Condition: "Rayures sur le boîtier, sangle mouillée"},
}

// lend puts in loans of a booking that are due at an instant, of so many units.
func (b *bench) lend(bookingID string, due time.Time, units int) {
	b.t.Helper()
	for i := range units {
		id := bookingID + "-" + strconv.Itoa(i+1)
		b.exec(`INSERT INTO units (id, resource_id, home_hub_id, current_hub_id, code) VALUES ($1, 'res4', 'hub1', 'hub1', $2)`, id, "RN-TROUSSE-"+strings.ToUpper(id))
		b.exec(`INSERT INTO loans (id, booking_id, line, unit_id, out_at, out_by, out_hub_id, due_at) VALUES ($1, $2, 1, $1, $3, 'mem-anne', 'hub1', $4)`,
			id, bookingID, inDays(-3, 14), due)
	}
}

// revocations are certificates that were taken away, by id.
var revocations = map[string]Revocation{
	"rev-fr":   {MemberID: "mem-zoe", Certification: laser, Reason: "La lentille a été brisée deux fois.\nPassez nous voir.", Bookings: []string{"revoked-fr", "revoked-fr2"}},
	"rev-en":   {MemberID: "mem-joe", Certification: laser, Reason: "The lens was broken twice.", Bookings: []string{"revoked-en", "revoked-en2"}},
	"rev-none": {MemberID: "mem-joe", Certification: laser},
}

var laser = inventory.Text{"fr": "Découpe au laser", "en": "Laser cutting"}

var signIns = map[string]SignIn{
	"in-fr":     {Email: "zoe@exemple.example", Language: "fr", Link: "https://canot.example/connexion/lien?j=S3cret", Code: "042917"},
	"in-en":     {Email: "zoe@exemple.example", Language: "en", Link: "https://canot.example/en/connexion/lien?j=S3cret", Code: "042917"},
	"up-fr":     {Email: "neuve@exemple.example", Language: "fr", Link: "https://canot.example/connexion/lien?j=S3cret", Code: "042917", New: true},
	"up-en":     {Email: "neuve@exemple.example", Language: "en", Link: "https://canot.example/en/connexion/lien?j=S3cret", Code: "042917", New: true},
	"verify-fr": {Email: "autre@exemple.example", Language: "fr", Link: "https://canot.example/connexion/lien?j=S3cret", Code: "042917", Verify: true},
	"verify-en": {Email: "autre@exemple.example", Language: "en", Link: "https://canot.example/en/connexion/lien?j=S3cret", Code: "042917", Verify: true},
}

var instead = []booking.Alternative{
	{Kind: "time", Resource: "studio", Hub: "rouyn-noranda", StartsAt: inDays(2, 18), EndsAt: inDays(2, 20)},
	{Kind: "resource", Resource: "petit-studio", Hub: "rouyn-noranda", StartsAt: inDays(2, 14), EndsAt: inDays(2, 16)},
	{Kind: "hub", Resource: "kenora-studio", Hub: "kenora", StartsAt: inDays(2, 14), EndsAt: inDays(2, 16), DistanceKm: 1140},
}

func inDays(d, hour int) time.Time { return time.Date(2026, 11, 21+d, hour, 0, 0, 0, time.UTC) }

func (b *bench) exec(query string, args ...any) {
	b.t.Helper()
	must(b.t, b.DB.In(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill makes two hubs in two zones, three studios and a kit, and people in both languages.
func (b *bench) fill() {
	b.exec(`INSERT INTO operators (id, slug, legal_name) VALUES ('op', 'op', 'Exploitant inc.')`)
	b.exec(`INSERT INTO regions (id, slug, name) VALUES ('re1', 'abitibi', '{"fr":"Abitibi"}')`)
	b.exec(`INSERT INTO hubs (id, slug, region_id, operator_id, name, town, address, phone, email, latitude, longitude, time_zone) VALUES
		('hub1', 'rouyn-noranda', 're1', 'op', '{"fr":"Hub du cuivre","en":"Copper Hub"}', 'Rouyn-Noranda', '12, rue Perreault Est', '819 555-0142', 'bonjour@cuivre.example', 48.2, -79.0, 'America/Toronto'),
		('hub2', 'kenora', 're1', 'op', '{"en":"Kenora Hub"}', 'Kenora', '', '', '', 49.7, -94.4, 'America/Winnipeg')`)
	b.exec(`INSERT INTO categories (id, slug, name) VALUES ('cat1', 'medialab', '{"fr":"Médialab"}')`)
	for _, r := range [][4]string{
		{"res1", "studio", "hub1", `{"fr":"Studio médialab","en":"Medialab studio"}`},
		{"res2", "petit-studio", "hub1", `{"fr":"Petit studio","en":"Small studio"}`},
		{"res3", "kenora-studio", "hub2", `{"en":"Kenora studio"}`},
		{"res4", "trousse", "hub1", `{"fr":"Trousse caméra","en":"Camera kit"}`},
	} {
		b.exec(`INSERT INTO resources (id, slug, hub_id, kind, category_id, name, name_key, grain_min, shortest_min, longest_min, within)
			VALUES ($1, $2, $3, 'space', 'cat1', $4, $2, 30, 30, 480, 'inside')`, r[0], r[1], r[2], r[3])
	}
	b.exec(`UPDATE hubs SET access = $1 WHERE id = 'hub1'`, inventory.Text{"fr": "Entrée par la ruelle, porte bleue.\nSonnez : l’ascenseur est au fond.", "en": "Enter from the lane, blue door.\nRing: the lift is at the back."})
	b.exec(`UPDATE resources SET cancel_cutoff_min = 1440, bring = $1 WHERE id = 'res1'`, inventory.Text{"fr": "Vos fichiers sur une clé USB, et de bonnes chaussures.", "en": "Your files on a USB stick, and sturdy shoes."})
	b.exec(`UPDATE resources SET bring = $1 WHERE id = 'res4'`, inventory.Text{"fr": "Une pièce d’identité; une carte mémoire.", "en": "A piece of identification; a memory card."})
	for _, m := range [][4]string{
		{"mem-zoe", "Zoé Tremblay", "zoe@exemple.example", "fr"}, {"mem-joe", "Joe Diamond", "joe@exemple.example", "en"},
		{"mem-anne", "Anne Gagnon", "anne@exemple.example", "fr"}, {"mem-marc", "Marc Hunter", "marc@exemple.example", "en"},
		{"mem-aline", "Aline Wapachee", "", "fr"}, {"mem-far", "Ursule Loin", "ursule@exemple.example", "fr"},
	} {
		b.exec(`INSERT INTO members (id, name, email, email_key, language, home_hub_id, created_at) VALUES ($1, $2, $3, $4, $5, 'hub1', $6)`,
			m[0], m[1], m[2], orNull(m[2]), m[3], now)
	}
	b.staff()
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// staff gives a person a role at the copper hub: Anne is staff, with all that staff may; Zoé
// and Marc may approve and nothing else; the administrator is far away.
func (b *bench) staff() {
	for i, g := range [][4]string{
		{"mem-anne", "staff", "hub1", ""}, {"mem-marc", "staff", "hub1", "approve"}, {"mem-zoe", "staff", "hub1", "approve"},
		{"mem-far", "administrator", "", ""},
	} {
		b.exec(`INSERT INTO grants (id, member_id, role, hub_id, region_id, rights, created_at) VALUES ($1, $2, $3, $4, '', $5, $6)`, "gra"+strconv.Itoa(i), g[0], g[1], g[2], g[3], now)
	}
}

// A booked is a booking to put in: zero fields have usual values.
type booked struct {
	id, member, status, title, reason string
	starts                            time.Time
	competes, kit                     bool
	withoutUnit                       int
}

func (b *bench) put(k booked) {
	b.t.Helper()
	if k.starts.IsZero() {
		k.starts = inDays(2, 14)
	}
	if k.title == "" {
		k.title = "Répétition du chœur"
	}
	var lapses any
	if k.status == "pending" {
		lapses = k.starts.Add(-20 * time.Hour)
	}
	b.exec(`INSERT INTO bookings (id, reference, hub_id, member_id, made_by, status, starts_at, ends_at, lapses_at, starts_local, ends_local, title, reason, competes, created_at, changed_at)
		VALUES ($1, $2, 'hub1', $3, $3, $4, $5, $6, $7, '', '', $8, $9, $10, $11, $11)`,
		k.id, "K7QM-"+k.id, k.member, k.status, k.starts, k.starts.Add(2*time.Hour), lapses, k.title, k.reason, k.competes, now)
	b.exec(`INSERT INTO booking_lines (booking_id, line, resource_id, quantity, without_unit) VALUES ($1, 0, 'res1', 1, $2)`, k.id, k.withoutUnit)
	if k.kit {
		b.exec(`INSERT INTO booking_lines (booking_id, line, resource_id, quantity) VALUES ($1, 1, 'res4', 2)`, k.id)
	}
}

// enqueue adds jobs as the domain does.
func (b *bench) enqueue(kind string, args ...any) {
	b.t.Helper()
	must(b.t, b.DB.In(context.Background(), func(tx *database.Tx) error {
		for _, a := range args {
			if err := tx.Enqueue(database.Job{Kind: kind, Args: a, At: tx.Now}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// run does what is due and returns the messages, oldest first.
func (b *bench) run() []Message {
	b.t.Helper()
	if _, err := b.DB.RunDue(context.Background(), b.Handlers()); err != nil {
		b.t.Fatal(err)
	}
	var all []Message
	for _, m := range slices.Backward(b.kept.Messages()) {
		all = append(all, m.Message)
	}
	return all
}

func (b *bench) jobs(state string) (n int) {
	b.t.Helper()
	must(b.t, b.DB.Reader(context.Background()).Get(&n, `SELECT count(*) FROM jobs WHERE state = $1`, state))
	return n
}

func onEach(t *testing.T, f func(t *testing.T, b *bench)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, newBench(t, engine))
		})
	}
}
