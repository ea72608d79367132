package expr

import "github.com/apache/arrow-go/v18/arrow"

// Take is a `take` entry: aggregate calls and what is made of their results.
type Take struct {
	Text  string
	Calls []Call
	// Post computes the entry from a batch whose columns are the calls' results, in order; nil: the entry is Calls[0].
	Post     *Program
	Type     arrow.DataType
	Nullable bool
}

// Call is one aggregate call.
type Call struct {
	Func     string     // without the _if: "count", "sum", "max_by"
	Args     []*Program // of count(): none
	If       *Program   // nil: every row; else only rows for which it is true
	Quantile float64    // of quantile
	Type     arrow.DataType
	Nullable bool
}
