# `make help` lists the targets. Only Python 3.11 or later is needed; everything is installed into .venv, pinned.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup quickstart test check fix bench docs wheel clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

setup: $(STAMP)  ## make .venv with pinned versions

quickstart: $(STAMP)  ## run a real campaign from a bundled prior (goes on if it was interrupted)
	$(BIN)/chemmara run quickstart --out runs/quickstart --workers 2 --resume

test: $(STAMP)  ## run all tests
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(STAMP)  ## what CI runs: format, lint, types, import rule, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 3 --dist worksteal

fix: $(STAMP)  ## format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## speed, as ratios to this machine's own floor
	$(BIN)/python benchmarks/speed.py

docs: $(STAMP)  ## build the documentation as a site: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

wheel: $(STAMP)  ## build a wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove what was built, but no run
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
