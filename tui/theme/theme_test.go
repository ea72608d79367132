package theme

import (
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

func painter(profile termenv.Profile, p Palette, dark bool) *Painter {
	r := lipgloss.NewRenderer(&strings.Builder{})
	r.SetColorProfile(profile)
	r.SetHasDarkBackground(dark)
	return NewPainter(r, p)
}

// TestTokensAreToldApart proves that in every palette and on both backgrounds all eight tokens look different.
func TestTokensAreToldApart(t *testing.T) {
	for _, name := range Names() {
		p, ok := Named(name)
		if !ok {
			t.Fatalf("%s is not found", name)
		}
		for _, dark := range []bool{true, false} {
			for _, profile := range []termenv.Profile{termenv.TrueColor, termenv.ANSI256} {
				seen := map[string]Token{}
				for token := range tokens {
					before, _ := painter(profile, p, dark).Codes(In(token))
					if other, ok := seen[before]; ok {
						t.Errorf("%s, dark %v: %s looks like %s", name, dark, token, other)
					}
					seen[before] = token
				}
			}
		}
	}
	if _, ok := Named("loud"); ok {
		t.Error("a palette that does not exist was found")
	}
}

func TestNoColourMeansNoCodes(t *testing.T) {
	p := painter(termenv.Ascii, Default(), true)
	if before, after := p.Codes(Style{Token: Error, Bold: true, Reverse: true}); before+after != "" {
		t.Errorf("codes %q %q", before, after)
	}
}

func TestPainterCanBeTurned(t *testing.T) {
	p := painter(termenv.TrueColor, Default(), true)
	dark, _ := p.Codes(In(OK))
	light, _ := p.On(false).Codes(In(OK))
	if dark == light || dark == "" {
		t.Errorf("dark %q, light %q", dark, light)
	}
	other, _ := Named("clear")
	if got := p.With(other).Palette().Name; got != "clear" {
		t.Errorf("palette %s", got)
	}
}

// TestGlyphsAreOneCellWide proves that every single glyph takes a cell, and that the ASCII set is what it says.
func TestGlyphsAreOneCellWide(t *testing.T) {
	words := map[string]bool{"Arrows": true, "Enter": true, "Branch": true, "Last": true, "Stem": true, "Null": true, "Arrow": true}
	for _, g := range []Glyphs{Unicode, ASCII} {
		var check func(name string, v reflect.Value)
		check = func(name string, v reflect.Value) {
			switch v.Kind() {
			case reflect.String:
				if w := ansi.StringWidth(v.String()); w != 1 && !words[name] {
					t.Errorf("%s %q is %d cells wide", name, v.String(), w)
				}
				for _, r := range v.String() {
					if g.ASCII && r > 0x7e {
						t.Errorf("%s %q is not ASCII", name, v.String())
					}
				}
			case reflect.Struct:
				for i := range v.NumField() {
					check(v.Type().Field(i).Name, v.Field(i))
				}
			case reflect.Slice, reflect.Array:
				for i := range v.Len() {
					check(name, v.Index(i))
				}
			}
		}
		check("", reflect.ValueOf(g))
	}
}
