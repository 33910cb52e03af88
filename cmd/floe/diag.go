package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/datadir"
	"floe/pkg/job"
	"floe/pkg/overview"
	"floe/pkg/precheck"
)

func (a *app) diagCommand() *cobra.Command {
	var file, token string
	cmd := &cobra.Command{Use: "diag [-o FILE.tar.gz]", Short: "Put what an investigation needs into one file: no rows, no passwords", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{})
			if err != nil {
				return err
			}
			if j.Kafka == nil {
				a.findRunning(j)
			}
			d := &diagnosis{app: a, job: j, token: token}
			d.collect(cmd.Context())
			out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return exit(codeConflict, err)
			}
			if err := errors.Join(d.write(out), out.Close()); err != nil {
				return fmt.Errorf("write %s: %w", file, err)
			}
			_, err = fmt.Fprintf(a.out, "%s: %s\n", file, strings.Join(d.names(), ", "))
			return err
		}}
	cmd.Flags().StringVarP(&file, "output", "o", "floe-diag.tar.gz", "the file that is made")
	cmd.Flags().StringVar(&token, "token-file", "", "file that holds the console's token, if it asks for one")
	return cmd
}

// diagnosis is a folder of texts. What cannot be had is one of them: errors.txt says why.
type diagnosis struct {
	app   *app
	job   *job.Job
	token string // the file that holds the console's
	parts []part
	lacks bytes.Buffer
}

type part struct {
	name string
	text []byte
}

func (d *diagnosis) names() []string {
	out := make([]string, len(d.parts))
	for i := range d.parts {
		out[i] = d.parts[i].name
	}
	return out
}

func (d *diagnosis) add(name string, text []byte, err error) {
	if err != nil {
		fmt.Fprintf(&d.lacks, "%s: %v\n", name, err)
		return
	}
	d.parts = append(d.parts, part{name, text})
}

func (d *diagnosis) addJSON(name string, v any, err error) {
	text, wrong := json.MarshalIndent(v, "", "  ")
	d.add(name, text, errors.Join(err, wrong))
}

func (d *diagnosis) collect(ctx context.Context) {
	d.addJSON("version.json", struct {
		Version, Revision, Go, OS, Arch string
		CPUs                            int
		At                              time.Time
	}{version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC()}, nil)
	d.add("job.yaml", d.job.Text(), nil)
	if d.job.Kafka != nil {
		d.ofTheLog(ctx)
	}
	if !d.job.Source.IsZero() && !d.job.Target.IsZero() {
		checks, cancel := context.WithTimeout(ctx, 30*time.Second)
		d.addJSON("checks.json", precheck.Run(checks, precheck.Config{Job: d.job}), nil)
		cancel()
	}
	if dir := d.app.flags.dataDir; dir != "" {
		e, err := datadir.ReadEndpoint(dir)
		d.addJSON("endpoint.json", e, err)
		if err == nil && e.Console != "" {
			text, err := d.metrics(ctx, e.Console)
			d.add("metrics.txt", text, err)
		}
	}
	if d.lacks.Len() > 0 {
		d.parts = append(d.parts, part{"errors.txt", d.lacks.Bytes()})
	}
}

// ofTheLog is what the services report, and where the topics begin and end.
func (d *diagnosis) ofTheLog(ctx context.Context) {
	opts, err := options(d.job)
	if err != nil {
		d.add("status.json", nil, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	f, err := overview.Follow(opts, d.job.Prefix())
	if err != nil {
		d.add("status.json", nil, err)
		return
	}
	defer f.Close()
	err = f.Refresh(ctx)
	d.addJSON("status.json", f.Now.Summary(d.job.Name, time.Now()), err)
	text, err := topics(ctx, opts, d.job.Prefix())
	d.add("topics.txt", text, err)
}

func topics(ctx context.Context, opts []kgo.Opt, prefix string) ([]byte, error) {
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err1 := admin.ListStartOffsets(ctx)
	ends, err2 := admin.ListEndOffsets(ctx)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, o := range ends.Offsets().Sorted() {
		if start, ok := starts.Lookup(o.Topic, o.Partition); ok && strings.HasPrefix(o.Topic, prefix+".") {
			fmt.Fprintf(&b, "%s/%d %d to %d\n", o.Topic, o.Partition, start.Offset, o.At)
		}
	}
	return b.Bytes(), nil
}

// metrics asks the console, which is on this machine: what its certificate says is not looked at, and the
// token goes nowhere else.
func (d *diagnosis) metrics(ctx context.Context, console string) ([]byte, error) {
	if !strings.Contains(console, "://") {
		console = "http://" + console
	}
	to, err := url.Parse(console + "/metrics")
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(to.Hostname()); d.token != "" && (ip == nil || !ip.IsLoopback() && !ip.IsUnspecified()) {
		return nil, errors.New("the console is not on this machine: its token is not sent")
	}
	token := ""
	if d.token != "" {
		b, err := os.ReadFile(d.token)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(b))
	}
	return fetch(ctx, to.String(), token)
}

func fetch(ctx context.Context, url, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // it is asked on loopback alone
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the console answers %s; --token-file names the file of its token", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 16<<20))
}

// write packs the parts. Nothing in them should bear a password; one that did would be taken out here.
func (d *diagnosis) write(w io.Writer) error {
	zip := gzip.NewWriter(w)
	t := tar.NewWriter(zip)
	hide := hiding(d.job)
	for _, p := range d.parts {
		text := []byte(hide.Replace(string(p.text)))
		if err := t.WriteHeader(&tar.Header{Name: "floe-diag/" + p.name, Mode: 0o600, Size: int64(len(text)), ModTime: time.Now()}); err != nil {
			return err
		}
		if _, err := t.Write(text); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), zip.Close())
}

// hiding replaces the job's passwords, but for those so short that they stand in any text.
func hiding(j *job.Job) *strings.Replacer {
	var pairs []string
	hide := func(s string) {
		if len(s) >= 4 {
			pairs = append(pairs, s, "***")
		}
	}
	secrets := []job.Secret{j.Source.Password, j.Target.Password}
	if j.Kafka != nil && j.Kafka.SASL != nil {
		secrets = append(secrets, j.Kafka.SASL.Password)
	}
	for _, s := range secrets {
		if text, err := s.Resolve(); err == nil {
			hide(text)
		}
	}
	for _, e := range []job.Endpoint{j.Source, j.Target} {
		c, err := e.Config()
		if err != nil {
			continue
		}
		if p, err := pgconn.ParseConfig(c.URL); err == nil {
			hide(p.Password)
		}
	}
	if text, err := j.Registry.Resolve(); err == nil {
		if u, err := url.Parse(text); err == nil && u.User != nil {
			password, _ := u.User.Password()
			hide(password)
		}
	}
	return strings.NewReplacer(pairs...)
}
