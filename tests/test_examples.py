"""Every example that a user can read runs: docstrings, and the README's Python."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import rmt_gates

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(rmt_gates.__path__, "rmt_gates.")
    if not module.name.endswith("__main__")
)
README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_examples_for_every_public_name():
    for name in rmt_gates.__all__:
        if name in ("Status", "__version__"):
            continue
        assert ">>>" in (getattr(rmt_gates, name).__doc__ or ""), f"rg.{name} has no example"


def test_the_readme_runs(capsys, tmp_path, monkeypatch):
    """What is fenced as python; py is for what takes a cluster, or a minute."""
    monkeypatch.chdir(tmp_path)  # it writes figures
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    scope: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), scope)
    assert "Agreement(N=1000" in capsys.readouterr().out
