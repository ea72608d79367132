package spec

import (
	"regexp"
	"strings"
	"unicode"

	"flowrun/dag/diag"
)

// expression reads a leaf as an expression.
func (d *decoder) expression(v *Value, f field) (diag.Text, bool) {
	if strings.TrimSpace(v.Text.Value) == "" && len(v.parts) == 0 {
		d.add(codeEmpty, v.At, f.name+" is empty, and needs an expression", "write one behind the colon: "+f.name+": EXPR")
		return diag.Text{}, false
	}
	if v.cut != "" && unfinished(v.Text.Value) {
		hint := "quote it with all that belongs to it: " + f.name + ": " + quoteYAML(v.cut)
		d.add(codeCut, v.Text.At, "the expression is cut here: ` #` begins a comment", hint)
		return diag.Text{}, false
	}
	return v.expression(&d.list), true
}

var danglingForm = regexp.MustCompile(`([-+*/%<>=!&|?:,.([{]|\b(and|or|not|in|contains|matches|startsWith|endsWith))\s*$`)

// unfinished reports whether an expression cannot end here: a quote or bracket is open, or an operand is missing.
func unfinished(text string) bool {
	var s lexState
	depth := 0
	for _, r := range text {
		before := s.in
		s.read(string(r))
		if before == 0 && s.in == 0 {
			switch r {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
		}
	}
	return s.in == '"' || s.in == '\'' || s.in == '`' || depth > 0 || s.in == 0 && danglingForm.MatchString(text)
}

// fields reads a map from names to expressions.
func (d *decoder) fields(v *Value, f field) Fields {
	if v == nil || v.Kind == Null {
		if !f.top {
			d.missing(v, f, f.name+": {name: EXPR}")
		}
		return nil
	}
	if v.Kind != Map {
		d.wrong(v, f, "a map of names to expressions", "write "+f.name+": {name: EXPR}")
		return nil
	}
	var out Fields
	for _, e := range v.Entries {
		if t, ok := d.entry(e, f); ok {
			out = append(out, t)
		}
	}
	return out
}

// entry reads `name: EXPR`.
func (d *decoder) entry(e Entry, f field) (Field, bool) {
	out := Field{Name: diag.Text{Value: e.Key, At: e.KeyAt}}
	if e.Key == "" {
		d.add(codeName, e.KeyAt, "a name in "+f.name+" is empty", "write name: EXPR")
		return out, false
	}
	inner := field{name: e.Key, at: e.KeyAt}
	switch {
	case e.Value != nil && e.Value.broken:
		return out, false
	case e.Value == nil || e.Value.Kind == Null:
		d.add(codeEmpty, e.KeyAt, e.Key+" needs an expression", "write one behind the colon: "+e.Key+": EXPR")
		return out, false
	case e.Value.Kind != Scalar:
		hint := "an expression that begins with a bracket has to be quoted"
		if e.Value.source != "" {
			hint = "write it as: " + e.Key + ": " + quoteYAML(e.Value.source)
		}
		d.wrong(e.Value, inner, "an expression", hint)
		return out, false
	}
	var ok bool
	out.Expr, ok = d.expression(e.Value, inner)
	return out, ok
}

// items reads a list of names and `name: EXPR`.
func (d *decoder) items(v *Value, f field) Items {
	if v == nil || v.Kind == Null {
		if !f.top {
			d.missing(v, f, f.name+": [name]")
		}
		return nil
	}
	if v.Kind != List {
		hint := "write a list: " + f.name + ": [name, {other: EXPR}]"
		if isName(v.source) {
			hint = "write a list: " + f.name + ": [" + v.source + "]"
		}
		d.wrong(v, f, "a list of names and `name: EXPR`", hint)
		return nil
	}
	var out Items
	for _, item := range v.Items {
		switch {
		case item.broken:
		case item.Kind == Scalar && item.Text.Value != "":
			out = append(out, Item{Field{Name: item.Text, Expr: item.Text}, true})
		case item.Kind == Map && len(item.Entries) == 1:
			if e, ok := d.entry(item.Entries[0], f); ok {
				out = append(out, Item{e, false})
			}
		case item.Kind == Map && len(item.Entries) > 1:
			d.add(codeType, item.Entries[1].KeyAt, "an entry of "+f.name+" has one name: EXPR, and this is a second one",
				"begin a new entry: - "+item.Entries[1].Key+": ...")
		default:
			d.add(codeType, item.At, "an entry of "+f.name+" is "+empty(item)+", and wants a name or name: EXPR", "for instance "+f.name+": [device, {total: a + b}]")
		}
	}
	return out
}

// isName reports whether a text as written can stand in a list of columns as it is.
func isName(text string) bool {
	for i, r := range text {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return text != ""
}
