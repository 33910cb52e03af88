// Package precheck looks, before a job starts, for what would stop it: each check has a stable code,
// what was found, and the remedy. It changes nothing on either server.
package precheck

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/pg"
)

// Side is what one service reaches: it checks that alone.
type Side string

// The sides; Both is of who reaches source and target, Log of who looks at the log alone.
const (
	Both   Side = ""
	Source Side = "source"
	Target Side = "target"
	Log    Side = "log"
)

// Config is the job to be checked.
type Config struct {
	Job *job.Job
	// Known are the definitions of the job's log, if it has begun: a table in them keeps its row filter and its list of
	// columns, whatever it is called now.
	Known []catalog.Definition
	// Side leaves out the checks of the other one.
	Side Side
	// Kafka is nil if the log is the embedded one: B checks are skipped then.
	Kafka []kgo.Opt
	// Place names the log in messages.
	Place string
	// Embedded: the log is the broker within floe dev.
	Embedded bool
	// Registry asks the job's registry whether it answers; nil if it has none.
	Registry func(context.Context) error
	// Host is this machine; nil measures it.
	Host *Host
	// Told is told of how many codes there is a finding, of how many; nil if nobody watches.
	Told func(done, of int)
	// LongTransaction is how long a transaction of the source is open before it is told of; 0 for a minute.
	LongTransaction time.Duration
}

// Run makes every check that the ones before it allow.
func Run(ctx context.Context, c Config) *Report {
	r := &run{Config: c, report: &Report{Job: c.Job.Name}}
	defer r.close()
	if c.Side == Log {
		r.broker(ctx)
		r.report.settle()
		return r.report
	}
	r.apart()
	if r.srcWhy == "" {
		r.source(ctx)
	}
	if r.dstWhy == "" {
		r.target(ctx)
	}
	r.objects(ctx)
	r.sourceState(ctx)
	r.targetState(ctx)
	r.warnings(ctx)
	r.broker(ctx)
	r.registry(ctx)
	r.host(ctx)
	r.sort()
	if c.Side != Both {
		r.report.Checks = slices.DeleteFunc(r.report.Checks, func(c Check) bool { return c.Severity == Skipped && strings.HasSuffix(c.Text, elsewhere) })
	}
	r.report.settle()
	return r.report
}

// elsewhere stands for the code after which a check is skipped that the other service makes.
const elsewhere = "the other service's"

// apart leaves out what this side does not reach.
func (r *run) apart() {
	switch r.Side {
	case Source:
		r.dstWhy = elsewhere
	case Target:
		r.srcWhy = elsewhere
	}
}

// sort puts the checks into the order of Codes, however they depend on one another.
func (r *run) sort() {
	slices.SortStableFunc(r.report.Checks, func(a, b Check) int {
		return slices.Index(Codes, a.Code) - slices.Index(Codes, b.Code)
	})
}

// run is one set of checks under way.
type run struct {
	Config
	report         *Report
	src, dst       *pgx.Conn
	db             *catalog.Database
	began          time.Time
	srcWhy, dstWhy string // the code after which a side's checks are skipped
	facts          facts
}

func (r *run) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range []*pgx.Conn{r.src, r.dst} {
		if c != nil {
			_ = c.Close(ctx)
		}
	}
}

// begin starts the clock of a check.
func (r *run) begin() { r.began = time.Now() }

func (r *run) add(c Check) {
	c.Took = time.Since(r.began)
	if c.FixSQL != "" && c.On == "" {
		c.On = "source"
		if strings.HasPrefix(c.Code, "T-") {
			c.On = "target"
		}
	}
	r.report.Checks = append(r.report.Checks, c)
	if r.Told != nil {
		codes := map[string]bool{}
		for _, x := range r.report.Checks {
			codes[x.Code] = true
		}
		r.Told(len(codes), len(Codes))
	}
	r.began = time.Now()
}

func (r *run) ok(code, text string, args ...any) {
	r.add(Check{Code: code, Severity: OK, Text: fmt.Sprintf(text, args...)})
}

func (r *run) fail(code, fix, text string, args ...any) {
	r.add(Check{Code: code, Severity: Fail, Text: fmt.Sprintf(text, args...), Fix: fix})
}

func (r *run) warn(code, fix, text string, args ...any) {
	r.add(Check{Code: code, Severity: Warn, Text: fmt.Sprintf(text, args...), Fix: fix})
}

func (r *run) note(code, fix, text string, args ...any) {
	r.add(Check{Code: code, Severity: Notice, Text: fmt.Sprintf(text, args...), Fix: fix})
}

