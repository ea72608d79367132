// Package peer is what the kinds that talk to other machines share: [TLS] settings, checked before the run, [Backoff]
// between attempts, and [Reason], the few words for what went wrong.
package peer
