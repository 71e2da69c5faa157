# Everything here needs Python 3.11 or newer, make and a package index; each target builds .venv first if it is missing
# or out of date. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first interpreter that really runs (a version manager's shim may exist and refuse) and is of a supported version;
# `make PYTHON=/path/to/python ...` overrides it. Looked up only when an environment has to be built.
PYTHON ?= $(shell for newest in 14 99; do for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $$newest))" >/dev/null 2>&1 \
	&& { echo $$p; exit; }; done; done; echo no-python-of-3.11-or-newer-found)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The providers that are compared with stay out of the development environment.
BENCH_VENV := .bench-venv
BENCH_READY := $(BENCH_VENV)/.ready
BENCH_ARGS ?=
# Many tests wait for what takes its time: more processes than the cores of a small machine.
WORKERS ?= 6
PYTEST_ARGS ?=
PROVE_ARGS := -q -s --show-capture=stdout -p no:cacheprovider
HISTORIES ?= 10000
KILLS ?= 100
FUZZ ?= 100000
export SEED
# pytest keeps what it compiles of the tests and of the package; without that, each of its processes takes 10 s more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env demo airflow test lint format constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

env: $(READY) ## build the environment in .venv

$(READY): constraints/dev.txt pyproject.toml tools/environment.py
	@$(PYTHON) tools/environment.py $(VENV) constraints/dev.txt
	@touch $@

demo: $(READY) ## send a campaign through a real Airflow to the emulator and show its delivery funnel
	@$(BIN)/python -m local_airflow demo

airflow: $(READY) ## do the same as demo, then leave Airflow and the emulator running for you to try out
	@$(BIN)/python -m local_airflow serve

# In a fresh clone, each process would compile all tests: two processes do it first, each a half.
COLLECT := $(BIN)/python -m pytest --collect-only -q
test: $(READY) ## run the whole suite, including a real Airflow
	@echo "[test] $(WORKERS) processes; the tests on a real Airflow start one and take a minute"
	@[ -n "$$PYTHONPYCACHEPREFIX$$(find tests -name '*-pytest-*.pyc' -print -quit)" ] \
		|| { $(COLLECT) tests/[a-e]*/ >/dev/null & $(COLLECT) tests/[f-z]*/ >/dev/null; wait; }
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

.PHONY: coverage
# Counting makes Python two or three times as slow, so `make test` does without it.
COUNTED := $(addprefix tests/,api client faults hooks)
coverage: $(READY) ## run the tests of the core alone; fail when they miss more than 5 % of its branches
	@rm -f .coverage .coverage.*
	@TRUEPUSH_COUNT_BRANCHES=1 $(BIN)/python -m pytest -q -n $(WORKERS) $(COUNTED)
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage json --quiet -o .coverage-report.json
	@$(BIN)/python tools/coverage_gate.py 95 airflow_provider_truepush/api airflow_provider_truepush/client

.PHONY: prove
# Each run tries other histories, unless SEED is set. The seed is printed, so that a failure can be repeated.
prove: $(READY) ## run the long proof that a push is never sent twice: 10,000 histories, 100 kills of a real task, a benchmark
	@echo "[prove] about twenty minutes: histories, and at the same time races and a real Airflow whose tasks are killed"
	@seed=$${SEED:-$$($(BIN)/python -c "import secrets; print(secrets.randbelow(10**9))")}; echo "[prove] SEED=$$seed"; \
		export TRUEPUSH_HISTORIES=$$((($(HISTORIES) + 1) / 2)) TRUEPUSH_KILLS=$(KILLS); \
		TRUEPUSH_SEED=$$seed $(BIN)/python -m pytest $(PROVE_ARGS) tests/sending/test_histories.py & one=$$!; \
		TRUEPUSH_SEED=$$((seed + 1)) $(BIN)/python -m pytest $(PROVE_ARGS) tests/sending/test_histories.py & two=$$!; \
		TRUEPUSH_SEED=$$seed $(BIN)/python -m pytest $(PROVE_ARGS) tests/sending/test_sql_store.py tests/sending/test_kills.py; killed=$$?; \
		wait $$one && wait $$two && exit $$killed
	@$(BIN)/python -m benchmarks.sending

.PHONY: matrix
# Interpreters of pyenv need not be on the PATH. A pair whose interpreter is missing is skipped with a message.
PYTHONS = $(subst $(eval) ,:,$(wildcard $(HOME)/.pyenv/versions/3.1[1-9]*/bin))
PAIRS ?= matrix
# PARTS=missing goes on with an interrupted run; the docstring of noxfile.py says more.
PARTS ?=
matrix: $(READY) ## run examples and suite on every supported Airflow and Python; PAIRS="..." and PARTS="..." choose some
	@PATH="$(CURDIR)/$(BIN):$$PATH:$(PYTHONS)" $(BIN)/nox -s $(PAIRS) -- $(PARTS); code=$$?; \
		$(BIN)/python tools/versions.py && exit $$code

.PHONY: audit
audit: $(READY) ## look for known vulnerabilities of the pinned packages; needs an index that lists them, as PyPI does
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/nox -s audit

