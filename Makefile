# Needs only make and python3 (3.11 or newer, with its venv module). `make` alone lists the targets.

PORT ?= 8000
DATA_DIR ?= $(or $(FM_DATA_DIR),var)
# What `make test` runs: ARGS="tests/patterns -k slots", DATABASE=sqlite|postgresql|both.
ARGS ?=
DATABASE ?= both

VENV := .venv
PY := $(VENV)/bin/python
# The lock is made for the oldest supported Python and for every platform (--universal).
LOCK := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet $(UPGRADE)
# The checks look at the code, never at the data directory in use.
CHECK_ENV := FM_DATA_DIR=$(VENV)/check FM_DATABASE_URL= FM_REDIS_URL=

.PHONY: help install install-dev run format lint test check bench bench-fuzz client lock audit sbom clean

help:
	@echo 'make run      install and start on http://127.0.0.1:$(PORT) (PORT=, DATA_DIR=)'
	@echo 'make install  only the set-up: .venv with the locked packages'
	@echo 'make format   format the code, and fix what the linter can fix'
	@echo 'make lint     format, lint, types, import contracts, migrations: checks only'
	@echo 'make test     the test suite, on SQLite and on PostgreSQL (ARGS=, DATABASE=)'
	@echo 'make check    lint and test: what decides whether a change lands'
	@echo 'make bench    the benchmarks of tests/benchmarks'
	@echo 'make bench-fuzz  50,000 odd inputs through recogniser, rows, decoders, and by HTTP (N=, SEED=)'
	@echo 'make client   the wheel of the Python client, in integration/client/dist'
	@echo 'make audit    look the locked packages up among known vulnerabilities; fails when it cannot'
	@echo 'make sbom     the software bill of materials (CycloneDX) of the locked packages, in sbom.cdx.json'
	@echo 'make lock     write the lock files again from pyproject.toml (UPGRADE=--upgrade)'
	@echo 'make clean    remove .venv and caches; data directories stay'

# exec: Ctrl-C and SIGTERM reach the server itself, which then ends by itself.
run: install
	@exec $(PY) manage.py serve --port $(PORT) --data-dir '$(DATA_DIR)'

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

test: install-dev
	@$(PY) tests/suite.py --database $(DATABASE) $(ARGS)

format: install-dev
	$(VENV)/bin/ruff check --fix --exit-zero .
	$(VENV)/bin/ruff format .

lint: install-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(CHECK_ENV) $(PY) manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(PY) manage.py check --fail-level WARNING

check: lint test

# bench_fuzz looks for faults and fails when it finds one: `make bench-fuzz`.
bench: install-dev
	@for script in $(filter-out %/bench_fuzz.py,$(wildcard tests/benchmarks/bench_*.py)); do \
		echo "== $$script"; PYTHONPATH=. $(PY) $$script || exit 1; \
	done

# N= inputs, SEED= where they begin.
bench-fuzz: install-dev
	@PYTHONPATH=. $(PY) tests/benchmarks/bench_fuzz.py --count $(or $(N),50000) --seed $(or $(SEED),0)

client: $(PY)
	@$(PY) integration/client_wheel.py

audit: install-dev
	@$(PY) -m pip install --quiet pip-audit
	@$(VENV)/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt || { \
		echo 'The audit failed: a package is vulnerable, or could not be looked up.' >&2; exit 1; }

# The tool has packages of its own, which are none of ours.
sbom: $(PY)
	@test -x $(VENV)/sbom/bin/cyclonedx-py || { $(PY) -m venv $(VENV)/sbom \
		&& $(VENV)/sbom/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=7,<8'; }
	@$(VENV)/sbom/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-file sbom.cdx.json
	@echo sbom.cdx.json

# The second lock holds the first to its versions, so that tests run what users run.
lock: $(PY)
	@$(PY) -m pip install --quiet uv
	@$(LOCK) --output-file requirements.txt
	@$(LOCK) --group dev --constraint requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(PY):
	@python= ; \
	for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$name; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Feature Memory needs Python 3.11 or newer as python3 (or: make PYTHON=/path/to/python).' >&2; \
		exit 1; \
	fi; \
	$$python -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo 'Python has no venv module (Debian and Ubuntu: apt install python3-venv).' >&2; exit 1; \
	}

# A stamp newer than the lock means: nothing to do. The stamps go with .venv.
$(VENV)/.installed: requirements.txt | $(PY)
	@$(call install_locked,requirements.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(PY)
	@$(call install_locked,requirements-dev.txt)
	@touch $@ $(VENV)/.installed

# uv is faster where it is there and reaches the packages; pip comes with every Python.
define install_locked
	echo 'Installing the locked packages into $(VENV) (a minute or two the first time) ...'; \
	{ command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(PY) \
		--compile-bytecode --require-hashes -r $(1); } \
	|| $(PY) -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes -r $(1)
endef
