package state

// Sparse reports whether tables and rows that an operator remembers have many more slots than are in use: more than four times as many, and
// at least so many. They keep the room that was needed once until they are empty. Moved to another operator by [Spread] they take
// what they need now. What cannot be moved is never sparse.
func Sparse(show func(*Memory), least int) bool {
	g := gather(show)
	if g.err != nil {
		return false
	}
	slots, used := 0, 0
	for _, s := range g.stores {
		slots += s.what.Len()
		used += len(s.what.All(nil))
	}
	return slots >= least && used < slots/4
}
