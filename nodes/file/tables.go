package file

import (
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec/columnar"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// arrowExtensions are what names of Arrow files end in, beside the name of the format.
var arrowExtensions = map[string]bool{"feather": true, "ipc": true}

// checkedTables is how many files are looked at before the run; the others are when their turn comes.
const checkedTables = 16

// scanTables is scan for the formats of whole files, which say themselves what columns they have. Present and absent are as
// look tells.
func scanTables(b *nodes.Builder, c Config, f plan.Format, files []found, present, absent bool) *plan.Scan {
	declared, ok := b.OwnSchema()
	path := named(c.Path, files)
	if !unpackedTable(b, c.Compression, path, f.Name) || !wholeFile(b, c, f) || !ok {
		return nil
	}
	if !present && (!absent || declared == nil) {
		return nil
	}
	s := declared
	if s == nil && len(files) == 0 {
		b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("path"),
			Message: fmt.Sprintf("there is no file in %q that could say which columns there are", c.Path),
			Hint:    "write the columns: schema: {device: string, temp: float}"})
		return nil
	}
	for _, file := range files[:min(len(files), checkedTables)] {
		if s = fitTable(b, file.path, f.Name, s, declared != nil); s == nil {
			return nil
		}
	}
	return &plan.Scan{Schema: s, Format: f, Detail: c.Path, Bounded: true, Replays: true, UntilNow: true, Pushes: true,
		Inferred: declared == nil && b.Node.Schema != nil}
}

// unpackedTable refuses what packs a file as a whole.
func unpackedTable(b *nodes.Builder, setting, path, format string) bool {
	if compressionOf(setting, path) == plain {
		return true
	}
	key := "path"
	if setting != "auto" {
		key = "compression"
	}
	b.Wrong(key, fmt.Sprintf("a %s file packs its own parts, and is not packed as a whole", format),
		fmt.Sprintf("unpack it to read it; to write one, say how its parts are packed: format: {%s: {compression: zstd}}", format))
	return false
}

// wholeFile refuses settings that belong to lines.
func wholeFile(b *nodes.Builder, c Config, f plan.Format) bool {
	switch {
	case c.Follow:
		b.Wrong("follow", fmt.Sprintf("a %s file is whole once it is there, and does not grow", f.Name),
			"remove `follow`: the files that are there at the start are read")
	case b.Node.Config.Get("max_line_bytes") != nil:
		b.Wrong("max_line_bytes", fmt.Sprintf("a %s file has no lines", f.Name), "remove `max_line_bytes`")
	case f.Options != nil && len(f.Options.Entries) > 0:
		b.Report(diag.Diagnostic{Code: nodes.CodeFormat, At: f.Options.At,
			Message: fmt.Sprintf("the options of format %s are for writing: a file says itself how it is to be read", f.Name),
			Hint:    "format: " + f.Name})
	default:
		return true
	}
	return false
}

// fitTable holds a file against the columns that are known so far, or takes them from it where s is nil. Nil: they do not
// fit, which was reported.
func fitTable(b *nodes.Builder, path, format string, s *arrow.Schema, declared bool) *arrow.Schema {
	report := func(d diag.Diagnostic, p *columnar.Problem) {
		d.Message, d.Hint = path+": "+p.Message, p.Hint
		b.Report(d)
	}
	atPath := diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("path")}
	t, err := openTable(path, format)
	if err != nil {
		atPath.Message, atPath.Hint = fmt.Sprintf("cannot read %q: %v", path, reason(err)), "format says how it is to be read, where its name does not"
		b.Report(atPath)
		return nil
	}
	defer t.file.Close()
	if s == nil {
		own, err := t.Schema()
		if err != nil {
			p := &columnar.Problem{Message: err.Error()}
			if own.NumFields() > 0 {
				p.Hint = "name the columns to read: schema: " + nodes.SchemaText(own)
			}
			report(atPath, p)
			return nil
		}
		return own
	}
	fitted, problems := t.Fit(s)
	for _, p := range problems {
		d := atPath
		if declared {
			d = diag.Diagnostic{Code: nodes.CodeSchema, At: b.Column(p.Column)}
		}
		report(d, p)
	}
	if fitted == nil {
		return nil
	}
	return s
}

// table is a file of columns that is open.
type table struct {
	*columnar.File
	file *os.File
}

func openTable(path, format string) (*table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var t *columnar.File
		if t, err = columnar.Open(format, f, info.Size()); err == nil {
			return &table{t, f}, nil
		}
	}
	f.Close()
	return nil, err
}
