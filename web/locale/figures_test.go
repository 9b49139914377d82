package locale

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"testing"

	"canot/internal/fault"
)

// A saying is one place of the sources that makes a violation, with the figures that it gives.
type saying struct {
	code string
	gave []string
	dir  string
}

// TestEverySentenceHasItsFigures holds the figures that the sources give with a code, as
// far as they are written there, against the sentences of the code: one must be sayable.
func TestEverySentenceHasItsFigures(t *testing.T) {
	all := sayings(t)
	if len(all) < 100 {
		t.Fatalf("only %d places make a violation", len(all))
	}
	for _, l := range All() {
		for _, s := range all {
			params := fault.Params{}
			for _, name := range s.gave {
				params[name] = "x"
			}
			if key := "violation." + s.code; l.Has(key) && l.Say(key, params) == "" {
				t.Errorf("%s: no sentence of %q in %s can be said with %v alone", l.Tag(), s.code, s.dir, s.gave)
			}
		}
	}
}

func sayings(t *testing.T) []saying {
	var all []saying
	for dir, files := range sources(t) {
		makers := map[string]int{}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool { findMaker(n, makers); return true })
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := sayingOf(n, makers); ok {
					s.dir = dir
					all = append(all, s)
				}
				return true
			})
		}
	}
	slices.SortFunc(all, func(a, b saying) int { return slices.Compare([]string{a.code, a.dir}, []string{b.code, b.dir}) })
	return all
}

// sayingOf reads one node: fault.Field, a function of the package with a parameter called
// code, or a fault.Violation that is written out. Figures that come from elsewhere are not known.
func sayingOf(n ast.Node, makers map[string]int) (s saying, ok bool) {
	gave := map[string]bool{"field": true}
	switch n := n.(type) {
	case *ast.CallExpr:
		name, field := "", false
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			x, _ := f.X.(*ast.Ident)
			name, field = f.Sel.Name, x != nil && x.Name == "fault" && f.Sel.Name == "Field"
		}
		at, known := makers[name]
		if field {
			at = 1
		} else if !known {
			return s, false
		}
		if at >= len(n.Args) || !text(n.Args[at], &s.code) {
			return s, false
		}
		for _, arg := range n.Args[at+1:] {
			if !literal(arg, gave) {
				return s, false
			}
		}
	case *ast.CompositeLit:
		kind, _ := n.Type.(*ast.SelectorExpr)
		if kind == nil || kind.Sel.Name != "Violation" {
			return s, false
		}
		delete(gave, "field")
		for _, e := range n.Elts {
			kv, _ := e.(*ast.KeyValueExpr)
			if kv == nil {
				return s, false
			}
			switch fmt.Sprint(kv.Key) {
			case "Code":
				if !text(kv.Value, &s.code) {
					return s, false
				}
			case "Params":
				if !literal(kv.Value, gave) {
					return s, false
				}
			}
		}
	default:
		return s, false
	}
	s.gave = slices.Sorted(maps.Keys(gave))
	return s, s.code != ""
}

// literal adds the names of figures that are written out; nil is none. It reports whether
// they are.
func literal(e ast.Expr, gave map[string]bool) bool {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name == "nil"
	}
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	for _, e := range lit.Elts {
		kv, _ := e.(*ast.KeyValueExpr)
		name := ""
		if kv == nil || !text(kv.Key, &name) {
			return false
		}
		gave[name] = true
	}
	return true
}

// text reads a text that is written out.
func text(e ast.Expr, into *string) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return false
	}
	s, err := strconv.Unquote(lit.Value)
	*into = s
	return err == nil
}
