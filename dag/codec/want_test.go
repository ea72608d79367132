package codec

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/schema"
)

// wants gives the batch of records of which only some columns are wanted, as the wanted values of each row, and the rejects.
func wants(t testing.TB, o DecoderOptions, records []string) (values, rejects []string) {
	t.Helper()
	o.Allocator, o.Now = checked(t), func() time.Time { return noon }
	d := NewDecoder(o)
	defer d.Close()
	for _, r := range records {
		d.Decode([]byte(r))
	}
	b := d.Batch(noon)
	if b == nil {
		return nil, nil
	}
	defer b.Release()
	if !b.Schema().Equal(schema.Plain(o.Schema)) {
		t.Fatalf("schema %v", b.Schema())
	}
	for i, c := range b.Record.Columns() {
		if c.Len() != b.Rows() {
			t.Fatalf("column %d has %d of %d rows", i, c.Len(), b.Rows())
		}
		if err := array.ValidateFull(c); err != nil {
			t.Fatalf("column %d: %v", i, err)
		}
		for row := range b.Rows() {
			if o.Want == nil || o.Want[i] {
				text, _ := appendValue(nil, c, row, kindOf(c.DataType()))
				values = append(values, fmt.Sprintf("row %d, column %d: %s", row, i, text))
			} else if c.IsValid(row) {
				t.Fatalf("column %d is not wanted and holds %s", i, c.ValueStr(row))
			}
		}
	}
	return values, told(b.Rejects)
}

// isWanted makes a random choice of n columns.
func isWanted(s *scribe, n int) []bool {
	want := make([]bool, n)
	for i := range want {
		want[i] = s.one(3)
	}
	return want
}

// kept leaves the values of wanted columns.
func kept(values []string, want []bool) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool {
		var row, column int
		if _, err := fmt.Sscanf(v, "row %d, column %d:", &row, &column); err != nil {
			panic(err)
		}
		return !want[column]
	})
}

// Whatever is wanted, the wanted values and the rejects are those of the full decoding.
func TestWantChangesNothingElse(t *testing.T) {
	rows, bad := 0, 0
	for seed := range uint64(100) {
		s := newScribe(seed)
		records := make([]string, 30)
		for i := range records {
			records[i] = s.record(demanding.Fields())
		}
		o := DecoderOptions{Format: "json", Schema: demanding}
		values, rejects := wants(t, o, records)
		o.Want = isWanted(s, demanding.NumFields())
		some, same := wants(t, o, records)
		compared(t, some, kept(values, o.Want))
		compared(t, same, rejects)
		rows, bad = rows+len(values)/demanding.NumFields(), bad+len(rejects)
	}
	if rows < 500 || bad < 500 {
		t.Errorf("%d rows and %d rejects: the test tells little", rows, bad)
	}
}

func TestWantInEveryFormat(t *testing.T) {
	s := columns(t, "a int", "b string!", "c timestamp", "d float")
	for _, c := range []struct {
		o       DecoderOptions
		records []string
		rejects int
	}{
		{DecoderOptions{Format: "text", Schema: TextSchema}, []string{"one", "", "\xff", "two"}, 1},
		{DecoderOptions{Format: "csv", Schema: s}, []string{"a,b,c,d", "1,x,2026-01-01T00:00:00Z,1.5", "x,x,,", ",,,", "2,\"q\"\"\",,-0", "3,y", "3,y,never,", "4,z,,1e999"}, 5},
		{DecoderOptions{Format: "kv", Schema: s}, []string{"a=1 b=x c=2026-01-01T00:00:00Z d=1.5", "a=x b=x", "a=1", "b=y a=2 b=z", "b=y d=3", "b=y d=x"}, 4},
		{DecoderOptions{Format: "json", Schema: s}, []string{`{"a":1,"b":"x"}`, `{"a":"x","b":"x"}`, `{"a":1}`, `{"b":null}`, `{"b":"y","c":"never"}`}, 4},
	} {
		values, rejects := wants(t, c.o, c.records)
		if len(rejects) != c.rejects {
			t.Errorf("%s: rejects %v", c.o.Format, rejects)
		}
		n := c.o.Schema.NumFields()
		for mask := range 1 << n {
			o := c.o
			o.Want = make([]bool, n)
			for i := range n {
				o.Want[i] = mask>>i&1 == 1
			}
			some, same := wants(t, o, c.records)
			compared(t, some, kept(values, o.Want))
			compared(t, same, rejects)
		}
	}
}
