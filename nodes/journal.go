package nodes

import (
	"fmt"
	"path/filepath"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// CodeJournal is the code of a `journal` that cannot be.
var CodeJournal = diag.Define("FR0409", "cannot have this journal",
	"`journal` beside a source keeps what was received in a directory, until it is committed, so that a run that is killed can read it "+
		"again. It is for sources that cannot replay, each with a directory of its own.")

// journalSettings is `journal` as written, where it is no more than true.
type journalSettings struct {
	Dir      string    `yaml:"dir" doc:"Where it lies. Unless said, journal/NODE in the directory of the checkpoint."`
	MaxBytes spec.Size `yaml:"max_bytes" doc:"How much it may hold. When what is not committed fills it, nothing more is read until there is a commit." default:"1GiB" min:"1MiB"`
}

// journals reads the `journal` of all nodes.
func journals(f *spec.File, p *plan.Pipeline, list *diag.List) {
	used := map[string]*plan.Node{}
	for i, pn := range p.Nodes {
		j := journal(f, &f.Nodes[i], pn, list)
		if j == nil {
			continue
		}
		dir := filepath.Clean(j.Dir)
		if other := used[dir]; other != nil {
			list.Add(diag.Diagnostic{Code: CodeJournal, At: j.At, Message: fmt.Sprintf("%s has its journal in %s, and so has %s", pn.ID, j.Dir, other.ID),
				Hint: fmt.Sprintf("give each a directory of its own: journal: {dir: %s}", filepath.Join(j.Dir, pn.ID))})
			continue
		}
		used[dir] = pn
		pn.Op.(*plan.Scan).Journal = j
	}
}

// journal reads the `journal` of a node; nil: it has none, or a wrong one.
func journal(f *spec.File, n *spec.Node, pn *plan.Node, list *diag.List) *plan.Journal {
	v := n.Journal
	if v == nil || v.Kind == spec.Null {
		return nil
	}
	var c journalSettings
	on := true
	var found diag.List
	if v.Kind == spec.Scalar {
		if found = spec.Decode(v, &on, v.At, "journal"); !found.HasErrors() {
			_ = spec.Decode(nil, &c, v.At, "journal") // what holds where nothing is said
		}
	} else {
		found = spec.Decode(v, &c, v.At, "journal")
	}
	list.Add(found...)
	if pn.Op == nil || found.HasErrors() || v.Broken() || !on {
		return nil
	}
	wrong := func(message, hint string) *plan.Journal {
		list.Add(diag.Diagnostic{Code: CodeJournal, At: v.At, Message: message, Hint: hint})
		return nil
	}
	scan, ok := pn.Op.(*plan.Scan)
	switch {
	case !ok:
		return wrong(fmt.Sprintf("journal belongs to a source, and %s is none", n.Kind), "write it beside the source that cannot replay")
	case scan.Replays:
		return wrong(fmt.Sprintf("%s needs no journal: what it has read can be read again", n.Kind), "remove `journal`")
	}
	if c.Dir == "" {
		dir := checkpointDir(f)
		if dir == "" {
			return wrong("journal needs a directory", fmt.Sprintf("journal: {dir: state/%s}, or a `checkpoint`, beside which it then lies", n.ID))
		}
		c.Dir = filepath.Join(dir, "journal", n.ID)
	}
	return &plan.Journal{Dir: c.Dir, MaxBytes: int64(c.MaxBytes), At: v.At}
}

// checkpointDir is the directory that the file's checkpoint is in, "" where it has none.
func checkpointDir(f *spec.File) string {
	v := f.Checkpoint
	if v != nil && v.Kind == spec.Map {
		v = v.Get("dir")
	}
	if v == nil || v.Kind != spec.Scalar {
		return ""
	}
	return v.Text.Value
}

// journalSchema is the JSON Schema of `journal`.
func journalSchema() object {
	s := properties(spec.Keys(&journalSettings{}))
	return object{
		"description": "Of a source that cannot replay: keep what was received until it is committed, so that a run that is killed can read it again.",
		"anyOf":       []object{{"type": "boolean"}, s, substitution()},
	}
}
