package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"floe/pkg/job"
)

// app is one run of the command line.
type app struct {
	out, err io.Writer
	log      *slog.Logger
	flags    flags
	// began: arguments and flags were accepted; an error before that is one of usage.
	began bool
}

// flags are those that every command knows.
type flags struct {
	file, dataDir, job string
	brokers            []string
	source, target     string
	output             string
	logLevel           string
	logFormat          string
	quiet, noColor     bool
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	a := &app{out: out, err: errOut, log: slog.New(slog.NewTextHandler(errOut, nil))}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return codeOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(errOut, "floe: "+text)
	}
	if !a.began {
		fmt.Fprintln(errOut, "Run 'floe --help' for usage.")
		return codeUsage
	}
	return codeOf(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "floe", Short: "A live, transaction-exact copy of a PostgreSQL or PolarDB-O database, through Kafka",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.begin(cmd) },
	}
	p := root.PersistentFlags()
	p.StringVarP(&a.flags.file, "file", "f", "", "job file (YAML)")
	p.StringVar(&a.flags.dataDir, "data-dir", "", "folder in which floe dev keeps the job (default $XDG_DATA_HOME/floe/<job>)")
	p.StringVar(&a.flags.job, "job", "", "the job's name, where there is no file")
	p.StringSliceVar(&a.flags.brokers, "broker", nil, "Kafka at HOST:PORT, instead of the file's")
	p.StringVar(&a.flags.source, "source", "", "source database, as URL")
	p.StringVar(&a.flags.target, "target", "", "target database, as URL")
	p.StringVarP(&a.flags.output, "output", "o", "table", "table, json or yaml")
	p.StringVar(&a.flags.logLevel, "log-level", "info", "debug, info, warn or error")
	p.StringVar(&a.flags.logFormat, "log-format", "text", "text or json")
	p.BoolVarP(&a.flags.quiet, "quiet", "q", false, "log errors only")
	p.BoolVar(&a.flags.noColor, "no-color", false, "no colour (floe uses none yet)")
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "brokers" {
			name = "broker"
		}
		return pflag.NormalizedName(name)
	})
	root.AddCommand(a.devCommand(), a.captureCommand(), a.applierCommand(), a.brokerCommand(), a.consoleCommand(), a.registryCommand(),
		a.statusCommand(), a.tablesCommand(), a.progressCommand(), a.waitCommand(), a.verifyCommand(), a.addCommand(), a.removeCommand(), a.deleteCommand(), a.resyncCommand(), a.replayCommand(), a.tailCommand(), a.slotCommand(), a.topicsCommand(), a.doctorCommand(), a.setCommand(), a.errorsCommand(), a.checkCommand(), a.jobCommand(), a.diagCommand(), a.healthCommand(), a.manCommand(), a.versionCommand())
	root.AddCommand(append(a.runCommands(), a.cutoverCommand())...)
	return root
}

// begin takes what the command line left out from FLOE_* and makes the logger.
func (a *app) begin(cmd *cobra.Command) error {
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if every := cmd.Root().PersistentFlags().Lookup(f.Name); every != nil && every != f {
			return // diag's --output is a file
		}
		env := "FLOE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(env); ok && !f.Changed && v != "" && wrong == nil {
			if err := f.Value.Set(v); err != nil {
				wrong = fmt.Errorf("%s: %w", env, err)
			}
		}
	})
	if wrong != nil {
		return wrong
	}
	if o := a.flags.output; o != "table" && o != "json" && o != "yaml" && (o != junit || cmd.Annotations[junit] == "") {
		return fmt.Errorf("-o %s: want table, json or yaml (floe check: junit too)", o)
	}
	log, err := a.logger()
	if err != nil {
		return err
	}
	a.log, a.began = log, true
	for _, name := range []string{"source", "target"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed && job.HoldsPassword(f.Value.String()) {
			log.Warn("a password stands on the command line, where every user of this machine can read it and the shell remembers it", "flag", "--"+name,
				"fix", "say the address in FLOE_"+strings.ToUpper(name)+", refer to the password as ${NAME} or ${file:PATH} within single quotes, or leave it to ~/.pgpass")
		}
	}
	return nil
}

func (a *app) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.flags.logLevel)); err != nil {
		return nil, fmt.Errorf("--log-level %s: want debug, info, warn or error", a.flags.logLevel)
	}
	if a.flags.quiet {
		level = slog.LevelError
	}
	o := &slog.HandlerOptions{Level: level}
	switch a.flags.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(a.err, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.err, o)), nil
	}
	return nil, fmt.Errorf("--log-format %s: want text or json", a.flags.logFormat)
}

// logFlags are the flags that give a child the same log.
func (f *flags) logFlags() []string {
	args := []string{"--log-level", f.logLevel, "--log-format", f.logFormat}
	if f.quiet {
		args = append(args, "--quiet")
	}
	return args
}
