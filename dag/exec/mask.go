package exec

import (
	"context"
	"fmt"
	"log/slog"

	"flowrun/dag/diag"
)

// masked puts a handler behind one that lets no secret through.
func masked(next slog.Handler, s *diag.Secrets) slog.Handler {
	if !s.Any() {
		return next
	}
	return maskHandler{next, s}
}

type maskHandler struct {
	next    slog.Handler
	secrets *diag.Secrets
}

func (h maskHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h maskHandler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, h.secrets.Mask(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

func (h maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return maskHandler{h.next.WithAttrs(h.all(attrs)), h.secrets}
}

func (h maskHandler) WithGroup(name string) slog.Handler {
	return maskHandler{h.next.WithGroup(name), h.secrets}
}

func (h maskHandler) all(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = h.attr(a)
	}
	return out
}

func (h maskHandler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(h.secrets.Mask(v.String()))
	case slog.KindGroup:
		v = slog.GroupValue(h.all(v.Group())...)
	case slog.KindAny:
		if text := fmt.Sprint(v.Any()); h.secrets.Mask(text) != text {
			v = slog.StringValue(h.secrets.Mask(text))
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// maskReasons masks reasons of rejects; those that become the same are counted together.
func maskReasons(reasons map[string]uint64, s *diag.Secrets) map[string]uint64 {
	if !s.Any() {
		return reasons
	}
	out := make(map[string]uint64, len(reasons))
	for r, n := range reasons {
		out[s.Mask(r)] += n
	}
	return out
}
