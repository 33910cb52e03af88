package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// Remote is a registry elsewhere that speaks Confluent's API, for one job.
//
//   - It asks once: whoever uses it decides about trying again.
//   - A schema's id is the registry's. One that the job's log gives to another schema is a halt: rows
//     that bear it would be read as what they are not.
type Remote struct {
	client *sr.Client
	url    string // without password
	read   func() (string, error)
	known  map[uint32]string
	given  map[string]uint32 // by subject and schema, in this process
}

// UnreachableError is a registry that does not answer, or says that it cannot now.
type UnreachableError struct {
	URL, Subject string
	Err          error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("register subject %s at the schema registry %s: %v", e.Subject, e.URL, e.Err)
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// NewRemote prepares to use the registry at a URL, whose user and password become basic authentication.
// secure is for https; nil trusts whom the system does.
// It connects when it is used.
func NewRemote(rawURL string, secure *tls.Config) (*Remote, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("registry.url: want http://HOST:PORT or https://HOST:PORT") // err would show the password
	}
	opts := []sr.ClientOpt{sr.UserAgent("floe"), sr.HTTPClient(&http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: secure, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}})}
	if u.User != nil {
		password, _ := u.User.Password()
		opts = append(opts, sr.BasicAuth(u.User.Username(), password))
		u.User = nil
	}
	r := &Remote{url: u.String(), given: map[string]uint32{}}
	if r.client, err = sr.NewClient(append(opts, sr.URLs(u.String()), sr.PreReq(r.authenticate))...); err != nil {
		return nil, fmt.Errorf("registry.url: %w", err)
	}
	return r, nil
}

// Anew has user and password read before each request, from a URL: those that were changed are taken up.
func (r *Remote) Anew(read func() (string, error)) { r.read = read }

func (r *Remote) authenticate(req *http.Request) error {
	if r.read == nil {
		return nil
	}
	text, err := r.read()
	if err != nil {
		return fmt.Errorf("registry.url: %w", err)
	}
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("registry.url: want http://HOST:PORT or https://HOST:PORT") // err would show the password
	}
	if u.User != nil {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return nil
}

// Ping asks whether the registry answers, and whether it takes the user.
func (r *Remote) Ping(ctx context.Context) error {
	if _, err := r.client.Subjects(ctx); err != nil {
		return fmt.Errorf("ask the schema registry %s: %w", r.url, err)
	}
	return nil
}

// Remember reads which ids the job's log has given to which schemas, up to its present end. It must
// precede Register.
func (r *Remote) Remember(ctx context.Context, kafka []kgo.Opt, prefix string) error {
	known := map[uint32]string{}
	log, err := openLog(ctx, kafka, prefix)
	if err != nil {
		return err
	}
	defer log.close()
	end, err := endOf(ctx, log.client, log.ledger)
	if err != nil {
		return err
	}
	for log.at() < end {
		err := log.poll(ctx, func(o *ledger.Object) error {
			if o.Kind == ledger.KindAvro || o.Kind == ledger.KindAvroKey {
				known[o.ID] = o.Body
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.known, r.given = known, map[string]uint32{}
	return nil
}

// Register gives the id of the subject's schema, and makes it known to the registry if it is not.
func (r *Remote) Register(ctx context.Context, subject, schema string) (uint32, error) {
	if id := r.given[subject+"\x00"+schema]; id != 0 {
		return id, nil
	}
	id, err := r.client.RegisterSchema(ctx, subject, sr.Schema{Schema: schema}, -1, -1)
	if err != nil {
		return 0, r.classify(subject, err)
	}
	if id < 1 || id > math.MaxInt32 {
		return 0, r.classify(subject, fmt.Errorf("it gave the id %d", id))
	}
	if was, ok := r.known[uint32(id)]; ok && was != schema {
		return 0, halt.New(halt.SchemaMismatch, "restore the registry, or `floe job reset` to begin a new log",
			"the schema registry %s gives id %d to subject %s, and in the log that id is another schema: the registry was reset, or holds the two for one", r.url, id, subject)
	}
	r.known[uint32(id)], r.given[subject+"\x00"+schema] = schema, uint32(id)
	return uint32(id), nil
}

// classify tells a registry that cannot answer from one that does not want the schema.
func (r *Remote) classify(subject string, err error) error {
	var answer *sr.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode >= 500 || answer.StatusCode == http.StatusRequestTimeout || answer.StatusCode == http.StatusTooManyRequests {
		return &UnreachableError{URL: r.url, Subject: subject, Err: err}
	}
	fix := "see what the registry says; then capture goes on by itself"
	switch answer.StatusCode {
	case http.StatusConflict:
		fix = fmt.Sprintf("set the compatibility of subject %s to NONE or to what allows the change; then capture goes on by itself", subject)
	case http.StatusUnauthorized, http.StatusForbidden:
		fix = "give registry.url a user and password that may write the subject"
	}
	return &halt.Error{Code: halt.RegistryRefused, Detail: fmt.Sprintf("the schema registry %s refuses subject %s (HTTP %d)", r.url, subject, answer.StatusCode), Fix: fix, Err: err}
}
