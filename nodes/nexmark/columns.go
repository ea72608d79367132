package nexmark

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Schema are the columns of events: what they are and when, then what persons, auctions and bids have, null on the others.
var Schema = arrow.NewSchema(func() []arrow.Field {
	var fields []arrow.Field
	for _, c := range columns {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.dtype, Nullable: c.of != everything})
	}
	return fields
}(), nil)

// kinds is a set of kinds, a bit each.
type kinds uint8

const (
	persons kinds = 1 << iota
	auctions
	bids
	everything = persons | auctions | bids
)

// column is one column: which kinds have it, and how it is made, as a number or as a text; many makes the numbers of many events.
type column struct {
	name   string
	dtype  arrow.DataType
	of     kinds
	number func(g *Generator, number int64) int64
	text   func(g *Generator, dst []byte, number int64) []byte
	many   func(g *Generator, numbers, dst []int64)
}

var columns = []column{
	{"event", schema.String, everything, nil, (*Generator).event, nil},
	{"at", schema.Timestamp, everything, (*Generator).At, nil, (*Generator).times},
	{"id", schema.Int, persons | auctions, (*Generator).ID, nil, nil},
	{"name", schema.String, persons, nil, (*Generator).name, nil},
	{"email", schema.String, persons, nil, (*Generator).email, nil},
	{"credit_card", schema.String, persons, nil, (*Generator).card, nil},
	{"city", schema.String, persons, nil, (*Generator).city, nil},
	{"state", schema.String, persons, nil, (*Generator).state, nil},
	{"item", schema.String, auctions, nil, (*Generator).item, nil},
	{"description", schema.String, auctions, nil, (*Generator).description, nil},
	{"initial_bid", schema.Int, auctions, (*Generator).Price, nil, nil},
	{"reserve", schema.Int, auctions, (*Generator).Reserve, nil, nil},
	{"expires", schema.Timestamp, auctions, (*Generator).Expires, nil, nil},
	{"seller", schema.Int, auctions, (*Generator).Seller, nil, nil},
	{"category", schema.Int, auctions, (*Generator).Category, nil, nil},
	{"auction", schema.Int, bids, (*Generator).AuctionOf, nil, (*Generator).auctions},
	{"bidder", schema.Int, bids, (*Generator).Bidder, nil, (*Generator).bidders},
	{"price", schema.Int, bids, (*Generator).Price, nil, (*Generator).prices},
	{"channel", schema.String, bids, nil, (*Generator).channel, nil},
	{"url", schema.String, bids, nil, (*Generator).url, nil},
	{"extra", schema.String, everything, nil, (*Generator).extra, nil},
}

// stretch are events that are made together.
type stretch struct {
	numbers []int64
	kinds   []kinds // of each, one
	all     kinds

	made []int64 // numbers of a column, by turns
	text []byte
}

func (s *stretch) add(number int64) {
	k := kinds(1) << KindOf(number)
	s.numbers, s.kinds, s.all = append(s.numbers, number), append(s.kinds, k), s.all|k
}

func (s *stretch) reset() { s.numbers, s.kinds, s.all = s.numbers[:0], s.kinds[:0], 0 }

// fill appends the values of a column for the events of a stretch, run by run of those that have it and those that have not.
func (c *column) fill(g *Generator, s *stretch, to *batch.Column) {
	if s.all&^c.of == 0 {
		c.values(g, s, s.numbers, to)
		return
	}
	for from := 0; from < len(s.kinds); {
		end, has := from+1, s.kinds[from]&c.of != 0
		for end < len(s.kinds) && (s.kinds[end]&c.of != 0) == has {
			end++
		}
		if has {
			c.values(g, s, s.numbers[from:end], to)
		} else {
			to.AppendNulls(end - from)
		}
		from = end
	}
}

// values appends the values for events that all have some.
func (c *column) values(g *Generator, s *stretch, numbers []int64, to *batch.Column) {
	if c.text != nil {
		for _, n := range numbers {
			s.text = c.text(g, s.text[:0], n)
			to.AppendBytes(s.text)
		}
		return
	}
	s.made = slices.Grow(s.made[:0], len(numbers))[:len(numbers)]
	if c.many != nil {
		c.many(g, numbers, s.made)
	} else {
		for i, n := range numbers {
			s.made[i] = c.number(g, n)
		}
	}
	to.AppendInts(s.made)
}

func (*Generator) event(dst []byte, number int64) []byte {
	return append(dst, KindOf(number).String()...)
}
