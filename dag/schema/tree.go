package schema

import (
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Tree is the schema as Spark's printSchema draws it, line by line, "root" first.
func Tree(s *arrow.Schema) []string {
	lines := make([]string, 1, s.NumFields()+1)
	lines[0] = "root"
	return appendFields(lines, " |", s.Fields())
}

// TreeString is what printSchema prints: the lines of [Tree], each with its end, and an empty line.
func TreeString(s *arrow.Schema) string {
	return strings.Join(Tree(s), "\n") + "\n\n"
}

func appendFields(lines []string, prefix string, fields []arrow.Field) []string {
	for _, f := range fields {
		lines = append(lines, treeLine(prefix, Escape(f.Name), f.Type, "nullable", f.Nullable))
		lines = appendInner(lines, prefix+"    |", f.Type)
	}
	return lines
}

func appendInner(lines []string, prefix string, t arrow.DataType) []string {
	switch t := t.(type) {
	case *arrow.StructType:
		return appendFields(lines, prefix, t.Fields())
	case *arrow.MapType:
		lines = append(lines, prefix+"-- key: "+sparkWord(t.KeyType()))
		lines = appendInner(lines, prefix+"    |", t.KeyType())
		lines = append(lines, treeLine(prefix, "value", t.ItemType(), "valueContainsNull", t.ItemField().Nullable))
		return appendInner(lines, prefix+"    |", t.ItemType())
	case arrow.ListLikeType:
		lines = append(lines, treeLine(prefix, "element", t.Elem(), "containsNull", t.ElemField().Nullable))
		return appendInner(lines, prefix+"    |", t.Elem())
	}
	return lines
}

func treeLine(prefix, name string, t arrow.DataType, flag string, value bool) string {
	return prefix + "-- " + name + ": " + sparkWord(t) + " (" + flag + " = " + strconv.FormatBool(value) + ")"
}