func (r *run) skip(code, after string) {
	r.add(Check{Code: code, Severity: Skipped, Text: "skipped after " + after})
}

// connect opens one side and says where it failed: at the server's address, or at its door.
func (r *run) connect(ctx context.Context, side string, e job.Endpoint) (conn *pgx.Conn, where, why string) {
	letter := map[string]string{"source": "S", "target": "T"}[side]
	r.begin()
	c, err := e.Config()
	if err == nil && c.Password != nil {
		_, err = c.Password()
	}
	if err != nil {
		r.add(Check{Code: letter + "-CONN", Severity: Fail, Text: fmt.Sprintf("the %s's address or password cannot be read", side), Cause: err.Error(),
			Fix: fmt.Sprintf("set the environment variable or make the file that the job file refers to: %s", err)})
		return nil, "?", letter + "-CONN"
	}
	where = job.Place(c)
	if conn, err = pg.Connect(ctx, c, pg.Admin); err == nil {
		if pg.Lenient(c) {
			r.add(Check{Code: letter + "-CONN", Severity: Warn, Text: fmt.Sprintf("%s %s need not prove who it is", side, where),
				Cause: "its host is neither this one nor a socket, and the address asks for less than verify-full",
				Fix:   "set tls.mode (or sslmode) to verify-full, and tls.ca (or sslrootcert) to the authority that signed its certificate"})
			return conn, where, ""
		}
		r.ok(letter+"-CONN", "connect to %s %s", side, where)
		return conn, where, ""
	}
	return nil, where, r.refused(side, letter, where, err, c)
}

func (r *run) refused(side, letter, where string, err error, asked pg.Config) string {
	f := Check{Code: letter + "-CONN", Severity: Fail, Cause: err.Error()}
	var untrusted *pg.UntrustedError
	switch code := pg.Code(err); {
	case errors.As(err, &untrusted):
		f.Text = fmt.Sprintf("%s %s does not prove who it is", side, where)
		f.Cause, f.Fix = untrusted.Err.Error(), untrusted.Fix()
	case code == "28P01", code == "28000":
		f.Text = fmt.Sprintf("%s %s refused the user or the password", side, where)
		f.Fix = fmt.Sprintf("check user and password, and that the user may log in (ALTER ROLE … LOGIN); if the server asks for an entry in pg_hba.conf: %s", entry(asked, err))
		if letter == "S" {
			f.Code = "S-AUTH"
		}
	case code == "42501":
		f.Text = fmt.Sprintf("%s %s does not let the user connect to the database", side, where)
		f.Fix = "give the user the right"
		if user, database := job.Named(asked); user != "" {
			f.FixSQL = "GRANT CONNECT ON DATABASE " + ident.Quote(database) + " TO " + ident.Quote(user) + ";"
		}
		if letter == "S" {
			f.Code = "S-AUTH"
		}
	case code == "3D000":
		f.Text = fmt.Sprintf("%s %s has no such database", side, where)
		f.Fix = "correct the database's name, or create it"
	case code == "53300":
		f.Text = fmt.Sprintf("%s %s has no connection free", side, where)
		f.Fix = "raise max_connections, or the user's own limit (ALTER ROLE … CONNECTION LIMIT), or end sessions that are not needed"
	default:
		f.Text = fmt.Sprintf("%s %s does not answer", side, where)
		f.Fix = "check host and port, that the server runs and listens there, and that its firewall or allow list admits this machine"
	}
	r.add(f)
	return f.Code
}

// whence is where the server says that a connection it refused came from.
var whence = regexp.MustCompile(`for host "([^"]+)"`)

// entry is the line of pg_hba.conf that lets the user in from here.
func entry(asked pg.Config, refused error) string {
	user, _ := job.Named(asked)
	if user == "" {
		user = "<user>"
	}
	address := "<address of this machine>/32"
	if m := whence.FindStringSubmatch(refused.Error()); m != nil {
		if address = m[1] + "/32"; strings.Contains(m[1], ":") {
			address = m[1] + "/128"
		}
	}
	return "host all,replication " + user + " " + address + " scram-sha-256"
}

// names are the selected tables that stand for themselves: partitions come with their root.
func names(db *catalog.Database) (all, roots []ident.Name) {
	for _, t := range db.Tables() {
		all = append(all, t.Name)
		if t.PartitionOf == nil {
			roots = append(roots, t.Name)
		}
	}
	return all, roots
}
