// Package job reads the job file: what is replicated from where to where, through which log.
//
// Every fault of a file is reported at once, each with its line and a caret. A field that this version
// does not act on is refused where leaving it out would give other data than was asked for; secrets
// are references, and stay so until a connection needs them, so that a service needs only its own side's.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"floe/pkg/ident"
)

// Job is a job file that was read and found valid.
type Job struct {
	// Name is [a-z0-9_]{1,40}; empty if the file leaves it to `floe dev` to make one.
	Name           string
	Source, Target Endpoint
	Objects        Objects
	// Proceed is on_existing: proceed; tables that the target has are loaded into.
	Proceed   bool
	Init      Init
	Throttle  Throttle
	Heartbeat Heartbeat
	// DDLOff is ddl: off; a table whose structure changes stops the job.
	DDLOff bool
	Apply  Apply
	// Kafka is nil if the file names no log: then it is the one that `floe dev` embeds.
	Kafka *Kafka
	// Registry is the URL of the schema registry that gives row schemas their ids; without one they are
	// floe's own. It may hold a user and password.
	Registry Secret
	// RegistryTLS is how an https registry is spoken to; nil is by the system's authorities.
	RegistryTLS *ClientTLS
	// Notify are who is told of changes of the job's state.
	Notify []Hook
}

// Objects chooses what is replicated.
type Objects struct {
	// Database is the whole database, less what is excluded.
	Database         bool
	Include, Exclude []ident.Pattern
	Rules            []ident.Rule
	// Filters are conditions on the rows of tables, SQL as the source understands it.
	Filters map[ident.Name]string
	// Columns are those that tables are copied with; a table that is not there has all of its own.
	Columns map[ident.Name][]string
	// KeepIdentity leaves the source's replica identities as they are.
	KeepIdentity bool
}

// Init says what is done before changes flow.
type Init struct {
	SkipStructure, SkipData bool
	// Unsupported says what becomes of objects of kinds that the target does not have: report, substitute, or fail.
	Unsupported string
	// ChunkHold is how long the stream stands still for a chunk of the load.
	ChunkHold time.Duration
	// Readers is the number of tables that are loaded at once; each takes a connection to the source.
	Readers int
}

// Throttle bounds what the job asks of the servers; 0 is no bound.
type Throttle struct {
	// Rows and megabytes in a second, of the load and of what the applier applies of changes.
	LoadRows, LoadMBps, ApplyRows, ApplyMBps int
	HoldLoad                                 HoldLoad
}

// HoldLoad are limits of what the load shares the servers with: while one is passed it rests. 0 is no limit.
type HoldLoad struct {
	// ApplierLag is how far behind an applier may be.
	ApplierLag time.Duration
	// SlotBytes is the WAL that the source may keep for the job.
	SlotBytes Size
	// ActiveSessions are the source database's, floe's own not among them.
	ActiveSessions int
	// OldestTransaction is how long a transaction in the source's database may be open, prepared ones included.
	OldestTransaction time.Duration
}

// Heartbeat is where and how often capture writes to the source; an Interval of 0 writes nothing.
type Heartbeat struct {
	Table    ident.Name
	Interval time.Duration
}

// heartbeatTable is DTS's: tables of this name are never copied, whatever is selected.
const heartbeatTable = "dts_postgres_heartbeat"

// Hook is a URL that changes of state are sent to; no States are all. Who has the URL may write there: it is a
// secret.
type Hook struct {
	URL    Secret
	States []string
}

// Apply tunes the applier.
type Apply struct {
	BatchRows int
	BatchWait time.Duration
}

// Default is a job before its file was read.
func Default() Job {
	return Job{Heartbeat: Heartbeat{ident.Name{Schema: "public", Name: heartbeatTable}, time.Second}, Init: Init{ChunkHold: 100 * time.Millisecond, Readers: 2}, Apply: Apply{BatchRows: 5000, BatchWait: 5 * time.Millisecond}}
}

// FromURLs is the job of `floe dev --source URL --target URL`: the whole database. The URLs may refer to
// variables and files, as in a job file.
func FromURLs(source, target string) *Job {
	j := Default()
	j.Source.URL, j.Target.URL = Reference(source), Reference(target)
	j.Objects.Database = true
	return &j
}

// Includes reports whether a table is selected.
func (j *Job) Includes(n ident.Name) bool {
	chosen := j.Objects.Database
	for _, p := range j.Objects.Include {
		chosen = chosen || p.Match(n)
	}
	for _, p := range j.Objects.Exclude {
		if p.Match(n) {
			return false
		}
	}
	return chosen
}

// Filter is the condition that a table's rows must meet, empty for none.
func (j *Job) Filter(n ident.Name) string { return j.Objects.Filters[n] }

// Columns are those that a table is copied with, nil for all.
func (j *Job) Columns(n ident.Name) []string { return j.Objects.Columns[n] }

// Selects are the patterns that tables are selected by, less what is excluded; none means all.
func (j *Job) Selects() []ident.Pattern {
	if j.Objects.Database {
		return nil
	}
	return j.Objects.Include
}

// Everything reports whether the whole database is selected, with the objects that no table needs.
func (j *Job) Everything() bool { return j.Objects.Database }

// Schema reports whether all of a schema is selected, with the objects in it that no table needs.
func (j *Job) Schema(name string) bool {
	whole := func(list []ident.Pattern) bool {
		return slices.ContainsFunc(list, func(p ident.Pattern) bool {
			s, ok := p.Whole()
			return ok && s == name
		})
	}
	return whole(j.Objects.Include) && !whole(j.Objects.Exclude)
}

// Mapping gives the target's names; nil keeps the source's.
func (j *Job) Mapping() *ident.Mapping { return ident.NewMapping(j.Objects.Rules) }

// Prefix begins the names of the job's topics.
func (j *Job) Prefix() string {
	if j.Kafka != nil && j.Kafka.Prefix != "" {
		return j.Kafka.Prefix
	}
	return j.Name
}

var nameForm = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

// CheckName refuses a name that could not be part of a slot's, with one that could.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q cannot be a job's name: want 1 to 40 of a-z, 0-9 and _; for example %s", name, ProposeName(name))
}

// ProposeName makes a job name that resembles s.
func ProposeName(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String()[:min(b.Len(), 40)], "_")
	if name == "" {
		return "job"
	}
	return name
}

// UseBrokers puts other brokers in the place of the file's; the rest of its kafka part stays.
func (j *Job) UseBrokers(brokers []string) {
	k := Kafka{Partitions: 1}
	if j.Kafka != nil {
		k = *j.Kafka
	}
	k.Brokers = brokers
	j.Kafka = &k
}

// GenerateName makes a name for a job that was given none: a database's, and four characters that tell
// jobs of other places apart. The same places give the same name.
func GenerateName(database string, places ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(places, "\x00")))
	base := ProposeName(database)
	return base[:min(len(base), 35)] + "_" + hex.EncodeToString(sum[:2])
}
