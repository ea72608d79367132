package codec

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// keys are those that an object was seen to have, or declares: each knows its field and has a guess of the key that follows
// it, which is the one that did last time. A guess that holds costs two comparisons of words; where none does the key is
// found by its hash.
type keys struct {
	start key    // stands before the first key
	all   []*key // by hash; nil: free
	room  int    // how many more may be remembered
}

// key is one of them.
type key struct {
	text  string // as it stands between the quotes of a record
	field *reader
	next  *key // never nil; the guess of the one behind it

	// The key as it stands in a record, with its quotes and colon: what the first two words hold of it, and the rest.
	words [2]uint64
	masks [2]uint64
	rest  string
	size  int
}

const (
	// maxOtherKeys is how many keys that are not declared an object remembers, and maxKeyBytes how long they may be.
	maxOtherKeys = 256
	maxKeyBytes  = 64
)

// noKey is the guess where there is none: it begins with no quote.
var noKey = &key{masks: [2]uint64{0xff}}

func init() { noKey.next = noKey }

// newKeys makes the keys of declared fields. Until something was seen the guess is the declared order.
func newKeys(fields []*reader, names []string) keys {
	k := keys{start: key{next: noKey}, room: len(fields) + maxOtherKeys}
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
	k := &key{text: name, field: field, next: noKey}
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
	s.all[s.slot(name)] = k
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

// find returns a key among those remembered; a new one is remembered if there is room. nil: it is none of ours.
func (s *keys) find(name []byte) *key {
	text := unsafe.String(unsafe.SliceData(name), len(name))
	if k := s.all[s.slot(text)]; k != nil {
		return k
	}
	if s.room == 0 || len(name) > maxKeyBytes {
		return nil
	}
	return s.add(string(name), nil)
}

// hash reads every byte of a name.
func hash(name string) uint32 {
	b := asBytes(name)
	n := len(b)
	h := uint64(n)
	switch {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			h = mix(h ^ word(b[i:]))
		}
		h ^= word(b[n-8:])
	case n >= 4:
		h ^= uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		h ^= uint64(b[0])<<32 | uint64(b[n/2])<<16 | uint64(b[n-1])<<8
	}
	return uint32(mix(h) >> 32)
}

func mix(h uint64) uint64 {
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// slot is where a key is, or where it belongs. At most half of the table is used.
func (s *keys) slot(name string) int {
	mask := len(s.all) - 1
	for at := int(hash(name)) & mask; ; at = (at + 1) & mask {
		if k := s.all[at]; k == nil || k.text == name {
			return at
		}
	}
}
