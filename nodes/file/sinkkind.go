package file

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// SinkConfig is the settings of files that are written.
type SinkConfig struct {
	Path        string        `yaml:"path" doc:"with an extension one file, which shows at the end of the run; otherwise a directory of parts" required:"true"`
	Compression string        `yaml:"compression" doc:"how to pack; auto goes by .gz and .zst at the end of path, and packs no parts" enum:"auto,gzip,zstd,none" default:"auto"`
	Roll        Roll          `yaml:"roll" doc:"when a part of a directory is done and shows, with a checkpoint at the commit of its rows; at whichever comes first"`
	Retry       spec.Duration `yaml:"retry_for" doc:"how long to try again while there is no room on the disk, it may not be written, or files cannot be opened, before the run ends" default:"5m" min:"0s"`
}

// Roll is when a part is done.
type Roll struct {
	Every spec.Duration `yaml:"every" doc:"this long after its first row; unless said, 10s below a live source, and never otherwise" min:"1ms"`
	Size  spec.Size     `yaml:"size" doc:"as soon as it is this large, as it lies on the disk" default:"128MiB" min:"1"`
}

// liveRoll is Roll.Every below a source without an end, where nothing is said.
const liveRoll = 10 * time.Second

func init() {
	nodes.Register(nodes.Kind[SinkConfig]{
		Name: "file", Role: nodes.Sink, Doc: doc,
		Write: write,
		Sink:  func(c SinkConfig, w *plan.Write) (op.Sink, error) { return newSink(c, w), nil },
	})
}

func write(b *nodes.Builder, c SinkConfig) *plan.Write {
	f := b.FileFormat(filepath.Ext(unpacked(c.Path)), writtenFormat(c.Path), codec.FileFormats()...)
	w := &plan.Write{Format: f, Detail: c.Path, Transactional: true}
	if c.Path == "" {
		b.Wrong("path", "path is empty", "file: {path: out/hot}")
		return nil
	}
	if columnar.Knows(f.Name) && !unpackedTable(b, c.Compression, c.Path, f.Name) {
		return nil
	}
	info, err := os.Stat(filepath.Clean(c.Path))
	there := err == nil
	if !c.single() {
		if there && !info.IsDir() {
			b.Wrong("path", fmt.Sprintf("%s is a file, and a path without an extension is a directory of parts", c.Path),
				"name a directory, or give the file an extension: path: "+c.Path+".jsonl")
			return nil
		}
		return w
	}
	switch {
	case there && info.IsDir():
		b.Wrong("path", fmt.Sprintf("%s is a directory, and a path with an extension is one file", c.Path),
			"end it with a slash to write parts into it: path: "+c.Path+"/")
		return nil
	case there && !info.Mode().IsRegular():
		b.Wrong("path", fmt.Sprintf("%s is no regular file, and could not be replaced at the end", c.Path), "`stdout` writes to a pipe")
		return nil
	case b.Node.Config.Get("roll") != nil:
		b.Wrong("roll", fmt.Sprintf("%s is one file, which is never rolled", c.Path), "remove `roll`, or name a directory: path: "+c.directory())
		return nil
	}
	w.AtEnd = &plan.AtEnd{At: b.Setting("path"),
		Message: fmt.Sprintf("%s is one file, which shows at the end of the input", c.Path),
		Hint:    "name a directory, into which finished parts are put every 10s: path: " + c.directory()}
	return w
}

// single reports whether the path is one file, not a directory of parts.
func (c SinkConfig) single() bool {
	return filepath.Ext(c.Path) != "" && !os.IsPathSeparator(c.Path[len(c.Path)-1])
}

// directory is what a directory could be called instead of the file.
func (c SinkConfig) directory() string {
	path := unpacked(c.Path)
	return strings.TrimSuffix(path, filepath.Ext(path)) + "/"
}

// writtenFormat is the format that the name of a file tells; json where it tells none.
func writtenFormat(path string) string {
	ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(unpacked(path)), "."))
	if ext == "tsv" {
		return "csv"
	}
	if arrowExtensions[ext] {
		return "arrow"
	}
	if ext != "text" && slices.Contains(codec.FileFormats(), ext) {
		return ext
	}
	return "json"
}

// partExtension is what the names of parts end in.
func partExtension(format string) string {
	switch format {
	case "json":
		return ".jsonl"
	case "text":
		return ".txt"
	}
	return "." + format
}
