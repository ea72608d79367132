package codec

import (
	"math"
	"math/bits"
)

// keys are those that an object was seen to have, or declares: each knows its field and has a guess of the key that follows
// it, which is the one that did last time. A guess that holds costs two comparisons of words; where none does, a key is found
// by its hash.
type keys struct {
	start    key    // stands before the first key
	other    reader // the field of keys that are not declared
	all      []*key // by hash; nil: free
	room     int    // how many more may be remembered
	missed   int    // of the object in hand: keys that were not guessed
	shuffled bool   // of the last object most keys were not guessed: guessing costs more than it brings
}

// key is one of them.
type key struct {
	field *reader
	next  *key // never nil; the guess of the one behind it
	size  int  // of the key as it stands in a record, with its quotes and colon; 0: it needs escapes there

	// The key as it stands in a record: what the first two words hold of it, and the rest.
	words [2]uint64
	masks [2]uint64
	rest  string

	text string
	head head
}

const (
	// maxOtherKeys is how many keys that are not declared an object remembers, and maxKeyBytes how long they may be.
	maxOtherKeys = 256
	maxKeyBytes  = 64
)

// noKey is the guess where there is none: it begins with no quote.
var noKey = &key{masks: [2]uint64{0xff}}

func init() { noKey.next = noKey }

// head is a name as far as two words hold it, with zeros behind it, and its length.
type head struct {
	first, second uint64
	size          int
}

func headOf(name string) head {
	var first [16]byte
	copy(first[:], name)
	return head{word(first[:]), word(first[8:]), len(name)}
}

// hash is where to look for a name. Names that differ behind the sixteenth byte only share it.
func (h *head) hash() uint64 {
	x := h.first*0x9e3779b97f4a7c15 ^ bits.RotateLeft64(h.second+uint64(h.size), 32)*0xff51afd7ed558ccd
	return x ^ x>>32
}

// newKeys makes the keys of declared fields. Until something was seen the guess is the declared order.
func newKeys(fields []*reader, names []string) keys {
	k := keys{start: key{next: noKey}, other: reader{most: math.MaxUint64}, room: len(fields) + maxOtherKeys}
	k.all = make([]*key, 1<<bits.Len(uint(2*k.room)))
	last := &k.start
	for i, name := range names {
		next := k.add(name, fields[i])
		if next.size > 0 {
			last.next, last = next, next
		}
	}
	return k
}

// add remembers a key.
func (s *keys) add(name string, field *reader) *key {
	k := &key{text: name, field: field, next: noKey, head: headOf(name)}
	padded := make([]byte, len(name)+margin)
	padded[copy(padded, name)] = '"'
	if plain(padded, 0) == len(name) { // else no record has it as it is
		whole := `"` + name + `":`
		k.size = len(whole)
		for i := range k.words {
			if n := min(len(whole), 8); n > 0 {
				var piece [8]byte
				copy(piece[:], whole[:n])
				k.words[i], k.masks[i] = word(piece[:]), 1<<(8*uint(n))-1
				whole = whole[n:]
			}
		}
		k.rest = whole
	}
	s.all[s.slot(name, &k.head)] = k
	s.room--
	return k
}

// at reports whether the key, its quotes and a colon stand at i, where a quote is known to stand.
func (k *key) at(b []byte, i int) bool {
	if (load(b, i)^k.words[0])&k.masks[0]|(load(b, i+8)^k.words[1])&k.masks[1] != 0 {
		return false
	}
	return k.rest == "" || len(b)-i > k.size && string(b[i+16:i+k.size]) == k.rest
}

// short returns the key of up to fifteen bytes that stands at i, where a quote is known to stand, and the place behind its
// colon; nil: it is not known, or written in another way. The place does not wait for the key to be found.
func (s *keys) short(b []byte, i int) (*key, int) {
	h := head{first: load(b, i+1)}
	if m := special(h.first); m != 0 {
		h.size = bits.TrailingZeros64(m) >> 3
		h.first &= 1<<(8*h.size) - 1
	} else {
		h.second = load(b, i+9)
		n := bits.TrailingZeros64(special(h.second)) >> 3
		if n == 8 {
			return nil, i
		}
		h.size = 8 + n
		h.second &= 1<<(8*n) - 1
	}
	if b[i+1+h.size] != '"' || b[i+2+h.size] != ':' {
		return nil, i
	}
	for at := h.hash(); ; at++ {
		if k := s.all[at&uint64(len(s.all)-1)]; k == nil || k.head == h {
			return k, i + h.size + 3
		}
	}
}

// find returns a key among those remembered; a new one is remembered if there is room. nil: it is none of ours.
func (s *keys) find(name []byte) *key {
	text := asString(name)
	h := headOf(text)
	if k := s.all[s.slot(text, &h)]; k != nil {
		return k
	}
	if s.room == 0 || len(name) > maxKeyBytes {
		return nil
	}
	return s.add(string(name), &s.other)
}

// slot is where a key is, or where it belongs. At most half of the table is used.
func (s *keys) slot(name string, h *head) uint64 {
	mask := uint64(len(s.all) - 1)
	for at := h.hash() & mask; ; at = (at + 1) & mask {
		if k := s.all[at]; k == nil || k.text == name {
			return at
		}
	}
}
