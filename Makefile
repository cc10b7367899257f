# Two commands matter: `make demo` and `make test`. Each is enough by itself on a fresh Debian 12:
# it installs what is missing (scripts/packages), configures, builds, runs, and tells the truth in
# its exit status.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
BINARIES := aegis aegis-cli aegis-bench

.PHONY: help
help:  ## Say what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: configure
configure:
	@scripts/setup build
	@cmake --preset release --log-level=WARNING

.PHONY: build
build: configure  ## Build the node, the CLI and the load generator into build/bin.
	@cmake --build --preset release --parallel $(JOBS) --target $(BINARIES)

.PHONY: demo
demo: build  ## Three nodes on this machine: write, read, kill one, read again, bring it back.
	@scripts/setup demo
	@scripts/demo

.PHONY: run
run: build  ## One node in the foreground, with no configuration.
	@exec build/bin/aegis

.PHONY: test
test:  ## Build everything and run every test but those in Docker.
	@scripts/setup build test
	@cmake --preset release --log-level=WARNING
	@cmake --build --preset release --parallel $(JOBS)
	@cmake --build --preset release --parallel $(JOBS) --target all_verify_interface_header_sets
	@ctest --preset release --parallel $(JOBS) --label-exclude docker

.PHONY: test-sim
test-sim: configure  ## Simulate 2,000 seeds x 10 minutes of clusters under attack. Takes an hour.
	@cmake --build --preset release --parallel $(JOBS) --target aegis-sim
	@scripts/test-sim --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: docker
docker: build  ## Build the image, run the compose cluster and check it from outside and inside.
	@scripts/setup docker
	@ctest --preset release --label-regex docker

.PHONY: docker-image
docker-image:  ## Build the image aegiskv from the Dockerfile.
	@docker build --tag aegiskv .

.PHONY: format
format:  ## Lay out every source file with clang-format.
	@scripts/setup test
	@scripts/format

.PHONY: check-format
check-format:  ## Fail where clang-format would change something.
	@scripts/setup test
	@scripts/format --check

.PHONY: bench-micro
bench-micro: configure  ## Measure each hot piece by itself, in 3 minutes, and write docs/BENCHMARKS.md.
	@cmake --build --preset release --parallel $(JOBS) --target microbenches
	@scripts/bench-micro --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: bench-ring
bench-ring: configure  ## Measure the ring and write its table into docs/BENCHMARKS.md.
	@cmake --build --preset release --parallel $(JOBS) --target ring-figures
	@build/bench/ring-figures --write docs/BENCHMARKS.md

.PHONY: bench-gossip
bench-gossip: configure  ## Simulate the gossip of large clusters and write docs/BENCHMARKS.md.
	@cmake --build --preset release --parallel $(JOBS) --target gossip-figures
	@build/bench/gossip-figures --write docs/BENCHMARKS.md

.PHONY: bench-kills
bench-kills: build  ## Kill nodes under quorum writes, 200 times, and write docs/BENCHMARKS.md.
	@scripts/bench-kills --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: bench-failover
bench-failover: build  ## Lose nodes of a cluster again and again, and write docs/BENCHMARKS.md.
	@scripts/bench-failover --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: bench-join
bench-join: build  ## Let a node join a cluster that holds 1 GiB, and write docs/BENCHMARKS.md.
	@scripts/bench-join --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: bench-memory
bench-memory: build  ## Shift the sizes of values in a full node, expire 10 million keys at once.
	@scripts/bench-memory --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: bench-eviction
bench-eviction: configure  ## Replay traces against the eviction policies and write docs/EVICTION.md.
	@cmake --build --preset release --parallel $(JOBS) --target aegis-bench
	@build/bin/aegis-bench trace --write docs/EVICTION.md

.PHONY: bench-peers
bench-peers: build  ## Measure beside Redis, Valkey and memcached; QUICK=1: only try it out.
	@scripts/setup bench
	@cmake --build --preset release --parallel $(JOBS) --target echo-loop
	@scripts/bench-peers $(if $(QUICK),--quick,--write docs/BENCHMARKS.md) $(BENCH_FLAGS)

.PHONY: bench-wal
bench-wal: build  ## Measure what the write-ahead log costs, beside Redis with its own.
	@scripts/setup bench
	@scripts/bench-wal --write docs/BENCHMARKS.md $(BENCH_FLAGS)

.PHONY: install
install: build  ## Install the binaries and the client library below PREFIX (/usr/local).
	@cmake --build --preset release --parallel $(JOBS) --target aegiskv_client
	@cmake --install build --prefix $(PREFIX)

.PHONY: clean
clean:  ## Remove every build directory.
	@rm -rf build build-asan build-tsan
