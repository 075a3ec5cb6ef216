# Set-up, the main job, the tests. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -q -c .ci/constraints.txt
# One stamp a set of packages: pyproject or constraints change, and pip runs again.
STAMP := $(VENV)/.stamp-run
STAMP_TEST := $(VENV)/.stamp-test
PCN := $(VENV)-pcn
# What the typesetter of the sheet draws letters with.
SHEET := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0

.PHONY: help demo test test-slow lint bench docs web system browser clean

help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "tmsplan needs Python 3.11 or newer; set PYTHON=..."; exit 5; }
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python pyproject.toml .ci/constraints.txt
	$(PIP) -e '.[pdf]'
	@touch $@

$(STAMP_TEST): $(BIN)/python pyproject.toml .ci/constraints.txt
	$(PIP) -e '.[test,prepare,pdf,serve]'
	@touch $@ $(STAMP)

# PCNtoolkit is GPL: it never enters our environment, only a process of its own.
$(PCN)/.stamp: .ci/constraints-pcn.txt
	$(PYTHON) -m venv $(PCN)
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(PCN)/bin/python -m pip install -q \
	  -c .ci/constraints-pcn.txt pcntoolkit
	@touch $@

system:
	@sh .ci/system-packages libegl1 libgl1-mesa-dri $(SHEET)

browser: # the page is tested in a real one
	@sh .ci/system-packages chromium

demo: system $(STAMP) ## the main job on the built-in SYNTHETIC patient
	$(BIN)/tmsplan demo --out demo-out --overwrite

test: system $(STAMP_TEST) ## the default test suite (lint and types are part of it)
	$(BIN)/python -m pytest -q -n auto --dist loadscope

test-slow: system browser $(STAMP_TEST) $(PCN)/.stamp ## whole chains, faults, pictures of real heads
	TMSPLAN_PCN_PYTHON=$(CURDIR)/$(PCN)/bin/python $(BIN)/python -m pytest -q -m slow \
	  -n auto --dist loadscope

lint: $(STAMP_TEST) ## ruff, mypy, import-linter
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: $(STAMP_TEST) ## benchmarks beside what a user would pick instead
	@mkdir -p build/bench
	@for b in benchmarks/*.py; do echo "== $$b"; \
	  $(BIN)/python $$b --json build/bench/$$(basename $$b .py).json || exit 1; done

web: ## rebuild the page's script from its sources (needs npm; users never do)
	cd tmsplan/view/web && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs

docs: $(STAMP_TEST) ## the documentation site in build/docs
	$(PIP) -e '.[docs]'
	$(BIN)/mkdocs build -q -f .mkdocs.yml -d build/docs
	$(BIN)/pdoc -d numpy -o build/docs/api tmsplan

clean: ## remove what the targets above made
	rm -rf $(VENV) $(PCN) build demo-out
