package socket

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"flowrun/nodes/lines"
	"flowrun/nodes/peer"
)

// keepAlive finds a peer that vanished without a word within a minute and a half.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4}

// connect tries until it is connected or ctx ends. It says on the node what it waits for.
func (s *source) connect(ctx context.Context) {
	defer s.rt.Status("")
	for pause := s.pause(); ; pause = s.retry.Next() {
		if !s.sleep(ctx, pause) {
			return
		}
		s.rt.Status("connecting " + s.server)
		d := net.Dialer{Timeout: time.Duration(s.cfg.ConnectTimeout), KeepAliveConfig: keepAlive}
		s.rt.Waiting(true)
		conn, err := s.dial(ctx, &d)
		s.rt.Waiting(false)
		switch {
		case err == nil:
			s.conn, s.since, s.got = conn, s.rt.Now(), false
			s.in = lines.NewInput(conn, s.rt.Waiting)
			s.rt.Log().Info("connected to " + s.server)
			return
		case ctx.Err() != nil:
			return
		}
		s.rt.WarnEvery("connect: "+peer.Reason(err), "cannot connect to "+s.server+", trying on", "error", peer.Reason(err))
	}
}

// dial connects, and agrees on a key where the connection is to be encrypted.
func (s *source) dial(ctx context.Context, d *net.Dialer) (net.Conn, error) {
	conn, err := d.DialContext(ctx, "tcp", s.server)
	if err != nil || s.tls == nil {
		return conn, err
	}
	shake, cancel := context.WithTimeout(ctx, time.Duration(s.cfg.ConnectTimeout))
	defer cancel()
	secured := tls.Client(conn, s.tls)
	if err := secured.HandshakeContext(shake); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// pause is the time to wait before the first attempt: none at the start, the next step after a connection.
func (s *source) pause() time.Duration {
	if s.since.IsZero() {
		return 0
	}
	return s.retry.Next()
}

// sleep waits and counts the seconds down on the node. False: ctx has ended.
func (s *source) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	s.rt.Waiting(true)
	defer s.rt.Waiting(false)
	for d > 0 {
		s.rt.Status(fmt.Sprintf("connecting %s, retry in %ds%s", s.server, int((d+time.Second-1)/time.Second), s.hint()))
		step := d % time.Second
		if step == 0 {
			step = time.Second
		}
		select {
		case <-s.rt.After(step):
			d -= step
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// hint is how to start a server, where that would be on this machine.
func (s *source) hint() string {
	host, port, err := net.SplitHostPort(s.server)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return ""
	}
	return fmt.Sprintf(" (try: nc -lk %s, or --demo)", port)
}
