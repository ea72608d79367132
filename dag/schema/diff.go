package schema

import "github.com/apache/arrow-go/v18/arrow"

// Renamed is a column that only got another name.
type Renamed struct{ Old, New string }

// Diff says what a node made of its input's schema, one line each: `+ name: type` for a new column, `~ name: type → type`
// for one of another type and `~ name: was old` for a renamed one, in the order of out, then `- name` for one that is gone,
// in the order of in. The words are Spark's, since the lines stand under a [Tree].
func Diff(in, out *arrow.Schema, renamed ...Renamed) []string {
	var lines []string
	old, gone := map[string]string{}, map[string]bool{}
	for _, r := range renamed {
		old[r.New], gone[r.Old] = r.Old, true
	}
	for _, f := range out.Fields() {
		before, ok := in.FieldsByName(f.Name)
		switch was := old[f.Name]; {
		case was != "":
			lines = append(lines, "~ "+Escape(f.Name)+": was "+Escape(was))
		case !ok:
			lines = append(lines, "+ "+Escape(f.Name)+": "+SparkName(f.Type))
		case !Equal(before[0].Type, f.Type):
			lines = append(lines, "~ "+Escape(f.Name)+": "+SparkName(before[0].Type)+" → "+SparkName(f.Type))
		}
	}
	for _, f := range in.Fields() {
		if !out.HasField(f.Name) && !gone[f.Name] {
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
