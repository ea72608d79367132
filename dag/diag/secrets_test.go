package diag

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestSecretsInEveryForm(t *testing.T) {
	const secret = "p\"a's w/\\rd\nsecond line\n"
	var s Secrets
	s.Add(secret)
	s.Add("hunter2")
	for _, text := range []string{
		secret, "user:" + strings.TrimSpace(secret) + "@host", strconv.Quote(secret), url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), "only second line of it", `x == "p\"a's w/\\rd"`, "hunter2", "hunter2hunter2",
		strings.Join(strings.Fields(secret), " "),
	} {
		got := s.Mask(text)
		if !strings.Contains(got, Masked) || strings.Contains(got, "hunter") || strings.Contains(got, "rd") || strings.Contains(got, "second") {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	if got := s.Mask("an ordinary text"); got != "an ordinary text" {
		t.Errorf("%q", got)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	var none *Secrets
	var s Secrets
	s.Add("")
	s.Add("abc")
	s.Add("a\nb")
	if none.Mask("x") != "x" || none.Any() || string(none.Cover([]byte("x"))) != "x" {
		t.Error("no secrets, and something is masked")
	}
	if got := s.Mask("abc a b c"); got != "abc a b c" {
		t.Errorf("what is too short is masked: %q", got)
	}
}

func TestCoverKeepsPlaces(t *testing.T) {
	var s Secrets
	s.Add("geheim日本")
	const src = "a: 'geheim日本'\nb: geheim日本 # c"
	got := string(s.Cover([]byte(src)))
	if got != "a: '********'\nb: ******** # c" {
		t.Errorf("%q", got)
	}
	list := List{{Message: "it is geheim日本", Hint: "not geheim日本", Notes: []Diagnostic{{Message: "geheim日本"}}}}
	s.MaskList(list)
	if d := list[0]; d.Message != "it is ***" || d.Hint != "not ***" || d.Notes[0].Message != "***" {
		t.Errorf("%+v", d)
	}
}
