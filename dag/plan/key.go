package plan

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// byKeys types what rows are grouped or compared by, and calls each with those that can be. It reports the others, and is false
// where there is one.
func (b *binder) byKeys(items []Item, e *expr.Env, each func(it *Item, f arrow.Field)) bool {
	ok := true
	for i := range items {
		it := &items[i]
		_, f, typed := b.item(it, e)
		if !typed {
			ok = false
			continue
		}
		if why := notAKey(f.Type); why != "" {
			b.report(CodeType, it.Name.At, "take a simple value of it", "%s cannot be a key: %s", f.Name, why)
			ok = false
			continue
		}
		if it.Bare {
			it.Expr = b.column(it.Name, e)
		}
		each(it, f)
	}
	return ok
}

// notAKey says why values of a type cannot be compared as keys; "": they can.
func notAKey(t arrow.DataType) string {
	switch t.(type) {
	case *arrow.ListType, *arrow.MapType, *arrow.StructType:
		return "it is " + schema.Name(t)
	}
	return ""
}
