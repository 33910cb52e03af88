package draft

import (
	"errors"
	"fmt"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/job"
)

// Log is the Kafka that holds the job's log, and how one gets in; without brokers it is the embedded one.
// Password is a reference: what it refers to is never asked for.
type Log struct {
	Brokers                    []string
	TLS                        bool
	CA, Cert, Key, ServerName  string
	Mechanism, User, Reference string
}

// Mechanisms are those of SASL; the empty one is none.
var Mechanisms = []string{"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}

const mostBrokers = 50

// List is the brokers as a form shows them.
func (l Log) List() string { return strings.Join(l.Brokers, ", ") }

// SaidLog is a log as a form says it; Brokers are apart by commas or spaces.
type SaidLog struct {
	Brokers                   string
	TLS                       bool
	CA, Cert, Key, ServerName string
	Mechanism, User, Password string
}

// TakeLog takes what was said.
func (d *Draft) TakeLog(s SaidLog) error {
	brokers := strings.FieldsFunc(s.Brokers, func(r rune) bool { return r == ',' || r == ' ' })
	if len(brokers) > mostBrokers {
		return fmt.Errorf("%d brokers: want %d at most, the others are found", len(brokers), mostBrokers)
	}
	for _, b := range brokers {
		host, port, err := net.SplitHostPort(b)
		if n, e := strconv.Atoi(port); err != nil || host == "" || e != nil || n < 1 || n > 65535 {
			return fmt.Errorf("broker %q: want HOST:PORT", b)
		}
	}
	for _, v := range []string{s.Brokers, s.CA, s.Cert, s.Key, s.ServerName, s.User} {
		if err := plain(v); err != nil {
			return err
		}
	}
	if len(brokers) == 0 {
		d.Log = Log{}
		return nil
	}
	next := Log{Brokers: brokers}
	if s.TLS {
		next.TLS, next.CA, next.Cert, next.Key, next.ServerName = true, s.CA, s.Cert, s.Key, s.ServerName
		if (s.Cert == "") != (s.Key == "") {
			return errors.New("TLS: want the client's certificate and its key, or neither")
		}
	}
	switch {
	case !slices.Contains(Mechanisms, s.Mechanism):
		return fmt.Errorf("SASL %q: want %s", s.Mechanism, strings.Join(Mechanisms[1:], ", "))
	case s.Mechanism == "":
	case job.Readable(s.Mechanism, s.TLS, brokers):
		return errors.New("SASL: PLAIN sends the password for all to read: want TLS, or SCRAM-SHA-512")
	case s.User == "" || strings.Contains(s.User, "${"):
		return errors.New("SASL: want a user, by name")
	default:
		if err := refers(s.Password); err != nil {
			return err
		}
		next.Mechanism, next.User, next.Reference = s.Mechanism, s.User, s.Password
	}
	d.Log = next
	return nil
}

var (
	variable = regexp.MustCompile(`^\$\{([A-Z0-9_]*KAFKA[A-Z0-9_]*)\}$`)
	file     = regexp.MustCompile(`^\$\{file:(/[^{}[:cntrl:]]+)\}$`)
	folders  = []string{"/run/secrets/", "/run/credentials/", "/etc/floe/"}
)

// refers refuses what is no reference to the password, without repeating it: it may be one. Whoever may
// operate a console names brokers, too, and these are shown the password: so it can be one that was put
// there for Kafka, and no other secret of this machine.
func refers(text string) error {
	if variable.MatchString(text) {
		return nil
	}
	if m := file.FindStringSubmatch(text); m != nil && path.Clean(m[1]) == m[1] && strings.Contains(strings.ToLower(path.Base(m[1])), "kafka") &&
		slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(m[1], f) }) {
		return nil
	}
	return fmt.Errorf("the password is not typed here: want ${NAME}, a variable with KAFKA in its name, or ${file:PATH}, a file with kafka in its name below %s; a job file that is written by hand may refer to others", strings.Join(folders, ", "))
}

func (l *Log) kafka(k *job.Kafka) {
	if l.TLS {
		k.TLS = &job.ClientTLS{CA: l.CA, Cert: l.Cert, Key: l.Key, ServerName: l.ServerName}
	}
	if l.Mechanism != "" {
		k.SASL = &job.SASL{Mechanism: l.Mechanism, User: job.Literal(l.User), Password: job.Reference(l.Reference)}
	}
}

// Broker is a job with the log alone, to look whether it answers and takes the job's topics.
func (d *Draft) Broker() *job.Job {
	j := job.Default()
	if j.Name = d.Name; j.Name == "" {
		j.Name = job.ProposeName(d.Source.Database)
	}
	j.Objects.Database = true
	j.UseBrokers(d.Log.Brokers)
	d.Log.kafka(j.Kafka)
	return &j
}
