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
