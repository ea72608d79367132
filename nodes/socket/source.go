package socket

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
	"flowrun/nodes/lines"
	"flowrun/nodes/peer"
)

// source reads from one connection after the other. Nothing is read ahead, but by a journal: while the pipeline is busy the bytes stay
// in the connection, and when that is full the server's writes block.
type source struct {
	cfg    Config
	server string
	format plan.Format
	schema *arrow.Schema
	want   []bool // see plan.Scan

	rt     op.Runtime
	tls    *tls.Config // nil: the connection is not encrypted
	reader *lines.Reader
	conn   net.Conn // nil: not connected
	in     *lines.Input
	since  time.Time // of conn
	got    bool      // conn has brought something
	retry  retry.Backoff
	ended  bool
	bytes  atomic.Uint64
}

var (
	_ op.Source      = (*source)(nil)
	_ op.Ahead       = (*source)(nil)
	_ op.ByteCounter = (*source)(nil)
)

// healthy is how long a connection has to last to count as good when it brought nothing.
const healthy = 10 * time.Second

func (s *source) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	s.rt = rt
	if s.cfg.TLS != nil {
		host, _, err := net.SplitHostPort(s.server)
		if err != nil {
			return err
		}
		if s.tls, err = s.cfg.TLS.Client(host); err != nil {
			return err
		}
	}
	s.reader = lines.NewReader(rt, lines.Options{
		Format: s.format.Name, Config: s.format.Config, Schema: s.schema, Want: s.want, Timestamp: s.cfg.IncludeTimestamp, MaxLineBytes: int(s.cfg.MaxLineBytes),
	}, 0)
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if b := s.reader.Next(); b != nil {
			return b, nil, nil
		}
		if s.ended {
			return nil, nil, io.EOF
		}
		if ctx.Err() != nil {
			if b := s.reader.Stop(); b != nil {
				return b, nil, nil
			}
			return nil, nil, ctx.Err()
		}
		if s.conn == nil {
			s.connect(ctx)
			continue
		}
		n, err := s.in.Read(ctx, s.reader.Room())
		switch {
		case err == nil:
			s.got = true
			s.bytes.Add(uint64(n))
			s.reader.Fed(n, s.rt.Now())
		case errors.Is(err, io.EOF):
			if b := s.closed(); b != nil {
				return b, nil, nil
			}
		case ctx.Err() == nil:
			if b := s.lost(err); b != nil {
				return b, nil, nil
			}
		}
	}
}

// closed is the server's end of the connection: what came last is a line, even without its end.
func (s *source) closed() *batch.Batch {
	s.hangUp()
	if s.cfg.OnEOF == "end" {
		s.ended = true
		s.rt.Log().Info(s.server + " closed the connection, the source ends")
	} else {
		s.rt.WarnEvery("closed", s.server+" closed the connection, connecting again")
	}
	return s.reader.End()
}

// lost is the end of a connection that did not end well: what came last may be a part of a line.
func (s *source) lost(err error) *batch.Batch {
	s.hangUp()
	s.rt.WarnEvery("lost", "lost the connection to "+s.server+", connecting again", "error", peer.Reason(err))
	return s.reader.Break("the connection was lost in the middle of it")
}

func (s *source) hangUp() {
	s.in.Close()
	s.conn.Close()
	s.conn = nil
	if s.got || s.rt.Now().Sub(s.since) >= healthy {
		s.retry.Reset()
	}
}

// Ahead needs not be told what is kept: a server is not answered.
func (s *source) Ahead() func(int) { return func(int) {} }

// Committed has nothing to acknowledge: a socket cannot be asked again.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) BytesRead() uint64 { return s.bytes.Load() }

func (s *source) Close() error {
	if s.conn != nil {
		s.hangUp()
	}
	if s.reader != nil {
		s.reader.Close()
	}
	return nil
}
