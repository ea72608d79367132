package relational

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// running keeps a count, a text, a list, and what fails where n is 0. The count stands in the place of a column.
func running(by bool, ttl time.Duration) *plan.Fold {
	o := &plan.Fold{
		Start: []plan.Item{item("n", "0"), item("before", "string"), item("names", "list<string>"), item("share", "1")},
		Next: []plan.Item{item("share", "(acc.share + 100 % n) / 2"), item("n", "acc.n + 1"), item("before", `who ?? "nobody at all, if that"`),
			item("names", `len(acc.names) > 2 ? [who] : concat(acc.names, [who, acc.before])`)},
		TTL: ttl,
	}
	if by {
		o.By = []plan.Item{{Name: text("who"), Bare: true}}
	}
	return o
}

// held is what the model keeps of a key.
type held struct {
	n, latest int64
	before    any
	names     []any
	share     float64
	started   bool
}

// foldModel takes rows one after the other and forgets nothing.
type foldModel struct {
	by   bool
	ttl  int64
	wm   int64
	keys map[any]*held
}

// take gives the row that leaves, whether it is late, and whether it fails.
func (m *foldModel) take(r row) (out row, late, fails bool) {
	at, who := timeAt(r), r[1]
	if m.ttl > 0 && at < m.wm {
		return nil, true, false
	}
	key := who
	if !m.by {
		key = "all"
	}
	k := m.keys[key]
	if k == nil {
		k = &held{share: 1}
		m.keys[key] = k
	}
	if m.ttl > 0 && k.started && at-k.latest >= m.ttl {
		*k = held{share: 1, started: true, latest: k.latest}
	}
	by := r[2]
	if by == int64(0) {
		return nil, false, true
	}
	names := []any{who}
	if len(k.names) <= 2 {
		names = append(append([]any{}, k.names...), who, k.before)
	}
	before := who
	if who == nil {
		before = "nobody at all, if that"
	}
	if !k.started || at > k.latest {
		k.latest = at
	}
	k.share = (k.share + float64(100%by.(int64))) / 2
	k.n, k.before, k.names, k.started = k.n+1, before, names, true
	return row{r[0], who, k.n, k.before, k.names, k.share}, false, false
}

// However rows come in batches, by column or row by row, and whatever the watermark makes it forget, a scan gives what taking
// one row after the other gives.
func TestFold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &foldModel{by: rapid.Bool().Draw(r, "by"), ttl: rapid.SampledFrom([]int64{0, 1, 10, 40}).Draw(r, "ttl"), wm: -1 << 62, keys: map[any]*held{}}
		read := rapid.Bool().Draw(r, "late rows are read")
		p := openOn(t, r, running(m.by, time.Duration(m.ttl)*time.Microsecond), plan.Rows, nil, !read, onTime(visits, "at"))
		p.op.(*fold).fewest = rapid.SampledFrom([]int{0, 2, 3, 1000}).Draw(r, "fewest rows by column")
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			var rows, want, late []row
			lates, fails := 0, 0
			for range rapid.IntRange(0, 16).Draw(r, "rows") {
				v := row{arrow.Timestamp(rapid.Int64Range(0, 120).Draw(r, "at")), rapid.SampledFrom([]any{"a", "a", "a", "b", "a name of more than sixteen bytes", nil}).Draw(r, "who"),
					rapid.SampledFrom([]any{int64(7), int64(3), int64(30), int64(0)}).Draw(r, "n")}
				rows = append(rows, v)
				switch out, behind, failed := m.take(v); {
				case behind:
					lates++
					late = append(late, append(v[:3:3], arrow.Duration(m.wm-timeAt(v))))
				case failed:
					fails++
				default:
					want = append(want, out)
				}
			}
			p.in -= p.out.Behind + len(p.out.Failures)
			p.out.Behind, p.out.Failures = 0, nil
			p.send(0, drawBatch(r, p.rt.Allocator(), visits, rows))
			if p.out.Behind != lates || len(p.out.Failures) != fails {
				r.Fatalf("%d rows are late and %d failed, want %d and %d", p.out.Behind, len(p.out.Failures), lates, fails)
			}
			if read && m.ttl > 0 {
				check(r, p.emitted(plan.LateOutput), late)
			}
			check(r, p.taken(), want)
			if rapid.Bool().Draw(r, "watermark") {
				m.wm = max(m.wm, rapid.Int64Range(0, 170).Draw(r, "watermark"))
				p.watermark(time.UnixMicro(m.wm))
			}
			live := 0
			for _, k := range m.keys {
				if k.started && (m.ttl == 0 || k.latest+m.ttl > m.wm) {
					live++
				}
			}
			// A key whose timer the last watermark has looked at is gone; one that came since may be there still.
			if n, _ := p.op.(op.Stateful).State(); n < int64(live) || m.ttl == 0 && n != int64(live) {
				r.Fatalf("%d keys are kept, want %d", n, live)
			}
			p.barrier()
			check(r, p.taken(), nil)
		}
		p.watermark(op.EndOfTime)
		if n, _ := p.op.(op.Stateful).State(); m.ttl > 0 && n != 0 {
			r.Fatalf("%d keys are kept at the end of time", n)
		}
		p.close()
	})
}

