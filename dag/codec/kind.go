package codec

import "github.com/apache/arrow-go/v18/arrow"

// kind is a type as the inner loops switch over it.
type kind uint8

const (
	noKind kind = iota
	stringKind
	boolKind
	intKind
	floatKind
	bytesKind
	rawKind       // bytes that are shown as text; only written
	timestampKind // text when read
	epochKind     // a timestamp that is read from a number
	dateKind
	durationKind
	listKind
	mapKind
	structKind
)

func kindOf(t arrow.DataType) kind {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return boolKind
	case *arrow.Int64Type:
		return intKind
	case *arrow.Float64Type:
		return floatKind
	case *arrow.StringType:
		return stringKind
	case *arrow.BinaryType:
		return bytesKind
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			return timestampKind
		}
	case *arrow.Date32Type:
		return dateKind
	case *arrow.DurationType:
		if t.Unit == arrow.Microsecond {
			return durationKind
		}
	case *arrow.ListType:
		return listKind
	case *arrow.MapType:
		return mapKind
	case *arrow.StructType:
		return structKind
	}
	return noKind
}
