package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"unicode"

	"golang.org/x/net/html"

	"canot/web/locale"
)

// sameEverywhere are the few words that are the same in every language, and so may stand in a page:
// names, units, and what is typed into a program.
var sameEverywhere = []string{"Canot", "km", "UTC", "OpenAPI", "openapi.json", "Problem"}

// spoken are the attributes that people read or hear.
var spoken = []string{"alt", "title", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "placeholder", "label", "content", "value", "download"}

// pageTemplates are the sources of all pages, by their names.
func pageTemplates(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	for _, folder := range []string{"pages", "../api/pages"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.html"))
		must(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			must(t, err)
			sources[filepath.ToSlash(filepath.Clean(file))] = string(b)
		}
	}
	if len(sources) < 6 {
		t.Fatalf("only %d templates", len(sources))
	}
	return sources
}

var anAction = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// hardcoded names the words of a template that do not come from an action.
func hardcoded(source string) (found []string) {
	// What stands for an action has no letters, and no spaces that would end an attribute.
	z := html.NewTokenizer(strings.NewReader(anAction.ReplaceAllString(source, "\uFFFC")))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.TextToken:
			if text := z.Token().Data; hasWords(text) {
				found = append(found, strings.TrimSpace(text))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			for _, a := range tag.Attr {
				if slices.Contains(spoken, a.Key) && isSpoken(tag, a.Key) && hasWords(a.Val) {
					found = append(found, fmt.Sprintf("<%s %s=%q>", tag.Data, a.Key, a.Val))
				}
			}
		}
	}
}

// isSpoken says whether an attribute of a tag is for people: the value of a button is, that of a
// choice or of a hidden field is not.
func isSpoken(tag html.Token, key string) bool {
	attr := func(key string) string {
		i := slices.IndexFunc(tag.Attr, func(a html.Attribute) bool { return a.Key == key })
		if i < 0 {
			return ""
		}
		return tag.Attr[i].Val
	}
	switch key {
	case "value":
		return tag.Data == "input" && slices.Contains([]string{"submit", "button", "reset", "", "text", "search"}, attr("type"))
	case "content":
		return tag.Data == "meta" && slices.Contains([]string{"description", "author", "application-name"}, attr("name"))
	}
	return true
}

func hasWords(text string) bool {
	for _, word := range sameEverywhere {
		text = strings.ReplaceAll(text, word, "")
	}
	return strings.ContainsFunc(text, unicode.IsLetter)
}

func TestNoWordIsHardcodedInAPage(t *testing.T) {
	for name, source := range pageTemplates(t) {
		for _, words := range hardcoded(source) {
			t.Errorf("%s says %q in every language", name, words)
		}
	}
}

func TestHardcodedWordsAreFound(t *testing.T) {
	for _, source := range []string{
		`<p>Bonjour</p>`, `<p>{{say "x"}} de {{.Name}}</p>`, `<img alt="une carte">`, `<input placeholder="nom">`, `<input type="submit" value="Envoyer">`,
		`<nav aria-label="principal">`, `<title>{{.Title}} – Réservation</title>`, `<button title="{{say "x"}} ici">`, `<meta name="description" content="Réserver">`,
	} {
		if len(hardcoded(source)) == 0 {
			t.Errorf("nothing found in %s", source)
		}
	}
	if found := hardcoded(`{{define "a"}}<p class="lead"{{if .X}} id="x"{{end}}>{{say "a.b"}} – Canot 12 h {{/* why */}}</p><input type="hidden" name="a" value="oui"><option value="b">{{.B}}</option>{{end}}`); len(found) != 1 {
		t.Errorf("found %q", found)
	}
}

// saying calls visit for every action of the pages that says something: its key, "" when it is
// worked out, and how many arguments come with it.
func saying(t *testing.T, visit func(where, key string, params int)) {
	t.Helper()
	for name, source := range pageTemplates(t) {
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		_, err := tree.Parse(source, "", "", trees)
		must(t, err)
		for _, part := range trees {
			walk(part.Root, func(n parse.Node) {
				command, ok := n.(*parse.CommandNode)
				if !ok || len(command.Args) < 2 {
					return
				}
				if f, ok := command.Args[0].(*parse.IdentifierNode); !ok || f.Ident != "say" {
					return
				}
				key := ""
				if text, ok := command.Args[1].(*parse.StringNode); ok {
					key = text.Text
				}
				visit(name+": "+command.String(), key, len(command.Args)-2)
			})
		}
	}
}

