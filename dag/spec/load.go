package spec

import "flowrun/dag/diag"

// Options is what Load needs to know of the world around the file.
type Options struct {
	// Kinds are the known kind names, to tell an unknown kind from a misspelt common key and to suggest.
	Kinds []string
	// Env looks up an environment variable; nil: there are none.
	Env func(name string) (string, bool)
	// ReadFile reads ${file:...}; nil: refused.
	ReadFile func(path string) ([]byte, error)
	// Set holds overrides "a.b=c" of leaves, in order.
	Set []string
}

// Load reads a pipeline file. It returns all that it could understand, nil only when nothing could be, and every
// diagnostic that it found.
func Load(path string, src []byte, o Options) (*File, diag.List) { return load(path, src, o) }

// Decode reads v into the struct (or other type) that into points to, strictly: unknown keys, wrong types, missing
// required keys and values outside an enum are diagnostics. Struct tags: `yaml:"key"`, `doc:"..."`, `default:"..."`,
// `enum:"a,b"`, `required:"true"`. where is the place to blame when v is nil; what names the thing in messages ("socket").
func Decode(v *Value, into any, where diag.Span, what string) diag.List {
	return decode(v, into, where, what)
}
