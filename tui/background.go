package tui

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
)

// backgroundMsg is the terminal's answer to what colour its background has.
type backgroundMsg struct{ dark bool }

// The question for the background colour, and how the answer to it begins.
const (
	askBackground = "\x1b]11;?\x1b\\"
	answerBegins  = "\x1b]11;rgb:"
)

// asksBackground reports whether a terminal can be asked. The others would print the question, or stay silent at best.
func asksBackground(kind string) bool {
	return runtime.GOOS != "windows" && kind != "" && kind != "dumb" && kind != "linux" && !strings.HasPrefix(kind, "screen")
}

// darkByEnvironment reads COLORFGBG, which some terminals set to "foreground;background".
func darkByEnvironment(value string) bool {
	_, background, ok := strings.Cut(value, ";")
	if i := strings.LastIndex(background, ";"); i >= 0 {
		background = background[i+1:]
	}
	n, err := strconv.Atoi(background)
	return !ok || err != nil || n < 7 || n == 8
}

// ask writes the question. Nobody waits for the answer: it comes, if it comes, among the keys.
func ask(out io.Writer) tea.Cmd {
	return func() tea.Msg {
		_, _ = io.WriteString(out, askBackground)
		return nil
	}
}

// keyboard is a terminal's input without the answer to the question, which it hands to found.
type keyboard struct {
	term.File
	name  string
	found func(dark bool)
	held  []byte // the beginning of what may be the answer
	done  bool
}

func newKeyboard(f *os.File, found func(dark bool)) *keyboard {
	return &keyboard{File: f, name: f.Name(), found: found}
}

// Name is the file's name; the reader that can be cancelled wants to know it.
func (k *keyboard) Name() string { return k.name }

// Read reads keys. It may return none although there was no error, when all there was is part of an answer.
func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.held) >= len(p) { // this is no answer after all
		k.done = true
		n := copy(p, k.held)
		k.held = k.held[n:]
		return n, nil
	}
	n, err := k.File.Read(p[len(k.held):])
	if k.done && len(k.held) == 0 || n <= 0 {
		return max(n, 0), err
	}
	got := append(k.held, p[len(k.held):len(k.held)+n]...)
	k.held = nil
	keys := k.take(got)
	return copy(p, keys), err
}

// take removes the answer from what was read and keeps back what may be the beginning of it.
func (k *keyboard) take(got []byte) []byte {
	at := bytes.Index(got, []byte(answerBegins[:2]))
	if k.done || at < 0 {
		return got
	}
	answer := got[at:]
	if n := min(len(answer), len(answerBegins)); string(answer[:n]) != answerBegins[:n] {
		return got
	}
	end := bytes.IndexAny(answer[1:], "\x07\x1b")
	if end >= 0 && answer[1+end] == '\x1b' && len(answer) == end+2 {
		end = -1 // the rest of the terminator is still to come
	}
	if end < 0 {
		k.held = bytes.Clone(answer)
		return got[:at]
	}
	colour, rest := string(answer[len(answerBegins):1+end]), answer[2+end:]
	if answer[1+end] == '\x1b' {
		rest = rest[1:]
	}
	k.done = true
	k.found(isDark(colour))
	return append(bytes.Clone(got[:at]), rest...)
}

// isDark reports whether a colour like "1e1e/1e1e/2e2e" is one that light text can be read on.
func isDark(colour string) bool {
	light := 0.0
	for i, part := range strings.Split(colour, "/") {
		v, err := strconv.ParseUint(part, 16, 32)
		if err != nil || i > 2 {
			return true
		}
		weight := [...]float64{0.299, 0.587, 0.114}[i]
		light += weight * float64(v) / float64(uint64(1)<<(4*len(part))-1)
	}
	return light < 0.5
}
