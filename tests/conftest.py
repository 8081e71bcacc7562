"""Settings shared by all tests: one BLAS thread a process, no display, CUDA where it exists."""

from __future__ import annotations

import os

# Before numpy or torch is imported: test processes run side by side (pytest -n).
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import HealthCheck, settings

# No deadlines (a shared machine stalls at will); the same examples in every CI run.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needs_cuda = [item for item in items if item.get_closest_marker("cuda")]
    if not needs_cuda:
        return
    import torch  # here: most runs of a few tests do without it

    if not torch.cuda.is_available():
        for item in needs_cuda:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
