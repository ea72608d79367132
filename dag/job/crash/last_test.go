package crash

import (
	"strings"
	"testing"
)

// A run that dies in its last commit, which closed everything and finished the checkpoint, has not shown all of it: the next one does, and
// only then is there nothing to do.
func TestALastCommitThatWasCutOffIsShown(t *testing.T) {
	t.Parallel()
	s := one("last commit", `aggregate: {by: [k], take: {n: count(), s: sum(v)}, emit: final}`, exactly)
	s.text = strings.ReplaceAll(s.text, "every: 30ms", "every: 1000h") // the first commit, and the last
	want := alone(t, s)
	for _, b := range []blow{{step: "commit.durable", pass: 2}, {step: "file.rename", pass: 1}, {step: "file.renamed", pass: 2}, {step: "commit.tell", pass: 2}} {
		t.Run(b.String(), func(t *testing.T) {
			dir := place(t, s)
			b.after = patience
			if e := run(t, dir, given{blow: &b}); !e.killed {
				t.Fatalf("the run was not killed\n%s", e.stderr)
			}
			e := run(t, dir, given{})
			if e.code != 0 {
				t.Fatalf("exit code %d\n%s", e.code, e.stderr)
			}
			if v := s.sinks[0].compare(want.rows[0], s.sinks[0].shown(t, dir)); v.bad() {
				t.Fatalf("%s\n%s", v.text, e.stderr)
			}
			const finished = "the checkpoint is finished"
			if !strings.Contains(e.stderr, finished) {
				t.Errorf("the run does not say so:\n%s", e.stderr)
			}
			if e := run(t, dir, given{}); !strings.Contains(e.stderr, finished+": all of the input was read") {
				t.Errorf("the run behind it does not say so:\n%s", e.stderr)
			}
		})
	}
}
