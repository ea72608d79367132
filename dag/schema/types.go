package schema

import "github.com/apache/arrow-go/v18/arrow"

// The simple types, as Arrow holds them. Compare with [Equal] rather than by identity.
var (
	Bool      arrow.DataType = arrow.FixedWidthTypes.Boolean
	Int       arrow.DataType = arrow.PrimitiveTypes.Int64
	Float     arrow.DataType = arrow.PrimitiveTypes.Float64
	String    arrow.DataType = arrow.BinaryTypes.String
	Bytes     arrow.DataType = arrow.BinaryTypes.Binary
	Timestamp arrow.DataType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	Date      arrow.DataType = arrow.PrimitiveTypes.Date32
	Duration  arrow.DataType = &arrow.DurationType{Unit: arrow.Microsecond}
)

// List is the type of a list whose elements may be null.
func List(elem arrow.DataType) arrow.DataType { return arrow.ListOf(elem) }

// Map is the type of a map from strings.
func Map(value arrow.DataType) arrow.DataType { return arrow.MapOf(String, value) }

// Struct is the type of a struct with the given fields.
func Struct(fields ...arrow.Field) arrow.DataType { return arrow.StructOf(fields...) }

// Equal reports whether two types are the same to flowrun: nullability and metadata of inner fields do not count.
func Equal(a, b arrow.DataType) bool {
	if a == nil || b == nil || a.ID() != b.ID() {
		return a == b
	}
	switch a := a.(type) {
	case *arrow.ListType:
		return Equal(a.Elem(), b.(*arrow.ListType).Elem())
	case *arrow.MapType:
		return Equal(a.ItemType(), b.(*arrow.MapType).ItemType())
	case *arrow.StructType:
		bs := b.(*arrow.StructType)
		if a.NumFields() != bs.NumFields() {
			return false
		}
		for i, f := range a.Fields() {
			if f.Name != bs.Field(i).Name || !Equal(f.Type, bs.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return arrow.TypeEqual(a, b)
}

// UnitKey is the metadata key under which a timestamp field of a declared schema says how its number is to be read:
// "s", "ms", "us" or "ns". Without it a timestamp is RFC 3339 text. Decoders obey it; [Plain] removes it.
const UnitKey = "flowrun.unit"

// Plain returns s without the metadata that only decoders need, as the edges carry it.
func Plain(s *arrow.Schema) *arrow.Schema {
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		fields[i] = plainField(f)
	}
	return arrow.NewSchema(fields, nil)
}

func plainField(f arrow.Field) arrow.Field {
	if !IsRaw(f) {
		f.Metadata = arrow.Metadata{}
	}
	switch t := f.Type.(type) {
	case *arrow.StructType:
		inner := make([]arrow.Field, t.NumFields())
		for i, g := range t.Fields() {
			inner[i] = plainField(g)
		}
		f.Type = arrow.StructOf(inner...)
	case *arrow.ListType:
		f.Type = arrow.ListOfField(plainField(t.ElemField()))
	case *arrow.MapType:
		f.Type = arrow.MapOfFields(plainField(t.KeyField()), plainField(t.ItemField()))
	}
	return f
}
