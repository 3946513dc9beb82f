// x509verify judges a certificate with Go's crypto/x509, the verifier that Kubernetes itself uses.
//
//	x509verify -roots FILE [-name DNS-OR-IP] [-usage any|server|client] [-at-unix SECONDS] CHAIN
//
// The first certificate of CHAIN is judged; the others may lie on the way to a root. It prints, as JSON, the user and
// groups as kube-apiserver reads them and the names; or the refusal, with exit code 1.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"time"
)

type verdict struct {
	User   string   `json:"user"`
	Groups []string `json:"groups"`
	DNS    []string `json:"dns"`
	IPs    []string `json:"ips"`
	URIs   []string `json:"uris"`
	Emails []string `json:"emails"`
	Path   []string `json:"path"`
}

var usages = map[string]x509.ExtKeyUsage{
	"any":    x509.ExtKeyUsageAny,
	"server": x509.ExtKeyUsageServerAuth,
	"client": x509.ExtKeyUsageClientAuth,
}

func main() {
	roots := flag.String("roots", "", "the certificates that are trusted")
	name := flag.String("name", "", "the DNS name or IP address that the certificate must be good for")
	usage := flag.String("usage", "any", "any, server or client")
	at := flag.Int64("at-unix", 0, "the time of the judgement, in seconds since 1970, instead of now")
	flag.Parse()

	v, err := judge(*roots, *name, *usage, *at, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "x509verify:", err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(v)
}

func judge(roots, name, usage string, at int64, file string) (*verdict, error) {
	chain, err := read(file)
	if err != nil {
		return nil, err
	}
	options := x509.VerifyOptions{DNSName: name, Intermediates: pool(chain[1:])}
	trusted, err := read(roots)
	if err != nil {
		return nil, err
	}
	options.Roots = pool(trusted)
	purpose, known := usages[usage]
	if !known {
		return nil, fmt.Errorf("-usage %q is none of any, server, client", usage)
	}
	options.KeyUsages = []x509.ExtKeyUsage{purpose}
	if at != 0 {
		options.CurrentTime = time.Unix(at, 0)
	}
	paths, err := chain[0].Verify(options)
	if err != nil {
		return nil, err
	}
	return describe(chain[0], paths[0]), nil
}

func describe(c *x509.Certificate, path []*x509.Certificate) *verdict {
	v := &verdict{User: c.Subject.CommonName, Groups: c.Subject.Organization, DNS: c.DNSNames, Emails: c.EmailAddresses}
	for _, ip := range c.IPAddresses {
		v.IPs = append(v.IPs, ip.String())
	}
	for _, uri := range c.URIs {
		v.URIs = append(v.URIs, uri.String())
	}
	for _, step := range path {
		v.Path = append(v.Path, step.Subject.CommonName)
	}
	return v
}

// read returns the certificates of a PEM file, at least one.
func read(file string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []*x509.Certificate
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no certificate", file)
	}
	return found, nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}
