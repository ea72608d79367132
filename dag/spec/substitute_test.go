package spec

import (
	"strings"
	"testing"

	"flowrun/dag/diag"
)

// leafOf loads a file whose only leaf is text and returns it.
func leafOf(t *testing.T, yaml string, env map[string]string) (*Value, diag.List) {
	t.Helper()
	o := testOptions()
	o.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	f, list := Load("f.yaml", []byte("nodes:\n  a:\n    filter: "+yaml+"\n"), o)
	if f == nil || len(f.Nodes) != 1 {
		t.Fatal(list)
	}
	return f.Nodes[0].Config, list
}

func TestSubstitutionInText(t *testing.T) {
	env := map[string]string{"A": "x", "EMPTY": "", "N": "5", "YAML": "{a: [1]}\nb: 2", "DOLLAR": "${A}"}
	for _, c := range []struct{ yaml, want string }{
		{`a`, `a`}, {`$`, `$`}, {`$A`, `$A`}, {`$$`, `$`}, {`$${A}`, `${A}`}, {`$$${A}`, `$x`}, {`a$`, `a$`},
		{`${A}`, `x`}, {`1${A}2`, `1x2`}, {`${A}${A}`, `xx`},
		{`${NO:-d}`, `d`}, {`${EMPTY:-d}`, `d`}, {`${A:-d}`, `x`}, {`"${NO:-a: b}"`, `a: b`}, {`${NO:-}`, ``},
		{`${NO:-${A}}`, `x`}, {`${NO:-${NO:-y}z}`, `yz`}, {`${NO:-a}b}`, `ab}`},
		{`${EMPTY}`, ``}, {`${A:?no}`, `x`}, {`${file:/secret}`, `hush`},
		{`${YAML}`, "{a: [1]}\nb: 2"}, {`${DOLLAR}`, `${A}`}, {`"日${A}本"`, `日x本`},
	} {
		v, list := leafOf(t, c.yaml, env)
		if len(list) > 0 || v.Text.Value != c.want {
			t.Errorf("%s = %q, want %q %v", c.yaml, v.Text.Value, c.want, list)
		}
	}
}

// TestSubstitutionIsNeverCode holds that a value stands in an expression as a literal, whatever is in it.
func TestSubstitutionIsNeverCode(t *testing.T) {
	env := map[string]string{
		"N": "30", "NEG": "-5", "F": "1.5e3", "BIG": "99999999999999999999", "ZIP": "007", "T": "true", "W": "ok",
		"Q": `" or "1" == "1`, "S": `' or '1' == '1`, "B": `\`, "L": "a\nb\tc\r\x01", "EMPTY": "", "C": "*/ or true /*",
		"CODE": "x > 1",
	}
	for _, c := range []struct{ yaml, want string }{
		{`temp > ${N}`, `temp >  30 `},
		{`temp > ${NEG}`, `temp > (-5)`},
		{`temp > ${F}`, `temp >  1.5e3 `},
		{`temp > ${BIG}`, `temp > "99999999999999999999"`},
		{`zip == ${ZIP}`, `zip == "007"`},
		{`active == ${T}`, `active ==  true `},
		{`status == ${W}`, `status == "ok"`},
		{`status == ${EMPTY}`, `status == ""`},
		{`status == ${Q}`, `status == "\" or \"1\" == \"1"`},
		{`'status == "${Q}"'`, `status == "\" or \"1\" == \"1"`},
		{`'status == "a${W}b${N}"'`, `status == "aokb30"`},
		{`status == 'x${S}'`, `status == 'x\' or \'1\' == \'1'`},
		{`status == ${B}`, `status == "\\"`},
		{`status == "${B}"`, `status == "\\"`},
		{`status == ${L}`, `status == "a\nb\tc\r\u0001"`},
		{"status == `r${W}`", "status == `rok`"},
		{`x /* ${C} */ > 1`, `x /*  */ > 1`},
		{`${CODE}`, `"x > 1"`},
		{`x == $${W} + "$"`, `x == ${W} + "$"`},
		{`x / ${N} / ${N}`, `x /  30  /  30 `},
		{`'"a\\${W}" == x'`, `"a\\ok" == x`},
	} {
		v, list := leafOf(t, c.yaml, env)
		var got diag.Text
		list.Add(Decode(v, &got, diag.Span{}, "filter")...)
		if len(list) > 0 || got.Value != c.want {
			t.Errorf("%s = %s, want %s %v", c.yaml, got.Value, c.want, list)
		}
	}
	for _, yaml := range []string{"x == `${TICK}`", `'x == "\${W}"'`} {
		env["TICK"] = "a`b"
		v, list := leafOf(t, yaml, env)
		var got diag.Text
		if list.Add(Decode(v, &got, diag.Span{}, "filter")...); len(list) != 1 || list[0].Code != codeSubstitution {
			t.Errorf("%s = %s %v, want an error", yaml, got.Value, list)
		}
	}
}

