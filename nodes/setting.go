package nodes

import "flowrun/dag/diag"

// Setting is the place of one of the kind's settings, or that of all of them where it is not written.
func (b *Builder) Setting(key string) diag.Span {
	if v := b.Node.Config.Get(key); v != nil && v.At.Known() {
		return v.At
	}
	return b.Config()
}

// Wrong reports a setting whose value cannot work.
func (b *Builder) Wrong(key, message, hint string) {
	b.Report(diag.Diagnostic{Code: CodeSetting, At: b.Setting(key), Message: message, Hint: hint})
}
