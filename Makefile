# floe: `make help` lists what there is.

GO ?= go
# Packages built and tested at once. Tests start PostgreSQL servers: more than the machine has
# cores makes everything slower.
P ?= 2
# Tests of a package at once: most wait, for a server or for floe, most of the time.
PARALLEL ?= 3
# After this time a package's tests of `make test` are held to hang.
TIMEOUT ?= 9m
# What `go test` is asked for besides, e.g. TESTFLAGS='-run Toast -v'.
TESTFLAGS ?=
# Time for each fuzz target and benchmark.
FUZZTIME ?= 10s
BENCH ?= .
# Hits of each failpoint that `make sweep` ends a run at.
SWEEP ?= 12
# Servers of `make e2e-versions`, and rows of `make e2e-big`.
VERSIONS ?= 11 14 18
BIG ?= 10000000
# What `make release` calls itself; a package's version begins with a digit.
VERSION ?= 0.0.0+$(shell git log -1 --format=%cd.%h --date=format:%Y%m%d)
# Seeds of `make rules`, for each rule.
RULES ?= 3000
# Seeds of `make shapes`.
SHAPES ?= 20
# Seeds of `make random`, for each of its tests.
TIMES ?= 20
AT_RANDOM = FastAndExactPath|AReplacingLoad|ALoadOfUnique|SetsLeaveTheBag|RandomHistories|RandomCommands|NoSchedule|ASeedRepeats
# How long `make soak` goes on.
SECONDS ?= 60
# Packages under the race detector: where goroutines meet.
RACE ?= ./capture/... ./applier/... ./pkg/...
# What black-box tests start; under the race detector they build their own.
BIN = $(if $(FLOE_RACE),,FLOE_BIN=$(CURDIR)/bin/floe)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Packages with golden files: those whose tests know FLOE_REWRITE.
GOLDEN = $(sort $(dir $(shell grep -rl --include='*_test.go' FLOE_REWRITE . | sed 's|^|./|;s|^././|./|')))

.DEFAULT_GOAL := build

.PHONY: build
build: ## build bin/floe, a static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/floe ./cmd/floe

.PHONY: fetch
fetch: ## what tests need and this machine lacks: Go modules, staticcheck, PostgreSQL 11 and 18, Apache Kafka
	$(GO) list -deps -test ./... >/dev/null
	$(GO) run $(STATICCHECK) -version
	$(GO) run ./e2e/fetch 11 18 kafka

.PHONY: release
release: build ## dist/: static binaries for amd64 and arm64, packages for Debian, checksums (VERSION=…)
	rm -rf dist && mkdir dist
	set -e; for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $(GO) build -mod=readonly -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dist/floe-linux-$$arch ./cmd/floe; \
		NATIVE=bin/floe SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) deploy/debian/build.sh dist/floe-linux-$$arch $(VERSION) $$arch dist/floe_$(VERSION)_$$arch.deb; done
	cd dist && sha256sum * > SHA256SUMS
	./deploy/debian/check.sh dist $(VERSION)

.PHONY: demo
demo: build ## two servers, sample data, live traffic, a kill -9 (ONCE=1: end when in sync and verified)
	./bin/floe dev --demo $(if $(ONCE),--once)

.PHONY: test
test: vet build ## vet, unit, golden and integration tests on real servers, and a few scenarios
	$(BIN) $(GO) test -vet=off -p $(P) -parallel $(PARALLEL) -timeout $(TIMEOUT) $(TESTFLAGS) ./...

.PHONY: e2e
e2e: build ## every scenario in both modes, through the real binary and the embedded broker
	$(BIN) FLOE_E2E=all $(GO) test -count=1 -parallel $(PARALLEL) -timeout 60m $(TESTFLAGS) ./e2e
	$(BIN) FLOE_E2E=all $(GO) test -count=1 -p 1 -timeout 60m $(TESTFLAGS) $$($(GO) list ./e2e/... | grep -v '/e2e$$')

.PHONY: sweep
sweep: ## the crash sweep: kill -9 at up to SWEEP hits of every failpoint (FLOE_RACE=1: the binary under the race detector)
	FLOE_SWEEP=$(SWEEP) $(GO) test -count=1 -timeout 120m $(TESTFLAGS) ./e2e/sweep

.PHONY: soak
soak: ## everything that may happen, at random moments, for SECONDS; FLOE_SEED repeats a run
	FLOE_SOAK=$(SECONDS) $(GO) test -count=1 -timeout 0 -v $(TESTFLAGS) ./e2e/soak

.PHONY: shapes
shapes: build ## random changes of structure and data, SHAPES seeds: rows and pg_dump of both sides must agree (FLOE_SEED is the first)
	FLOE_BIN=$(CURDIR)/bin/floe FLOE_SHAPES=$(SHAPES) $(GO) test -count=1 -timeout 0 -v $(TESTFLAGS) ./e2e/shapes

