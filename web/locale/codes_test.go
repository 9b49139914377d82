package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is where the module is.
const root = "../.."

// codes are the codes that the sources use: of whole problems, of violations,
// and those given to a function that makes one or the other.
type codes struct {
	problems, violations, either map[string]string // with the folder where they are
	texts                        map[string]bool   // every text of the sources
}

// has reports whether the sources use the code of a key: as a code, or, for
// codes that are kept in tables, as any text at all.
func (c codes) has(key string) bool {
	family, code, _ := strings.Cut(key, ".")
	code, _, _ = strings.Cut(code, ".")
	return family != "problem" && family != "violation" || code == "any" || code == "about" || code == "help" || code == "help_on_site" || c.texts[code]
}

// sources parses every Go file of the module but tests.
func sources(t *testing.T) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func codesOf(t *testing.T) codes {
	c := codes{map[string]string{}, map[string]string{}, map[string]string{}, map[string]bool{}}
	for dir, files := range sources(t) {
		makers := map[string]int{} // functions of the package with a parameter called code, and where it stands
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool { findMaker(n, makers); return true })
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool { c.find(n, dir, makers); return true })
		}
	}
	return c
}

func findMaker(n ast.Node, makers map[string]int) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		note(n.Name.Name, n.Type, makers)
	case *ast.AssignStmt:
		for i, right := range n.Rhs {
			if f, ok := right.(*ast.FuncLit); ok {
				if name, ok := n.Lhs[i].(*ast.Ident); ok {
					note(name.Name, f.Type, makers)
				}
			}
		}
	}
}

func note(name string, f *ast.FuncType, makers map[string]int) {
	at := 0
	for _, field := range f.Params.List {
		for _, p := range field.Names {
			if p.Name == "code" {
				makers[name] = at
			}
			at++
		}
	}
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// find notes the codes of one node.
func (c codes) find(n ast.Node, dir string, makers map[string]int) {
	switch n := n.(type) {
	case *ast.CallExpr:
		name, pkg := "", ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if x, ok := f.X.(*ast.Ident); ok {
				pkg = x.Name
			}
		}
		switch {
		case pkg == "fault" && name == "New":
			add(c.problems, n.Args, 1, dir)
		case pkg == "fault" && name == "Field":
			add(c.violations, n.Args, 1, dir)
		default:
			if at, ok := makers[name]; ok {
				add(c.either, n.Args, at, dir)
			}
		}
	case *ast.CompositeLit:
		into := c.either
		if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Violation" {
			into = c.violations
		} else if ok && s.Sel.Name == "Error" {
			into = c.problems
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Code" {
					add(into, []ast.Expr{kv.Value}, 0, dir)
				}
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if name, ok := left.(*ast.Ident); ok && name.Name == "code" && len(n.Rhs) > i {
				add(c.either, n.Rhs, i, dir)
			}
		}
	case *ast.BasicLit:
		// Texts for a library that carries a code with figures: "too_small|least=%v".
		if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
			c.texts[s] = true
			if code, rest, ok := strings.Cut(s, "|"); ok && codeForm.MatchString(code) && strings.Contains(rest, "=") {
				c.violations[code] = dir
				c.texts[code] = true
			}
		}
	}
}

func add(into map[string]string, args []ast.Expr, at int, dir string) {
	if at >= len(args) {
		return
	}
	if lit, ok := args[at].(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil && codeForm.MatchString(s) {
			into[s] = dir
		}
	}
}

// textCodes are written as plain texts in variables of a library, see api/malformed.go.
var textCodes = []string{"unknown_field", "bad_time", "bad_date", "bad_email", "bad_text", "unknown_parameter", "required", "wrong_type"}

func TestEveryCodeHasWords(t *testing.T) {
	c := codesOf(t)
	for _, code := range textCodes {
		c.violations[code] = "api"
	}
	for _, l := range All() {
		for _, code := range slices.Sorted(maps.Keys(c.problems)) {
			if !l.Has("problem."+code) || !l.Has("problem."+code+".title") {
				t.Errorf("%s: the problem %q of %s has no words", l.Tag(), code, c.problems[code])
			}
		}
		for _, code := range slices.Sorted(maps.Keys(c.violations)) {
			if !l.Has("violation." + code) {
				t.Errorf("%s: the violation %q of %s has no words", l.Tag(), code, c.violations[code])
			}
		}
		for _, code := range slices.Sorted(maps.Keys(c.either)) {
			if !l.Has("violation."+code) && !l.Has("problem."+code) {
				t.Errorf("%s: the code %q of %s has no words", l.Tag(), code, c.either[code])
			}
		}
	}
}

func TestNoWordsWithoutUse(t *testing.T) {
	c := codesOf(t)
	used := pageKeys(t)
	begun := slices.DeleteFunc(slices.Collect(maps.Keys(used)), func(key string) bool { return !strings.HasSuffix(key, ".") && !strings.HasSuffix(key, "_") })
	families := map[string]bool{}
	for key := range French.sentences {
		if !c.has(key) {
			t.Errorf("nothing uses %q", key)
		}
		member := false
		for _, b := range begun { // one family may lie in another
			if strings.HasPrefix(key, b) {
				families[b], member = true, true
			}
		}
		if strings.HasPrefix(key, "page.") && !used[key] && !member {
			t.Errorf("no page says %q", key)
		}
	}
	for key := range used {
		if !French.Has(key) && !families[key] {
			t.Errorf("a page says %q, which has no words", key)
		}
	}
}

var said = regexp.MustCompile(`"(page\.[a-z0-9_.]+)"`)

// pageKeys are the keys that templates and handlers of pages name; one that ends in a dot or
// an underscore is the beginning of a family, whose members are codes.
func pageKeys(t *testing.T) map[string]bool {
	keys := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") && !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range said.FindAllStringSubmatch(string(text), -1) {
			keys[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
