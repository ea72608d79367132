package expr

import (
	"regexp"
	"strings"
	"sync"
)

// patterns keeps compiled regular expressions that are not literals, across rows and programs. It is emptied when full.
var patterns struct {
	sync.Mutex
	compiled map[string]*regexp.Regexp
}

const maxPatterns = 256

// compilePattern compiles a regular expression of Go's syntax (RE2).
func compilePattern(pattern string) (*regexp.Regexp, error) {
	patterns.Lock()
	defer patterns.Unlock()
	if re := patterns.compiled[pattern]; re != nil {
		return re, nil
	}
	pattern = strings.Clone(pattern) // it may point into a batch
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, reject(reasonRegex, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if patterns.compiled == nil || len(patterns.compiled) >= maxPatterns {
		patterns.compiled = map[string]*regexp.Regexp{}
	}
	patterns.compiled[pattern] = re
	return re, nil
}

// matches is `text matches pattern` where the pattern is not a literal.
func matches(a, b any) (any, error) {
	re, err := compilePattern(b.(string))
	if err != nil {
		return nil, err
	}
	return matchesPattern(re)(a)
}

// matchesPattern is `text matches pattern` with a pattern that was compiled.
func matchesPattern(re *regexp.Regexp) func(a any) (any, error) {
	return func(a any) (any, error) {
		if b, ok := a.([]byte); ok {
			return re.Match(b), nil
		}
		return re.MatchString(a.(string)), nil
	}
}
