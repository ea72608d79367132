package bench

// Result is what the runs of one pipeline gave.
type Result struct {
	Name     string   `json:"name"`     // the workload or file
	Pipeline string   `json:"pipeline"` // the name in it
	Rows     uint64   `json:"rows"`     // of the last run
	Bytes    uint64   `json:"bytes"`
	Rejected uint64   `json:"rejected"`
	Seconds  Spread   `json:"seconds"`
	Start    Spread   `json:"start_seconds"`
	PerSec   Spread   `json:"rows_per_second"`
	BytesSec Spread   `json:"bytes_per_second"`
	CPU      Spread   `json:"cpu_seconds_per_million_rows"`
	PerCore  Spread   `json:"rows_per_cpu_second"`
	Memory   Memory   `json:"memory"`            // the most of all runs
	State    uint64   `json:"state_bytes"`       // the most of all runs
	Durable  *Durable `json:"durable,omitempty"` // of the last run
	Loss     *Loss    `json:"loss,omitempty"`
	Nodes    []Share  `json:"nodes"`
	Limit    *Limit   `json:"limit,omitempty"`
	Latency  *Latency `json:"latency,omitempty"`
	Runs     []Once   `json:"runs"`
}

// Share is a node's part of the time that all nodes were busy, over all runs, from 0 to 1.
type Share struct {
	Node string  `json:"node"`
	Kind string  `json:"kind"`
	Busy float64 `json:"busy"`
}

// Limit is what the runs are compared with: another program that was run in turn with them, on the same input.
type Limit struct {
	Command string `json:"command"`
	Seconds Spread `json:"seconds"`
	Ratio   Spread `json:"ratio"` // of whole processes: each run's time to that of the limit right behind it
}

// Loss is how much slower a pipeline was than another that took turns with it: each run compared with that of the other beside it,
// as a share of the other's rows per second. Less than nothing: it was faster.
type Loss struct {
	Beside string `json:"beside"`
	Speed  Spread `json:"speed"`
	CPU    Spread `json:"cpu"` // of the rows per second of processor time
}

// Against compares the result with that of another pipeline.
func (r *Result) Against(other Result) {
	var speed, cpu []float64
	for i := range min(len(r.Runs), len(other.Runs)) {
		a, b := r.Runs[i], other.Runs[i]
		speed = append(speed, 1-float64(a.Rows)/a.Seconds/(float64(b.Rows)/b.Seconds))
		if a.CPU > 0 && b.CPU > 0 {
			cpu = append(cpu, 1-float64(a.Rows)/a.CPU/(float64(b.Rows)/b.CPU))
		}
	}
	r.Loss = &Loss{Beside: other.Name, Speed: spreadOf(speed)}
	if cpu != nil {
		r.Loss.CPU = spreadOf(cpu)
	}
}

// Latency is how long lines took from being sent to being seen on the standard output, in seconds.
type Latency struct {
	Rate  float64 `json:"rate"` // lines sent a second
	Lines int     `json:"lines"`
	P50   Spread  `json:"p50_seconds"`
	P99   Spread  `json:"p99_seconds"`
	Max   Spread  `json:"max_seconds"`
}

// Sum sums up at least one run. limits are the times of `wc -l`, one for each run, and delays those of the lines of each; both
// may be nil.
func Sum(name, pipeline string, runs []Once, limits []float64, delays []Delays, rate float64) Result {
	last := runs[len(runs)-1]
	r := Result{Name: name, Pipeline: pipeline, Rows: last.Rows, Bytes: last.Bytes, Rejected: last.Rejected, Durable: last.Durable, Runs: runs}
	of := func(figure func(Once) float64) Spread {
		all := make([]float64, len(runs))
		for i, o := range runs {
			all[i] = figure(o)
		}
		return spreadOf(all)
	}
	r.Seconds = of(func(o Once) float64 { return o.Seconds })
	r.Start = of(func(o Once) float64 { return o.Start })
	r.PerSec = of(func(o Once) float64 { return float64(o.Rows) / o.Seconds })
	r.BytesSec = of(func(o Once) float64 { return float64(o.Bytes) / o.Seconds })
	r.CPU = of(func(o Once) float64 { return o.CPU / max(float64(o.Rows), 1) * 1e6 })
	r.PerCore = of(func(o Once) float64 {
		if o.CPU == 0 {
			return 0
		}
		return float64(o.Rows) / o.CPU
	})
	for _, o := range runs {
		r.State = max(r.State, o.State)
		r.Memory.Anonymous = max(r.Memory.Anonymous, o.Anonymous)
		r.Memory.Resident = max(r.Memory.Resident, o.Resident)
	}
	r.Nodes = shares(runs)
	if limits != nil {
		ratios := make([]float64, len(runs))
		for i, o := range runs {
			ratios[i] = o.Process / limits[i]
		}
		r.Limit = &Limit{Command: "wc -l", Seconds: spreadOf(limits), Ratio: spreadOf(ratios)}
	}
	if delays != nil {
		r.Latency = latency(delays, rate)
	}
	return r
}

func shares(runs []Once) []Share {
	all := make([]Share, len(runs[0].Nodes))
	total := 0.0
	for _, o := range runs {
		for i, n := range o.Nodes {
			all[i].Node, all[i].Kind = n.Node, n.Kind
			all[i].Busy += n.Busy
			total += n.Busy
		}
	}
	for i := range all {
		if total > 0 {
			all[i].Busy /= total
		}
	}
	return all
}

func latency(delays []Delays, rate float64) *Latency {
	l := &Latency{Rate: rate}
	var p50, p99, most []float64
	for _, d := range delays {
		s := d.sorted()
		l.Lines += len(s)
		p50, p99, most = append(p50, quantile(s, 0.5)), append(p99, quantile(s, 0.99)), append(most, s[len(s)-1])
	}
	l.P50, l.P99, l.Max = spreadOf(p50), spreadOf(p99), spreadOf(most)
	return l
}
