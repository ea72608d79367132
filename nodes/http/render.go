package http

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// NoRequest is the reason for which rows are rejected whose values cannot stand where a template has them.
const NoRequest = "wrong value in a template"

// renderer makes what is special to the request of a row.
type renderer struct {
	*templates
	programs []*expr.Program
	evs      []*expr.Evaluator
	json     []codec.Encoder // by expression of the body; nil: values stand in it as they are
	schemas  []*arrow.Schema // of json
	lines    []byte
}

// newRenderer makes the renderer of a bound write; nil: all requests are the same but for their rows.
func newRenderer(c SinkConfig, w *plan.Write) (*renderer, error) {
	r := &renderer{templates: templatesOf(c, nil)}
	if !r.perRow() {
		return nil, nil
	}
	for _, e := range w.Exprs {
		r.programs = append(r.programs, e.P)
	}
	if w.Format.Name != "json" {
		return r, nil
	}
	for i := range r.body.holes() {
		p := r.programs[r.body.first+i]
		s := arrow.NewSchema([]arrow.Field{{Name: "v", Type: p.Type(), Nullable: true}}, nil)
		if err := codec.Check("json", s, true); err != nil {
			return nil, fmt.Errorf("body: {{ %s }}: %w", p.Text(), err)
		}
		r.json, r.schemas = append(r.json, codec.NewEncoder("json", s)), append(r.schemas, s)
	}
	return r, nil
}

func (r *renderer) open(rt op.Runtime) {
	for _, p := range r.programs {
		r.evs = append(r.evs, p.Evaluator(rt.Allocator()))
	}
}

func (r *renderer) close() {
	for _, ev := range r.evs {
		ev.Close()
	}
	r.evs = nil
}

// render makes a payload of each row, without a body where there is no template of one, and tells the rows for which that
// cannot be.
func (r *renderer) render(in *batch.Batch) (list []payload, failed []batch.Failure, err error) {
	bad := map[int32]bool{}
	left := in.WithSelection(in.Sel)
	defer func() { left.Release() }()
	drop := func(some []batch.Failure) {
		if len(some) == 0 {
			return
		}
		for _, f := range some {
			bad[f.Row] = true
		}
		failed = append(failed, some...)
		left.Release()
		left = in.WithSelection(rowsBut(in, bad))
	}
	values := make([]arrow.Array, 0, len(r.evs))
	defer func() {
		for _, v := range values {
			v.Release()
		}
	}()
	for _, ev := range r.evs {
		v, some, err := ev.Eval(left)
		if err != nil {
			return nil, nil, err
		}
		values = append(values, v)
		drop(some)
	}
	texts := make([][]string, len(r.json)) // of the body's expressions, by row of in's record
	for i, enc := range r.json {
		var some []batch.Failure
		texts[i], some = r.column(enc, r.schemas[i], values[r.body.first+i], left)
		drop(some)
	}
	for i := range left.Rows() {
		row := left.Row(i)
		p, problem := r.row(values, texts, row)
		if problem != "" {
			failed = append(failed, batch.Failure{Row: int32(row), Reason: NoRequest, Detail: problem})
			continue
		}
		p.rows = []int32{int32(row)}
		list = append(list, p)
	}
	return list, failed, nil
}

// rowsBut lists the rows of b that count and are not bad.
func rowsBut(b *batch.Batch, bad map[int32]bool) []int32 {
	sel := make([]int32, 0, b.Rows())
	for i := range b.Rows() {
		if row := int32(b.Row(i)); !bad[row] {
			sel = append(sel, row)
		}
	}
	return sel
}

// column writes the values of the rows that count as JSON.
func (r *renderer) column(enc codec.Encoder, s *arrow.Schema, values arrow.Array, rows *batch.Batch) ([]string, []batch.Failure) {
	rec := array.NewRecordBatch(s, []arrow.Array{values}, int64(values.Len()))
	b := rows.WithRecord(rec, rows.Sel)
	defer b.Release()
	lines, failed := enc.Append(r.lines[:0], b)
	if r.lines = lines; cap(lines) > maxBuffer {
		r.lines = nil
	}
	texts, rest, lost := make([]string, values.Len()), string(lines), failed
	for i := range b.Rows() {
		row := b.Row(i)
		if len(lost) > 0 && int(lost[0].Row) == row {
			lost = lost[1:]
			continue
		}
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		texts[row] = line[len(`{"v":`) : len(line)-1]
	}
	return texts, failed
}

// row makes the payload of one row; problem says why there is none.
func (r *renderer) row(values []arrow.Array, json [][]string, row int) (p payload, problem string) {
	plain := func(where string, t *template, escape func([]byte, []byte) []byte) string {
		out := []byte(t.literals[0])
		for i := range t.holes() {
			v := values[t.first+i]
			if v.IsNull(row) {
				problem = fmt.Sprintf("%s: {{ %s }} is null", where, r.exprs[t.first+i].Value)
				return ""
			}
			out = append(escape(out, batch.AppendText(nil, v, row)), t.literals[i+1]...)
		}
		return string(out)
	}
	asIs := func(dst, value []byte) []byte { return append(dst, value...) }
	if r.url.holes() > 0 {
		p.url = plain("url", &r.url, appendPercent)
		if problem == "" && leaves(p.url) {
			return p, "url: a value makes . or .. a part of the path"
		}
	}
	for i := range r.headers {
		h := &r.headers[i]
		value := plain("headers: "+h.name, &h.value, asIs)
		if problem == "" && !sendable(value) {
			return p, "headers: " + h.name + ": the value has a line end or another character that no header may have"
		}
		p.headers = append(p.headers, value)
	}
	switch {
	case problem != "" || len(r.body.literals) == 0:
	case len(json) == 0:
		p.body = []byte(plain("body", &r.body, asIs))
	default:
		p.body = []byte(r.body.literals[0])
		for i, texts := range json {
			p.body = append(append(p.body, texts[row]...), r.body.literals[i+1]...)
		}
	}
	return p, problem
}

// appendPercent appends a value so that it is one part of a path or one value of a query, whatever is in it.
func appendPercent(dst, value []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range value {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// leaves reports whether a server could read the path of an address as that of another place.
func leaves(address string) bool {
	u, err := url.Parse(address)
	return err != nil || slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == "." || s == ".." })
}

// sendable reports whether a header can have the value.
func sendable(value string) bool {
	return !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}
