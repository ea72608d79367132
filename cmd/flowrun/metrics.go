package main

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"flowrun/dag/live"
)

// runCollector tells Prometheus of a run: what its snapshot says at the moment of the question.
type runCollector struct {
	topology live.Topology
	snapshot func() live.Snapshot
	read     map[string]map[string]bool // outputs by node that somebody reads
}

// newMetrics makes what /metrics shows: the run, the process and the Go runtime.
func newMetrics(t live.Topology, snapshot func() live.Snapshot) (*prometheus.Registry, error) {
	c := &runCollector{t, snapshot, map[string]map[string]bool{}}
	for _, e := range t.Edges {
		if c.read[e.From] == nil {
			c.read[e.From] = map[string]bool{}
		}
		c.read[e.From][e.Output] = true
	}
	r := prometheus.NewRegistry()
	for _, each := range []prometheus.Collector{c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := r.Register(each); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("flowrun_"+name, help, labels, nil)
}

var (
	buildInfo = metric("build_info", "The version of flowrun, and of Go it was built with; always 1.", "version", "goversion")
	runState  = metric("run_state", "The state that the run is in; always 1.", "pipeline", "state")
	runEpochs = metric("epochs_total", "Epochs that were cut, by all runs of the checkpoint.", "pipeline")

	recordsIn      = metric("node_records_in_total", "Rows that came in; of a source rows that were read, rejected ones included.", "pipeline", "node")
	recordsOut     = metric("node_records_out_total", "Rows that went out.", "pipeline", "node")
	recordsPassed  = metric("node_records_passed_total", "Rows that came in and were passed on.", "pipeline", "node")
	recordsHeld    = metric("node_records_held_total", "Rows that came in and were taken into state.", "pipeline", "node")
	recordsLate    = metric("node_records_late_total", "Rows that came behind the watermark, too late for all that waits.", "pipeline", "node")
	recordsReject  = metric("node_records_rejected_total", "Rows that could not be processed, by reason.", "pipeline", "node", "reason")
	recordsDropped = metric("records_dropped_total", "Rows that went no further: filtered, or late or rejected where nobody reads these.", "pipeline", "node", "reason")
	bytesIn        = metric("node_bytes_in_total", "Bytes that a source took from outside, where it knows.", "pipeline", "node")

	nodeBusy    = metric("node_busy_ratio", "Share of the last second that the node worked.", "pipeline", "node")
	nodeBlocked = metric("node_blocked_ratio", "Share of the last second that the node waited for room behind it.", "pipeline", "node")
	watermarkAt = metric("watermark_timestamp_seconds", "What the node knows of event time: no row before it will come.", "pipeline", "node")
	stateRows   = metric("state_rows", "Rows or keys that the node remembers.", "pipeline", "node")
	stateBytes  = metric("state_bytes", "About how many bytes what the node remembers takes.", "pipeline", "node")
	stateOnDisk = metric("state_on_disk_bytes", "How much of it lies on disk, see checkpoint.memory.", "pipeline", "node")

	edgeQueue    = metric("edge_queue_batches", "Batches that wait in the queue of an edge.", "pipeline", "from", "output", "to")
	edgeCapacity = metric("edge_queue_capacity_batches", "Batches that fit in the queue of an edge.", "pipeline", "from", "output", "to")
	edgeFill     = metric("edge_queue_fill_ratio", "Share of the queue of an edge that is full.", "pipeline", "from", "output", "to")

	commits       = metric("checkpoint_commits_total", "Commits, of all runs of the checkpoint.", "pipeline")
	commitAge     = metric("checkpoint_age_seconds", "How long ago the last commit was made.", "pipeline")
	commitSeconds = metric("checkpoint_last_commit_duration_seconds", "How long the last commit of this run took to become durable.", "pipeline")
)

// Describe implements prometheus.Collector: what there is depends on the run, so nothing is promised.
func (c *runCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *runCollector) Collect(out chan<- prometheus.Metric) {
	s, name := c.snapshot(), c.topology.Pipeline
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(buildInfo, 1, versionText(), runtime.Version())
	gauge(runState, 1, name, string(s.State))
	count(runEpochs, s.Epochs, name)
	if k := s.Commit; k != nil {
		count(commits, k.Number, name)
		if !k.At.IsZero() {
			gauge(commitAge, max(s.At.Sub(k.At), 0).Seconds(), name)
		}
		if k.Took > 0 {
			gauge(commitSeconds, k.Took.Seconds(), name)
		}
	}
	for i, n := range c.topology.Nodes {
		if i == len(s.Nodes) {
			break
		}
		st := &s.Nodes[i]
		count(recordsIn, st.RowsIn, name, n.ID)
		count(recordsOut, st.RowsOut, name, n.ID)
		count(recordsPassed, st.Passed, name, n.ID)
		count(recordsHeld, st.Held, name, n.ID)
		count(recordsLate, st.Late, name, n.ID)
		reasons := map[string]uint64{}
		for reason, rows := range st.Reasons {
			reasons[strings.ToValidUTF8(reason, "\uFFFD")] += rows
		}
		for reason, rows := range reasons {
			count(recordsReject, rows, name, n.ID, reason)
		}
		dropped := map[string]uint64{"filtered": st.Filtered}
		if !c.read[n.ID]["late"] {
			dropped["late"] = st.Late
		}
		if !c.read[n.ID]["rejected"] {
			dropped["rejected"] = st.Rejected + st.RejectedOut
		}
		for reason, rows := range dropped {
			count(recordsDropped, rows, name, n.ID, reason)
		}
		if n.Role == live.Source {
			count(bytesIn, st.BytesIn, name, n.ID)
		}
		gauge(nodeBusy, st.Busy, name, n.ID)
		gauge(nodeBlocked, st.Blocked, name, n.ID)
		if !st.Watermark.IsZero() {
			gauge(watermarkAt, float64(st.Watermark.UnixMicro())/float64(time.Second/time.Microsecond), name, n.ID)
		}
		gauge(stateRows, float64(st.StateRows), name, n.ID)
		gauge(stateBytes, float64(st.StateBytes), name, n.ID)
		gauge(stateOnDisk, float64(st.StateOnDisk), name, n.ID)
	}
	for i, e := range c.topology.Edges {
		if i == len(s.Edges) || e.Capacity == 0 {
			continue
		}
		labels := []string{name, e.From, e.Output, e.To}
		gauge(edgeQueue, float64(s.Edges[i].Queued), labels...)
		gauge(edgeCapacity, float64(e.Capacity), labels...)
		gauge(edgeFill, float64(s.Edges[i].Queued)/float64(e.Capacity), labels...)
	}
}
