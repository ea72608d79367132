package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/retry"
)

//go:embed source.md
var sourceDoc string

// source reads rows in the order of one column, a batch with each query, so that no lock is held between.
type source struct {
	cfg    SourceConfig
	schema *arrow.Schema
	rt     op.Runtime
	db     *sql.DB // nil: it is not connected
	conn   *sql.Conn
	loop   retry.Loop
	build  *batch.Builder
	last   any // of the column; nil: nothing has been read
	end    any // of the last row that counts; nil: there is no end
	done   bool
	values []any
}

func newSource(c SourceConfig, s *arrow.Schema) *source { return &source{cfg: c, schema: s} }

// position is the value of the column in the last row. JSON keeps integers, floats and texts apart.
type position struct {
	Int   *int64   `json:"int,omitempty"`
	Float *float64 `json:"float,omitempty"`
	Text  *string  `json:"text,omitempty"`
}

// AppendBinary implements op.Position.
func (p position) AppendBinary(dst []byte) ([]byte, error) {
	text, err := json.Marshal(p)
	return append(dst, text...), err
}

func positionOf(v any) (position, error) {
	switch v := v.(type) {
	case int64:
		return position{Int: &v}, nil
	case float64:
		return position{Float: &v}, nil
	case string:
		return position{Text: &v}, nil
	}
	return position{}, fmt.Errorf("a value of column %T cannot be gone on from: it has to be a number or a text", v)
}

func (p position) value() any {
	switch {
	case p.Int != nil:
		return *p.Int
	case p.Float != nil:
		return *p.Float
	case p.Text != nil:
		return *p.Text
	}
	return nil
}

func (s *source) Open(ctx context.Context, rt op.Runtime, from []byte) error {
	s.rt = rt
	if from != nil {
		var p position
		if err := json.Unmarshal(from, &p); err != nil {
			return fmt.Errorf("the checkpoint has no position of sqlite: %w", err)
		}
		s.last = p.value()
	}
	s.loop = retry.Loop{For: patience, Passes: passesReading}.Telling(rt, "read", s.cfg.Path)
	if err := s.connect(ctx); err != nil {
		return err
	}
	s.build = batch.NewBuilder(s.schema, rt.Allocator())
	s.values = make([]any, 1+s.schema.NumFields())
	if rt.UntilNow() {
		err := s.persist(ctx, func() error {
			return s.conn.QueryRowContext(ctx, "SELECT max("+s.cfg.by()+") FROM "+s.cfg.from()).Scan(&s.end)
		})
		if err != nil {
			_ = s.Close() // nobody closes what did not open
			return err
		}
		s.done = s.end == nil
	}
	s.loop = s.idle(s.loop)
	return nil
}

// idle is a loop that says when the source waits.
func (s *source) idle(l retry.Loop) retry.Loop {
	waits, over, waiting := l.Waits, l.Over, false
	l.Waits = func(cause string, wait time.Duration) {
		if !waiting {
			waiting = true
			s.rt.Waiting(true)
		}
		waits(cause, wait)
	}
	l.Over = func() {
		over()
		if waiting {
			waiting = false
			s.rt.Waiting(false)
		}
	}
	return l
}

func (s *source) connect(ctx context.Context) (err error) {
	if s.db == nil {
		s.db, s.conn, err = connect(ctx, filepath.Clean(s.cfg.Path), true)
	}
	return err
}

