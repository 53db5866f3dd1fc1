# Everything a person or a machine runs. `make demo` and `make test` need only Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test sandbox check bench chaos browser pictures texts lock

install: $(STAMP)

$(STAMP): requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kontor needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/kontor demo

# Twice as many processes as two cores: for half of their time these tests wait for an answer.
test: install
	$(BIN)/pytest -n 4 --dist worksteal -m "not chaos and not browser" --ignore tests/sandbox

# The local Slack, Stripe and mailbox by themselves: they change seldom, and share nothing with the program.
sandbox: install
	$(BIN)/pytest -n 2 tests/sandbox

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

# Kills processes at random; KONTOR_KILLS=100 for a long run.
chaos: install
	$(BIN)/pytest -m chaos

# Needs Debian's chromium (or another at /usr/bin/chromium).
browser: install
	$(BIN)/pytest -m browser

pictures: install
	$(BIN)/python -m tests.browser.pictures

# Collects new texts into the German catalogue and says which are not translated.
texts: install
	$(BIN)/python -m blocks.locales

bench: install
	$(BIN)/python -m tests.benchmarks

# The lock files hold exact versions and hashes of everything; needs uv on the PATH.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements-dev.txt
