package expr

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Examples in the manner of those that expr-lang publishes, in its language definition and in its tests: kernels, machine and
// plain expr give the same.

type publishedUser struct {
	Name, Group string
	Age         int
}

type publishedPost struct {
	Title, Content string
	Size, Likes    int
	Winner         bool
}

// published is the row that the examples are about.
type published struct {
	Array     []int           `expr:"array"`
	Words     []string        `expr:"words"`
	Floats    []float64       `expr:"floats"`
	User      publishedUser   `expr:"user"`
	Users     []publishedUser `expr:"users"`
	Tweets    []publishedPost `expr:"tweets"`
	Int       int             `expr:"n"`
	Zero      int             `expr:"zero"`
	Float     float64         `expr:"x"`
	Str       string          `expr:"str"`
	Text      string          `expr:"text"`
	Yes       bool            `expr:"yes"`
	No        bool            `expr:"no"`
	CreatedAt time.Time       `expr:"createdAt"`
	Next      time.Time       `expr:"next"`
	Span      time.Duration   `expr:"span"`
}

func publishedRow() published {
	user := func(name string, age int, group string) publishedUser {
		return publishedUser{Name: name, Age: age, Group: group}
	}
	at := time.Date(2023, 8, 14, 10, 30, 15, 0, time.UTC)
	return published{
		Array: []int{1, 2, 3, 4, 5}, Words: []string{"one", "two", "three", "two"}, Floats: []float64{0.5, 1, 2.5},
		User:  user("Ada Lovelace", 36, "admin"),
		Users: []publishedUser{user("John", 20, "a"), user("Jane", 31, "b"), user("Bob", 17, "a")},
		Tweets: []publishedPost{
			{Title: "first", Content: "Hello, world", Size: 12, Likes: 3}, {Title: "second", Content: strings.Repeat("long ", 60), Size: 300, Likes: 9, Winner: true},
		},
		Int: 42, Float: 1.5, Str: "string", Text: "Hello World", Yes: true, CreatedAt: at, Next: at.Add(24 * time.Hour), Span: 90 * time.Minute,
	}
}

var publishedSchema = func() *arrow.Schema {
	user := schema.Struct(arrow.Field{Name: "Name", Type: schema.String}, arrow.Field{Name: "Group", Type: schema.String}, arrow.Field{Name: "Age", Type: schema.Int})
	post := schema.Struct(arrow.Field{Name: "Title", Type: schema.String}, arrow.Field{Name: "Content", Type: schema.String}, arrow.Field{Name: "Size", Type: schema.Int},
		arrow.Field{Name: "Likes", Type: schema.Int}, arrow.Field{Name: "Winner", Type: schema.Bool})
	return arrow.NewSchema([]arrow.Field{
		{Name: "array", Type: schema.List(schema.Int)}, {Name: "words", Type: schema.List(schema.String)}, {Name: "floats", Type: schema.List(schema.Float)},
		{Name: "user", Type: user}, {Name: "users", Type: schema.List(user)}, {Name: "tweets", Type: schema.List(post)},
		{Name: "n", Type: schema.Int}, {Name: "zero", Type: schema.Int}, {Name: "x", Type: schema.Float}, {Name: "str", Type: schema.String}, {Name: "text", Type: schema.String},
		{Name: "yes", Type: schema.Bool}, {Name: "no", Type: schema.Bool}, {Name: "createdAt", Type: schema.Timestamp}, {Name: "next", Type: schema.Timestamp}, {Name: "span", Type: schema.Duration},
	}, nil)
}()

