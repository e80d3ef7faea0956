# `make up` runs the miniature, `make test` the whole test suite; both set up what they need first.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
# Where bytecode is not kept, each of a thousand processes would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help up down watch test check format site bench suites diagrams lock clean

help: ## Show these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# An environment that is not whole, or was moved or copied with the project, is made anew.
ifneq ($(shell $(BIN)/python scripts/bootstrap.py $(VENV) --is-whole 2>/dev/null && echo yes),yes)
.PHONY: $(BIN)/python $(VENV)/.runtime $(VENV)/.development
endif

# One environment: first what the miniature needs, and only for tests and checks the rest. A stamp is
# newer than the lock that it stands for, so an unchanged lock costs nothing.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python %d.%d is too old:\
	 3.11 or newer is needed.\n  Say which one to use: make up PYTHON=python3.13" % sys.version_info[:2])'
	@$(PYTHON) scripts/bootstrap.py $(VENV)

$(VENV)/.runtime: requirements/bonkei.txt pyproject.toml scripts/bootstrap.py | $(BIN)/python
	@$(BIN)/python scripts/bootstrap.py $(VENV) --add requirements/bonkei.txt
	@touch $@

$(VENV)/.development: requirements/dev.txt $(VENV)/.runtime
	@$(BIN)/python scripts/bootstrap.py $(VENV) --sync requirements/dev.txt
	@touch $@

# When it was asked for: what is installed first is part of the start.
ifneq ($(filter up,$(MAKECMDGOALS)),)
BEGUN := $(shell $(PYTHON) -c 'import time; print(time.time())')
endif
up: $(VENV)/.runtime ## Run the miniature in the foreground; Ctrl-C stops it
	@BONKEI_BEGUN=$(BEGUN) exec $(BIN)/bonkei up

down: $(VENV)/.runtime ## Stop the miniature
	@exec $(BIN)/bonkei down

watch: $(VENV)/.runtime ## Make the running miniature follow each saved file
	@exec $(BIN)/bonkei watch

test: $(VENV)/.development ## Run the whole test suite
	@$(BIN)/python scripts/test_tools.py
	@$(BIN)/pytest -n 4 --dist loadfile

check: $(VENV)/.development ## Run every linter, type checker and scanner
	@$(BIN)/python -m scripts.check

format: $(VENV)/.development ## Rewrite the sources as the formatters want them
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix -q . && $(BIN)/bonkei fmt && $(BIN)/python -m scripts.readmes \
	&& PYTHONPATH=program/backend $(BIN)/python -m scripts.api_model

site: $(VENV)/.development ## Make the site of the documentation, and check its links
	@$(BIN)/python -m scripts.pages

bench: $(VENV)/.development ## Measure, and print tables of docs/measurements.md
	@$(BIN)/python -m bench

suites: $(VENV)/.development ## Run the suites of others whose checkouts are in SUITES=FOLDER, and count
	@$(BIN)/python -m suites $(SUITES)

diagrams: $(VENV)/.development ## Draw the pictures of docs/architecture.md anew
	@$(BIN)/python scripts/draw.py

# One resolution for all: what the programs pin, the development environment pins too.
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"
lock: $(VENV)/.development ## Lock every dependency again, with hashes and without addresses
	$(COMPILE) pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(COMPILE) pyproject.toml requirements/setup.in -c requirements/dev.txt -o requirements/bonkei.txt
	$(COMPILE) requirements/release.in -o requirements/release.txt
	$(COMPILE) requirements/scanners.in -o requirements/scanners.txt
	$(COMPILE) requirements/site.in -o requirements/site.txt
	$(COMPILE) requirements/ministack.in -o bonkei/services/endpoint/data/ministack.txt
	$(COMPILE) requirements/awscli.in -o bonkei/services/endpoint/data/awscli.txt
	$(COMPILE) requirements/trivy.in -o bonkei/services/codebuild/data/trivy.txt
	$(COMPILE) requirements/aiobotocore.in -o tests/bonkei/services/endpoint/clients/aiobotocore.txt
	cd tests/bonkei/services/endpoint/clients && npm install --package-lock-only --omit-lockfile-registry-resolved
	$(COMPILE) requirements/function_python.in -c requirements/dev.txt -o bonkei/services/lambda_/data/python.txt
	$(COMPILE) program/backend/requirements.in -c requirements/dev.txt -o program/backend/requirements.txt
	$(COMPILE) program/frontend/requirements.in -c requirements/dev.txt -o program/frontend/requirements.txt

clean: ## Remove the environment (the miniature's data stays in .bonkei)
	rm -rf $(VENV)
