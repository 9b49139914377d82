package api

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/identity"
)

// The rights of the roles, written down once more: a role that gains one fails here.
const (
	staffRights   = "view_bookings view_persons book_for_others approve hand_out certify"
	managerRights = staffRights + " waive manage_inventory manage_members manage_tiers see_money export"
)

// A persona is somebody who asks: with these rights over that place.
type persona struct {
	name   string
	role   identity.Role
	place  string // amos, rouyn, at (its region), bj (another region), network; "" for none
	rights string // those that the test expects; with single, also those of the grant
	single bool
	scope  string // of the token; admin when left out
	by     int    // the factors of a session, in the place of a token
	is     string // also counts as this one

	id, secret string
	touched    bool     // its session may have ended
	codes      []string // recovery codes, of who has a second factor
}

// personas are everybody, the owner first. Single rights are taken from staff, one by one, and
// given alone, one by one.
func personas() []*persona {
	network := managerRights + " manage_network"
	list := []*persona{
		{name: "own"}, {name: "reader", scope: identity.ScopeRead}, {name: "other"}, {name: "delegate"}, {name: "chief"},
		{name: "staff", role: identity.Staff, place: "amos", rights: staffRights},
		{name: "staff elsewhere", role: identity.Staff, place: "rouyn", rights: staffRights},
		{name: "manager", role: identity.Manager, place: "amos", rights: managerRights},
		{name: "manager elsewhere", role: identity.Manager, place: "rouyn", rights: managerRights},
		{name: "coordinator", role: identity.Coordinator, place: "at", rights: managerRights},
		{name: "coordinator elsewhere", role: identity.Coordinator, place: "bj", rights: managerRights},
		{name: "administrator", role: identity.Administrator, place: "network", rights: network},
		{name: "browser", by: 1, is: "own"},
		{name: "proved", by: 2, role: identity.Manager, place: "amos", rights: managerRights},
		{name: "half", by: 1, role: identity.Manager, place: "amos"}, // a manager by one factor has no right
		{name: "nobody"},
	}
	for _, right := range strings.Fields(managerRights) {
		list = append(list, &persona{name: "only " + right, role: identity.Staff, place: "amos", rights: right, single: true})
	}
	for _, right := range strings.Fields(staffRights) {
		rest := strings.Join(slices.DeleteFunc(strings.Fields(staffRights), func(r string) bool { return r == right }), " ")
		list = append(list, &persona{name: "no " + right, role: identity.Staff, place: "amos", rights: rest, single: true})
	}
	return list
}

// reaches reports whether the persona has rights over a hub (Amos), its region, the network, or anywhere.
func (p *persona) reaches(where string) bool {
	switch where {
	case "hub":
		return slices.Contains([]string{"amos", "at", "network"}, p.place)
	case "there":
		return slices.Contains([]string{"rouyn", "at", "network"}, p.place)
	case "region":
		return p.place == "at" || p.place == "network"
	case "network":
		return p.place == "network"
	}
	return where == "anywhere" && p.place != ""
}

// may reports whether the persona is one of those that a rule lists.
func (p *persona) may(list string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(word string) bool {
		where, rights, byRight := strings.Cut(word, ":")
		switch {
		case word == "anyone":
			return true
		case word == "signed":
			return p.name != "nobody" && p.name != "reader"
		case word == "able":
			return p.name != "nobody" && p.name != "reader" && p.name != "half"
		case word == "session":
			return p.name == "browser" || p.name == "proved"
		case !byRight:
			return p.name == word || p.is == word
		}
		return p.reaches(where) && !slices.ContainsFunc(strings.Split(rights, "+"), func(r string) bool {
			return !slices.Contains(strings.Fields(p.rights), r)
		})
	})
}

var placeholder = regexp.MustCompile(`<([a-z -]+)>`)

// call makes the address and the body of a rule, with fresh things where one was used up.
func (w *world) call(r rule, p *persona) (method, path, body string) {
	method, path, _ = strings.Cut(r.op, " ")
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(name string) string { return w.thing(name[1:len(name)-1], p) })
	}
	of, query, asked := strings.Cut(r.of, "?")
	path = strings.Replace(path, "{id}", fill(of), 1)
	path = strings.Replace(path, "{date}", fill("<date>"), 1)
	if asked {
		path += "?" + fill(query)
	}
	return method, prefix + path, fill(r.body)
}

// ask makes a request as a persona.
func (w *world) ask(p *persona, method, path, body string, headers ...string) *answered {
	switch {
	case p.by > 0:
		return w.do(method, path, "", body, append(headers, "Cookie", "__Host-canot="+p.secret)...)
	case p.secret != "":
		return w.do(method, path, "", body, append(headers, "Authorization", "Bearer "+p.secret)...)
	}
	return w.do(method, path, "", body, headers...)
}

