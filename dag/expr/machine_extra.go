package expr

import (
	"errors"
	"time"
)

// callExtra calls a function that a place added to the language, with durations as Go's.
func callExtra(x Extra, site Site, args []any) any {
	values := make([]any, len(args))
	for i, a := range args {
		if a == nil {
			return nil
		}
		values[i] = a
		if us, ok := a.(micros); ok {
			d, err := us.duration()
			if err != nil {
				panic(err)
			}
			values[i] = d
		}
	}
	v, err := x.Call(site, values)
	if err != nil {
		var r *rejection
		if !errors.As(err, &r) {
			err = &rejection{reason: reasonArgument, detail: err.Error()}
		}
		panic(err)
	}
	if d, ok := v.(time.Duration); ok {
		return microsOf(d)
	}
	return v
}
