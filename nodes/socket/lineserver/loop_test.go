package lineserver

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestLoop(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a\nb\n", "a\nb\na\nb\na\nb\n"},
		{"a\nb", "a\nb\na\nb\na\nb\n"}, // the end counts as the end of a line
		{"\n", "\n\n\n\n\n\n"},
	} {
		got := make([]byte, len(c.want))
		if _, err := io.ReadFull(Loop(strings.NewReader(c.text)), got); err != nil || string(got) != c.want {
			t.Errorf("%q: got %q, %v", c.text, got, err)
		}
	}
	if _, err := Loop(strings.NewReader("")).Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("nothing to repeat: %v", err)
	}
}

func TestSampleIsEndlessText(t *testing.T) {
	lines := bufio.NewScanner(Sample())
	seen := map[string]int{}
	for range 200 {
		if !lines.Scan() {
			t.Fatal("it ended")
		}
		line := lines.Text()
		if strings.TrimSpace(line) != line || line == "" {
			t.Errorf("line %q", line)
		}
		seen[line]++
	}
	if n := seen["To be, or not to be, that is the question:"]; n < 2 {
		t.Errorf("the first line came %d times", n)
	}
}
