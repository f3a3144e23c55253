# Planwatch. `make run` does the main job on the embedded servers, `make test` passes the tests.
# Every target sets up what it needs; all that is needed beforehand is Python 3.11.

PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run cli test check fmt bench real test-real lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

$(VENV)/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "需要 Python 3.11 / Python 3.11 is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >&2
	@echo "正在安装依赖（仅首次）/ installing dependencies (first time only) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@echo "正在安装测试工具（仅首次）/ installing the test tools (first time only) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock >&2
	@touch $@

run: $(VENV)/installed ## start everything, submit the plans' figures, show the warnings (ARGS="--once --json")
	@$(BIN)/planwatch up $(ARGS)

cli: $(VENV)/installed ## any command, e.g. make cli ARGS="plan show zhongwei"
	@$(BIN)/planwatch $(ARGS)

check: $(VENV)/installed-dev ## lint, types, import contracts, unit tests: seconds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit -q

test: $(VENV)/installed-dev ## check, then every test that the embedded servers can serve: minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit -m "not real" --numprocesses auto --dist loadscope $(ARGS)
	$(BIN)/pytest --ignore tests/unit -m "not real" --numprocesses auto --dist loadscope $(ARGS)

test-real: $(VENV)/installed-dev ## the suites against Apache Kafka, TimescaleDB, Prometheus and Chromium
	deploy/real/install.sh
	PLANWATCH_REQUIRE_REAL=1 $(BIN)/pytest -m real $(ARGS)

real: $(VENV)/installed ## start Apache Kafka and TimescaleDB on this machine and print their addresses
	deploy/real/install.sh timescaledb kafka
	$(BIN)/python -m deploy.real.up

bench: $(VENV)/installed-dev ## measure throughput, memory and latency as ratios; writes bench/out/latest.json
	$(BIN)/python -m bench $(ARGS)

fmt: $(VENV)/installed-dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/installed-dev ## pin the dependencies anew
	$(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --upgrade --extra build --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --upgrade --extra build --extra dev --output-file requirements-dev.lock pyproject.toml

clean: ## remove what the targets made
	rm -rf $(VENV) bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
