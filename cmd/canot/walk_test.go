package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"canot/internal/database/dbtest"
)

// walkBlocks are the commands of a README's walk, in order: the fenced blocks
// below the mark.
func walkBlocks(t *testing.T, file, mark string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(content), "<!-- "+mark+" -->\n```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}

// quietDay finds a day on which the walk's hour is open: not a holiday.
func quietDay(t *testing.T, d tried) string {
	t.Helper()
	for ahead := 3; ahead < 13; ahead++ {
		day := time.Now().UTC().AddDate(0, 0, ahead).Format(time.DateOnly)
		from, err := time.Parse(time.RFC3339, day+"T19:00:00Z")
		if err != nil {
			t.Fatal(err)
		}
		_, body, err := ask(t.Context(), d.token("member"), http.MethodPost, d.URL+"/api/v1/bookings/preview",
			bookingOf("rouyn-noranda-studio-medialab", from, from.Add(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(body, `"ok":true`) {
			return day
		}
	}
	t.Fatal("the studio is never free at the walk's hour")
	return ""
}

func TestTheWalkOfTheReadmesWorks(t *testing.T) {
	_, d := startDemo(t)
	for _, readme := range []struct{ file, mark, booked, taken string }{
		{"README.md", "walk", "Booked", "already taken"},
		{"LISEZMOI.md", "promenade", "Réservé", "déjà pris"},
	} {
		t.Run(readme.file, func(t *testing.T) {
			blocks := walkBlocks(t, readme.file, readme.mark)
			if len(blocks) != 6 {
				t.Fatalf("%d blocks", len(blocks))
			}
			blocks[0] = fmt.Sprintf("BASE=%s\nTOKEN=%s\n", d.URL, d.token("member"))
			day := quietDay(t, d)
			blocks[2] = strings.Replace(blocks[2], "DAY=$(", "DAY="+day+" ; : $(", 1)
			answers := make([]string, len(blocks))
			for i := range blocks {
				// Each block in the shell of those before it, whose output is set aside.
				script := "exec 3>&1 >/dev/null\n" + strings.Join(blocks[:min(i, 3)], "\n") + "\nexec >&3\n" + blocks[i]
				shell := exec.CommandContext(t.Context(), "bash", "-euc", script)
				out, err := shell.Output()
				if err != nil {
					t.Fatalf("%s\n%v (bash and curl are needed)", blocks[i], err)
				}
				answers[i] = string(out)
			}
			for i, want := range map[int][]string{
				1: {"rouyn-noranda-studio-medialab"},
				2: {`"free":[{"starts_at":"` + day},
				3: {"201 Created", `"status":"confirmed"`},
				4: {"409 Conflict", readme.taken, `"alternatives":[{`, `"distance_km"`},
				5: {"BEGIN:VCALENDAR", "SUMMARY:" + readme.booked, "DTSTART:" + strings.ReplaceAll(day, "-", "") + "T190000Z"},
			} {
				for _, text := range want {
					if !strings.Contains(answers[i], text) {
						t.Errorf("block %d has no %q:\n%s", i, text, answers[i][:min(1500, len(answers[i]))])
					}
				}
			}
			if strings.Contains(answers[5], "Maïka") || strings.Contains(answers[5], "Sound check") {
				t.Error("the public calendar tells who or what for")
			}
		})
	}
}

func TestADemoFolderIsTakenUpAgain(t *testing.T) {
	folder := t.TempDir()
	r, d := startDemo(t, "--data", folder)
	from := quietDay(t, d)
	starts, err := time.Parse(time.RFC3339, from+"T19:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	code, body, err := ask(t.Context(), d.token("member"), http.MethodPost, d.URL+"/api/v1/bookings",
		bookingOf("rouyn-noranda-studio-medialab", starts, starts.Add(time.Hour)))
	if err != nil || code != http.StatusCreated {
		t.Fatalf("%d, %v, %s", code, err, body)
	}
	if code := r.end(t); code != exitDone {
		t.Fatalf("exit %d: %s", code, r.stderr.String())
	}
	must(t, nil, "check", "--database", "sqlite://"+filepath.Join(folder, "canot.db"))
	_, again := startDemo(t, "--data", folder, "--members", "3", "--no-limits")
	if len(again.Accounts) != len(d.Accounts)+3 || again.Data != folder {
		t.Errorf("%d accounts in %s", len(again.Accounts), again.Data)
	}
	// The booking and the tokens of the first time are still good.
	code, body, err = ask(t.Context(), d.token("member"), http.MethodGet, again.URL+"/api/v1/bookings?mine=true", "")
	if err != nil || code != http.StatusOK || !strings.Contains(body, from+"T19:00:00Z") {
		t.Errorf("%d, %v, %s", code, err, body)
	}
}

func TestADemoDoesNotTouchAnotherNetwork(t *testing.T) {
	folder := t.TempDir()
	database := "sqlite://" + filepath.Join(folder, "canot.db")
	must(t, nil, "user", "create", "--name", "Lise R.", "--email", "lise@hub.example", "--database", database)
	if o := canot(t, nil, "demo", "--data", folder, "--addr", "127.0.0.1:0"); o.code != exitUsage || !strings.Contains(o.stderr, "not a complete demo") {
		t.Errorf("exit %d: %s", o.code, o.stderr)
	}
}

func TestTheDemoRunsOnPostgreSQL(t *testing.T) {
	url := dbtest.EmptyURL(t, "postgres")
	r, d := startDemo(t, "--database", url)
	if code, body, err := ask(t.Context(), "", http.MethodGet, d.URL+"/api/v1/hubs", ""); err != nil || code != http.StatusOK || !strings.Contains(body, "rouyn-noranda") {
		t.Errorf("%d, %v, %s", code, err, body)
	}
	if code := r.end(t); code != exitDone {
		t.Errorf("exit %d: %s", code, r.stderr.String())
	}
	must(t, nil, "check", "--database", url)
}

func TestTheDemoTakesAnotherPortWhenTheUsualOneIsTakenAndSaysSo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r := start(t, []string{"CANOT_ADDR=" + taken.Addr().String()}, "demo", "--empty")
	r.line(t, &r.stderr, taken.Addr().String()+" is taken")
	if ready := r.line(t, &r.stdout, "is ready: http://127.0.0.1:"); strings.Contains(ready, taken.Addr().String()) {
		t.Error(ready)
	}
	r.line(t, &r.stdout, "administration@demo.example")
	temporary := strings.TrimSpace(strings.SplitN(r.line(t, &r.stderr, "temporary folder"), ": ", 2)[1])
	if _, err := os.Stat(temporary); err != nil {
		t.Error(err)
	}
	r.end(t)
	if _, err := os.Stat(temporary); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is left behind: %v", err)
	}
	if o := canot(t, nil, "demo", "--empty", "--addr", taken.Addr().String()); o.code != exitFailed {
		t.Errorf("a port that was asked for by name: exit %d", o.code)
	}
}
