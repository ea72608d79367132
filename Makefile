# What CI does, one verb each. Nothing here is needed to build: `go build ./cmd/flowrun` does.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build check test race memory crash soak bench generate

build:
	go build -o flowrun ./cmd/flowrun

check: ## formatting, vet, staticcheck, tidy: each without a diff
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	go mod tidy -diff
	go vet ./...
	go run $(STATICCHECK) ./...

test:
	go test ./...

race:
	go test -race -shuffle=on ./...

memory: ## the tests in a build that finds memory used after it was freed, freed twice or never
	go test -tags flowrundebug ./dag/batch ./dag/expr ./dag/codec/... ./dag/state ./dag/op/... ./dag/relational ./dag/exec ./dag/job/... ./nodes/... ./cmd/flowrun

crash: ## a thousand kills; SEED=n repeats a run as far as the clock lets it
	go test ./dag/job/crash -run Killed -v -timeout 0 -kills 1000 -seed $(or $(SEED),0)

soak: ## twenty minutes under load, and what the program holds meanwhile; FOR=1h is longer, KEEP=DIR keeps logs and profiles
	go test ./dag/job/soak -v -count 1 -timeout 0 -soak $(or $(FOR),20m) $(if $(KEEP),-keep $(abspath $(KEEP)))

bench: ## the workloads, then the Go micro-benchmarks
	go run ./cmd/flowrun bench --compare wc
	go test -run '^$$' -bench . -benchmem ./...

generate: ## refill golden files and the generated parts of the docs
	go test ./... -update
