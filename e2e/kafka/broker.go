// Package kafka starts a real Apache Kafka for end-to-end tests: one node that is broker and
// controller, without a container. The embedded broker is quicker and always there; what only the
// real one does (fsync by replication, compaction, retention, leader epochs, its limits) is tested
// here.
package kafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/pgtest/child"
	"floe/pkg/port"
)

// Options says which broker to start.
type Options struct {
	// Dir keeps the broker's files across runs; empty: a temporary folder that Close removes.
	Dir string
	// Settings go into the broker's configuration, above this package's own.
	Settings map[string]string
	// Heap is the JVM's memory, 512m if empty.
	Heap string
	// Secure adds two listeners, of a certificate and authority in PEM files: SASL_SSL, for User by
	// SCRAM-SHA-512, and SSL, for who has a certificate of the same authority.
	Secure *Secure
	// Front puts a proxy before the broker's address; it returns what clients are told to connect to.
	Front func(address string) (string, error)
}

// Secure is what the listeners with TLS prove and ask for. Keystore holds key (PKCS 8) and certificate.
type Secure struct{ Keystore, Authority, User, Password string }

// Broker is one Apache Kafka. Its address stays the same over Stop and Start.
type Broker struct {
	options          Options
	java, classpath  string
	dir              string
	port, controller int
	sasl, mutual     int // ports, of Secure
	advertised       string

	mu      sync.Mutex
	process *child.Process
}

// Start makes a broker and starts it. The context bounds the start alone: Close ends the broker,
// and so does the end of this process.
func Start(ctx context.Context, o Options) (*Broker, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, errors.New("no java on this machine, and Apache Kafka needs version 17 or later: install a JRE (openjdk-17-jre-headless)")
	}
	lib, err := Fetch(ctx)
	if err != nil {
		return nil, err
	}
	b := &Broker{options: o, java: java, classpath: filepath.Join(lib, "*"), dir: o.Dir}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "floe-kafka-"); err != nil {
			return nil, err
		}
	}
	if err := b.begin(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start Apache Kafka %s in %s: %w", Version, b.dir, err)
	}
	return b, nil
}

func (b *Broker) begin(ctx context.Context) error {
	var err error
	if b.port, err = port.Free(); err != nil {
		return err
	}
	for b.controller = b.port; b.controller == b.port; {
		if b.controller, err = port.Free(); err != nil {
			return err
		}
	}
	if b.options.Secure != nil {
		for _, p := range []*int{&b.sasl, &b.mutual} {
			for *p == 0 || *p == b.port || *p == b.controller || b.sasl == b.mutual {
				if *p, err = port.Free(); err != nil {
					return err
				}
			}
		}
	}
	b.advertised = b.Address()
	if b.options.Front != nil {
		if b.advertised, err = b.options.Front(b.Address()); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(b.properties(), []byte(b.configuration()), 0o644); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.dir, "data", "meta.properties")); errors.Is(err, os.ErrNotExist) {
		if err := b.format(ctx); err != nil {
			return err
		}
	}
	return b.Start(ctx)
}

func (b *Broker) properties() string { return filepath.Join(b.dir, "server.properties") }

