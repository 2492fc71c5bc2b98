# The whole workflow. `make serve` and `make test` are enough on a fresh Debian machine with Rust, Node and make:
# each looks for what it needs, says what is missing and installs that, with pinned versions.
#
#   make serve   build the release page and serve it on http://127.0.0.1:8080 (PORT=... for another port); where trunk is installed, anew
#                at every change
#   make test    what a change of the product needs: format, lints, Rust, types, JavaScript, the page in a real browser, size
#   make test-all  the same, all other browser tests, and what takes minutes: fuzzing, a hundred kills, other browsers, samples, tract, the training room
#   make build   the release page in dist/ (FRAME_ORIGINS="https://a.example ..." for who may embed frame.html,
#                PACK=packs/yours for other networks, PACK=plain for packs/plain: docs/PACKS.md)
#   make pack, make calibrate, make evaluate   a network of your own, step by step: docs/PACKS.md (TRACT=1 for one that only tract runs)
#   make tract-module   the second runtime for a page, with PACK=packs/yours into that pack
#   make package the element as an npm package in target/package/
#   make samples the package in sample pages, and the frame in one of another origin, served on this machine
#   make bench   speed in the browser, stage by stage
#   make soak    days of running in short: frames, people, dead workers and lost cameras, with the memory they leave (an hour)
#   make models  train the networks anew (Python, hours; see models/training/README.md)

PORT ?= 8080
PROFILE ?= release
# A pack without a slash is a folder of packs/.
override PACK := $(if $(PACK),$(if $(findstring /,$(PACK)),$(PACK),packs/$(PACK)))
# A network that only the second runtime runs is looked at with it: where TRACT is set, and where the pack's manifest says so.
NEEDS_TRACT = $(or $(TRACT),$(shell grep -ls '"backend": "tract"' "$(PACK)/manifest.json" 2>/dev/null))
EXAMPLE = cargo run --locked --quiet $(if $(NEEDS_TRACT),--manifest-path tract/Cargo.toml) --profile $(PROFILE) --example
CARGO_TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "cargo nextest run" || echo "cargo test")

.PHONY: serve build pack calibrate evaluate tract-module package samples test test-all bench soak models clean setup-rust setup-build setup-test setup-test-all \
        check-format check-lints check-rust check-types check-unit check-browser check-size check-tract check-training

serve: setup-build
	@FRAME_ORIGINS="$(FRAME_ORIGINS)" PACK="$(PACK)" node tools/trunk.mjs serve --port $(PORT)

build: setup-build
	FRAME_ORIGINS="$(FRAME_ORIGINS)" PACK="$(PACK)" node tools/build.mjs

pack:
	$(EXAMPLE) pack -- $(if $(NETWORK),--network "$(NETWORK)") $(if $(PACK),--out "$(PACK)") $(FLAGS)

calibrate:
	$(EXAMPLE) calibrate -- $(if $(PACK),--models "$(PACK)") $(SETS)

tract-module: setup-build
	@PACK="$(PACK)" node tools/tract-module.mjs

evaluate:
	$(EXAMPLE) evaluate -- "$(PEOPLE)" $(if $(PACK),--pack "$(PACK)") $(FLAGS)

package: build
	node tools/package.mjs

samples: package
	node tools/samples.mjs

test:
	@node tools/test.mjs

test-all:
	@node tools/test.mjs --all

setup-rust:
	@node tools/setup.mjs rust

setup-build:
	@node tools/setup.mjs build

setup-test:
	@node tools/setup.mjs test

setup-test-all:
	@node tools/setup.mjs test-all

check-format:
	cargo fmt --check

check-lints: setup-rust
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --target wasm32-unknown-unknown -- -D warnings

check-rust:
	@command -v cargo-nextest >/dev/null 2>&1 || echo "cargo-nextest is not installed: running the same tests with cargo test."
	$(CARGO_TEST) --locked --tests

check-types: setup-build
	npx --no-install tsc --project tsconfig.json

check-unit: build
	@node tools/test.mjs unit

check-browser: setup-test-all
	@node tools/test.mjs build e2e

check-size: build
	node tools/size.mjs

check-tract:
	cargo fmt --check --manifest-path tract/Cargo.toml
	cargo clippy --locked --all-targets --manifest-path tract/Cargo.toml -- -D warnings
	cargo test --locked --manifest-path tract/Cargo.toml

check-training:
	$(MAKE) -C models/training smoke

bench: setup-test build
	$(MAKE) -C bench

soak: setup-test build
	node tests/soak.mjs

models:
	$(MAKE) -C models/training models

clean:
	rm -rf dist target/web target/compressed
