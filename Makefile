# The few commands of this repository. Each makes .venv by itself the first time; `make clean` never touches runs/.

PYTHON ?= python3
TORCH := torch==2.13.0

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
CORE := .venv/core.stamp
DEV := .venv/dev.stamp
DOCS := .venv/docs.stamp

.PHONY: help demo test test-long mutants lint docs lab clean
.DELETE_ON_ERROR:

help:
	@echo "make demo       train for 75 seconds on pictures of clothes and show what the model draws (no data needed)"
	@echo "make test       the tests (minutes)"
	@echo "make test-long  the tests that take many minutes"
	@echo "make mutants    plant defects in a copy of the package: every one must be caught by the tests that it names"
	@echo "make lint       style, format and types"
	@echo "make docs       the documentation as pages, in docs/_build/html: warnings are errors"
	@echo "make lab        play the laboratory anew: the records that come with the library, and the figures of the course"
	@echo "make clean      remove .venv and caches, never runs/"

demo: $(CORE)
	@$(BIN)/equilibria demo

test: $(DEV)
	@OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-long: $(DEV)
	@OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m long

mutants: $(DEV)
	@OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py

lint: $(DEV)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

docs: $(DOCS)
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

lab: $(CORE)
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/laboratory.py

clean:
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/_build docs/reference
	@find . -name runs -prune -o -name .git -prune -o -type d \( -name __pycache__ -o -name '*.egg-info' \) -exec rm -rf {} +
	@echo "Removed .venv and the caches; runs/ is as it was."

# torch comes first and by its exact pin: the rest of the world must not choose another build of it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "equilibria needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | grep '^Python' || echo not there)." \
	       "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Making .venv and installing $(TORCH): the first time takes a few minutes."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
	@$(PIP) '$(TORCH)' || { rm -rf .venv; echo "Installing $(TORCH) failed; .venv was taken away again." >&2; exit 1; }

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing equilibria into .venv."
	@$(PIP) '$(TORCH)' -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing equilibria and the tools for tests into .venv."
	@$(PIP) '$(TORCH)' -c constraints.txt -e '.[dev]'
	@touch $@ $(CORE)

$(DOCS): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing equilibria and the tools for its documentation into .venv."
	@$(PIP) '$(TORCH)' -c constraints.txt -e '.[docs]'
	@touch $@ $(CORE)
