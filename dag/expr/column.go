package expr

import "flowrun/dag/diag"

// CodeUnknownColumn is the code of a name that is no column, wherever a column is named.
var CodeUnknownColumn = codeColumn

// Column is the program that reads one column, for a place where a column's bare name is written and no expression. The
// column must be in env.Schema.
func Column(name string, env *Env) *Program {
	i := env.Schema.FieldIndices(name)[0]
	f := env.Schema.Field(i)
	return &Program{
		text: diag.Text{Value: name},
		env:  env,
		root: &Typed{Form: FormColumn, Name: name, Index: i, Type: f.Type, Nullable: f.Nullable, To: len([]rune(name))},
	}
}
