package lineserver

import (
	_ "embed"
	"io"
	"strings"
)

// verses are in the public domain: William Shakespeare, Hamlet, act 3, scene 1.
//
//go:embed verses.txt
var verses string

// Sample is a pleasant text without an end, to try a pipeline with.
func Sample() io.Reader { return Loop(strings.NewReader(verses)) }
