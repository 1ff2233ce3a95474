# Orderyard: every way to build, run and check it. `make` alone lists them.
#
# A target installs what it is missing and says so; nothing here needs more than
# make, gcc, Rust and Node 20 to begin with. The tests add PostgreSQL and Chromium.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Each has a lock file. The oracles have no tests of their own: Rust tests ask them.
NPM_PROJECTS := frontend webhooks/oracle tools/shopify-schema tests/oracles/standardwebhooks tests/oracles/highs
NPM_TESTED := frontend tools/shopify-schema
NPM_INSTALLED := $(addsuffix /node_modules/.package-lock.json,$(NPM_PROJECTS))

# The tests need the failpoints that a release must not have.
TEST_FEATURES := --all-features

FRONTEND_SOURCES := $(shell find frontend -type f \
	-not -path '*/node_modules/*' -not -path 'frontend/dist/*' \
	-not -name graphql-env.d.ts 2>/dev/null)
DIST := frontend/dist/index.html

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- build and run ---

.PHONY: setup build release run demo clean-demo
setup: $(NPM_INSTALLED) ## Install everything that building and testing need
	scripts/with-postgres true
	scripts/install-chromium
	scripts/cargo-tool cargo-deny
	cargo fetch --locked

build: $(DIST) ## Build the dashboard and the program (debug)
	cargo build --locked

release: $(DIST) ## Build the program as it is shipped: target/release/orderyard
	cargo build --locked --release

run: build ## Run against the Shopify app named in .env
	@test -f .env || { echo "There is no .env yet: cp .env.sample .env, then fill in the first block."; exit 1; }
	target/debug/orderyard serve

demo: build ## Run the whole product against a pretend Shopify and pretend suppliers
	target/debug/orderyard demo

clean-demo: ## Forget what the last demo stored
	rm -rf data/demo

# --- check ---

.PHONY: test test-rust chaos test-frontend test-browser lint deny
test: lint deny test-frontend test-rust test-browser ## Run every check there is
	@echo "All checks passed."

test-rust: $(DIST) $(NPM_INSTALLED) ## Rust tests, on SQLite and on PostgreSQL
	scripts/with-postgres scripts/cargo-test --locked --workspace $(TEST_FEATURES)

# make chaos KILLS=1000 ORDERS=100000 SEED=7 DATABASE=sqlite; ROUND=3 plays one round alone, AT_ONCE=2 two beside one another.
# PROFILE=test takes the unoptimised program of the other tests: slower orders, nothing to build.
PROFILE ?= storm
chaos: $(DIST) ## Orders in a storm of faults and kills, on an optimised build
	CHAOS_SEED=$(SEED) CHAOS_ORDERS=$(ORDERS) CHAOS_KILLS=$(KILLS) CHAOS_ROUND_ORDERS=$(ROUND_ORDERS) \
	CHAOS_RATE=$(RATE) CHAOS_CLOCK_MS=$(CLOCK_MS) CHAOS_DATABASE=$(DATABASE) CHAOS_ROUND=$(ROUND) CHAOS_AT_ONCE=$(AT_ONCE) \
	cargo test --locked --profile $(PROFILE) $(TEST_FEATURES) --test it -- --ignored --exact --nocapture chaos::a_long_storm

test-frontend: $(NPM_INSTALLED) ## Tests of the dashboard, and Shopify's schema against ours
	for project in $(NPM_TESTED); do echo "== npm test in $$project"; npm test --prefix $$project; done

test-browser: $(DIST) frontend/node_modules/.package-lock.json ## One story from order to tracking, in headless Chromium
	@# As the Rust tests build it, so that after them nothing is left to build.
	cargo test --locked --workspace $(TEST_FEATURES) --no-run
	CHROMIUM="$$(scripts/install-chromium)" npm run e2e --prefix frontend

lint: $(DIST) $(NPM_INSTALLED) ## Formatting and lints, Rust and TypeScript
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets $(TEST_FEATURES) -- -D warnings
	npm run lint --prefix frontend

deny: ## Licences, sources and banned crates of every dependency
	scripts/cargo-tool cargo-deny
	PATH="$$PWD/target/tools/bin:$$PATH" cargo deny --locked --all-features --log-level error check bans licenses sources

# --- measure ---

# The databases of a run; a disk, not memory, or the figures say nothing.
BENCH_FOLDER ?= target/bench
BENCH ?=

ROUTING ?=

.PHONY: bench bench-routing
bench: release benches/node/node_modules/.package-lock.json ## Measure speed and memory beside baselines (about 40 minutes, 25 GB of disk; for a quick look BENCH="--grown 10000"): docs/PERFORMANCE.md
	cargo build --locked --release --package bench
	mkdir -p $(BENCH_FOLDER)
	POSTGRES_BASE="$(abspath $(BENCH_FOLDER))" scripts/with-postgres target/release/bench run --folder $(BENCH_FOLDER) --results docs $(BENCH)

# make bench-routing ROUTING="proofs=500 instances=50 orders=5000" for a quick look.
# make bench-routing ROUTING=--check fails where a target is missed; each is printed either way.
bench-routing: $(DIST) tests/oracles/highs/node_modules/.package-lock.json ## Check routing against HiGHS, compare and time it (about 15 minutes): docs/ROUTING.md
	cargo run --locked --release --package routing-bench -- page=docs/ROUTING.md $(ROUTING)

# The rival's SQLite is built while it is installed, which is why its packages may run code.
benches/node/node_modules/.package-lock.json: benches/node/package-lock.json
	npm ci --no-audit --no-fund --prefix benches/node
	@touch $@

# --- change ---

.PHONY: check fmt schema
check: $(DIST) ## The quickest answer to "does it compile?"
	cargo check --locked --workspace --all-targets $(TEST_FEATURES)

fmt: frontend/node_modules/.package-lock.json ## Format everything
	cargo fmt --all
	npm run format --prefix frontend

schema: build ## Rewrite the committed contracts from the code
	scripts/write-contracts

# --- files ---

%/node_modules/.package-lock.json: %/package-lock.json
	scripts/setup-node $*
	@touch $@

$(DIST): frontend/node_modules/.package-lock.json $(FRONTEND_SOURCES)
	npm run build --prefix frontend
	@touch $@
