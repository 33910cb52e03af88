package job

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
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
	// RowsKept is how long those of rows keep them; 0 is the brokers' default.
	RowsKept time.Duration
	TLS      *ClientTLS
	SASL     *SASL
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

const readable = "PLAIN sends the password for all to read: add kafka.tls, or take SCRAM-SHA-512"

// Readable reports whether a mechanism sends the password over the network for all to read: PLAIN without TLS
// to a broker of another machine.
func Readable(mechanism string, encrypted bool, brokers []string) bool {
	return mechanism == mechanismPlain && !encrypted && slices.ContainsFunc(brokers, func(b string) bool {
		host, _, err := net.SplitHostPort(b)
		ip, ipErr := netip.ParseAddr(host)
		return err != nil || host != "localhost" && (ipErr != nil || !ip.Unmap().IsLoopback())
	})
}

// Options are the options of every client of the log.
func (k *Kafka) Options() ([]kgo.Opt, error) {
	opts := broker.Options(k.Brokers)
	if k.TLS != nil {
		if _, err := k.TLS.Config(); err != nil {
			return nil, fmt.Errorf("kafka.tls: %w", err)
		}
		// A dialer instead of kgo.DialTLSConfig: broker.Options sets one, and kgo refuses both.
		opts = append(opts, broker.Dialer((*dialer)(k.TLS)))
	}
	if k.SASL != nil {
		if Readable(k.SASL.Mechanism, k.TLS != nil, k.Brokers) { // other brokers than the file's
			return nil, errors.New("kafka.sasl: " + readable)
		}
		m, err := k.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("kafka.sasl: %w", err)
		}
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

// dialer reads the files anew at each connect, so that certificates may be replaced while a job runs.
type dialer ClientTLS

func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (*ClientTLS)(d).Config()
	if err != nil {
		return nil, fmt.Errorf("kafka.tls: %w", err)
	}
	t := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}, Config: c}
	return t.DialContext(ctx, network, addr)
}

// Config reads the files; this client's own certificate is read again at each handshake.
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
		if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
			return &pair, err
		}
	}
	return c, nil
}

// mechanism reads user and password anew at each connect: one that was changed is taken up without a
// restart.
func (s *SASL) mechanism() (sasl.Mechanism, error) {
	if _, _, err := s.resolve(); err != nil {
		return nil, err
	}
	scrams := func(context.Context) (scram.Auth, error) {
		user, password, err := s.resolve()
		return scram.Auth{User: user, Pass: password}, err
	}
	switch s.Mechanism {
	case mechanism256:
		return scram.Sha256(scrams), nil
	case mechanism512:
		return scram.Sha512(scrams), nil
	}
	return plain.Plain(func(context.Context) (plain.Auth, error) {
		user, password, err := s.resolve()
		return plain.Auth{User: user, Pass: password}, err
	}), nil
}

func (s *SASL) resolve() (user, password string, err error) {
	user, err1 := s.User.Resolve()
	password, err2 := s.Password.Resolve()
	return user, password, errors.Join(err1, err2)
}
