# Every target creates the environment if needed: in a new clone, `make repro` is enough.

PYTHON ?= python3
ENV := .venv/.complete

export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin):$(PATH)

.DEFAULT_GOAL := help

repro: $(ENV) ## run every stage that is not up to date
	dvc repro
	@# Not in a copy without the command line.
	@if [ -d birnn_apps ]; then python -m birnn_apps results; fi

# In CI on Linux, the tests fail after some seconds, so that they cannot grow unseen.
limit = $(if $(and $(CI),$(filter Linux,$(shell uname -s))),timeout --signal=INT --kill-after=30 $(1))
PYTEST := pytest --numprocesses logical --maxprocesses 8 --dist worksteal --durations 10

test-fast: $(ENV) ## run the unit and property tests (before every commit)
	$(call limit,112) $(PYTEST) -m "not slow and not exhaustive"

test: $(ENV) ## run the fast tests and one end-to-end test per feature
	$(call limit,495) $(PYTEST) -m "not exhaustive"

test-all: cluster ## run all tests, including every fault, IMDB, Ray, S3 and the tutorial
	$(call limit,2295) $(PYTEST)

test-rest: cluster ## run only the tests that make test-all adds to make test
	$(call limit,1800) $(PYTEST) -m exhaustive

test-network: $(ENV) ## run the fast tests with the network of docs/add-a-network.patch
	git apply docs/add-a-network.patch
	$(MAKE) test-fast; status=$$?; git apply -R docs/add-a-network.patch; exit $$status

tutorial: $(ENV) ## write the tutorial with its outputs as a web page, notebooks/tutorial.html
	jupyter nbconvert --to html notebooks/tutorial.ipynb

coverage: cluster ## run all tests and list the lines and branches they miss
	coverage erase
	-coverage run -m $(PYTEST)
	coverage combine --quiet
	coverage report

mutants: $(ENV) ## change the code in random places, one at a time, and check that a test fails
	python -m tests.mutants

lint: $(ENV) ## check style, types, spelling and workflows
	ruff format --check
	ruff check
	mypy
	git ls-files -z | xargs -0 codespell
	zizmor --offline --quiet .github/workflows

format: $(ENV) ## format the code and apply automatic fixes
	ruff format
	ruff check --fix

fresh: $(ENV) ## check that dvc.lock matches the code, settings and data
	@# DVC exits with 0 even if stages are stale. Without the data, it fails at the first one.
	@planned=$$(dvc repro --dry --allow-missing 2>&1); status=$$?; \
	stale=$$(echo "$$planned" | sed -n "s/^Running stage '\(.*\)':/\1/p; \
		s/.*failed to reproduce '\([^']*\)'.*/\1/p" | paste -sd ' ' -); \
	if [ "$$stale" ]; then echo "stale: $$stale; run make repro, and commit the results"; exit 1; fi; \
	if [ $$status != 0 ]; then echo "$$planned"; exit 1; fi; \
	echo "dvc.lock is fresh"

# The experiments of studies, by name; study/PROTOCOL.md plans them.
seeds := -S train.seed=0..29
strong := --recipe n-grams -S train.seed=100..119
equal-time := --recipe n-grams -S train.epochs=1..4 -S train.seed=100..104
equal-size := --recipe skip-gram -S bigru.units=78,64 -S train.seed=200..209
rotten-tomatoes := --recipe n-grams -S fetch.source=rotten-tomatoes -S train.seed=200..219
UNITS := bilstm.units,bigru.units
rotten-tomatoes-words := --recipe skip-gram -S fetch.source=rotten-tomatoes -S train.seed=300..319
# A second and third sweep, if a study has several.
directions-notebook := --recipe notebook -S network.direction=both,forward,backward -S train.seed=300..309
directions-notebook.2 := --recipe notebook -S network.direction=forward,backward -S $(UNITS)=105 -S train.seed=300..309
directions-regularization := --recipe regularization -S network.direction=both,forward,backward -S train.seed=300..309
directions-regularization.2 := --recipe regularization -S network.direction=forward,backward -S $(UNITS)=105 -S train.seed=300..309
directions-regularization.3 := --recipe regularization -S network.direction=none -S train.seed=300..304
directions-skip-gram := --recipe skip-gram -S network.direction=both -S train.seed=300..309
directions-skip-gram.2 := --recipe skip-gram -S network.direction=forward,backward -S $(UNITS)=103 -S train.seed=300..309
directions-skip-gram.3 := --recipe skip-gram -S network.direction=forward,backward,none -S train.seed=300..304
directions-n-grams := --recipe n-grams -S network.direction=both,none -S train.seed=300..304
INGREDIENTS := $(shell sed -n 's/^\([a-z-]*\):$$/\1/p' birnn_lab/ingredients.yaml 2>/dev/null)
ingredients := $(patsubst %,--recipe %,notebook n-grams $(INGREDIENTS)) -S train.seed=0..4
epochs := $(patsubst %,--recipe %,two-epochs pooling schedule longer-reviews regularization) -S train.epochs=1..4 -S train.seed=0..4
padding := -S pad.padding=pre,post -S train.seed=0..9
STUDY ?= seeds

