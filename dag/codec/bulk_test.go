package codec

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// bulkCase is a format as these tests read it, and what its records are made of.
type bulkCase struct {
	name   string
	o      DecoderOptions
	pieces []string
}

func bulkCases() []bulkCase {
	fields := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: schema.Int, Nullable: true},
		{Name: "b", Type: schema.String, Nullable: true},
		{Name: "c", Type: schema.Float},
	}, nil)
	ends := []string{"\n", "\n", "\n", "\r\n", "\r", "\xff", "\xc3\xa4", "\xc3", strings.Repeat("x", 9), strings.Repeat("long", 20)}
	values := append([]string{",", ",", ",", "1", "2.5", "-3", "b", `"`, `""`, `"q"`, `",`, `,"`, `"x,y",`, "\"x\ny\"", "1,b,2\n", "4,\"b\",2.5\n", "a,b,c\n", "c,b,a\n"}, ends...)
	pairs := append([]string{" ", " ", "a=1", "b=x", "c=2", "=", `"`, `b="x y"`, `"b"=`, "a", "d=3", "a=1 b=x c=2\n", "c=1\n", `\`}, ends...)
	objects := append([]string{`{"a":1,"b":"x","c":2}`, `{"a":1,"c":2.5}`, `{"c":1,"b":null}`, `{"a":`, `{`, `}`, `"b":"x"`, ",", " ", `"\u00e4"`, `[1]`}, ends...)
	return []bulkCase{
		{"text", DecoderOptions{Format: "text", Schema: TextSchema}, append([]string{"a", "to be", ""}, ends...)},
		{"csv", DecoderOptions{Format: "csv", Schema: fields, Config: CSV{Header: false, Delimiter: ","}}, values},
		{"csv with a header", DecoderOptions{Format: "csv", Schema: fields}, values},
		{"kv", DecoderOptions{Format: "kv", Schema: fields}, pairs},
		{"json", DecoderOptions{Format: "json", Schema: fields}, objects},
	}
}

// inBulk reads a stream in chunks as a source does, record by record or in bulk, and tells all that it gave.
func inBulk(o DecoderOptions, input []byte, cuts []int, rows, maxLine int, bulk bool) string {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	o.Allocator, o.Now = mem, func() time.Time { return time.Unix(0, 0) }
	d := NewDecoder(o)
	many, ok := d.(Bulk)
	f := NewFramer(o.Format, o.Config, maxLine)
	var out strings.Builder
	tell := func() {
		b := d.Batch(time.Time{})
		if b == nil {
			return
		}
		defer b.Release()
		fmt.Fprintf(&out, "%d rows, behind them %d\n", b.Rows(), f.Offset())
		for i := range int(b.Record.NumCols()) {
			column := b.Record.Column(i)
			for row := range column.Len() {
				fmt.Fprintf(&out, "%q ", column.ValueStr(row))
			}
			fmt.Fprintln(&out)
		}
		for _, r := range b.Rejects {
			fmt.Fprintf(&out, "%s: %s: %q\n", r.Reason, r.Detail, r.Raw)
		}
	}
	take := func() {
		if size, over := f.Over(); over {
			d.Reject(LineTooLong, fmt.Sprint(size), f.Line())
			return
		}
		d.Decode(f.Line())
	}
	read := func(chunk []byte) {
		f.Feed(chunk)
		for {
			if bulk && ok && d.Pending() < rows {
				f.Skip(many.DecodeLines(f.Rest(), rows, f.Longest()))
			}
			if d.Pending() >= rows {
				tell()
				continue
			}
			if !f.Next() {
				break
			}
			take()
		}
		tell()
	}
	for _, cut := range cuts {
		cut = min(cut, len(input))
		read(bytes.Clone(input[:cut]))
		input = input[cut:]
	}
	read(bytes.Clone(input))
	if f.Flush() {
		take()
	}
	tell()
	d.Close()
	if n := mem.CurrentAlloc(); n != 0 {
		fmt.Fprintf(&out, "%d bytes were not given back\n", n)
	}
	return out.String()
}

// Many records at once give what each alone gives, in the same batches, with the same offsets behind them.
func TestBulkIsLineByLine(t *testing.T) {
	for _, c := range bulkCases() {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				input := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(c.pieces), 0, 60).Draw(t, "input"), ""))
				cuts := rapid.SliceOfN(rapid.IntRange(0, 80), 0, 8).Draw(t, "cuts")
				rows := rapid.IntRange(1, 12).Draw(t, "rows")
				if rapid.Bool().Draw(t, "large") { // more than is looked at in one go
					input = bytes.Repeat(input, 200)
					rows *= 300
				}
				maxLine := rapid.SampledFrom([]int{1, 5, 20, 40, 0}).Draw(t, "max")
				o := c.o
				if rapid.Bool().Draw(t, "pruned") {
					for range o.Schema.Fields() {
						o.Want = append(o.Want, rapid.Bool().Draw(t, "want"))
					}
				}
				want := inBulk(o, input, cuts, rows, maxLine, false)
				if got := inBulk(o, input, cuts, rows, maxLine, true); got != want {
					t.Fatalf("of %q:\n%s\nline by line:\n%s", input, got, want)
				}
			})
		})
	}
}

// A column that nobody reads is null in every row, and changes neither rows nor rejects.
func TestWantedOrNotTheRejectsAreTheSame(t *testing.T) {
	input := []byte("to be\n\xff\n\nor not\r\n" + strings.Repeat("x", 50) + "\nend")
	all := inBulk(DecoderOptions{Format: "text", Schema: TextSchema}, input, nil, 100, 20, true)
	none := inBulk(DecoderOptions{Format: "text", Schema: TextSchema, Want: []bool{false}}, input, nil, 100, 20, true)
	for _, value := range []string{"to be", "", "or not", "end"} {
		all = strings.Replace(all, fmt.Sprintf("%q ", value), `"(null)" `, 1)
	}
	if none != all {
		t.Errorf("not wanted:\n%s\nwanted:\n%s", none, all)
	}
}

func FuzzBulk(f *testing.F) {
	for i := range bulkCases() {
		f.Add([]byte("a,b,c\n1,\"x\ny\",2\r\n\xff\na=1 b=\"x\"\n{\"a\":1,\"c\":2}\n"), uint8(i), uint8(7), uint8(2), uint8(20))
	}
	cases := bulkCases()
	f.Fuzz(func(t *testing.T, input []byte, format, cut, rows, maxLine uint8) {
		c := cases[int(format)%len(cases)]
		cuts := make([]int, 8)
		for i := range cuts {
			cuts[i] = int(cut) * (i%3 + 1)
		}
		n := int(rows)%9 + 1
		want := inBulk(c.o, input, cuts, n, int(maxLine), false)
		if got := inBulk(c.o, input, cuts, n, int(maxLine), true); got != want {
			t.Fatalf("%s of %q:\n%s\nline by line:\n%s", c.name, input, got, want)
		}
	})
}
