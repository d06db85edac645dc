# Each target makes what it needs from nothing: a machine with Python 3.11 or newer, make and a
# network to PyPI is enough. `PYTHON=python3.12 make test` chooses another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# auto-denoise, to compare with, is a package of the same name: it needs an environment of its own.
BENCH_VENV := .bench-env
BENCH_INSTALLED := $(BENCH_VENV)/.installed
# Tests are many small computations, for which a second thread only costs.
ONE_THREAD := OMP_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-gpu bench check format clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

install: $(INSTALLED) ## Install autoden and its tools into .venv

# torch first and pinned, so that nothing else decides which build is drawn in.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[dev]'
	touch $@

demo: $(INSTALLED) ## Simulate XRF spectra and denoise them (writes demo-output/)
	$(BIN)/autoden demo --output demo-output --force

test: $(INSTALLED) ## Run the fast tests and the doctests
	$(ONE_THREAD) $(BIN)/python -m pytest -n auto

test-slow: $(INSTALLED) ## Run the tests that take minutes
	$(ONE_THREAD) $(BIN)/python -m pytest -m slow --timeout 3600

test-gpu: $(INSTALLED) ## Run the tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu --timeout 3600

$(BENCH_INSTALLED): constraints.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt torch
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt auto-denoise==3.0.0
	touch $@

bench: $(INSTALLED) $(BENCH_INSTALLED) ## Measure speed beside auto-denoise 3.0.0 (20 minutes; BENCH=--help)
	$(BIN)/python -m benchmarks.speed --reference-python $(BENCH_VENV)/bin/python \
		--json bench-output/speed.json $(BENCH)

check: $(INSTALLED) ## Lint, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## Put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what was made
	rm -rf $(VENV) $(BENCH_VENV) demo-output example-output bench-output build dist
