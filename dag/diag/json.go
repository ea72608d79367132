package diag

import (
	"cmp"
	"encoding/json"
)

// report is the one object that every command prints under --json.
type report struct {
	Command  string    `json:"command"`
	OK       bool      `json:"ok"`
	Error    string    `json:"error"`
	Findings []finding `json:"findings"`
}

type finding struct {
	Severity string    `json:"severity"` // of a note: "note"
	Code     Code      `json:"code,omitempty"`
	Message  string    `json:"message"`
	Hint     string    `json:"hint,omitempty"`
	Path     string    `json:"path,omitempty"`
	Line     int       `json:"line,omitempty"`
	Column   int       `json:"column,omitempty"`
	Length   int       `json:"length,omitempty"`
	Notes    []finding `json:"notes,omitempty"`
}

// JSON gives the list as data, for --json: one indented object with `command`, `ok` (nothing stops the run), `error` (a
// summary in one line, empty when ok) and `findings`, never null. It ends with a line break.
func JSON(command string, l List) ([]byte, error) {
	r := report{Command: command, OK: !l.HasErrors(), Findings: findings(l, "")}
	if !r.OK {
		r.Error = l.Summary()
	}
	if r.Findings == nil {
		r.Findings = []finding{}
	}
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

// findings turns diagnostics into data; severity, unless empty, stands for each one's own.
func findings(l []Diagnostic, severity string) []finding {
	var out []finding
	for _, d := range l {
		out = append(out, finding{
			Severity: cmp.Or(severity, d.Severity.String()), Code: d.Code, Message: d.Message, Hint: d.Hint,
			Path: d.At.File, Line: d.At.Line, Column: d.At.Column, Length: d.At.Length,
			Notes: findings(d.Notes, "note"),
		})
	}
	return out
}
