package job

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowrun/dag/checkpoint"
	"flowrun/dag/plan"
)

// What becomes of the stored state of a node.
type What string

// The answers. Refused is state that would be discarded, and nobody said that it may.
const (
	Kept      What = "kept"
	Migrated  What = "migrated"
	Discarded What = "discarded"
	New       What = "new"
	Refused   What = "refused"
)

// Change is what a file does to what is stored of a node.
type Change struct {
	Node string
	What What
	Why  string // "" where there is nothing to say
	// Unmarked: of a source the position is kept, and its watermarks are not.
	Unmarked bool
}

// String is the change on a line.
func (c Change) String() string {
	s := fmt.Sprintf("%s: %s", c.Node, c.What)
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s
}

// Changes compares a plan with a point that a run of an earlier version of the file stored: nodes in file order, then those that
// the file has no longer, by name. Nodes of which nothing is stored, before and after, are left out. reset names nodes whose state
// may be discarded, which the point has to know.
func Changes(p *plan.Pipeline, point *checkpoint.Point, reset []string) ([]Change, error) {
	for _, name := range reset {
		if _, ok := point.Nodes[name]; !ok {
			return nil, fmt.Errorf("--reset %s: the checkpoint knows no such node; it has %s", name, strings.Join(slices.Sorted(maps.Keys(point.Nodes)), ", "))
		}
	}
	var all []Change
	now := shapes(p)
	for _, n := range p.Nodes {
		was, known := point.Nodes[n.ID]
		known = known && len(was.Shape) > 0
		if known || now[n.ID] != nil {
			all = append(all, changeOf(n, was, known, now[n.ID]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(point.Nodes)) {
		was := point.Nodes[name]
		if len(was.Shape) == 0 || slices.ContainsFunc(p.Nodes, func(n *plan.Node) bool { return n.ID == name }) {
			continue
		}
		c := Change{Node: name, What: Refused}
		switch {
		case was.Position != nil:
			c.Why = "the file has no such source; where it stood would be forgotten"
		case was.Token != nil:
			c.Why = "the file has no such sink; what it had prepared may not be visible yet"
		case was.Rows > 0:
			c.Why = fmt.Sprintf("the file has no such node; its state has %s", plural(was.Rows, "row or key", "rows or keys"))
		case was.Lanes > 0 && counts(was.Shape):
			c.Why = "the file has no such node; the rows that it counted would be forgotten"
		case was.Lanes == 0:
			continue // nothing is kept
		default:
			c.What, c.Why = Discarded, "the file has no such node, and nothing is lost with it"
		}
		all = append(all, c)
	}
	for i := range all {
		if c := &all[i]; slices.Contains(reset, c.Node) {
			c.What, c.Unmarked = Discarded, false
			c.Why = strings.TrimSuffix("--reset says that it begins anew; "+c.Why, "; ")
		}
	}
	return all, nil
}

// counts reports whether a node of this shape keeps something where it keeps no rows: how many it saw.
func counts(shape map[string]string) bool {
	switch shape["kind"] {
	case "limit", "sample", "watermark":
		return true
	}
	return false
}

// changeOf says what becomes of a node that the file has.
func changeOf(n *plan.Node, was checkpoint.Node, known bool, now map[string]string) Change {
	c := Change{Node: n.ID}
	_, source := n.Op.(*plan.Scan)
	_, sink := n.Op.(*plan.Write)
	switch {
	case !known:
		c.What, c.Why = New, "it begins with what comes from now on"
		if source {
			c.Why = "it begins with all that it has"
		}
		return c
	case now == nil:
		c.What, c.Why = Refused, fmt.Sprintf("it was %s, and keeps nothing any more", article(was.Shape["kind"]))
		if was.Position == nil && was.Token == nil && was.Rows == 0 && !counts(was.Shape) {
			c.What = Discarded
		}
		return c
	case source && was.Position == nil && was.Lanes == 0, sink && was.Token == nil && was.Lanes == 0:
		c.What = Kept // nothing
		if was.Shape["kind"] != now["kind"] {
			c.What, c.Why = New, fmt.Sprintf("it was %s, of which nothing is stored", article(was.Shape["kind"]))
		}
		return c
	case source:
		c.What, c.Why, c.Unmarked = compareSource(was.Shape, now)
		return c
	}
	c.What, c.Why = compare(was.Shape, now)
	if lanes := max(n.Parallelism, 1); c.What != Refused && was.Lanes > 0 && was.Lanes != lanes {
		c.What = Migrated
		c.Why = strings.TrimPrefix(c.Why+"; ", "; ") + fmt.Sprintf("its keys are spread over %s, and lay in %d", plural(int64(lanes), "lane", "lanes"), was.Lanes)
	}
	return c
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// article is a kind behind its article.
func article(kind string) string {
	if strings.ContainsAny(kind[:min(1, len(kind))], "aeiou") {
		return "an " + kind
	}
	return "a " + kind
}

func shapes(p *plan.Pipeline) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, n := range p.Nodes {
		if s := plan.Shape(n); s != nil {
			all[n.ID] = s
		}
	}
	return all
}

// compareSource says what becomes of where a source stood.
func compareSource(was, now map[string]string) (what What, why string, unmarked bool) {
	switch before, behind := was[plan.ShapeTime], now[plan.ShapeTime]; {
	case was["kind"] != now["kind"]:
		return Refused, fmt.Sprintf("it was %s, and is %s: where it stood would be forgotten", article(was["kind"]), article(now["kind"])), false
	case was["journal"] != now["journal"]:
		word := "no"
		if now["journal"] != "" {
			word = "a"
		}
		return Refused, "it has " + word + " journal now: what waits in the other would be forgotten", false
	case before == behind:
		return Kept, "", false
	case before == "":
		return Migrated, "it has event time now, by " + behind, true
	case behind == "":
		return Migrated, "it has no event time any more", true
	default:
		return Migrated, fmt.Sprintf("its event time was %s, and is %s: its watermark begins anew", before, behind), true
	}
}

// compare says what becomes of state of one shape under another.
func compare(was, now map[string]string) (What, string) {
	if was["kind"] != now["kind"] {
		return Refused, fmt.Sprintf("it was %s, and is %s", article(was["kind"]), article(now["kind"]))
	}
	said, refused := compareTake(was, now)
	if refused != "" {
		return Refused, refused
	}
	for _, key := range slices.Sorted(maps.Keys(now)) {
		old, ok := was[key]
		column, isColumn := strings.CutPrefix(key, plan.ShapeColumn)
		value, may := strings.CutPrefix(key, plan.ShapeMay)
		name := strings.TrimPrefix(strings.TrimPrefix(key, plan.ShapeColumn), plan.ShapeMay)
		switch {
		case strings.HasPrefix(key, plan.ShapeTake), ok && fits(old, now[key]):
		case ok && fits(now[key], old):
			return Refused, fmt.Sprintf("%s is %s now, and in what is kept it may be null", name, now[key])
		case ok && (key == "by" || key == "on") && sameKeys(old, now[key]):
			return Refused, fmt.Sprintf("the keys are in another order, and what is kept is found by the order that they had: `%s` was %s, and is %s; "+
				"put them back, and the columns in their order by a `select` behind", key, old, now[key])
		case ok:
			return Refused, fmt.Sprintf("%s was %s, and is %s", name, some(old), some(now[key]))
		case isColumn && strings.HasSuffix(now[key], "!"):
			return Refused, fmt.Sprintf("column %s is new and never null, and rows that are kept have none", column)
		case isColumn:
			said = append(said, column+" is null in rows that are kept")
		case may:
			return Refused, fmt.Sprintf("%s is new, and keys that are kept have none", value)
		default:
			return Refused, fmt.Sprintf("%s is %s, and was not said", key, some(now[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, ok := now[key]; ok || strings.HasPrefix(key, plan.ShapeTake) {
			continue
		}
		column, isColumn := strings.CutPrefix(key, plan.ShapeColumn)
		value, may := strings.CutPrefix(key, plan.ShapeMay)
		switch {
		case isColumn:
			said = append(said, column+" is dropped")
		case may:
			said = append(said, value+" is dropped")
		default:
			return Refused, fmt.Sprintf("%s was %s, and is not said any more", key, some(was[key]))
		}
	}
	if len(said) == 0 {
		return Kept, ""
	}
	return Migrated, strings.Join(said, "; ")
}

// fits reports whether what is stored under one type can be used under another: types with ! behind them are never null.
func fits(was, now string) bool {
	return was == now || strings.ReplaceAll(was, "!", "") == strings.ReplaceAll(now, "!", "") && loose(was, now)
}

// loose reports whether each ! of now is in was as well; but for those they are equal.
func loose(was, now string) bool {
	for len(now) > 0 {
		switch {
		case was[0] == now[0]:
			was, now = was[1:], now[1:]
		case was[0] == '!':
			was = was[1:]
		default:
			return false
		}
		if len(was) == 0 {
			break
		}
	}
	return len(now) == 0
}

func sameKeys(a, b string) bool {
	x, y := strings.Split(a, ", "), strings.Split(b, ", ")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func some(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// compareTake says what becomes of the accumulators of an aggregate, entry by entry: an entry is kept whole, or begins whole.
func compareTake(was, now map[string]string) (said []string, refused string) {
	before, behind := entries(was), entries(now)
	for _, name := range slices.Sorted(maps.Keys(behind)) {
		old := before[name]
		if old == nil {
			said = append(said, name+" begins with what comes from now on")
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(behind[name])) {
			if old[key] != behind[name][key] {
				return nil, fmt.Sprintf("%s was made of %s, and is of %s: under another name it would begin with what comes from now on", name, calls(old), calls(behind[name]))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if behind[name] == nil {
			said = append(said, name+" is dropped")
		}
	}
	return said, ""
}

// entries are the accumulators of a shape, by the name of their entry.
func entries(shape map[string]string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for key, value := range shape {
		if key, ok := strings.CutPrefix(key, plan.ShapeTake); ok {
			at := strings.LastIndexByte(key[:strings.LastIndexByte(key, '/')], '/')
			name := key[:at]
			if all[name] == nil {
				all[name] = map[string]string{}
			}
			all[name][key[at+1:]] = value
		}
	}
	return all
}

func calls(entry map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(entry)) {
		all = append(all, entry[key])
	}
	return strings.Join(all, " and ")
}
