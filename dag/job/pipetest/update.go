package pipetest

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// Update writes what came into the files of expected rows that say otherwise, one JSON object a line with the columns that
// the file names (all, where it names none), and returns their paths. Rows without an order are sorted, so that a file
// changes only where its rows do. What is expected in YAML is left alone. The result then no longer has the differences
// that were written.
func (r *Result) Update() (written []string, err error) {
	if r.Err != nil {
		return nil, nil
	}
	kept := r.Differs[:0]
	for _, d := range r.Differs {
		if d.file == "" {
			kept = append(kept, d)
			continue
		}
		if slices.Contains(written, d.file) {
			return written, fmt.Errorf("%s is expected at two places that differ", d.file)
		}
		if err := os.WriteFile(d.file, d.content(), 0o644); err != nil {
			return written, fmt.Errorf("write expected rows: %w", err)
		}
		written = append(written, d.file)
	}
	r.Differs = kept
	return written, nil
}

// content is what the file of the expectation should hold.
func (d Difference) content() []byte {
	lines := make([][]byte, len(d.came))
	for i, row := range d.came {
		// Every value of a row has a form in JSON.
		lines[i], _ = marshal(pick(row, d.columns))
		lines[i] = append(lines[i], '\n')
	}
	if !d.ordered {
		slices.SortFunc(lines, bytes.Compare)
	}
	return bytes.Join(lines, nil)
}
