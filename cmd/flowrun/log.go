package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

type logFlags struct{ level, format string }

func (f *logFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.level, "log-level", "info", "what to log on stderr: debug, info, warn or error")
	c.Flags().StringVar(&f.format, "log-format", "text", "how to log: text or json")
}

// logger makes the logger that the flags ask for.
func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	switch f.level {
	case "debug", "info", "warn", "error":
		if err := level.UnmarshalText([]byte(f.level)); err != nil {
			return nil, err
		}
	default:
		return nil, usage("--log-level is debug, info, warn or error, not %q", f.level)
	}
	o := &slog.HandlerOptions{Level: level}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usage("--log-format is text or json, not %q", f.format)
}
