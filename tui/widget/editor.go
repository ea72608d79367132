package widget

import "unicode"

// Editor is a line of text that is being typed. The zero Editor is empty.
type Editor struct {
	text   []rune
	cursor int // before which character the next one goes
}

// NewEditor returns an editor of text with the cursor behind it.
func NewEditor(text string) Editor {
	r := []rune(text)
	return Editor{text: r, cursor: len(r)}
}

// String is the text.
func (e Editor) String() string { return string(e.text) }

// Before is the text in front of the cursor, Behind the text after it.
func (e Editor) Before() string { return string(e.text[:e.cursor]) }

// Behind is the text after the cursor.
func (e Editor) Behind() string { return string(e.text[e.cursor:]) }

// Insert returns the editor after text was typed or pasted; what is no printable character is left out.
func (e Editor) Insert(text string) Editor {
	next := append([]rune(nil), e.text[:e.cursor]...)
	for _, r := range text {
		if len(e.text) < 500 && unicode.IsPrint(r) {
			next = append(next, r)
		}
	}
	return Editor{text: append(next, e.text[e.cursor:]...), cursor: len(next)}
}

// Press returns the editor after an editing key, by Bubble Tea's name of it, and whether it was one.
func (e Editor) Press(key string) (Editor, bool) {
	switch key {
	case "left", "ctrl+b":
		e.cursor = max(e.cursor-1, 0)
	case "right", "ctrl+f":
		e.cursor = min(e.cursor+1, len(e.text))
	case "home", "ctrl+a":
		e.cursor = 0
	case "end", "ctrl+e":
		e.cursor = len(e.text)
	case "backspace", "ctrl+h":
		return e.cut(max(e.cursor-1, 0), e.cursor), true
	case "delete", "ctrl+d":
		return e.cut(e.cursor, min(e.cursor+1, len(e.text))), true
	case "ctrl+u":
		return e.cut(0, e.cursor), true
	case "ctrl+k":
		return e.cut(e.cursor, len(e.text)), true
	case "ctrl+w":
		from := e.cursor
		for from > 0 && e.text[from-1] == ' ' {
			from--
		}
		for from > 0 && e.text[from-1] != ' ' {
			from--
		}
		return e.cut(from, e.cursor), true
	default:
		return e, false
	}
	return e, true
}

func (e Editor) cut(from, to int) Editor {
	text := append([]rune(nil), e.text[:from]...)
	return Editor{text: append(text, e.text[to:]...), cursor: from}
}