func (b *Broker) configuration() string {
	settings := map[string]string{
		"process.roles":                            "broker,controller",
		"node.id":                                  "1",
		"controller.quorum.voters":                 fmt.Sprintf("1@127.0.0.1:%d", b.controller),
		"listeners":                                fmt.Sprintf("PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", b.port, b.controller),
		"advertised.listeners":                     "PLAINTEXT://" + b.advertised,
		"controller.listener.names":                "CONTROLLER",
		"listener.security.protocol.map":           "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"log.dirs":                                 filepath.Join(b.dir, "data"),
		"auto.create.topics.enable":                "false", // floe makes its topics
		"offsets.topic.num.partitions":             "1",
		"offsets.topic.replication.factor":         "1",
		"transaction.state.log.num.partitions":     "1",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr":            "1",
		"group.initial.rebalance.delay.ms":         "0",
		"num.network.threads":                      "2",
		"num.io.threads":                           "2",
	}
	if s := b.options.Secure; s != nil {
		for _, of := range []string{"listeners", "advertised.listeners"} {
			settings[of] += fmt.Sprintf(",SECURE://127.0.0.1:%d,MUTUAL://127.0.0.1:%d", b.sasl, b.mutual)
		}
		settings["listener.security.protocol.map"] += ",SECURE:SASL_SSL,MUTUAL:SSL"
		settings["listener.name.secure.sasl.enabled.mechanisms"] = "SCRAM-SHA-512"
		settings["listener.name.secure.scram-sha-512.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
		settings["listener.name.mutual.ssl.client.auth"] = "required"
		settings["ssl.keystore.type"], settings["ssl.keystore.location"] = "PEM", s.Keystore
		settings["ssl.truststore.type"], settings["ssl.truststore.location"] = "PEM", s.Authority
		settings["inter.broker.listener.name"] = "PLAINTEXT"
	}
	maps.Copy(settings, b.options.Settings)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", name, settings[name])
	}
	return text.String()
}

// format writes the new node's identity into its data folder.
func (b *Broker) format(ctx context.Context) error {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	args := []string{"-cp", b.classpath, "kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", b.properties()}
	if s := b.options.Secure; s != nil {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", s.User, s.Password))
	}
	cmd := exec.CommandContext(ctx, b.java, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format storage: %w: %s", err, out)
	}
	return nil
}

// Start starts a stopped broker and returns once it answers.
func (b *Broker) Start(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process != nil && !b.process.Ended() {
		return errors.New("the broker runs already")
	}
	heap := b.options.Heap
	if heap == "" {
		heap = "512m"
	}
	process, err := child.Start(child.Command{
		Path: b.java,
		Args: []string{"-Xms" + heap, "-Xmx" + heap, "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
			"-cp", b.classpath, "kafka.Kafka", b.properties()},
		Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}, Dir: b.dir, Log: b.LogFile(),
		Orphaned: syscall.SIGKILL,
	})
	if err != nil {
		return err
	}
	b.process = process
	return b.awaitAnswer(ctx, process)
}

func (b *Broker) awaitAnswer(ctx context.Context, p *child.Process) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address()), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for client.Ping(ctx) != nil {
		select {
		case <-p.Done:
			text, _ := os.ReadFile(b.LogFile())
			return fmt.Errorf("the broker ended while starting (%v):\n%s", p.Err(), text[max(0, len(text)-4000):])
		case <-ctx.Done():
			text, _ := os.ReadFile(b.LogFile())
			return fmt.Errorf("the broker does not answer: %w\n%s", ctx.Err(), text[max(0, len(text)-4000):])
		case <-tick.C:
		}
	}
	return nil
}

// Address is the broker's host and port.
func (b *Broker) Address() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }

// SASL and Mutual are the addresses of the listeners of Secure.
func (b *Broker) SASL() string   { return fmt.Sprintf("127.0.0.1:%d", b.sasl) }
func (b *Broker) Mutual() string { return fmt.Sprintf("127.0.0.1:%d", b.mutual) }

// LogFile is where the broker logs.
func (b *Broker) LogFile() string { return filepath.Join(b.dir, "log") }

// Stop lets the broker shut down in order; Kill ends it by SIGKILL. Both wait for its end.
func (b *Broker) Stop() error { return b.end(syscall.SIGTERM) }

// Kill ends the broker without a word to it.
func (b *Broker) Kill() error { return b.end(syscall.SIGKILL) }

func (b *Broker) end(s syscall.Signal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process == nil {
		return nil
	}
	if err := b.process.Signal(s); err != nil {
		return err
	}
	select {
	case <-b.process.Done:
		return nil
	case <-time.After(time.Minute):
	}
	if err := b.process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-b.process.Done
	return fmt.Errorf("the broker in %s did not stop within a minute and was killed", b.dir)
}

// Close kills the broker and removes its folder, if it is a temporary one.
func (b *Broker) Close() error {
	err := b.Kill()
	if b.options.Dir == "" {
		os.RemoveAll(b.dir)
	}
	return err
}
