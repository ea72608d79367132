package plan

// Rewrite finds out how a plan that was bound without errors can be run with less work, and notes it in the plan:
// [Output.Need] and [Scan.Want], the columns that somebody reads; [Scan.Pushed], the conditions that a source answers for the
// filter below it; and [Node.Chained], the nodes that run in the goroutine of the one they read. It may be called again after a change and another Bind.
//
// No rewrite changes a result, a count, a reject or the watermark. So what can fail for a row is computed even if nobody
// reads it, since its failures count; a row that can be rejected to somebody who reads it is whole; and a row that is skipped
// early counts as passed wherever it would have passed, and as filtered at the filter that was answered.
func Rewrite(p *Pipeline) {
	order := (&binder{p: p}).sort()
	needs(order)
	push(p, order)
	chain(p, order)
}
