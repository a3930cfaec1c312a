BIN := .venv/bin
PYTHON ?=
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help install demo test faults deep bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install:  ## .venv with eqz and eqz-verify in .venv/bin, from the locked versions
	@PYTHON='$(PYTHON)' requirements/install.sh

demo: install  ## four nodes, the law on the budget of 2026, two budget years
	$(BIN)/eqz demo

test: install  ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

faults: install  ## faults of the machine itself: needs root and a few Debian packages, says which
	$(BIN)/python -m pytest tests/faults

deep: install  ## hours of simulation, kills and fuzzing with their totals; SHORT=1: ten minutes
	$(BIN)/python -m tests.deep $(if $(SHORT),--short)

bench: install  ## what this machine reaches: a table, and JSON under bench/results
	$(BIN)/python -m bench

lock:  ## newest versions into requirements/*.lock (needs uv)
	@uv --version >/dev/null 2>&1 || { echo 'make lock: found no uv; it makes the locks, installing them does not need it' >&2; exit 1; }
	cd requirements && UV_SYSTEM_CERTS=1 $(COMPILE) --upgrade run.in -o run.lock
	cd requirements && UV_SYSTEM_CERTS=1 $(COMPILE) --upgrade dev.in -o dev.lock

clean:  ## remove what the other targets made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
