package expr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// spine types the chain of members and calls below a ?. operator. lazy: behind a null nothing of the chain runs.
func (c *checker) spine(n ast.Node, lazy bool) *Typed {
	switch m := n.(type) {
	case *ast.MemberNode:
		return c.at(n, c.member(m, lazy))
	case *ast.SliceNode:
		return c.at(n, c.slice(m, lazy))
	case *ast.CallNode:
		return c.at(n, c.callNode(m, lazy))
	}
	return c.check(n)
}

// member types a.b, a["b"] and a[i].
func (c *checker) member(n *ast.MemberNode, lazy bool) *Typed {
	if id, ok := n.Node.(*ast.IdentifierNode); ok && id.Value == "$env" {
		return c.envMember(n)
	}
	base := c.spine(n.Node, lazy)
	key := c.check(n.Property)
	if base.Type == unknownType || key.Type == unknownType {
		return c.unknown(base, key)
	}
	name, literally := key.Value.(string)
	literally = literally && key.Form == FormLiteral
	switch t := base.Type.(type) {
	case *arrow.StructType:
		return c.field(n, base, key, t)
	case *arrow.MapType:
		if c.is(key, schema.String) || isNullType(key.Type) {
			r := c.access(base, key, lazy, t.ItemType(), func(m, k any) (any, error) { return m.(map[string]any)[k.(string)], nil })
			r.Nullable = true
			return r
		}
		c.error(codeMember, c.src.of(n.Property), "the keys of a map are strings, this is "+article(typeWord(key.Type)), "")
		return c.unknown(base, key)
	case *arrow.ListType:
		if c.is(key, schema.Int) || isNullType(key.Type) {
			r := c.access(base, key, lazy, t.Elem(), elementAt)
			r.Nullable = true
			return r
		}
		hint := "an element is list[0], or list[-1] from the end"
		if literally {
			hint = fmt.Sprintf("for every element: map(%s, .%s)", c.src.quote(c.src.of(n.Node)), name)
		}
		c.error(codeMember, c.src.of(n.Property), fmt.Sprintf("a list has no member %s", c.src.quote(c.src.of(n.Property))), hint)
		return c.unknown(base, key)
	}
	return c.otherMember(n, base, key, lazy)
}

func (c *checker) otherMember(n *ast.MemberNode, base, key *Typed, lazy bool) *Typed {
	name, _ := key.Value.(string)
	at := c.src.of(n.Property)
	switch {
	case isNullType(base.Type):
		return literal(nil, arrow.Null)
	case base.Type == dynamicType && (c.is(key, schema.String) || c.is(key, schema.Int)):
		r := c.access(base, key, lazy, dynamicType, dynamicMember)
		r.Nullable = true
		return r
	case base.Type.ID() == arrow.BINARY && c.is(key, schema.Int):
		return c.access(base, key, lazy, schema.Int, func(b, i any) (any, error) {
			at, err := place(i.(int64), len(b.([]byte)))
			if err != nil {
				return nil, err
			}
			return int64(b.([]byte)[at]), nil
		})
	case base.Type.ID() == arrow.STRING && c.is(key, schema.Int):
		c.error(codeMember, at, "a text has no elements", "a part of it is text[i:j], counted in bytes")
	case functions["."+name] != nil && (isTime(base.Type) || base.Type == zonedType || base.Type.ID() == arrow.DURATION):
		c.error(codeMember, at, fmt.Sprintf("%s is a method and wants brackets", name), fmt.Sprintf("%s.%s", c.src.quote(c.src.of(n.Node)), functions["."+name].signature))
	default:
		c.error(codeMember, at, fmt.Sprintf("%s has no member %s", article(typeWord(base.Type)), c.src.quote(at)), memberHint(c.src.quote(c.src.of(n.Node)), base.Type, name))
	}
	return c.unknown(base, key)
}

// envMember types $env["user id"].
func (c *checker) envMember(n *ast.MemberNode) *Typed {
	key := c.check(n.Property)
	name, ok := key.Value.(string)
	if !ok || key.Form != FormLiteral {
		if key.Type != unknownType {
			c.error(codeColumn, c.src.of(n.Property), "the name of a column is a literal text, so that its type is known", `as in $env["user id"]`)
		}
		return c.unknown(key)
	}
	return c.column(n.Property, name)
}

// field types a member of a struct. A pair of toPairs is one that has its key and value under 0 and 1, too.
func (c *checker) field(n *ast.MemberNode, base, key *Typed, t *arrow.StructType) *Typed {
	name, ok := key.Value.(string)
	if i, isInt := key.Value.(int64); isInt && isPair(t) && (i == 0 || i == 1) {
		name, ok = t.Field(int(i)).Name, true
	}
	if !ok || key.Form != FormLiteral {
		c.error(codeMember, c.src.of(n.Property), "the field of a struct is a literal text, so that its type is known", "")
		return c.unknown(base, key)
	}
	f, found := t.FieldByName(name)
	if !found {
		var names []string
		for _, f := range t.Fields() {
			names = append(names, f.Name)
		}
		hint := "fields: " + strings.Join(names, ", ")
		if near := diag.Suggest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		c.error(codeMember, c.src.of(n.Property), fmt.Sprintf("the struct has no field %q", name), hint)
		return c.unknown(base, key)
	}
	r := assemble(FormField, name, f.Type, []*Typed{base}, call(strictly1(func(m any) (any, error) { return m.(map[string]any)[name], nil }), base.AST))
	r.Index, _ = t.FieldIdx(name)
	r.Nullable = base.Nullable || f.Nullable
	return r
}