func TestPlacesAroundSubstitutions(t *testing.T) {
	const yaml = `'a + ${N:-10} + tmep + "${W:-日本}" + $$ + last'`
	v, list := leafOf(t, yaml, nil)
	var got diag.Text
	if list.Add(Decode(v, &got, diag.Span{}, "filter")...); len(list) > 0 {
		t.Fatal(list)
	}
	line := []rune("    filter: " + yaml)
	for _, text := range []diag.Text{got, v.Text} {
		for _, c := range []struct{ find, shows string }{
			{"a +", "a +"}, {"tmep", "tmep"}, {"10", "${N:-10}"}, {"日本", "${W:-日本}"}, {"本", "${W:-日本}"}, {"$", "$$"}, {"last", "last"},
		} {
			from := len([]rune(text.Value[:strings.Index(text.Value, c.find)]))
			at := text.Slice(from, from+len([]rune(c.find)))
			if shows := string(line[at.Column-1 : at.Column-1+at.Length]); shows != c.shows {
				t.Errorf("%q in %q shows %q, want %q", c.find, text.Value, shows, c.shows)
			}
		}
		end := len([]rune(text.Value))
		if at := text.Slice(end, end); at.Column != len(line) {
			t.Errorf("the end of %q is in column %d, want %d", text.Value, at.Column, len(line))
		}
	}
}

func TestWholeSubstitutionTakesItsFieldsType(t *testing.T) {
	o := testOptions()
	f, list := Load("f.yaml", []byte(`nodes:
  a: {socket: {port: "${PORT}", host: "${PORT}", timeout: '${T:-2m}', timestamp: "${B:-true}", tags: ["${SET}"]}}
`), o)
	var c socketConfig
	list.Add(Decode(f.Nodes[0].Config, &c, f.Nodes[0].KindAt, "socket")...)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if c.Port != 1234 || c.Host != "1234" || c.Timeout.String() != "2m0s" || !c.Stamp || c.Tags[0] != "set" {
		t.Errorf("%+v", c)
	}
}

// TestSecretsAreCollected holds which values are never shown: those of files, of variables with a secret's name, and of
// settings that are marked, however deep.
func TestSecretsAreCollected(t *testing.T) {
	env := map[string]string{"DB_PASSWORD": "pw-of-db", "api_token": "tok-1234", "KEYBOARD": "qwertz", "TLS_KEY": "key-5678", "HOST": "host-name"}
	o := testOptions()
	o.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	o.ReadFile = func(string) ([]byte, error) { return []byte("from-file\n"), nil }
	f, list := Load("f.yaml", []byte(`nodes:
  a:
    filter: '"${DB_PASSWORD} ${api_token} ${KEYBOARD} ${TLS_KEY} ${HOST} ${NO:-${file:/x}}" == x'
  b:
    filter: {user: me-myself, login: {password: written, tokens: [first-one, "second ${HOST}"]}, all: [{pin: pin-1}]}
`), o)
	if len(list) > 0 {
		t.Fatal(list)
	}
	type login struct {
		Password string   `yaml:"password" secret:"true"`
		Tokens   []string `yaml:"tokens" secret:"true"`
	}
	type pin struct {
		Pin Name `yaml:"pin" secret:"true"`
	}
	var config struct {
		User  string `yaml:"user"`
		Login *login `yaml:"login"`
		All   []pin  `yaml:"all"`
	}
	Secrets(f.Nodes[1].Config, &config, f.Secrets)
	const text = "pw-of-db tok-1234 qwertz key-5678 host-name from-file me-myself written first-one second host-name pin-1"
	const want = "*** *** qwertz *** host-name *** me-myself *** *** *** ***"
	if got := f.Secrets.Mask(text); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
