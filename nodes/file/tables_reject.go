package file

import (
	"encoding/json"

	"flowrun/dag/batch"
	"flowrun/dag/codec/columnar"
)

// place is what is kept of a row of a file of columns that is rejected: where it stands. The row itself is no text, and stays
// in the file.
type place struct {
	File   string `json:"file"`
	Row    int64  `json:"row"` // from 0
	Column string `json:"column"`
}

// reject gives the rows of a piece that are none, and the selection of the others.
func (s *tables) reject(p *columnar.Piece) (sel []int32, rejects []batch.Reject) {
	now := s.rt.Now()
	sel = make([]int32, 0, p.Record.NumRows())
	next := 0
	for _, f := range p.Faults {
		for ; next < f.Row; next++ {
			sel = append(sel, int32(next))
		}
		next = f.Row + 1
		raw, err := json.Marshal(place{s.cur.name, p.Row + int64(f.Row), f.Column})
		if err != nil {
			panic(err) // a string and a number
		}
		detail := f.Detail
		if f.Detail != f.Column {
			detail = f.Column + ": " + detail
		}
		rejects = append(rejects, batch.Reject{At: now, Reason: f.Reason, Detail: detail, Raw: raw})
	}
	for ; next < int(p.Record.NumRows()); next++ {
		sel = append(sel, int32(next))
	}
	return sel, rejects
}
