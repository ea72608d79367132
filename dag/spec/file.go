package spec

import "flowrun/dag/diag"

// File is a pipeline file as written: names and settings with their places, nothing bound yet.
type File struct {
	Path        string
	Source      []byte
	Name        diag.Text // the file's base name where it says none
	Description string
	Trigger     *Value // nil: not said
	Checkpoint  *Value
	Tests       *Value
	Nodes       []Node // in file order
	// Secrets are the values of ${file:...} and of environment variables whose names say that they are secret.
	Secrets *diag.Secrets
}

// Node is one entry of `nodes`.
type Node struct {
	ID          string
	At          diag.Span // of the name
	Kind        string    // "" when there is none or several; a diagnostic says so
	KindAt      diag.Span
	Config      *Value // what stands behind the kind key
	From        []Ref  // what it reads
	FromAt      diag.Span
	Format      *Value
	Schema      *Value
	EventTime   *Value
	Journal     *Value
	OnError     *Value
	Parallelism *Value
	Description string
}

// Ref names an output of a node: "readings" is the main one, "readings.rejected" another.
type Ref struct {
	Node   string
	Output string
	At     diag.Span
}
