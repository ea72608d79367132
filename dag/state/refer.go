package state

// refers notes that the entries of a column are slots of a store.
type refers struct {
	col  *Fixed[int32]
	to   store
	plus int32 // what is added to a slot: 1 where 0 stands for none
}

// store is what has slots: a [Table] or [Rows].
type store interface {
	Len() int
	All(dst []int32) []int32
	links() *links
}

// links is what a store knows of slots that its entries name.
type links struct {
	cols []refers
	keys []refers // col is nil: a key column by its place
	at   []int    // of keys
	own  int      // how many of the first key columns do not say which lane a key belongs to
}

func (t *Table) links() *links { return &t.refers }
func (r *Rows) links() *links  { return &r.refers }

// Refer says that the entries of an attached column are slots of a store, plus one where 0 stands for none.
func (t *Table) Refer(c *Fixed[int32], to store, plus int32) {
	t.refers.cols = append(t.refers.cols, refers{c, to, plus})
}

// Refer says that the entries of an attached column are slots of a store, plus one where 0 stands for none.
func (r *Rows) Refer(c *Fixed[int32], to store, plus int32) {
	r.refers.cols = append(r.refers.cols, refers{c, to, plus})
}

// ReferKey says that a key column has slots of a store.
func (t *Table) ReferKey(key int, to store) {
	t.refers.keys, t.refers.at = append(t.refers.keys, refers{to: to}), append(t.refers.at, key)
}

// Own says that the first n key columns are the operator's own: which lane a key belongs to follows from the others.
func (t *Table) Own(n int) { t.refers.own = n }

// Of says whose slots the timers are of.
func (t *Timers) Of(s store) *Timers {
	t.of = s
	return t
}
