package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteText writes the results: each with all its figures, and where there are several a table of them.
func WriteText(w io.Writer, results []Result) error {
	var b strings.Builder
	for i, r := range results {
		if i > 0 {
			b.WriteString("\n")
		}
		r.write(&b)
	}
	if len(results) > 1 {
		b.WriteString("\n")
		writeTable(&b, results)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Result) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s  %s\n", r.Name, r.Pipeline)
	line := func(name, text string) { fmt.Fprintf(b, "  %-9s %s\n", name, text) }
	input := count(r.Rows) + " rows"
	if r.Bytes > 0 {
		input += ", " + size(r.Bytes)
	}
	if r.Rejected > 0 {
		input += ", " + count(r.Rejected) + " rejected"
	}
	line("input", input)
	line("time", r.spread(r.Seconds, seconds))
	line("speed", r.spread(r.PerSec, func(v float64) string { return short(v) + " rows/s" }))
	if r.Bytes > 0 {
		line("", r.spread(r.BytesSec, func(v float64) string { return mega(v) + " MB/s" }))
	}
	if r.CPU.Max > 0 {
		line("CPU", r.spread(r.CPU, seconds)+" per million rows")
		line("", r.spread(r.PerCore, func(v float64) string { return short(v) + " rows/s" })+" of each core")
	}
	if r.Memory.Resident > 0 {
		line("memory", fmt.Sprintf("%s anonymous, %s resident at the most", mebi(r.Memory.Anonymous), mebi(r.Memory.Resident)))
	}
	if r.State > 0 {
		line("state", mebi(r.State)+" at the most")
	}
	if d := r.Durable; d != nil {
		line("kept", fmt.Sprintf("%s on disk at the end, of %s commits", mebi(d.Stored), count(d.Commits)))
		line("", fmt.Sprintf("%s written by commits, %s again in the background", mebi(d.Logged), mebi(d.Rewritten)))
	}
	if l := r.Loss; l != nil {
		line("loss", r.spread(l.Speed, percent)+" of the rows per second of "+l.Beside)
		if r.CPU.Max > 0 {
			line("", r.spread(l.CPU, percent)+" of the rows per second of each core")
		}
	}
	line("start", r.spread(r.Start, seconds))
	if l := r.Limit; l != nil {
		line(l.Command, r.spread(l.Seconds, seconds))
		line("", r.spread(l.Ratio, times)+" as long as "+l.Command+", start and end of the process included")
	}
	if l := r.Latency; l != nil {
		line("latency", "p50 "+r.spread(l.P50, seconds))
		line("", "p99 "+r.spread(l.P99, seconds))
		line("", "max "+r.spread(l.Max, seconds))
		line("", fmt.Sprintf("of %s lines, %s a second, from sent to seen", count(uint64(l.Lines)), strconv.FormatFloat(l.Rate, 'f', -1, 64)))
	}
	var busy []string
	for _, n := range r.Nodes {
		busy = append(busy, fmt.Sprintf("%s %.0f %%", n.Node, 100*n.Busy))
	}
	line("busy", strings.Join(busy, ", "))
}

// spread writes the median and, of several runs, the least and the most.
func (r Result) spread(s Spread, figure func(float64) string) string {
	if len(r.Runs) == 1 {
		return figure(s.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", figure(s.Median), figure(s.Min), figure(s.Max))
}

func writeTable(b *strings.Builder, results []Result) {
	rows := [][]string{{"", "rows/s", "MB/s", "CPU s/M rows", "rows/s a core", "MiB anonymous", "MiB resident"}}
	states, limits, delays := false, false, false
	for _, r := range results {
		states = states || r.State > 0
		limits, delays = limits || r.Limit != nil, delays || r.Latency != nil
	}
	if states {
		rows[0] = append(rows[0], "MiB state")
	}
	if limits {
		rows[0] = append(rows[0], "x wc -l")
	}
	if delays {
		rows[0] = append(rows[0], "p50 ms", "p99 ms")
	}
	for _, r := range results {
		row := []string{r.Name, short(r.PerSec.Median), "", "", "", "", ""}
		if r.Bytes > 0 {
			row[2] = mega(r.BytesSec.Median)
		}
		if r.CPU.Max > 0 {
			row[3], row[4] = fmt.Sprintf("%.3f", r.CPU.Median), short(r.PerCore.Median)
		}
		if r.Memory.Resident > 0 {
			row[5], row[6] = fmt.Sprintf("%.1f", inMebi(r.Memory.Anonymous)), fmt.Sprintf("%.1f", inMebi(r.Memory.Resident))
		}
		if states {
			cell := ""
			if r.State > 0 {
				cell = fmt.Sprintf("%.1f", inMebi(r.State))
			}
			row = append(row, cell)
		}
		if limits {
			cell := ""
			if r.Limit != nil {
				cell = fmt.Sprintf("%.1f", r.Limit.Ratio.Median)
			}
			row = append(row, cell)
		}
		if delays {
			p50, p99 := "", ""
			if l := r.Latency; l != nil {
				p50, p99 = fmt.Sprintf("%.3f", 1e3*l.P50.Median), fmt.Sprintf("%.3f", 1e3*l.P99.Median)
			}
			row = append(row, p50, p99)
		}
		rows = append(rows, row)
	}
	align(b, rows)
}

// align writes rows in columns, the first to the left and the others to the right.
func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// seconds writes a time with three digits: 1.23 s, 45.6 ms, 7.89 µs.
func seconds(v float64) string {
	switch {
	case v >= 0.9995:
		return digits(v) + " s"
	case v >= 0.9995e-3:
		return digits(v*1e3) + " ms"
	}
	return digits(v*1e6) + " µs"
}

// digits writes three digits of a number below a thousand, and all in front of the point of another.
func digits(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// short writes a number with three digits: 1.23 M, 45.6 k, 789.
func short(v float64) string {
	switch {
	case v >= 999_500:
		return digits(v/1e6) + " M"
	case v >= 1000:
		return digits(v/1e3) + " k"
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// count writes a whole number in groups of three digits.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func size(n uint64) string {
	switch {
	case n >= 999_500:
		return mega(float64(n)) + " MB"
	case n >= 1000:
		return digits(float64(n)/1e3) + " kB"
	}
	return count(n) + " bytes"
}

func mega(v float64) string    { return digits(v / 1e6) }
func times(v float64) string   { return digits(v) + " times" }
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }
func inMebi(n uint64) float64  { return float64(n) / (1 << 20) }
func mebi(n uint64) string     { return digits(inMebi(n)) + " MiB" }
