package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSuggestLength is the longest name, in characters, that Suggest looks at: a longer one is not a slip of the finger.
const maxSuggestLength = 64

// Suggest returns the candidate that name was probably meant to be, or "" when none is near. Near means few edits
// (insert, delete, replace, swap neighbours) for the length of the name: one in four letters, two in five, and so on.
// Letter case, `_` and `-` cost nothing, so that rowsPerSecond finds rows_per_second; among candidates equally far
// the one whose case fits best wins, then the first.
func Suggest(name string, candidates []string) string {
	if name == "" || utf8.RuneCountInString(name) > maxSuggestLength {
		return ""
	}
	folded, exact := fold(name), []rune(name)
	best, bestFolded, bestExact := "", 0, 0
	for _, c := range candidates {
		if c == "" || utf8.RuneCountInString(c) > maxSuggestLength {
			continue
		}
		f := fold(c)
		limit := (max(len(folded), len(f)) + 1) / 3
		if max(len(folded)-len(f), len(f)-len(folded)) > limit {
			continue
		}
		d := distance(folded, f)
		if d > limit || best != "" && d > bestFolded {
			continue
		}
		e := distance(exact, []rune(c))
		if best == "" || d < bestFolded || e < bestExact {
			best, bestFolded, bestExact = c, d, e
		}
	}
	return best
}

// fold makes names comparable: lower case, without the signs that join words.
func fold(s string) []rune {
	if f := strings.NewReplacer("_", "", "-", "").Replace(s); f != "" {
		s = f
	}
	out := []rune(s)
	for i, r := range out {
		out[i] = unicode.ToLower(r)
	}
	return out
}

// distance is the Damerau-Levenshtein distance in which no part is edited twice (optimal string alignment).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
