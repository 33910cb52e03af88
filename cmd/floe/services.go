package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"floe/applier"
	"floe/applier/structure"
	"floe/capture"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/job"
	"floe/pkg/precheck"
)

// shutdownGrace is how long a source that shuts down waits for the log.
const shutdownGrace = 10 * time.Second

func (a *app) captureCommand() *cobra.Command {
	s := &service{app: a, name: "capture", key: "capture"}
	cmd := &cobra.Command{Use: "capture", Short: "Service 1: source to log (needs the source and Kafka)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{source: true, log: true})
			if err != nil {
				return err
			}
			source, err := j.Source.Config()
			if err != nil {
				return exit(codeUsage, err)
			}
			opts, err := options(j)
			if err != nil {
				return err
			}
			remote, err := remoteRegistry(j)
			if err != nil {
				return err
			}
			s.place, opts = job.Place(source), s.doors(opts)
			return s.run(cmd.Context(), func(ctx context.Context, reg *prometheus.Registry, log *slog.Logger) error {
				defer s.answers(ctx, j, opts, precheck.Source)()
				opts = append(opts, kafkaMetrics(reg, j.Name))
				notices(j, log)
				at, _ := s.stand(ctx, j, opts) // one that does not answer yet is waited for below
				found, err := s.check(ctx, at, opts, precheck.Source)
				if err != nil {
					return err
				}
				j, told, err := s.settle(ctx, at, opts)
				if err != nil {
					return err
				}
				defer told()
				return capture.Run(ctx, capture.Config{Job: j.Name, Source: source, Place: s.place, Prefix: j.Prefix(), Kafka: opts,
					Partitions: j.Kafka.Partitions, Replication: j.Kafka.Replication, RowsKept: j.Kafka.RowsKept, Includes: j.Includes, Include: j.Selects(), Exclude: j.Objects.Exclude, Schemas: j.Schema, Everything: j.Everything(), Filter: j.Filter, Columns: j.Columns, Charset: j.Source.Charset(),
					KeepIdentity: j.Objects.KeepIdentity, DDLOff: j.DDLOff, SkipLoad: j.Init.SkipData, ChunkHold: j.Init.ChunkHold, LoadReaders: j.Init.Readers, LoadRows: j.Throttle.LoadRows, LoadMBps: j.Throttle.LoadMBps, HoldLoad: capture.HoldLoad{ApplierLag: j.Throttle.HoldLoad.ApplierLag, SlotBytes: int64(j.Throttle.HoldLoad.SlotBytes), ActiveSessions: j.Throttle.HoldLoad.ActiveSessions, OldestTransaction: j.Throttle.HoldLoad.OldestTransaction},
					Heartbeat: j.Heartbeat.Table, HeartbeatEvery: j.Heartbeat.Interval,
					ShutdownGrace: shutdownGrace, Registry: remote, AwaitStart: found.await, Checked: found.text, Checks: found.all, Standby: s.standby, Door: s.door, Log: log, Metrics: reg, Health: &s.health})
			})
		}}
	s.addFlags(cmd, "127.0.0.1:9188")
	s.addStandby(cmd)
	return cmd
}

