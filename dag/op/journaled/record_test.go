package journaled

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Rows of every type, nulls, selections and rejects come out of the journal as they went in.
func TestABatchComesBackAsItWas(t *testing.T) {
	point := schema.Struct(arrow.Field{Name: "x", Type: schema.Float, Nullable: true}, arrow.Field{Name: "tags", Type: schema.List(schema.String), Nullable: true})
	s := arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: schema.Int, Nullable: true}, {Name: "f", Type: schema.Float}, {Name: "s", Type: schema.String, Nullable: true},
		{Name: "y", Type: schema.Bytes, Nullable: true}, {Name: "b", Type: schema.Bool, Nullable: true}, {Name: "t", Type: schema.Timestamp, Nullable: true},
		{Name: "d", Type: schema.Duration, Nullable: true}, {Name: "l", Type: schema.List(schema.Int), Nullable: true}, {Name: "p", Type: point, Nullable: true},
	}, nil)
	shape, err := shape(s)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(batch.NewPool())
		null := func(text string) string {
			if rapid.Bool().Draw(t, "null") {
				return "null"
			}
			return text
		}
		var rows []string
		for i := range rapid.IntRange(0, 20).Draw(t, "rows") {
			text := strings.Repeat("é", rapid.IntRange(0, 9).Draw(t, "length"))
			rows = append(rows, fmt.Sprintf(`{"i": %s, "f": %d.5, "s": %s, "y": %s, "b": %s, "t": %s, "d": %s, "l": %s, "p": %s}`, null(fmt.Sprint(i)), i,
				null(`"`+text+`"`), null(`"AAEC"`), null("true"), null(`"2026-01-02 03:04:05Z"`), null(`"5us"`), null(fmt.Sprintf("[%d, null]", i)),
				null(fmt.Sprintf(`{"x": %s, "tags": %s}`, null("1.25"), null(`["a", "`+text+`"]`)))))
		}
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader("["+strings.Join(rows, ",")+"]"))
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(rows)).Draw(t, "from")
		piece := rec.NewSlice(int64(cut), int64(len(rows)))
		rec.Release()
		in := batch.New(piece)
		in.Part, in.Seq, in.Skipped = int32(rapid.IntRange(-1, 9).Draw(t, "part")), rapid.Uint64().Draw(t, "seq"), rapid.IntRange(0, 9).Draw(t, "skipped")
		if rapid.Bool().Draw(t, "selected") {
			in.Sel = []int32{}
			for i := cut; i < len(rows); i += 2 {
				in.Sel = append(in.Sel, int32(i-cut))
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "rejects") {
			r := batch.Reject{At: time.Unix(5, rapid.Int64Range(0, 999).Draw(t, "at")).UTC(), Reason: rapid.String().Draw(t, "reason"),
				Detail: rapid.String().Draw(t, "detail"), Cut: rapid.Bool().Draw(t, "cut"), Node: rapid.String().Draw(t, "node")}
			if rapid.Bool().Draw(t, "raw") {
				r.Raw = rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
			}
			in.Rejects = append(in.Rejects, r)
		}
		payload, err := encode([]byte("before")[:6], in, mem)
		if err != nil {
			t.Fatal(err)
		}
		payload = payload[6:]
		at := time.Unix(7, 8).UTC()
		out, err := decode(bytes.Clone(payload), shape, s, at, mem)
		if err != nil {
			t.Fatal(err)
		}
		want := batch.Compact(in.Retain(), mem)
		if !array.RecordEqual(want.Record, out.Record) || out.Sel != nil || out.Record.Schema() != s {
			t.Fatalf("went in\n%v\ncame out\n%v", want.Record, out.Record)
		}
		if out.Part != in.Part || out.Seq != in.Seq || out.Skipped != in.Skipped || !out.Arrived.Equal(at) || !reflect.DeepEqual(out.Rejects, in.Rejects) {
			t.Fatalf("went in %+v, came out %+v", in, out)
		}
		if len(payload) > 0 { // a record that ends too soon is an error
			if cut, err := decode(payload[:rapid.IntRange(0, len(payload)-1).Draw(t, "end")], shape, s, at, mem); err == nil {
				cut.Release()
			}
		}
		want.Release()
		in.Release()
		out.Release()
		mem.AssertSize(t, 0)
	})
}

func TestRejectsNeedNoColumns(t *testing.T) {
	in := batch.New(nil)
	in.Rejects = []batch.Reject{{At: time.Unix(0, 0).UTC(), Reason: "bad", Raw: []byte{}}}
	payload, err := encode(nil, in, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	out, err := decode(payload, nil, nil, time.Unix(1, 0), memory.DefaultAllocator)
	if err != nil || out.Record != nil || !reflect.DeepEqual(in.Rejects, out.Rejects) {
		t.Fatalf("%+v: %v", out, err)
	}
}
