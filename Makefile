# `make` sets everything up and runs the main job; `make test` sets everything up and runs the tests.
.DELETE_ON_ERROR:
.PHONY: all setup accept restore reproduce test test-slow bench lint docs exps experiment sweep pretrained review live-rehearsal faults ui clean

# What is given is text: `$(shell ...)` in it is not run, and the shell gets it in quotes.
GIVEN := ARCHIVE BASE PLAN PROFILE ONLY SEED $(if $(filter undefined,$(origin PYTHON)),,PYTHON)
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
quoted = '$(subst ','\'',$(1))'

BIN := .venv/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
# The stages say "python": it has to be the one of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# DVC asks for the user's name and home, and stops where the user id has none, as in many containers; `id` gives its number.
export LOGNAME ?= $(shell id -un 2>/dev/null)
export HOME ?= /tmp

# Parameters are checked first: DVC deletes the outputs of a stage before it runs. What the network lost in the last
# scrape is fetched next; for DVC that scrape is complete.
all: setup
	@solarflare check
	@solarflare scrape --is-complete || dvc repro --force --single-item scrape
	dvc repro
	@solarflare summary
	solarflare log
	@solarflare reproduced

# After `make` on a machine that computes other bits: commit its results, or go back to the committed ones.
accept: setup
	@solarflare accept

restore: setup
	@solarflare restore

# Two clones in different folders give the same bytes, and a third takes all outputs from the first one's cache.
reproduce: setup
	python -m tests.reproduce

setup: .venv/.ready mlflow.db .dvc/plots/page.html

# The mark is made last: an interrupted installation is taken up again.
.venv/.ready: requirements.lock pyproject.toml
	@test -n $(call quoted,$(PYTHON)) || { echo "error: Python 3.11, 3.12 or 3.13 is needed and none is on the PATH: install one (Debian: apt install python3 python3-venv) or name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(call quoted,$(PYTHON)) -c '$(SUPPORTED)' || { echo "error: "$(call quoted,$(PYTHON))" is not Python 3.11, 3.12 or 3.13: install one of these or name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(call quoted,$(PYTHON)) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: "$(call quoted,$(PYTHON))" has no venv module: install it (Debian: apt install python3-venv)" >&2; exit 1; }
	$(call quoted,$(PYTHON)) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 solarflare stages
	@touch $@

mlflow.db: | .venv/.ready
	solarflare store

.dvc/plots/page.html: solarflare/tracking/plots_page.py .venv/.ready
	solarflare plots-page

# Two at a time; a file stays with one process, as its tests share what is dear to make.
PYTEST := python -m pytest -n 2 --dist loadfile

test: setup
	$(PYTEST)

test-slow: setup
	$(PYTEST) -m "slow or not slow"

# Ratios of time, after `make` and on an idle machine: docs/performance.md
bench: setup
	python -m benchmarks.performance

lint: setup
	ruff check
	ruff format --check
	mypy
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	zizmor --offline --quiet .github/workflows

# The documentation as a site: build/site/index.html.
docs: setup
	mkdocs build --quiet --strict

# make exps BASE=main: experiments since the base and their scores, in a table for a terminal.
exps: setup
	@solarflare exps --base $(call quoted,$(or $(BASE),main))

# make experiment PROFILE=sdo-euv: from the observatories' sites, or with ARCHIVE=folder from a folder
# make experiment PROFILE=sdo-euv PLAN=1: what that would fetch, and what it costs
experiment: setup
	solarflare experiment $(if $(ARCHIVE),--archive $(call quoted,$(ARCHIVE))) $(if $(PLAN),--plan) -- $(call quoted,$(PROFILE))

# make sweep: search for parameters as sweep.yaml says, on validation alone
sweep: setup
	solarflare sweep

# make pretrained ARCHIVE=../shared/sun: train the networks of pretrained/ again
pretrained: setup
	solarflare pretrain sdo-euv $(if $(ARCHIVE),--archive $(call quoted,$(ARCHIVE))) --manifest manifests/sdo-aia211-2010-2014.csv

# make review BASE=main: what this change does to the scores, as review.md; fails if the audit finds a leak
review: setup
	@solarflare review --base $(call quoted,$(or $(BASE),main))

# The whole pipeline on observatories on the loopback that misbehave.
live-rehearsal: setup
	python -m tests.live_rehearsal

# Faults of every kind, in more than an hour; writes the table of docs/reliability.md. make faults ONLY=kills SEED=2
faults: setup
	python -m tests.faults $(if $(ONLY),--only $(call quoted,$(ONLY))) $(if $(SEED),--seed $(call quoted,$(SEED)))

ui: setup
	solarflare ui

clean:
	rm -rf .venv build *.egg-info
