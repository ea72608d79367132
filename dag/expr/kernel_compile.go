package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"
)

// compiler makes the kernels of one Set. Parts that mean the same become one kernel, whose result is kept where it is
// asked for more than once.
type compiler struct {
	program *Program // whose parts are compiled
	places  []int    // of the input columns, by slot
	shared  int      // kernels that keep their results
	nodes   map[*Typed]*compiled
	made    map[int]*compiled   // by meaning
	lets    map[string]ast.Node // the values of the variables of the program, by name
	meanings
}

// builder makes the kernel of a node from those of its arguments. It cannot fail.
type builder func(t *Typed, args []*compiled) *compiled

func newCompiler() *compiler {
	return &compiler{nodes: map[*Typed]*compiled{}, made: map[int]*compiled{}, lets: map[string]ast.Node{}, meanings: newMeanings()}
}

// root compiles a program.
func (c *compiler) root(p *Program) *compiled {
	c.program, c.lets = p, map[string]ast.Node{}
	o := optimizer{done: map[*Typed]*Typed{}}
	return c.compile(o.of(p.root))
}

func (c *compiler) compile(t *Typed) *compiled {
	if k := c.nodes[t]; k != nil {
		return c.again(k)
	}
	meaning := c.of(t, c.program)
	k := c.made[meaning]
	if k != nil {
		c.again(k)
	} else {
		k = c.build(t)
		c.made[meaning] = k
	}
	c.nodes[t] = k
	return k
}

// again makes a kernel that is used a second time one that keeps its result.
func (c *compiler) again(k *compiled) *compiled {
	switch k.kernel.(type) {
	case *columnKernel, *literalKernel, *sharedKernel, nowKernel:
		return k
	}
	k.kernel = &sharedKernel{slot: c.shared, of: k.kernel}
	c.shared++
	return k
}

func (c *compiler) build(t *Typed) *compiled {
	var k *compiled
	switch t.Form {
	case FormColumn:
		k = &compiled{kernel: &columnKernel{slot: c.slot(t.Index), index: t.Index}, cheap: true}
	case FormLiteral:
		k = &compiled{kernel: &literalKernel{literalColumn(t.Value, t.Type)}, cheap: true}
	case FormVariable:
		return c.compile(t.Args[0])
	default:
		if let, ok := t.AST.(*ast.VariableDeclaratorNode); ok && t.Form == FormLet {
			c.lets[let.Name] = let.Value
		}
		build, _ := plan(t)
		if build == nil {
			k = &compiled{kernel: newMachineKernel(c.program.env, t, c.lets), fallible: true}
			break
		}
		parts := t.parts()
		args := make([]*compiled, len(parts))
		fallible, cheap := false, true
		for i, a := range parts {
			args[i] = c.compile(a)
			fallible, cheap = fallible || args[i].fallible, cheap && args[i].cheap
		}
		k = build(t, args)
		k.fallible, k.cheap = (k.fallible || fallible) && t.canFail(), k.cheap && cheap
	}
	k.typ = t.Type
	return k
}

// parts are the arguments that are computed: of a list of literals nothing, of a range its ends.
func (t *Typed) parts() []*Typed {
	if t.Form == FormBinary && t.Name == "in" {
		if ends, ok := bounds(t); ok {
			return append([]*Typed{t.Args[0]}, ends...)
		}
		if _, ok := literalList(t.Args[1]); ok {
			return t.Args[:1]
		}
	}
	return t.Args
}

// slot numbers the input columns that the expression reads.
func (c *compiler) slot(index int) int {
	for s, p := range c.places {
		if p == index {
			return s
		}
	}
	c.places = append(c.places, index)
	return len(c.places) - 1
}

// plan finds the kernel of a node. Without one the node runs row by row; why says so where more than its text is needed to know.
func plan(t *Typed) (build builder, why string) {
	switch t.Form {
	case FormMachine:
		return nil, t.Why
	case FormVariable, FormSequence, FormLet:
		return planSequence, ""
	case FormField:
		return planField, ""
	case FormElement:
		build = planElement(t)
	case FormSlice:
		build = planSlice(t)
	case FormStruct:
		return planStruct, ""
	case FormList:
		return planList, ""
	case FormConvert:
		return planConvert, ""
	case FormConditional, FormCoalesce:
		build = planChoice(t)
	case FormUnary:
		build = planUnary(t)
	case FormBinary:
		build = planBinary(t)
	case FormCall:
		return planCall(t)
	}
	if build == nil {
		return nil, whyOperator(t)
	}
	return build, ""
}

// is reports whether the arguments of a node have exactly these types.
func (t *Typed) is(ids ...arrow.Type) bool {
	if len(t.Args) != len(ids) {
		return false
	}
	for i, a := range t.Args {
		if a.Type.ID() != ids[i] {
			return false
		}
	}
	return true
}

// numeric reports whether the arguments of a node are int or float.
func (t *Typed) numeric() bool {
	for _, a := range t.Args {
		if id := a.Type.ID(); id != arrow.INT64 && id != arrow.FLOAT64 {
			return false
		}
	}
	return true
}

// strictOf makes a strict kernel of a loop that wants all its arguments filled out.
func strictOf(loop func(f *frame, args []column, out *column)) builder {
	return strictWith(nil, loop)
}

// strictWith makes a strict kernel of a loop that has a case for single entries at the places marked in takesOne.
func strictWith(takesOne []bool, loop func(f *frame, args []column, out *column)) builder {
	return func(t *Typed, args []*compiled) *compiled {
		s := &strict{args: args, kind: kindOf(t.Type), takesOne: takesOne, loop: loop, vals: make([]column, len(args))}
		if s.takesOne == nil {
			s.takesOne = make([]bool, len(args))
		}
		return &compiled{kernel: s}
	}
}

// may marks a kernel as one that rejects rows.
func may(b builder) builder {
	return func(t *Typed, args []*compiled) *compiled {
		k := b(t, args)
		k.fallible = true
		return k
	}
}

// light marks a kernel as one that costs a few nanoseconds a row at the most.
func light(b builder) builder {
	return func(t *Typed, args []*compiled) *compiled {
		k := b(t, args)
		k.cheap = true
		return k
	}
}
