package relational

import (
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// schemaOf makes a schema of "name type" pairs; every column is nullable.
func schemaOf(columns ...string) *arrow.Schema {
	types := map[string]arrow.DataType{"int": schema.Int, "float": schema.Float, "string": schema.String, "bool": schema.Bool,
		"timestamp": schema.Timestamp, "list": schema.List(schema.String)}
	var fields []arrow.Field
	for _, c := range columns {
		name, of, _ := strings.Cut(c, " ")
		fields = append(fields, arrow.Field{Name: name, Type: types[of], Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

var nan = math.NaN()

// sensors is the schema of the random rows: few different values in each column, nulls in all.
var sensors = schemaOf("k string", "g float", "x int", "f float", "s string", "b bool", "m int", "at timestamp", "l list")

// The places of its columns.
const (
	colK = iota
	colG
	colX
	colF
	colS
	colB
	colM
	colAt
	colL
)

func drawRow(t *rapid.T) row {
	pick := func(name string, of ...any) any { return rapid.SampledFrom(of).Draw(t, name) }
	return row{
		pick("k", nil, "", "a", "b", "a key that is longer than others", "c", "d", "e"),
		pick("g", nil, 0.0, math.Copysign(0, -1), nan, 1.5, 2.5),
		pick("x", nil, int64(0), int64(1), int64(-1), int64(7), int64(100), int64(-50)),
		pick("f", nil, 0.5, -0.5, 2.0, 1000.25, nan, math.Inf(1), 3.0, math.Copysign(0, -1), 0.0),
		pick("s", nil, "", "x", "xy", "x\x00", "sixteen bytes or", "sixteen bytes ot", "z"),
		pick("b", nil, true, false),
		pick("m", nil, int64(0), int64(2), int64(3), int64(2), int64(3)),
		pick("at", nil, arrow.Timestamp(1_000_000), arrow.Timestamp(2_000_000), arrow.Timestamp(-5)),
		pick("l", nil, []any{}, []any{"p"}, []any{"p", nil, "q"}, []any{"r", "r", "r", "r", "r"}),
	}
}

func drawRows(t *rapid.T) []row {
	rows := make([]row, rapid.IntRange(0, 60).Draw(t, "rows"))
	for i := range rows {
		rows[i] = drawRow(t)
	}
	return rows
}

// sensorsOn is a source of such rows, with or without event time.
func sensorsOn(timed bool) *plan.Scan {
	if timed {
		return onTime(sensors, "at")
	}
	return &plan.Scan{Kind: "scan", Schema: sensors, Bounded: true}
}

// drawTimed draws rows; those with event time all have one.
func drawTimed(t *rapid.T, timed bool) []row {
	rows := drawRows(t)
	for _, r := range rows {
		if timed && r[colAt] == nil {
			r[colAt] = arrow.Timestamp(3_000_000)
		}
	}
	return rows
}

// modulo is x % m, and whether it can be computed; null of null.
func modulo(r row) (any, bool) {
	if r[colX] == nil || r[colM] == nil {
		return nil, true
	}
	if r[colM] == int64(0) {
		return nil, false
	}
	return r[colX].(int64) % r[colM].(int64), true
}
