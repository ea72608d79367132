package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// planTimes makes the arithmetic of timestamps and durations, in microseconds.
func planTimes(t *Typed) builder {
	left, right := timeShape(t.Args[0].Type), timeShape(t.Args[1].Type)
	switch t.Name + left + right {
	case "+tu", "+ut", "+uu":
		return microsLoop(addDurations)
	case "-tt", "-tu", "-uu":
		return microsLoop(subDurations)
	case "*ui", "*iu":
		return microsLoop(scaleDuration)
	case "/ui":
		return microsLoop(divideDuration)
	case "*uf", "*fu", "/uf":
		return scaleLoop(t)
	case "/uu":
		return light(strictOf(func(f *frame, args []column, out *column) {
			a, b, q := args[0].ints, args[1].ints, f.floatsOut(out)
			for i := range q {
				q[i] = float64(a[i]) / float64(b[i])
			}
		}))
	}
	return nil
}

// timeShape names a type in the patterns of planTimes.
func timeShape(t arrow.DataType) string {
	switch t.ID() {
	case arrow.TIMESTAMP:
		return "t"
	case arrow.DURATION:
		return "u"
	case arrow.INT64:
		return "i"
	case arrow.FLOAT64:
		return "f"
	}
	return "?"
}

// microsLoop computes microseconds of microseconds, or of microseconds and a number; what does not fit rejects.
func microsLoop(do func(x, y int64) (int64, error)) builder {
	return may(light(strictOf(func(f *frame, args []column, out *column) {
		a, b, us := args[0].ints, args[1].ints, f.intsOut(out)
		for i := range us {
			v, err := do(a[i], b[i])
			us[i] = v
			if err != nil && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, err)
			}
		}
	})))
}

// scaleLoop multiplies a duration with a float, in either order, or divides it by one.
func scaleLoop(t *Typed) builder {
	duration, factor := 0, 1
	if t.Args[0].Type.ID() == arrow.FLOAT64 {
		duration, factor = 1, 0
	}
	divide := t.Name == "/"
	return may(light(strictOf(func(f *frame, args []column, out *column) {
		a, x, us := args[duration].ints, args[factor].floats, f.intsOut(out)
		for i := range us {
			v := float64(a[i]) * x[i]
			if divide {
				v = float64(a[i]) / x[i]
			}
			var err error
			us[i], err = durationOf(v)
			if err != nil && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, err)
			}
		}
	})))
}

const microsPerDay = secondsPerDay * 1_000_000

// midnights makes dates timestamps.
func midnights(f *frame, args []column, out *column) {
	days, us := args[0].ints, f.intsOut(out)
	for i := range us {
		us[i] = days[i] * microsPerDay
	}
}

// negMicros is -duration.
func negMicros(f *frame, args []column, out *column) {
	a, us := args[0].ints, f.intsOut(out)
	for i := range us {
		v, err := subDurations(0, a[i])
		us[i] = v
		if err != nil && (out.nulls == nil || !out.nulls[i]) {
			f.fail(i, err)
		}
	}
}
