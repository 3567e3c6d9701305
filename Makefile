# Every target sets up what it needs. `make help` lists them. No target needs root.
#   PYTHON=/path/to/python3.12   use this interpreter instead of the one found
#   TORCH='torch==2.13.0+cpu --extra-index-url URL'   use another build of torch than the default one for this machine

TORCH ?= torch==2.13.0
JOBS ?= 2
KILLS ?= 60
VENV := .venv
PEER := benchmarks/.venv-peer
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo serve test test-gpu chaos check docs pictures guests bench
.DELETE_ON_ERROR:

help:
	@echo "make setup     the virtual environment with torch and everything else (the other targets call it)"
	@echo "make demo      fine-tune the starter model on the sample task and prove that it got better"
	@echo "make serve     the web pages and the API on this machine"
	@echo "make test      all tests"
	@echo "make test-gpu  the tests that need a GPU, where there is one"
	@echo "make chaos     kill, freeze, damage and fill; KILLS=2000 for a full run (default 60), RECORD=FILE keeps the figures"
	@echo "make check     style, types, import contracts, budgets, documentation"
	@echo "make docs      write the reference pages anew from the code"
	@echo "make pictures  the pictures of the guide and the boxes that components are held to; CHROMIUM=/path/to/chromium"
	@echo "make guests    lm-evaluation-harness, DeepEval and mergekit in environments of their own, for the tests that run them"
	@echo "make bench     the benchmarks against their peers; ROW=lora-instruct for one row, SMOKE=1 for a short try"

setup: $(READY)

# The stamp is the last thing written: an interrupted set-up is simply done again, and an up-to-date one costs nothing.
$(READY): pyproject.toml scripts/find_python.sh
	@set -e; \
	python=$$(PYTHON="$(PYTHON)" sh scripts/find_python.sh $(if $(wildcard $(BIN)/pip),$(BIN)/python)); \
	if [ "$$python" != $(BIN)/python ]; then \
	    echo "Making $(VENV) with $$($$python --version)"; "$$python" -m venv --clear $(VENV); \
	fi
	@echo "Installing torch for this machine (the largest part; a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet $(TORCH)
	@echo "Installing Luthier and what it needs"
	@$(BIN)/python -m pip install --quiet --editable '.[train,dev]'
	@touch $@

demo: setup
	$(BIN)/luthier demo

serve: setup
	$(BIN)/luthier serve

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-gpu: setup
	$(BIN)/python -m pytest -m gpu

chaos: setup
	$(BIN)/python -m tests.chaos --kills $(KILLS) $(if $(RECORD),--record $(RECORD))

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/shape

docs: setup
	$(BIN)/python scripts/write_reference.py

CHROMIUM ?= /usr/bin/chromium

pictures: setup
	$(BIN)/python -m tests.server.web.pictures $(CHROMIUM)

# The peers have an environment of their own, so that neither side's versions bend to the other's.
$(PEER)/.ready: benchmarks/peers/requirements.txt
	@echo "Setting up the peers in $(PEER)"
	@$(BIN)/python -m venv --clear $(PEER)
	@$(PEER)/bin/python -m pip install --quiet $(TORCH)
	@$(PEER)/bin/python -m pip install --quiet --requirement benchmarks/peers/requirements.txt
	@touch $@

# Guests live in environments of their own, as in a workspace; tests that need one say so when it is missing.
guests: .venv-guests/lm-eval .venv-guests/deepeval .venv-guests/mergekit

.venv-guests/%:
	@$(BIN)/python -m venv --clear $@
	@$@/bin/python -m pip install --quiet $(if $(filter mergekit,$*),$(TORCH)) '$*'

bench: setup
	@$(MAKE) --no-print-directory $(PEER)/.ready
	$(BIN)/python -m benchmarks.run $(ROW) $(if $(DATA),--data $(DATA)) $(if $(SMOKE),--smoke)
