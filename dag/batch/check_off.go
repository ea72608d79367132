//go:build !flowrundebug

package batch

// Checked says whether this program was built with the tag flowrundebug. Then a [Pool] does not use memory again at once:
// what was freed is filled with 0xdb and made inaccessible where the system can do that, so that whoever reads or writes
// it crashes there, and where it cannot, whoever wrote it is found soon. What was not cleared is filled with 0xcd. A second
// Free panics with the stacks of the first and of the allocation, and [Pool.Leaks] knows the stacks of what is in use.
const Checked = false

type checker struct{}

func (checker) make(int) []byte         { panic("unreachable") }
func (checker) free([]byte)             { panic("unreachable") }
func (checker) resized(b []byte) []byte { return b }

// Leaks tells what is in use, with the stacks that allocated it, which only a checked program knows; "" if nothing is.
func (p *Pool) Leaks() string { return "" }
