package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report prints the series: some samples of each run of the program, and what they tell.
func (s *soak) report() {
	var b strings.Builder
	b.WriteString("   time   rss  anon  live  gor  fds  store journal  rows/s  slow/s  shown/s   (MiB)\n")
	var before sample
	for i, l := range s.lives {
		how := "stopped"
		if l.killed {
			how = "killed"
		}
		fmt.Fprintf(&b, "run %d, %s; %s, which took %s\n", i, l.what, how, l.took.Round(time.Millisecond))
		if l.quiet != nil && l.quiet.at < first(l.samples).at {
			b.WriteString(l.quiet.line(sample{}) + "   quiet\n")
		}
		step := max(1, len(l.samples)/10)
		for j, sm := range l.samples {
			if j%step == 0 || j == len(l.samples)-1 {
				b.WriteString(sm.line(before) + "\n")
				before = sm
			}
		}
		if l.quiet != nil && l.quiet.at > first(l.samples).at {
			b.WriteString(l.quiet.line(sample{}) + "   quiet\n")
		}
		if n := len(l.samples); n >= 8 {
			rest := l.samples[n/4:]
			fmt.Fprintf(&b, "  behind its first quarter, MiB in 10 minutes: rss %+.1f, anon %+.1f, live %+.1f, store %+.1f, journal %+.1f; median of thirds: goroutines %s, fds %s\n",
				slope(rest, func(s sample) int64 { return s.rss }), slope(rest, func(s sample) int64 { return s.anon }), slope(rest, func(s sample) int64 { return s.live }),
				slope(rest, func(s sample) int64 { return s.store }), slope(rest, func(s sample) int64 { return s.journal }),
				thirds(l.samples, func(s sample) int64 { return s.goroutines }), thirds(l.samples, func(s sample) int64 { return s.files }))
		}
	}
	s.t.Log("\n" + b.String())
	if *keep != "" {
		if err := os.WriteFile(filepath.Join(s.dir, "series.txt"), []byte(b.String()), 0o666); err != nil {
			s.t.Error(err)
		}
	}
}

func first(samples []sample) sample {
	if len(samples) == 0 {
		return sample{}
	}
	return samples[0]
}

func (sm sample) line(before sample) string {
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	text := fmt.Sprintf("%7s %5.0f %5.0f %5.1f %4d %4d %6.1f %7.1f", sm.at.Round(time.Second), mib(sm.rss), mib(sm.anon), mib(sm.live), sm.goroutines, sm.files, mib(sm.store), mib(sm.journal))
	if before.at == 0 {
		return text
	}
	per := func(n int64) float64 { return float64(n) / (sm.at - before.at).Seconds() }
	return text + fmt.Sprintf(" %7.0f %7.0f %8.0f", per(sm.rows-before.rows), per(sm.slow-before.slow), per(sm.shown-before.shown))
}

// slope is by how many MiB a value rises in 10 minutes, by least squares.
func slope(samples []sample, value func(sample) int64) float64 {
	var x, y, xx, xy float64
	for _, s := range samples {
		t, v := s.at.Minutes()/10, float64(value(s))/(1<<20)
		x, y, xx, xy = x+t, y+v, xx+t*t, xy+t*v
	}
	n := float64(len(samples))
	return (n*xy - x*y) / (n*xx - x*x)
}

// thirds gives the medians of a value at the beginning, in the middle and at the end.
func thirds(samples []sample, value func(sample) int64) string {
	var medians []string
	for i := range 3 {
		var part []int64
		for _, s := range samples[i*len(samples)/3 : (i+1)*len(samples)/3] {
			part = append(part, value(s))
		}
		medians = append(medians, fmt.Sprint(median(part)))
	}
	return strings.Join(medians, ", ")
}

func median(values []int64) int64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}
