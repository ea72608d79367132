package plan

import "flowrun/dag/diag"

// The codes of mistakes in the graph and its types.
var (
	CodeUnknownNode = diag.Define("FR0201", "unknown node",
		"A `from` names a node that the file does not have.")
	CodeUnknownOutput = diag.Define("FR0202", "unknown output",
		"A `from` names an output that its node does not have. Most nodes have a main output (just its name) and `rejected`; "+
			"a route has those of its branches and `else`, and no main one.")
	CodeCycle = diag.Define("FR0204", "cycle",
		"Nodes read one another in a circle, so none of them could start. A pipeline is a graph without circles.")
	CodeUnread = diag.Define("FR0205", "unread node",
		"Nothing reads what the node makes, or what goes to one of its outputs. Let a node read it, or remove it; a sink such as `discard: {}` reads and drops.")
	CodeInputs = diag.Define("FR0206", "wrong number of inputs",
		"The kind reads another number of nodes than `from` gives. Several nodes are put together by `union`.")
	CodeType = diag.Define("FR0207", "wrong type",
		"An expression has another type than its place needs: a filter needs a bool, explode a list.")
	CodeDuplicateColumn = diag.Define("FR0208", "duplicate column",
		"Two columns of a result have the same name. Names must differ, so that what comes behind can tell them apart.")
	CodeUnion = diag.Define("FR0209", "inputs of a union differ",
		"All inputs of a union have the same columns, of the same types, in any order.")
	CodeMode = diag.Define("FR0210", "rows of another meaning",
		"An edge carries rows (each stands for itself), updates (the last row of a key holds) or complete results (each "+
			"epoch's rows replace the last one's). The node cannot work on what comes in, or cannot emit what `emit` asks for.")
	CodeTrigger = diag.Define("FR0211", "trigger that cannot work",
		"`once` and `available_now` take what is there now and end. A source that is never done cannot say what that is.")
	CodeReserved = diag.Define("FR0213", "name that an output cannot have",
		"`rejected`, `late` and `else` are the names of outputs that flowrun makes itself, and an output's name has the form "+
			"of a node's, since a `from` names it.")
	CodeColumns = diag.Define("FR0214", "no column left, or nothing to rename",
		"A result has at least one column, and a column is renamed to another name than its own.")
	CodeEmpty = diag.Define("FR0212", "nothing to run",
		"A pipeline has at least one source and one sink.")
	CodeNoEnd = diag.Define("FR0219", "sink that waits for an end",
		"The sink shows its rows at the end of the run only, and a source above it never ends, so nothing would ever show.")
	CodeEventTime = diag.Define("FR0221", "no event time",
		"Windows, and whatever waits for time to come, go by the time at which rows happened. `event_time` beside a source says which "+
			"column that is; the transform `watermark` says it further down. A column that is computed anew is not event time any more.")
	CodeUnbounded = diag.Define("FR0222", "state that would grow for ever",
		"A join of two streams keeps rows until no match can come any more. Only a bound in time says when that is: `within` or `between`, "+
			"keys that are event time themselves such as window_end, or `ttl`. `unbounded: true` keeps everything, knowingly.")
	CodeNeverFinal = diag.Define("FR0223", "first rows that are never known",
		"Which rows of a key are the first is known once no better one can come. That is so behind the event time of rows that are alike "+
			"in it, as those of one window are, and at the end of an epoch of complete results. Among other rows a better one can "+
			"always come.")
	CodeShared = diag.Define("FR0220", "input read twice",
		"What a process has once, such as standard input, can feed one source: two would each get a part of it.")
)
