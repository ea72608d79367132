package bench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A result has the median, the least and the most of its runs, the ratio of each run to its own limit, and shares that add
// up to one.
func TestSum(t *testing.T) {
	durable := &Durable{Commits: 1234, Stored: 3 << 20, Logged: 2 << 20, Rewritten: 5 << 19}
	once := func(seconds float64) Once {
		return Once{Rows: 2_000_000, Bytes: 200_000_000, Seconds: seconds, Process: seconds + 0.5, Start: 0.25, CPU: 4 * seconds,
			State: 3 << 20, Durable: durable, Memory: Memory{Anonymous: uint64(seconds) << 20, Resident: 32 << 20},
			Nodes: []NodeTime{{"lines", "file", 3 * seconds, 0}, {"out", "discard", seconds, 0}}}
	}
	r := Sum("w", "W", []Once{once(4), once(1), once(2)}, []float64{1, 0.5, 1.25}, nil, 0)
	if diff := cmp.Diff(r.Seconds, Spread{2, 1, 4}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.PerSec, Spread{1e6, 5e5, 2e6}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.CPU, Spread{4, 2, 8}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.Limit.Ratio, Spread{3, 2, 4.5}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.Nodes, []Share{{"lines", "file", 0.75}, {"out", "discard", 0.25}}); diff != "" {
		t.Error(diff)
	}
	if r.Memory != (Memory{4 << 20, 32 << 20}) {
		t.Errorf("%+v", r.Memory)
	}
	if r.Latency != nil {
		t.Error("nothing was sent")
	}
	other := Sum("w-bare", "W", []Once{once(2), once(1), once(1.5)}, nil, nil, 0)
	r.Against(other)
	if want := (&Loss{"w-bare", Spread{0.25, 0, 0.5}, Spread{0.25, 0, 0.5}}); !cmp.Equal(r.Loss, want) {
		t.Errorf("%+v", r.Loss)
	}
	var b strings.Builder
	if err := WriteText(&b, []Result{r}); err != nil {
		t.Fatal(err)
	}
	want := `w  W
  input     2,000,000 rows, 200 MB
  time      2.00 s (1.00 s to 4.00 s)
  speed     1.00 M rows/s (500 k rows/s to 2.00 M rows/s)
            100 MB/s (50.0 MB/s to 200 MB/s)
  CPU       4.00 s (2.00 s to 8.00 s) per million rows
            250 k rows/s (125 k rows/s to 500 k rows/s) of each core
  memory    4.00 MiB anonymous, 32.0 MiB resident at the most
  state     3.00 MiB at the most
  kept      3.00 MiB on disk at the end, of 1,234 commits
            2.00 MiB written by commits, 2.50 MiB again in the background
  loss      25.0 % (0.0 % to 50.0 %) of the rows per second of w-bare
            25.0 % (0.0 % to 50.0 %) of the rows per second of each core
  start     250 ms (250 ms to 250 ms)
  wc -l     1.00 s (500 ms to 1.25 s)
            3.00 times (2.00 times to 4.50 times) as long as wc -l, start and end of the process included
  busy      lines 75 %, out 25 %
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{seconds(0.0001234), "123 µs"}, {seconds(0.9994), "999 ms"}, {seconds(0.99951), "1.00 s"}, {seconds(61.2), "61.2 s"},
		{short(999), "999"}, {short(1000), "1.00 k"}, {short(999_499), "999 k"}, {short(12_345_678), "12.3 M"},
		{count(7), "7"}, {count(1234), "1,234"}, {count(1_234_567), "1,234,567"}, {size(999), "999 bytes"}, {size(2048), "2.05 kB"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	d := Delays{3, 1, 2}
	if s := d.sorted(); quantile(s, 0.5) != 2 || quantile(s, 0.99) != 3 || quantile(s, 0) != 1 {
		t.Error(s)
	}
}

func TestStatusBytes(t *testing.T) {
	text := []byte("Name:\tflowrun\nVmHWM:\t   31000 kB\nRssAnon:\t    9048 kB\n")
	if statusBytes(text, "RssAnon:") != 9048<<10 || statusBytes(text, "VmHWM:") != 31000<<10 || statusBytes(text, "VmLck:") != 0 {
		t.Error(statusBytes(text, "RssAnon:"), statusBytes(text, "VmHWM:"))
	}
}
