package crash

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // reads what the program wrote

	"flowrun/dag/job/programtest"
)

// shown are the rows that a sink shows in a directory, in the order of its files. partly: the run may have been killed while it
// printed, so that the end of standard output counts only as far as it is whole.
func (o output) shown(t testing.TB, dir string) []string {
	t.Helper()
	path := filepath.Join(dir, o.path)
	if o.path == "" {
		path = filepath.Join(dir, "stdout")
	}
	var files []string
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		t.Fatal(err)
	case info.IsDir():
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	default:
		files = []string{path}
	}
	if o.table != "" && o.path == addressFile {
		return storedByServer(t, path, o.table)
	}
	if o.table != "" {
		return stored(t, path, o.table)
	}
	if o.convert {
		return converted(t, path, len(files))
	}
	var all []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if strings.HasSuffix(f, ".csv") && len(lines) > 0 {
			lines = lines[1:]
		}
		if len(text) > 0 {
			all = append(all, lines...)
		}
	}
	return all
}

// stored are the rows of a table of a SQLite database, each as text.
func stored(t testing.TB, path, table string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query("select * from " + table)
	if err != nil {
		if strings.Contains(err.Error(), "no such table") {
			return nil
		}
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var rows []string
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(values...))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// converted reads files with the program itself.
func converted(t testing.TB, path string, files int) []string {
	t.Helper()
	if files == 0 {
		return nil
	}
	bin := programtest.Path(t)
	dir := t.TempDir()
	format := "schema: infer"
	if strings.HasSuffix(path, ".parquet") {
		format = ""
	} else if entries, err := os.ReadDir(path); err == nil {
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".parquet") || strings.HasSuffix(e.Name(), ".arrow") {
				format = ""
			}
		}
	}
	put(t, filepath.Join(dir, "p.yaml"), fmt.Sprintf("nodes:\n  a:\n    file: {path: %q}\n    %s\n  b: {from: a, stdout: {}}\n", path, format))
	cmd := exec.Command(bin, "run", "p.yaml")
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("read %s: %v\n%s", path, err, stderr.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// verdict is what a comparison found.
type verdict struct {
	lost, twice int // rows; twice: more often than they should be, or not expected at all
	text        string
}

func (v verdict) bad() bool { return v.lost > 0 || v.twice > 0 || v.text != "" }

// compare holds what a sink shows against what an undisturbed run gave.
func (o output) compare(want, got []string) verdict {
	if o.how == lastByKey {
		want, got = last(o.key, want), last(o.key, got)
	}
	var v verdict
	left := map[string]int{}
	for _, row := range want {
		left[row]++
	}
	var lost, more []string
	for _, row := range got {
		if left[row] == 0 && (o.how != atLeast || !slices.Contains(want, row)) {
			v.twice++
			more = append(more, row)
			continue
		}
		left[row]--
	}
	for _, row := range want {
		if left[row] > 0 {
			left[row]--
			v.lost++
			lost = append(lost, row)
		}
	}
	switch {
	case len(lost)+len(more) > 0:
		v.text = fmt.Sprintf("%d rows, %d expected; lost: %s; too much: %s", len(got), len(want), few(lost), few(more))
	case o.how == inOrder && !slices.Equal(want, got):
		v.text = "the rows are in another order"
	}
	return v
}

// early holds what a sink shows of a run that is not over: rows of the undisturbed run, none too often.
func (o output) early(want, got []string) verdict {
	if o.how == lastByKey || o.how == atLeast || o.how == settled {
		return verdict{}
	}
	v := o.compare(want, got)
	if v.lost = 0; v.twice == 0 {
		v.text = ""
	}
	return v
}

func few(rows []string) string {
	if len(rows) > 3 {
		return strings.Join(rows[:3], " ") + " ..."
	}
	return strings.Join(rows, " ")
}

// last is the last row of each key, in the order of keys.
func last(key, rows []string) []string {
	by := map[string]string{}
	for _, row := range rows {
		var fields map[string]json.RawMessage
		if json.Unmarshal([]byte(row), &fields) != nil {
			by[row] = row
			continue
		}
		k := ""
		for _, name := range key {
			k += string(fields[name]) + "|"
		}
		by[k] = row
	}
	var all []string
	for _, row := range by {
		all = append(all, row)
	}
	slices.Sort(all)
	return all
}

// leftovers are hidden files of parts that nobody needs once a run is over.
func (o output) leftovers(t testing.TB, dir string) []string {
	t.Helper()
	if o.path == "" || o.table != "" {
		return nil
	}
	path := filepath.Join(dir, o.path)
	if filepath.Ext(path) != "" {
		path = filepath.Dir(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var left []string
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, ".") && name != ".committed.flowrun" {
			left = append(left, name)
		}
	}
	return left
}
