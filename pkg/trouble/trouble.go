// Package trouble names what keeps a service from its work, so that an operator knows which server to
// look at: a halt by its own name, else a reason that passes by itself or by the operator's hand.
package trouble

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kerr"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/pg"
	"floe/pkg/registry"
)

// Side is the database that a service works on.
type Side string

// The sides.
const (
	Source Side = "source"
	Target Side = "target"
)

// Trouble is an error as a status shows it.
type Trouble struct{ State, Reason, Detail, Fix string }

// Of describes the error that ended a service's session. Of errors that bear no mark of a broker, those
// of a connection are the side's.
func Of(side Side, err error) Trouble {
	if h := halt.As(err); h != nil {
		t := Trouble{"FAILED", string(h.Code), h.Detail, h.Fix}
		if h.Err != nil {
			t.Detail += ": " + h.Err.Error()
		}
		if h.Code == halt.ConstraintViolation {
			t.State = "BLOCKED"
		}
		return t
	}
	reason := reason(side, err)
	return Trouble{"RETRYING", reason, err.Error(), fixes[reason]}
}

// AtDoor is the trouble of a service whose new connections the brokers refuse with err, nil if they do not. Those
// that it has go on, so its state may say nothing of that; one that needs the operator otherwise stays.
func AtDoor(side Side, err error, state string) *Trouble {
	if err == nil || state == "FAILED" || state == "BLOCKED" {
		return nil
	}
	t := Of(side, err)
	t.Detail, t.Fix = "Kafka refuses new connections of this service: "+t.Detail, broker.RefusedFix
	return &t
}

// Reasons are all that a status can show beside a halt's code.
func Reasons() []string {
	out := []string{"auth-failed", "broker-refused", "broker-unreachable", "internal", "log-full", "registry-unreachable"}
	for _, side := range []Side{Source, Target} {
		for _, what := range []string{"busy", "read-only", "refused", "shutting-down", "starting", "unreachable"} {
			out = append(out, string(side)+"-"+what)
		}
	}
	return out
}

// fixes are the remedies where somebody has to act.
var fixes = map[string]string{
	"auth-failed":      "correct the user or its password, or grant what the error names; floe then goes on by itself",
	"target-read-only": "make the target writable (it is a standby, or default_transaction_read_only is on); floe then goes on by itself",
	"disk-full":        "free space on the server that the error names; floe then goes on by itself",
}

func reason(side Side, err error) string {
	var schemas *registry.UnreachableError
	if errors.As(err, &schemas) {
		return "registry-unreachable"
	}
	var refused *kerr.Error
	if errors.As(err, &refused) {
		return ofBroker(refused)
	}
	var away *broker.UnreachableError
	if errors.As(err, &away) {
		return "broker-unreachable"
	}
	if code := pg.Code(err); code != "" {
		return ofDatabase(side, code)
	}
	if connection(err) {
		return string(side) + "-unreachable"
	}
	return "internal"
}

func ofBroker(err *kerr.Error) string {
	switch err {
	case kerr.SaslAuthenticationFailed, kerr.IllegalSaslState, kerr.UnsupportedSaslMechanism,
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed:
		return "auth-failed"
	case kerr.KafkaStorageError:
		return "disk-full"
	}
	if err.Retriable {
		return "broker-unreachable"
	}
	return "broker-refused"
}

// ofDatabase reads the SQLSTATE.
func ofDatabase(side Side, code string) string {
	switch code {
	case "25006":
		return string(side) + "-read-only"
	case "53100":
		return "disk-full"
	case "57P01", "57P02":
		return string(side) + "-shutting-down"
	case "57P03":
		return string(side) + "-starting"
	case "40001", "40P01", "55P03", "53300":
		return string(side) + "-busy"
	case "42501":
		return "auth-failed"
	}
	if strings.HasPrefix(code, "28") {
		return "auth-failed"
	}
	if strings.HasPrefix(code, "08") {
		return string(side) + "-unreachable"
	}
	return string(side) + "-refused"
}

func connection(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.Timeout(err) || strings.Contains(err.Error(), "conn closed")
}
