package expr

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// Struct is a struct as the row machine has it: every field by its name, null being nil. What is in it may share memory with
// the arrays that it was read from.
type Struct = map[string]any

// Given computes programs row by row where some columns, which are structs, are not in the batch: the caller gives their
// values for each row. It is for what depends on the row before, so that it cannot be computed by column. It belongs to one
// goroutine.
type Given struct {
	machines []*Machine
	places   []int // of the columns that are given
	values   []Struct
}

// NewGiven makes the machines of programs over the same columns. names are the columns that are given. An error says that a
// program is beyond a limit of the machine.
func NewGiven(programs []*Program, names ...string) (*Given, error) {
	g := &Given{values: make([]Struct, len(names))}
	for i, p := range programs {
		if i == 0 {
			for _, name := range names {
				at, ok := p.env.index(name)
				if !ok {
					return nil, fmt.Errorf("expression %s: no column %s", p.text.Value, name)
				}
				g.places = append(g.places, at)
			}
		}
		m, err := newMachine(p.root.AST, p.env, p.Type())
		if err != nil {
			return nil, fmt.Errorf("expression %s: %w", p.text.Value, err)
		}
		g.machines = append(g.machines, m)
	}
	return g, nil
}

// Give makes s the value of the k-th given column, for all runs until it is given again; nil is null.
func (g *Given) Give(k int, s Struct) { g.values[k] = s }

// Run computes program i for the row at index row of b.Record, which has the columns that are not given, at their places. The
// value may share memory with the batch and with what was given.
func (g *Given) Run(i int, b *batch.Batch, row int) (value any, failure *batch.Failure) {
	m := g.machines[i]
	m.row.move(b, row, 0)
	for k, at := range g.places {
		c := cell{run: m.row.run}
		if s := g.values[k]; s != nil {
			c.value = s
		}
		m.row.columns[at] = c
	}
	value, err := m.vm.Run(m.program, &m.row)
	if err != nil {
		f := failureOf(int32(row), err)
		return nil, &f
	}
	return value, nil
}

// ReadStruct reads the fields of a struct, by name, from entry i of an array for each.
func ReadStruct(names []string, fields []arrow.Array, i int) (Struct, error) {
	s := make(Struct, len(names))
	for k, name := range names {
		v, err := readValue(fields[k], i)
		if err != nil {
			return nil, err
		}
		s[name] = v
	}
	return s, nil
}

// Own gives a copy of a value that shares no memory with arrays.
func Own(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Clone(v)
	case []byte:
		return bytes.Clone(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = Own(e)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[strings.Clone(k)] = Own(e)
		}
		return m
	}
	return v
}

// AppendValue puts a value that [Given] computed into a builder of the program's type.
func AppendValue(b array.Builder, v any) error { return appendValue(b, v) }
