package socket

import (
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/op/optest"
)

// unchecked is a Runtime for benchmarks: its allocator does not keep a record of every buffer.
type unchecked struct{ *optest.Runtime }

func (unchecked) Allocator() memory.Allocator { return memory.DefaultAllocator }
