package exec

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"flowrun/dag/live"
)

// logHandler makes events of log records, and passes them on to the run's own handler. The attributes "node" and "place"
// become fields of the event, the others stand behind the message.
type logHandler struct {
	events *events
	level  slog.Level
	next   slog.Handler
	now    func() time.Time
	places map[string]string // of nodes; warnings and errors show theirs
	node   string
	place  string
	attrs  []string // as key=value
	group  string   // prefix of keys, with its dots
}

// Enabled reports whether a record is an event or is wanted by the run's own handler.
func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level || h.next.Enabled(ctx, l)
}

// Handle makes an event.
func (h *logHandler) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= h.level {
		line := *h
		line.attrs = slices.Clip(h.attrs)
		rec.Attrs(func(a slog.Attr) bool {
			line.add(h.group, a)
			return true
		})
		at := rec.Time
		if at.IsZero() {
			at = h.now()
		}
		text := rec.Message
		if len(line.attrs) > 0 {
			text += "  " + strings.Join(line.attrs, " ")
		}
		if line.place == "" && rec.Level >= slog.LevelWarn {
			line.place = h.places[line.node]
		}
		h.events.add(live.Event{At: at, Level: level(rec.Level), Node: line.node, Place: line.place,
			Text: strings.ReplaceAll(text, "\n", `\n`)})
	}
	if h.next.Enabled(ctx, rec.Level) {
		return h.next.Handle(ctx, rec)
	}
	return nil
}

// WithAttrs gives a handler that adds attributes to each record.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clip(h.attrs)
	c.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		c.add(c.group, a)
	}
	return &c
}

// WithGroup gives a handler that puts a name before the keys that follow.
func (h *logHandler) WithGroup(name string) slog.Handler {
	c := *h
	c.next = h.next.WithGroup(name)
	if name != "" {
		c.group += name + "."
	}
	return &c
}

func (h *logHandler) add(prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	switch {
	case a.Key == "node" && prefix == "":
		h.node = v.String()
	case a.Key == "place" && prefix == "":
		h.place = v.String()
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			h.add(prefix, inner)
		}
	case a.Key != "":
		text := v.String()
		if text == "" || strings.ContainsAny(text, " \t\n\"=") {
			text = `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
		}
		h.attrs = append(h.attrs, prefix+a.Key+"="+text)
	}
}

func level(l slog.Level) live.Level {
	switch {
	case l >= slog.LevelError:
		return live.Error
	case l >= slog.LevelWarn:
		return live.Warn
	case l >= slog.LevelInfo:
		return live.Info
	}
	return live.Debug
}
