package expr

import (
	"fmt"
	"math"
	"strconv"
)

// rejection is why a row could not be computed. Kernels and machine make the same ones.
type rejection struct {
	reason string // few different texts, no row's own data
	detail string // may quote the row's values
}

func (r *rejection) Error() string {
	if r.detail == "" {
		return r.reason
	}
	return r.reason + ": " + r.detail
}

// The reasons for which an expression rejects a row.
const (
	reasonOverflow  = "integer overflow"              // + - * unary - and abs
	reasonModulo    = "% by zero"                     //
	reasonCast      = "not convertible"               // int("x"), bool("maybe"), float to int out of range, a cast of fromJSON's value
	reasonIndex     = "index out of range"            // list[i], string[i]
	reasonCut       = "slice cuts a character"        //
	reasonUTF8      = "not valid UTF-8"               // string(bytes), fromBase64
	reasonDate      = "not a date"                    // date(s, ...)
	reasonDuration  = "not a duration"                // duration(s)
	reasonTimezone  = "unknown time zone"             // timezone(s), date(s, layout, zone)
	reasonTimeRange = "time out of range"             // a timestamp or duration that does not fit
	reasonRegex     = "bad regular expression"        // a pattern that is not a literal
	reasonJSON      = "not JSON"                      // fromJSON, toJSON of NaN
	reasonBase64    = "not base64"                    //
	reasonArgument  = "bad argument"                  // repeat("x", -1), a negative shift, an order that is not asc or desc
	reasonEmpty     = "reduce of an empty list"       //
	reasonTooLarge  = "result too large"              // texts over maxText, ranges over maxRange
	reasonMember    = "value has no members"          // .x of a fromJSON value that is no object or list
	reasonMachine   = "expression cannot be computed" // a limit of the machine itself
)

// Limits of one value, so that one row cannot take all memory.
const (
	maxText     = 64 << 20 // bytes of a string that repeat, join, replace or + makes
	maxRange    = 1 << 20  // elements of a..b
	maxElements = 1 << 24  // elements of a list that concat makes
)

// reject makes a rejection as an error.
func reject(reason, format string, args ...any) error {
	return &rejection{reason: reason, detail: fmt.Sprintf(format, args...)}
}

// quoteShort quotes a text in a detail, cut to a length that a log line bears.
func quoteShort(s string) string {
	const limit = 60
	if len(s) > limit {
		n := limit
		for n > 0 && s[n]&0xC0 == 0x80 {
			n--
		}
		return strconv.Quote(s[:n]) + "..."
	}
	return strconv.Quote(s)
}

// overflow rejects x op y.
func overflow(x int64, op string, y int64) error {
	return reject(reasonOverflow, "%d %s %d", x, op, y)
}

// negOverflow rejects -x and abs(x) of the smallest integer, whose positive does not fit.
func negOverflow() error { return reject(reasonOverflow, "-(%d)", int64(math.MinInt64)) }

// moduloByZero rejects x % 0.
func moduloByZero(x int64) error { return reject(reasonModulo, "%d %% 0", x) }

// tooLarge rejects a text that would be longer than maxText.
func tooLarge(what string) error {
	return reject(reasonTooLarge, "%s makes more than %d MiB", what, maxText>>20)
}
