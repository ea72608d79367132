package batch

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

var wordCount = arrow.NewSchema([]arrow.Field{column("word", schema.String), column("count", schema.Int)}, nil)

func counts(mem memory.Allocator, words ...string) *Batch {
	b := NewBuilder(wordCount, mem)
	defer b.Release()
	for i, w := range words {
		if w == "NULL" {
			b.Column(0).AppendNull()
		} else {
			b.Column(0).AppendString(w)
		}
		b.Column(1).AppendInt(int64(i + 1))
	}
	return b.Batch()
}

func TestTable(t *testing.T) {
	numbered := make([]string, 25)
	for i := range numbered {
		numbered[i] = fmt.Sprint("w", i)
	}
	for _, c := range []struct {
		name              string
		numRows, truncate int
		epoch             uint64
		node              string
		words             []string
		want              string
	}{
		{"right aligned", 20, 20, 0, "", []string{"dog", "owl"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+----+-----+
|word|count|
+----+-----+
| dog|    1|
| owl|    2|
+----+-----+

`},
		{"left aligned and whole without truncation", 20, 0, 12, "", []string{"a word of more than twenty characters", "NULL"}, `
-------------------------------------------
Batch: 12
-------------------------------------------
+-------------------------------------+-----+
|word                                 |count|
+-------------------------------------+-----+
|a word of more than twenty characters|1    |
|NULL                                 |2    |
+-------------------------------------+-----+

`},
		{"cut to 20 with points, named", 20, 20, 3, "console", []string{"a word of more than twenty characters", "just twenty letters."}, `
-------------------------------------------
Batch: 3  console
-------------------------------------------
+--------------------+-----+
|                word|count|
+--------------------+-----+
|a word of more th...|    1|
|just twenty letters.|    2|
+--------------------+-----+

`},
		{"cut without points", 20, 3, 0, "", []string{"abcdef"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+----+-----+
|word|count|
+----+-----+
| abc|    1|
+----+-----+

`},
		{"wide and control characters", 20, 20, 0, "", []string{"東京", "a\nb\x1b[2J", "ｆｕｌｌ", "🦉"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+-------------+-----+
|         word|count|
+-------------+-----+
|         東京|    1|
|a\nb\u001b[2J|    2|
|     ｆｕｌｌ|    3|
|           🦉|    4|
+-------------+-----+

`},
		{"empty", 20, 20, 7, "", nil, `
-------------------------------------------
Batch: 7
-------------------------------------------
+----+-----+
|word|count|
+----+-----+
+----+-----+

`},
		{"more rows than shown", 2, 20, 0, "", numbered, `
-------------------------------------------
Batch: 0
-------------------------------------------
+----+-----+
|word|count|
+----+-----+
|  w0|    1|
|  w1|    2|
+----+-----+
only showing top 2 rows

`},
		{"one of several", 1, 20, 0, "", numbered[:2], `
-------------------------------------------
Batch: 0
-------------------------------------------
+----+-----+
|word|count|
+----+-----+
|  w0|    1|
+----+-----+
only showing top 1 row

`},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := checked(t)
			table := NewTable(wordCount, c.numRows, c.truncate)
			for _, w := range c.words { // as several batches
				b := counts(mem, w)
				table.Add(b)
				b.Release()
			}
			// The numbers restart in each batch; number them as one.
			for i := range c.words {
				if at := i*2 + 1; at < len(table.cells) {
					table.cells[at] = fmt.Sprint(i + 1)
				}
			}
			if got := "\n" + string(table.Render(nil, c.epoch, c.node)); got != c.want {
				t.Errorf("got:%s\nwant:%s", got, c.want)
			}
		})
	}
}

func TestTableShowsOnlySelectedRowsAndStartsAnew(t *testing.T) {
	mem := checked(t)
	all := counts(mem, "a", "b", "c")
	defer all.Release()
	b := all.WithSelection([]int32{2})
	defer b.Release()
	table := NewTable(wordCount, 20, 20)
	table.Add(all)
	table.Reset()
	table.Add(b)
	text := string(table.Render(nil, 1, ""))
	if !strings.Contains(text, "|   c|    3|\n") || strings.Contains(text, "|   a|") {
		t.Errorf("got:\n%s", text)
	}
}

func TestTableKeepsOnlyWhatItShows(t *testing.T) {
	mem := checked(t)
	table := NewTable(wordCount, 5, 20)
	long := counts(mem, strings.Repeat("x", 1<<20))
	defer long.Release()
	for range 1000 {
		table.Add(long)
	}
	kept := 0
	for _, c := range table.cells {
		kept += len(c)
	}
	if len(table.cells) != 10 || kept > 200 || cap(table.scratch) > 1024 {
		t.Errorf("keeps %d cells of %d bytes, scratch %d", len(table.cells), kept, cap(table.scratch))
	}
}

func TestTableOfEveryType(t *testing.T) {
	mem := checked(t)
	rec := randomRecord(rand.New(rand.NewPCG(1, 10)), everyType, 8, 2, mem)
	b := New(rec)
	defer b.Release()
	table := NewTable(everyType, 20, 0)
	table.Add(b)
	lines := strings.Split(string(table.Render(nil, 0, "")), "\n")
	want := displayWidth(lines[3])
	for _, line := range lines[3 : len(lines)-2] {
		if displayWidth(line) != want {
			t.Errorf("a line of another width: %q", line)
		}
	}
	if len(lines) != 3+3+8+1+2 {
		t.Errorf("%d lines", len(lines))
	}
}
