# make setup · run · test · check · bench. Needs Python 3.11 or newer, and make.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run test check format bench lock clean

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml app/libraries/package-lock.json app/libraries/install.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and was not found."; exit 1; }
	@echo "1/4  making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "2/4  installing locked packages (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --progress-bar on -r requirements-dev.lock
	@echo "3/4  installing Eskertu itself"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@echo "4/4  libraries of the pages"
	@$(BIN)/python -m app.libraries.install
	@touch $(READY)

run: setup
	@$(BIN)/eskertu demo

# Two at a time, each with its own servers; then what kills processes and measures in real time, by itself.
test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore=tests/processes $(patsubst %,--ignore=tests/%,$(NOT_AGAIN))
	$(BIN)/python -m pytest tests/processes

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.bench

# Lock files hold hashes and no download addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate pyproject.toml --group dev -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate pyproject.toml -c requirements-dev.lock -o requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info app/libraries/node_modules app/static/libraries
