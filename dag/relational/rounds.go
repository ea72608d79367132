package relational

// rounds puts the rows of a batch into rounds, so that the k-th round has the k-th row of each key: all rows of a round are of
// different keys, and those of one key stay in their order. It reuses its memory.
type rounds struct {
	seen  []int32 // by slot: how many rows came so far; zero between calls
	which []int32 // by row: its round
	order []int32 // rows, round by round
	ends  []int32 // of the rounds, in order
}

// make takes the slot of each row. Slots are below limit.
func (r *rounds) make(slots []int32, limit int) {
	if len(r.seen) < limit {
		r.seen = make([]int32, limit+limit/4)
	}
	r.which, r.order, r.ends = resized(r.which, len(slots)), resized(r.order, len(slots)), r.ends[:0]
	for i, s := range slots {
		k := r.seen[s]
		r.seen[s]++
		r.which[i] = k
		if int(k) == len(r.ends) {
			r.ends = append(r.ends, 0)
		}
		r.ends[k]++
	}
	from := int32(0)
	for k, n := range r.ends { // where the round begins, for now
		r.ends[k] = from
		from += n
	}
	for i, s := range slots {
		k := r.which[i]
		r.order[r.ends[k]] = int32(i)
		r.ends[k]++
		r.seen[s] = 0
	}
}

// len is how many rounds there are; none has more rows than the one before.
func (r *rounds) len() int { return len(r.ends) }

// round lists the rows of a round, ascending.
func (r *rounds) round(k int) []int32 { return r.order[r.begin(k):r.ends[k]] }

// from lists the rows of a round and all behind it.
func (r *rounds) from(k int) []int32 { return r.order[r.begin(k):] }

func (r *rounds) begin(k int) int32 {
	if k == 0 {
		return 0
	}
	return r.ends[k-1]
}
