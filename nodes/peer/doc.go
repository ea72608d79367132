// Package peer is what the kinds that talk to other machines share: [TLS] settings, checked before the run, and [Reason], the few
// words for what went wrong. Between attempts they wait as dag/retry says.
package peer
