// Package http is the kind that takes rows from requests, where it listens, and sends rows as requests, where it has a `from`.
package http
