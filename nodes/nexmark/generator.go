package nexmark

import (
	"math"
	"time"
)

// Generator makes the events of the Nexmark benchmark (github.com/nexmark/nexmark) by its rules: of every 50 events one is a
// person, three are auctions and 46 are bids; half of the bids go to a hot auction, and so on. Everything that is drawn depends on
// nothing but the seed, the number of the event and what is drawn, so that any stretch of events can be made again.
type Generator struct {
	seed       uint64
	rate       int64
	outOfOrder int64
	start      int64 // in microseconds of the Unix epoch
}

// NewGenerator makes a generator; rate is in events per second of event time, and outOfOrder the size of the groups within which
// events change places.
func NewGenerator(seed, rate, outOfOrder int64, start time.Time) *Generator {
	return &Generator{scramble(uint64(seed) ^ 0x6E65786D61726B00), rate, outOfOrder, start.UnixMicro()}
}

// The proportions and sizes of the benchmark.
const (
	personsPer  = 1
	auctionsPer = 3
	eventsPer   = 50

	firstID       = 1000
	firstCategory = 10
	categories    = 5
	hotBlock      = 100
	hotBidders    = 4 // three of four bids are of the hot bidder
	hotSellers    = 4
	inFlight      = 100                                // auctions
	active        = 1000                               // persons
	lead          = 10                                 // ids that may not be there yet
	auctionEvents = inFlight * eventsPer / auctionsPer // how far ahead an auction ends
	shuffle       = 953
	channels      = 10_000
)

// Kind is what an event is.
type Kind uint8

// The kinds.
const (
	Person Kind = iota
	Auction
	Bid
)

// String is the kind as the column event has it.
func (k Kind) String() string { return [...]string{"person", "auction", "bid"}[k] }

// Numbers appends the numbers that n events to come, from the first on, have by their time and content: the n-th of a group is the
// one that stands at n*shuffle in it.
func (g *Generator) Numbers(dst []int64, first, n int64) []int64 {
	if g.outOfOrder <= 1 {
		for i := range n {
			dst = append(dst, first+i)
		}
		return dst
	}
	at := first % g.outOfOrder
	group, place, step := first-at, at*shuffle%g.outOfOrder, shuffle%g.outOfOrder
	for range n {
		dst = append(dst, group+place)
		if place += step; place >= g.outOfOrder {
			place -= g.outOfOrder
		}
		if at++; at == g.outOfOrder {
			group, at, place = group+g.outOfOrder, 0, 0
		}
	}
	return dst
}

// KindOf is what an event is.
func KindOf(number int64) Kind {
	switch at := number % eventsPer; {
	case at < personsPer:
		return Person
	case at < personsPer+auctionsPer:
		return Auction
	}
	return Bid
}

// At is when an event happens, in whole milliseconds, as microseconds of the Unix epoch.
func (g *Generator) At(number int64) int64 {
	whole, part := number/g.rate, number%g.rate
	return g.start + (whole*1000+part*1000/g.rate)*1000
}

// times is At for many events.
func (g *Generator) times(numbers, dst []int64) {
	var whole, begin int64 // the second that the event before was in, and its first event
	short := g.rate <= math.MaxUint32/1000
	for i, n := range numbers {
		part := n - begin
		if part < 0 || part >= g.rate {
			whole = n / g.rate
			begin = whole * g.rate
			part = n - begin
		}
		if short { // which divides faster
			part = int64(uint32(part) * 1000 / uint32(g.rate))
		} else {
			part = part * 1000 / g.rate
		}
		dst[i] = g.start + (whole*1000+part)*1000
	}
}

func (g *Generator) auctions(numbers, dst []int64) {
	for i, n := range numbers {
		dst[i] = g.AuctionOf(n)
	}
}

func (g *Generator) bidders(numbers, dst []int64) {
	for i, n := range numbers {
		dst[i] = g.Bidder(n)
	}
}