// persist queries until that works, cannot work, or patience is at its end. A connection that had an error may be of no use, so that
// another one is made.
func (s *source) persist(ctx context.Context, query func() error) error {
	err := s.loop.Do(ctx, func() error {
		err := s.connect(ctx)
		if err == nil {
			err = query()
		}
		if err == nil {
			return nil
		}
		_ = s.disconnect()
		return worded{err}
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", s.cfg.Path, err)
	}
	return err
}

func (s *source) disconnect() error {
	if s.db == nil {
		return nil
	}
	err := errors.Join(s.conn.Close(), s.db.Close())
	s.db, s.conn = nil, nil
	return err
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.done {
			return nil, nil, io.EOF
		}
		var b *batch.Batch
		err := s.persist(ctx, func() (err error) {
			b, err = s.next(ctx)
			return err
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			return nil, nil, err
		case b != nil:
			p, err := positionOf(s.last)
			if err != nil {
				b.Release()
				return nil, nil, fmt.Errorf("%s: %w", s.cfg.Path, err)
			}
			return b, p, nil
		case !s.cfg.Follow || s.end != nil:
			return nil, nil, io.EOF
		}
		s.rt.Waiting(true)
		select {
		case <-s.rt.After(time.Duration(s.cfg.Poll)):
		case <-ctx.Done():
		}
		s.rt.Waiting(false)
	}
}

// next reads the next rows; nil: there are none.
func (s *source) next(ctx context.Context) (*batch.Batch, error) {
	by := s.cfg.by()
	var where []string
	var args []any
	if s.last != nil {
		where, args = append(where, by+" > ?"), append(args, s.last)
	} else {
		where = append(where, by+" IS NOT NULL")
	}
	if s.end != nil {
		where, args = append(where, by+" <= ?"), append(args, s.end)
	}
	// Behind a plus a value is what is stored, whatever the type that is declared.
	text := "SELECT +" + by + ", " + columnsOf(s.schema) + " FROM " + s.cfg.from() + " WHERE " + strings.Join(where, " AND ") + " ORDER BY " + by + " LIMIT ?"
	rows, err := s.conn.QueryContext(ctx, text, append(args, s.rt.BatchRows())...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	into := make([]any, len(s.values))
	for i := range into {
		into[i] = &s.values[i]
	}
	var rejects []batch.Reject
	last := s.last
	now := s.rt.Now()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		last = s.values[0]
		if text, ok := last.([]byte); ok {
			last = string(text)
		}
		if why := s.append(); why != "" {
			rejects = append(rejects, batch.Reject{At: now, Reason: "a value is not of the column's type", Detail: why, Raw: s.raw()})
		}
	}
	if err := rows.Err(); err != nil {
		s.build.Truncate(0)
		return nil, err
	}
	if s.build.Rows() == 0 && len(rejects) == 0 {
		return nil, nil
	}
	s.last = last
	b := s.build.Batch()
	b.Arrived, b.Rejects = now, rejects
	return b, nil
}

// append takes the row in values into the batch, or says why that cannot be.
func (s *source) append() string {
	n := s.build.Rows()
	for i, f := range s.schema.Fields() {
		if v := s.values[i+1]; !appendValue(s.build.Column(i), f, v) {
			for j := range s.schema.NumFields() {
				s.build.Column(j).Truncate(min(n, s.build.Column(j).Len()))
			}
			if v == nil {
				return fmt.Sprintf("column %s is null", f.Name)
			}
			return fmt.Sprintf("column %s holds %.100v", f.Name, shown(v))
		}
	}
	return ""
}

func shown(v any) any {
	if text, ok := v.([]byte); ok {
		return string(text)
	}
	return v
}

// raw is the row as JSON.
func (s *source) raw() []byte {
	row := map[string]any{}
	for i, f := range s.schema.Fields() {
		row[f.Name] = shown(s.values[i+1])
	}
	text, _ := json.Marshal(row)
	return text[:min(len(text), 64<<10)]
}

func appendValue(c *batch.Column, f arrow.Field, v any) bool {
	if v == nil {
		if f.Nullable {
			c.AppendNull()
		}
		return f.Nullable
	}
	at, isTime := v.(time.Time)
	switch f.Type.ID() {
	case arrow.BOOL:
		switch v := v.(type) {
		case bool:
			c.AppendBool(v)
			return true
		case int64:
			c.AppendBool(v == 1)
			return v == 0 || v == 1
		}
	case arrow.INT64, arrow.DURATION:
		n, ok := v.(int64)
		if ok {
			c.AppendInt(n)
		}
		return ok
	case arrow.FLOAT64:
		switch v := v.(type) {
		case float64:
			c.AppendFloat(v)
			return true
		case int64:
			c.AppendFloat(float64(v))
			return math.Abs(float64(v)) <= 1<<53
		}
	case arrow.STRING:
		switch v := v.(type) {
		case string:
			c.AppendString(v)
			return true
		case time.Time:
			c.AppendString(v.UTC().Format(time.RFC3339Nano))
			return true
		}
	case arrow.BINARY:
		switch v := v.(type) {
		case []byte:
			c.AppendBytes(v)
			return true
		case string:
			c.AppendBytes([]byte(v))
			return true
		}
	case arrow.TIMESTAMP, arrow.DATE32:
		if text, ok := v.(string); ok {
			at, isTime = moment(text)
		}
		if !isTime {
			return false
		}
		if f.Type.ID() == arrow.DATE32 {
			c.AppendInt(int64(math.Floor(float64(at.Unix()) / 86400)))
		} else {
			c.AppendInt(at.UnixMicro())
		}
		return true
	}
	return false
}

// moment reads a time as SQLite's own functions write it, or as RFC 3339 does; without a zone it is UTC.
func moment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Committed has nothing to keep.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) Close() error {
	if s.build != nil {
		s.build.Release()
		s.build = nil
	}
	return s.disconnect()
}
