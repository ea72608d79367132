package theme

// Token is what a colour means.
type Token uint8

// The tokens. Text is the terminal's own foreground in every palette.
const (
	Text    Token = iota
	Muted         // frames, labels, what does not need to be read
	Accent        // selection, keys, focus
	OK            // running, committed, added
	Busy          // working hard, the bottleneck, a warning
	Blocked       // waits for a slower node below
	Late          // late and rejected rows, changed columns
	Error         // failed, removed
	tokens        // how many there are
)

// String is the token's name, as a palette's documentation prints it.
func (t Token) String() string {
	return [...]string{"text", "muted", "accent", "ok", "busy", "blocked", "late", "error"}[t%tokens]
}

// Style is how a cell looks. The zero Style is plain text.
type Style struct {
	Token   Token
	Bold    bool
	Faint   bool
	Reverse bool
	Under   bool
}

// In is plain text of a token's colour.
func In(t Token) Style { return Style{Token: t} }

// Strong is bold text of a token's colour.
func Strong(t Token) Style { return Style{Token: t, Bold: true} }
