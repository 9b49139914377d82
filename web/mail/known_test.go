package mail

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tellers are the functions of other packages that have a notice sent: what they are given, or, for
// those that only name notices, what they return.
var tellers = map[string]bool{"noticeJob": true, "newsJob": true, "news": true, "newsOf": true, "newsOfMove": true, "tellOf": true, "tellOnce": true, "enqueueDue": true}

// noticesOf finds the names of notices in the sources of a package.
func noticesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal(dir, err)
	}
	found, named := map[string]string{}, map[string]ast.Expr{} // constants
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok {
				for i := range s.Values {
					named[s.Names[i].Name] = s.Values[i]
					if lit, ok := s.Values[i].(*ast.BasicLit); ok && strings.HasPrefix(s.Names[i].Name, "news") {
						name, _ := strconv.Unquote(lit.Value)
						found[name] = dir
					}
				}
			}
			return true
		})
	}
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				noticesIn(fn, named, func(name string) { found[name] = dir })
			}
		}
	}
	return found
}

// noticesIn finds the names of notices in one function.
func noticesIn(fn *ast.FuncDecl, named map[string]ast.Expr, found func(string)) {
	given := map[string][]ast.Expr{} // to each variable of the function
	ast.Inspect(fn, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, to := range a.Lhs {
				if id, ok := to.(*ast.Ident); ok {
					given[id.Name] = append(given[id.Name], a.Rhs[i])
				}
			}
		}
		return true
	})
	var say func(ast.Expr)
	say = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING && strings.Contains(text, ".") && !strings.Contains(text, " ") {
				found(text)
			}
		case *ast.Ident:
			if x, ok := named[e.Name].(*ast.BasicLit); ok {
				say(x)
			}
			for _, x := range given[e.Name] {
				if lit, ok := x.(*ast.BasicLit); ok {
					say(lit)
				}
			}
		case *ast.CompositeLit:
			for _, x := range e.Elts {
				say(x)
			}
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			if name == "append" {
				to, ok := n.Args[0].(*ast.SelectorExpr)
				name = fn.Name.Name // those that name notices gather them
				if ok && to.Sel.Name == "notices" {
					name = "news"
				}
			}
			if !tellers[name] {
				return true
			}
			for _, x := range n.Args {
				say(x)
			}
		case *ast.ReturnStmt:
			if tellers[fn.Name.Name] {
				for _, x := range n.Results {
					say(x)
				}
			}
		case *ast.KeyValueExpr:
			key, _ := n.Key.(*ast.BasicLit)
			id, _ := n.Key.(*ast.Ident)
			if key != nil && key.Value == `"what"` || id != nil && id.Name == "What" {
				say(n.Value)
			}
		case *ast.CompositeLit:
			if id, ok := n.Type.(*ast.Ident); ok && id.Name == "lowNotice" {
				say(n.Elts[0])
			}
		}
		return true
	})
}

// TestEveryNoticeThatIsSentIsKnown holds what other packages have people told of against what can be told:
// a notice that nobody knows fails until it is given up.
func TestEveryNoticeThatIsSentIsKnown(t *testing.T) {
	for dir, least := range map[string]int{"booking": 21, "inventory/upkeep": 1, "inventory/stock": 1} {
		all := noticesOf(t, dir)
		if len(all) < least {
			t.Errorf("%s sends only %v: has a teller got another name?", dir, all)
		}
		for what := range all {
			if bookingNews[what].word == "" && matterNews[what].word == "" {
				t.Errorf("%s sends %q, which nobody can tell", dir, what)
			}
		}
	}
}
