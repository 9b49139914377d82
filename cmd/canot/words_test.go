package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// verbs are the places of a sentence that figures go into.
var verbs = regexp.MustCompile(`%[0-9]*[svdq]`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	for key, fr := range french {
		en, ok := english[key]
		if !ok {
			t.Errorf("no English for %s", key)
		}
		a, b := verbs.FindAllString(fr, -1), verbs.FindAllString(en, -1)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v in French, %v in English", key, a, b)
		}
	}
	for key := range english {
		if _, ok := french[key]; !ok {
			t.Errorf("no French for %s", key)
		}
	}
}

func TestEverySubcommandHasHelp(t *testing.T) {
	for name := range subcommands {
		for _, language := range []string{"fr", "en"} {
			o := must(t, []string{"LC_ALL=" + language + "_CA.UTF-8"}, "help", name)
			if !strings.HasPrefix(o.stdout, "canot "+name) {
				t.Errorf("%s, %s: %q", language, name, o.stdout)
			}
		}
		if o := must(t, nil, name, "--help"); !strings.HasPrefix(o.stdout, "canot "+name) {
			t.Errorf("%s --help: %q", name, o.stdout)
		}
	}
}

func TestEverySentenceThatTheProgramSaysIsThere(t *testing.T) {
	said := regexp.MustCompile(`(?:printf|errorf|words\.text|w\.text)\("([a-z_]+)"[,)]`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(content), -1) {
			if _, ok := french[m[1]]; !ok {
				t.Errorf("%s: no words for %q", source, m[1])
			}
		}
	}
}

func TestFrenchHasItsTypography(t *testing.T) {
	wrong := regexp.MustCompile(`« |« | »|[^ ]»| :(\s|$)| [;?!]|\w'\w`)
	for _, texts := range []map[string]string{french, frenchHelp} {
		for key, text := range texts {
			if m := wrong.FindString(text); m != "" && !strings.Contains(m, "\u00a0") {
				t.Errorf("%s: %q in %q", key, m, text)
			}
		}
	}
}

func TestTheLanguageIsThePersonsElseFrench(t *testing.T) {
	for _, test := range []struct {
		env  []string
		want string
	}{
		{nil, "fr"},
		{[]string{"LANG=C.UTF-8"}, "fr"},
		{[]string{"LANG=en_CA.UTF-8"}, "en"},
		{[]string{"LANG=en_CA.UTF-8", "LC_ALL=fr_CA.UTF-8"}, "fr"},
		{[]string{"LANG=fr_CA.UTF-8", "CANOT_LANGUAGE=en"}, "en"},
		{[]string{"LANG=de_DE.UTF-8"}, "fr"},
	} {
		if got := wordsFor(test.env).Tag(); got != test.want {
			t.Errorf("%v: %s", test.env, got)
		}
	}
}

func TestWrongUsageExitsWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{}, {"fly"}, {"help", "fly"}, {"serve", "now"}, {"serve", "--port", "80"}, {"migrate"}, {"migrate", "down"}, {"import"},
		{"import", "--kind", "boats", "x.csv"}, {"export", "boats"}, {"export", "hubs", "--format", "xml"}, {"user"}, {"user", "sing"},
		{"user", "role", "only-one"}, {"backup"}, {"restore"}, {"demo", "--scale", "0"}, {"demo", "--data", "a", "--database", "b"}, {"check"},
	} {
		if o := canot(t, nil, args...); o.code != exitUsage || o.stderr == "" {
			t.Errorf("canot %v: exit %d, %q", args, o.code, o.stderr)
		}
	}
}
