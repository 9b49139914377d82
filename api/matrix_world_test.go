package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/identity"
)

// A world is a network with everybody in it and everything that they may ask for: Amos with its
// things, Rouyn in the same region under another operator, and another region.
type world struct {
	*network
	all   []*persona
	made  map[string]string // things that nobody has used up yet
	count int               // of what must differ each time
}

func newWorld(n *network) *world {
	w := &world{network: n, made: map[string]string{}}
	n.do("POST", "/api/v1/regions", "root", `{"slug":"bj","name":{"fr":"Baie-James"}}`).want(201)
	n.do("POST", "/api/v1/operators", "root", `{"slug":"autre","legal_name":"Autre"}`).want(201)
	n.do("PATCH", "/api/v1/hubs/rouyn", "root", `{"operator":"autre"}`).want(200)
	n.do("PUT", "/api/v1/hubs/amos/opening", "root", `{"week":"Mo-Su 00:00-24:00"}`).want(200)
	for _, place := range []string{"at", "bj"} {
		n.id[place] = n.do("GET", "/api/v1/regions/"+place, "", "").want(200).text("id")
	}
	n.id["op"] = n.do("GET", "/api/v1/operators/op", "", "").want(200).text("id")
	for slug, policy := range map[string]string{"salle": `{}`, "demande": `{"approval":true}`, "pret": `{"notice_min":0,"grain_min":15,"shortest_min":15}`, "accueil": `{"notice_min":0}`} {
		kind, units := "space", 1
		if slug == "pret" {
			kind, units = "equipment", 90
		} else if slug == "accueil" {
			units = 40
		}
		n.do("POST", "/api/v1/resources", "root", `{"slug":"`+slug+`","hub":"amos","category":"desk","kind":"`+kind+`","name":{"fr":"`+slug+`"},"policy":`+policy+`}`).want(201)
		for range units {
			n.do("POST", "/api/v1/resources/"+slug+"/units", "root", `{}`).want(201)
		}
	}
	n.do("POST", "/api/v1/tiers", "root", `{"slug":"libre","hub":"amos","name":{"fr":"Libre"}}`).want(201)
	n.do("POST", "/api/v1/certifications", "root", `{"slug":"laser","hub":"amos","name":{"fr":"Laser"}}`).want(201)
	n.do("POST", "/api/v1/certifications", "root", `{"slug":"scie","name":{"fr":"Scie"}}`).want(201)
	n.do("POST", "/api/v1/conditions", "root", `{"slug":"regles","hub":"amos","name":{"fr":"Règles"},"text":{"fr":"Rangez."}}`).want(201)
	n.id["chorale"] = n.do("POST", "/api/v1/organisations", "root", `{"name":"Chorale","sector":"culture","hub":"amos"}`).want(201).text("id")
	n.id["troupe"] = n.do("POST", "/api/v1/organisations", "root", `{"name":"Troupe","sector":"culture","hub":"amos"}`).want(201).text("id")
	for _, p := range personas() {
		w.all = append(w.all, w.enlist(*p))
		n.id[p.name] = w.all[len(w.all)-1].id
	}
	for name, manages := range map[string]string{"delegate": "false", "chief": "true"} {
		for _, o := range []string{"troupe", "chorale"} {
			n.do("POST", "/api/v1/organisations/"+n.id[o]+"/delegates", "root", `{"member":"`+n.id[name]+`","manages":`+manages+`}`).want(204)
		}
	}
	return w
}

// enlist makes a member for a persona, with a role and a token.
func (w *world) enlist(p persona) *persona {
	ctx := context.Background()
	p.secret = ""
	if p.name == "nobody" {
		return &p
	}
	if (p.is == "own" || p.name == "reader") && w.id["own"] != "" && w.id[p.name] == "" {
		p.id = w.id["own"] // the owner, otherwise
	} else {
		home := "amos"
		if strings.HasSuffix(p.name, "elsewhere") {
			home = "rouyn"
		}
		m, err := w.api.Directory.CreateMember(ctx, identity.System, identity.NewMember{
			Name: p.name, Email: w.next("p") + "@example.ca", EmailVerified: true, HomeHubID: w.id[home]})
		must(w.t, err)
		p.id = m.ID
	}
	if p.role != "" {
		g := identity.Grant{Role: p.role}
		switch p.place {
		case "amos", "rouyn":
			g.HubID = w.id[p.place]
		case "at", "bj":
			g.RegionID = w.id[p.place]
		}
		if p.single {
			var list []identity.Right
			for _, right := range strings.Fields(p.rights) {
				list = append(list, identity.Right(right))
			}
			var err error
			g.Rights, err = identity.RightsOf(list)
			must(w.t, err)
		}
		must(w.t, w.api.Directory.GrantRole(ctx, identity.System, p.id, g, database.Key{}))
	}
	if p.by > 0 {
		return &p
	}
	scope := p.scope
	if scope == "" {
		scope = identity.ScopeAdmin
	}
	var err error
	p.secret, _, err = w.api.Directory.IssueToken(ctx, identity.System, p.id, identity.TokenRequest{Scopes: []string{scope}})
	must(w.t, err)
	return &p
}

