.PHONY: build
build: ## build ./bin/floe
	CGO_ENABLED=0 go build -trimpath -o bin/floe ./cmd/floe
