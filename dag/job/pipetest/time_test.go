package pipetest_test

import (
	"slices"
	"strings"
	"testing"

	"flowrun/dag/job/pipetest"
)

const minutes = `nodes:
  in:
    stdin: {}
    format: json
    schema: {at: timestamp, k: string}
    event_time: {column: at, delay: 10s}
  per_minute: {from: in, aggregate: {window: {tumbling: 1m}, by: [k], take: {n: count()}}}
  out: {from: per_minute, discard: {}}
tests:
`

const silent = `nodes:
  a:
    stdin: {}
    format: json
    schema: {at: timestamp, k: string}
    event_time: {column: at}
  b:
    socket: {port: 1100}
    format: json
    schema: {at: timestamp, k: string}
    event_time: {column: at, idle_timeout: 30s}
  watermark: {from: [a, b], union: {}}
  per_minute: {from: watermark, aggregate: {window: {tumbling: 1m}, take: {n: count()}}}
  out: {from: per_minute, discard: {}}
tests:
`

const arrivals = `nodes:
  in: {stdin: {}}
  slow: {from: in, filter: value != "x"}
  per_10s: {from: slow, aggregate: {window: {tumbling: 10s, time: processing}, take: {n: count()}}}
  out: {from: per_10s, discard: {}}
tests:
`

func TestEventTimeInSteps(t *testing.T) {
	for name, c := range map[string]struct {
		pipeline, test string
		want           []string // what is wrong
	}{
		"late rows": {minutes, `
    steps:
      - input:  {in: [{at: "2026-01-01T00:00:10Z", k: x}, {at: "2026-01-01T00:00:59Z", k: x}, {at: "2026-01-01T00:01:05Z", k: x}]}
        watermarks: {in: "2026-01-01T00:00:55Z", per_minute: "2026-01-01T00:00:55Z"}
        expect: {per_minute: [], per_minute.late: []}
      - input:  {in: [{at: "2026-01-01T00:00:01Z", k: x}, {at: "2026-01-01T00:01:10Z", k: x}]}
        watermarks: {in: "2026-01-01T00:01:00Z"}
        expect: {out: [{window_start: "2026-01-01T00:00:00Z", n: 3}], per_minute.late: []}
      - input:  {in: [{at: "2026-01-01T00:00:30Z", k: y}]}
        watermarks: {in: "2026-01-01T00:01:00Z"}
        expect:
          out: []
          per_minute.late: [{at: "2026-01-01T00:00:30Z", k: y, late_window_end: "2026-01-01T00:01:00Z", late_by: 30s}]
      - expect: {out: [{window_start: "2026-01-01T00:01:00Z", n: 2}]}
`, nil},
		"no time": {minutes, `
    input:  {in: [{k: x}, {at: "2026-01-01", k: x}]}
    expect: {out: [{n: 1}], in.rejected: ["no event time"]}
`, nil},
		"no watermark yet": {minutes, `
    steps: [{watermarks: {in: ~, out: ~}, input: {in: []}}, {input: {in: [{at: 2026-01-01, k: x}]}, watermarks: {in: 2025-12-31T23:59:50Z}}]
`, nil},
		"another watermark": {minutes, `
    steps: [{watermarks: {in: 2026-01-01}}, {input: {in: [{at: 2026-01-01, k: x}]}, watermarks: {in: 2026-01-01, per_minute: ~}}]
`, []string{"the watermark of in in step 1 should be 2026-01-01T00:00:00Z, and is null",
			"the watermark of in in step 2 should be 2026-01-01T00:00:00Z, and is 2025-12-31T23:59:50Z",
			"the watermark of per_minute in step 2 should be null, and is 2025-12-31T23:59:50Z"}},
		"unknown node":  {minutes, ` {name: b, watermarks: {inn: 2026-01-01}}`, []string{`the pipeline has no node "inn"`}},
		"no moment":     {minutes, ` {name: b, watermarks: {in: soon}}`, []string{"the watermark of in is no timestamp"}},
		"no watermarks": {minutes, ` {name: b, watermarks: [in]}`, []string{"watermarks is a list, and wants a map of nodes to times: {readings: 2026-01-01T00:00:50Z}"}},
		"one input is silent": {silent, `
    steps:
      - input: {a: [{at: "2026-01-01T00:00:10Z"}, {at: "2026-01-01T00:01:10Z"}], b: [{at: "2026-01-01T00:00:20Z"}]}
        advance: 29999ms
        watermarks: {a: "2026-01-01T00:01:10Z", watermark: "2026-01-01T00:00:20Z"}
        expect: {out: [], watermark: [{}, {}, {}]}
      - advance: 1ms
        watermarks: {b: "2026-01-01T00:00:20Z", watermark: "2026-01-01T00:01:10Z"}
        expect: {out: [{window_end: "2026-01-01T00:01:00Z", n: 2}]}
      - input: {b: [{at: "2026-01-01T00:00:30Z"}, {at: "2026-01-01T00:01:30Z"}]}
        watermarks: {b: "2026-01-01T00:01:30Z", watermark: "2026-01-01T00:01:10Z"}
        expect: {out: [], per_minute.late: [{at: "2026-01-01T00:00:30Z"}]}
      - expect: {out: [{n: 2}]}
`, nil},
		"both are silent": {silent, `
    steps:
      - input: {b: [{at: "2026-01-01T00:03:00Z"}]}
        watermarks: {watermark: ~}
        expect: {out: []}
      - advance: 1h
        expect: {out: []}
      - input: {a: [{at: "2026-01-01T00:02:00Z"}]}
        watermarks: {watermark: "2026-01-01T00:02:00Z"}
        expect: {out: []}
      - expect: {out: [{window_end: "2026-01-01T00:03:00Z"}, {window_end: "2026-01-01T00:04:00Z"}]}
`, nil},
		"windows of arrival": {arrivals, `
    steps:
      - input: {in: [a, b]}
        advance: 9s
        expect: {out: []}
      - input: {in: [c, x]}
        advance: 999999us
        expect: {out: []}
      - advance: 1us
        expect: {out: [{window_start: 2026-01-01T00:00:00Z, window_end: "2026-01-01T00:00:10Z", n: 3}]}
      - advance: 30s
        expect: {out: []}
      - input: {in: [d]}
        advance: 10s
        expect: {out: [{window_start: "2026-01-01T00:00:40Z", n: 1}]}
      - input: {in: [e]}
        expect: {out: [{window_start: "2026-01-01T00:00:50Z", n: 1}]}
`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			item := "  - name: a" + c.test
			if strings.HasPrefix(c.test, " {") {
				item = "  -" + c.test + "\n"
			}
			for range 3 { // nothing depends on who is faster
				got := outcome(t, load(t, pipetest.Options{}, c.pipeline+item))
				if !slices.Equal(got, c.want) {
					t.Fatalf("%s", strings.Join(got, "\n"))
				}
			}
		})
	}
}