// TestMatrix asks every operation as everybody. Who is listed gets what they asked for, who is not
// is refused, and a refusal leaves nothing in the log.
func TestMatrix(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		w := newWorld(n)
		for _, r := range table {
			w.made = map[string]string{}
			for _, p := range w.all {
				if r.twin {
					p = w.enlist(*p)
				}
				w.freshen(p, r)
				if r.sees != "" {
					w.thing(r.sees, p)
				}
				method, path, body := w.call(r, p)
				headers := r.headers()
				before := w.changes()
				got := w.ask(p, method, path, body, headers...)
				w.judge(t, r, p, got, path)
				if got.status < 300 {
					w.made = map[string]string{}
				} else if after := w.changes(); after != before {
					t.Errorf("%s (%s) as %s was refused, %d, and changed something", r.op, r.of, p.name, got.status)
				}
			}
		}
	})
}

// headers are those that the body of a rule needs.
func (r rule) headers() []string {
	switch {
	case strings.Contains(r.op, "/import"):
		return []string{"Content-Type", "text/csv"}
	case r.media != "":
		return []string{"Content-Type", r.media}
	}
	return nil
}

// judge holds an answer against the table.
func (w *world) judge(t *testing.T, r rule, p *persona, got *answered, path string) {
	t.Helper()
	allowed, ok := p.may(r.may), got.status < 300
	if r.sees != "" {
		ok = ok && bytes.Contains(got.body, []byte(w.thing(r.sees, p)))
	}
	switch {
	case allowed && r.gets != 0:
		ok = got.status == r.gets
	case !allowed && p.name == "nobody":
		ok = got.status == 401
	case !allowed && got.status == 403:
		// Who only lacks the second factor is told so.
		ok = p.name != "half" || got.text("code") == "second_factor_needed" || got.text("code") == "session_needed"
	case !allowed && r.sees != "" && got.status == 200:
		ok = !bytes.Contains(got.body, []byte(w.thing(r.sees, p)))
	case !allowed && r.or != "" && got.status == 422:
		ok = slices.ContainsFunc(got.violations(), func(v string) bool { code, _, _ := strings.Cut(v, " "); return code == r.or })
	case !allowed:
		ok = got.status == 404
	}
	if !ok {
		t.Errorf("%s (%s) as %s, listed %t, answers %d: %s", r.op, path, p.name, allowed, got.status, got.body)
	}
}

// TestMatrixIsWhole fails for an operation that the table forgets.
func TestMatrixIsWhole(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	var known []string
	for _, op := range documented(t, n) {
		op = strings.Replace(op, prefix, "", 1)
		known = append(known, op)
		if !slices.ContainsFunc(table, func(r rule) bool { return r.op == op }) {
			t.Errorf("nothing says who may %s", op)
		}
	}
	for _, r := range table {
		if !slices.Contains(known, r.op) {
			t.Errorf("there is no %s", r.op)
		}
		for _, word := range strings.Fields(r.may) {
			if where, rights, byRight := strings.Cut(word, ":"); byRight {
				for _, right := range strings.Split(rights, "+") {
					if !slices.Contains(identity.AllRights(), identity.Right(right)) || !slices.Contains([]string{"hub", "there", "region", "network", "anywhere"}, where) {
						t.Errorf("%s: %s is no right", r.op, word)
					}
				}
			}
		}
	}
}

// private are things of which a stranger may not even know that they are there.
var private = regexp.MustCompile(`<(booking|booking of the troupe|hold|request|request of the troupe|loan|own|member|assisted|staffed|delegated|troupe|chorale|` +
	`membership|paused|pack|certificate|certificate of the network|consent|incident|token|calendar|session|passkey|maintenance|visit|lent|lent unit|unit that is out|returned|act|ticket|preventive rule|consumable|stocktake|file|suspension)>`)

// TestGuessedIdsAreNotFound asks by ids that name nothing, or something else: for whoever may do
// all it is not found; a stranger is answered to the letter as by the id of a real thing.
func TestGuessedIdsAreNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		w := newWorld(n)
		for _, r := range table {
			w.made = map[string]string{}
			if strings.Contains(r.op, "{id}") && !r.twin {
				w.guess(t, r)
			}
			if !private.MatchString(r.of + r.body) {
				continue
			}
			for _, name := range []string{"other", "staff elsewhere", "manager elsewhere", "coordinator elsewhere", "half"} {
				p := w.named(name)
				if p.may(r.may) || r.sees != "" {
					continue
				}
				w.freshen(p, r)
				guess := r
				guess.of = private.ReplaceAllStringFunc(r.of, func(string) string { return database.NewID() })
				guess.body = private.ReplaceAllStringFunc(r.body, func(string) string { return database.NewID() })
				for _, version := range []string{"", "*", `"1", "999"`} { // nor by what a condition on its version comes to
					var answers [2]*answered
					for i, asked := range []rule{r, guess} {
						method, path, body := w.call(asked, p)
						answers[i] = w.ask(p, method, path, body, append(r.headers(), "If-Match", version)...)
					}
					there, guessed := answers[0], answers[1]
					if there.status != guessed.status || !bytes.Equal(there.body, guessed.body) {
						t.Errorf("%s tells %s of a thing that is not theirs:\n%d %s\n%d %s", r.op, name, there.status, there.body, guessed.status, guessed.body)
					}
				}
			}
		}
	})
}

