package spec

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// plural counts things in words.
func plural(n int, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case word[len(word)-1] == 'y':
		return itoa(n) + " " + word[:len(word)-1] + "ies"
	}
	return itoa(n) + " " + word + "s"
}
