// Command with runs a command while an Apache Kafka is there for it, at the address in
// FLOE_E2E_BROKER; the end-to-end tests hand that to floe. The command's exit code is its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"floe/e2e/kafka"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "with Apache Kafka:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, command []string) (int, error) {
	if len(command) == 0 {
		return 2, errors.New("usage: with COMMAND ARGUMENTS…")
	}
	starting, cancel := context.WithTimeout(ctx, 5*time.Minute) // the first time the jars are fetched
	defer cancel()
	broker, err := kafka.Start(starting, kafka.Options{})
	if err != nil {
		return 1, err
	}
	defer broker.Close()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "FLOE_E2E_BROKER="+broker.Address())
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return max(1, ended.ExitCode()), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
