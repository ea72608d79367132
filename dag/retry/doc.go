// Package retry tries again what is refused for a while: [Backoff] between attempts, [Passes] for the errors of the operating system
// that may pass, and [Loop], which bounds how long that takes.
package retry
