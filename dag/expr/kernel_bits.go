package expr

import "github.com/apache/arrow-go/v18/arrow"

// mapInts applies a function to every integer.
func mapInts(do func(int64) int64) builder {
	return light(strictOf(func(f *frame, args []column, out *column) {
		a, n := args[0].ints, f.intsOut(out)
		for i := range n {
			n[i] = do(a[i])
		}
	}))
}

// tryInts applies a function that may reject to every integer.
func tryInts(do func(int64) (int64, error)) builder {
	return may(light(strictOf(func(f *frame, args []column, out *column) {
		a, n := args[0].ints, f.intsOut(out)
		for i := range n {
			v, err := do(a[i])
			n[i] = v
			if err != nil && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, err)
			}
		}
	})))
}

// intPairs applies a function to two integers.
func intPairs(do func(x, y int64) int64) builder {
	return light(strictOf(func(f *frame, args []column, out *column) {
		a, b, n := args[0].ints, args[1].ints, f.intsOut(out)
		for i := range n {
			n[i] = do(a[i], b[i])
		}
	}))
}

// intTests asks a question of two integers.
func intTests(ask func(x, y int64) bool) builder {
	return light(strictOf(func(f *frame, args []column, out *column) {
		a, b, truths := args[0].ints, args[1].ints, f.boolsOut(out)
		for i := range truths {
			truths[i] = ask(a[i], b[i])
		}
	}))
}

func bitPairs(do func(x, y int64) int64) func(t *Typed) builder {
	return on(intPairs(do), arrow.INT64, arrow.INT64)
}

// shiftBy makes a shift, which rejects a negative number of places.
func shiftBy(name string, do func(x int64, n uint64) int64) func(t *Typed) builder {
	return on(microsLoop(func(x, n int64) (int64, error) {
		if n < 0 {
			return 0, reject(reasonArgument, "%s by %d", name, n)
		}
		return do(x, uint64(n)), nil
	}), arrow.INT64, arrow.INT64)
}

func init() {
	for name, find := range map[string]func(t *Typed) builder{
		"bitand":  bitPairs(func(x, y int64) int64 { return x & y }),
		"bitor":   bitPairs(func(x, y int64) int64 { return x | y }),
		"bitxor":  bitPairs(func(x, y int64) int64 { return x ^ y }),
		"bitnand": bitPairs(func(x, y int64) int64 { return x &^ y }),
		"bitnot":  on(mapInts(func(x int64) int64 { return ^x }), arrow.INT64),
		"bitshl":  shiftBy("bitshl", func(x int64, n uint64) int64 { return x << n }),
		"bitshr":  shiftBy("bitshr", func(x int64, n uint64) int64 { return x >> n }),
		"bitushr": shiftBy("bitushr", func(x int64, n uint64) int64 { return int64(uint64(x) >> n) }),
	} {
		functionKernels[name] = find
	}
}
