package rig

import (
	"encoding/json"
	"os"

	"floe/pkg/ident"
)

// Job is what a test puts into a job file. The file is written as JSON, which is YAML.
type Job struct {
	Name      string     `json:"name"`
	Source    Endpoint   `json:"source"`
	Target    Endpoint   `json:"target"`
	Objects   Objects    `json:"objects"`
	Existing  string     `json:"on_existing,omitempty"`
	Init      *Init      `json:"init,omitempty"`
	Kafka     *Kafka     `json:"kafka,omitempty"`
	Registry  *Registry  `json:"registry,omitempty"`
	Throttle  *Throttle  `json:"throttle,omitempty"`
	Heartbeat *Heartbeat `json:"heartbeat,omitempty"`
	Notify    []Hook     `json:"notify,omitempty"`
}

// Registry gives row schemas their ids.
type Registry struct {
	URL string `json:"url"`
}

// Hook is told of changes of the job's state.
type Hook struct {
	URL    string   `json:"url"`
	States []string `json:"states,omitempty"`
}

// Init says what is made before changes flow.
type Init struct {
	Structure struct {
		Enabled     bool   `json:"enabled"`
		Unsupported string `json:"unsupported,omitempty"`
	} `json:"structure"`
}

// Throttle bounds the load.
type Throttle struct {
	LoadRows int               `json:"load_rows"`
	HoldLoad map[string]string `json:"hold_load_when,omitempty"`
}

// Endpoint is one side's database.
type Endpoint struct {
	URL      string `json:"url"`
	Password string `json:"password,omitempty"`
}

// Objects is the selection.
type Objects struct {
	Database bool      `json:"database,omitempty"`
	Include  []string  `json:"include,omitempty"`
	Mapping  []Mapping `json:"mapping,omitempty"`
	Filters  []Filter  `json:"filters,omitempty"`
}

// Mapping is one renaming.
type Mapping struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	Columns map[string]string `json:"columns,omitempty"` // quoted as in SQL
}

// Filter is one row condition.
type Filter struct {
	Table string `json:"table"`
	Where string `json:"where,omitempty"`
	// Columns are written as in SQL.
	Columns []string `json:"columns,omitempty"`
}

// Kafka names brokers that the test runs itself.
type Kafka struct {
	Brokers     []string   `json:"brokers"`
	Replication int        `json:"replication,omitempty"`
	TLS         *KafkaTLS  `json:"tls,omitempty"`
	SASL        *KafkaSASL `json:"sasl,omitempty"`
}

// KafkaTLS are files in PEM.
type KafkaTLS struct {
	CA   string `json:"ca"`
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
}

// KafkaSASL is who floe is to the brokers.
type KafkaSASL struct {
	Mechanism string `json:"mechanism"`
	User      string `json:"user"`
	Password  string `json:"password"`
}

// Heartbeat is how often the source's clock is written.
type Heartbeat struct {
	Interval string `json:"interval"`
}

// Write puts the job file at path.
func (j Job) Write(path string) error {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// Names writes names as the job file takes them: as in SQL.
func Names(names ...ident.Name) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.String()
	}
	return out
}
