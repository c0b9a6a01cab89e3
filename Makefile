# Everything a person does with the project, one target each. Nothing but system-packages needs root.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
BIN := .venv/bin
# Compiled modules are kept even where the environment says otherwise: a hub is three processes of 500 modules each, which
# would be compiled anew at every start, and the tests start some fifty.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target text; do
	  printf '  make %-17s %s\n' "$$target" "$$text"
	done

.PHONY: install
install: ## Put the hub and the exact packages it runs on into .venv
	@tools/install runtime

.PHONY: dev
dev: ## The same, and what checks and tests it
	@tools/install dev

.PHONY: serve
serve: install ## Start the hub with the companies of examples/companies.toml
	@exec $(BIN)/fakturahub serve --companies examples/companies.toml

.PHONY: check
check: dev ## Format, lint, types, room arrows, licences; changes nothing
	@failed=
	step() { echo "== $$1"; "$${@:2}" || failed="$$failed $$1"; }
	step "format" $(BIN)/ruff format --check .
	step "lint" $(BIN)/ruff check .
	step "types" $(BIN)/mypy --strict src
	step "rooms" $(BIN)/lint-imports --no-cache --no-logo
	step "licences" $(BIN)/python tools/licences.py requirements/runtime.txt
	[ -z "$$failed" ] || { echo "make check: failed:$$failed" >&2; exit 1; }

.PHONY: test
test: dev ## Run the tests, without soak and conformance; PYTEST="-k name" narrows them
	@exec $(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

.PHONY: conformance
conformance: dev ## Run the corpora of documents against readers, writers and rules
	@exec $(BIN)/pytest -q -m conformance $(PYTEST)

.PHONY: soak
soak: dev ## Run the long tests: load, killed processes, receivers that fail
	@some= failed=
	run() {
	  local status=0
	  $(BIN)/pytest -q "$$@" $(PYTEST) || status=$$?
	  case $$status in 0) some=yes ;; 5) ;; *) some=yes failed=yes ;; esac  # 5: nothing that PYTEST names is among these
	}
	run -m "soak and not alone" -n 2 --dist loadfile
	run -m "soak and alone"
	[ -n "$$some" ] && [ -z "$$failed" ]

.PHONY: bench
bench: dev ## Measure; BENCH="name" measures one thing
	@exec $(BIN)/python -m bench $(BENCH)

.PHONY: format
format: dev ## Rewrite the code in the project's style and mend what ruff can mend
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

# The lock files hold on every machine: no index, no host, no path of this one. They are resolved with the oldest Python the
# hub is for, that of Debian 12, because a resolver only takes releases that fit the Python it runs on.
.PHONY: lock
lock: dev ## Write requirements/*.txt anew from pyproject.toml and dev.in; LOCK="--upgrade" takes newer versions
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info > (3, 11, 3))' || {
	  echo "make lock: wants Python 3.11.2, as in Debian 12: make clean lock PYTHON=/path/to/it" >&2; exit 1; }
	export CUSTOM_COMPILE_COMMAND="make lock"
	unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL
	compile() {
	  echo "Resolving $$1"
	  $(BIN)/pip-compile --quiet --no-config --generate-hashes --allow-unsafe --strip-extras --no-emit-options \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(LOCK) --output-file "$$@"
	}
	compile requirements/runtime.txt --all-build-deps pyproject.toml
	compile requirements/dev.txt requirements/dev.in

.PHONY: clean
clean: ## Remove what the other targets made, the hub's data folder excepted
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -path ./.git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# The only target that needs root. Debian's python3 has no venv until python3-venv is there.
.PHONY: system-packages
system-packages: ## Install what Debian lacks for the other targets: python3, python3-venv, make, git (root)
	@command -v dpkg-query >/dev/null || { echo "make system-packages: for Debian; install Python 3.11, make, git" >&2; exit 1; }
	missing=()
	for package in ca-certificates git make python3 python3-venv; do
	  case "$$(dpkg-query -W -f '$${Status}' $$package 2>/dev/null || true)" in
	    "install ok installed") ;;
	    *) missing+=("$$package") ;;
	  esac
	done
	[ $${#missing[@]} -gt 0 ] || { echo "System packages: nothing is missing."; exit 0; }
	[ "$$(id -u)" = 0 ] || { echo "make system-packages: needs root, for $${missing[*]}" >&2; exit 1; }
	echo "Installing $${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -qq --yes --no-install-recommends "$${missing[@]}" >/dev/null
