package batch

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func TestSizesHoldWhatIsAskedForAndLittleMore(t *testing.T) {
	for n := 1; n <= maxPooled; n += 1 + n/300 {
		i := sizeIndex(n)
		size := sizeAt(i)
		if size < n || i > 0 && sizeAt(i-1) >= n || size%alignment != 0 || n > 256 && size-n > n/4 {
			t.Fatalf("%d bytes get size %d, which has %d", n, i, size)
		}
	}
	if sizeIndex(maxPooled) != sizeCount-1 || sizeAt(sizeCount-1) != maxPooled {
		t.Errorf("the last size is %d of %d", sizeIndex(maxPooled), sizeCount)
	}
}

func address(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func TestPoolGivesFreedMemoryAgainAndClearsIt(t *testing.T) {
	for _, size := range []int{1, 63, 64, 65, 4096, 100_000, maxPooled, maxPooled + 1} {
		p := NewPool()
		first := p.Allocate(size)
		if len(first) != size || uintptr(address(first))%alignment != 0 {
			t.Errorf("%d bytes are %d at %p", size, len(first), first)
		}
		for i := range first {
			first[i] = 0xff
		}
		at := address(first)
		if p.InUse() != int64(cap(first)) {
			t.Errorf("%d bytes in use, of %d", p.InUse(), cap(first))
		}
		p.Free(first)
		if p.InUse() != 0 {
			t.Errorf("%d bytes in use, and all are freed", p.InUse())
		}
		again := p.Allocate(size)
		if !bytes.Equal(again, make([]byte, size)) {
			t.Errorf("%d bytes are not clear", size)
		}
		if !Checked && size <= maxPooled && address(again) != at {
			t.Errorf("%d bytes are new ones", size)
		}
		p.Free(again)
	}
	p := NewPool()
	if b := p.Allocate(0); b == nil || len(b) != 0 {
		t.Errorf("no bytes are %v", b)
	} else {
		p.Free(b)
	}
}

func TestReallocateKeepsWhatWasThereAndClearsTheRest(t *testing.T) {
	p := NewPool()
	b := p.Allocate(100)
	for i := range b {
		b[i] = byte(i)
	}
	at := address(b)
	if b = p.Reallocate(120, b); address(b) != at {
		t.Error("a buffer with room was moved")
	}
	b[110] = 1
	b = p.Reallocate(100, b)
	for _, size := range []int{128, 5000, 90, 100, 10_000} {
		was := min(size, len(b), 100)
		b = p.Reallocate(size, b)
		for i, v := range b {
			if i < was && v != byte(i) || i >= was && v != 0 {
				t.Fatalf("of %d bytes, %d is %d", size, i, v)
			}
		}
		if was < 100 {
			for i := range b {
				b[i] = byte(i)
			}
		}
		if size == 100 {
			for i := range b {
				b[i] = byte(i)
			}
		}
	}
	p.Free(b)
	if p.InUse() != 0 {
		t.Errorf("%d bytes in use", p.InUse())
	}
}

func TestPoolKeepsLittleAndForgetsWhatNobodyNeeds(t *testing.T) {
	if Checked {
		t.Skip("a checked pool keeps nothing")
	}
	p := NewPool()
	var all [][]byte
	for range 100 {
		all = append(all, p.Allocate(1<<20), p.Allocate(300))
	}
	for _, b := range all {
		p.Free(b)
	}
	if kept := p.Kept(); kept > maxKept || kept < maxKept/2 {
		t.Errorf("it keeps %d bytes", kept)
	}
	// What is needed at each pace stays.
	p.Trim()
	for range 20 {
		a, b := p.Allocate(300), p.Allocate(300)
		p.Free(a)
		p.Free(b)
		p.Trim()
	}
	if kept := p.Kept(); kept < 2*320 || kept > 4<<10 {
		t.Errorf("it keeps %d bytes where two of 320 are needed", kept)
	}
	for range 20 {
		p.Trim()
	}
	if p.Kept() != 0 {
		t.Errorf("an idle pool keeps %d bytes", p.Kept())
	}
}

func TestBuffersOfOnePoolAreUsedByManyAtOnce(t *testing.T) {
	p := NewPool()
	handed := make(chan []byte, 16)
	var makers, takers sync.WaitGroup
	for id := range byte(4) {
		makers.Go(func() {
			for i := range 500 {
				b := p.AllocateUnclear(64 + i*7%3000)
				for j := range b {
					b[j] = id
				}
				handed <- p.ReallocateUnclear(len(b)+i%200, b)[:len(b)]
			}
		})
		takers.Go(func() {
			for b := range handed {
				if n := bytes.Count(b, b[:1]); n != len(b) {
					t.Errorf("%d bytes of %d are another's", len(b)-n, len(b))
				}
				p.Free(b)
			}
		})
	}
	makers.Wait()
	close(handed)
	takers.Wait()
	if p.InUse() != 0 {
		t.Errorf("%d bytes in use", p.InUse())
	}
}

func BenchmarkPool(b *testing.B) {
	p := NewPool()
	b.ReportAllocs()
	for b.Loop() {
		x, y := p.AllocateUnclear(32<<10), p.AllocateUnclear(16<<10)
		p.Free(x)
		p.Free(y)
	}
}

// BenchmarkBuilder makes batches of an int, a float and a text: what one batch costs beside its rows.
func BenchmarkBuilder(b *testing.B) {
	s := arrow.NewSchema([]arrow.Field{column("n", schema.Int), column("f", schema.Float), column("s", schema.String)}, nil)
	for _, rows := range []int{1, 4096} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			builder := NewBuilder(s, NewPool())
			defer builder.Release()
			b.ReportAllocs()
			for b.Loop() {
				builder.Reserve(rows)
				for i := range rows {
					builder.Column(0).AppendInt(int64(i))
					builder.Column(1).AppendFloat(1)
					builder.Column(2).AppendString("to be or not to be")
				}
				builder.Batch().Release()
			}
		})
	}
}