.PHONY: docs docs-links live release-check
SPHINX = AIRFLOW_HOME=$(CURDIR)/.airflow/docs $(BIN)/python -m sphinx -W --keep-going -q
docs: $(READY) ## build the documentation into build/docs; warnings and dead links are errors
	@$(SPHINX) -b html docs build/docs
	@$(BIN)/python tools/docs_links.py build/docs
	@echo "[docs] open build/docs/index.html"

docs-links: $(READY) ## check the links to other sites; needs the network
	@$(SPHINX) -b linkcheck docs build/docs-links

# The process gets the token through its environment, so the token does not appear in the process list.
live: export TOKEN := $(TOKEN)
live: $(READY) ## check the provider with your own Truepush project: make live TOKEN=... [SEGMENT="My test segment"]
	@AIRFLOW_HOME=$(CURDIR)/.airflow/live $(BIN)/python tools/live.py $(if $(SEGMENT),--segment "$(SEGMENT)") \
		$(if $(TRUEPUSH_HOST),--host "$(TRUEPUSH_HOST)")

release-check: $(READY) ## build wheel and sdist, check their content, and run them in a clean environment
	@$(BIN)/python tools/release_check.py

.PHONY: fuzz
fuzz: $(READY) ## fuzz for long: 100,000 answers of any kind, also over sockets and through operators, and Dag arguments; FUZZ=n
	@echo "[fuzz] $(FUZZ) examples of each property"
	@TRUEPUSH_FUZZ=$(FUZZ) TRUEPUSH_ARGUMENT_EXAMPLES=$$(($(FUZZ) / 3)) $(BIN)/python -m pytest -q -n $(WORKERS) \
		-p no:cacheprovider --timeout 7200 tests/client/test_fuzz.py tests/fuzz tests/operators/test_fuzzed_arguments.py \
		tests/api/protocol/test_evidence.py

.PHONY: test-warehouses
# RECORD=1 writes the table of databases for the documentation, docs/records/databases.*.
WAREHOUSES ?= snowflake redshift bigquery
test-warehouses: ## run the exports against stand-ins of warehouses, in separate environments
	@TRUEPUSH_RECORD=$(RECORD) $(PYTHON) tools/warehouses.py $(WAREHOUSES)

.PHONY: test-cluster
# RECORD=1 writes the table of faults for the documentation, docs/records/cluster.*.
test-cluster: ## break a real cluster (PostgreSQL, Redis, Celery) in every way, and compare the records; 12 minutes
	@TRUEPUSH_RECORD=$(RECORD) $(PYTHON) tools/cluster.py $(PYTEST_ARGS)

.PHONY: test-dbt test-storage
test-dbt: $(READY) ## build the dbt project of examples/dbt on an export, with dbt in a separate environment
	@$(BIN)/python tools/extra_tests.py dbt

test-storage: $(READY) ## export files to stand-ins of S3, GCS and Azure, and load them, in a separate environment
	@$(BIN)/python tools/extra_tests.py storage

.PHONY: bench
bench: $(BENCH_READY) $(READY) ## compare watching, calls and imports with other providers; BENCH_ARGS=--quick for a short trial run
	@echo "[bench] about 40 minutes on 2 cores that do nothing else; with BENCH_ARGS=--quick about 7"
	@for name in watching triggerer calls imports growth; do \
		AIRFLOW_HOME=$(CURDIR)/.airflow/bench $(BENCH_VENV)/bin/python -m benchmarks.$$name $(BENCH_ARGS) || exit 1; done
	@AIRFLOW_HOME=$(CURDIR)/.airflow/bench $(BIN)/python -m benchmarks.export.warehouses sqlite duckdb postgres $(BENCH_ARGS)
	@$(PYTHON) tools/warehouses.py --bench $(BENCH_ARGS) $(WAREHOUSES)
	@$(if $(BENCH_ARGS),,$(BENCH_VENV)/bin/python -m benchmarks.docs_page)

$(BENCH_READY): constraints/bench.txt constraints/dev.txt pyproject.toml tools/environment.py
	@$(PYTHON) tools/environment.py $(BENCH_VENV) constraints/bench.txt
	@touch $@

SCHEMA := $(BIN)/check-jsonschema --quiet --builtin-schema vendor
lint: $(READY) ## check style, types and the workflows
	@echo "[lint] ruff" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . \
		|| { echo "[lint] ruff found problems: 'make format' fixes some of them"; \
		$(BIN)/ruff check .; $(BIN)/ruff format --check .; exit 1; }
	@echo "[lint] mypy --strict" && $(BIN)/mypy
	@echo "[lint] workflows and forms of .github"
	@$(SCHEMA).github-workflows .github/workflows/*.yml
	@$(SCHEMA).github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(SCHEMA).github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@if [ -x $(BIN)/actionlint ]; then $(BIN)/actionlint; else echo "[lint] no actionlint for this system; CI runs it"; fi

format: $(READY) ## let ruff fix what it can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

constraints: $(READY) ## choose newer versions of everything `make` installs
	@$(PYTHON) tools/constraints.py $(BIN)/uv

clean: ## remove everything that the other targets create
	rm -rf $(VENV) $(BENCH_VENV) .cluster-venv .warehouse-venvs .dbt-venv .storage-venv .nox .airflow .coverage .coverage.* .coverage-report.json .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
