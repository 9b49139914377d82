package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository reads a file by its path from the top.
func repository(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestEveryVariableThatIsWrittenAboutExists(t *testing.T) {
	known := map[string]bool{"CANOT_": true}
	for _, s := range settings() {
		known[s.variable] = true
		if s.secret {
			known[s.variable+"_FILE"] = true
		}
	}
	known["CANOT_TEST_CHROMIUM"] = strings.Contains(repository(t, "cmd/canot/browser_test.go"), `"CANOT_TEST_CHROMIUM"`)
	for _, file := range []string{"README.md", "LISEZMOI.md", "CONTRIBUTING.md", "docs/operations.md", "compose.yaml", "Dockerfile"} {
		for _, name := range regexp.MustCompile(`CANOT_[A-Z_]*`).FindAllString(repository(t, file), -1) {
			if !known[name] {
				t.Errorf("%s: there is no %s", file, name)
			}
		}
	}
}

func TestEveryCommandThatIsWrittenAboutExists(t *testing.T) {
	for _, file := range []string{"README.md", "LISEZMOI.md", "CONTRIBUTING.md", "docs/operations.md", "compose.yaml", "Dockerfile"} {
		content := repository(t, file)
		for _, m := range regexp.MustCompile("(?m)(?:^|`|app |bin/|&& )canot ([a-z]+)").FindAllStringSubmatch(content, -1) {
			if subcommands[m[1]] == nil && m[1] != "help" {
				t.Errorf("%s: there is no «canot %s»", file, m[1])
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:^|`|&& )make ([a-z]+)").FindAllStringSubmatch(content, -1) {
			if !strings.Contains(repository(t, "Makefile"), "\n"+m[1]+": ##") {
				t.Errorf("%s: there is no «make %s»", file, m[1])
			}
		}
	}
}

func TestTheContainersHoldNoSecretAndNoRights(t *testing.T) {
	compose := repository(t, "compose.yaml")
	for _, wanted := range []string{
		"condition: service_healthy", "POSTGRES_PASSWORD_FILE:", "file: ./secrets/", `"127.0.0.1:8080:8080"`, "read_only: true", "stop_grace_period:",
	} {
		if !strings.Contains(compose, wanted) {
			t.Errorf("compose.yaml has no %s", wanted)
		}
	}
	if found := regexp.MustCompile(`(?i)password\w*: *[^/\s]\S*|://[^/\s:]+:[^@\s]+@`).FindString(compose); found != "" {
		t.Errorf("compose.yaml holds a secret: %s", found)
	}
	docker := repository(t, "Dockerfile")
	for _, wanted := range []string{"FROM scratch", "USER 65532", "CGO_ENABLED=0", "-tags=nomsgpack", "HEALTHCHECK"} {
		if !strings.Contains(docker, wanted) {
			t.Errorf("Dockerfile has no %s", wanted)
		}
	}
}
