package journaled

import (
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// Whatever a record begins with, it is read or an error. Its columns are Arrow's to read, behind a checksum.
func FuzzRecord(f *testing.F) {
	b := batch.New(nil)
	b.Part, b.Seq, b.Skipped = -1, 300, 7
	f.Add(encoded(f, b))
	b.Rejects = []batch.Reject{{At: time.Unix(1, 1), Reason: "bad", Detail: "very", Raw: []byte("x")}, {Node: "n", Cut: true}}
	f.Add(encoded(f, b))
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, columns, err := decodeHead(payload)
		if err != nil {
			return
		}
		if len(columns) > len(payload) || len(b.Rejects) > len(payload) {
			t.Fatalf("%d rejects and %d bytes of columns from %d", len(b.Rejects), len(columns), len(payload))
		}
		again, _, err := decodeHead(encoded(t, b))
		if err != nil || len(again.Rejects) != len(b.Rejects) || again.Seq != b.Seq {
			t.Fatalf("%+v became %+v: %v", b, again, err)
		}
	})
}

func encoded(t testing.TB, b *batch.Batch) []byte {
	payload, err := encode(nil, b, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
