"""make mutate: which tests a mutant faces."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "mirror.py"


def test_mirroring_tests_are_kept(tmp_path):
    own, package, other = (
        f"tests/{name}::test"
        for name in ("spectra/test_curve.py", "spectra/test_edge.py", "test_unit.py")
    )
    record = tmp_path / "stats.json"
    reached = {
        "rmt_gates.spectra.curve.x_f": [other, package, own],  # its own file
        "rmt_gates.spectra.curve.xǁCurveǁS": [other, package],  # not reached from there
        "rmt_gates.spectra.states.x_f": [other],
    }
    kept = {"duration_by_test": {own: 0.1}}
    whole = {"tests_by_mangled_function_name": reached, **kept}
    record.write_text(json.dumps(whole))
    subprocess.run([sys.executable, SCRIPT, "mirrors", record], check=True)
    stats = json.loads(record.read_text())
    subprocess.run([sys.executable, SCRIPT, "all", record], check=True)
    assert json.loads(record.read_text()) == whole
    assert list(stats.pop("tests_by_mangled_function_name").values()) == [[own], [package], [other]]
    assert stats == kept
