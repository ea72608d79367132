package lines

import "fmt"

// MaxMaxLine is the largest max_line_bytes.
const MaxMaxLine = 1 << 30

// CheckMaxLine says what is wrong with a max_line_bytes, and what to do: empty where nothing is.
func CheckMaxLine(n int64) (message, hint string) {
	if n >= 1 && n <= MaxMaxLine {
		return "", ""
	}
	return fmt.Sprintf("max_line_bytes is %d, but has to be from 1 to 1GiB", n),
		"max_line_bytes: 1MiB; a longer line is rejected with its head"
}
