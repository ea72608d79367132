package expr

import (
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func TestComparisons(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: schema.Int, Nullable: true},
		{Name: "f", Type: schema.Float, Nullable: true},
		{Name: "s", Type: schema.String, Nullable: true},
		{Name: "ok", Type: schema.Bool, Nullable: true},
		{Name: "at", Type: schema.Timestamp, Nullable: true},
		{Name: "took", Type: schema.Duration, Nullable: true},
		{Name: "tags", Type: schema.List(schema.String), Nullable: true},
		{Name: "b", Type: schema.Bytes, Nullable: true},
	}, nil)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for text, want := range map[string][]Comparison{
		`n > 3`:                                {{0, ">", int64(3)}},
		`3 > n`:                                {{0, "<", int64(3)}},
		`3 <= n`:                               {{0, ">=", int64(3)}},
		`n != 3 && s == "x"`:                   {{0, "!=", int64(3)}, {2, "==", "x"}},
		`n > 1 && (f < 2 && "a" < s) && ok`:    {{0, ">", int64(1)}, {1, "<", 2.0}, {2, ">", "a"}, {3, "==", true}},
		`not ok`:                               {{3, "==", false}},
		`ok == false`:                          {{3, "==", false}},
		`n > 1.5`:                              {{0, ">", 1.5}},
		`f > 1`:                                {{1, ">", 1.0}},
		`n > -3`:                               {{0, ">", int64(-3)}},
		`f >= 9 / 5 + 1`:                       {{1, ">=", 9.0/5 + 1}},
		`n == nil`:                             {{0, "==", nil}},
		`nil != s`:                             {{2, "!=", nil}},
		`at >= date("2026-03-01")`:             {{4, ">=", day}},
		`took > duration("1m")`:                {{5, ">", int64(60e6)}},
		`1 < n < 5`:                            {{0, ">", int64(1)}, {0, "<", int64(5)}},
		`n > 1 || n < 0`:                       nil,
		`not (n > 1)`:                          nil,
		`n + 1 > 3`:                            nil,
		`n > f`:                                nil,
		`at > now()`:                           nil,
		`at > now() - duration("1h") && n > 1`: {{0, ">", int64(1)}},
		`n > int("x")`:                         nil,
		`len(tags) > 0`:                        nil,
		`tags == nil`:                          nil,
		`s matches "^a"`:                       nil,
		`n > 1 && s contains "a"`:              {{0, ">", int64(1)}},
		`true`:                                 nil,
		`ok ?? false`:                          nil,
	} {
		got := compileOver(t, text, s).Comparisons()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
