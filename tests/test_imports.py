"""What `import rmt_gates` costs: a fresh interpreter reports what it has loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "matplotlib", "xarray", "scipy.optimize", "scipy.stats")

# Names of the public API that are in this version; later ones join as they are built.
PUBLIC = (
    "GRU",
    "Status",
    "compare",
    "fixed_points",
    "sample_network",
    "spectral_curve",
    "spectral_radius",
    "steady_state",
)


def fresh_interpreter(code: str) -> str:
    """What `code` prints in an interpreter that has imported nothing yet."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(statement: str) -> set[str]:
    return set(
        json.loads(
            fresh_interpreter(
                f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
            )
        )
    )


def test_the_probe_sees_a_heavy_import():
    assert "scipy.optimize" in loaded_after("import scipy.optimize")


@pytest.mark.parametrize(
    "statement", ["import rmt_gates", "import rmt_gates; rmt_gates.GRU(a_h=3)"]
)
def test_heavy_modules_are_not_loaded(statement):
    loaded = loaded_after(statement)
    assert "rmt_gates" in loaded
    assert not loaded.intersection(HEAVY)


def test_dir_lists_the_public_names_and_each_resolves():
    code = (
        "import json, rmt_gates\n"
        "names = [n for n in dir(rmt_gates) if not n.startswith('_')]\n"
        "print(json.dumps({n: type(getattr(rmt_gates, n)).__name__ for n in names}))"
    )
    listed = json.loads(fresh_interpreter(code))
    assert set(PUBLIC) <= set(listed)
    assert "annotations" not in listed


def test_every_name_in_all_is_listed_and_resolves():
    code = (
        "import rmt_gates\n"
        "assert set(rmt_gates.__all__) <= set(dir(rmt_gates))\n"
        "print(all(hasattr(rmt_gates, name) for name in rmt_gates.__all__))"
    )
    assert fresh_interpreter(code).strip() == "True"


def test_an_unknown_name_is_an_attribute_error():
    code = "import rmt_gates\ntry: rmt_gates.nonsense\nexcept AttributeError as e: print(e)"
    assert "nonsense" in fresh_interpreter(code)
