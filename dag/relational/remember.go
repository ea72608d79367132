package relational

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/state"
)

// What each operator shows of its memory for a checkpoint. Names are part of what is stored: to change one is to forget what was
// stored under it.

var (
	_ op.Durable = (*aggregate)(nil)
	_ op.Durable = (*windowed)(nil)
	_ op.Durable = (*sessions)(nil)
	_ op.Durable = (*dedupe)(nil)
	_ op.Durable = (*join)(nil)
	_ op.Durable = (*asof)(nil)
	_ op.Durable = (*fold)(nil)
	_ op.Durable = (*match)(nil)
	_ op.Durable = (*top)(nil)
	_ op.Durable = (*sorted)(nil)
	_ op.Durable = (*limit)(nil)
	_ op.Durable = (*sample)(nil)
	_ op.Durable = (*watermark)(nil)
)

// Remember implements op.Durable.
func (a *aggregate) Remember(m *state.Memory) {
	a.table.Remember(m, "groups")
	m.Bool("done", &a.done)
}

// Remember implements op.Durable.
func (w *windowed) Remember(m *state.Memory) {
	w.table.Remember(m, "groups")
	w.timers.Remember(m, "timers")
	m.Ints("watermark", &w.now)
}

// Remember implements op.Durable.
func (s *sessions) Remember(m *state.Memory) {
	s.table.Remember(m, "groups")
	s.keys.Remember(m, "keys")
	s.spans.rows.Remember(m, "spans")
	s.timers.Remember(m, "timers")
	m.Ints("watermark", &s.now)
}

// Remember implements op.Durable.
func (d *dedupe) Remember(m *state.Memory) {
	d.table.Remember(m, "keys")
	d.timers.Remember(m, "timers")
	m.Ints("watermark", &d.now)
}

// Remember implements op.Durable.
func (j *join) Remember(m *state.Memory) {
	j.table.Remember(m, "keys")
	for port, s := range j.sides {
		name := sideNames[port]
		s.rows.Remember(m, name)
		s.timers.Remember(m, name+"-timers")
	}
	m.Ints("watermark", &j.now)
}

// Remember implements op.Durable.
func (a *asof) Remember(m *state.Memory) {
	a.table.Remember(m, "keys")
	a.age.Remember(m, "age")
	for port, s := range a.sides {
		name := sideNames[port]
		s.rows.Remember(m, name)
		s.timers.Remember(m, name+"-timers")
	}
	m.Ints("watermark", &a.now)
}

// Remember implements op.Durable.
func (f *fold) Remember(m *state.Memory) {
	f.table.Remember(m, "keys")
	f.timers.Remember(m, "timers")
	m.Ints("watermark", &f.now)
}

// Remember implements op.Durable.
func (p *match) Remember(m *state.Memory) {
	p.table.Remember(m, "keys")
	p.tries.rows.Remember(m, "tries")
	p.tries.timers.Remember(m, "tries-timers")
	p.rows.Remember(m, "rows")
	p.timers.Remember(m, "timers")
	m.Ints("watermark", &p.now, &p.arrival, &p.turns, &p.told)
}

// Remember implements op.Durable.
func (t *top) Remember(m *state.Memory) {
	t.table.Remember(m, "groups")
	t.firsts.rows.Remember(m, "rows")
	t.timers.Remember(m, "timers")
	m.Ints("watermark", &t.now, &t.firsts.counter)
}

// Remember implements op.Durable.
func (s *sorted) Remember(m *state.Memory) {
	s.rows.Remember(m, "rows")
	s.timers.Remember(m, "timers")
	m.Ints("watermark", &s.now, &s.next)
}

// Remember implements op.Durable.
func (l *limit) Remember(m *state.Memory) { m.Ints("seen", &l.seen) }

// Remember implements op.Durable.
func (s *sample) Remember(m *state.Memory) {
	m.Blob("next", func(b []byte) []byte {
		for _, part := range slices.Sorted(maps.Keys(s.next)) {
			b = binary.LittleEndian.AppendUint32(b, uint32(part))
			b = binary.LittleEndian.AppendUint64(b, s.next[part])
		}
		return b
	}, func(b []byte) error {
		for ; len(b) >= 12; b = b[12:] {
			s.next[int32(binary.LittleEndian.Uint32(b))] = binary.LittleEndian.Uint64(b[4:])
		}
		return rest(b)
	})
}

// Remember implements op.Durable.
func (w *watermark) Remember(m *state.Memory) { m.Blob("marks", w.marks.Append, w.marks.Restore) }

var sideNames = [2]string{"left", "right"}

var errLength = errors.New("it has another length than it says")

func rest(b []byte) error {
	if len(b) > 0 {
		return errLength
	}
	return nil
}

// Append encodes what was seen, for Restore.
func (m *Marks) Append(b []byte) []byte {
	b = appendTime(appendTime(b, m.last), m.latest)
	for _, part := range slices.Sorted(maps.Keys(m.parts)) {
		p := m.parts[part]
		b = binary.LittleEndian.AppendUint32(b, uint32(part))
		b = appendTime(binary.LittleEndian.AppendUint64(b, uint64(p.newest)), p.arrived)
	}
	return b
}

// Restore takes up what Append encoded.
func (m *Marks) Restore(b []byte) error {
	const head, each = 2 * timeBytes, 4 + 8 + timeBytes
	if len(b) < head {
		return errLength
	}
	m.last, m.latest = savedTime(b), savedTime(b[timeBytes:])
	clear(m.parts)
	for b = b[head:]; len(b) >= each; b = b[each:] {
		m.parts[int32(binary.LittleEndian.Uint32(b))] = mark{int64(binary.LittleEndian.Uint64(b[4:])), savedTime(b[12:])}
	}
	return rest(b)
}

// timeBytes is what a time takes: seconds and nanoseconds of the Unix epoch.
const timeBytes = 12

func appendTime(b []byte, t time.Time) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

func savedTime(b []byte) time.Time {
	return time.Unix(int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint32(b[8:]))).UTC()
}
