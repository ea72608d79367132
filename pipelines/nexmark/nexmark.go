// Package nexmark holds the queries of the Nexmark benchmark, a pipeline each.
package nexmark

import "embed"

// Files are the pipelines. Each reads a node "events" of the kind nexmark and ends in a node "show" of the kind console.
//
//go:embed *.yaml
var Files embed.FS