// walk visits a template's nodes.
func walk(n parse.Node, visit func(parse.Node)) {
	if n == nil {
		return
	}
	visit(n)
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, one := range n.Nodes {
				walk(one, visit)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				walk(c, visit)
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			walk(a, visit)
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	}
}

func walkBranch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	walk(n.ElseList, visit)
}

// A template that says a key without words, or without the figures that all its sentences need,
// would show nothing there.
func TestPagesSayOnlyWhatHasWords(t *testing.T) {
	count := 0
	saying(t, func(where, key string, params int) {
		count++
		if key == "" {
			return // a method of the page chooses, and is tested with it
		}
		for _, l := range locale.All() {
			if !l.Has(key) {
				t.Errorf("%s has no words in %s", where, l.Tag())
			} else if params == 0 && l.Say(key, nil) == "" {
				t.Errorf("%s gives no figures, and says nothing in %s", where, l.Tag())
			}
		}
	})
	if count < 50 {
		t.Errorf("only %d actions say anything", count)
	}
}

// TestNoTextIsWrittenByAnAction finds words that an action writes itself, as {{if .X}}{{"oui"}}.
func TestNoTextIsWrittenByAnAction(t *testing.T) {
	for name, source := range pageTemplates(t) {
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		_, err := tree.Parse(source, "", "", trees)
		must(t, err)
		for _, part := range trees {
			walk(part.Root, func(n parse.Node) {
				action, ok := n.(*parse.ActionNode)
				if !ok {
					return
				}
				for _, c := range action.Pipe.Cmds {
					f, _ := c.Args[0].(*parse.IdentifierNode)
					text, _ := c.Args[0].(*parse.StringNode)
					if text != nil && hasWords(text.Text) || f != nil && strings.HasPrefix(f.Ident, "print") {
						t.Errorf("%s: %s writes words", name, action)
					}
				}
			})
		}
	}
}

// TestEveryWordIsUsed finds keys that nothing says: neither a template nor a source names them,
// or the beginning to which their end is added. It covers the families that codes_test.go of
// the words does not.
func TestEveryWordIsUsed(t *testing.T) {
	named, begun := textsOfSources(t)
	saying(t, func(_, key string, _ int) { named[key] = true })
	for key := range keysOf(t) {
		family, _, _ := strings.Cut(key, ".")
		if family == "violation" || family == "problem" || named[key] {
			continue
		}
		if slices.Contains(figureFamilies, family) && named[key[strings.LastIndex(key, ".")+1:]] {
			continue
		}
		if !slices.ContainsFunc(begun, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("nothing says %q", key)
		}
	}
}

// figureFamilies are the words for figures that are codes: {status} in a sentence says status.held.
var figureFamilies = []string{"status", "expected", "period", "warning", "clientele"}

// keysOf are the keys of the words, without their variants.
func keysOf(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile("locale/fr.json")
	must(t, err)
	keys := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*"([^"]+)":`).FindAllSubmatch(raw, -1) {
		key, _, _ := strings.Cut(string(m[1]), "?")
		key = strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		keys[key] = true
	}
	if len(keys) < 500 {
		t.Fatalf("only %d keys", len(keys))
	}
	return keys
}

// textsOfSources are all texts of the Go sources, and those that are the beginning of a key.
func textsOfSources(t *testing.T) (named map[string]bool, begun []string) {
	t.Helper()
	named = map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					named[text] = true
					if regexp.MustCompile(`^[a-z]+\.([a-z_]+\.)*[a-z_]*$`).MatchString(text) && (strings.HasSuffix(text, ".") || strings.HasSuffix(text, "_")) {
						begun = append(begun, text)
					}
				}
			}
			return true
		})
		return nil
	})
	must(t, err)
	return named, begun
}
