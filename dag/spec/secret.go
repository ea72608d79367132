package spec

import (
	"reflect"
	"regexp"

	"flowrun/dag/diag"
)

// secretName matches the names of environment variables that hold secrets.
var secretName = regexp.MustCompile(`(?i)token|passw|passphrase|secret|credential|(^|_)pass(_|$)|(^|_)(api|private|access|signing|encryption)?key(_|$)`)

// Secrets adds the values of all settings whose field has the tag `secret:"true"` to those that are never shown. v is what
// [Decode] reads into the type that into points to.
func Secrets(v *Value, into any, s *diag.Secrets) {
	if s == nil {
		return
	}
	secretsOf(v, reflect.TypeOf(into).Elem(), s)
}

func secretsOf(v *Value, t reflect.Type, s *diag.Secrets) {
	if v == nil {
		return
	}
	for t != valueType && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == valueType || t == fieldsType || t == itemsType:
	case t.Kind() == reflect.Slice:
		for _, item := range v.Items {
			secretsOf(item, t.Elem(), s)
		}
	case t.Kind() == reflect.Map:
		for _, e := range v.Entries {
			secretsOf(e.Value, t.Elem(), s)
		}
	case isSettings(t):
		for _, k := range structKeys(t) {
			if k.secret {
				leaves(v.Get(k.name), s)
			} else {
				secretsOf(v.Get(k.name), k.typ, s)
			}
		}
	}
}

// leaves makes every single value a secret. Where one is put together, the whole is, and not what stands in the file.
func leaves(v *Value, s *diag.Secrets) {
	if v == nil {
		return
	}
	if v.Kind == Scalar {
		s.Add(v.Text.Value)
	}
	for _, item := range v.Items {
		leaves(item, s)
	}
	for _, e := range v.Entries {
		leaves(e.Value, s)
	}
}
