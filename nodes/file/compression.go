package file

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is how the bytes of a file are packed: one of the words of the setting, but auto.
type compression string

const (
	plain compression = "none"
	gz    compression = "gzip"
	zst   compression = "zstd"
)

// compressionOf is the compression of one file: as set, or where that says auto, as the name tells.
func compressionOf(setting, path string) compression {
	if setting != "auto" {
		return compression(setting)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz", ".gzip":
		return gz
	case ".zst", ".zstd":
		return zst
	}
	return plain
}

// extension is what the names of files packed so end in.
func (c compression) extension() string {
	switch c {
	case gz:
		return ".gz"
	case zst:
		return ".zst"
	}
	return ""
}

// unpacked is a path without the extension that tells its compression.
func unpacked(path string) string {
	if compressionOf("auto", path) != plain {
		return strings.TrimSuffix(path, filepath.Ext(path))
	}
	return path
}

// maxWindow is how much a zstd frame may ask the reader to remember.
const maxWindow = 128 << 20

// reader unpacks r, all members or frames of it, on the goroutine that reads. close gives back what it took, not r.
func (c compression) reader(r io.Reader) (unpack io.Reader, close func(), err error) {
	switch c {
	case gz:
		z, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) {
			return strings.NewReader(""), func() {}, nil // an empty file holds no member
		}
		return z, func() {}, err
	case zst:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// writer packs what is written into w; its Close ends the data and does not close w.
func (c compression) writer(w io.Writer) (io.WriteCloser, error) {
	switch c {
	case gz:
		return gzip.NewWriter(w), nil
	case zst:
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	return unpackedWriter{w}, nil
}

type unpackedWriter struct{ io.Writer }

func (unpackedWriter) Close() error { return nil }

// damage says what is wrong with the packed data of a file.
func (c compression) damage(err error) error {
	switch {
	case c == plain:
		return reason(err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("its %s data is cut off", c)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return fmt.Errorf("it is no %s data, or something follows it that is none", c)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return fmt.Errorf("its %s data is damaged: the checksum is wrong", c)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrWindowSizeTooSmall):
		return fmt.Errorf("its zstd data needs a window of more than %d MiB", maxWindow>>20)
	}
	return reason(err)
}
