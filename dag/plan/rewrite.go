package plan

// Rewrite finds out how a plan that was bound without errors can be run with less work, and notes it in the plan:
// [Output.Need] and [Scan.Want], the columns that somebody reads. It may be called again after a change and another Bind.
//
// No rewrite changes a result, a count, a reject or the watermark. So what can fail for a row is computed even if nobody
// reads it, since its failures count, and a row that can be rejected to somebody who reads it is whole.
func Rewrite(p *Pipeline) {
	order := (&binder{p: p}).sort()
	needs(order)
}
