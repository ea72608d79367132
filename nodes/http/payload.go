package http

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// payload is the body of one request and the rows that are in it, and what templates made of those.
type payload struct {
	body    []byte
	rows    []int32
	url     string   // "": that of the settings
	headers []string // values of the headers with expressions
}

// requests makes the requests of a batch, and tells the rows that have none. They are valid until the next call.
func (s *sink) requests(in *batch.Batch) ([]payload, []batch.Failure, error) {
	if s.special == nil {
		list, failed := s.payloads(in)
		return list, failed, nil
	}
	special, failed, err := s.special.render(in)
	if err != nil || s.encoder == nil || len(special) == 0 {
		return special, failed, err
	}
	rows := make([]int32, len(special))
	for i := range special {
		rows[i] = special[i].rows[0]
	}
	left := in.WithSelection(rows)
	defer left.Release()
	list, lost := s.payloads(left)
	for i, j := 0, 0; i < len(list); i++ {
		for special[j].rows[0] != list[i].rows[0] {
			j++ // its row has no form
		}
		list[i].url, list[i].headers = special[j].url, special[j].headers
	}
	return list, append(failed, lost...), nil
}

// payloads makes the bodies of a batch, and tells the rows that have no form. The bodies are valid until the next call.
func (s *sink) payloads(in *batch.Batch) ([]payload, []batch.Failure) {
	if s.format.Name == "text" {
		return s.texts(in), nil
	}
	if starter, ok := s.encoder.(codec.Starter); ok {
		starter.Restart()
	}
	lines, failed := s.encoder.Append(s.lines[:0], in)
	s.lines = lines
	s.framer.Reset(0)
	s.framer.Feed(lines)
	if c, ok := s.format.Config.(codec.CSV); ok && c.Header && s.framer.Next() {
		s.head = append(append(s.head[:0], s.framer.Line()...), '\n')
	}
	lost := failed
	next := func(i int) ([]byte, bool) {
		if len(lost) > 0 && int(lost[0].Row) == in.Row(i) {
			lost = lost[1:]
			return nil, false
		}
		s.framer.Next()
		return s.framer.Line(), true
	}
	return s.cut(in, next), failed
}

// texts makes the bodies of rows of one string column.
func (s *sink) texts(in *batch.Batch) []payload {
	column := in.Record.Column(0).(*array.String)
	return s.cut(in, func(i int) ([]byte, bool) {
		row := in.Row(i)
		if column.IsNull(row) {
			return nil, true
		}
		return []byte(column.Value(row)), true
	})
}

// cut puts rows together to bodies; next gives the record of the i-th row, or says that it has none.
func (s *sink) cut(in *batch.Batch, next func(i int) ([]byte, bool)) []payload {
	type piece struct{ from, to, first, last int }
	most := s.cfg.MaxRows
	if s.cfg.Batch == "row" {
		most = 1
	}
	var pieces []piece
	rows := make([]int32, 0, in.Rows())
	out, open := s.bodies[:0], piece{}
	seal := func() {
		if len(rows) == open.first {
			return
		}
		if s.cfg.Batch == "array" {
			out = append(out, ']')
		}
		open.to, open.last = len(out), len(rows)
		pieces = append(pieces, open)
		open = piece{from: len(out), first: len(rows)}
	}
	for i := range in.Rows() {
		record, ok := next(i)
		if !ok {
			continue
		}
		n := len(rows) - open.first
		if n >= most || n > 0 && len(out)-open.from+len(record) >= int(s.cfg.MaxBody) {
			seal()
			n = 0
		}
		if n == 0 {
			out = append(out, s.head...)
		}
		switch {
		case s.cfg.Batch == "array" && n == 0:
			out = append(out, '[')
		case s.cfg.Batch == "array":
			out = append(out, ',')
		}
		out = append(out, record...)
		if s.cfg.Batch == "ndjson" {
			out = append(out, '\n')
		}
		rows = append(rows, int32(in.Row(i)))
	}
	seal()
	s.bodies = out
	list := make([]payload, len(pieces))
	for i, p := range pieces {
		list[i] = payload{body: out[p.from:p.to:p.to], rows: rows[p.first:p.last]}
	}
	return list
}
