// Package all registers every kind that flowrun has, by importing it.
package all

import (
	_ "flowrun/nodes/aggregate"
	_ "flowrun/nodes/console"
	_ "flowrun/nodes/dedupe"
	_ "flowrun/nodes/derive"
	_ "flowrun/nodes/discard"
	_ "flowrun/nodes/drop"
	_ "flowrun/nodes/explode"
	_ "flowrun/nodes/file"
	_ "flowrun/nodes/filter"
	_ "flowrun/nodes/generate"
	_ "flowrun/nodes/http"
	_ "flowrun/nodes/join"
	_ "flowrun/nodes/limit"
	_ "flowrun/nodes/parse"
	_ "flowrun/nodes/ratelimit"
	_ "flowrun/nodes/rename"
	_ "flowrun/nodes/route"
	_ "flowrun/nodes/sample"
	_ "flowrun/nodes/select"
	_ "flowrun/nodes/socket"
	_ "flowrun/nodes/stdin"
	_ "flowrun/nodes/stdout"
	_ "flowrun/nodes/union"
	_ "flowrun/nodes/watermark"
)
