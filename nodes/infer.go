package nodes

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
)

// Infers reports whether the node's columns are to be found in what it reads: `schema: infer`, in a format that has columns
// of its own. Then a kind whose input can be read again calls [Builder.Infer], and not Schema.
func (b *Builder) Infers(f plan.Format) bool { return f.Name != "text" && isInfer(b.Node.Schema) }

// Infer finds the schema of the first of n streams that has a record; open opens one. Nil: there is none, which has been
// reported.
func (b *Builder) Infer(f plan.Format, n int, open func(i int) (io.ReadCloser, error)) *arrow.Schema {
	b.usedSchema = true
	at := b.Node.Schema.At
	for i := range n {
		s, err := inferOne(f, i, open)
		if errors.Is(err, codec.ErrNoRecord) {
			continue
		}
		if err == nil {
			return s
		}
		d := diag.Diagnostic{Code: CodeInput, At: at, Message: "cannot infer the schema: " + err.Error(),
			Hint: "write the columns: schema: {device: string, temp: float}"}
		if p := (*codec.Problem)(nil); errors.As(err, &p) {
			d.Code, d.Message, d.Hint = CodeSchema, "cannot infer the schema: "+p.Message, p.Hint
		}
		b.Report(d)
		return nil
	}
	b.Report(diag.Diagnostic{Code: CodeSchema, At: at,
		Message: fmt.Sprintf("cannot infer the schema: no record of format %s in the first %d MiB", f.Name, codec.InferBytes>>20),
		Hint:    "write the columns: schema: {device: string, temp: float}"})
	return nil
}

func inferOne(f plan.Format, i int, open func(i int) (io.ReadCloser, error)) (*arrow.Schema, error) {
	r, err := open(i)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return codec.Infer(r, codec.DecoderOptions{Format: f.Name, Config: f.Config})
}
