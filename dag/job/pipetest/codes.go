package pipetest

import "flowrun/dag/diag"

// The codes of mistakes in tests, and of tests that fail.
var (
	CodeTest = diag.Define("FR0601", "test that means nothing",
		"A test has a name, and either `input` and `expect`, or `steps`, a list of `{input, advance, expect, watermarks}`. Somewhere "+
			"it has to expect something: `expect: {NODE: []}` says that nothing comes, `watermarks: {NODE: TIME}` how far event time is.")
	CodePlace = diag.Define("FR0602", "unknown place in a test",
		"`input` names sources, `expect` names nodes (their main output; of a sink what it takes) or outputs such as `NODE.rejected`.")
	CodeRow = diag.Define("FR0603", "row of a test that does not fit",
		"A row is a map of columns to values, or for one column just the value. A value is read from its text by the column's "+
			"type; null is an unquoted `null` or `~`.")
	CodeRows = diag.Define("FR0604", "rows of a test cannot be read",
		"Rows are a list, or `{file: PATH}`: a file of JSON objects, one a line or in one array. A relative path starts at the "+
			"folder of the file that names it. `flowrun test --update` writes files of expected rows.")
	CodeDiffers = diag.Define("FR0605", "other rows or watermarks than expected",
		"What came is not what the test expects. `-` is a row that is missing, `+` one that came instead; carets mark what "+
			"differs from the nearest row.")
	CodeFailed = diag.Define("FR0606", "run of a test failed",
		"The run of the test ended with an error, as the pipeline would with these rows: most often a row was rejected, and "+
			"nobody reads the node's rejects. Expect `NODE.rejected`, or set `on_error: drop`.")
)
