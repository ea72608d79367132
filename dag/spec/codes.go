package spec

import "flowrun/dag/diag"

// The codes of this package. The pages are part of the reference.
var (
	codeText = diag.Define("FR0101", "the file is not plain text",
		"A pipeline file is UTF-8 text without control characters, of at most 4 MiB. Save the file as UTF-8 in your editor; write an unusual character as an escape in double quotes (`\"\\u2028\"`).")
	codeSyntax = diag.Define("FR0102", "the file is not YAML",
		"The file could not be read as YAML at this place. The usual causes are an unquoted value with special signs, a missing colon, and lines that are not indented alike. A key and its value are written `key: value`, with a space behind the colon.")
	codeQuote = diag.Define("FR0103", "a value must be quoted",
		"YAML gives some signs a meaning of its own. Put an expression in single quotes when it holds `: ` (every `? :`) or ` #`, when it begins with one of `\" ' ! & * [ { | > % @`, or when it holds a comma or braces inside `{}` or `[]`. Inside single quotes a single quote is written twice. A long expression can stand on lines of its own behind `>-`. The hint shows the line as it should be.")
	codeUnknownKey = diag.Define("FR0104", "unknown key",
		"Keys are checked strictly, so that a misspelt one is never silently ignored. The hint names the nearest known key, or lists all. At the top level, keys beginning with `x-` are ignored: a home for anchors.")
	codeDuplicate = diag.Define("FR0105", "duplicate key",
		"The same key stands twice in one map, or two nodes have the same name. Rename or remove one of them; the note shows the first.")
	codeIndent = diag.Define("FR0106", "wrong indentation",
		"Keys of one map begin in the same column, and what belongs to a key is indented deeper than the key. Use spaces: YAML does not allow tabs there.")
	codeUnclosed = diag.Define("FR0107", "unclosed quote or bracket",
		"A quote, brace or bracket is opened and not closed, or closed by the wrong sign. The place shown is where it was opened.")
	codeTag = diag.Define("FR0108", "tags are not used",
		"A value that begins with `!` is a tag to YAML. An expression that begins with `!` must be quoted: `'!active'`. Types come from the settings themselves; no tags are needed.")
	codeAlias = diag.Define("FR0109", "wrong alias or merge key",
		"`*name` repeats the value that was marked `&name` earlier in the file, and `<<: *name` merges the keys of such a map. A value cannot hold itself, and aliases of aliases may not grow the file beyond reason. An expression that begins with `*` must be quoted.")
	codeName = diag.Define("FR0110", "not a valid name",
		"A node's name begins with a letter or `_` and goes on with letters, digits, `_` and `-`. All keys are text: a number or `true` as a key must be quoted.")
	codeDocuments = diag.Define("FR0111", "more than one document",
		"One file is one pipeline. Remove what follows the second `---`, or move it to a file of its own.")
	codeKind = diag.Define("FR0112", "a node has exactly one kind",
		"Beside `from` and the other common keys each node has exactly one key that says what the node does, such as `socket`, `filter` or `console`. Two kinds are two nodes, the second reading `from` the first.")
	codeUnknownKind = diag.Define("FR0113", "unknown kind",
		"The key that says what a node does is not known. The hint names the nearest kind; `flowrun nodes` lists all.")
	codeFrom = diag.Define("FR0114", "wrong from",
		"`from` is the name of a node, `node.output` for another than its main output, or a list of those. A source has no `from`.")
	codeUnset = diag.Define("FR0115", "environment variable not set",
		"`${VAR}` needs the variable to be set. `${VAR:-default}` gives a value for when it is not set or empty, `${VAR:?message}` an error message of your own. Variables can also come from `--env-file`.")
	codeSubstitution = diag.Define("FR0116", "malformed substitution",
		"The forms are `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `${file:/path}`. Write `$${` for the characters `${` themselves. A substitution is a value, never YAML or code: inside an expression it becomes a number, `true` or `false` when it looks like one, else a string; inside quotes of the expression it is part of that string.")
	codeReadFile = diag.Define("FR0117", "file of a substitution cannot be read",
		"`${file:/path}` stands for the text of a file, without its last line break. The file must exist, be UTF-8 text and be at most 1 MiB.")
	codeSet = diag.Define("FR0118", "wrong --set",
		"`--set a.b=c` overrides a leaf of the file: the path names keys from the top, numbers count list entries from 0. What it passes through must be in the file; only the last key may be new.")
	codeDepth = diag.Define("FR0119", "nested too deeply",
		"Maps and lists may be nested 100 deep.")
	codeType = diag.Define("FR0120", "wrong type of value",
		"The setting wants another type of value. The message says what was expected; numbers and `true` or `false` are written without quotes.")
	codeRequired = diag.Define("FR0121", "missing setting",
		"A setting without a default is missing.")
	codeEnum = diag.Define("FR0122", "not one of the possible values",
		"The setting takes one of a few words; the message lists them.")
	codeDuration = diag.Define("FR0123", "not a duration",
		"A duration is a number with a unit: `500ms`, `10s`, `1m30s`, `2h`, `1d`, `1w`. The units are ns, us, ms, s, m, h, d (24 hours) and w (7 days). A bare number is an error since its unit would be a guess; only 0 needs none.")
	codeSize = diag.Define("FR0124", "not a size",
		"A size is a number of bytes, with or without a unit: `65536`, `64KiB`, `1.5MiB`, `10MB`. KiB, MiB, GiB and TiB are powers of 1024, kB, MB, GB and TB powers of 1000.")
	codeEmpty = diag.Define("FR0125", "empty expression",
		"An expression is expected and nothing is there. If it begins with `#`, `!` or another special sign, quote it.")
	codeCut = diag.Define("FR0126", "expression cut by a comment",
		"In YAML ` #` begins a comment, so the expression ends there, unfinished. Quote the whole expression.")
	codeNoValue = diag.Define("FR0127", "a key without a value",
		"Inside `{}` each entry is `key: value`, with a space behind the colon. A key without a value is most often the rest of an expression that a comma has split: quote the expression.")
	codeRange = diag.Define("FR0128", "out of range",
		"The number, duration or size is smaller or larger than the setting allows.")
)
