package spec

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
)

var update = flag.Bool("update", false, "write the golden files")

// The settings that kinds have in these tests; between them they hold every type that Decode knows.
type socketConfig struct {
	Host    string            `yaml:"host" doc:"the server" default:"localhost"`
	Port    int               `yaml:"port" doc:"its port" required:"true" min:"1" max:"65535"`
	Timeout Duration          `yaml:"timeout" default:"5s" max:"10w"`
	Buffer  Size              `yaml:"buffer" default:"64KiB"`
	OnEOF   string            `yaml:"on_eof" enum:"reconnect,end" default:"reconnect"`
	Stamp   bool              `yaml:"timestamp"`
	Rate    float64           `yaml:"rate" default:"0.5" min:"0"`
	Tags    []string          `yaml:"tags" default:"a, b"`
	Start   time.Time         `yaml:"start"`
	Roll    *rollConfig       `yaml:"roll"`
	Options map[string]string `yaml:"options"`
}

type rollConfig struct {
	Every time.Duration `yaml:"every" default:"10s"`
	Size  Size          `yaml:"size" default:"128MiB"`
}

type aggregateConfig struct {
	By   Items     `yaml:"by"`
	Take Fields    `yaml:"take" required:"true"`
	Emit diag.Text `yaml:"emit" enum:"final,updates,complete" default:"updates"`
}

// configs gives a new settings value of a kind.
var configs = map[string]func() any{
	"socket":    func() any { return new(socketConfig) },
	"stdin":     func() any { return new(struct{}) },
	"console":   func() any { return new(struct{}) },
	"filter":    func() any { return new(diag.Text) },
	"limit":     func() any { return new(int64) },
	"derive":    func() any { return new(Fields) },
	"explode":   func() any { return new(Fields) },
	"select":    func() any { return new(Items) },
	"aggregate": func() any { return new(aggregateConfig) },
}

func testOptions() Options {
	env := map[string]string{"SET": "set", "PORT": "1234", "PORT_WORD": "http", "EMPTY": "", "TICK": "a`b", "HOSTILE": `" or "1" == "1`}
	o := Options{
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if path == "/secret" {
				return []byte("hush\n"), nil
			}
			return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("no such file or directory")}
		},
	}
	for k := range configs {
		o.Kinds = append(o.Kinds, k)
	}
	return o
}

// check loads a file and decodes every node.
func check(path string, src []byte, o Options) (*File, map[string]any, diag.List) {
	f, list := Load(path, src, o)
	decoded := map[string]any{}
	if f == nil {
		return nil, decoded, list
	}
	for _, n := range f.Nodes {
		if n.Kind == "" {
			continue
		}
		into := configs[n.Kind]()
		list.Add(Decode(n.Config, into, n.KindAt, n.Kind)...)
		decoded[n.ID] = into
	}
	list.Sort()
	return f, decoded, list
}

func TestWrongFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, _, list := check(name+".yaml", src, testOptions())
			if !list.HasErrors() {
				t.Error("nothing is found to be wrong")
			}
			for _, d := range list {
				if d.Hint == "" || d.Code == "" || d.At.File == "" {
					t.Errorf("no hint, code or file: %+v", d)
				}
			}
			var b bytes.Buffer
			diag.Print(&b, list, func(string) []byte { return src }, diag.PrintOptions{})
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", b.Bytes())
		})
	}
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