// What a watermark passes is forgotten by then, also where the key's rows came out of order, and so is a key of which every row
// failed.
func TestFoldForgets(t *testing.T) {
	p := openOn(t, t, running(true, 10*time.Microsecond), plan.Rows, nil, true, onTime(visits, "at"))
	live := func(want int64) {
		t.Helper()
		if n, bytes := p.op.(op.Stateful).State(); n != want || bytes < 0 {
			t.Errorf("%d keys are kept, want %d", n, want)
		}
	}
	p.rows(0, row{arrow.Timestamp(20), "a", int64(1)}, row{arrow.Timestamp(15), "a", int64(1)}, row{arrow.Timestamp(20), "fails", int64(0)},
		row{arrow.Timestamp(12), "b", int64(1)})
	live(2)
	p.watermark(time.UnixMicro(21))
	live(2)
	p.watermark(time.UnixMicro(22))
	live(1)
	p.rows(0, row{arrow.Timestamp(25), "a", int64(1)})
	p.watermark(time.UnixMicro(34))
	live(1)
	p.watermark(time.UnixMicro(35))
	live(0)
	p.close()
}

// Of complete results each epoch begins anew.
func TestFoldOfCompleteResults(t *testing.T) {
	p := open(t, t, running(true, 0), plan.Complete, nil, visits)
	for range 2 {
		p.rows(0, row{arrow.Timestamp(1), "a", int64(1)}, row{arrow.Timestamp(2), "a", int64(1)})
		got := p.taken()
		if got[0][2] != int64(1) || got[1][2] != int64(2) {
			t.Errorf("counted %v and %v, want 1 and 2", got[0][2], got[1][2])
		}
		p.barrier()
	}
	p.close()
}

// A start that cannot be computed ends the run before it begins, with its name.
func TestFoldStartFails(t *testing.T) {
	o := &plan.Fold{Start: []plan.Item{item("n", `int("x" + string(now().Year()))`)}, Next: []plan.Item{item("n", "acc.n")}}
	defer func() {
		if why := fmt.Sprint(recover()); !strings.Contains(why, "start of n") {
			t.Errorf("opened with %s", why)
		}
	}()
	open(t, failing{t}, o, plan.Rows, nil, visits)
}

// failing panics where a test would end.
type failing struct{ testing.TB }

func (failing) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// BenchmarkFold counts and averages by many keys, by few, and by one that has all rows.
func BenchmarkFold(b *testing.B) {
	for _, keys := range []int{1_000_000, 1000, 50, 1} {
		s := schemaOf("k int", "f float")
		all := randomBatches(s, 16, func(r *rand.Rand, bld *array.RecordBuilder) {
			addInt(bld, 0, int64(r.IntN(keys)))
			addFloat(bld, 1, r.Float64())
		})
		o := func() plan.Op {
			return &plan.Fold{By: []plan.Item{{Name: text("k"), Bare: true}}, Start: []plan.Item{item("n", "0"), item("mean", "0.0")},
				Next: []plan.Item{item("n", "acc.n + 1"), item("mean", "acc.mean + (f - acc.mean) / (acc.n + 1)")}}
		}
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) { bench(b, o(), s, all) })
	}
}
