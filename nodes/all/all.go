// Package all registers every kind that flowrun has, by importing it.
package all

import (
	_ "flowrun/nodes/aggregate"
	_ "flowrun/nodes/derive"
	_ "flowrun/nodes/explode"
	_ "flowrun/nodes/filter"
	_ "flowrun/nodes/limit"
	_ "flowrun/nodes/select"
	_ "flowrun/nodes/union"
)
