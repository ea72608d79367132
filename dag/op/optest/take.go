package optest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// Taken is what a source gave.
type Taken struct {
	Rows    [][]string // the values as Arrow prints them, "(null)" for null
	Rejects []batch.Reject
	Batches int
	Last    op.Position // behind the last batch
}

// Column returns the values of one column.
func (t *Taken) Column(i int) []string {
	out := make([]string, len(t.Rows))
	for j, r := range t.Rows {
		out[j] = r[i]
	}
	return out
}

// Add copies a batch's rows and rejects, and releases it.
func (t *Taken) Add(b *batch.Batch) {
	if b == nil {
		return
	}
	defer b.Release()
	t.Batches++
	t.Rejects = append(t.Rejects, b.Rejects...)
	for i := range b.Rows() {
		row := make([]string, b.Record.NumCols())
		for c := range row {
			row[c] = strings.Clone(b.Record.Column(c).ValueStr(b.Row(i))) // b goes back
		}
		t.Rows = append(t.Rows, row)
	}
}

// Take reads an open source until enough says so, or to its end or that of ctx; any other error fails the test. A nil
// enough reads to the end.
func Take(ctx context.Context, t testing.TB, s op.Source, enough func(*Taken) bool) *Taken {
	t.Helper()
	var all Taken
	for enough == nil || !enough(&all) {
		b, p, err := s.Read(ctx)
		if b != nil {
			all.Add(b)
			all.Last = p
		}
		if errors.Is(err, io.EOF) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			break
		}
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
	}
	return &all
}

// Rows makes an enough for Take: n rows and rejects together.
func Rows(n int) func(*Taken) bool {
	return func(t *Taken) bool { return len(t.Rows)+len(t.Rejects) >= n }
}