// guess asks as somebody who may, by ids that name nothing of the kind.
func (w *world) guess(t *testing.T, r rule) {
	t.Helper()
	able := w.named("administrator")
	if strings.HasPrefix(r.op, "DELETE /account/") {
		able = w.named("proved")
	}
	w.freshen(able, r)
	otherKind := w.id["amos"]
	if strings.Contains(r.op, "/hubs/") {
		otherKind = w.id["zoe"]
	}
	for _, id := range []string{database.NewID(), "0", "n-y-a-rien", "%F0%9F%92%A9", "..%2f" + otherKind, strings.Repeat("x", 300), otherKind} {
		guess := r
		_, query, _ := strings.Cut(r.of, "?")
		guess.of = id + "?" + query
		method, path, body := w.call(guess, able)
		if got := w.ask(able, method, strings.TrimSuffix(path, "?"), body, r.headers()...); got.status != 404 {
			t.Errorf("%s of %q answers %d: %s", r.op, id, got.status, got.body)
		}
	}
}

// TestNoWayAround tries each closed door by other spellings of its address and of its method.
func TestNoWayAround(t *testing.T) {
	n := newNetwork(t, "sqlite", false)
	w := newWorld(n)
	for _, r := range table {
		for _, name := range []string{"nobody", "other"} {
			p := w.named(name)
			if p.may(r.may) || r.sees != "" || r.or != "" || strings.Contains(r.op, "/import") {
				continue
			}
			w.made = map[string]string{}
			method, path, body := w.call(r, p)
			address, query, _ := strings.Cut(path, "?")
			before := w.changes()
			for _, way := range [][]string{
				{method, address + "/"}, {method, strings.ToUpper(address)}, {method, strings.Replace(address, "/api/", "//api/", 1)},
				{method, strings.Replace(address, "/v1/", "/v1//", 1)}, {method, strings.Replace(address, "/v1/", "/v1/./", 1)},
				{method, strings.Replace(address, "/v1/", "/v1%2f", 1)}, {method, strings.Replace(address, "/v1/", "/v1/tags/../", 1)},
				{method, strings.Replace(address, "/v1/", "/v1;x=1/", 1)}, {method, address + ".json"}, {method, address + "%00"}, {method, address + "%20"},
				{strings.ToLower(method), address}, {"HEAD", address}, {"OPTIONS", address}, {"TRACE", address},
				{"POST", address, "X-HTTP-Method-Override", method}, {"GET", address, "X-HTTP-Method", method}, {"POST", address, "X-Method-Override", method},
				{"GET", prefix, "X-Original-URL", address}, {"GET", prefix, "X-Rewrite-URL", address},
				{method, address, "X-Forwarded-For", "127.0.0.1"}, {method, address, "X-Forwarded-User", "root"}, {method, address, "Cookie", "__Host-canot=canots_x"},
			} {
				target := way[1]
				if query != "" && target != prefix {
					target += "?" + query
				}
				got := w.ask(p, way[0], target, body, append(r.headers(), way[2:]...)...)
				closed := slices.Contains([]int{400, 401, 403, 404, 405}, got.status)
				another := target == prefix || got.status < 300 && w.opens(way[0], r.op, p) // operation, open to them
				if !closed && !another {
					t.Errorf("%s as %s by %v answers %d: %s", r.op, name, way, got.status, got.body)
				}
			}
			if w.changes() != before {
				t.Errorf("%s as %s was gone around", r.op, name)
			}
		}
	}
}

// opens reports whether the same address by another method is an operation that the persona may.
func (w *world) opens(method, op string, p *persona) bool {
	_, path, _ := strings.Cut(op, " ")
	if method == "HEAD" {
		method = "GET"
	}
	return slices.ContainsFunc(table, func(r rule) bool { return r.op == method+" "+path && (p.may(r.may) || r.sees != "" && p.id != "") })
}

// changes is the number of the last entry in the log.
func (w *world) changes() (n int) {
	must(w.t, w.db.Reader(context.Background()).Get(&n, `SELECT COALESCE(MAX(seq), 0) FROM changes`))
	return n
}

func (w *world) named(name string) *persona {
	for _, p := range w.all {
		if p.name == name {
			return p
		}
	}
	panic(fmt.Sprintf("nobody is %q", name))
}
