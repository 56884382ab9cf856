# make run       make the environment and run the whole chain on the Nanjing cluster
# make test      make the environment and run every check, and every test but the large families
# make test-all  the same with the large families (kills, fuzzing): some twenty minutes
# make lowest    the same tests with the lowest versions that pyproject.toml allows
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

LOWEST := .venv-lowest
.PHONY: run test test-all lowest checks install wheel wheel-test docs refresh bench news clean

run: install
	$(BIN)/clustersim run scenarios/nanjing-1024.yaml -o results/nanjing-1024 -f table

test: checks
	$(BIN)/pytest -n 2 -m "not full"

test-all: checks
	$(BIN)/pytest -n 2

lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip compile --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --only-binary :all: \
		--extra dev --extra dask --output-file $(LOWEST)/requirements.txt pyproject.toml
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --only-binary :all: -r $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(LOWEST)/bin/python -m pytest -n 2 -m "not full"

checks: install
	sh tests/install-debian-packages.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

wheel: install
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

# The wheel as a stranger has it: installed and used outside of the repository, on every Python that is here, or on
# those that are named: make wheel-test PYTHONS=3.11
wheel-test: wheel
	$(BIN)/python packaging/try_wheel.py dist/clustersim-*.whl $(PYTHONS)

# The site in docs/_build/html; every command and block of code of the pages to learn from is run.
docs: install
	$(BIN)/python docs/refresh.py --check --pages
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

bench: install
	$(BIN)/pytest tests/benchmarks -p no:xdist -o 'norecursedirs=.*' -o 'python_files=bench_*.py' --benchmark-only --benchmark-quiet \
		--benchmark-timer=time.process_time --benchmark-max-time=0.5 --benchmark-min-rounds=3

# After a change that moves numbers: record the anchors anew and refresh every quoted output and figure.
refresh: install
	$(BIN)/clustersim anchors --write -f table
	$(BIN)/clustersim schema -o schemas
	$(BIN)/python docs/refresh.py
	$(BIN)/clustersim run scenarios/nanjing-1024.yaml -o results/nanjing-1024 -f table > /dev/null
	cp results/nanjing-1024/goodput_waterfall.png docs/figures/
	$(BIN)/clustersim serve scenarios/serve-qwen3-32b.yaml -o results/serve-qwen3-32b -f table > /dev/null
	cp results/serve-qwen3-32b/frontier.png docs/figures/serving_frontier.png
	cp results/serve-qwen3-32b/load-latency.png docs/figures/serving_load_latency.png

# What the next release would say.
news: install
	$(BIN)/towncrier build --draft --version next

clean:
	rm -rf $(VENV) $(LOWEST) results out
