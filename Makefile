# make validate    theory against sampled networks (ARGS="--quick", "--case NAME", "--seed S", "--device D", "--out DIR")
# make test        the test suite (ARGS="-k NAME" and any other pytest option)
# Both set up .venv first; PYTHON chooses the interpreter, WORKERS the number of test processes.

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
MODULE ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Several processes with several BLAS threads each are many times slower than one thread each.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: help venv validate test lint format types wheel-check mutate figures benchmarks clean

help:
	@echo "make validate | test | lint | format | types | wheel-check | mutate | figures | benchmarks | clean"

venv: $(STAMP)

$(STAMP): setup.cfg constraints.txt
	@command -v "$(PYTHON)" >/dev/null || { echo "rmt_gates needs Python 3.11 or newer, and there is no $(PYTHON) here: name one with make PYTHON=..."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rmt_gates needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" -V 2>&1): name another with make PYTHON=..."; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

validate: $(STAMP)
	$(BIN)/python -m validation $(ARGS)

test: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)
	$(BIN)/mypy

# The sdist, then the wheel from the sdist: a file missing from MANIFEST.in shows here.
wheel-check: $(STAMP)
	rm -rf build/wheel-check
	$(BIN)/python -m build --outdir build/wheel-check .
	$(BIN)/python tests/test_packaging.py build/wheel-check

# make mutate MODULE=rmt_gates/spectra/curve.py  mutates one module; without MODULE, all four packages.
# A first run, of a small module, records which tests reach what. Mutants then face the tests that
# mirror their module, and those that survive all tests that reach them.
MUTMUT := $(ONE_THREAD) $(BIN)/mutmut run --max-children $(WORKERS)
RECORD := mutants/mutmut-stats.json
mutate: $(STAMP)
	@mkdir -p results
	$(MUTMUT) "rmt_gates.gaussian.autocovariance.*" </dev/null
	$(BIN)/python tests/mirror.py mirrors $(RECORD)
	$(MUTMUT) $(if $(MODULE),"$(subst /,.,$(patsubst %/,%,$(MODULE:.py=))).*") </dev/null
	$(BIN)/mutmut results > results/mutation.txt
	$(BIN)/python tests/mirror.py all $(RECORD)
	$(MUTMUT) $$(sed -n 's/: survived$$//p' results/mutation.txt) </dev/null
	$(BIN)/mutmut results > results/mutation.txt
	@for name in $$(grep -E ': (survived|suspicious)$$' results/mutation.txt | cut -d: -f1); do $(BIN)/mutmut show $$name; done > results/mutation-survivors.diff
	@echo "$$(grep -c ': survived$$' results/mutation.txt) survived, $$(grep -c ': no tests$$' results/mutation.txt) not reached by any test: see results/mutation.txt and results/mutation-survivors.diff"

figures: $(STAMP)
	$(BIN)/python -m figures $(ARGS)

benchmarks: $(STAMP)
	$(ONE_THREAD) $(BIN)/python -m validation.benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build dist mutants rmt_gates.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find rmt_gates validation figures tests -name __pycache__ -type d -prune -exec rm -rf {} +
