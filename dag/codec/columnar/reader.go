package columnar

import (
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// ReadOptions say what is read of a fitted file.
type ReadOptions struct {
	// Want says which columns of the schema are to be built; nil: all. The others are blank; those of them that may hold a
	// fault are read all the same.
	Want []bool
	// Conditions have to be true for a row, or the caller has no use for it. They leave out groups of rows, not rows.
	Conditions []Condition
	// From is the row of the file to begin with.
	From int64
	// Rows is how many a record holds at the most, at least 1.
	Rows      int
	Allocator memory.Allocator
}

// Piece is a stretch of a file.
type Piece struct {
	// Record has all columns of the schema. It may have no rows.
	Record arrow.RecordBatch
	// Row is the number of its first row in the file.
	Row int64
	// Skipped counts the rows before it for which a condition cannot be true.
	Skipped int64
	Faults  []Fault
}

// Fault is a row that is none of the schema: a value of the file has no form in its column.
type Fault struct {
	Row            int // of the record
	Column         string
	Reason, Detail string
}

// Reader reads a fitted file from one row to the end. It is used by one goroutine.
type Reader struct {
	f         *Fitted
	o         ReadOptions
	s         session
	read      []int          // the columns that are read, in the order of the schema
	blanks    []*batch.Blank // of the others, and of those that are only checked
	stretches []stretch      // to come
	cursor    cursor         // nil: none is open
	discard   int64          // rows of it that come before the first
	row       int64          // behind what was handed out
	skipped   int64          // not handed out yet
	lost      []string       // columns whose digits were cut off

	arrays []arrow.Array // of the schema's columns, converted; nil: blank
	faults []Fault       // by row of arrays
	rows   int           // of arrays
	at     int           // of arrays, handed out
}

// stretch is a number of rows that are read in one go, or left out.
type stretch struct {
	groups []int // to read; none: all there are
	rows   int64 // -1: not known
	skip   bool
}

// Read begins to read.
func (f *Fitted) Read(o ReadOptions) (*Reader, error) {
	r := &Reader{f: f, o: o, s: session{mem: o.Allocator}, blanks: make([]*batch.Blank, len(f.columns)), row: o.From}
	err := guard(f.file.format, func() error { return r.plan() })
	if err != nil {
		return nil, err
	}
	for i, field := range f.schema.Fields() {
		if !r.wants(i) {
			r.blanks[i] = batch.NewBlank(field.Type, o.Allocator)
		}
	}
	return r, nil
}

func (r *Reader) wants(column int) bool { return r.o.Want == nil || r.o.Want[column] }

// plan finds which columns and which groups are to be read.
func (r *Reader) plan() error {
	stored := r.f.file.stored
	groups, known := stored.groups()
	check := make([]bool, len(r.f.columns)) // to be read for its faults
	if !known {
		for i := range r.f.columns {
			check[i] = r.f.columns[i].fails()
		}
		r.stretches = []stretch{{rows: -1}}
		r.discard = r.o.From
	}
	from := r.o.From
	for g, rows := range groups {
		sound := true
		for i := range r.f.columns {
			if c := &r.f.columns[i]; c.fails() && !c.sound(c.of(stored.bounds(g, c.field))) {
				check[i], sound = true, false
			}
		}
		skip := sound && !r.possible(g)
		if from >= rows {
			from -= rows
			continue
		}
		if skip {
			rows -= from
		} else if from > 0 {
			r.discard = from
		}
		from = 0
		if n := len(r.stretches); n > 0 && r.stretches[n-1].skip == skip {
			r.stretches[n-1].rows += rows
			r.stretches[n-1].groups = append(r.stretches[n-1].groups, g)
		} else {
			r.stretches = append(r.stretches, stretch{groups: []int{g}, rows: rows, skip: skip})
		}
	}
	if known && from > 0 {
		return fmt.Errorf("it has %d rows fewer than were read of it before", from)
	}
	for i := range r.f.columns {
		if check[i] || r.wants(i) {
			r.read = append(r.read, i)
		}
	}
	return nil
}

// possible reports whether all conditions can be true for a row of a group.
func (r *Reader) possible(group int) bool {
	for _, c := range r.o.Conditions {
		column := &r.f.columns[c.Column]
		if !c.possible(column.of(r.f.file.stored.bounds(group, column.field))) {
			return false
		}
	}
	return true
}

// Next gives the next piece, which is the caller's, or io.EOF.
func (r *Reader) Next() (*Piece, error) {
	for r.at == r.rows {
		r.drop()
		err := guard(r.f.file.format, r.load)
		if err == io.EOF && r.skipped > 0 {
			return r.piece(0), nil
		}
		if err != nil {
			return nil, err
		}
	}
	return r.piece(min(r.o.Rows, r.rows-r.at)), nil
}

// load reads and converts what comes next; it may be nothing.
func (r *Reader) load() error {
	if r.cursor == nil {
		if len(r.stretches) == 0 {
			return io.EOF
		}
		next := r.stretches[0]
		if next.skip {
			r.stretches = r.stretches[1:]
			r.skipped += next.rows
			r.row += next.rows
			return nil
		}
		fields := make([]int, len(r.read))
		for i, c := range r.read {
			fields[i] = r.f.columns[c].field
		}
		var err error
		if r.cursor, err = r.f.file.stored.read(fields, next.groups); err != nil {
			return err
		}
		r.stretches = r.stretches[1:]
	}
	n := int64(r.o.Rows)
	if r.discard > 0 {
		n = min(n, r.discard)
	}
	arrays, rows, err := r.cursor.next(int(n))
	if err == io.EOF {
		r.cursor.close()
		r.cursor = nil
		if r.discard > 0 {
			return fmt.Errorf("it has %d rows fewer than were read of it before", r.discard)
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer release(arrays)
	before := int(min(int64(rows), r.discard))
	r.discard -= int64(before)
	if before == rows {
		return nil
	}
	return r.convert(arrays, rows, before)
}

// convert makes the columns of the schema of what was read, without the first rows of it.
func (r *Reader) convert(arrays []arrow.Array, rows, before int) error {
	r.arrays = make([]arrow.Array, len(r.f.columns))
	r.rows, r.at = rows, before
	for i, c := range r.read {
		column := &r.f.columns[c]
		a, faults, err := r.column(column, arrays[i])
		if err != nil {
			r.drop()
			return err
		}
		if r.wants(c) {
			r.arrays[c] = a
		} else {
			a.Release()
		}
		for _, f := range faults {
			r.faults = append(r.faults, Fault{f.at, column.name, f.reason, f.detail})
		}
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Row - b.Row })
	r.faults = slices.CompactFunc(r.faults, func(a, b Fault) bool { return a.Row == b.Row })
	return nil
}

func (r *Reader) column(c *fitted, a arrow.Array) (_ arrow.Array, faults []fault, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Problem:
			err = &Problem{Message: fmt.Sprintf("column %q: %s", c.name, p.Message), Hint: p.Hint}
		default:
			panic(p)
		}
	}()
	r.s.lost = false
	out, faults := c.conv.array(&r.s, a)
	if r.s.lost && !slices.Contains(r.lost, c.name) {
		r.lost = append(r.lost, c.name)
	}
	if c.never && out.NullN() > 0 {
		var nulls []fault
		for i := range out.Len() {
			if out.IsNull(i) {
				nulls = append(nulls, fault{i, unwantedNull, c.name})
			}
		}
		faults = merge(faults, nulls)
	}
	return out, faults, nil
}

