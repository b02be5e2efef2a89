# Every target sets up what it needs in .venv and calls one `nmpu` verb (`.venv/bin/nmpu --help`).

PRESET ?= hermes256
CONFIG ?= $(PRESET)
NETWORK ?= resnet9
# Data sets are the user's own; beside a development checkout there may be some.
DATA ?= $(firstword $(wildcard data ../shared/data) data)
PYTHON ?= python3
VENV := .venv
NMPU := $(VENV)/bin/nmpu
READY := $(VENV)/.ready
TESTS := $(VENV)/bin/python -m pytest -n auto --dist loadfile

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

sim: $(READY) ## model and RTL against each other on a real network's ADC codes
	@$(NMPU) sim --config $(CONFIG)

verilog: $(READY) ## nmpu.v and its collateral; PRESET= or CONFIG=file.toml, OUT=folder
	@$(NMPU) verilog --config $(CONFIG) $(if $(OUT),--out $(OUT))

vectors: $(READY) ## bring-up bundle: vectors, STIL, self-test, replay; PRESET= or CONFIG=file.toml, OUT=, SUITE=, SEED=
	@$(NMPU) vectors --config $(CONFIG) $(if $(OUT),--out $(OUT)) $(if $(SUITE),--suite $(SUITE)) $(if $(SEED),--seed $(SEED))

tapeout-check: $(READY) ## the hand-over: every file by its tool, RTL, netlist; PRESET= or CONFIG=file.toml, LIBERTY=cells.lib(.gz)
	@$(NMPU) tapeout-check --config $(CONFIG) $(if $(LIBERTY),--liberty $(LIBERTY))

soc: $(READY) ## the unit in a small SoC: APB interconnect, ADCs, buffer, host program in C; CONFIG=
	@$(NMPU) soc --config $(CONFIG)

layout: PRESET = tiny
layout: $(READY) ## place, route and check one lane of a small configuration; CONFIG=, OUT=, ARGS="--part unit"
	@$(NMPU) layout --config $(CONFIG) $(if $(OUT),--out $(OUT)) $(ARGS)

bench: $(READY) ## the unit beside the FP16 unit: speed, area, codes; speed of models and RTL; LIBERTY=cells.lib(.gz), CONFIG=
	@$(NMPU) bench --config $(CONFIG) $(if $(LIBERTY),--liberty $(LIBERTY))

ppa: $(READY) ## area and clock of the unit and the FP16 unit beside it; LIBERTY=cells.lib(.gz), CONFIG=
	@$(NMPU) ppa --config $(CONFIG) $(if $(LIBERTY),--liberty $(LIBERTY))

accuracy: $(READY) ## a network on chips: float32, FP16 and NMPU behind the tiles; DATA=folder, NETWORK=, CONFIG=, ARGS=--rtl
	@$(NMPU) accuracy --network $(NETWORK) --data $(DATA) --config $(CONFIG) $(ARGS)

sweep: $(READY) ## the precision study: what each choice of formats costs; DATA=, NETWORK=, LIBERTY=, ARGS=
	@$(NMPU) sweep --network $(NETWORK) --data $(DATA) $(if $(LIBERTY),--liberty $(LIBERTY)) $(ARGS)

examples: $(READY) ## five other workloads on the unit, model and RTL
	@$(VENV)/bin/python -m nmpu_examples

prove: $(READY) ## proofs for all inputs: stages, lane, sequencer, streams, registers; PRESET= or CONFIG=file.toml
	@$(NMPU) prove --config $(CONFIG)

mutate: $(READY) ## faults put into RTL and model, and the tests that find them; ARGS="--rtl --jobs 1"
	@$(NMPU) mutate $(ARGS)

coverage: CONFIG = tiny
coverage: $(READY) ## functional, line and toggle coverage of the benches; CONFIG=
	@$(NMPU) coverage --config $(CONFIG)

powerup: CONFIG = tiny
powerup: $(READY) ## the benches from random power-up states and from X; CONFIG=, ARGS="--states 100"
	@$(NMPU) powerup --config $(CONFIG) $(ARGS)

campaign: $(READY) ## compiled RTL against model: every operand of narrow nodes, then seeded column results; resumes; CONFIG=, ARGS="--results 1e11"
	@$(NMPU) campaign --config $(CONFIG) $(ARGS)

verify: $(READY) ## all of the evidence on one page: build/verify/index.html; PRESET= or CONFIG=file.toml, ARGS="--step prove"
	@$(NMPU) verify --config $(CONFIG) $(ARGS)

train: $(READY) ## train the digits classifier again (writes model/nmpu_aimc/digits.npz)
	@$(VENV)/bin/python -m nmpu_aimc.train

test: $(READY) ## every test: model, RTL benches, flow, command line
	@$(TESTS)

quick-test: $(READY) ## those of CI: without the slow ones, which repeat a quicker test for another size or simulator
	@$(TESTS) -m "not slow"

nightly: $(READY) ## what takes too long for every run: ten million multiply-adds against SoftFloat, forty times the fuzzing
	@NMPU_HALF_CASES=10000000 $(VENV)/bin/python -m pytest -n auto verif/tests/test_model_half.py verif/tests/test_bench_half.py -k random
	@NMPU_FUZZ=40 $(VENV)/bin/python -m pytest -n auto verif/tests/test_fuzz_*.py

lint: $(READY) ## ruff, types, import direction
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

regenerate: $(READY) ## write every generated file that is kept in the tree
	@$(NMPU) docs

check: lint quick-test regenerate ## what CI runs
	@git diff --exit-code -- docs || { echo "generated files were not up to date: commit what 'make regenerate' wrote"; exit 1; }

clean: ## remove build results and the environment
	rm -rf build $(VENV)

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "python: not found; install Python 3.11 or newer"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON): is $$($(PYTHON) -V), needs 3.11 or newer; set PYTHON="; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON): cannot make environments; install Debian's package python3-venv"; exit 2; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: help sim verilog vectors tapeout-check soc layout bench ppa accuracy sweep examples prove mutate coverage powerup campaign verify train test quick-test nightly lint regenerate check clean
