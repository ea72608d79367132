//go:build flowrundebug

package batch

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func allocateHere(p *Pool) []byte { return p.Allocate(100) }
func freeThere(p *Pool, b []byte) { p.Free(b) }

func TestSecondFreeNamesTheFirst(t *testing.T) {
	p := NewPool()
	b := allocateHere(p)
	freeThere(p, b)
	defer func() {
		text := fmt.Sprint(recover())
		for _, want := range []string{"it had 128 bytes", "allocateHere", "freeThere"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
	}()
	p.Free(b)
}

func TestLeaksNameTheirPlace(t *testing.T) {
	p := NewPool()
	var all [][]byte
	for range 3 {
		all = append(all, allocateHere(p))
	}
	p.Free(all[1])
	text := p.Leaks()
	for _, want := range []string{"2 buffers were not given back", "2 of them, 256 bytes", "allocateHere"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	p.Free(all[0])
	p.Free(all[2])
	if text := p.Leaks(); text != "" {
		t.Error(text)
	}
}

// A program that reads what it has freed crashes there, so the test is another process.
func TestUseAfterFreeCrashes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("only writes are found here")
	}
	const name = "FLOWRUN_TEST_USE_AFTER_FREE"
	if os.Getenv(name) != "" {
		p := NewPool()
		c := NewColumn(everyType.Field(3).Type, p)
		c.AppendString("gone")
		a := c.Finish()
		text := a.ValueStr(0)
		a.Release()
		fmt.Println("read", text)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), name+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "fault") || !strings.Contains(string(out), t.Name()) {
		t.Errorf("%v: %s", err, out)
	}
}
