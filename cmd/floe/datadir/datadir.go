// Package datadir is the folder in which `floe dev` keeps a job: what the job is, where its parts
// answer, its log. Every client command that is given the folder finds the log there.
package datadir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"floe/pkg/job"
)

// Job is job.json: readable by its owner alone, for the URLs may hold passwords.
type Job struct {
	Name string `json:"name"`
	// File is the job file; without one the job is Source and Target, whole databases.
	File   string `json:"file,omitempty"`
	Source string `json:"source,omitempty"`
	Target string `json:"target,omitempty"`
	// Started: the prechecks have passed once; from then on the tables of the target are the job's own.
	Started bool `json:"started"`
	// Reset: the job is to be taken back to before its first start, before anything of it runs again.
	Reset *Reset `json:"reset,omitempty"`
}

// Reset is what somebody asked for: Existing is empty, keep or empty, as floe job reset takes it.
type Reset struct {
	Existing string `json:"existing"`
}

// Endpoint is endpoint.json: where the running parts are. Of a floe that was killed it may be out of
// date.
type Endpoint struct {
	Job string `json:"job"`
	// Brokers are empty if they are those of the job file.
	Brokers []string `json:"brokers,omitempty"`
	// Embedded: they are the one that floe embeds, which knows neither TLS nor SASL.
	Embedded bool           `json:"embedded"`
	Console  string         `json:"console"`
	PIDs     map[string]int `json:"pids"`
}

// Default is where the job named name is kept if nothing else is said.
func Default(name string) (string, error) {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("default data directory: %w; name one with --data-dir", err)
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "floe", name), nil
}

// BusyError is a folder that another floe holds.
type BusyError struct{ Dir, Owner string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is in use by another `floe dev` (process %s); end that one first", e.Dir, e.Owner)
}

// Lock makes the folder and takes it for this process. The lock ends with the process.
func Lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(f.Name())
		_ = f.Close()
		return nil, &BusyError{dir, strings.TrimSpace(string(owner))}
	}
	err = errors.Join(f.Truncate(0), writeAt(f, fmt.Sprintf("%d\n", os.Getpid())))
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return f, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// ReadJob reads job.json; a folder without one is an error that errors.Is(os.ErrNotExist) knows.
func ReadJob(dir string) (Job, error) {
	var j Job
	err := read(filepath.Join(dir, "job.json"), &j)
	return j, err
}

// WriteJob writes it.
func WriteJob(dir string, j Job) error { return write(filepath.Join(dir, "job.json"), j) }

// RemoveJob removes it: the folder holds no job then.
func RemoveJob(dir string) error {
	if err := os.Remove(filepath.Join(dir, "job.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// ReadEndpoint reads endpoint.json.
func ReadEndpoint(dir string) (Endpoint, error) {
	var e Endpoint
	err := read(filepath.Join(dir, "endpoint.json"), &e)
	return e, err
}

// WriteEndpoint writes it.
func WriteEndpoint(dir string, e Endpoint) error {
	return write(filepath.Join(dir, "endpoint.json"), e)
}

// Load returns the job that is kept, with the brokers that it runs on.
func Load(dir string) (*job.Job, error) {
	kept, err := ReadJob(dir)
	if err != nil {
		return nil, err
	}
	j, err := kept.Job()
	if err != nil {
		return nil, err
	}
	e, err := ReadEndpoint(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	e.Use(j)
	return j, nil
}

// Use puts the running brokers in the place of the job's.
func (e *Endpoint) Use(j *job.Job) {
	if len(e.Brokers) == 0 {
		return
	}
	j.UseBrokers(e.Brokers)
	if e.Embedded {
		j.Kafka.TLS, j.Kafka.SASL, j.Kafka.Replication, j.Kafka.RowsKept = nil, nil, 1, 0
	}
}

// Job reads what job.json refers to.
func (k Job) Job() (*job.Job, error) {
	j := job.FromURLs(k.Source, k.Target)
	if k.File != "" {
		var err error
		if j, err = job.Load(k.File); err != nil {
			return nil, err
		}
	}
	if j.Name == "" {
		j.Name = k.Name
	}
	return j, nil
}

// KeepSecret keeps a side's password where its owner alone reads it; an empty one is forgotten.
func KeepSecret(dir, side, password string) (job.Secret, error) {
	path := filepath.Join(dir, "secrets", side)
	if password == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return job.Secret{}, fmt.Errorf("forget the password: %w", err)
		}
		return job.Secret{}, nil
	}
	if strings.ContainsAny(password, "\r\n") || strings.ContainsAny(dir, "{}") {
		return job.Secret{}, errors.New("a password of several lines, or a data directory with braces in its name, cannot be referred to")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return job.Secret{}, fmt.Errorf("keep the password: %w", err)
	}
	return job.FromFile(path), replace(path, []byte(password))
}

// Secret refers to a side's password, if one is kept.
func Secret(dir, side string) job.Secret {
	path := filepath.Join(dir, "secrets", side)
	if _, err := os.Stat(path); err != nil {
		return job.Secret{}
	}
	return job.FromFile(path)
}

// ReadDraft reads what was described of a job that has not begun; nothing is no error.
func ReadDraft(dir string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, "draft.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// KeepDraft keeps it.
func KeepDraft(dir string, text []byte) error { return replace(filepath.Join(dir, "draft.json"), text) }

// KeepFile keeps a job file in the folder and returns its path.
func KeepFile(dir string, text []byte) (string, error) {
	path := filepath.Join(dir, "job.yaml")
	return path, replace(path, text)
}

// read reads a file that this package wrote, and nothing else.
func read(path string, to any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// write replaces a file as a whole, so that a reader never sees half of it.
func write(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return replace(path, append(b, '\n'))
}

func replace(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}
