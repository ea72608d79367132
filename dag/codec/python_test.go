package codec

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// Python's own modules read what we write.
func TestPythonReadsWhatWeWrite(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 is missing")
		}
		t.Skip("python3 is missing")
	}
	rows := []string{
		`{"s":"plain","n":1,"f":0.5,"l":["a","b"]}`,
		`{"s":"comma, \"quote\"\nand é 😀 line","n":-9223372036854775808,"f":1e300,"l":[]}`,
		`{"s":"","n":null,"f":null,"l":null}`,
	}
	s := columns(t, "s string", "n int", "f float", "l list<string>")
	const script = `
import csv, io, json, sys
data = sys.stdin.buffer.read().decode("utf-8")
want = [json.loads(l) for l in sys.argv[2:]]
if sys.argv[1] == "json":
    got = [json.loads(l) for l in data.splitlines()]
else:
    got = []
    for r in csv.DictReader(io.StringIO(data, newline=""), strict=True):
        got.append({"s": r["s"], "n": int(r["n"]) if r["n"] else None, "f": float(r["f"]) if r["f"] else None,
                    "l": json.loads(r["l"]) if r["l"] else None})
if got != want:
    sys.exit("got %r, want %r" % (got, want))
`
	for _, format := range []string{"csv", "json"} {
		c := exec.Command(python, append([]string{"-c", script, format}, rows...)...)
		c.Stdin = bytes.NewReader([]byte(write(t, format, nil, s, rows...)))
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", format, err, out)
		}
	}
}
