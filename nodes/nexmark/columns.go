package nexmark

import (
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

// column is one column: which kinds have it, and how it is made, as a number or as a text.
type column struct {
	name   string
	dtype  arrow.DataType
	of     kinds
	number func(g *Generator, number int64) int64
	text   func(g *Generator, dst []byte, number int64) []byte
}

var columns = []column{
	{"event", schema.String, everything, nil, func(_ *Generator, dst []byte, n int64) []byte { return append(dst, KindOf(n).String()...) }},
	{"at", schema.Timestamp, everything, (*Generator).At, nil},
	{"id", schema.Int, persons | auctions, (*Generator).ID, nil},
	{"name", schema.String, persons, nil, (*Generator).name},
	{"email", schema.String, persons, nil, (*Generator).email},
	{"credit_card", schema.String, persons, nil, (*Generator).card},
	{"city", schema.String, persons, nil, (*Generator).city},
	{"state", schema.String, persons, nil, (*Generator).state},
	{"item", schema.String, auctions, nil, (*Generator).item},
	{"description", schema.String, auctions, nil, (*Generator).description},
	{"initial_bid", schema.Int, auctions, (*Generator).Price, nil},
	{"reserve", schema.Int, auctions, (*Generator).Reserve, nil},
	{"expires", schema.Timestamp, auctions, (*Generator).Expires, nil},
	{"seller", schema.Int, auctions, (*Generator).Seller, nil},
	{"category", schema.Int, auctions, (*Generator).Category, nil},
	{"auction", schema.Int, bids, (*Generator).AuctionOf, nil},
	{"bidder", schema.Int, bids, (*Generator).Bidder, nil},
	{"price", schema.Int, bids, (*Generator).Price, nil},
	{"channel", schema.String, bids, nil, (*Generator).channel},
	{"url", schema.String, bids, nil, (*Generator).url},
	{"extra", schema.String, everything, nil, (*Generator).extra},
}

// fill appends the values of a column for events.
func (c *column) fill(g *Generator, numbers []int64, to *batch.Column, scratch []byte) []byte {
	if c.number != nil {
		for _, n := range numbers {
			if c.of == everything || c.of&(1<<KindOf(n)) != 0 {
				to.AppendInt(c.number(g, n))
			} else {
				to.AppendNull()
			}
		}
		return scratch
	}
	for _, n := range numbers {
		if c.of == everything || c.of&(1<<KindOf(n)) != 0 {
			scratch = c.text(g, scratch[:0], n)
			to.AppendBytes(scratch)
		} else {
			to.AppendNull()
		}
	}
	return scratch
}
