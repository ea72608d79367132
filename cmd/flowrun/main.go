// Command flowrun runs a streaming pipeline that is written as a YAML graph, and shows it live in the terminal.
package main

import (
	"os"

	_ "flowrun/nodes/all"
)

func main() {
	setFailpoints()
	os.Exit(Main(os.Args[1:]))
}
