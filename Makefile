# `make` alone lists the targets. Each target that needs packages does its own set-up.

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage soak bench check screenshots serve reset

# The first Python that is new enough and can make a virtual environment; else one that is only
# new enough, so that the set-up can name the missing package.
ifndef PYTHON
PYTHON := $(shell \
	for needs in 'ensurepip, venv' 'sys'; do \
	  for python in python3.13 python3.12 python3.11 python3; do \
	    $$python -c "import sys, $$needs; assert sys.version_info >= (3, 11)" 2>/dev/null \
	      && { echo $$python; exit; }; \
	  done; \
	done)
endif
PY := .venv/bin/python
SET_UP = @$(if $(PYTHON),true,{ echo "Error: no Python 3.11 or newer was found." >&2; \
	echo "Fix: apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11" >&2; \
	exit 1; }) && $(PYTHON) scripts/set_up.py

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv and install the locked packages, and the database drivers that can be built
	$(SET_UP)

demo: ## show the main job on invented titles: SQLite, a stand-in TMDB, no key, no network
	$(SET_UP) --quietly
	@$(PY) manage.py demo $(ARGS)

test: ## run the tests on SQLite, and on MariaDB where it is installed (ARGS="-k words")
	$(SET_UP) --quietly browser.txt
	@$(PY) -m tests.run $(ARGS)

coverage: ## measure what the tests run of the code, and require its floors
	$(SET_UP) --quietly browser.txt
	@$(PY) -m tests.run --measured

soak: ## run the long campaigns: many kills, thousands of titles
	$(SET_UP) --quietly browser.txt
	@$(PY) -m tests.run --soak $(ARGS)

bench: ## measure ratios against the floor and a peer
	$(SET_UP) --quietly bench.txt
	@for module in $(basename $(notdir $(wildcard tests/benchmarks/[!_]*.py))); do \
	  echo "== $$module"; $(PY) -m tests.benchmarks.$$module $(ARGS) || exit; \
	done

check: ## format, lint, types, import contracts, Django's checks, missing migrations
	$(SET_UP) --quietly browser.txt
	$(PY) -m ruff format --check --quiet
	$(PY) -m ruff check --quiet
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) manage.py check --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run

screenshots: ## make the pictures in docs/screens anew, with Chromium
	$(SET_UP) --quietly browser.txt
	@$(PY) -m tests.browser.screenshots $(ARGS)

serve: ## open the admin: web server and worker (PORT=8000 BIND=127.0.0.1, DEMO=1 for the demo)
	$(SET_UP) --quietly
	@$(PY) manage.py serve $(if $(PORT),--port $(PORT)) $(if $(BIND),--bind $(BIND)) \
	  $(if $(DEMO),--demo) $(ARGS)

reset: ## drop all tables and migrate; only with DEBUG=true (YES=1 skips the question)
	$(SET_UP) --quietly
	@$(PY) manage.py reset $(if $(YES),--yes) $(ARGS)
