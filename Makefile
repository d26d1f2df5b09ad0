# `make demo` and `make test` do all of their own set-up; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ARGS ?=
PY := .venv/bin/python

.PHONY: help setup page demo test check long fuzz bench nights missed lock clean

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.ready ## make the project's own environment in .venv

.venv/.ready: pyproject.toml requirements.lock scripts/setup.sh hatch_build.py
	@scripts/setup.sh
	@touch $@

page: setup ## build the console's page again, if its sources have changed
	@$(PY) hatch_build.py

demo: page ## two nodes and two consoles; make demo ARGS=--no-browser plays a script
	@$(PY) -m clearline.cli.demo $(ARGS)

test: page ## the whole suite
	@scripts/browser.sh
	@scripts/ends.sh
	@.venv/bin/just check

check: test ## the same

long: page ## what takes long for what it adds, as before a release
	@scripts/browser.sh
	@scripts/ends.sh
	@$(PY) -m pytest -m long $(ARGS)

fuzz: setup ## fuzz each parser; make fuzz ARGS=--seconds=600
	@$(PY) -m tests.fuzz $(ARGS)

bench: page ## measure every figure into bench/results; bench ARGS=flash for one
	@$(PY) -m bench $(ARGS)

nights: setup ## 10,000 seeded nights with faults, both sides checked by the eight rules
	@$(PY) -m bench.nights --out bench/results/nights.json $(ARGS)

missed: setup ## a million random pairs against brute force; goes on from where it was cut
	@$(PY) -m bench.missed --pairs 1000000 --into bench/results/missed.json $(ARGS)

lock: ## pin every dependency again, with hashes and without naming where they come from
	@scripts/lock.sh

clean: ## remove what the build made
	rm -rf .venv console/node_modules console/generated src/clearline/web/page .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage* htmlcov
