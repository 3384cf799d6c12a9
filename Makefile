# The contributor's words; `make` alone lists them. All paths are relative, so that a checkout may
# lie in a folder with spaces in its name.

# Which Python makes .venv: `make install PYTHON=python3.12`. Without it, the first that is >= 3.11.
PYTHON ?=
# Added to the command of up, demo, test and bench: `make test ARGS='-k bridge'`. Two processes
# test side by side; `-n 0` is one, for a debugger.
ARGS ?=
# How long `make chaos` (2) and `make soak` (60) last.
MINUTES ?=
# Of `make chaos`: from which seeds; `fresh` is a new one.
SEED ?= fresh

VENV := .venv
PY := $(VENV)/bin/python
# Builds what a browser loads, where console/web/ changed since.
PAGES := console/packaging/pages.py
WEB := console/web
# Newer than pyproject.toml and constraints.txt when what running takes is installed, and when
# everything is that they name.
READY := $(VENV)/ready
STAMP := $(VENV)/installed
comma := ,
# The oldest Celery that serves steps in its worker, and one that is refused: both lie beside .venv's own.
OLDEST := celery==5.6.0 kombu==5.6.0 exceptiongroup
TOO_OLD := celery==5.5.3 kombu==5.5.4
SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))

# An explicit PYTHON of another version than .venv's makes .venv anew.
VERSION := import sys; print(*sys.version_info[:2])
ifneq ($(PYTHON),)
ifneq ($(shell "$(PYTHON)" -c '$(VERSION)' 2>&1),$(shell $(PY) -c '$(VERSION)' 2>/dev/null))
$(READY) $(STAMP): remake
endif
endif

.PHONY: help install demo up check lint format-check types imports docs lua web pages test oldest bench soak chaos mutants remake

help:
	@echo 'make install   .venv with everything a contributor needs (PYTHON=python3.12 picks one)'
	@echo 'make demo      run the example workflow: embedded Redis, a real Celery worker'
	@echo 'make up        the same processes, for you to play with; Ctrl-C ends them'
	@echo 'make check     ruff, mypy, import contract, the docs, and with Node the front end'
	@echo 'make test      all tests (ARGS=... goes to pytest)'
	@echo 'make oldest    the tests of steps inside the Celery worker, on the oldest Celery (ARGS=...)'
	@echo 'make chaos     workflows under faults (MINUTES=60 SEED=7; ARGS=--help for more)'
	@echo 'make mutants   break the code on purpose: which test sees it? (ARGS=words of their names)'
	@echo 'make bench     measure against the peers (ARGS=... goes to the benchmark)'
	@echo 'make soak      an hour of work: memory, stream and latency stay flat (MINUTES=60)'

install: $(STAMP)
	@$(MAKE) --no-print-directory pages

# $(call pip-install,EXTRAS) into .venv, which is made if it is missing.
define pip-install
@if ! [ -x $(PY) ]; then \
  for python in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11); do \
    if "$$python" -c '$(SUPPORTED)' 2>/dev/null; then \
      echo "making $(VENV) with $$python"; "$$python" -m venv $(VENV) || exit 1; break; \
    fi; \
  done; \
fi
@[ -x $(PY) ] || { \
  echo 'Python 3.11 or newer was not found. Say where it is: make install PYTHON=/path/to/python3' >&2; \
  exit 1; }
LITTLEFLOW_SKIP_CONSOLE=1 $(PY) -m pip install --quiet --disable-pip-version-check \
  --constraint constraints.txt --editable '.[$(1)]'
endef

$(STAMP): pyproject.toml constraints.txt
	$(call pip-install,dev$(comma)embedded)
	@touch $(READY) $(STAMP)

# A part of the above: the demo is to be seen soon.
$(READY): pyproject.toml constraints.txt
	$(call pip-install,embedded)
	@touch $(READY)

# With the Node of this machine, else with one from PyPI.
pages: $(READY)
	@needed=$$($(PY) $(PAGES) --requires) && \
	  { [ -z "$$needed" ] || $(PY) -m pip install --quiet --disable-pip-version-check "$$needed"; } && \
	  $(PY) $(PAGES)

remake:
	@"$(PYTHON)" -c '$(SUPPORTED)' || { echo '$(PYTHON) is not Python 3.11 or newer' >&2; exit 1; }
	@rm -rf $(VENV)

demo: $(READY)
	@cd examples/demo && ../../$(PY) -m littleflow_redis up -A tasks --concurrency 3 --quiet --run demo.flow $(ARGS)

# Without pages it says so, and runs the rest.
up: $(READY)
	-@$(MAKE) --no-print-directory pages
	@cd examples/demo && ../../$(PY) -m littleflow_redis up -A tasks $(ARGS)

check: $(STAMP)
	@$(MAKE) --no-print-directory -j4 -k lint format-check types imports docs lua web

lint:
	$(VENV)/bin/ruff check

format-check:
	$(VENV)/bin/ruff format --check

types:
	$(VENV)/bin/mypy

imports:
	$(VENV)/bin/lint-imports

# Into build/docs; open build/docs/index.html.
docs: $(STAMP)
	$(VENV)/bin/sphinx-build -W --keep-going -q docs build/docs

lua:
	@$(PY) -m tests.engine.luacheck

web:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(WEB)/node_modules/.checked; \
	else echo 'npm was not found: the front end is not checked'; fi

# Only when something changed since it was found right.
$(WEB)/node_modules/.checked: $(WEB)/node_modules/.package-lock.json $(shell find $(WEB) -name node_modules -prune -o -type f -print)
	npm --prefix $(WEB) run --silent check
	@touch $@

# npm leaves this file behind when it has installed what the lock file says.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	npm --prefix $(WEB) ci

test: $(STAMP)
	@$(MAKE) --no-print-directory pages
	$(PY) -m pytest -n 2 $(ARGS)

# What serves steps inside a worker stands on names within Celery, so its versions are tested.
oldest: $(VENV)/oldest $(VENV)/too-old
	PYTHONPATH="$(CURDIR)/$(VENV)/oldest" $(PY) -m pytest -n 2 $(addprefix tests/bridges/worker/test_,as_celery.py exits.py faults.py versions.py) -k 'not eventlet' $(ARGS)

$(VENV)/oldest $(VENV)/too-old: $(STAMP) Makefile
	@rm -rf $@
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --target $@ \
	  $(if $(filter %oldest,$@),$(OLDEST),$(TOO_OLD))
	@touch $@

# What the README shows of the console; needs chromium.
screenshots: $(STAMP) pages
	PICTURES=docs/images $(PY) -m pytest -n 0 -q tests/console/test_looks.py -k readme

bench: $(STAMP)
	$(PY) -m benchmarks $(ARGS)

soak: $(STAMP)
	$(PY) -m benchmarks.soak $(or $(MINUTES),60)

chaos: $(STAMP)
	$(PY) -m tests.chaos --minutes $(or $(MINUTES),2) $(SEED:%=--seed %) $(ARGS)

mutants: $(STAMP)
	$(PY) -m tests.chaos.mutants $(ARGS)
