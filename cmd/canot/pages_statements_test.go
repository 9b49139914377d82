package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"canot/internal/database"
	"canot/internal/database/dbtest"
	"canot/web/mail"
)

// statementLimit is how many statements a page may take: the session's look-up, BEGIN and
// COMMIT included.
const statementLimit = 6

// fileLimit is how many the file on a person may take, which reads every table that knows of
// them, each once.
const fileLimit = 40

// TestAPageTakesFewStatementsWhateverTheSizeOfTheNetwork counts them for every page, on both
// engines, and on SQLite in a network ten times as large: they are as many.
func TestAPageTakesFewStatementsWhateverTheSizeOfTheNetwork(t *testing.T) {
	onPostgres := sharedWorld{args: []string{"--database", dbtest.EmptyURL(t, "postgres")}}
	t.Cleanup(func() { onPostgres.in.end() })
	wholeFile, moving := map[string]bool{}, map[string]int{}
	for _, p := range pagesOfTheSite {
		wholeFile[p.name()], moving[p.name()] = p.whole, p.moving
	}
	small := statementsOf(t, demoWorld(t))
	large := statementsOf(t, largeWorld.get(t))
	other := statementsOf(t, onPostgres.get(t))
	for name, statements := range small {
		limit := statementLimit + moving[name]
		if wholeFile[name] {
			limit = fileLimit
		}
		if len(statements) > limit {
			t.Errorf("%s takes %d statements:\n%s", name, len(statements), shortened(statements))
		}
		if len(large[name]) != len(statements) {
			t.Errorf("%s takes %d statements, and %d in a larger network:\n%s\n\n%s", name, len(statements), len(large[name]), shortened(statements), shortened(large[name]))
		}
		if len(other[name]) > limit {
			t.Errorf("%s takes %d statements on PostgreSQL:\n%s", name, len(other[name]), shortened(other[name]))
		}
	}
}

// statementsOf opens the data base of a world a second time, as another server would, and counts
// what each page takes of somebody who has looked at it before.
func statementsOf(t *testing.T, in *world) map[string][]string {
	t.Helper()
	counter := &dbtest.Counter{}
	address := in.Data
	if !strings.Contains(address, "://") {
		address = database.SQLiteURL(filepath.ToSlash(filepath.Join(in.Data, "canot.db")))
	}
	nw := assemble(dbtest.Reopen(t, database.Settings{URL: address, Observe: counter.Observe}), slog.New(slog.DiscardHandler))
	nw.kept = &mail.Kept{}
	handler := nw.handler(config{PublicURL: webAddress(in.URL)})
	found := map[string][]string{}
	for _, p := range pagesOfTheSite {
		if p.why != "" || p.form != "" || p.before != "" || strings.HasPrefix(p.route, "/demo/courriels/") {
			continue // letters are kept in memory, by the server that wrote them
		}
		request := httptest.NewRequest(http.MethodGet, in.URL+p.addressIn(in, "fr"), nil)
		if p.who != anybody {
			for _, c := range in.signIn(t, in.email(p.who)) {
				request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
			}
		}
		look := func() {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request.Clone(t.Context()))
			if answer.Code != p.wanted() {
				t.Errorf("%s: status %d %s", request.URL, answer.Code, answer.Header().Get("Location"))
			}
		}
		request.Header.Set("Accept", "text/html")
		look() // what a resource is and whose session it is are remembered for a while,
		// which may end between two looks, but not twice in a row.
		found[p.name()] = counter.Statements(look)
		if again := counter.Statements(look); len(again) < len(found[p.name()]) {
			found[p.name()] = again
		}
	}
	return found
}

func shortened(statements []string) string {
	lines := make([]string, min(len(statements), 12))
	for i := range lines {
		s := strings.Join(strings.Fields(statements[i]), " ")
		lines[i] = "\t" + s[:min(len(s), 140)]
	}
	return strings.Join(lines, "\n")
}