func isPair(t *arrow.StructType) bool {
	return t.NumFields() == 2 && t.Field(0).Name == "key" && t.Field(1).Name == "value"
}

// access makes a node of an operator with a base and an argument; in a lazy chain the argument does not run behind a null.
func (c *checker) access(base, key *Typed, lazy bool, t arrow.DataType, get func(base, key any) (any, error)) *Typed {
	fn := strictly2(get)
	tree := call(fn, base.AST, key.AST)
	if lazy && key.Form != FormLiteral {
		tree = c.unlessNull(base.AST, func(v ast.Node) ast.Node { return call(fn, v, key.AST) })
	}
	if lazy && key.canFail() {
		return machineNode(t, []*Typed{base, key}, tree).because(whyLazy)
	}
	return assemble(FormElement, "[]", t, []*Typed{base, c.typed(key, schema.Int)}, tree)
}

// place checks an index, which counts from the end where it is negative.
func place(i int64, n int) (int, error) {
	at := i
	if at < 0 {
		at += int64(n)
	}
	if at < 0 || at >= int64(n) {
		return 0, reject(reasonIndex, "index %d of %d elements", i, n)
	}
	return int(at), nil
}

func elementAt(list, i any) (any, error) {
	at, err := place(i.(int64), len(list.([]any)))
	if err != nil {
		return nil, err
	}
	return list.([]any)[at], nil
}

func dynamicMember(v, key any) (any, error) {
	switch k := key.(type) {
	case string:
		if m, ok := v.(map[string]any); ok {
			return m[k], nil
		}
		return nil, reject(reasonMember, "%s has no member %s", describeDynamic(v), quoteShort(k))
	case int64:
		if list, ok := v.([]any); ok {
			return elementAt(list, k)
		}
		return nil, reject(reasonMember, "%s has no elements", describeDynamic(v))
	}
	return nil, mismatch("[]", v, key)
}

// slice types a[from:to] of a list, text or bytes.
func (c *checker) slice(n *ast.SliceNode, lazy bool) *Typed {
	base := c.plain(c.spine(n.Node, lazy))
	ends := [2]*Typed{literal(int64(0), schema.Int), nil}
	bad := base.Type == unknownType
	for i, e := range [2]ast.Node{n.From, n.To} {
		if e == nil {
			continue
		}
		ends[i] = c.check(e)
		if !c.is(ends[i], schema.Int) && !isNullType(ends[i].Type) {
			c.error(codeOperands, c.src.of(e), "the ends of a slice are ints, this is "+article(typeWord(ends[i].Type)), "")
			bad = true
		}
		bad = bad || ends[i].Type == unknownType
	}
	id := base.Type.ID()
	if !bad && id != arrow.STRING && id != arrow.BINARY && id != arrow.LIST && base.Type != dynamicType && !isNullType(base.Type) {
		c.error(codeOperands, c.src.of(n), fmt.Sprintf("%s cannot be cut into slices", article(typeWord(base.Type))), "slices are of lists, strings and bytes")
		bad = true
	}
	args := []*Typed{base, ends[0]}
	if ends[1] != nil {
		args = append(args, ends[1])
	}
	switch {
	case bad:
		return c.unknown(args...)
	case isNullType(base.Type):
		return literal(nil, arrow.Null)
	}
	trees := make([]ast.Node, len(args))
	for i, a := range args {
		trees[i] = a.AST
	}
	fn := strictly(sliceOf)
	tree := call(fn, trees...)
	if lazy {
		tree = c.unlessNull(base.AST, func(v ast.Node) ast.Node { return call(fn, append([]ast.Node{v}, trees[1:]...)...) })
	}
	for i, a := range args[1:] {
		if lazy && a.canFail() {
			return machineNode(base.Type, args, tree).because(whyLazy)
		}
		args[i+1] = c.typed(a, schema.Int)
	}
	return assemble(FormSlice, "[:]", base.Type, args, tree)
}

// sliceOf cuts a[from:to]; ends beyond the value are moved to its ends, negative ones count from the end.
func sliceOf(a []any) (any, error) {
	cut := func(n int) (int, int) {
		to := int64(n)
		if len(a) == 3 {
			to = a[2].(int64)
		}
		return cutEnds(a[1].(int64), to, int64(n))
	}
	switch v := a[0].(type) {
	case string:
		from, to := cut(len(v))
		if cutsCharacter(v, from) || cutsCharacter(v, to) {
			return nil, reject(reasonCut, "%s[%d:%d]", quoteShort(v), from, to)
		}
		return v[from:to], nil
	case []byte:
		from, to := cut(len(v))
		return v[from:to], nil
	case []any:
		from, to := cut(len(v))
		return slices.Clip(v[from:to]), nil
	}
	return nil, reject(reasonCast, "a slice of %s", describeDynamic(a[0]))
}

func cutsCharacter(s string, at int) bool { return at < len(s) && !utf8.RuneStart(s[at]) }

// memberHint says how what was written as a member may be had: by a method of another case, or by a function.
func memberHint(of string, t arrow.DataType, name string) string {
	if name != "" && (isTime(t) || t == zonedType || t.ID() == arrow.DURATION) {
		if m := functions["."+strings.ToUpper(name[:1])+name[1:]]; m != nil {
			return fmt.Sprintf("did you mean the method %s.%s?", of, m.signature)
		}
	}
	if t.ID() == arrow.STRING {
		if name == "length" || name == "size" {
			name = "len"
		}
		if f := functions[name]; f != nil {
			return fmt.Sprintf("%s is a function: %s(%s)", f.name, f.name, of)
		}
	}
	return "members belong to structs, maps and lists"
}
