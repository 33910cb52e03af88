package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Door hears of each connection that the clients of a process make to brokers, and says once, with the remedy, when
// one does not let them in or does not answer, and once when it does again. Clients retry without a word, and the
// log, where a service speaks otherwise, is just what it does not reach.
type Door struct {
	Log *slog.Logger

	mu   sync.Mutex
	shut map[string]error // by the broker's address
}

// Option has a client tell the door.
func (d *Door) Option() kgo.Opt { return kgo.WithHooks(d) }

// OnBrokerConnect is kgo's: a connection was made and its user let in, or not.
func (d *Door) OnBrokerConnect(b kgo.BrokerMetadata, _ time.Duration, conn net.Conn, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) {
		return
	}
	at := net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
	was, known := d.note(at, err)
	switch {
	case err == nil && known:
		d.Log.Info("the broker answers again", "broker", at)
	case err == nil || known && Refused(was) == Refused(err): // it was said
	case Refused(err):
		d.Log.Error("the broker refuses this service", "broker", at, "code", "auth-failed", "err", err, "fix", RefusedFix)
	case conn != nil: // some brokers close instead of answering a wrong password, or bytes that are no TLS
		d.Log.Warn("the broker ends connections while they are set up", "broker", at, "code", "broker-unreachable", "err", err,
			"fix", "if it lasts, look at kafka.tls and kafka.sasl: what the brokers ask for, and user and password; they are read again at each connect")
	default:
		d.Log.Warn("the broker does not answer", "broker", at, "code", "broker-unreachable", "err", err)
	}
}

// note keeps what became of a connection, and returns why the one before failed, if it did.
func (d *Door) note(at string, err error) (was error, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was, known = d.shut[at]
	switch {
	case err == nil:
		delete(d.shut, at)
	case d.shut == nil:
		d.shut = map[string]error{at: err}
	default:
		d.shut[at] = err
	}
	return was, known
}

// RefusedFix is the remedy where a broker refuses a user.
const RefusedFix = "correct kafka.sasl's user or password where its reference points, a file or an environment variable, or the password on the brokers; it is read again at each connect, and floe then goes on by itself (a variable of a process that runs stays as it is: start the service again)"

// Shut returns why a broker refuses the process's clients, nil if none does.
func (d *Door) Shut() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, err := range d.shut {
		if Refused(err) {
			return err
		}
	}
	return nil
}

// Refused reports whether a broker answered, and did not let a user in.
func Refused(err error) bool {
	return errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) || errors.Is(err, kerr.IllegalSaslState)
}
