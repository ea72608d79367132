package file

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// TestLogrotate follows a log through the program that rotates most of them.
func TestLogrotate(t *testing.T) { inLanes(t, logrotate) }

func logrotate(t *testing.T) {
	program, err := exec.LookPath("logrotate")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/logrotate")
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("logrotate is missing: install the Debian package logrotate")
		}
		t.Skip("logrotate is not installed")
	}
	for _, how := range []string{"create", "copytruncate", "create\n compress", "copytruncate\n compress"} {
		for _, pattern := range []string{"app.log", "app.log*"} {
			if how[0] == 'c' && how[1] == 'o' && pattern != "app.log" {
				continue // a copy is another file with the same lines
			}
			t.Run(how+" "+pattern, func(t *testing.T) {
				dir := t.TempDir()
				log, conf := filepath.Join(dir, "app.log"), filepath.Join(dir, "conf")
				put(t, conf, []byte(fmt.Sprintf("%s {\n rotate 9\n %s\n}\n", log, how)))
				rotate := func() {
					t.Helper()
					if out, err := exec.Command(program, "-f", "-s", filepath.Join(dir, "state"), conf).CombinedOutput(); err != nil {
						t.Fatalf("%v: %s", err, out)
					}
				}
				synctest.Test(t, func(t *testing.T) {
					add(t, log, "start\n")
					f := follow(t, filepath.Join(dir, pattern), nil)
					f.brings("start")
					for i := range 4 {
						add(t, log, fmt.Sprintf("before %d\n", i))
						f.brings(fmt.Sprint("before ", i))
						rotate()
						f.brings()
						add(t, log, fmt.Sprintf("after %d\n", i))
						f.brings(fmt.Sprint("after ", i))
					}
					from := f.end()
					if how[:2] == "cr" {
						add(t, log, "missed\n")
						rotate()
						add(t, log, "last\n")
						f = follow(t, filepath.Join(dir, pattern), from)
						switch {
						case how != "create":
							f.brings("last") // what was missed is compressed by now
						case pattern == "app.log":
							f.brings("missed", "last")
						default:
							f.brings("last", "missed") // by name
						}
						f.end()
					}
				})
			})
		}
	}
}
