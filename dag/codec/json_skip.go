package codec

// skip reads a value that is not declared: it must be valid, and is not kept.
func (d *jsonDecoder) skip(b []byte, i, depth int) int {
	switch c := b[i]; {
	case c == '"':
		return d.skipText(b, i+1)
	case c == '-' || c-'0' <= 9:
		_, end := d.number(b, i)
		return end
	case c == 'n':
		return d.literal(b, i, "null")
	case c == 't':
		return d.literal(b, i, "true")
	case c == 'f':
		return d.literal(b, i, "false")
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return d.tooDeep(i)
		}
		if c == '{' {
			return d.skipObject(b, i, depth)
		}
		return d.skipList(b, i, depth)
	}
	return d.syntax(b, i, "a value")
}

// skipText reads a string, of which the quote was read.
func (d *jsonDecoder) skipText(b []byte, i int) int {
	end := plain(b, i)
	if b[end] == '"' {
		return end + 1
	}
	_, end, _ = d.hardText(b, i, end)
	return end
}

func (d *jsonDecoder) skipList(b []byte, i, depth int) int {
	i = d.space(b, i+1)
	if b[i] == ']' {
		return i + 1
	}
	for {
		if i = d.skip(b, i, depth+1); i < 0 {
			return -1
		}
		i = d.space(b, i)
		switch {
		case b[i] == ',':
			i = d.space(b, i+1)
		case b[i] == ']':
			return i + 1
		default:
			return d.syntax(b, i, `"," or "]"`)
		}
	}
}

func (d *jsonDecoder) skipObject(b []byte, i, depth int) int {
	i = d.space(b, i+1)
	if b[i] == '}' {
		return i + 1
	}
	for {
		if b[i] != '"' {
			return d.syntax(b, i, "a key")
		}
		if i = d.skipText(b, i+1); i < 0 {
			return -1
		}
		if i = d.colon(b, i); i < 0 {
			return -1
		}
		if i = d.skip(b, i, depth+1); i < 0 {
			return -1
		}
		i = d.space(b, i)
		switch {
		case b[i] == ',':
			i = d.space(b, i+1)
		case b[i] == '}':
			return i + 1
		default:
			return d.syntax(b, i, `"," or "}"`)
		}
	}
}