// freshen opens a session for a persona of the browser, as if nothing had been tried before, when a
// rule is about signing in, or the one before was. The manager by one factor has an authenticator;
// so have those whom a rule asks for a code.
func (w *world) freshen(p *persona, r rule) {
	touches := strings.Contains(r.op, "/account") || strings.Contains(r.op, "/sign-")
	if touches {
		w.exec(`DELETE FROM attempts`)
	}
	if p.by == 0 || p.secret != "" && !touches && !p.touched {
		return
	}
	p.touched = touches
	must(w.t, w.db.In(context.Background(), func(tx *database.Tx) (err error) {
		for _, table := range []string{"passwords", "authenticators", "recovery_codes", "passkeys"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE member_id = $1`, p.id); err != nil {
				return err
			}
		}
		delete(w.made, "passkey")
		if p.name == "half" || r.coded {
			loaded, err := w.api.Gate.LoadFactors(tx, []string{p.id})
			if err != nil {
				return err
			}
			p.codes = loaded[0].RecoveryCodes
		}
		p.secret, _, err = w.api.Directory.OpenSession(tx, p.id, "link", p.by, "Firefox")
		return err
	}))
}

func (w *world) exec(query string, args ...any) {
	must(w.t, w.db.In(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}))
}

// next is a text that was never given before.
func (w *world) next(start string) string {
	w.count++
	return fmt.Sprintf("%s%d", start, w.count)
}

// root does something as the administrator and returns the id of what it made.
func (w *world) root(path, body string) string {
	w.t.Helper()
	a := w.do("POST", prefix+path, "root", body)
	if a.status != 201 && a.status != 200 {
		a.want(201)
	}
	return a.text("id")
}

// slot is an hour that nobody has booked, on the wire.
func (w *world) slot() string {
	w.count++
	at := monday.Add(time.Duration(24+w.count) * time.Hour)
	return `"starts_at":"` + at.Format(time.RFC3339) + `","ends_at":"` + at.Add(time.Hour).Format(time.RFC3339) + `"`
}

// book makes a booking of somebody's.
func (w *world) book(who, resource, more string) string {
	w.t.Helper()
	return w.ask(w.named(who), "POST", prefix+"/bookings", `{"resource":"`+resource+`",`+w.slot()+more+`}`).want(201).text("id")
}

// thing returns what a placeholder stands for: a thing that is there, or one made for this request
// and kept until somebody succeeds with it.
func (w *world) thing(name string, p *persona) string {
	w.t.Helper()
	switch name {
	case "n":
		return w.next("n")
	case "slot":
		return w.slot()
	case "journey":
		return aJourney
	case "me":
		return p.id
	case "code":
		if len(p.codes) > 0 {
			return p.codes[0]
		}
		return "000000"
	}
	if w.made[name] == "" {
		w.made[name] = w.make(name)
	}
	return w.made[name]
}

func (w *world) make(name string) string {
	w.t.Helper()
	own, ctx := w.id["own"], context.Background()
	switch name {
	case "booking":
		return w.book("own", "salle", "")
	case "booking of the troupe":
		return w.book("chief", "salle", `,"organisation":"`+w.id["troupe"]+`"`)
	case "hold":
		return w.book("own", "salle", `,"hold_minutes":10`)
	case "request":
		return w.book("own", "demande", "")
	case "request of the troupe":
		return w.book("chief", "demande", `,"organisation":"`+w.id["troupe"]+`"`)
	case "loan", "visit":
		resource := map[string]string{"loan": "pret", "visit": "accueil"}[name]
		body := `{"resource":"` + resource + `","starts_at":"2026-11-16T13:30:00Z","ends_at":"2026-11-16T14:30:00Z"}`
		return w.ask(w.named("own"), "POST", prefix+"/bookings", body).want(201).text("id")
	case "another operator":
		if w.do("GET", prefix+"/hubs/amos", "", "").text("operator") == w.id["op"] {
			return "autre"
		}
		return "op"
	case "job":
		id := database.NewID()
		w.exec(`INSERT INTO jobs (id, kind, args, state, run_at, created_at) VALUES ($1, 'x', '{}', 'given_up', $2, $2)`, id, monday)
		return id
	case "date":
		w.count++
		day := monday.AddDate(2, 0, w.count).Format(time.DateOnly)
		w.do("PUT", prefix+"/hubs/amos/exceptions/"+day, "root", `{"hours":""}`).want(200)
		return day
	case "closure":
		return w.root("/hubs/amos/closures", `{"starts_local":"2029-01-01T00:00","ends_local":"2029-01-02T00:00"}`)
	case "new unit":
		return w.root("/resources/amos-desk/units", `{}`)
	case "maintenance":
		return w.root("/units/"+w.make("new unit")+"/maintenances", `{"starts_at":"2026-11-16T13:00:00Z"}`)
	case "member", "assisted", "staffed":
		m := identity.NewMember{Name: "x", Email: w.next("m") + "@example.ca", HomeHubID: w.id["amos"]}
		if name == "assisted" {
			m.Email = ""
		}
		made, err := w.api.Directory.CreateMember(ctx, identity.System, m)
		must(w.t, err)
		if name == "staffed" {
			g := identity.Grant{Role: identity.Staff, HubID: w.id["amos"]}
			must(w.t, w.api.Directory.GrantRole(ctx, identity.System, made.ID, g, database.Key{}))
		}
		return made.ID
	case "token":
		_, t, err := w.api.Directory.IssueToken(ctx, identity.System, own, identity.TokenRequest{Scopes: []string{"read"}})
		must(w.t, err)
		return t.ID
	case "calendar":
		_, c, err := w.api.Directory.RenewCalendarAddress(ctx, identity.Actor{ID: own}, "", database.Key{})
		must(w.t, err)
		return c.ID
	case "session":
		var id string
		must(w.t, w.db.In(ctx, func(tx *database.Tx) error {
			_, s, err := w.api.Directory.OpenSession(tx, own, "link", 1, "")
			id = s.ID
			return err
		}))
		return id
	case "passkey":
		id := database.NewID()
		w.exec(`INSERT INTO passkeys (id, member_id, credential, data, created_at) VALUES ($1, $2, $1, '{}', $3)`, id, w.id["proved"], monday)
		return id
	case "delegated":
		id := w.make("member")
		w.do("POST", prefix+"/organisations/"+w.id["troupe"]+"/delegates", "root", `{"member":"`+id+`"}`).want(204)
		return id
	case "the other":
		w.do("POST", prefix+"/organisations/"+w.id["chorale"]+"/delegates", "root", `{"member":"`+w.id["other"]+`"}`).want(204)
		return w.id["other"]
	}
	if made := w.makeAtCounter(name, own); made != "" {
		return made
	}
	return w.makeOwn(name, own)
}

// makeAtCounter makes what a counter deals with: what is out and what came back, journeys, tickets,
// stock, files and suspensions. It returns "" for anything else.
func (w *world) makeAtCounter(name, own string) string {
	w.t.Helper()
	loan := func(booking string) string {
		first, _ := w.do("GET", prefix+"/bookings/"+booking+"/loans", "root", "").want(200).items()[0].(map[string]any)
		return first["id"].(string)
	}
	switch name {
	case "lent":
		id := w.make("loan")
		w.do("POST", prefix+"/bookings/"+id+"/check-out", "root", "").want(200)
		return id
	case "lent unit":
		return loan(w.make("lent"))
	case "unit that is out":
		return w.do("GET", prefix+"/loans/"+w.make("lent unit"), "root", "").want(200).text("unit")
	case "new equipment":
		return w.root("/resources/pret/units", `{}`)
	case "returned": // of a unit that nobody had before: at one instant, nothing else says which loan was the last
		unit := w.make("new equipment")
		id := loan(w.root("/hubs/amos/walk-ins", `{"name":"x","units":["`+unit+`"],"ends_at":"2026-11-16T15:00:00Z"}`))
		w.do("POST", prefix+"/units/"+unit+"/check-in", "root", `{}`).want(200)
		return id
	case "act":
		id := database.NewID()
		w.exec(`INSERT INTO unsettled_acts (id, hub_id, kind, args, at, received_at, by_id, code) VALUES ($1, $2, 'check_in', '{"kind":"check_in","unit":"x"}', $3, $3, $4, 'not_out')`,
			id, w.id["amos"], monday, own)
		return id
	case "transfer", "transfer on the road":
		id := w.root("/transfers", `{"unit":"`+w.make("new equipment")+`","to":"rouyn",`+aJourney+`}`)
		if name != "transfer" {
			w.do("POST", prefix+"/transfers/"+id+"/depart", "root", "").want(200)
		}
		return id
	case "ticket":
		return w.root("/units/"+w.id["amos-desk-unit"]+"/tickets", `{"description":"x"}`)
	case "preventive rule":
		return w.root("/resources/amos-desk/preventive-rules", `{"name":"x","every_days":30}`)
	case "consumable":
		return w.root("/hubs/amos/consumables", `{"code":"`+w.next("C")+`","name":{"fr":"x"},"measure":"m"}`)
	case "stocktake":
		return w.root("/hubs/amos/stocktakes", `{}`)
	case "file":
		return w.do("POST", prefix+"/units/"+w.make("new unit")+"/files", "root", "Mode d’emploi\n", "Content-Type", "text/plain").want(201).text("id")
	case "suspension":
		return w.root("/members/"+w.make("member")+"/suspensions", `{"hub":"amos","until":"2026-11-20T13:00:00Z","reason":"x"}`)
	}
	return ""
}

// aJourney is when a unit travels.
const aJourney = `"leaves_at":"2026-11-17T13:00:00Z","arrives_at":"2026-11-17T17:00:00Z"`

// makeOwn makes what a member holds: memberships, packs, certificates, consents.
func (w *world) makeOwn(name, own string) string {
	w.t.Helper()
	switch name {
	case "day": // on which the membership at hand begins and ends
		w.makeOwn("membership", own)
		return w.made["day"]
	case "membership", "paused":
		w.count++
		day := monday.AddDate(4, 0, w.count).Format(time.DateOnly)
		w.made["day"] = day
		id := w.root("/memberships", `{"member":"`+own+`","tier":"libre","hub":"amos","starts_on":"`+day+`","ends_on":"`+day+`"}`)
		if name == "paused" {
			w.do("POST", prefix+"/memberships/"+id+"/pause", "root", `{"from_on":"`+day+`"}`).want(200)
		}
		return id
	case "allowance":
		slug := w.next("t")
		id := w.root("/tiers", `{"slug":"`+slug+`","hub":"amos","name":{"fr":"x"},"allowances":[{"week_min":60}]}`)
		w.count++
		day := monday.AddDate(4, 0, w.count).Format(time.DateOnly)
		w.root("/memberships", `{"member":"`+own+`","tier":"`+slug+`","hub":"amos","starts_on":"`+day+`","ends_on":"`+day+`"}`)
		t, err := w.api.Roster.Tier(context.Background(), id)
		must(w.t, err)
		return t.Allowances[0].ID
	case "pack":
		return w.root("/packs", `{"member":"`+own+`","hub":"amos","minutes":600}`)
	case "certificate":
		return w.root("/members/"+own+"/certificates", `{"certification":"laser"}`)
	case "certificate of the network":
		return w.root("/members/"+own+"/certificates", `{"certification":"scie","hub":"amos"}`)
	case "equivalence":
		slug := w.next("c")
		w.root("/certifications", `{"slug":"`+slug+`","name":{"fr":"x"}}`)
		return w.root("/hubs/amos/equivalences", `{"accepted":"`+slug+`","counts_as":"laser"}`)
	case "consent":
		return w.ask(w.named("own"), "POST", prefix+"/members/"+own+"/consents", `{"purpose":"photos"}`).want(201).text("id")
	case "incident":
		return w.root("/operators/op/incidents", `{"discovered_on":"2026-11-10","description":"x"}`)
	}
	if id := w.id[name]; id != "" {
		return id
	}
	return name // a slug
}
