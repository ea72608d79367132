package state

// Column is what an operator keeps per slot of a table. The table calls it; see [Table.Attach].
type Column interface {
	// Grow makes n entries of it; new ones are zero, which every column gives the meaning "nothing yet".
	Grow(n int)
	// Reset makes entries zero again, whose slots are to serve other keys.
	Reset(slots []int32)
	// Clear takes it back to no entry.
	Clear()
	// Bytes is the memory it holds.
	Bytes() int64
	// Copy makes entries, which hold nothing yet, what entries of another column of the same kind are.
	Copy(into []int32, from Column, slots []int32) error
	// Remember shows it to a memory, as parts of that name and with it as their prefix.
	Remember(m *Memory, name string)
}

// Fixed is a column of machine values, reached by slot in V.
type Fixed[T int64 | uint64 | float64 | int32 | bool | Int128] struct{ V []T }

// Grow implements Column.
func (c *Fixed[T]) Grow(n int) { c.V = grow(c.V, n) }

// Reset implements Column.
func (c *Fixed[T]) Reset(slots []int32) {
	var zero T
	for _, s := range slots {
		c.V[s] = zero
	}
}

// Clear implements Column.
func (c *Fixed[T]) Clear() { c.V = empty(c.V) }

// Bytes implements Column.
func (c *Fixed[T]) Bytes() int64 { return sizeOf(c.V) }

// grow lengthens s to n entries, new ones zero. Behind the length of s its memory is zero: empty sees to that.
func grow[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:max(n, len(s))]
	}
	bigger := make([]T, n, max(n, 2*cap(s), 64))
	copy(bigger, s)
	return bigger
}

// empty zeroes s and cuts it to no entry. Memory is kept for the next fill, unless this one used little of it.
func empty[T any](s []T) []T {
	const small = 1 << 12
	if cap(s) > small && cap(s) > 4*len(s) {
		return nil
	}
	clear(s)
	return s[:0]
}