study: $(ENV) ## run the missing experiments of the study STUDY=seeds, and collect the results
	@[ -n "$($(STUDY))" ] || { echo "there is no study $(STUDY): use a name in study/PROTOCOL.md"; exit 1; }
	$(foreach part,$(STUDY) $(STUDY).2 $(STUDY).3,$(if $($(part)),python -m birnn_apps sweep $(STUDY) $($(part)) &&)) \
	python -m birnn_apps study $(STUDY)

# Recipes that train in minutes have ten seeds, and all others five.
MINUTES := notebook two-epochs pooling schedule longer-reviews regularization

ladder: $(ENV) ## run the missing experiments of all recipes, and collect the results
	python -m birnn_apps sweep recipes $(MINUTES:%=--recipe %) -S train.seed=0..9
	python -m birnn_apps sweep recipes --recipe all -S train.seed=0..4
	python -m birnn_apps study recipes --draw

BASE ?= origin/main

review: $(ENV) ## write review.md: what changed since BASE, and if a model is worse
	python -m birnn_apps review $(BASE)

bench: $(ENV) ## compare speed with Keras's layers, a plain script and, if installed, PyTorch
	python -m benchmarks.speed --part startup --part steps --part texts
	python -m benchmarks.speed --part whole --times 1

bench-memory: $(ENV) ## measure the peak memory of each stage
	python -m benchmarks.memory

bench-scale: $(ENV) ## measure time and memory on 1 to 10 copies of IMDB
	python -m benchmarks.memory --scale

bench-exports: $(ENV) ## measure the size and speed of the exported networks
	python -m benchmarks.exports

bench-cluster: cluster ## compare the time of Ray with DVC's queue
	python -m benchmarks.cluster

bench-serve: $(ENV) ## load birnn serve with many, slow, invalid and aborted requests
	python -m benchmarks.serve

COMPILE := uv pip compile --quiet --python-version 3.11 --extra lab --extra serve --extra export --group dev

lock: $(ENV) ## lock the newest package versions that pyproject.toml allows
	$(COMPILE) --upgrade --extra cluster --group moto --output-file requirements-cluster.txt pyproject.toml
	@# The same versions, without the packages for a cluster.
	cp requirements-cluster.txt requirements.txt
	$(COMPILE) --output-file requirements.txt pyproject.toml

# The command `birnn`, which runs the code in this folder. Its build tool is in the lock file.
INSTALL := uv pip install --quiet --no-deps --no-build-isolation --editable .

setup: $(ENV) ## create the environment .venv

cluster: $(ENV) ## install Ray and S3 support, for experiments on other machines
	uv pip sync --quiet --require-hashes --compile-bytecode requirements-cluster.txt
	$(INSTALL)

$(ENV): requirements.txt
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or \
		sys.exit("Python 3.11 to 3.13 is needed: name one, as in make PYTHON=python3.13")'
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/# via/p' requirements.txt > .venv/uv.txt
	python -m pip install --quiet --require-hashes --requirement .venv/uv.txt
	uv pip sync --quiet --require-hashes --compile-bytecode requirements.txt
	$(INSTALL)
	@touch $@

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; \
		do printf '%-15s %s\n' "$$name" "$$text"; done

.PHONY: repro test-fast test test-all test-rest test-network tutorial coverage mutants lint format fresh \
	study ladder review bench bench-memory bench-scale bench-exports bench-serve bench-cluster \
	lock setup cluster help
