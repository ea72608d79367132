package expr

import (
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// identity is a cast of a value that has the type already.
func identity(_ *Typed, args []*compiled) *compiled { return args[0] }

func planInt(t *Typed) builder {
	switch {
	case t.is(arrow.INT64):
		return identity
	case t.is(arrow.FLOAT64):
		return may(light(strictOf(intsOfFloats)))
	case t.is(arrow.DURATION):
		return tryInts(nanoseconds)
	case t.is(arrow.STRING):
		return may(strictOf(func(f *frame, args []column, out *column) {
			parseTexts(f, args[0].text, f.intsOut(out), out.nulls,
				func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }, intOfText)
		}))
	}
	return nil
}

func planFloat(t *Typed) builder {
	switch {
	case t.is(arrow.FLOAT64):
		return identity
	case t.is(arrow.INT64):
		return convertFloats
	case t.is(arrow.STRING):
		return may(strictOf(func(f *frame, args []column, out *column) {
			parseTexts(f, args[0].text, f.floatsOut(out), out.nulls,
				func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }, floatOfText)
		}))
	}
	return nil
}

func planBool(t *Typed) builder {
	switch {
	case t.is(arrow.BOOL):
		return identity
	case t.is(arrow.STRING):
		return may(strictOf(func(f *frame, args []column, out *column) {
			parseTexts(f, args[0].text, f.boolsOut(out), out.nulls, strconv.ParseBool, boolOfText)
		}))
	}
	return nil
}

// parseTexts reads every text. What parse refuses is given to reject, which has the words for it.
func parseTexts[T any](f *frame, a text, out []T, nulls []bool, parse func(string) (T, error), reject func(string) (any, error)) {
	for i := range out {
		if nulls != nil && nulls[i] {
			var zero T
			out[i] = zero
			continue
		}
		v, err := parse(str(a.at(i)))
		out[i] = v
		if err != nil {
			_, err = reject(string(a.at(i)))
			f.fail(i, err)
		}
	}
}

// intsOfFloats cuts fractions off.
func intsOfFloats(f *frame, args []column, out *column) {
	a, n := args[0].floats, f.intsOut(out)
	for i := range n {
		x := a[i]
		if x >= -(1<<63) && x < 1<<63 {
			n[i] = int64(x)
			continue
		}
		n[i] = 0
		if out.nulls == nil || !out.nulls[i] {
			_, err := intOfFloat(x)
			f.fail(i, err)
		}
	}
}

// planString makes text of simple values.
func planString(t *Typed) builder {
	switch {
	case t.is(arrow.STRING):
		return identity
	case t.is(arrow.BOOL):
		return format(func(b []byte, c *column, i int) []byte { return strconv.AppendBool(b, c.bools[i]) })
	case t.is(arrow.INT64):
		return format(func(b []byte, c *column, i int) []byte { return strconv.AppendInt(b, c.ints[i], 10) })
	case t.is(arrow.FLOAT64):
		return format(func(b []byte, c *column, i int) []byte { return strconv.AppendFloat(b, c.floats[i], 'g', -1, 64) })
	case t.is(arrow.DURATION):
		return formatDurations
	case t.is(arrow.BINARY):
		return textsOfBytes
	case t.is(arrow.TIMESTAMP):
		return format(func(b []byte, c *column, i int) []byte {
			return time.UnixMicro(c.ints[i]).UTC().AppendFormat(b, time.RFC3339Nano)
		})
	case t.is(arrow.DATE32):
		return format(func(b []byte, c *column, i int) []byte {
			return time.Unix(c.ints[i]*secondsPerDay, 0).UTC().AppendFormat(b, time.DateOnly)
		})
	}
	return nil
}

// format makes text of every entry.
func format(appendTo func(b []byte, c *column, i int) []byte) builder {
	return strictOf(func(f *frame, args []column, out *column) {
		w := f.newText()
		for i := range f.n {
			if out.nulls != nil && out.nulls[i] {
				w.none(i)
				continue
			}
			at := len(w.out.data)
			w.out.data = appendTo(w.out.data, &args[0], i)
			w.set(i, at)
		}
		out.text = w.done()
	})
}
