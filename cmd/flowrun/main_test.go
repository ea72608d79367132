package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"flowrun/dag/job/programtest"
)

// TestMain lets test scripts run this program as the command flowrun.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"flowrun": main})
}

// tidy removes what the tests built.
type tidy struct{ *testing.M }

func (m tidy) Run() int { return programtest.Run(m.M) }

// TestScripts runs the verbs as a shell would: testdata/*.txtar.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root)
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"freeport": freePort,
			"await":    await,
			"status":   status,
			"normal":   normal,
		},
	})
}
