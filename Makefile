# The project's commands. `make test` is the one a contributor needs.

PYTHON ?= python3
VENV := .venv
SECONDS ?= 30
TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))

.PHONY: help test faults faults-quick mutations bench fuzz tools redis faketime lint fmt clean

help:  ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

test: tools  ## Install what the tests need, then run every test
	cargo test --workspace --locked

faults: redis faketime  ## Break a real system under load in every way, and check that no result is lost, doubled or wrong
	cargo build --locked -p kubently -p kubently-bench
	target/debug/kubently-bench faults $(FAULTS)

faults-quick: redis  ## The same with the faults that break most, in about three minutes
	cargo build --locked -p kubently -p kubently-bench
	target/debug/kubently-bench faults --quick $(FAULTS)

mutations: redis  ## Break each delivery mechanism in turn, and see that the fault harness notices
	scripts/mutate

bench: redis  ## Measure what a command costs: Redis, latency, throughput, CPU; the engine beside kubectl; memory
	cargo build --locked --release -p kubently -p kubently-bench
	target/release/kubently-bench redis $(REDIS)
	target/release/kubently-bench load $(LOAD)
	target/release/kubently-bench engine $(ENGINE)

fuzz:  ## Run the fuzz targets, SECONDS= each (30), or only TARGETS="parser yaml"; needs a nightly compiler
	@cargo +nightly fuzz --version >/dev/null 2>&1 || cargo +nightly install cargo-fuzz --locked
	@cd fuzz && for target in $(TARGETS); do \
	  mkdir -p corpus/$$target seeds/$$target; \
	  cargo +nightly fuzz run $$target corpus/$$target seeds/$$target -- -max_total_time=$(SECONDS) -timeout=100 || exit 1; \
	done

tools: redis $(VENV)/ready  ## Install what the tests need: redis-server, Python clients, buf

# Only a fault that moves an executor's clock needs it; without it that fault is skipped, and says so.
faketime:
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || ! command -v apt-get >/dev/null || scripts/apt-install faketime

redis:
	@command -v redis-server >/dev/null || scripts/install-redis

$(VENV)/ready: tests/clients/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
	touch $@

lint: tools  ## Formatting, clippy and the contracts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(VENV)/bin/buf lint
	$(VENV)/bin/buf breaking --against '.git#branch=main'

fmt:  ## Format the code
	cargo fmt --all

clean:  ## Remove what was built and installed here
	cargo clean
	rm -rf $(VENV)