func (r published) batch(t reporter) *batch.Batch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, publishedSchema)
	for i, v := range []any{r.Array, r.Words, r.Floats, r.User, r.Users, r.Tweets, r.Int, r.Zero, r.Float, r.Str, r.Text, r.Yes, r.No, r.CreatedAt, r.Next, r.Span} {
		if err := appendValue(b.Field(i), ours(v)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return batch.New(b.NewRecordBatch())
}

func TestPublishedExamples(t *testing.T) {
	row := publishedRow()
	rows := row.batch(t)
	for _, text := range strings.Split(strings.TrimSpace(publishedTexts), "\n") {
		if text = strings.TrimSpace(text); text != "" {
			t.Run(text, func(t *testing.T) { againstStockIn(t, text, published{}, row, publishedSchema, rows) })
		}
	}
}

const publishedTexts = `
	2 + 3 * 4 - 6 / 4
	7 % 4
	3 ** 4
	3 ^ 4
	-(2 - 6) ** 3 - 2 / (+4 - 3) + -2
	.5 + n
	1_000 + 0xff + 0b101 + 0o17
	1e3 / 8
	"good" + " " + 'morning'
	"tab\tquote\"" + str
	n + 0 == 42 and x + 0 == 1.5
	-n < zero
	not (n == 42) or yes && !no
	no && no || yes
	"a" != "b" || 1 == 2
	"a" < "b" and "b" >= "a"
	str == "string" ? "it is" : "it is not"
	n > 40 ? n > 41 ? "a" : "b" : "c"
	(yes ? 0 + 1 : 2 + 3) + (no ? -1 : -2)
	no ?: yes
	if n > 100 { "large" } else if n > 10 { "medium" } else { "small" }
	if 1 > 2 { 333 * 2 + 1 } else { 444 }
	if "a" < str { let y = str; y + "!" } else { "abc" }
	1 < 2 < 3
	1 > 2 < 3
	0 <= x < n
	3 > 2 > 1 > 0
	user.Name
	user["Name"]
	user?.Name
	user.Name | lower() | split(" ")
	split(lower(user.Name), " ")[0]
	user.Age > 18 and user.Group in ["admin", "moderator"] or user.Name startsWith "Root"
	"Name" in user
	"name" in {"name": "John", "age": 30}
	"John" in ["John", "Jane"]
	str not in ["John", "Jane"]
	n in 1..50 and n not in [1, 2, 3]
	x in [1, 1.5, 2]
	0 in -1..1 and 4 not in 5..1
	n in array or 3 in array
	"two" in words
	1.5 in floats or 2.5 in floats
	array[0] + array[-1]
	array[1:4] == [2, 3, 4]
	array[1:-1] == [2, 3, 4]
	array[:3] == [1, 2, 3]
	array[3:] == [4, 5]
	array[:] == array
	array[-4:-1]
	array[7:]
	array[zero:n]
	words[n - 41] + words[-1]
	(0..10)[5]
	1..3 == [1, 2, 3]
	str[:]
	str[:3] + str[3:]
	str[1:-1]
	str[7:9]
	"hello"[1:3]
	[1, 2, 3]?.[0]
	users[0].Name + users[-1]?.Group
	users[1:][0].Age
	{foo: n, bar: str}.foo
	{a: {b: {c: n}}}.a.b.c
	{"key with blanks": x}["key with blanks"]
	{a: 1, b: 2, c: 3} | len()
	[n, n + 1, n + 2][1]
	[[1, 2], [3]][1][0]
	[1, 2.5, n]
	let v = 42; v * 2
	let v = n; let w = 2; v * w + v
	let name = user.Name | lower() | split(" "); "Hello, " + name[0] + "!"
	let v = n; v > 40 ? v - 40 : v / 0
	let all_ = array; len(all_) + sum(all_)
	let v = x * 2; [v, v * v, v + v]
	1; 2; n
	nil ?? "Anonymous"
	user?.Name ?? "Anonymous"
	get(array, 99) ?? -1
	first(filter(array, # > 99)) ?? n
	$env["n"] + $env["user"].Age
	str matches "^s.+g$"
	str matches ("^" + str + "$")
	"foo" + "bar" not matches "foobar"
	text matches "(?i)hello w" ? text[:5] : ""
	text contains "World" and text startsWith "Hello" and text endsWith "d"
	not (text contains "Universe")
	trim("  Hello  ") == "Hello"
	trim("__Hello__", "_")
	trimPrefix(text, "Hello ")
	trimSuffix(text, " World")
	upper(str) + lower(text)
	split("apple,orange,grape", ",")
	split("apple,orange,grape", ",", 2)
	splitAfter("apple,orange,grape", ",")
	splitAfter("apple,orange,grape", ",", 2)
	replace(text, "World", "Universe")
	replace(text, "l", "L", 2)
	repeat("Hi", 3)
	repeat(str[:2], n - 40)
	indexOf("apple pie", "pie")
	lastIndexOf("apple pie apple", "apple")
	hasPrefix("HelloWorld", "Hello") and hasSuffix(text, "World")
	len(text) + len("北京") + len("👍🏻")
	createdAt - date("2023-08-14")
	createdAt + duration("1h")
	createdAt > next - duration("25h")
	next - span
	span + duration("1h") - duration("1m")
	7 * duration("1h") == duration("1h") * 7
	duration("1s") * 5
	next - createdAt >= duration("24h")
	createdAt == createdAt and createdAt != next and createdAt <= next
	createdAt.Year() == 2023 and int(createdAt.Month()) == 8
	createdAt.Add(span).Sub(createdAt)
	createdAt.Sub(createdAt).String()
	createdAt.Format("2006-01-02") + createdAt.AddDate(0, 1, -14).Format(" 15:04")
	duration("1h").Seconds() == 3600
	date("2023-08-14").Year()
	date("2023-08-14T00:00:00Z").Unix()
	date("2023-08-14 00:00:00", "2006-01-02 15:04:05", "Europe/Zurich")
	date("2023-08-14 00:00:00").In(timezone("Europe/Zurich")).Hour()
	createdAt.In(timezone("America/New_York")).Format("Jan 2 15:04 MST")
	createdAt.In(timezone("Asia/Tokyo")).Day() + createdAt.In(timezone("UTC")).Day()
	max(5, 7) + min(5, 7)
	max(n, x) > min(x, zero, 3)
	abs(-5) + abs(x - n)
	ceil(1.5) + floor(1.5) + round(x)
	all(tweets, {.Size < 280})
	any(tweets, {.Size > 280})
	one(tweets, {.Winner})
	none(tweets, .Size > 500)
	map(tweets, {.Size})
	map(tweets, .Title + "!")
	filter(users, .Name startsWith "J")
	filter(tweets, len(.Content) > 240)
	filter(0..9, {# % 2 == 0})
	find([1, 2, 3, 4], # > 2)
	findIndex([1, 2, 3, 4], # > 2)
	findLast([1, 2, 3, 4], # > 2)
	findLastIndex([1, 2, 3, 4], # > 2)
	find(users, .Name == "Jane").Age
	groupBy(users, .Group)
	count(users, .Age > 18)
	len(filter(users, .Age > 18))
	count([yes, no, true])
	concat([1, 2], [3, 4])
	concat(array, [n])
	flatten([[1, 2], [3, 4], array])
	uniq([1, 2, 3, 2, 1])
	uniq(words)
	join(["apple", "orange", "grape"], ",")
	join(words) + join(map(users, .Name), "; ")
	reduce(1..9, #acc + #)
	reduce(1..9, #acc + #, n)
	sum([1, 2, 3]) + sum(array)
	sum(tweets, .Likes)
	reduce(tweets, #acc + .Likes, 0)
	sum(map(tweets, .Likes))
	mean([1, 2, 3]) + mean(array)
	median(floats) + median(n, x, 3)
	first(array) + last(array)
	take(array, 2)
	reverse(array)
	sort([3, 1, 4])
	sort(words, "desc")
	sortBy(users, .Age)[0].Name
	sortBy(users, .Name, "desc") | map(.Name)
	map(1..3, # * #)
	map(1..3, let v = #; let w = v * v; w * w)
	map(filter(1..9, # % 2 == 0), # * 2)[-1]
	map(filter(array, # >= 3), # + 1)
	let limit = n - 39; filter(array, # > limit)
	let limit = 2; map(array, # > limit ? # : -limit)
	len(filter(1..99, # % 7 == 0))
	keys({b: 1, a: 2}) | sort()
	fromPairs(toPairs({b: 1, a: 2}))
	int("123") + int(x) + int("-7")
	float("1.5") + float(n)
	string(n) + string(x) + string(yes)
	type(n) + type(x) + type(str) + type(array) + type({a: 1})
	toJSON({name: str, tags: words})
	fromJSON("{\"a\": [1, 2]}").a | len()
	toBase64(text)
	fromBase64("SGVsbG8gV29ybGQ=")
	bitand(0b1010, 0b1100) + bitor(n, 1) + bitxor(n, 255) + bitnand(35, 9) + bitnot(10)
	bitshl(n, 3) + bitshr(-100, 2) + bitushr(-100, 60)
	get(array, 0) + get({a: n}, "a")
	1 /* one */ + 2 // two
	user.Group == "admin" || any(users, .Name == user.Name)
	filter(users, {let u = #; none(tweets, .Title == u.Name)}) | map(.Name) | join(",")
	array[99]
	n % zero
	int("x1")
`
