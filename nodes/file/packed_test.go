package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/op/optest"
)

// pack is text as one member or frame.
func pack(t *testing.T, how compression, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := how.writer(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, path string, parts ...[]byte) string {
	t.Helper()
	if err := os.WriteFile(path, slices.Concat(parts...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadsCompressed(t *testing.T) { inLanes(t, readsCompressed) }

func readsCompressed(t *testing.T) {
	for _, how := range []compression{gz, zst} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "a.log"+how.extension()), pack(t, how, "one\ntw"), pack(t, how, ""), pack(t, how, "o\nthree"))
		put(t, filepath.Join(dir, "b.log"), []byte("plain\n"))
		put(t, filepath.Join(dir, "c.log"+how.extension()))
		rt := lent(t)
		rt.Rows = 1
		s := open(t, rt, dir, nil)
		if rows := optest.Take(t.Context(), t, s, nil).Column(0); !slices.Equal(rows, []string{"one", "two", "three", "plain"}) {
			t.Errorf("%s: rows %q", how, rows)
		}
	}
}

func TestDamagedCompression(t *testing.T) { inLanes(t, damagedCompression) }

func damagedCompression(t *testing.T) {
	var text strings.Builder
	for i := range 200_000 {
		fmt.Fprintln(&text, i*7919%1000003)
	}
	for _, how := range []compression{gz, zst} {
		whole := pack(t, how, text.String())
		wrong := bytes.Clone(whole)
		if wrong[len(wrong)-1] ^= 0xff; how == gz {
			wrong[len(wrong)-8] ^= 0xff // the checksum is followed by the length
		}
		for name, c := range map[string]struct {
			data []byte
			rows bool
			want string
		}{
			"cut off": {whole[:len(whole)*3/4], true, "data is cut off"},
			"damaged": {wrong, true, "data is damaged: the checksum is wrong"},
			"none":    {[]byte("just text\n"), false, "it is no " + string(how) + " data"},
		} {
			path := put(t, filepath.Join(t.TempDir(), "a"+how.extension()), c.data)
			s := open(t, lent(t), path, nil)
			var got optest.Taken
			var err error
			for err == nil {
				b, _, e := s.Read(t.Context())
				got.Add(b)
				err = e
			}
			if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, %s: %v, want %q and the path", how, name, err, c.want)
			}
			if (len(got.Rows) > 0) != c.rows {
				t.Errorf("%s, %s: %d rows before the damage", how, name, len(got.Rows))
			}
		}
	}
}

// A run over several files that goes on at any position brings exactly what was left, also of compressed files.
func TestGoesOnInEveryFile(t *testing.T) { inLanes(t, goesOnInEveryFile) }

func goesOnInEveryFile(t *testing.T) {
	dir := t.TempDir()
	var want []string
	text := func(file string) string {
		var b strings.Builder
		for i := range 7 {
			line := fmt.Sprintf("%s %d", file, i)
			want = append(want, line)
			fmt.Fprintln(&b, line)
		}
		return b.String()
	}
	put(t, filepath.Join(dir, "1.log"), []byte(text("plain")))
	put(t, filepath.Join(dir, "2.log.gz"), pack(t, gz, text("gzip")))
	put(t, filepath.Join(dir, "3.log.zst"), pack(t, zst, text("zstd")))
	put(t, filepath.Join(dir, "4.log"), []byte(text("last")))
	for stop := range 20 {
		rt := lent(t)
		rt.Rows, rt.Bytes = 2, 16
		first := optest.Take(t.Context(), t, open(t, rt, dir, nil), func(got *optest.Taken) bool { return got.Batches >= stop })
		var from []byte
		var rows []string
		if stop > 0 {
			from, _ = first.Last.AppendBinary(nil)
			rows = first.Column(0)
		}
		rows = append(rows, optest.Take(t.Context(), t, open(t, rt, dir, from), nil).Column(0)...)
		if !slices.Equal(rows, want) {
			t.Fatalf("stopped after %d batches: rows %q", stop, rows)
		}
	}
}

// What was read to its end is not even opened again.
func TestAReadCompressedFileStaysClosed(t *testing.T) { inLanes(t, aReadCompressedFileStaysClosed) }

func aReadCompressedFileStaysClosed(t *testing.T) {
	path := put(t, filepath.Join(t.TempDir(), "a.gz"), pack(t, gz, "one\n"))
	s := open(t, lent(t), path, nil)
	optest.Take(t.Context(), t, s, nil)
	from, err := s.pos.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, lent(t), path, from)
	if got := optest.Take(t.Context(), t, again, nil); len(got.Rows) != 0 || again.BytesRead() != 0 {
		t.Errorf("rows %q, %d bytes read", got.Rows, again.BytesRead())
	}
	// What is appended to it is new.
	put(t, path, pack(t, gz, "one\n"), pack(t, gz, "two\n"))
	if rows := optest.Take(t.Context(), t, open(t, lent(t), path, from), nil).Column(0); !slices.Equal(rows, []string{"two"}) {
		t.Errorf("rows %q", rows)
	}
}

func TestReadsAThousandFilesOnce(t *testing.T) { inLanes(t, readsAThousandFilesOnce) }

func readsAThousandFilesOnce(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 1000 {
		put(t, filepath.Join(dir, fmt.Sprintf("%04d", i)), []byte(fmt.Sprintln("file", i)))
		want = append(want, fmt.Sprint("file ", i))
	}
	// Another name of the same file is no other file.
	if err := os.Link(filepath.Join(dir, "0000"), filepath.Join(dir, "zero")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if rows := optest.Take(t.Context(), t, open(t, lent(t), dir, nil), nil).Column(0); !slices.Equal(rows, want) {
		t.Errorf("%d rows", len(rows))
	}
}
