package columnar

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// What Arrow says of itself is in flatbuffers, which the library takes at their word: it makes room for as many fields as a
// number says before it looks for the first. So such numbers are held against the bytes that are there. What else is wrong
// makes the library fail, or panic, which is caught.

// Slots of Arrow's tables, by which flatbuffers find their parts.
const (
	messageHeaderType, messageHeader                     = 6, 8
	messageBody, messageMetadata                         = 10, 12
	schemaFields, schemaMetadata                         = 6, 8
	fieldChildren, fieldMetadata                         = 14, 16
	footerSchema, footerDictionaries, footerBatches      = 6, 8, 10
	dictionaryData                                       = 6
	batchBuffers, batchVariadic                          = 8, 12
	schemaHeader, dictionaryHeader, recordBatchHeader    = 1, 2, 3
	blockSize, blockMetadata, keyValueSize, continuation = 24, 8, 4, 0xFFFFFFFF
)

var errCounts = errors.New("a count is larger than what there is of it")

// vector gives where the elements of a vector of a table begin, and how many there are: no more than fit into the buffer.
func vector(t *flatbuffers.Table, slot flatbuffers.VOffsetT, size int) (start flatbuffers.UOffsetT, n int, err error) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return 0, 0, nil
	}
	start, n = t.Vector(o), t.VectorLen(o)
	if n < 0 || int64(start)+int64(n)*int64(size) > int64(len(t.Bytes)) {
		return 0, 0, errCounts
	}
	return start, n, nil
}

// sub is a table that is a part of t; false: there is none.
func sub(t *flatbuffers.Table, slot flatbuffers.VOffsetT) (flatbuffers.Table, bool) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return flatbuffers.Table{}, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Pos + o)}, true
}

func root(b []byte) flatbuffers.Table {
	return flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
}

// maxFields bounds how many fields a schema may have, nested ones counted.
const maxFields = 1 << 20

func checkSchema(t *flatbuffers.Table) error {
	if _, _, err := vector(t, schemaMetadata, keyValueSize); err != nil {
		return err
	}
	budget := maxFields
	return checkFields(t, schemaFields, 0, &budget)
}

func checkFields(t *flatbuffers.Table, slot flatbuffers.VOffsetT, depth int, budget *int) error {
	start, n, err := vector(t, slot, flatbuffers.SizeUOffsetT)
	if err != nil {
		return err
	}
	if *budget -= n; *budget < 0 || depth > maxDepth {
		return errors.New("the schema has too many fields")
	}
	for i := range n {
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(i)*flatbuffers.SizeUOffsetT)}
		if _, _, err := vector(&field, fieldMetadata, keyValueSize); err != nil {
			return err
		}
		if err := checkFields(&field, fieldChildren, depth+1, budget); err != nil {
			return err
		}
	}
	return nil
}

// checkMessage checks the metadata of a message, which stands behind its length.
func checkMessage(b []byte) error {
	if len(b) < 8 {
		return io.ErrUnexpectedEOF
	}
	if binary.LittleEndian.Uint32(b) == continuation {
		b = b[4:]
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n < 4 || n > int64(len(b)) {
		return fmt.Errorf("a message of %d bytes is cut off", n)
	}
	m := root(b[:n])
	if _, _, err := vector(&m, messageMetadata, keyValueSize); err != nil {
		return err
	}
	header, ok := sub(&m, messageHeader)
	if !ok {
		return errors.New("a message has no header")
	}
	switch m.GetByteSlot(messageHeaderType, 0) {
	case schemaHeader:
		if m.GetInt64Slot(messageBody, 0) != 0 {
			return errors.New("a schema has no body")
		}
		return checkSchema(&header)
	case dictionaryHeader:
		if header, ok = sub(&header, dictionaryData); !ok {
			return errors.New("a dictionary has no values")
		}
	case recordBatchHeader:
	default:
		return errors.New("a message of an unknown kind")
	}
	return checkBatch(&header)
}

func checkBatch(t *flatbuffers.Table) error {
	_, buffers, err := vector(t, batchBuffers, 16)
	if err != nil {
		return err
	}
	start, n, err := vector(t, batchVariadic, 8)
	if err != nil {
		return err
	}
	left := int64(buffers)
	for i := range n {
		v := t.GetInt64(start + flatbuffers.UOffsetT(i)*8)
		if v < 0 || v > left {
			return errCounts
		}
		left -= v
	}
	return nil
}

// block is where a message stands in a file.
type block struct{ at, size int64 }

// checkFooter checks the footer of an Arrow file and the dictionaries that it points to, and finds the batches.
func checkFooter(r *io.SectionReader) ([]block, error) {
	tail := int64(4 + len(arrowMagic))
	if r.Size() < 2*tail {
		return nil, fmt.Errorf("it has only %d bytes", r.Size())
	}
	end, err := piece(r, block{r.Size() - tail, tail})
	if err != nil {
		return nil, err
	}
	if string(end[4:]) != string(arrowMagic) {
		return nil, errors.New("its end is missing")
	}
	size := int64(binary.LittleEndian.Uint32(end))
	b, err := piece(r, block{r.Size() - tail - size, size})
	if err != nil {
		return nil, err
	}
	footer := root(b)
	s, ok := sub(&footer, footerSchema)
	if !ok {
		return nil, errors.New("it has no schema")
	}
	if err := checkSchema(&s); err != nil {
		return nil, err
	}
	dictionaries, err := blocks(&footer, footerDictionaries)
	if err != nil {
		return nil, err
	}
	for _, d := range dictionaries {
		if err := checkBlock(r, d); err != nil {
			return nil, err
		}
	}
	return blocks(&footer, footerBatches)
}

func blocks(footer *flatbuffers.Table, slot flatbuffers.VOffsetT) ([]block, error) {
	start, n, err := vector(footer, slot, blockSize)
	if err != nil {
		return nil, err
	}
	all := make([]block, n)
	for i := range all {
		at := start + flatbuffers.UOffsetT(i)*blockSize
		all[i] = block{footer.GetInt64(at), int64(footer.GetInt32(at + blockMetadata))}
	}
	return all, nil
}

func checkBlock(r *io.SectionReader, b block) error {
	m, err := piece(r, b)
	if err != nil {
		return err
	}
	return checkMessage(m)
}

// piece reads a piece of a file.
func piece(r *io.SectionReader, b block) ([]byte, error) {
	if b.at < 0 || b.size < 4 || b.at > r.Size()-b.size {
		return nil, fmt.Errorf("it points to %d bytes at %d, and has %d", b.size, b.at, r.Size())
	}
	p := make([]byte, b.size)
	_, err := r.ReadAt(p, b.at)
	return p, err
}

// checkStoredSchema checks the Arrow schema that a Parquet file may hold, as text.
func checkStoredSchema(text string) error {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return err
		}
	}
	return checkMessage(b)
}
