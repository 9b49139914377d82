package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the picture of docs/architecture.md: for each package, which others of
// ours it may import. Arrows point down only.
var mayImport = map[string][]string{
	"canot/internal/fault":            {},
	"canot/migrations":                {},
	"canot/internal/database":         {"canot/internal/fault", "canot/migrations"},
	"canot/internal/database/dbtest":  {"canot/internal/database", "canot/migrations"},
	"canot/inventory/hours":           {"canot/internal/fault"},
	"canot/inventory/hours/zonesblob": {"canot/inventory/hours"},
	"canot/internal/identity":         {"canot/internal/fault", "canot/internal/database"},
	"canot/inventory":                 {"canot/inventory/hours", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/inventory/stock":           {"canot/inventory", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/inventory/upkeep":          {"canot/inventory/files", "canot/inventory", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/inventory/files":           {"canot/inventory", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/internal/identity/signin":  {"canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/internal/identity/privacy": {"canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/booking/membership": {"canot/inventory", "canot/inventory/hours", "canot/internal/identity", "canot/internal/fault",
		"canot/internal/database"},
	"canot/booking":          {"canot/inventory/upkeep", "canot/booking/membership", "canot/inventory/stock", "canot/inventory/files", "canot/inventory", "canot/inventory/hours", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/booking/calendar": {"canot/booking", "canot/inventory", "canot/inventory/hours", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/booking/demo":     {"canot/inventory/stock", "canot/inventory/upkeep", "canot/booking", "canot/booking/membership", "canot/inventory", "canot/inventory/hours", "canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/web/locale":       {"canot/internal/fault", "canot/inventory"},
	"canot/web/edge": {"canot/web/locale", "canot/booking", "canot/inventory", "canot/inventory/hours",
		"canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/web/mail": {"canot/booking/membership", "canot/web/locale", "canot/booking", "canot/booking/calendar", "canot/inventory", "canot/inventory/hours",
		"canot/internal/identity", "canot/internal/fault", "canot/internal/database"},
	"canot/web/assets":    {"canot/web/edge", "canot/internal/fault"},
	"canot/web/territory": {},
	"canot/web/print":     {"canot/internal/fault"},
	"canot/web": {"canot/inventory/upkeep", "canot/inventory/stock", "canot/inventory/files", "canot/web/assets", "canot/web/territory", "canot/web/print", "canot/web/edge", "canot/web/locale", "canot/web/mail", "canot/booking", "canot/booking/calendar", "canot/booking/membership", "canot/inventory",
		"canot/inventory/hours", "canot/internal/identity", "canot/internal/identity/signin", "canot/internal/identity/privacy",
		"canot/internal/fault", "canot/internal/database"},
	"canot/api": {"canot/inventory/upkeep", "canot/inventory/stock", "canot/inventory/files", "canot/web/assets", "canot/web/edge", "canot/web/locale", "canot/booking", "canot/booking/calendar", "canot/booking/membership",
		"canot/inventory", "canot/inventory/hours", "canot/internal/identity", "canot/internal/identity/signin",
		"canot/internal/identity/privacy", "canot/internal/fault", "canot/internal/database"},
}

// atTop may import everything, and nothing may import them.
var atTop = []string{"canot/cmd/canot", "canot/internal/bench"}

// only says which of ours alone may import a library: engines and drivers stop in
// internal/database, gin and huma at the edges.
var only = map[string][]string{
	"github.com/lib/pq":                {"canot/internal/database", "canot/internal/database/dbtest", "canot/internal/bench"},
	"github.com/jmoiron/sqlx":          {"canot/internal/database"},
	"modernc.org/sqlite":               {"canot/internal/database", "canot/internal/bench"},
	"github.com/pressly/goose/v3":      {"canot/migrations"},
	"database/sql":                     {"canot/internal/database", "canot/internal/database/dbtest", "canot/migrations", "canot/internal/bench"},
	"github.com/gin-gonic/gin":         {"canot/web/edge", "canot/web/assets", "canot/web", "canot/api", "canot/internal/bench"},
	"github.com/wneessen/go-mail":      {"canot/web/mail"},
	"github.com/danielgtaylor/huma/v2": {"canot/api"},
	"codeberg.org/go-pdf/fpdf":         {"canot/web/print"},
	"github.com/boombuler/barcode":     {"canot/web/print", "canot/web"},
	"rsc.io/qr":                        {"canot/web/print"},
	"golang.org/x/image/draw":          {"canot/inventory/files"},
	"net/http":                         {"canot/web/edge", "canot/web/assets", "canot/web", "canot/api", "canot/cmd/canot", "canot/internal/bench"},
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func ourPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags=nomsgpack", "-json=ImportPath,Dir,GoFiles,Imports", "canot/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsPointDownOnly(t *testing.T) {
	for _, p := range ourPackages(t) {
		allowed, known := mayImport[p.ImportPath]
		top := slices.Contains(atTop, p.ImportPath)
		if !known && !top {
			t.Errorf("%s is not in the picture of docs/architecture.md", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "canot/") && !top && !slices.Contains(allowed, i) {
				t.Errorf("%s may not import %s", p.ImportPath, i)
			}
			for library, by := range only {
				if (i == library || strings.HasPrefix(i, library+"/")) && !slices.Contains(by, p.ImportPath) &&
					!(library == "net/http" || library == "database/sql") {
					t.Errorf("%s may not import %s", p.ImportPath, i)
				}
				if i == library && !slices.Contains(by, p.ImportPath) {
					t.Errorf("%s may not import %s", p.ImportPath, i)
				}
			}
		}
	}
}

// calls walks the sources that are shipped and reports every use of pkg.name.
func calls(t *testing.T, pkg, name string) map[string][]token.Position {
	t.Helper()
	root := filepath.Join("..", "..")
	set := token.NewFileSet()
	found := map[string][]token.Position{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != name {
				return true
			}
			if x, ok := s.X.(*ast.Ident); pkg == "" || ok && x.Name == pkg {
				found[folder] = append(found[folder], set.Position(s.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestOnlyTheDatabaseAsksWhichEngineItIs keeps the dialect budget: the branches
// between engines stand in internal/database and in the two schema trees.
func TestOnlyTheDatabaseAsksWhichEngineItIs(t *testing.T) {
	for folder, at := range calls(t, "", "Engine") {
		switch folder {
		case "internal/database", "internal/bench", "cmd/canot":
		default:
			t.Errorf("%s asks for the engine: %v", folder, at)
		}
	}
}

// TestTheClockIsAskedInFewPlaces: rules use the instant that their transaction began.
func TestTheClockIsAskedInFewPlaces(t *testing.T) {
	for _, name := range []string{"Now", "Since", "Until"} {
		for folder, at := range calls(t, "time", name) {
			switch {
			case strings.HasPrefix(folder, "cmd"), strings.HasPrefix(folder, "internal/database"), folder == "web/edge", folder == "internal/bench":
			default:
				t.Errorf("%s asks for the time: %v", folder, at)
			}
		}
	}
}
