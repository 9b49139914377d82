package signin

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the list
	"strings"
	"sync"
	"unicode"
)

// packedCommon are the 5000 most used passwords of eight characters and more, one a line, from the
// frequency list of zxcvbn 4.4.2 (Dropbox, MIT licence), which counts leaked ones. It is packed
// because nobody should have to read them.
//
//go:embed common.txt.gz
var packedCommon []byte

// alsoCommon are those that people of here choose, and a list made elsewhere lacks.
var alsoCommon = []string{
	"motdepasse", "monmotdepasse", "azertyuiop", "azerty123", "azerty12", "bonjour1", "bonjour123", "bienvenue", "bienvenue1",
	"soleil123", "chocolat", "doudou123", "loulou123", "jetaime1", "jetaime123", "canadiens", "canadien", "nordiques",
	"quebec123", "montreal", "montreal1", "abitibi1", "abitibi123", "temiscamingue", "rouynnoranda", "valdor123", "matagami1",
	"changeme", "changezmoi", "welcome1", "welcome123", "letmein123", "p@ssw0rd", "password123", "passw0rd1", "qwerty12",
	"canot123", "canotcanot", "microcite", "petitboulot", "fablab123",
}

// bases are what is left of the common ones without figures and signs around them, when it is long
// enough to be a word: of bonjour123, bonjour.
var bases = sync.OnceValue(func() map[string]bool {
	list := map[string]bool{}
	for word := range common() {
		if base := baseOf(word); len(base) >= 6 {
			list[base] = true
		}
	}
	return list
})

func baseOf(word string) string {
	return strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
}

var common = sync.OnceValue(func() map[string]bool {
	list := map[string]bool{}
	for _, word := range alsoCommon {
		list[word] = true
	}
	packed, err := gzip.NewReader(bytes.NewReader(packedCommon))
	if err != nil {
		panic(err) // it is part of the program
	}
	for lines := bufio.NewScanner(packed); lines.Scan(); {
		list[lines.Text()] = true
	}
	return list
})

// isCommon reports whether a password is among the first that anybody would try: a common one, also
// with others around it than it is known with, or in another case, or a run of what repeats or follows.
func isCommon(password string) bool {
	folded := strings.ToLower(password)
	return common()[folded] || bases()[baseOf(folded)] || isRun(folded)
}

// isRun reports whether a text has hardly more than two different characters, or each follows the
// one before, up or down.
func isRun(s string) bool {
	seen := map[rune]bool{}
	var steps []rune
	before := rune(-1)
	for _, r := range s {
		seen[r] = true
		if before >= 0 {
			steps = append(steps, r-before)
		}
		before = r
	}
	if len(seen) <= 2 {
		return true
	}
	for _, step := range steps {
		if step != steps[0] || step*step != 1 {
			return false
		}
	}
	return true
}
