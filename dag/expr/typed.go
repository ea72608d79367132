package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"
)

// Form is what a typed node does. The set is closed: the kernel compiler switches over it, and what it has no kernel for
// runs on the machine.
type Form int

// The forms. Names of operators and functions are expr's own spellings, normalised: "and or not == != < <= > >= + - * / % **
// in contains startsWith endsWith matches .. ??".
const (
	FormColumn      Form = iota // Name: the column, Index: its place in the schema
	FormLiteral                 // Value: bool, int64, float64, string, []byte, time.Time, time.Duration (whole microseconds) or nil (null)
	FormUnary                   // Name: "-", "+", "not"; Args[0]
	FormBinary                  // Name; Args[0], Args[1]
	FormConditional             // Args: condition, then, else
	FormCoalesce                // Args[0] ?? Args[1]
	FormCall                    // Name: a function of the table; Args
	FormConvert                 // Args[0], an int used where a float is wanted
	FormField                   // Args[0], a struct; Name: the field, Index: its place
	FormElement                 // Args[0][Args[1]]: an element of a list, a byte of bytes, an entry of a map
	FormSlice                   // Args[0][Args[1]:Args[2]], of a list, string or bytes; Args[2] may be missing: to the end
	FormStruct                  // Args: the values of the fields of Type, in order
	FormList                    // Args: the elements, all of the type of Type's
	FormVariable                // Args[0]: the value of a variable, which a FormLet above has computed; Name: its name on the machine
	FormLet                     // Args[0], the value of a variable, is computed; then Args[1] is the result
	FormSequence                // Args are computed one after the other; the last one is the result
	FormMachine                 // anything else: AST runs on the machine as a whole; Args are the columns that it reads
)

// What the checker promises of the tree:
//
//   - Operands of + - * and of comparisons have the same type, after FormConvert. / and ** have two floats, % two ints.
//     Only times and durations differ: timestamp ± duration, duration + timestamp, timestamp - timestamp, duration * int, duration * float
//     (either way round), duration / int, duration / float, duration / duration. A date in arithmetic, or beside a timestamp, is
//     converted to a timestamp by a FormCall of "timestamp"; a date beside a date is not.
//   - == and != beside the literal nil have a FormLiteral with the Value nil there.
//   - Branches of a conditional and both sides of ?? have the node's type; nil has been given it.
//   - `a in b` has a list, map or struct on its right. A list of literals is a FormMachine whose Name is "list" and whose Value
//     is the []any of literals, none of them nil, with durations as time.Duration; beside in, they have the left side's type.
//   - The pattern of matches, when it is a FormLiteral, compiles. A chained comparison is an "and" whose sides share a node.
//   - A method of a timestamp or duration is a FormCall whose Name begins with a dot: t.Year() is ".Year" of t. t.In(zone) with
//     a zone that is known is ".In" of t, with the zone as its Value; its own type is none of a column.
//   - FormConvert is int to float only.
//   - What a member, slice or method behind ?. is given besides its base cannot fail, since it does not run where that is null.
//   - All types of the arguments of a node are types of columns, but for FormMachine and the zone of ".In".

// Typed is a node of the typed tree. Every node keeps its place in the text and its part of the rewritten syntax tree, so
// that any subtree can be run on the machine.
type Typed struct {
	Form     Form
	Name     string
	Index    int
	Value    any
	Args     []*Typed
	Type     arrow.DataType // never nil; arrow.Null for the literal nil before it takes its neighbour's type
	Nullable bool           // false: proven never null
	From, To int            // runes in the text
	AST      ast.Node       // the rewritten subtree, for the machine
	Why      string         // of FormMachine: why it runs row by row
}