func (g *Generator) prices(numbers, dst []int64) {
	for i, n := range numbers {
		dst[i] = g.Price(n)
	}
}

// lastPerson is the newest person at an event, counted from 0; lastAuction the newest auction.
func lastPerson(number int64) int64 { return number / eventsPer }

func lastAuction(number int64) int64 {
	epoch, at := number/eventsPer, number%eventsPer
	switch {
	case at < personsPer:
		return auctionsPer*(epoch-1) + auctionsPer - 1
	case at < personsPer+auctionsPer:
		return auctionsPer*epoch + at - personsPer
	}
	return auctionsPer*epoch + auctionsPer - 1
}

// draw is a uniform number of 64 bits for one thing that is drawn of an event.
func (g *Generator) draw(number int64, what uint64) uint64 {
	return scramble(g.seed ^ uint64(number)*0x9E3779B97F4A7C15 ^ what*0xD1342543DE82EF95)
}

// below turns a draw into a number from 0 to n-1.
func below(draw uint64, n int64) int64 { return int64((draw >> 32) * uint64(n) >> 32) }

// scramble is the finalizer of splitmix64.
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// What is drawn of an event, each from a stream of its own.
const (
	drawHot uint64 = iota
	drawID
	drawBidderHot
	drawBidder
	drawPrice
	drawReserve
	drawCategory
	drawExpires
	drawName
	drawCity
	drawState
	drawEmail
	drawCard
	drawItem
	drawDescription
	drawChannelHot
	drawChannel
	drawURL
	drawExtra
)

// ID is the id of a person or auction.
func (g *Generator) ID(number int64) int64 {
	if KindOf(number) == Person {
		return firstID + lastPerson(number)
	}
	return firstID + lastAuction(number)
}

// person draws a person: one of the hot ones in all but one of odds times, else one of those who are active or soon will be.
func (g *Generator) person(number int64, hot, id uint64, odds, offset int64) int64 {
	last := lastPerson(number)
	if below(g.draw(number, hot), odds) > 0 {
		return firstID + last/hotBlock*hotBlock + offset
	}
	people := min(last+1, active)
	return firstID + last + 1 - people + below(g.draw(number, id), people+lead)
}

// Seller is whose an auction is, Bidder whose a bid.
func (g *Generator) Seller(number int64) int64 {
	return g.person(number, drawHot, drawID, hotSellers, 0)
}

// Bidder is who makes a bid.
func (g *Generator) Bidder(number int64) int64 {
	return g.person(number, drawBidderHot, drawBidder, hotBidders, 1)
}

// AuctionOf is what a bid is for.
func (g *Generator) AuctionOf(number int64) int64 {
	last := lastAuction(number)
	if g.draw(number, drawHot)&1 == 0 {
		return firstID + last/hotBlock*hotBlock
	}
	first := max(last-inFlight, 0)
	return firstID + first + below(g.draw(number, drawID), last-first+1+lead)
}

// Price is what a bid offers, and an auction begins with: from 100 to 100,000,000 cents, each order of magnitude as often.
func (g *Generator) Price(number int64) int64 { return price(g.draw(number, drawPrice)) }

// Reserve is below what an auction does not sell.
func (g *Generator) Reserve(number int64) int64 {
	return g.Price(number) + price(g.draw(number, drawReserve))
}

func price(draw uint64) int64 {
	u := float64(draw>>11) / (1 << 53)
	return int64(math.Floor(math.Exp(6*math.Ln10*u)*100 + 0.5))
}

// Category is that of an auction.
func (g *Generator) Category(number int64) int64 {
	return firstCategory + below(g.draw(number, drawCategory), categories)
}

// Expires is when an auction ends, in microseconds of the Unix epoch.
func (g *Generator) Expires(number int64) int64 {
	now := g.At(number)
	ahead := (g.At(number+auctionEvents) - now) / 1000
	return now + (1+below(g.draw(number, drawExpires), max(2*ahead, 1)))*1000
}
