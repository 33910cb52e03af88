package job

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"floe/pkg/broker"
)

// Kafka is the log.
type Kafka struct {
	Brokers []string
	// Prefix begins the names of the topics; empty is the job's name.
	Prefix string
	// Partitions and Replication are for topics that floe makes; 0 replicas is the brokers' default.
	Partitions, Replication int
	TLS                     *ClientTLS
	SASL                    *SASL
}

// ClientTLS encrypts; without CA the system's authorities count. Cert and Key are this client's own.
type ClientTLS struct{ CA, Cert, Key, ServerName string }

// SASL authenticates.
type SASL struct {
	Mechanism      string
	User, Password Secret
}

// The mechanisms.
const (
	mechanismPlain = "PLAIN"
	mechanism256   = "SCRAM-SHA-256"
	mechanism512   = "SCRAM-SHA-512"
)

// Options are the options of every client of the log.
func (k *Kafka) Options() ([]kgo.Opt, error) {
	opts := broker.Options(k.Brokers)
	if k.TLS != nil {
		c, err := k.TLS.Config()
		if err != nil {
			return nil, fmt.Errorf("kafka.tls: %w", err)
		}
		// A dialer instead of kgo.DialTLSConfig: broker.Options sets one, and kgo refuses both.
		d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}, Config: c}
		opts = append(opts, broker.Dialer(d))
	}
	if k.SASL != nil {
		m, err := k.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("kafka.sasl: %w", err)
		}
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

// Config reads the files.
func (t *ClientTLS) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	user, err1 := s.User.Resolve()
	password, err2 := s.Password.Resolve()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	switch s.Mechanism {
	case mechanism256:
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case mechanism512:
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	}
	return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
}
