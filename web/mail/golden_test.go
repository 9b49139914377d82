package mail

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

// every is every message that there is, and what it is about in each language.
func (b *bench) every() map[string][2]Job {
	all := map[string][2]Job{}
	for word, ids := range map[string][2]string{"sign_in": {"in-fr", "in-en"}, "sign_up": {"up-fr", "up-en"}, "verify": {"verify-fr", "verify-en"}} {
		what := map[bool]string{true: "verify", false: "sign_in"}[word == "verify"]
		all[word] = [2]Job{{What: what, ID: ids[0]}, {What: what, ID: ids[1]}}
	}
	for what := range accountNews {
		all[what] = [2]Job{{What: what, ID: "mem-zoe"}, {What: what, ID: "mem-joe"}}
	}
	all["email_changed"] = [2]Job{{What: "email_changed", ID: "change", To: "mem-zoe"}, {What: "email_changed", ID: "change", To: "mem-joe"}}
	all["membership_ends"] = [2]Job{{What: "membership_ends", ID: "mem-zoe"}, {What: "membership_ends", ID: "mem-joe"}}
	for i, tag := range []string{"-fr", "-en"} {
		for _, second := range []string{"", "2"} {
			day := map[string]int{"": 2, "2": 3}[second]
			b.put(booked{id: "revoked" + tag + second, member: [2]string{"mem-zoe", "mem-joe"}[i], status: "confirmed", starts: inDays(day, 14)})
		}
	}
	all["certificate_revoked"] = [2]Job{{What: revoked, ID: "rev-fr", To: "mem-zoe"}, {What: revoked, ID: "rev-en", To: "mem-joe"}}
	all["certificate_revoked_staff"] = [2]Job{{What: revoked + ofStaff, ID: "rev-fr", To: "mem-anne"}, {What: revoked + ofStaff, ID: "rev-en", To: "mem-marc"}}
	for what, n := range bookingNews {
		k := booked{status: "confirmed"}
		switch n.word {
		case "request", "request_staff":
			k.status, k.competes, k.kit = "pending", true, true
		case "decline":
			k.status, k.reason = "declined", "Le studio sert à un spectacle ce jour-là.\nÉcrivez-nous : on trouvera autre chose."
		case "rival":
			k.status = "declined"
		case "lapse":
			k.status = "expired"
		case "moved":
			k.kit = true
		case "reminder":
			k.starts = inDays(1, 14)
		case "cancelled_self":
			k.status = "cancelled"
		case "cancelled":
			k.status, k.reason = "cancelled", "Le chauffage est en panne."
		case "lose_unit", "lose_unit_staff":
			k.withoutUnit = 1
		case "no_show":
			k.status, k.starts = "no_show", now.Add(-time.Hour)
		}
		if n.loan {
			k.status, k.starts, k.kit = "in_use", inDays(-3, 14), true
		}
		readers := [2]string{"mem-zoe", "mem-joe"}
		if n.right != "" {
			readers = [2]string{"mem-anne", "mem-marc"}
		}
		var jobs [2]Job
		for i, reader := range readers {
			k.id, k.member = n.word+[2]string{"-fr", "-en"}[i], [2]string{"mem-zoe", "mem-joe"}[i]
			b.put(k)
			switch n.word {
			case "due_tomorrow":
				b.lend(k.id, inDays(1, 20), 2)
			case "late":
				b.lend(k.id, now.Add(-time.Hour), 1)
			case "late_again", "overdue_staff":
				b.lend(k.id, inDays(-1, 14), 2)
			}
			jobs[i] = Job{What: what, ID: k.id, To: reader}
		}
		all[n.word] = jobs
	}
	for what, n := range matterNews {
		readers := [2]string{"mem-anne", "mem-marc"}
		if n.right == "" {
			readers = [2]string{"mem-zoe", "mem-joe"}
		}
		all[n.word] = [2]Job{{What: what, ID: readers[0], To: readers[0]}, {What: what, ID: readers[1], To: readers[1]}}
	}
	return all
}

// TestEveryMessageReadsWell holds each message against the file that somebody has read.
func TestEveryMessageReadsWell(t *testing.T) {
	b := newBench(t, "sqlite")
	b.exec(`UPDATE grants SET rights = 'approve book_for_others certify hand_out manage_inventory' WHERE member_id = 'mem-marc'`)
	b.exec(`UPDATE grants SET role = 'manager' WHERE member_id = 'mem-anne'`)
	b.exec(`UPDATE hubs SET suspend_after = 3`)
	for word, jobs := range b.every() {
		for i, tag := range []string{"fr", "en"} {
			t.Run(word+"."+tag, func(t *testing.T) {
				l, err := b.write(context.Background(), jobs[i])
				if err != nil || l == nil {
					t.Fatalf("%v, %v", l, err)
				}
				m, err := b.message(context.Background(), jobs[i], *l)
				must(t, err)
				head := "To: " + m.To + "\nSubject: " + m.Subject + "\n"
				if m.ReplyTo != "" {
					head += "Reply-To: " + m.ReplyTo + "\n"
				}
				compare(t, word+"."+tag+".txt", head+"\n"+m.Text)
				compare(t, word+"."+tag+".html", m.HTML)
				if m.Calendar != nil {
					compare(t, word+"."+tag+".ics", string(m.Calendar.File))
				}
				if m.Subject == "" || strings.Contains(m.Text+m.Subject, "{") || strings.Contains(m.Text, "\n\n\n") {
					t.Errorf("a gap: %s\n%s", m.Subject, m.Text)
				}
				wellFormed(t, m.HTML)
			})
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v):\n%s", name, err, got)
	}
}

// wellFormed asks that a page opens and closes its elements, has a language and a title,
// and brings in nothing from elsewhere.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	must(t, err)
	tables := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "table":
			tables++
		case "img", "script", "link", "style", "iframe", "form", "input":
			t.Errorf("the message has <%s>", n.Data)
		}
	}
	if tables != 1 || !strings.Contains(page, "<title>") || !regexp.MustCompile(`<html lang="(fr|en)">`).MatchString(page) {
		t.Errorf("not the page that was meant:\n%s", page)
	}
}

// TestWordsAndMessagesMatch: no sentence without a use, none missing.
func TestWordsAndMessagesMatch(t *testing.T) {
	raw, err := os.ReadFile("../locale/fr.json")
	must(t, err)
	var words map[string]string
	must(t, json.Unmarshal(raw, &words))
	used := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	must(t, err)
	for _, file := range sources {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, m := range regexp.MustCompile(`"(?:mail\.)?([a-z_.]+)"`).FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
	}
	families := []string{"sign_in", "sign_up", "verify", "account", "fact", "instead", "certificate_revoked", "certificate_revoked_staff"}
	for what := range accountNews {
		families = append(families, what)
	}
	for _, n := range bookingNews {
		families = append(families, n.word)
	}
	for _, n := range matterNews {
		families = append(families, n.word)
	}
	for _, key := range slices.Sorted(maps.Keys(words)) {
		name, ours := strings.CutPrefix(key, "mail.")
		if !ours {
			continue
		}
		name, _, _ = strings.Cut(name, "?")
		family, _, _ := strings.Cut(name, ".")
		if !used[name] && !slices.Contains(families, family) {
			t.Errorf("no message says %q", key)
		}
	}
	for _, family := range families[3:] {
		if family == "account" || family == "fact" || family == "instead" {
			continue
		}
		for _, part := range []string{".subject", ".lead"} {
			if words["mail."+family+part] == "" {
				t.Errorf("%s has no %s", family, part)
			}
		}
	}
}
