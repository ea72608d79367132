package expr

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Why parts of an expression run row by row, as explain says it.
const (
	whyPredicate = "a predicate over a list runs row by row"
	whyLists     = "functions of lists run row by row"
	whyMaps      = "functions of maps run row by row"
	whyMap       = "a map whose keys are known only at run time is made row by row"
	whyConvert   = "the elements of a list, map or struct are converted row by row"
	whyDynamic   = "what fromJSON gives has no type before the run, so that it is read row by row"
	whyZone      = "times in a time zone are computed row by row"
	whyNil       = "a list or map of nothing but nil has no type of its own"
	whyLazy      = "what may fail behind ?. runs only where there is a value, row by row"
	whyExtra     = "functions of generate run row by row"
	whyCompare   = "lists, maps and structs are compared row by row"
)

// whyType says why nothing with a value of a type runs by column; empty: it may.
func whyType(t arrow.DataType) string {
	switch {
	case t == dynamicType:
		return whyDynamic
	case t == zoneType || t == zonedType:
		return whyZone
	}
	switch t := t.(type) {
	case *arrow.ListType:
		if isNullType(t.Elem()) {
			return whyNil
		}
		return whyType(t.Elem())
	case *arrow.MapType:
		if isNullType(t.ItemType()) {
			return whyNil
		}
		return whyType(t.ItemType())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if isNullType(f.Type) {
				return whyNil
			}
			if why := whyType(f.Type); why != "" {
				return why
			}
		}
	}
	return ""
}

// whyOperator says why an operator has no kernel.
func whyOperator(t *Typed) string {
	for _, a := range t.Args {
		if kindOf(a.Type) == kindArray && relationOrIn(t.Name) {
			return whyCompare
		}
	}
	return "this use of " + t.Name + " runs row by row"
}

func relationOrIn(name string) bool { return name == "in" || relations[name] != 0 || name == "==" }

// whyCall says why a call has no kernel.
func whyCall(t *Typed) string {
	group := ""
	if f := functions[t.Name]; f != nil {
		group = f.group
	}
	lists, maps := false, false
	for _, a := range t.Args {
		id := a.Type.ID()
		lists = lists || id == arrow.LIST
		maps = maps || id == arrow.MAP || id == arrow.STRUCT
	}
	name := strings.TrimPrefix(t.Name, ".")
	switch {
	case group == "list" && lists, lists && isList(t.Type):
		return whyLists
	case group == "map":
		return whyMaps
	case lists:
		return name + " of lists runs row by row"
	case maps:
		return name + " of maps and structs runs row by row"
	}
	return name + " of these arguments runs row by row"
}