.PHONY: e2e-kafka
e2e-kafka: build ## the scenarios' smoke and kills on Apache Kafka, fetched with the Maven client
	FLOE_E2E=kafka $(GO) test -count=1 -timeout 30m $(TESTFLAGS) ./e2e/kafka
	$(GO) run ./e2e/kafka/with $(GO) test -count=1 -timeout 20m $(TESTFLAGS) -run TestScenarios ./e2e
	FLOE_E2E=kafka $(GO) test -count=1 -p 1 -timeout 30m $(TESTFLAGS) -run 'Produced|Everything' ./e2e/soak

.PHONY: random
random: ## the tests at random without the binary, TIMES times with new seeds
	$(GO) test -count=$(TIMES) -p 1 -timeout 0 $(TESTFLAGS) -run '$(AT_RANDOM)' ./applier ./applier/structure ./capture/source ./e2e/simulation

.PHONY: rules
rules: ## the protocol without one of its rules at a time, RULES seeds for each: each must fail, or have a spare
	FLOE_RULES=$(RULES) $(GO) test -count=1 -timeout 0 -v $(TESTFLAGS) -run TestEveryRuleIsNeeded ./e2e/simulation

.PHONY: soak-kafka
soak-kafka: ## soak on Apache Kafka, with a proxy before it too
	FLOE_E2E=kafka FLOE_SOAK=$(SECONDS) $(GO) test -count=1 -timeout 0 -v $(TESTFLAGS) ./e2e/soak

.PHONY: e2e-versions
e2e-versions: build ## every scenario in both modes on servers of VERSIONS, 11 to 18; 11:15 is from 11 to 15
	FLOE_BIN=$(CURDIR)/bin/floe $(GO) run ./e2e/versions $(VERSIONS)

.PHONY: e2e-oldest
e2e-oldest: build ## the few scenarios of a plain `go test` on servers of version 11, in both modes
	FLOE_BIN=$(CURDIR)/bin/floe FLOE_PG_VERSION=11 FLOE_PG_TARGET_VERSION=11 $(GO) test -count=1 -timeout 20m $(TESTFLAGS) -run TestScenarios ./e2e

.PHONY: ddl-versions
ddl-versions: ## what records DDL commands on the source, on servers of the oldest and the newest version too
	FLOE_PG_VERSIONS="11 18" $(GO) test -count=1 -timeout 20m $(TESTFLAGS) -run 'TestRecordedChangesEqualTheCatalog|IsNotPublished|TestAnOlderPublication|TestRewrites' ./capture/source

.PHONY: e2e-regress
e2e-regress: ## PostgreSQL's own regression database, built from Debian's sources and copied
	FLOE_E2E=regress $(GO) test -count=1 -timeout 60m -v $(TESTFLAGS) ./e2e/regress

.PHONY: e2e-regress-live
e2e-regress-live: build ## PostgreSQL's regression tests, each replayed on a running job (FLOE_REGRESS='file …' for some)
	FLOE_BIN=$(CURDIR)/bin/floe FLOE_E2E=regress-live $(GO) test -count=1 -timeout 120m -v $(TESTFLAGS) -run FilesReplayed ./e2e/regress

.PHONY: e2e-big
e2e-big: ## a transaction of BIG rows, killed twice in its middle
	FLOE_BIG=$(BIG) $(GO) test -count=1 -timeout 0 -v $(TESTFLAGS) -run TestABigTransaction ./e2e/faults

.PHONY: e2e-ui
e2e-ui: build ## the console in Chromium: a job is run by its pages, each page is looked at (FLOE_SHOTS=DIR keeps pictures)
	FLOE_E2E=ui $(GO) test -count=1 -timeout 15m $(TESTFLAGS) ./e2e/ui

.PHONY: race
race: ## tests of RACE='packages' under the race detector
	$(GO) test -race -p $(P) -timeout 40m $(TESTFLAGS) $(RACE)

.PHONY: bench
bench: ## benchmarks with allocations (BENCH=regexp)
	$(GO) test -p 1 -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME
	@set -e; grep -rEo --include='*_test.go' '^func Fuzz\w+' . | sed 's/:func / /' | while read -r file name; do \
		echo "== $$name ($$(dirname $$file))"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)"; done

.PHONY: golden
golden: ## rewrite the golden files; read the diff before committing it
	$(if $(GOLDEN),FLOE_REWRITE=1 $(GO) test -count=1 -p $(P) $(GOLDEN),@echo no golden tests)

.PHONY: lint
lint: vet ## gofmt, go vet, staticcheck
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
		if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi
	$(GO) run $(STATICCHECK) ./...

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
