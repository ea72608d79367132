// Package programtest builds the program for tests that need the real one, and starts it and others.
package programtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"flowrun/dag/batch"
)

// builds are the programs that were built, by their tags.
var builds = struct {
	sync.Mutex
	dir  string
	made map[string]func() (string, error)
}{made: map[string]func() (string, error){}}

// Path is the program, built once for all tests of a package and each list of tags; in a build that checks memory it does as well.
// [Run] removes it.
func Path(t testing.TB, tags ...string) string {
	t.Helper()
	if batch.Checked {
		tags = append(tags, "flowrundebug")
	}
	list := strings.Join(tags, ",")
	builds.Lock()
	made := builds.made[list]
	if made == nil {
		made = sync.OnceValues(func() (string, error) { return build(list) })
		builds.made[list] = made
	}
	builds.Unlock()
	path, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(tags string) (string, error) {
	dir, err := place()
	if err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp(dir, "*"); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "flowrun")
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", path, "flowrun/cmd/flowrun").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// place is the directory of all that was built.
func place() (string, error) {
	builds.Lock()
	defer builds.Unlock()
	var err error
	if builds.dir == "" {
		builds.dir, err = os.MkdirTemp("", "flowrun-test-*")
	}
	return builds.dir, err
}

// Run runs the tests of a package, of its TestMain, and removes what was built for them.
func Run(m interface{ Run() int }) int {
	code := m.Run()
	if builds.dir != "" {
		_ = os.RemoveAll(builds.dir)
	}
	return code
}
