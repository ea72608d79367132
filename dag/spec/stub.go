package spec

import "flowrun/dag/diag"

func load(path string, src []byte, o Options) (*File, diag.List)        { panic("being built") }
func decode(v *Value, into any, where diag.Span, what string) diag.List { panic("being built") }
