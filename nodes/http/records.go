package http

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"

	"flowrun/dag/codec"
)

// form is how the records stand in a body.
type form uint8

const (
	bodyLines form = iota // a line each, or what the format calls one
	document              // one JSON value: an object is a record, a list has several
	either                // a document where the body is one, else lines
)

// formOf says how to read a body of a content type; false: it cannot be read.
func formOf(format, contentType string) (form, bool) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		media, _, _ = strings.Cut(contentType, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	switch {
	case strings.HasPrefix(media, "multipart/"), strings.HasPrefix(media, "image/"), strings.HasPrefix(media, "audio/"), strings.HasPrefix(media, "video/"):
		return bodyLines, false
	case format == "text":
		return bodyLines, true
	case format != "json":
		return bodyLines, !strings.Contains(media, "json")
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return document, true
	case strings.Contains(media, "ndjson"), strings.Contains(media, "jsonl"), strings.Contains(media, "json-l"), strings.Contains(media, "json-seq"):
		return bodyLines, true
	}
	return either, true // what a client sends that does not care: curl -d says application/x-www-form-urlencoded
}

// accepted says what can be sent to a source of the format.
func accepted(format string) string {
	if format == "json" {
		return "json or ndjson"
	}
	return format
}

// records goes through the records of a body.
type records struct {
	rest  []byte
	lines *codec.Framer // has the rest, where the records are lines
	list  bool          // rest is inside of a valid JSON list
	one   bool          // rest is one record
	wrong bool          // rest is a list that is no valid JSON
}

// newRecords begins with a body, of which f cuts the records where they are lines.
func newRecords(body []byte, as form, f *codec.Framer) records {
	lined := func() records {
		f.Reset(0)
		f.Feed(body)
		return records{lines: f}
	}
	if as == bodyLines {
		return lined()
	}
	r := records{rest: body}
	start := bytes.TrimLeft(body, " \t\r\n")
	valid := false
	if as == either || len(start) > 0 && start[0] == '[' {
		valid = json.Valid(start)
	}
	switch {
	case as == either && !valid:
		return lined()
	case len(start) > 0 && start[0] == '[' && valid:
		r.rest, r.list = start[1:], true
	case len(start) > 0 && start[0] == '[':
		r.wrong = true
	default:
		r.one = true
	}
	return r
}

// next decodes one record; false: there is none left.
func (r *records) next(dec codec.Decoder) bool {
	switch {
	case r.lines != nil:
		if !r.lines.Next() && !r.lines.Flush() {
			return false
		}
		dec.Decode(r.lines.Line())
	case len(r.rest) == 0:
		return false
	case r.wrong:
		dec.Reject(codec.InvalidJSON, "the body is a list that does not end well, so none of its records was taken", r.rest)
		r.rest = nil
	case r.one:
		dec.Decode(r.rest)
		r.rest = nil
	case r.list:
		value, rest := element(r.rest)
		if r.rest = rest; value == nil {
			return false
		}
		dec.Decode(value)
	}
	return true
}

// element cuts the next value off the inside of a valid list; nil: the list has ended.
func element(b []byte) (value, rest []byte) {
	b = bytes.TrimLeft(b, " \t\r\n,")
	if len(b) == 0 || b[0] == ']' {
		return nil, nil
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}':
			depth--
		case ']':
			if depth == 0 {
				return b[:i], b[i:]
			}
			depth--
		case ',':
			if depth == 0 {
				return b[:i], b[i:]
			}
		}
	}
	return b, nil
}
