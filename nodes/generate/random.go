package generate

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zeebo/xxh3"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// dice gives the numbers of one field. They are a pure function of seed, field, call and row, so that rows can be made in
// any order and again.
type dice struct{ key uint64 }

func newDice(seed int64, field string) dice {
	return dice{mix(uint64(seed)) ^ xxh3.HashString(field)}
}

// mix is the finisher of splitmix64: every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// roll gives 64 random bits; draw tells the several numbers of one call apart.
func (d dice) roll(site expr.Site, draw uint64) uint64 {
	stream := mix(d.key + uint64(site.Call)<<8 + draw)
	return mix(stream ^ mix(stream+uint64(site.Row)))
}

// unit gives a number in [0, 1).
func (d dice) unit(site expr.Site, draw uint64) float64 {
	return float64(d.roll(site, draw)>>11) * 0x1p-53
}

// functions are what an expression of the field may call beside the language.
func (d dice) functions() map[string]expr.Extra {
	return map[string]expr.Extra{
		"rand": {
			Doc:    "rand(): a float from 0 to below 1",
			Result: takes("rand()", schema.Float),
			Call:   func(site expr.Site, _ []any) (any, error) { return d.unit(site, 0), nil },
		},
		"rand_int": {
			Doc:    "rand_int(a, b): an int from a to b, both included",
			Result: takes("rand_int(a, b)", schema.Int, schema.Int, schema.Int),
			Call:   d.randInt,
		},
		"normal": {
			Doc:    "normal(mu, sigma): a float of the normal distribution",
			Result: takes("normal(mu, sigma)", schema.Float, schema.Float, schema.Float),
			Call:   d.normal,
		},
		"pick": {
			Doc:    "pick([...]): one element of the list; to pick one more often, write it more often",
			Result: pickResult,
			Call:   d.pick,
		},
	}
}

// takes makes the Result of a function with fixed types; an int does where a float is wanted.
func takes(usage string, result arrow.DataType, want ...arrow.DataType) func([]arrow.DataType) (arrow.DataType, error) {
	return func(args []arrow.DataType) (arrow.DataType, error) {
		if len(args) != len(want) {
			return nil, fmt.Errorf("wants %d arguments: %s", len(want), usage)
		}
		for i, a := range args {
			if !schema.Equal(a, want[i]) && !(schema.Equal(want[i], schema.Float) && schema.Equal(a, schema.Int)) {
				return nil, fmt.Errorf("wants %s, argument %d is %s", usage, i+1, schema.Name(a))
			}
		}
		return result, nil
	}
}

func pickResult(args []arrow.DataType) (arrow.DataType, error) {
	if len(args) == 1 {
		if list, ok := args[0].(*arrow.ListType); ok {
			return list.Elem(), nil
		}
	}
	return nil, errors.New(`wants one list: pick(["ok", "warn"])`)
}

func (d dice) randInt(site expr.Site, args []any) (any, error) {
	a, b := args[0].(int64), args[1].(int64)
	if a > b {
		return nil, fmt.Errorf("rand_int(%d, %d): the first is larger than the second", a, b)
	}
	u := d.roll(site, 0)
	span := uint64(b) - uint64(a) + 1
	if span == 0 { // all of int
		return int64(u), nil
	}
	hi, _ := bits.Mul64(u, span)
	return a + int64(hi), nil
}

func (d dice) normal(site expr.Site, args []any) (any, error) {
	mu, sigma := number(args[0]), number(args[1])
	// Box and Muller. 1-u is above 0, so that its logarithm is finite.
	r := math.Sqrt(-2 * math.Log(1-d.unit(site, 0)))
	return mu + sigma*float64(r*math.Cos(2*math.Pi*d.unit(site, 1))), nil
}

func (d dice) pick(site expr.Site, args []any) (any, error) {
	list := args[0].([]any)
	if len(list) == 0 {
		return nil, errors.New("pick: the list is empty")
	}
	hi, _ := bits.Mul64(d.roll(site, 0), uint64(len(list)))
	return list[hi], nil
}

func number(v any) float64 {
	if i, ok := v.(int64); ok {
		return float64(i)
	}
	return v.(float64)
}
