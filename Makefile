# Everything starts here: `make help`. Needs make and a Python 3.11, 3.12 or 3.13; the rest is installed into .venv from requirements.lock.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PARSER := tests/asyncapi/node_modules/.installed
PYTEST_WORKERS ?= 2
SEED ?= 42

.DEFAULT_GOAL := help
.PHONY: help demo test lint sim bench bench-kafka install format lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## simulate a few projects and look at their KPIs and alerts (under a minute)
	@$(BIN)/milepost demo

test: lint $(PARSER) ## everything that must be green: lint, types, import rules, tests
	$(BIN)/pytest -n $(PYTEST_WORKERS)

lint: $(STAMP) ## style, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

sim: $(STAMP) ## let one seed make a mess and hold the product to the law: make sim SEED=42
	$(BIN)/python -m tests.simulation $(SEED)

bench: $(STAMP) ## measure the stream on this machine
	$(BIN)/python -m benchmarks

bench-kafka: $(STAMP) ## the same work on Kafka by Milepost and by other tools, side by side
	$(BIN)/python -m benchmarks.kafka

install: $(STAMP) ## only install into .venv

format: $(STAMP) ## let the formatter and the safe fixes write
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(STAMP) ## choose new versions of everything and write requirements.lock
	$(BIN)/uv pip compile pyproject.toml --upgrade --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet --output-file requirements.lock

clean: ## remove what was installed and built; data stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/asyncapi/node_modules benchmarks/.peers

# The stamp is written last: an installation that broke off is done again, a finished one costs nothing.
$(STAMP): requirements.lock pyproject.toml
	@set -e; \
	usable() { "$$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }; \
	if ! usable $(BIN)/python; then \
		for name in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
			if usable "$$name"; then found="$$name"; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "Milepost needs Python 3.11, 3.12 or 3.13 and found none; install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; \
		fi; \
		echo "creating $(VENV) with $$("$$found" --version)"; \
		rm -rf $(VENV); \
		"$$found" -m venv $(VENV) || { rm -rf $(VENV); echo "this Python cannot create virtual environments; install its venv package (python3-venv)" >&2; exit 1; }; \
	fi; \
	echo "installing from requirements.lock"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	touch $@

# Only the tests of the AsyncAPI document need Node.js; where it is missing they skip, or fail in CI, and everything else runs.
$(PARSER): tests/asyncapi/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the tests of the AsyncAPI document are left out"; exit 0; fi; \
	echo "installing the AsyncAPI parser"; cd $(dir $(<)) && \
	{ npm ci --loglevel error && touch node_modules/.installed; } || \
	{ rm -rf node_modules; echo "the AsyncAPI parser could not be installed: the tests of its document are left out"; }
