package expr

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// function is an entry of the function table.
type function struct {
	name      string
	group     string // of the reference: text, number, time, list, map, convert, bits
	signature string // as the reference and hints show it
	doc       string // one line; how null is treated where it is not the rule
	// overloads are tried in order. The first whose parameters have exactly the arguments' types is taken, else the first
	// that they can be converted to.
	overloads []overload
	// special types a call where overloads cannot say it, in their stead.
	special func(c *checker, s *site) *Typed
	// predicate is special for a function whose arguments behind the first run once per element; they are not typed yet.
	predicate func(c *checker, s *site) *Typed
	least     int // arguments of special and predicate
	most      int // -1: any number
}

// overload is one way to call a function with values. A null argument gives null without a call.
type overload struct {
	params   []arrow.DataType
	optional int // how many of the last params may be missing
	result   arrow.DataType
	nullable bool // the result can be null without a null argument
	call     func(args []any) (any, error)
	// compile makes call from arguments that are literals, once; the others are nil. A wrong literal is an error, which
	// is a rejection in words for a user.
	compile func(literals []any) (func(args []any) (any, error), error)
}

// fn1 makes an overload of one argument.
func fn1(a, result arrow.DataType, call func(a any) (any, error)) overload {
	return overload{params: []arrow.DataType{a}, result: result, call: func(args []any) (any, error) { return call(args[0]) }}
}

// fnN makes an overload of several arguments.
func fnN(params []arrow.DataType, optional int, result arrow.DataType, call func(args []any) (any, error)) overload {
	return overload{params: params, optional: optional, result: result, call: call}
}

// params shortens the table.
func params(types ...arrow.DataType) []arrow.DataType { return types }

// functions is the function table by name. Methods of times and durations stand in it with a dot before their name.
var functions = map[string]*function{}

func register(group string, fs ...*function) {
	for _, f := range fs {
		if functions[f.name] != nil {
			panic("expr: function defined twice: " + f.name)
		}
		f.group = group
		functions[f.name] = f
	}
}

func init() {
	register("text", textFunctions()...)
	register("number", numberFunctions()...)
	register("convert", convertFunctions()...)
	register("time", timeFunctions()...)
	register("time", timeMethods()...)
	register("list", listFunctions()...)
	register("list", predicateFunctions()...)
	register("map", mapFunctions()...)
	register("bits", bitFunctions()...)
}

// functionNames are all names that can be called, without methods, sorted.
func functionNames() []string {
	var names []string
	for n := range functions {
		if !strings.HasPrefix(n, ".") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Types that only expressions have, between fromJSON and a cast, and around time zones.
var (
	dynamicType arrow.DataType = &inner{name: "any", id: 1001}
	zoneType    arrow.DataType = &inner{name: "time zone", id: 1002}
	zonedType   arrow.DataType = &inner{name: "timestamp in a zone", id: 1003}
	unknownType arrow.DataType = &inner{name: "unknown", id: 1004} // of what already has a diagnostic: nothing more is said of it
	textList                   = schema.List(schema.String)
)

// inner is a type that no column can have.
type inner struct {
	name string
	id   arrow.Type
}

func (t *inner) ID() arrow.Type               { return t.id }
func (t *inner) Name() string                 { return t.name }
func (t *inner) String() string               { return t.name }
func (t *inner) Fingerprint() string          { return "" }
func (t *inner) Layout() arrow.DataTypeLayout { return arrow.DataTypeLayout{} }

// FunctionDoc describes a function for the reference and for completion.
type FunctionDoc struct {
	Name      string
	Group     string // text, number, convert, time, list, map, bits, aggregate
	Signature string
	Doc       string
	Columnar  bool // there is a kernel for at least one use of it
}

// Functions lists all functions, methods and aggregates by group and name.
func Functions() []FunctionDoc {
	var docs []FunctionDoc
	for _, f := range functions {
		docs = append(docs, FunctionDoc{f.name, f.group, f.signature, f.doc, functionKernels[f.name] != nil})
	}
	for _, a := range aggregates {
		docs = append(docs, FunctionDoc{a.name, "aggregate", a.signature, a.doc, true})
	}
	slices.SortFunc(docs, func(a, b FunctionDoc) int {
		if c := strings.Compare(a.Group, b.Group); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return docs
}
