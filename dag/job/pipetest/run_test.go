package pipetest_test

import (
	"slices"
	"strings"
	"testing"

	"flowrun/dag/job/pipetest"
)

const divide = `nodes:
  in: {generate: {fields: {n: n}}}
  half: {from: in, derive: {m: 10 % n, at: now()}}
  first: {from: half, limit: 2}
  out: {from: first, discard: {}}
tests:
`

func TestRejectsTimeAndEnds(t *testing.T) {
	for name, c := range map[string]struct {
		test string
		want []string // the beginnings of what is wrong
	}{
		"by reason": {`{name: a, input: {in: [0, 3]}, expect: {half.rejected: ["% by zero"], out: [{n: 3, m: 1}]}}`, nil},
		"by reason and row": {
			`{name: a, input: {in: [0]}, expect: {half.rejected: [{node: half, reason: "% by zero: 10 % 0", raw: '{"n":0}', at: 2026-01-01}]}}`, nil},
		"no reject": {`{name: a, input: {in: [3]}, expect: {half.rejected: []}}`, nil},
		"unread":    {`{name: a, input: {in: [0]}, expect: {out: []}}`, []string{"the run failed: half: row rejected: % by zero"}},
		"time": {`{name: a, steps: [{input: {in: [1]}, advance: 90s, expect: {half: [{at: 2026-01-01T00:00:00Z}]}}, ` +
			`{input: {in: [2]}, expect: {half: [{at: 2026-01-01T00:01:30Z}]}}]}`, nil},
		"after a limit": {`{name: a, steps: [{input: {in: [1, 2, 3]}, expect: {out: [{n: 1}, {n: 2}]}}, ` +
			`{input: {in: [4]}, expect: {out: []}}, {expect: {out: []}}]}`, nil},
		"in a later step": {`{name: a, steps: [{input: {in: [1]}, expect: {out: []}}, {expect: {out: [{n: 1}]}}]}`,
			[]string{"out in step 1: 1 unexpected", "out in step 2: 1 missing", "  + {", "  - {n: 1}"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcome(t, load(t, pipetest.Options{}, divide+"  - "+c.test+"\n"))
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestManyRowsAreCutAndStayInOrder(t *testing.T) {
	var rows strings.Builder
	for i := range 10_000 {
		rows.WriteString(`{"n":`)
		rows.WriteString(strings.Repeat("1", 1+i%9))
		rows.WriteString("}\n")
	}
	const pipeline = `nodes:
  in: {generate: {fields: {n: n}}}
  out: {from: in, discard: {}}
tests:
  - name: many
    ordered: true
    input: {in: {file: rows.json}}
    expect: {out: {file: rows.json}}
`
	if got := outcome(t, load(t, pipetest.Options{}, pipeline, "rows.json", rows.String())); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// Rows are expected whole also where the run of the pipeline itself would not compute them.
func TestExpectedRowsAreWhole(t *testing.T) {
	const pipeline = `nodes:
  in: {generate: {fields: {n: n, at: at}}}
  more: {from: in, derive: {m: n > 1, word: 'n > 1 ? "many" : "one"'}}
  count: {from: more, aggregate: {take: {n: count()}, emit: complete}}
  out: {from: count, discard: {}}
  drop: {from: more, discard: {}}
tests:
  - name: whole
    input: {in: [{n: 1, at: 2026-01-01}, {n: 2, at: 2026-01-02}]}
    expect:
      EXPECTED
`
	const rows = `[{n: 1, at: 2026-01-01, m: false, word: one}, {n: 2, at: 2026-01-02, m: true, word: many}]`
	for _, place := range []string{"more: " + rows, "drop: " + rows, "out: [{n: 2}]"} {
		if got := outcome(t, load(t, pipetest.Options{}, strings.ReplaceAll(pipeline, "EXPECTED", place))); len(got) > 0 {
			t.Errorf("%s: %q", place, got)
		}
	}
}
