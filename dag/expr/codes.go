package expr

import "flowrun/dag/diag"

// What can be wrong with an expression. FR0203 stands with the graph, since the schema that a node is given decides it.
var (
	codeColumn = diag.Define("FR0203", "unknown column",
		"The expression names a column that its input does not have. The hint lists the columns that it has. A column whose name is no identifier is written `$env[\"user id\"]`.")
	codeSyntax = diag.Define("FR0301", "expression cannot be read",
		"The text is not an expression. The caret stands where reading stopped: a bracket or quote may be open, or an operator or operand be missing.")
	codeEmpty = diag.Define("FR0302", "empty expression",
		"An expression is expected and there is none. In YAML, an unquoted ` #` begins a comment: quote the expression.")
	codeFunction = diag.Define("FR0303", "unknown function",
		"No function has this name. `docs/expressions.md` lists all functions; aggregates (`count()`, `avg(x)`) belong in `take` of an `aggregate` node.")
	codeArguments = diag.Define("FR0304", "wrong arguments",
		"The function takes other arguments: their number or the type of one is wrong. The hint shows how it is called.")
	codeOperands = diag.Define("FR0305", "operator cannot take these types",
		"The operator is not defined for the types beside it. Nothing is converted by itself but an int to a float and a date to a timestamp: use `int()`, `float()`, `string()`, `date()` and so on.")
	codeCommon = diag.Define("FR0306", "no common type",
		"The branches of a conditional, the sides of `??` or the elements of a list must have one type; an int beside a float becomes a float.")
	codeMember = diag.Define("FR0307", "no such member",
		"The value has no field, element or method of this name. Fields belong to structs and maps, `[i]` to lists, methods to timestamps and durations.")
	codeCast = diag.Define("FR0308", "type not known",
		"The type of a value out of `fromJSON`, of a lone `nil` or of an empty list is not known before the run. Say it: `int(x)`, `float(x)`, `string(x)`, `bool(x)`.")
	codeAggregate = diag.Define("FR0309", "aggregate in the wrong place",
		"Aggregates compute one value from many rows. They are written in `take` of an `aggregate` node, and each column in `take` stands inside one.")
	codeLiteral = diag.Define("FR0310", "literal that cannot work",
		"A text in the expression is read before the run and is wrong: a regular expression, a date, a duration, a time zone, a unit.")
	codeComment = diag.Define("FR0311", "comment in an expression",
		"`//` begins a comment that goes to the end of the line, as in expr. For an integer division write `int(a / b)`.")
	codeLimit = diag.Define("FR0312", "expression too large",
		"The expression is longer or nested deeper than flowrun allows. Split it over several `derive` nodes.")
	codeScope = diag.Define("FR0313", "name out of place",
		"`#`, `#index` and `#acc` have a meaning only inside a predicate, such as `filter(list, # > 1)`; a variable only behind its `let`.")
)
