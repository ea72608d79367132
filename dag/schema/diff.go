package schema

import "github.com/apache/arrow-go/v18/arrow"

// Diff says what a node made of its input's schema, one line each: `+ name: type` for a new column and
// `~ name: type → type` for one of another type, in the order of out, then `- name` for one that is gone, in the order of
// in. The words are Spark's, since the lines stand under a [Tree].
func Diff(in, out *arrow.Schema) []string {
	var lines []string
	for _, f := range out.Fields() {
		before, ok := in.FieldsByName(f.Name)
		switch {
		case !ok:
			lines = append(lines, "+ "+Escape(f.Name)+": "+SparkName(f.Type))
		case !Equal(before[0].Type, f.Type):
			lines = append(lines, "~ "+Escape(f.Name)+": "+SparkName(before[0].Type)+" → "+SparkName(f.Type))
		}
	}
	for _, f := range in.Fields() {
		if !out.HasField(f.Name) {
			lines = append(lines, "- "+Escape(f.Name))
		}
	}
	return lines
}

// Same reports whether two schemas have the same column names with the same types, in any order: rows of both can be
// united. Nullability does not count.
func Same(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for _, f := range a.Fields() {
		if len(a.FieldIndices(f.Name)) != 1 {
			return false
		}
		other, ok := b.FieldsByName(f.Name)
		if !ok || !Equal(f.Type, other[0].Type) {
			return false
		}
	}
	return true
}
