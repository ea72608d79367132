package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"flowrun/dag/diag"
)

// foreign says how something is written here that other languages have a function for.
var foreign = map[string]string{
	"coalesce": "a ?? b", "ifnull": "a ?? b", "nvl": "a ?? b", "isnull": "x == nil", "isnotnull": "x != nil", "is_null": "x == nil",
	"if": "c ? a : b", "iff": "c ? a : b", "case": "c ? a : b", "nullif": "a == b ? nil : a",
	"length": "len(text)", "size": "len(list)", "char_length": "len(text)", "substring": "text[i:j]", "substr": "text[i:j]", "slice": "list[i:j]",
	"ucase": "upper(text)", "lcase": "lower(text)", "toupper": "upper(text)", "tolower": "lower(text)", "strip": "trim(text)",
	"startswith": "text startsWith part", "endswith": "text endsWith part", "contains": "text contains part", "includes": "text contains part",
	"regexp": "text matches pattern", "rlike": "text matches pattern", "regexp_extract": "capture(text, pattern, 1)", "regexp_replace": "replace(text, old, new)",
	"power": "pow(x, y)", "ln": "log(x)", "mod": "x % y", "div": "int(a / b)", "ceiling": "ceil(x)", "truncate": "int(x)",
	"cast": "int(x), float(x), string(x)", "to_int": "int(x)", "toint": "int(x)", "tofloat": "float(x)", "tostring": "string(x)", "str": "string(x)", "number": "float(x)", "boolean": "bool(x)",
	"to_timestamp": "date(text)", "to_date": "date(text)", "parse_date": "date(text, layout)", "date_trunc": `trunc(at, duration("1h"))`, "unix_timestamp": `epoch(at, "s")`, "from_unixtime": `timestamp(n, "s")`, "current_timestamp": "now()",
	"year": "at.Year()", "month": "at.Month()", "day": "at.Day()", "hour": "at.Hour()", "minute": "at.Minute()", "second": "at.Second()", "date_format": "at.Format(layout)", "format": "at.Format(layout)",
	"greatest": "max(a, b)", "least": "min(a, b)", "array_contains": "x in list", "element_at": "list[i]", "to_json": "toJSON(x)", "from_json": "fromJSON(text)", "parse_json": "fromJSON(text)",
	"approx_count_distinct": "count_distinct_approx(x)", "approx_distinct": "count_distinct_approx(x)", "hll": "count_distinct_approx(x)",
	"approx_percentile": "quantile_approx(x, p)", "percentile_approx": "quantile_approx(x, p)", "approx_quantile": "quantile_approx(x, p)", "percentile": "quantile(x, p)",
	"collect_list": "collect(x)", "array_agg": "collect(x)", "arg_max": "max_by(x, y)", "arg_min": "min_by(x, y)", "std": "stddev(x)", "variance": "var(x)",
	"md5": "hash(x)", "sha1": "hash(x)", "sha256": "hash(x)", "exists": "any(list, predicate)", "forall": "all(list, predicate)",
}

// unknownFunction reports a call of a name that is no function, and says what may have been meant.
func (c *checker) unknownFunction(n ast.Node, name string) {
	at := n.Location()
	sp := span{at.From, at.To}
	if aggregates[name] != nil || aggregates[strings.TrimSuffix(name, "_if")] != nil {
		c.aggregateOutside(n, name)
		return
	}
	var names []string
	for x := range c.env.Functions {
		names = append(names, x)
	}
	slices.Sort(names)
	names = append(names, functionNames()...)
	if c.take != nil {
		names = append(names, aggregateNames()...)
	}
	hint := ""
	switch near := diag.Suggest(name, names); {
	case foreign[strings.ToLower(name)] != "":
		hint = "write it as " + foreign[strings.ToLower(name)]
	case near != "" && c.take != nil && aggregates[near] != nil:
		hint = fmt.Sprintf("did you mean %s? %s", near, aggregates[near].signature)
	case near != "" && functions[near] != nil:
		hint = fmt.Sprintf("did you mean %s? %s", near, functions[near].signature)
	case near != "":
		hint = fmt.Sprintf("did you mean %s?", near)
	case functions["."+name] != nil:
		hint = fmt.Sprintf("%s is a method: at.%s", name, functions["."+name].signature)
	}
	if hint == "" && c.env.Schema != nil {
		if _, ok := c.env.index(name); ok {
			hint = fmt.Sprintf("%s is a column: write it without brackets", name)
		}
	}
	c.error(codeFunction, sp, fmt.Sprintf("unknown function %q", name), hint)
}
