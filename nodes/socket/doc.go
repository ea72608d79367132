// Package socket is the source that reads lines from a TCP server. It connects, and connects again.
package socket
