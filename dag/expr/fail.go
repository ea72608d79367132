package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// CanFail reports whether there may be rows that the program cannot be computed for. Where it is false the program can be
// computed earlier, later, for fewer rows or not at all, and nobody sees the difference in rejects.
func (p *Program) CanFail() bool { return p.root.canFail() }

func (t *Typed) canFail() bool {
	seen := map[*Typed]bool{} // variables are nodes with several parents
	var fails func(t *Typed) bool
	fails = func(t *Typed) bool {
		if seen[t] {
			return false
		}
		seen[t] = true
		return !t.neverFails() || slices.ContainsFunc(t.parts(), fails)
	}
	return fails(t)
}

// neverFails is about the operation itself, not about its operands. What is not known to be harmless may fail.
func (t *Typed) neverFails() bool {
	switch t.Form {
	case FormColumn, FormLiteral, FormConditional, FormCoalesce, FormConvert, FormField, FormStruct, FormList, FormVariable, FormLet, FormSequence:
		return true
	case FormMachine:
		return t.Name == "list" && t.Value != nil // written out
	case FormElement: // of a map it may be null, of a list out of range
		return t.Args[0].Type.ID() == arrow.MAP
	case FormSlice: // of a text it may cut a character
		return t.Type.ID() != arrow.STRING
	case FormUnary:
		return t.Name != "-" || t.Type.ID() == arrow.FLOAT64
	case FormBinary:
		return t.operatorNeverFails()
	case FormCall:
		return t.callNeverFails()
	}
	return false
}

func (t *Typed) operatorNeverFails() bool {
	switch t.Name {
	case "and", "or", "==", "!=", "<", "<=", ">", ">=", "contains", "startsWith", "endsWith", "in":
		return true
	case "matches":
		return t.Args[1].pattern() != nil
	case "/":
		return t.Type.ID() == arrow.FLOAT64 // also of two durations
	case "+", "-", "*", "**":
		return t.Type.ID() == arrow.FLOAT64
	}
	return false
}

// harmless are functions and methods that give something for any arguments.
var harmless = map[string]bool{
	"upper": true, "lower": true, "trim": true, "trimPrefix": true, "trimSuffix": true, "split": true, "splitAfter": true,
	"hasPrefix": true, "hasSuffix": true, "indexOf": true, "lastIndexOf": true, "toBase64": true, "len": true, "type": true, "hash": true,
	"ceil": true, "floor": true, "round": true, "sqrt": true, "log": true, "exp": true, "pow": true, "min": true, "max": true, "mean": true, "median": true,
	"bitand": true, "bitor": true, "bitxor": true, "bitnand": true, "bitnot": true,
	"first": true, "last": true, "get": true, "now": true,
	".Year": true, ".Month": true, ".Day": true, ".Hour": true, ".Minute": true, ".Second": true, ".Nanosecond": true, ".Weekday": true, ".YearDay": true,
	".Unix": true, ".UnixMilli": true, ".UnixMicro": true, ".Format": true, ".IsZero": true, ".UTC": true, ".In": true, ".String": true,
	".Before": true, ".After": true, ".Equal": true, ".Compare": true,
	".Hours": true, ".Minutes": true, ".Seconds": true, ".Milliseconds": true, ".Microseconds": true,
}

func (t *Typed) callNeverFails() bool {
	if harmless[t.Name] {
		return true
	}
	var first arrow.Type
	if len(t.Args) > 0 {
		first = t.Args[0].Type.ID()
	}
	literal := func(i int) any {
		if i < len(t.Args) && t.Args[i].Form == FormLiteral {
			return t.Args[i].Value
		}
		return nil
	}
	switch t.Name {
	case "int":
		return first == arrow.INT64
	case "float":
		return first == arrow.FLOAT64 || first == arrow.INT64
	case "bool":
		return first == arrow.BOOL
	case "string": // bytes may be no text
		return first != arrow.BINARY && kindOf(t.Args[0].Type) != kindArray
	case "abs":
		return first == arrow.FLOAT64
	case "timestamp": // of a date or a timestamp
		return len(t.Args) == 1
	case "epoch":
		unit := literal(1)
		return unit == "s" || unit == "ms" || unit == "us"
	case "capture":
		re := t.Args[1].pattern()
		group, ok := literal(2).(int64)
		return re != nil && ok && group >= 0 && group <= int64(re.NumSubexp())
	case "replace":
		from, to := literal(1), literal(2)
		return from != nil && to != nil && len(to.(string)) <= len(from.(string))
	case "bitshl", "bitshr", "bitushr":
		n, ok := literal(1).(int64)
		return ok && n >= 0
	}
	return false
}
