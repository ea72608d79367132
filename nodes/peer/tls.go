package peer

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// TLS is the settings of an encrypted connection, in either role. Files are PEM.
type TLS struct {
	CA         string `yaml:"ca" doc:"file of the authorities that a server's certificate may come from; without it, the system's"`
	Cert       string `yaml:"cert" doc:"file of our own certificate, with what links it to its authority behind it"`
	Key        string `yaml:"key" doc:"file of the private key of cert"`
	ServerName string `yaml:"server_name" doc:"name that the server's certificate has to be for; without it, the host"`
	SkipVerify bool   `yaml:"skip_verify" doc:"take any certificate: encrypted, but anybody may be the server"`
	ClientCA   string `yaml:"client_ca" doc:"when listening: clients have to show a certificate from one of these authorities"`
}

// Problem is what is wrong with one setting.
type Problem struct{ Key, Message, Hint string }

// CheckClient reports what keeps t from being used to connect. It reads the files.
func (t *TLS) CheckClient() []Problem {
	_, problems := t.client("")
	return problems
}

// CheckServer reports what keeps t from being used to listen. It reads the files.
func (t *TLS) CheckServer() []Problem {
	_, problems := t.server()
	return problems
}

// Client is the configuration for connecting to host. A nil t gives the defaults.
func (t *TLS) Client(host string) (*tls.Config, error) {
	if t == nil {
		t = &TLS{}
	}
	c, problems := t.client(host)
	return c, first(problems)
}

// Server is the configuration for listening.
func (t *TLS) Server() (*tls.Config, error) {
	c, problems := t.server()
	return c, first(problems)
}

func first(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return errors.New(problems[0].Message)
}

func (t *TLS) client(host string) (*tls.Config, []Problem) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: t.SkipVerify}
	if t.ServerName != "" {
		c.ServerName = t.ServerName
	}
	var problems []Problem
	if t.ClientCA != "" {
		problems = append(problems, Problem{"client_ca", "client_ca is for listening: it says which clients may connect",
			"ca: FILE says which servers are trusted"})
	}
	if t.SkipVerify && (t.CA != "" || t.ServerName != "") {
		problems = append(problems, Problem{"skip_verify", "skip_verify takes any certificate, so ca and server_name would do nothing",
			"remove skip_verify, or what stands beside it"})
	}
	if t.CA != "" {
		pool, p := authorities("ca", t.CA)
		c.RootCAs = pool
		problems = append(problems, p...)
	}
	if t.Cert != "" || t.Key != "" {
		pair, p := t.pair()
		c.Certificates = pair
		problems = append(problems, p...)
	}
	return c, problems
}

func (t *TLS) server() (*tls.Config, []Problem) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	var problems []Problem
	for _, only := range []struct {
		key  string
		used bool
	}{{"ca", t.CA != ""}, {"server_name", t.ServerName != ""}, {"skip_verify", t.SkipVerify}} {
		if only.used {
			problems = append(problems, Problem{only.key, only.key + " is for connecting: it says which server is trusted",
				"client_ca: FILE says which clients may connect"})
		}
	}
	if t.Cert == "" && t.Key == "" {
		return nil, append(problems, Problem{"cert", "to listen with TLS needs a certificate and its key",
			"tls: {cert: server.pem, key: server.key}"})
	}
	pair, p := t.pair()
	c.Certificates = pair
	problems = append(problems, p...)
	if t.ClientCA != "" {
		pool, p := authorities("client_ca", t.ClientCA)
		c.ClientCAs, c.ClientAuth = pool, tls.RequireAndVerifyClientCert
		problems = append(problems, p...)
	}
	return c, problems
}

// pair reads the certificate and its key.
func (t *TLS) pair() ([]tls.Certificate, []Problem) {
	switch {
	case t.Cert == "":
		return nil, []Problem{{"key", "key is the private key of cert, and there is no cert", "tls: {cert: FILE, key: " + t.Key + "}"}}
	case t.Key == "":
		return nil, []Problem{{"cert", "cert needs its private key", "tls: {cert: " + t.Cert + ", key: FILE}"}}
	}
	cert, problem := read("cert", t.Cert)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	key, problem := read("key", t.Key)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, []Problem{{"cert", fmt.Sprintf("cert and key cannot be used: %s", plain(err)),
			"both are PEM files; the key has to be the one that the certificate was made with, without a passphrase"}}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err == nil && time.Now().After(leaf.NotAfter) {
		return nil, []Problem{{"cert", fmt.Sprintf("the certificate in %s expired at %s", t.Cert, leaf.NotAfter.UTC().Format(time.RFC3339)),
			"renew it: nobody would accept it"}}
	}
	return []tls.Certificate{pair}, nil
}

// authorities reads the certificates of a file.
func authorities(key, path string) (*x509.CertPool, []Problem) {
	text, problem := read(key, path)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	pool, found := x509.NewCertPool(), 0
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, []Problem{{key, fmt.Sprintf("%s: certificate %d of %s cannot be read: %s", key, found+1, path, plain(err)), "a PEM file of certificates"}}
		}
		pool.AddCert(c)
		found++
	}
	if found == 0 {
		return nil, []Problem{{key, fmt.Sprintf("%s: %s holds no certificate", key, path), "a PEM file that has -----BEGIN CERTIFICATE----- in it"}}
	}
	return pool, nil
}

// maxFile bounds what is read of a file that is meant to hold certificates.
const maxFile = 16 << 20

func read(key, path string) ([]byte, *Problem) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return nil, &Problem{key, fmt.Sprintf("%s: %s is no file", key, path), "a PEM file"}
	case err == nil && info.Size() > maxFile:
		return nil, &Problem{key, fmt.Sprintf("%s: %s has %d bytes, too many for certificates", key, path, info.Size()), "a PEM file"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		hint := "relative paths start at the working directory"
		if errors.Is(err, fs.ErrPermission) {
			hint = "the file has to be readable by who runs flowrun"
		}
		return nil, &Problem{key, fmt.Sprintf("%s: cannot read %s: %s", key, path, Reason(err)), hint}
	}
	return text, nil
}

// plain is the error without the name of the library.
func plain(err error) string {
	text := err.Error()
	for _, prefix := range []string{"tls: ", "x509: "} {
		if len(text) > len(prefix) && text[:len(prefix)] == prefix {
			text = text[len(prefix):]
		}
	}
	return text
}
