"""First the tests that mirror a module, then for what survives them all tests that reach it.

``make mutate`` runs this between mutmut's record of which test reaches which function and the
mutants themselves: a mutant of rmt_gates/spectra/curve.py first faces tests/spectra/test_curve.py
instead of everything that ever asks for a curve. A function that its module's own tests do not
reach keeps those of its package, or all it has.

    python tests/mirror.py mirrors RECORD      keep mirroring tests; the whole goes to RECORD.all
    python tests/mirror.py all RECORD          put the whole record back
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def mirroring(function: str, tests: list[str]) -> list[str]:
    """Of the tests that reach a function, those to run; rmt_gates.package.module.function."""
    _, package, module, *_ = function.split(".")
    for start in (f"tests/{package}/test_{module}.py::", f"tests/{package}/"):
        own = [test for test in tests if test.startswith(start)]
        if own:
            return own
    return tests


def main(which: str, record: str) -> None:
    """Rewrite mutmut's record."""
    path, whole = Path(record), Path(f"{record}.all")
    stats = json.loads((path if which == "mirrors" else whole).read_text())
    if which == "mirrors":
        whole.write_text(json.dumps(stats))
        reached = stats["tests_by_mangled_function_name"]
        for function, tests in reached.items():
            reached[function] = mirroring(function, tests)
    path.write_text(json.dumps(stats, indent=4))


if __name__ == "__main__":
    main(*sys.argv[1:])
