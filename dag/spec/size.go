package spec

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$`)

var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
}

// ParseSize reads a number of bytes: "65536", "64KiB", "1.5MiB", "10MB". The error says what is wrong, without the text.
func ParseSize(s string) (Size, error) {
	m := sizeForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, errors.New("is not a size")
	}
	unit, ok := sizeUnits[strings.ToLower(m[2])]
	if !ok {
		return 0, fmt.Errorf("has an unknown unit %q", m[2])
	}
	n, ok := scale(m[1], unit)
	if !ok {
		return 0, errors.New("is too large")
	}
	return Size(n), nil
}

// String writes the size in the largest unit of 1024 of which it is a whole number: "64KiB". ParseSize reads it.
func (s Size) String() string {
	n, unit := int64(s), ""
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, next
	}
	return fmt.Sprintf("%d%s", n, unit)
}
