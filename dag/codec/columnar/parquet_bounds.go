package columnar

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// bounds reads the statistics of a column that is no nested one.
func (p *parquetFile) bounds(group, field int) bounds {
	b := bounds{rows: p.rows[group], nulls: -1}
	f := &p.arrow.Manifest.Fields[field]
	if !f.IsLeaf() {
		return b
	}
	if !f.Field.Nullable {
		b.nulls = 0
	}
	// What the library cannot make sense of tells nothing.
	_ = guard(parquetFormat, func() error {
		chunk, err := p.file.MetaData().RowGroup(group).ColumnChunk(f.ColIndex)
		if err != nil {
			return err
		}
		stats, err := chunk.Statistics()
		if err != nil || stats == nil {
			return err
		}
		if stats.HasNullCount() && stats.NullCount() >= 0 && stats.NullCount() <= b.rows {
			b.nulls = stats.NullCount()
		}
		if stats.HasMinMax() && p.bounded(group, f.ColIndex) {
			b.min, b.max = extremes(stats, unsigned(f.Field.Type))
		}
		return nil
	})
	return b
}

// bounded reports whether both bounds of a column are there: a writer may leave out one that is too long, which the library
// does not tell.
func (p *parquetFile) bounded(group, leaf int) bool {
	meta := p.file.MetaData()
	stats := meta.RowGroups[group].Columns[leaf].MetaData.Statistics
	if meta.Schema.Column(leaf).ColumnOrder() == parquet.ColumnOrders.TypeDefinedOrder {
		return stats.IsSetMinValue() && stats.IsSetMaxValue()
	}
	return stats.IsSetMin() && stats.IsSetMax()
}

func unsigned(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return unsigned(t.ValueType)
	case arrow.ExtensionType:
		return unsigned(t.StorageType())
	}
	return arrow.IsUnsignedInteger(t.ID())
}

// extremes are the smallest and the largest value; nil where their order is not known.
func extremes(stats metadata.TypedStatistics, unsigned bool) (low, high any) {
	switch s := stats.(type) {
	case *metadata.BooleanStatistics:
		return s.Min(), s.Max()
	case *metadata.Int32Statistics:
		if unsigned {
			return uint64(uint32(s.Min())), uint64(uint32(s.Max()))
		}
		return int64(s.Min()), int64(s.Max())
	case *metadata.Int64Statistics:
		if unsigned {
			return uint64(s.Min()), uint64(s.Max())
		}
		return s.Min(), s.Max()
	case *metadata.Float32Statistics:
		return float64(s.Min()), float64(s.Max())
	case *metadata.Float64Statistics:
		return s.Min(), s.Max()
	case *metadata.ByteArrayStatistics:
		return string(s.Min()), string(s.Max())
	case *metadata.FixedLenByteArrayStatistics:
		if stats.Descr().LogicalType() == nil || stats.Descr().LogicalType().IsNone() {
			return string(s.Min()), string(s.Max())
		}
	}
	return nil, nil
}
