package widget

import (
	"math"

	"flowrun/tui/theme"
)

// Sparkline draws the last values as bars of eighths, oldest left, in exactly width cells. It covers span values, so
// where there are fewer cells than that each stands for the mean of several; what has not happened yet is blank. The
// scale goes from nothing to the highest bar, or a little above where all are alike. Any value above nothing can be told from nothing.
func Sparkline(values []float64, span, width int, g theme.Glyphs) string {
	if width <= 0 {
		return ""
	}
	span = max(span, 1)
	if len(values) > span {
		values = values[len(values)-span:]
	}
	cells := min(width, span)
	means := make([]float64, cells)
	known := make([]bool, cells)
	missing := span - len(values)
	top := 0.0
	for i := range cells {
		from, to := i*span/cells-missing, (i+1)*span/cells-missing
		if to <= 0 {
			continue
		}
		from = max(from, 0)
		sum := 0.0
		for _, v := range values[from:to] {
			sum += bounded(v)
		}
		known[i] = true
		means[i] = sum / float64(to-from)
		top = max(top, means[i])
	}
	line := make([]byte, 0, 3*width)
	for range width - cells {
		line = append(line, ' ')
	}
	sum, n := 0.0, 0
	for i, v := range means {
		if known[i] {
			sum, n = sum+v/float64(cells), n+1
		}
	}
	if n > 0 { // a steady flow leaves room above it for what stands out
		top = max(top, 1.2*sum*float64(cells)/float64(n))
	}
	last := len(g.Bars) - 1
	for i, v := range means {
		switch {
		case !known[i]:
			line = append(line, ' ')
		case v <= 0 || top <= 0:
			line = append(line, g.Bars[0]...)
		default:
			line = append(line, g.Bars[min(1+int(v/top*float64(last-1)+0.5), last)]...)
		}
	}
	return string(line)
}

// bounded makes a value one that can be summed and compared.
func bounded(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), 1e300)
}
