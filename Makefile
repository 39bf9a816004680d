# Two commands matter: `make run` and `make test`. Each installs what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: run build test check fmt lint deny fuzz bench units pool chaos clean
CARGO := ROCKSDB_STATIC=1 ROCKSDB_LIB_DIR="$$(tools/rocksdb.sh)" cargo

run: build ## builds and starts Standard Edition with a demo domain and three users
	tools/demo.sh

build: ## leaves ./target/release/linnet
	tools/install.sh build
	$(CARGO) build --locked --release --bin linnet

test: ## everything: format, lints, dependencies, fuzz targets, units, scenarios, real clients
	tools/install.sh test
	$(MAKE) --no-print-directory fmt lint deny fuzz units

fmt:
	cargo fmt --all --check

lint:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

deny:
	"$$(tools/cargo-tool.sh cargo-deny 0.20.2)" --log-level error check bans licenses sources

fuzz: ## each target for some seconds, from the kept corpus
	tools/fuzz.sh all 5

bench: ## instructions of each hot path
	tools/bench.sh

pool: ## every dialogue on a pool, and what only a pool can do
	$(CARGO) test --locked -p tests --test pool --test pool_dialogues --no-fail-fast

chaos: ## an hour of faults over a pool of real processes; LINNET_CHAOS_MINUTES for another time
	LINNET_CHAOS_MINUTES="$${LINNET_CHAOS_MINUTES:-60}" $(CARGO) test --locked -p tests --test chaos -- --nocapture

units:
	tools/go-tool.sh all >/dev/null
	$(CARGO) test --locked --workspace --no-fail-fast 2>&1 | awk -f tools/summary.awk

check: fmt lint units

clean:
	cargo clean
