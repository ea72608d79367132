package tui

import (
	"os"
	"testing"

	"github.com/muesli/termenv"
)

func TestKeyboardTakesTheAnswerOut(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		keys   string
		light  bool
		found  bool
	}{
		{"keys only", []string{"ab", "\x1b[A"}, "ab\x1b[A", false, false},
		{"the answer alone", []string{"\x1b]11;rgb:ffff/ffff/ffff\x1b\\"}, "", true, true},
		{"ended by a bell", []string{"\x1b]11;rgb:1e1e/1e1e/2e2e\x07"}, "", false, true},
		{"between keys", []string{"a\x1b]11;rgb:ff/ff/f0\x1b\\b"}, "ab", true, true},
		{"in pieces", []string{"a\x1b]11;r", "gb:ffff/ff", "ff/ffff\x1b", "\\bc"}, "abc", true, true},
		{"another reply", []string{"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"}, "\x1b]10;rgb:ffff/ffff/ffff\x1b\\", false, false},
		{"a lone escape is not kept back", []string{"\x1b", "q"}, "\x1bq", false, false},
		{"only the first answer", []string{"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b]11;rgb:0/0/0\x07"}, "\x1b]11;rgb:0/0/0\x07", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			found, light := false, false
			k := newKeyboard(r, func(dark bool) { found, light = true, !dark })
			keys, buffer := "", make([]byte, 256)
			for _, text := range c.writes {
				if _, err := w.WriteString(text); err != nil {
					t.Fatal(err)
				}
				n, err := k.Read(buffer)
				if err != nil {
					t.Fatal(err)
				}
				keys += string(buffer[:n])
			}
			w.Close()
			if keys != c.keys || found != c.found || light != c.light {
				t.Errorf("keys %q, found %v, light %v", keys, found, light)
			}
		})
	}
}

func TestDarkByEnvironment(t *testing.T) {
	for value, want := range map[string]bool{"": true, "15;0": true, "0;15": false, "0;default;15": false, "0;7": false, "x;y": true, "12;8": true} {
		if got := darkByEnvironment(value); got != want {
			t.Errorf("%q: dark %v", value, got)
		}
	}
}

func TestBackgroundChangesTheColours(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.m.painter = painterFor(termenv.TrueColor, "calm", true)
	dark := s.frame()
	s.send(backgroundMsg{dark: false})
	if s.frame() == dark {
		t.Error("the frame is the same on a light background")
	}
}
