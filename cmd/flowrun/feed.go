package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"flowrun/nodes/socket/lineserver"
)

type feedFlags struct {
	listen   string
	rate     float64
	loop     bool
	sample   bool
	duration time.Duration
	logFlags
}

func newFeed(std streams) *cobra.Command {
	var f feedFlags
	c := &cobra.Command{
		Use:   "feed [FILE]",
		Short: "Serve lines over TCP, as nc -lk does: stdin, a file, or sample lines",
		Long: `feed serves lines over TCP to any number of clients, for those who have no nc -lk.

  flowrun feed                            what you type
  flowrun feed access.log --rate 100      a file, 100 lines a second
  flowrun feed access.log --loop          a file, again and again
  flowrun feed --sample                   sample lines, 5 a second

Every client gets every line from the moment it connects. Lines wait for the first client. It ends when the input ends and
every client has got all of it, or with ctrl+c.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("feed takes one file, and %d were given", len(args))
			}
			return feed(c, std, &f, args)
		},
	}
	c.Flags().StringVar(&f.listen, "listen", "localhost:1100", "`ADDRESS` to listen on, host:port; port 0 takes a free one")
	c.Flags().Float64Var(&f.rate, "rate", 0, "lines per second; 0: as fast as clients take them (5 with --sample)")
	c.Flags().BoolVar(&f.loop, "loop", false, "begin the file anew at its end")
	c.Flags().BoolVar(&f.sample, "sample", false, "serve sample lines")
	c.Flags().DurationVar(&f.duration, "duration", 0, "end after this time")
	f.logFlags.add(c)
	return c
}

func feed(c *cobra.Command, std streams, f *feedFlags, args []string) error {
	s := lineserver.Server{Rate: f.rate}
	switch {
	case f.rate < 0:
		return usage("--rate is a number of lines per second, not %g", f.rate)
	case f.sample && (len(args) > 0 || f.loop):
		return usage("--sample serves lines of its own: leave out the file and --loop")
	case f.sample:
		s.Source = lineserver.Sample()
		if !c.Flags().Changed("rate") {
			s.Rate = 5
		}
	case len(args) == 1:
		file, err := os.Open(args[0])
		if err != nil {
			return environment(err)
		}
		defer file.Close()
		s.Source = file
		if f.loop {
			s.Source = lineserver.Loop(file)
		}
	case f.loop:
		return usage("--loop needs a file: standard input cannot begin anew")
	default:
		s.Source = std.in
	}
	log, err := f.logger(std.err)
	if err != nil {
		return err
	}
	s.Log = log

	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return environment(err)
	}
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	fmt.Fprintf(std.err, "listening on %s\n", l.Addr())
	if len(args) == 0 && !f.sample && isTerminal(std.in) {
		fmt.Fprintf(std.err, "type lines; ctrl+d ends\n")
	}
	if err := s.Serve(ctx, l); err != nil && !errors.Is(err, io.EOF) {
		return &exit{exitFailed, err}
	}
	return nil
}
