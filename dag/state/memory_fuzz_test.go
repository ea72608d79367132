package state

import (
	"encoding/binary"
	"testing"
)

// Whatever lies where blocks are stored, it loads or is told: nothing panics, and nothing takes much more memory than there is to read.
func FuzzLoad(f *testing.F) {
	one, numbers := int64(7), make([]int64, 5000)
	show := func(m *Memory) {
		m.Ints("no", &one)
		slice(m, "numbers", &numbers)
	}
	// A block is its length, the name of its part by number, and its bytes.
	parts := []string{ListPart, "numbers", "no"}
	var stored []byte
	for _, part := range parts {
		block := byte(0)
		for _, c := range NewMemory().Save(show) {
			if c.Part == part {
				stored = append(binary.LittleEndian.AppendUint16(stored, uint16(len(c.Value))), byte(len(part)%3), block)
				stored = append(stored, c.Value...)
				block++
			}
		}
	}
	f.Add(stored)
	f.Add([]byte{2, 0, 0, 0, listVersion, 200})
	f.Fuzz(func(t *testing.T, stored []byte) {
		names := map[byte]string{}
		for _, part := range parts {
			names[byte(len(part)%3)] = part
		}
		m := NewMemory()
		_, err := m.Load(func(each func(string, uint32, []byte) error) error {
			for b := stored; len(b) >= 4; {
				n, part, block := int(binary.LittleEndian.Uint16(b)), names[b[2]%3], uint32(b[3])
				n = min(n, len(b)-4)
				if err := each(part, block, b[4:4+n]); err != nil {
					return err
				}
				b = b[4+n:]
			}
			return nil
		}, show)
		if err != nil {
			return
		}
		if 8*len(numbers) > len(stored)+8*5000 {
			t.Fatalf("%d numbers of %d bytes", len(numbers), len(stored))
		}
	})
}
