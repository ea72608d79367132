package exec

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"flowrun/dag/diag"
)

func TestLogsHoldNoSecret(t *testing.T) {
	var s diag.Secrets
	s.Add("hunter2")
	var out bytes.Buffer
	log := slog.New(masked(slog.NewTextHandler(&out, nil), &s)).With("server", "u:hunter2@h").WithGroup("g")
	log.Warn("cannot log in as hunter2", "n", 7, "err", errors.New("401 for hunter2"), slog.Group("inner", "q", "a=hunter2", "ok", true), "at", laterText("hunter2"))
	got := out.String()
	if strings.Contains(got, "hunter2") || strings.Count(got, diag.Masked) != 5 {
		t.Errorf("%s", got)
	}
	for _, kept := range []string{"g.n=7", "g.inner.ok=true", "server=u:***@h", "level=WARN"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is lost: %s", kept, got)
		}
	}
}

type laterText string

func (l laterText) LogValue() slog.Value { return slog.StringValue(string(l)) }
