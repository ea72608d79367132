package main

import (
	"fmt"
	"os"

	"flowrun/dag/plan"
)

// dashboard decides whether the run is shown live: where stdout and stdin are terminals; where the pipeline reads a piped
// stdin, keys come from the terminal itself.
func (f *runFlags) dashboard(std streams, p *plan.Pipeline) (bool, error) {
	switch {
	case f.noTUI:
		return false, nil
	case !isTerminal(std.out) || os.Getenv("TERM") == "dumb":
		if f.tui {
			return false, environment(fmt.Errorf("--tui: stdout is no terminal that a dashboard can be drawn on"))
		}
		return false, nil
	}
	return f.tui || isTerminal(std.in) || readsStdin(p), nil
}

func readsStdin(p *plan.Pipeline) bool {
	for _, n := range p.Nodes {
		if s, ok := n.Op.(*plan.Scan); ok && s.Kind == "stdin" {
			return true
		}
	}
	return false
}
