package expr

// likeStockTexts are expressions that mean here what they mean in plain expr, one a line, over the columns of stockRow.
const likeStockTexts = `
	I + J * 2 - I / 2
	I % J
	-I ** 2
	2 ** 3 ** 0.5
	I / 0
	-1 / 0
	1 < I and I <= 7 and not (F >= G)
	1 < I < 8
	S + T == "Hello, worldworld"
	S contains T && S startsWith "Hell" && not (S endsWith "x")
	S matches "w.r" ? I : J
	S not matches "^w"
	B or C
	I in [1, 7] and "a" in W and I not in L
	"Name" in {"Name": 1}
	I in 1..10
	1..5
	5..1
	Person.Name + Person["Name"]
	Person?.Age
	L[0] + L[-1]
	L[1:3]
	L[:2]
	L[2:]
	L[-2:]
	L[7:9]
	S[7:]
	S[:5]
	S[1:-1]
	{a: I, "b c": [F, G]}
	{a: {b: I}}.a.b
	B ? 1 : 2
	B ?: C
	if I > 3 { "big" } else if I > 1 { "mid" } else { "small" }
	nil ?? I
	let x = I * 2; let y = x + 1; x * y
	S | lower() | split(", ") | map(# | upper()) | join("-")
	I; J; F
	trim("  a b ")
	trim("__a__", "_")
	trimPrefix("prefix-a", "prefix-")
	trimPrefix(" a")
	trimSuffix("a.txt", ".txt")
	trimSuffix("a ")
	upper(S)
	lower(S)
	split(S, "o")
	split(S, "o", 2)
	split("", ",")
	split("abc", "")
	splitAfter("a,b,c", ",")
	splitAfter("a,b,c", ",", 2)
	replace(S, "o", "0")
	replace(S, "o", "0", 1)
	replace(S, "", "-")
	repeat("ab", 3)
	repeat("ab", 0)
	join(W)
	join(W, ", ")
	indexOf(S, "o")
	indexOf(S, "zz")
	lastIndexOf(S, "o")
	hasPrefix(S, "Hello")
	hasSuffix(S, "Hello")
	max(1, 5, 3)
	max(I, F)
	max(L)
	max(L, 10)
	min(1, 5, 3)
	min(L)
	min([1.5, 2])
	abs(J)
	abs(-2.5)
	ceil(2.1)
	ceil(I)
	floor(-2.1)
	round(2.5)
	round(-0.5)
	all(L, # > 0)
	all([], # > 0)
	any(L, # > 2)
	one(L, # == 1)
	one(L, # == 3)
	none(L, # > 5)
	map(L, # * 2)
	map(L, #index)
	map(W, len(#))
	filter(L, # > 1)
	filter(L, {let k = #; k > 1})
	filter(1..9, # % 2 == 0)
	find(L, # > 1)
	find(L, # > 100)
	findIndex(L, # < 3)
	findIndex(L, # > 100)
	findLast(L, # < 3)
	findLastIndex(L, # < 3)
	groupBy(W, #)
	count(L, # == 3)
	count([true, false, true])
	concat(L, [9, 8])
	concat(W)
	flatten([[[1, 2], [3]], [[4]]])
	flatten([L, L])
	uniq(L)
	uniq(W)
	reduce(L, #acc + #)
	reduce(L, #acc + #, 100)
	reduce(L, #acc * #index, 1)
	reduce(W, #acc + #, "")
	sum(L)
	sum(L, # * 2)
	sum([])
	sum([1.5, 2])
	mean(L)
	mean([])
	mean(1, 2, 6)
	median(L)
	median([1, 2, 3])
	first(L)
	last(L)
	first(filter(L, # > 99))
	last(W)
	take(L, 2)
	take(L, 99)
	reverse(L)
	sort(L)
	sort(W, "desc")
	sort([2.5, 1.5])
	sortBy(W, #)
	sortBy(1..5, -#)
	sortBy(1..5, # % 3 * 10 + #, "desc")
	sort(keys({b: 1, a: 2}))
	sort(values({b: 1, a: 2}))
	fromPairs([["a", "x"], ["b", "y"]])
	type(I)
	type(F)
	type(S)
	type(B)
	type(L)
	type({a: 1})
	int("42")
	int("-42")
	int("+7")
	int(2.9)
	int(-2.9)
	int(I)
	int("x")
	int("1_000")
	int("")
	float("2.5")
	float("1e3")
	float(I)
	float("x")
	string(I)
	string(F)
	string(1e6)
	string(123456789.0)
	string(1e-7)
	string(B)
	string(S)
	string(L)
	string(W)
	string({a: 1, b: "x"})
	string(Dur)
	toJSON(I)
	toJSON(S)
	toJSON(L)
	toJSON({b: [1, 2], a: {c: "<&>"}})
	toJSON([])
	int(fromJSON("{\"a\": 1.5}").a) + int(fromJSON("[1, \"2\"]")[1])
	fromJSON("{\"a\": {}}").a?.b?.c == nil
	string(fromJSON("[1.5, true, null]"))
	map(fromJSON("[1, 2]"), float(#) * 2)
	toBase64("hi there")
	fromBase64("aGkgdGhlcmU=")
	fromBase64("%%%")
	len(S)
	len("é")
	len(L)
	len({a: 1, b: 2})
	get(L, 1)
	get(L, 99)
	get(L, -1)
	get({a: 1}, "a")
	bitand(12, 10)
	bitor(12, 10)
	bitxor(12, 10)
	bitnand(12, 10)
	bitnot(10)
	bitshl(3, 4)
	bitshr(-8, 1)
	bitushr(-8, 60)
	bitshl(1, -1)
	duration("1h30m")
	duration("-1.5s").Seconds()
	date("2026-01-02")
	date("2026-01-02 03:04:05").Hour()
	date("2026-01-02T03:04:05Z").Unix()
	date("02.01.2026", "02.01.2006")
	date("2026-07-01 12:00", "2006-01-02 15:04", "Europe/Berlin").Unix()
	date("nope, really" + S)
	At + Dur
	Dur + At
	At - Dur
	At - At
	At - date("2026-01-01")
	Dur + Dur
	Dur - duration("1h")
	Dur * 2
	3 * Dur
	Dur > duration("1h") and At > date("2026-01-01")
	At == At
	At.Year() * 10000 + int(At.Month()) * 100 + At.Day()
	At.Hour() * 3600 + At.Minute() * 60 + At.Second()
	int(At.Weekday())
	At.YearDay()
	At.Nanosecond()
	At.Unix()
	At.UnixMilli()
	At.UnixMicro()
	At.UnixNano()
	At.Format("Mon Jan 2 15:04:05 2006")
	At.Add(Dur)
	At.Sub(date("2026-01-01"))
	At.AddDate(1, -2, 30)
	At.Truncate(duration("1h"))
	At.Round(duration("1h"))
	At.Before(date("2027-01-01"))
	At.After(date("2027-01-01"))
	At.Equal(At)
	At.Compare(date("2027-01-01"))
	At.IsZero()
	At.UTC().Hour()
	At.String()
	At.In(timezone("Asia/Tokyo")).Hour()
	At.In(timezone("America/New_York")).Format("2006-01-02 15:04 MST")
	Dur.Hours()
	Dur.Minutes()
	Dur.Seconds()
	Dur.Milliseconds()
	Dur.Microseconds()
	Dur.Nanoseconds()
	Dur.String()
	Dur.Abs()
	Dur.Round(duration("1h"))
	Dur.Truncate(duration("1h"))
	L[99]
	L[-5]
	I % 0
	reduce(filter(L, # > 99), #acc + #)
	take(L, -1)
	repeat("x", -1)
	W[0][0:1] + W[1]
	filter(W, # > "a") | map(# + "!") | len()
	map(filter(L, # > 1), # + 1)
	sum(map(L, # * #))
	any(map(L, # > 2), #)
	len(filter(W, # == "b")) == count(W, # == "b")
`