func (a *app) applierCommand() *cobra.Command {
	s := &service{app: a, name: "applier"}
	name := "main"
	cmd := &cobra.Command{Use: "applier", Short: "Service 2: log to target (needs the target and Kafka)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{target: true, log: true})
			if err != nil {
				return err
			}
			target, err := j.Target.Config()
			if err != nil {
				return exit(codeUsage, err)
			}
			opts, err := options(j)
			if err != nil {
				return err
			}
			s.key, s.place, opts = "applier/"+name, job.Place(target), s.doors(opts)
			return s.run(cmd.Context(), func(ctx context.Context, reg *prometheus.Registry, log *slog.Logger) error {
				defer s.answers(ctx, j, opts, precheck.Target)()
				opts = append(opts, kafkaMetrics(reg, j.Name))
				at, _ := s.stand(ctx, j, opts) // one that does not answer yet is waited for below
				found, err := s.check(ctx, at, opts, precheck.Target)
				if err != nil {
					return err
				}
				j, told, err := s.settle(ctx, at, opts)
				if err != nil {
					return err
				}
				defer told()
				return applier.Run(ctx, applier.Config{Job: j.Name, Name: name, Target: target, Place: s.place, Prefix: j.Prefix(), Kafka: opts,
					Mapping: j.Mapping(), Proceed: j.Proceed, SkipStructure: j.Init.SkipStructure, Unsupported: structure.Policy(j.Init.Unsupported),
					BatchRows: j.Apply.BatchRows, BatchWait: j.Apply.BatchWait, Rows: j.Throttle.ApplyRows, MBps: j.Throttle.ApplyMBps, AwaitStart: found.await, Checked: found.text, Checks: found.all, Standby: s.standby, Door: s.door, Log: log, Metrics: reg, Health: &s.health})
			})
		}}
	s.addFlags(cmd, "127.0.0.1:9189")
	s.addStandby(cmd)
	cmd.Flags().StringVar(&name, "name", name, "tells several appliers of one log apart")
	return cmd
}

func (a *app) brokerCommand() *cobra.Command {
	s := &service{app: a, name: "broker", metrics: "off"}
	var dir string
	limit := job.Size(broker.DefaultLogCap)
	cmd := &cobra.Command{Use: "broker --dir D", Short: "The embedded broker alone, for trials and tests", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), func(ctx context.Context, reg *prometheus.Registry, log *slog.Logger) error {
				brokerMetrics(reg, dir)
				c := broker.EmbeddedConfig{Dir: dir, LogCap: int64(limit), Log: log}
				if s.child {
					c.Listens = func(addr string) error { return json.NewEncoder(a.out).Encode(announcement{Broker: addr}) }
				}
				b, err := broker.Embed(c)
				if err != nil {
					return exit(codeConflict, err)
				}
				defer b.Close()
				<-ctx.Done()
				return nil
			})
		}}
	s.addChildFlag(cmd)
	cmd.Flags().StringVar(&dir, "dir", "floe-broker", "folder of its log")
	cmd.Flags().Var(&limit, "log-cap", logCapUsage)
	return cmd
}

const logCapUsage = "size above which the log loses what is applied, and capture pauses while nothing is; 0 for none"

func (a *app) consoleCommand() *cobra.Command {
	addr := "127.0.0.1:8088"
	var how serving
	cmd := &cobra.Command{Use: "console", Short: "Pages, REST and metrics of a job (needs Kafka alone)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{log: true})
			if err != nil {
				return err
			}
			opts, err := options(j)
			if err != nil {
				return err
			}
			opts = append(opts, (&broker.Door{Log: a.log.With("part", "console")}).Option())
			l, gate, err := how.open(addr, "--listen")
			if err != nil {
				return err
			}
			a.log.Info("console", "url", how.scheme()+l.Addr().String(), "brokers", strings.Join(j.Kafka.Brokers, ","))
			ctx, cancel := context.WithCancelCause(cmd.Context())
			defer cancel(nil)
			front := console.Open(l, gate, cancel)
			var told sync.WaitGroup
			told.Go(func() { a.notify(ctx, j, opts) })
			err = console.Serve(ctx, console.Config{Job: j.Name, Prefix: j.Prefix(), Kafka: opts, Front: front, Gate: gate, Log: a.log,
				Near: console.Near{Source: place(j.Source), Target: place(j.Target), Kafka: j.Kafka, File: func(ctx context.Context) ([]byte, error) { return fileNow(ctx, j, opts) }, Apply: a.applies(j, opts)}})
			cancel(nil)
			told.Wait()
			return errors.Join(err, front.Close())
		}}
	cmd.Flags().StringVar(&addr, "listen", addr, "address")
	how.addFlags(cmd)
	return cmd
}
