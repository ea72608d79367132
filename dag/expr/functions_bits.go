package expr

import "flowrun/dag/schema"

func bitFunctions() []*function {
	i := schema.Int
	two := func(name, doc string, do func(x, y int64) int64) *function {
		return &function{name: name, signature: name + "(x, y)", doc: doc, overloads: []overload{
			fnN(params(i, i), 0, i, func(a []any) (any, error) { return do(a[0].(int64), a[1].(int64)), nil }),
		}}
	}
	shift := func(name, doc string, do func(x int64, n uint64) int64) *function {
		return &function{name: name, signature: name + "(x, n)", doc: doc + " A negative n rejects the row.", overloads: []overload{
			fnN(params(i, i), 0, i, func(a []any) (any, error) {
				n := a[1].(int64)
				if n < 0 {
					return nil, reject(reasonArgument, "%s by %d", name, n)
				}
				return do(a[0].(int64), uint64(n)), nil
			}),
		}}
	}
	return []*function{
		two("bitand", "Bits that are set in both.", func(x, y int64) int64 { return x & y }),
		two("bitor", "Bits that are set in one or both.", func(x, y int64) int64 { return x | y }),
		two("bitxor", "Bits that are set in one but not both.", func(x, y int64) int64 { return x ^ y }),
		two("bitnand", "Bits of x that are not set in y.", func(x, y int64) int64 { return x &^ y }),
		{name: "bitnot", signature: "bitnot(x)", doc: "All bits turned round.", overloads: []overload{
			fn1(i, i, func(a any) (any, error) { return ^a.(int64), nil }),
		}},
		shift("bitshl", "Bits shifted n places to the left.", func(x int64, n uint64) int64 { return x << n }),
		shift("bitshr", "Bits shifted n places to the right, filled with the sign.", func(x int64, n uint64) int64 { return x >> n }),
		shift("bitushr", "Bits shifted n places to the right, filled with zeros.", func(x int64, n uint64) int64 { return int64(uint64(x) >> n) }),
	}
}
