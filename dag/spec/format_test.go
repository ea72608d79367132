package spec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"levels and lists", `
nodes:
    a:
        generate:
            fields:
                  x: 1
    b:
      from:
      - a
      -   c
      select:
      -   x
      -  y: x + 1
      - - odd
`, `
nodes:
  a:
    generate:
      fields:
        x: 1
  b:
    from:
      - a
      - c
    select:
      - x
      - y: x + 1
      - - odd
`},
		{"colons, ends of lines and blank lines", "\n\nname :   x  \nnodes:   \n\n\n  a:    {socket:   {port : 1, host:  \"h\"}}\t\n\n  b:   # about b\n    filter:   x > 1   # why\n\n\n", `name: x
nodes:

  a: {socket: {port: 1, host: "h"}}

  b:   # about b
    filter: x > 1   # why
`},
		{"comments", `
# top
nodes:
     # about a
     a:
        # deep
        filter: x
        # end of a
     # about b
     b: {console: {}}
   # odd
# last
`, `
# top
nodes:
  # about a
  a:
    # deep
    filter: x
    # end of a
  # about b
  b: {console: {}}
# odd
# last
`},
		{"blocks of text", `
nodes:
    a:
        filter: >-
           x > 1
             && y   ` + `
             # no comment

           || z
        # a comment
    b:
        filter: |2
            two
           one
    c:
      derive:
         d: |+
          kept


    e: {console: {}}
`, `
nodes:
  a:
    filter: >-
      x > 1
        && y   ` + `
        # no comment

      || z
    # a comment
  b:
    filter: |2
        two
       one
  c:
    derive:
      d: |+
        kept


  e: {console: {}}
`},
		{"over several lines", `
nodes:
    a: {generate: {fields: {
        x: 1,
          y:  "a
           b"
    }}}
    b:
        filter: x > 1
            && y
    c:
        filter: 'it''s

            late'
`, `
nodes:
  a: {generate: {fields: {
      x: 1,
        y: "a
         b"
  }}}
  b:
    filter: x > 1
        && y
  c:
    filter: 'it''s

        late'
`},
		{"quotes", `
nodes:
  a:
    filter: "status == \"ok\" && a == \"\\\\d\""
  b:
    filter: "it's \"x\""
  c:
    filter: "a == \"\t\\n\""
  d: {filter: "a == \"x, y\""}
  e:
    filter: "plain"
`, `
nodes:
  a:
    filter: 'status == "ok" && a == "\\d"'
  b:
    filter: "it's \"x\""
  c:
    filter: "a == \"\t\\n\""
  d: {filter: 'a == "x, y"'}
  e:
    filter: "plain"
`},
		{"anchors and merges", `
x-base:   &base
    port:   1
nodes:
    a:
        socket:
            <<:   *base
            host: &h   h
    b: &b
        console: {}
`, `
x-base: &base
  port: 1
nodes:
  a:
    socket:
      <<: *base
      host: &h   h
  b: &b
    console: {}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Format("f.yaml", []byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimPrefix(c.want, "\n")
			if d := cmp.Diff(want, string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFormatKeepsBytesOfValues(t *testing.T) {
	for _, src := range []string{
		"nodes:\r\n    a:\r\n        filter: |\r\n            x\r\n             y\r\n",
		"\ufeffnodes:\n   a: {filter: x}",
		"---\nnodes:\n   a: {filter: '日本 == \"日本\"'}   # 日本\n...\n",
		"nodes:\n  a:\n    select:\n      -\n        x\n      -   # none\n      - {a: b}\n",
		"nodes:\n  a:\n    filter: |+\n        x\n\n\n",
		"nodes:\n  a:\n    filter: |-\n        x\n\n\n# end\n",
		"nodes:\n  a:\n    filter: \"x \\\n        y\"\n",
	} {
		checkFormat(t, "f.yaml", []byte(src), true)
	}
}

func TestFormatLeavesWhatItDoesNotUnderstand(t *testing.T) {
	for _, src := range []string{"{nodes: {a: {filter: x}}}\n", "? nodes\n: a: {filter: x}\n", "nodes:\n  ? a\n  : {filter: x}\n", "", "- a\n", "nodes: {}\n---\nnodes: {}\n"} {
		if out, err := Format("f.yaml", []byte(src)); !errors.Is(err, ErrLayout) {
			t.Errorf("%q became %q (%v)", src, out, err)
		}
	}
	_, err := Format("f.yaml", []byte("nodes:\n  a: {filter: [x}\n"))
	if list := (diag.List)(nil); !errors.As(err, &list) || !list.HasErrors() {
		t.Errorf("what is no YAML is refused with %v", err)
	}
}

// TestFormatOfEveryFile lays out every pipeline of the repository, right and wrong: the result means the same, and laying
// it out again changes nothing. Only what YAML itself refuses is left.
func TestFormatOfEveryFile(t *testing.T) {
	formatted := 0
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() || filepath.Ext(path) != ".yaml" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		right := strings.Contains(path, "/pipelines/")
		if checkFormat(t, path, src, right) {
			formatted++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if formatted < 50 {
		t.Errorf("only %d files could be laid out", formatted)
	}
}

// checkFormat reports whether a file could be laid out, which with must it has to be.
func checkFormat(t *testing.T, path string, src []byte, must bool) bool {
	t.Helper()
	once, err := Format(path, src)
	if err != nil {
		if must {
			t.Errorf("%s: %v\n%q", path, err, src)
		}
		var list diag.List
		_, loaded := Load(path, src, formatOptions())
		if !errors.As(err, &list) && !loaded.HasErrors() && src[0] != '{' {
			t.Errorf("%s is right and cannot be laid out: %v\n%s", path, err, src)
		}
		return false
	}
	if !sameFile(path, src, once) {
		t.Errorf("%s means something else now:\n%s", path, once)
	}
	twice, err := Format(path, once)
	if err != nil || string(twice) != string(once) {
		t.Errorf("%s changes a second time (%v):\n%s", path, err, cmp.Diff(string(once), string(twice)))
	}
	return true
}

// FuzzFormat holds that laying out never panics, keeps the meaning, and has nothing left to do the second time.
func FuzzFormat(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/wrong/*.yaml", "../../pipelines/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<12 {
			return
		}
		once, err := Format("f.yaml", src)
		if err != nil {
			return
		}
		if !sameFile("f.yaml", src, once) {
			t.Errorf("%q became %q", src, once)
		}
		twice, err := Format("f.yaml", once)
		if err != nil || string(twice) != string(once) {
			t.Errorf("%q\nbecame %q\nand then %q (%v)", src, once, twice, err)
		}
	})
}
