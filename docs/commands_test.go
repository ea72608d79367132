package docs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// elsewhere are commands of the pages that another test or CI itself runs.
var elsewhere = map[string]string{
	"nc -lk 1100":               "TestNetcat in cmd/flowrun",
	"go test ./...":             "this is it",
	"make bench":                "too long for a test; CI runs the Go benchmarks once",
	"go run ./cmd/flowrun feed": "feed.txtar in cmd/flowrun",
}

// TestCommandsInPages runs every command that the README and the guides tell a reader to type, from the top of the
// repository. Those that run without end get a --duration.
func TestCommandsInPages(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "flowrun"), "./cmd/flowrun")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	note := regexp.MustCompile(`\s+#\s.*$`)
	seen := map[string]bool{}
	for _, b := range blocks(t) {
		if b.lang != "sh" {
			continue
		}
		for line := range strings.Lines(b.text) {
			line = strings.TrimSpace(note.ReplaceAllString(strings.TrimRight(line, "\n"), ""))
			if line == "" || strings.HasPrefix(line, "#") || elsewhere[line] != "" || seen[line] {
				continue
			}
			seen[line] = true
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				command(t, bin, b.page, line)
			})
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d commands were found in the pages", len(seen))
	}
}

func command(t *testing.T, bin, page, line string) {
	words := strings.Fields(line)
	shell := strings.ReplaceAll(line, "go run ./cmd/flowrun", "flowrun")
	switch shell = strings.Replace(shell, "./flowrun", "flowrun", 1); {
	case len(words) > 1 && slices.Equal(words[:2], []string{"go", "build"}):
		return // that it builds is what ran before this
	case !strings.Contains(shell, "flowrun "):
		t.Fatalf("%s tells the reader to type %q, which no test runs", page, line)
	case !strings.Contains(shell, "--duration") && endless(strings.Fields(shell)):
		shell += " --duration 2s"
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// What is measured here is that it can be: a few rows do.
	shell = benchRows.ReplaceAllString(shell, "")
	cmd := exec.CommandContext(ctx, "sh", "-c", shell)
	cmd.Dir = desk(t, page)
	cmd.Env = append(os.Environ(), "ROWS=2000", "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s: %v\n%s", page, line, err, out)
	}
}

var benchRows = regexp.MustCompile(`\bROWS=\d+ `)

// desk makes the folder that a page's reader sits in: the repository's pipelines, and the page's own ones by their names.
func desk(t *testing.T, page string) string {
	t.Helper()
	dir := t.TempDir()
	pipelines, err := filepath.Abs("../pipelines")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(pipelines, filepath.Join(dir, "pipelines")); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks(t) {
		name, ok := strings.CutPrefix(b.text, "name: ")
		if b.page != page || b.lang != "yaml" || !ok {
			continue
		}
		name, _, _ = strings.Cut(name, "\n")
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(b.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// endless tells a run from the verbs that end by themselves.
func endless(words []string) bool {
	if words[0] != "flowrun" {
		return false // what is piped in ends
	}
	words = words[1:]
	return words[0] == "run" || strings.HasSuffix(words[0], ".yaml") || strings.HasPrefix(words[0], "--")
}