// piece hands out n rows of what was converted.
func (r *Reader) piece(n int) *Piece {
	columns := make([]arrow.Array, len(r.f.columns))
	for i := range columns {
		switch {
		case r.blanks[i] != nil:
			columns[i] = r.blanks[i].Array(n)
		case n == 0 || r.arrays[i] == nil:
			columns[i] = array.MakeArrayOfNull(r.o.Allocator, r.f.schema.Field(i).Type, n)
		case r.at == 0 && n == r.rows:
			columns[i] = r.arrays[i]
			columns[i].Retain()
		default:
			columns[i] = array.NewSlice(r.arrays[i], int64(r.at), int64(r.at+n))
		}
	}
	p := &Piece{Record: array.NewRecordBatch(r.f.schema, columns, int64(n)), Row: r.row, Skipped: r.skipped}
	release(columns)
	for len(r.faults) > 0 && r.faults[0].Row < r.at+n {
		if f := r.faults[0]; f.Row >= r.at {
			f.Row -= r.at
			p.Faults = append(p.Faults, f)
		}
		r.faults = r.faults[1:]
	}
	r.at += n
	r.row += int64(n)
	r.skipped = 0
	return p
}

// Row is the row of the file behind the last piece and what was left out before it.
func (r *Reader) Row() int64 { return r.row }

// Lost gives the columns of times in which digits below the microsecond were cut off so far.
func (r *Reader) Lost() []string { return r.lost }

func (r *Reader) drop() {
	release(r.arrays)
	r.arrays, r.faults, r.rows, r.at = nil, nil, 0, 0
}

// Close gives back what the reader holds.
func (r *Reader) Close() {
	r.drop()
	if r.cursor != nil {
		// What failed in the middle may fail again; it was told.
		_ = guard(r.f.file.format, func() error {
			r.cursor.close()
			return nil
		})
		r.cursor = nil
	}
	for _, b := range r.blanks {
		if b != nil {
			b.Release()
		}
	}
	r.blanks = nil
}
