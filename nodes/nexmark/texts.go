package nexmark

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
)

var (
	firstNames = [...]string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames  = [...]string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities     = [...]string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states     = [...]string{"AZ", "CA", "ID", "OR", "WA", "WY"}
	hot        = [...]string{"Google", "Facebook", "Baidu", "Apple"}
	hotURLs    = [...]string{
		"https://www.nexmark.com/googl/toke/flow/item.htm?query=1", "https://www.nexmark.com/faceb/oken/rows/item.htm?query=1",
		"https://www.nexmark.com/baidu/lanes/key/item.htm?query=1", "https://www.nexmark.com/apple/state/run/item.htm?query=1",
	}
)

// letters are what random texts are made of: a blank in about one of 13 places, else a letter.
const letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefg     "

// pathLetters are letters for parts of a URL.
const pathLetters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefg_____"

// pairs are all pairs of letters of an alphabet, the first one in the low bits of a place and of what stands there.
type pairs [64 * 64]uint16

func pairsOf(alphabet string) *pairs {
	var p pairs
	for i := range p {
		p[i] = uint16(alphabet[i&63]) | uint16(alphabet[i>>6])<<8
	}
	return &p
}

var letterPairs, pathPairs = pairsOf(letters), pairsOf(pathLetters)

// random appends n letters drawn from a stream.
func random(dst []byte, p *pairs, stream uint64, n int) []byte {
	from := len(dst)
	dst = slices.Grow(dst, n+9)[:from+n+9] // the last draw may write behind the end
	for to := dst[from:]; n > 0; n -= 10 {
		stream += 0x9E3779B97F4A7C15
		x := scramble(stream)
		binary.LittleEndian.PutUint16(to[0:], p[x&0xFFF])
		binary.LittleEndian.PutUint16(to[2:], p[x>>12&0xFFF])
		binary.LittleEndian.PutUint16(to[4:], p[x>>24&0xFFF])
		binary.LittleEndian.PutUint16(to[6:], p[x>>36&0xFFF])
		binary.LittleEndian.PutUint16(to[8:], p[x>>48&0xFFF])
		to = to[min(10, len(to)):]
	}
	return dst[:len(dst)-9]
}

// text appends from 3 to most letters.
func text(dst []byte, stream uint64, most int64) []byte {
	n := 3 + below(stream, most-3)
	from := len(dst)
	dst = random(dst, letterPairs, stream, int(n))
	// A blank at an end would be trimmed away.
	for _, i := range [2]int{from, len(dst) - 1} {
		if dst[i] == ' ' {
			dst[i] = 'x'
		}
	}
	return dst
}

func (g *Generator) name(dst []byte, number int64) []byte {
	x := g.draw(number, drawName)
	dst = append(dst, firstNames[below(x, int64(len(firstNames)))]...)
	dst = append(dst, ' ')
	return append(dst, lastNames[below(x<<16, int64(len(lastNames)))]...)
}

func (g *Generator) email(dst []byte, number int64) []byte {
	x := g.draw(number, drawEmail)
	dst = random(dst, pathPairs, x, 7)
	dst = append(dst, '@')
	return append(random(dst, pathPairs, ^x, 5), ".com"...)
}

func (g *Generator) card(dst []byte, number int64) []byte {
	x := g.draw(number, drawCard)
	for i := range 4 {
		if i > 0 {
			dst = append(dst, ' ')
		}
		part := x >> (16 * i) & 0xFFFF * 10_000 >> 16
		dst = append(dst, byte('0'+part/1000), byte('0'+part/100%10), byte('0'+part/10%10), byte('0'+part%10))
	}
	return dst
}

func (g *Generator) city(dst []byte, number int64) []byte {
	return append(dst, cities[below(g.draw(number, drawCity), int64(len(cities)))]...)
}

func (g *Generator) state(dst []byte, number int64) []byte {
	return append(dst, states[below(g.draw(number, drawState), int64(len(states)))]...)
}

func (g *Generator) item(dst []byte, number int64) []byte {
	return text(dst, g.draw(number, drawItem), 20)
}

func (g *Generator) description(dst []byte, number int64) []byte {
	return text(dst, g.draw(number, drawDescription), 100)
}

// channelOf is the channel of a bid: one of the four hot ones, or a number below channels.
func (g *Generator) channelOf(number int64) (k int64, isHot bool) {
	x := g.draw(number, drawChannelHot)
	if x&1 == 0 {
		return below(x, int64(len(hot))), true
	}
	return below(g.draw(number, drawChannel), channels), false
}

func (g *Generator) channel(dst []byte, number int64) []byte {
	k, isHot := g.channelOf(number)
	if isHot {
		return append(dst, hot[k]...)
	}
	return strconv.AppendInt(append(dst, "channel-"...), k, 10)
}

// url is that of the channel: always the same one, and of most with the channel's number turned round.
func (g *Generator) url(dst []byte, number int64) []byte {
	k, isHot := g.channelOf(number)
	if isHot {
		return append(dst, hotURLs[k]...)
	}
	stream := scramble(g.seed ^ uint64(k)*0xA0761D6478BD642F ^ drawURL)
	dst = append(dst, "https://www.nexmark.com"...)
	for i := range uint64(3) {
		dst = random(append(dst, '/'), pathPairs, stream+i, 5)
	}
	dst = append(dst, "/item.htm?query=1"...)
	if below(stream, 10) > 0 {
		id := int64(int32(bits.Reverse32(uint32(k))))
		if id < 0 {
			id = -id
		}
		dst = strconv.AppendInt(append(dst, "&channel_id="...), id, 10)
	}
	return dst
}

// extra fills an event up to about the size that its kind has: a person 200 bytes, an auction 500, a bid 100, give or take a fifth.
func (g *Generator) extra(dst []byte, number int64) []byte {
	stream := g.draw(number, drawExtra)
	fill := [...]int64{200 - 90, 500 - 130, 100 - 76}[KindOf(number)]
	size := fill*4/5 + below(stream, fill*2/5+1)
	return random(dst, letterPairs, stream, int(size))
}
