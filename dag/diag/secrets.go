package diag

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Masked is what is shown in place of a secret.
const Masked = "***"

// minSecret is the fewest characters that are masked: of a shorter text there would be one in every other word.
const minSecret = 4

// Secrets are the texts of a pipeline that are shown to nobody: passwords, tokens. They are collected while the file is
// read; from then on whatever is printed, logged or sent to a watcher goes through [Secrets.Mask]. Rows do not: what a
// pipeline makes of a secret is its own affair. A nil *Secrets masks nothing.
type Secrets struct {
	forms    []string // the longest first
	replacer *strings.Replacer
}

// Add makes a text a secret, also as it looks inside quotes, in a URL, in base64, and line by line. A text of fewer than 4
// characters is none. Not to be called once Mask is.
func (s *Secrets) Add(text string) {
	forms := []string{text, strings.Join(strings.Fields(text), " "), url.QueryEscape(text), url.PathEscape(text),
		base64.StdEncoding.EncodeToString([]byte(text)), strings.ReplaceAll(text, `'`, `\'`), strings.ReplaceAll(text, `'`, `''`)}
	forms = append(forms, strings.Split(text, "\n")...)
	for _, form := range slices.Clone(forms) {
		quoted := strconv.Quote(form)
		forms = append(forms, quoted[1:len(quoted)-1])
	}
	if utf8.RuneCountInString(text) < minSecret {
		return
	}
	for _, form := range forms {
		form = strings.TrimSpace(form)
		if utf8.RuneCountInString(form) >= minSecret && !slices.Contains(s.forms, form) {
			s.forms = append(s.forms, form)
		}
	}
	slices.SortStableFunc(s.forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, form := range s.forms {
		pairs = append(pairs, form, Masked)
	}
	s.replacer = strings.NewReplacer(pairs...)
}

// Any reports whether there is anything to mask.
func (s *Secrets) Any() bool { return s != nil && len(s.forms) > 0 }

// Mask gives text with every secret replaced by [Masked].
func (s *Secrets) Mask(text string) string {
	if !s.Any() {
		return text
	}
	return s.replacer.Replace(text)
}

// Cover gives text with every secret replaced by stars, one for each character, so that places in it stay what they are.
func (s *Secrets) Cover(text []byte) []byte {
	if !s.Any() {
		return text
	}
	out := string(text)
	for _, form := range s.forms {
		out = strings.ReplaceAll(out, form, strings.Repeat("*", utf8.RuneCountInString(form)))
	}
	return []byte(out)
}

// MaskList masks the messages and hints of diagnostics.
func (s *Secrets) MaskList(l []Diagnostic) {
	if !s.Any() {
		return
	}
	for i := range l {
		l[i].Message, l[i].Hint = s.Mask(l[i].Message), s.Mask(l[i].Hint)
		l[i].At.File = s.Mask(l[i].At.File)
		s.MaskList(l[i].Notes)
	}
}
