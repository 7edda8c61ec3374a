# All that a person types here; plain `make` lists it. `make lab` and `make test` set up what they
# need by themselves, once: a virtual environment in .venv, filled by uv (3 to 12 s; pip takes 60).
#
#   PYTHON=python3.12   the Python to start from      ARGS="-k fold"   passed on to the command
#
# Works with GNU make 3.81, which macOS still ships.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
# The uv on PATH if it runs; otherwise one of our own, fetched by pip into the environment.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(BIN)/uv)
OWN_UV := $(filter $(BIN)/uv,$(UV))
# Jupyter refuses to start as root unless told; in a container one often is.
AS_ROOT := $(shell test "$$(id -u)" = 0 && echo --allow-root)

# An environment that happens to be active must not leak into ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without bytecode every process, and each notebook is one, compiles for seconds what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab test lint format notebooks data bench clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: export PATH := $(CURDIR)/$(BIN):$(PATH)
lab: $(VENV)/.lab ## open the five-minute tour in JupyterLab
	$(BIN)/python -m jupyterlab --ServerApp.root_dir='$(CURDIR)' $(AS_ROOT) $(ARGS) \
	  notebooks/00_tour.ipynb

# A file stays with one process, for the cells of a notebook need each other.
test: lint ## lint, then all tests: modules, docstrings, README and notebooks
	$(BIN)/python -m pytest --numprocesses=logical --dist=loadfile $(ARGS)

lint: $(VENV)/.test ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test ## let ruff fix and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(VENV)/.test ## execute all notebooks afresh and store their outputs
	$(BIN)/python -m tools.execute_notebooks $(ARGS)

data: $(VENV)/.lab ## regenerate the files in data/
	@for maker in data/make_*.py; do echo $$maker && $(BIN)/python $$maker || exit 1; done

bench: $(VENV)/.bench ## measure this machine
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove the environment, caches and built files
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# One stamp for each extra. They only add to the environment, so none undoes another.
$(VENV)/.lab $(VENV)/.test $(VENV)/.bench: $(VENV)/.%: pyproject.toml | $(BIN)/python $(OWN_UV)
	$(UV) pip install --python $(BIN)/python --editable '.[$*]' || { \
	  echo "uv could not; pip may, for it reads pip's own index and certificate settings." >&2; \
	  $(BIN)/python -m pip install --editable '.[$*]'; }
	@# The first import of matplotlib's fonts may warn that it takes a moment: not in a notebook.
	@$(BIN)/python -W ignore -c 'import matplotlib.font_manager'
	@touch $@ $(if $(filter test,$*),$(VENV)/.lab)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "eventlab needs Python 3.11 or newer and '$(PYTHON)' is none." \
	  "Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(if $(OWN_UV),false,uv venv --seed --python "$$($(PYTHON) -c \
	  'import sys; print(sys.executable)')" $(VENV)) || $(PYTHON) -m venv --clear $(VENV) || { \
	  rm -rf $(VENV); echo "Could not make a virtual environment with '$(PYTHON)'." \
	  "On Debian and Ubuntu: apt install python3-venv. Anywhere: install uv; make will use it." >&2; \
	  exit 1; }

$(BIN)/uv: | $(BIN)/python
	$(BIN)/python -m pip install uv
