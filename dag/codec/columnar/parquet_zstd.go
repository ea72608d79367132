package columnar

import (
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// The library's own zstd remembers 8 MiB behind each page, of which the largest has a sixteenth, in an encoder for every
// processor; and when it unpacks, it makes room for as much as a damaged page claims to hold. Its place is taken for good.
func init() { compress.RegisterCodec(compress.Codecs.Zstd, zstdPages{}) }

// zstdPages packs and unpacks pages.
type zstdPages struct{}

var zstdEncoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithZeroFrames(true), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(2*pageBytes))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
}}

var zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(uint64(parquet.DefaultMaxUncompressedPageSize)))
	if err != nil {
		panic(err) // the options are wrong
	}
	return d
})

func (zstdPages) Encode(dst, src []byte) []byte {
	e := zstdEncoders.Get().(*zstd.Encoder)
	defer zstdEncoders.Put(e)
	return e.EncodeAll(src, dst[:0])
}

// EncodeLevel has one level.
func (z zstdPages) EncodeLevel(dst, src []byte, _ int) []byte { return z.Encode(dst, src) }

func (zstdPages) CompressBound(n int64) int64 { return n + n>>7 + 64 }

func (zstdPages) Decode(dst, src []byte) []byte {
	out, err := zstdPages{}.DecodeWithError(dst, src)
	if err != nil {
		panic(err)
	}
	return out
}

func (zstdPages) DecodeWithError(dst, src []byte) ([]byte, error) {
	return zstdDecoder().DecodeAll(src, dst[:0])
}

func (zstdPages) NewReader(r io.Reader) io.ReadCloser {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(parquet.DefaultMaxUncompressedPageSize)))
	if err != nil {
		panic(err) // the options are wrong
	}
	return d.IOReadCloser()
}

func (zstdPages) NewWriter(w io.Writer) io.WriteCloser {
	e, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
}

func (z zstdPages) NewWriterLevel(w io.Writer, _ int) (io.WriteCloser, error) {
	return z.NewWriter(w), nil
}
