package nodes

import (
	"fmt"
	"strconv"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// CodeLanes is the code of a `parallelism` that has no meaning.
var CodeLanes = diag.Define("FR0408", "cannot run in lanes",
	"`parallelism` runs a node in several lanes, each on rows of its own. It is for nodes that look at one row at a time: "+
		"filter, select, derive, drop, rename, explode, parse, route, lookup; for those that keep something for each key, whose "+
		"rows are shared out by key: aggregate, top, scan and match with `by`, dedupe, join; and for sources that decode in lanes. The "+
		"message says why this node is none of them.")

// maxLanes bounds how many goroutines a file can ask for at one node.
const maxLanes = 256

// laneSettings is `parallelism` as written: a number of lanes, or a map.
type laneSettings struct {
	Lanes   int64 `yaml:"lanes" short:"true" required:"true" min:"1" max:"256" doc:"In how many lanes the node runs."`
	Ordered bool  `yaml:"ordered" default:"true" doc:"Whether rows leave in the order in which they came."`
}

// readLanes decodes `parallelism`, which means something for some operations only.
func readLanes(n *spec.Node, pn *plan.Node, list *diag.List) {
	v := n.Parallelism
	if v == nil || v.Kind == spec.Null {
		return
	}
	pn.LanesAt = v.At
	var c laneSettings
	wrong := spec.Decode(v, &c, v.At, "parallelism")
	list.Add(wrong...)
	if pn.Op == nil || wrong.HasErrors() || v.Broken() {
		return
	}
	if why, instead := plan.NoLanes(pn.Op); why != "" {
		if c.Lanes > 1 || !c.Ordered {
			list.Add(diag.Diagnostic{Code: CodeLanes, At: v.At, Hint: instead,
				Message: fmt.Sprintf("%s %s: it cannot run in %s", n.Kind, why, lanesIn(c))})
		}
		return
	}
	if _, source := pn.Op.(*plan.Scan); source && !c.Ordered {
		list.Add(diag.Diagnostic{Code: CodeLanes, At: v.At,
			Message: "the lanes of a source always keep the order of its rows",
			Hint:    "parallelism: " + strconv.FormatInt(c.Lanes, 10)})
		return
	}
	pn.Parallelism, pn.Unordered = int(c.Lanes), !c.Ordered && c.Lanes > 1
}

func lanesIn(c laneSettings) string {
	if c.Lanes == 1 {
		return "lanes"
	}
	return strconv.FormatInt(c.Lanes, 10) + " lanes"
}

// lanesSchema is the JSON Schema of `parallelism`.
func lanesSchema() object {
	s := properties(spec.Keys(&laneSettings{}))
	count := object{"type": "integer", "minimum": 1, "maximum": maxLanes}
	s["properties"].(object)["lanes"] = object{"anyOf": []object{count, substitution()}, "description": "In how many lanes the node runs."}
	return object{
		"description": "In how many lanes the node runs, each on rows of its own; rows leave in the order in which they came, or those of each key do, unless ordered is false.",
		"default":     1,
		"anyOf":       []object{count, s, substitution()},
	}
}
