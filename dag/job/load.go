package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// Options are how a file is loaded.
type Options struct {
	Env func(name string) (string, bool) // environment variables; nil: os.LookupEnv
	Set []string                         // overrides "nodes.lines.socket.port=1101"

	Inputless bool // what a source reads need not be there, and nothing is written: something else stands in for the ends
}

// Job is a pipeline file that has been read: its text, for messages, and its plan.
type Job struct {
	Path   string
	Source []byte
	File   *spec.File     // as written; nil when it could not be read at all
	Plan   *plan.Pipeline // nil when there were errors
	Diags  diag.List      // sorted; warnings too

	secrets *diag.Secrets
}

// SourceOf gives the text of a file that a diagnostic names, its secrets covered; diag.Print asks for it.
func (j *Job) SourceOf(file string) []byte {
	if file == j.Path {
		return j.secrets.Cover(j.Source)
	}
	return nil
}

// Load reads, lowers, binds and rewrites a pipeline file. The error is that of reading the file; everything that is wrong in it is
// in Diags.
func Load(ctx context.Context, path string, o Options) (*Job, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(ctx, path, src, o), nil
}

// Parse is Load for a text that is at hand; path names it in messages.
func Parse(ctx context.Context, path string, src []byte, o Options) *Job {
	j := &Job{Path: path, Source: src}
	env := o.Env
	if env == nil {
		env = os.LookupEnv
	}
	file, list := spec.Load(path, src, spec.Options{Kinds: nodes.Names(), Env: env, ReadFile: os.ReadFile, Set: o.Set})
	j.File = file
	j.Diags.Add(list...)
	if file != nil {
		j.secrets = file.Secrets
		p, list := Lower(ctx, file, o)
		j.Diags.Add(list...)
		j.Diags.Add(plan.Bind(p)...)
		j.Diags.Add(checkFormats(p)...)
		if !o.Inputless && !j.Diags.HasErrors() {
			j.Diags.Add(nodes.Check(ctx, file, p)...)
		}
		if !j.Diags.HasErrors() {
			plan.Rewrite(p)
			j.Plan = p
		}
	}
	j.secrets.MaskList(j.Diags)
	j.Diags.Sort()
	return j
}

// Lower is [nodes.Lower] for a file as it is loaded. With Inputless it is no mistake that there is nothing to read, unless a
// node cannot be known without it.
func Lower(ctx context.Context, file *spec.File, o Options) (*plan.Pipeline, diag.List) {
	p, list := nodes.Lower(ctx, file)
	if o.Inputless && !slices.ContainsFunc(p.Nodes, func(n *plan.Node) bool { return n.Op == nil }) {
		list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Code == nodes.CodeInput })
	}
	return p, list
}

// checkFormats reports sinks whose format cannot write what comes in. Sources have been checked when they were lowered.
func checkFormats(p *plan.Pipeline) diag.List {
	var list diag.List
	for _, n := range p.Nodes {
		w, ok := n.Op.(*plan.Write)
		if !ok || w.Format.Name == "" || w.Schema == nil {
			continue
		}
		if err := codec.Check(w.Format.Name, w.Schema, true); err != nil {
			d := diag.Diagnostic{Code: nodes.CodeFormat, At: w.Format.At, Message: fmt.Sprintf("%s: %v", n.ID, err)}
			if p := (*codec.Problem)(nil); errors.As(err, &p) {
				d.Message, d.Hint = n.ID+": "+p.Message, p.Hint
			}
			list.Add(d)
		}
	}
	return list
}
