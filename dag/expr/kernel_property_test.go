package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
)

// The kernels mean what the machine means: for random expressions over random columns with random selections, values and
// failures are the same.
func TestKernelsMeanWhatTheMachineMeans(t *testing.T) {
	for range 5 { // rapid checks 100 times by default, which is few for so many rules
		rapid.Check(t, kernelsAgree)
	}
}

func FuzzKernels(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("kernels and machine"))
	f.Fuzz(rapid.MakeFuzz(kernelsAgree))
}

func kernelsAgree(t *rapid.T) {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	g := &grammar{t: t, pool: map[string][]string{}}
	text := g.of(rapid.SampledFrom(resultTypes).Draw(t, "type"), rapid.IntRange(1, 4).Draw(t, "depth"))
	p, list := Compile(diag.Text{Value: text}, &Env{Schema: randomSchema})
	if p == nil {
		for _, d := range list {
			if d.Code != codeLiteral { // a call of literals that would reject every row
				t.Fatalf("%s does not compile: %v", text, list)
			}
		}
		t.Skip()
	}
	e := p.Evaluator(mem)
	// Two batches through one evaluator: what the first leaves in the scratch must not show in the second.
	for range 2 {
		b := randomBatch(t, mem)
		wantValues, wantFailed := runMachine(t, p, b)
		if len(wantFailed) > 0 && !p.CanFail() {
			t.Fatalf("%s is said to fail never, and fails with %v", text, wantFailed)
		}
		values, failed, err := e.Eval(b)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		compareFailures(t, text, failed, wantFailed)
		compareEntries(t, p, b, values, wantValues)
		values.Release()
		if p.Type().ID() == arrow.BOOL {
			compareSelection(t, text, e, b, wantValues, wantFailed)
		}
		b.Release()
	}
	e.Close()
	mem.AssertSize(failer{t}, 0)
}

// failer makes a rapid.T what the allocator wants.
type failer struct{ t *rapid.T }

func (f failer) Errorf(format string, args ...any) { f.t.Errorf(format, args...) }
func (f failer) Helper()                           {}

// runMachine computes the whole program row by row.
func runMachine(t *rapid.T, p *Program, b *batch.Batch) (values map[int32]any, failed []batch.Failure) {
	m, err := newMachine(p.root.AST, p.env, p.root.Type)
	if err != nil {
		t.Fatalf("%s: %v", p.Text(), err)
	}
	values = map[int32]any{}
	for i := range b.Rows() {
		row := b.Row(i)
		v, failure := m.Row(b, row, 0)
		if failure != nil {
			failed = append(failed, *failure)
			continue
		}
		values[int32(row)] = v
	}
	return values, failed
}

func compareFailures(t *rapid.T, text string, got, want []batch.Failure) {
	if !slices.Equal(got, want) {
		t.Fatalf("%s\nkernels failed %v\nmachine failed %v", text, got, want)
	}
}

// compareEntries compares the entries of rows that count.
func compareEntries(t *rapid.T, p *Program, b *batch.Batch, got arrow.Array, want map[int32]any) {
	text := p.Text()
	if got.Len() != int(b.Record.NumRows()) {
		t.Fatalf("%s: %d entries for %d rows", text, got.Len(), b.Record.NumRows())
	}
	builder := array.NewBuilder(memory.DefaultAllocator, got.DataType())
	defer builder.Release()
	for row := range int32(got.Len()) {
		if err := appendValue(builder, want[row]); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	expected := builder.NewArray()
	defer expected.Release()
	counts := make([]bool, got.Len())
	for i := range b.Rows() {
		counts[b.Row(i)] = true
	}
	for row := range got.Len() {
		if !counts[row] {
			continue
		}
		x, err := readValue(got, row)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		y, err := readValue(expected, row)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !identical(x, y) {
			t.Fatalf("%s\nrow %d: kernels give %s, machine %s\n%s", text, row, got.ValueStr(row), expected.ValueStr(row), showRow(b, row))
		}
	}
}

// identical compares values as they are stored: a NaN is a NaN, and the zeros differ.
func identical(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && (math.IsNaN(x) && math.IsNaN(y) || math.Float64bits(x) == math.Float64bits(y))
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, identical)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, identical)
	case nil:
		return b == nil
	}
	return equalValues(a, b)
}

func compareSelection(t *rapid.T, text string, e *Evaluator, b *batch.Batch, want map[int32]any, wantFailed []batch.Failure) {
	sel, failed, err := e.Select(b)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	compareFailures(t, text, failed, wantFailed)
	expected := []int32{}
	for i := range b.Rows() {
		if row := int32(b.Row(i)); want[row] == true {
			expected = append(expected, row)
		}
	}
	if sel == nil || !slices.Equal(sel, expected) {
		t.Fatalf("%s: selected %v, true for %v", text, sel, expected)
	}
}

func showRow(b *batch.Batch, row int) string {
	s := ""
	for i, f := range b.Schema().Fields() {
		s += fmt.Sprintf("%s=%s ", f.Name, b.Record.Column(i).ValueStr(row))
	}
	return s
}
