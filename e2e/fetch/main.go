// Command fetch brings what tests need and the machine lacks, before they need it: a network that does not
// answer shows at once and by name, not in the midst of a test.
//
//	go run ./e2e/fetch 11 kafka
//
// An argument is a version of PostgreSQL, or Apache Kafka.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"floe/e2e/kafka"
	"floe/pkg/pgtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := 0
	for _, what := range os.Args[1:] {
		where, err := fetch(ctx, what)
		if err != nil {
			fmt.Fprintf(os.Stderr, "cannot fetch %s: %v\n", what, err)
			code = 1
			continue
		}
		fmt.Printf("%s is in %s\n", what, where)
	}
	os.Exit(code)
}

// fetch returns the folder that holds it.
func fetch(ctx context.Context, what string) (string, error) {
	if what == "kafka" {
		return kafka.Fetch(ctx)
	}
	version, err := strconv.Atoi(what)
	if err != nil {
		return "", errors.New("a major version of PostgreSQL is meant, or kafka")
	}
	return pgtest.Fetch(ctx, version)
}
