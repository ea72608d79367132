package nodes

import "flowrun/dag/diag"

// The codes of mistakes in a node's own settings.
var (
	CodeFormat = diag.Define("FR0401", "wrong format",
		"`format` names how bytes become rows. The message lists the formats that this kind knows.")
	CodeSchema = diag.Define("FR0402", "wrong schema",
		"`schema` maps each column of a source to its type: `bool int float string bytes timestamp date duration`, `list<T>`, "+
			"`map<T>`, a nested map for a struct, and `[{...}]` for a list of structs. `!` behind a type means never null. "+
			"`timestamp(ms)` reads an epoch number. `schema: infer` finds the columns of files.")
	CodeUnusedKey = diag.Define("FR0403", "key that means nothing here",
		"A key that stands beside a kind which has no use for it. It would do nothing, so it is refused.")
	CodeSetting = diag.Define("FR0404", "wrong setting",
		"A setting of a kind that has the right type but a value that cannot work, or that contradicts another one.")
	CodeInput = diag.Define("FR0405", "input that cannot be read",
		"What a source reads is missing or is not what it should be, as far as can be seen before the run.")
	CodeKind = diag.Define("FR0406", "kind in the wrong role",
		"A source has no `from`; a transform or sink has one. The message says which role the kind can have.")
	CodeTable = diag.Define("FR0407", "table that does not fit",
		"A sink writes into a table whose columns cannot take the rows, or in which no index has a row once for each key. A table that is not there "+
			"yet is made so that it fits. Where a server has to be asked that is told when the run begins.")
)
