# Everything a person does with this repository. `make help` lists it.
# The tag leaves a codec out of gin that is not used here, and half a megabyte with it.
TAGS    := nomsgpack
GO      := go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PKGS    := ./...

.DEFAULT_GOAL := help
.PHONY: help run test race lint fmt golden bench lighthouse screenshots torture fuzz zones build migration check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## a demo network at http://127.0.0.1:8080
	$(GO) run -tags=$(TAGS) ./cmd/canot demo

test: ## every test, on SQLite and on PostgreSQL (installed and started when it is missing)
	$(GO) vet -tags=$(TAGS) $(PKGS)
	@sh .ci/tools
	@url="$$(.ci/postgres)" && echo "PostgreSQL is ready" && \
		CANOT_TEST_POSTGRES_URL="$$url" $(GO) test -tags=$(TAGS) -timeout 40m $(PKGS)

race: ## the tests under the race detector
	@url="$$(.ci/postgres)" && CANOT_TEST_POSTGRES_URL="$$url" $(GO) test -race -tags=$(TAGS) -timeout 40m $(PKGS)

lint: ## format, vet, staticcheck
	@files="$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))"; \
		if [ -n "$$files" ]; then echo "not formatted (make fmt):"; echo "$$files"; exit 1; fi
	$(GO) vet -tags=$(TAGS) $(PKGS)
	$(GO) tool staticcheck -tags=$(TAGS) $(PKGS)

fmt: ## format the code
	@gofmt -l -w $$(git ls-files -co --exclude-standard '*.go')

golden: ## rewrite the golden files
	@url="$$(.ci/postgres)" && CANOT_TEST_POSTGRES_URL="$$url" $(GO) test -tags=$(TAGS) ./booking/calendar/... ./api/... -update

bench: ## speed beside its limits, as docs/benchmarks.md: make bench BENCH=-full
	@url="$$(.ci/postgres)" && CANOT_TEST_POSTGRES_URL="$$url" $(GO) run -tags=$(TAGS) ./internal/bench $(BENCH)

lighthouse: ## the main pages as a phone on a slow line has them, into docs/benchmarks.md
	@.ci/lighthouse

screenshots: ## take the pictures of docs/screenshots anew
	@sh .ci/tools && mkdir -p docs/screenshots && CANOT_TEST_PICTURES=$(CURDIR)/docs/screenshots \
		$(GO) test -tags=$(TAGS) -count=1 -run TestPicturesOfTheMainPages ./cmd/canot

torture: ## kill the server and its data base under load, race for slots: make torture KILLS=200
	@url="$$(.ci/postgres)" && CANOT_TEST_POSTGRES_URL="$$url" CANOT_TEST_KILLS=$(or $(KILLS),200) CANOT_TEST_TORTURE=$(or $(KILLS),200) \
		$(GO) test -tags=$(TAGS) -count=1 -timeout 6h -run 'Kill|Clerk' -v ./cmd/canot/... ./booking/

fuzz: ## every fuzz target for a while: make fuzz FOR=1m
	@for package in $$($(GO) list -tags=$(TAGS) $(PKGS)); do \
		for target in $$($(GO) test -tags=$(TAGS) -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -tags=$(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FOR),20s) $$package || exit 1; \
		done; \
	done

zones: ## rebuild the embedded zone data from the system's tzdata
	$(GO) generate ./inventory/hours

build: ## one static binary, bin/canot
	CGO_ENABLED=0 $(GO) build -trimpath -tags=$(TAGS) -ldflags '-s -w -X main.release=$(VERSION)' -o bin/canot ./cmd/canot

migration: ## two empty migrations with the next number: make migration NAME=waitlist
	@sh .ci/migration "$(NAME)"

check: ## verify the invariants of the data base that CANOT_DATABASE_URL names
	$(GO) run -tags=$(TAGS) ./cmd/canot check

clean: ## remove what was built
	rm -rf bin
