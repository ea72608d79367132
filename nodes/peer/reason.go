package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Reason is the error without the addresses, which stand beside it: few different texts. For a certificate it says what is
// wrong with it and which setting may help.
func Reason(err error) string {
	if text := certificate(err); text != "" {
		return text
	}
	var dns *net.DNSError
	var sys *os.SyscallError
	var errno syscall.Errno
	var remote *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "no such host"
		}
		return dns.Err
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.As(err, &remote) && remote.Op == "remote error":
		return refusal(remote.Err.Error())
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &sys):
		return sys.Err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "ended in the middle"
	case errors.Is(err, io.EOF):
		return "the other side closed the connection"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	}
	return err.Error()
}

// certificate says what is wrong with the certificate that the other side showed, or speaks no TLS; empty: neither.
func certificate(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		c := invalid.Cert
		if c != nil && time.Now().Before(c.NotBefore) {
			return "its certificate is not valid before " + c.NotBefore.UTC().Format(time.RFC3339)
		}
		if c != nil {
			return "its certificate expired at " + c.NotAfter.UTC().Format(time.RFC3339)
		}
		return "its certificate has expired"
	case errors.As(err, &invalid):
		return "its certificate cannot be used here: " + strings.TrimPrefix(invalid.Error(), "x509: ")
	case errors.As(err, &authority):
		return "its certificate is from an unknown authority (name the authority's file in tls.ca)"
	case errors.As(err, &name):
		return "its certificate is not for " + name.Host + covers(name.Certificate) + " (say the name it is for in tls.server_name)"
	case errors.As(err, &plain):
		return "the other side does not speak TLS"
	}
	return ""
}

// covers lists the names of a certificate, a few of them.
func covers(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return ""
	}
	more := ""
	if len(names) > 4 {
		names, more = names[:4], "..."
	}
	return ", but for " + strings.Join(names, ", ") + more
}

// refusal is what the other side said before it hung up.
func refusal(alert string) string {
	text := strings.TrimPrefix(alert, "tls: ")
	switch text {
	case "certificate required":
		return "the other side wants a certificate (tls.cert and tls.key)"
	case "bad certificate", "unknown certificate authority", "expired certificate", "unsupported certificate":
		return "the other side refused our certificate: " + text
	}
	return "the other side refused the TLS connection: " + text
}
