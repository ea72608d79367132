package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// nowKernel is now(): the time at which the source read the batch.
type nowKernel struct{}

func (nowKernel) eval(f *frame) column {
	return column{kind: kindInt, one: true, ints: []int64{f.e.batch.Arrived.UnixMicro()}}
}

func planNow(t *Typed) builder {
	if len(t.Args) > 0 {
		return nil
	}
	return light(func(*Typed, []*compiled) *compiled { return &compiled{kernel: nowKernel{}} })
}

// ofDay gives a part of the time of day: how many units, of so many.
func ofDay(unit, of int64) func(us int64) int64 {
	return func(us int64) int64 {
		n := floorDiv(us, unit)
		return n - floorDiv(n, of)*of
	}
}

// partOfDuration makes a method of durations that gives a float and cannot fail.
func partOfDuration(unit int64) func(t *Typed) builder {
	return on(light(strictOf(func(f *frame, args []column, out *column) {
		us, x := args[0].ints, f.floatsOut(out)
		for i := range x {
			x[i] = float64(us[i]/unit) + float64(us[i]%unit)/float64(unit)
		}
	})), arrow.DURATION)
}

// planTimestamp makes timestamp(date) and timestamp(n, unit) .
func planTimestamp(t *Typed) builder {
	switch {
	case t.is(arrow.TIMESTAMP):
		return identity
	case t.is(arrow.DATE32):
		return light(strictOf(midnights))
	}
	return withUnit(t, arrow.INT64, timestampMicros)
}

// planEpoch makes epoch(at, unit) .
func planEpoch(t *Typed) builder {
	return withUnit(t, arrow.TIMESTAMP, epochUnits)
}

// withUnit makes a function of a number and a unit of time.
func withUnit(t *Typed, first arrow.Type, do func(n int64, unit string) (int64, error)) builder {
	if !t.is(first, arrow.STRING) {
		return nil
	}
	return may(light(strictWith([]bool{false, true}, func(f *frame, args []column, out *column) {
		a, units, n := args[0].ints, args[1], f.intsOut(out)
		for i := range n {
			v, err := do(a[i], str(units.text.at(units.at(i))))
			n[i] = v
			if err != nil && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, err)
			}
		}
	})))
}

func epochUnits(at int64, unit string) (int64, error) {
	us, per, err := unitMicros(unit)
	if err != nil || mulsOver(at, per) {
		_, err = epochOf(at, unit)
		return 0, err
	}
	return floorDiv(at*per, us), nil
}

// planTrunc makes trunc(at, every).
func planTrunc(t *Typed) builder {
	if !t.is(arrow.TIMESTAMP, arrow.DURATION) {
		return nil
	}
	return microsLoop(truncMicros)
}
