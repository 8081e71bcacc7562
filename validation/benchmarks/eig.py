"""The unit: eigenvalues of one sampled GRU Jacobian at (3, 1, 10), float64, one thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import rmt_gates as rg
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import interleaved

MODEL = rg.GRU(a_h=3, a_z=1, a_r=10)
STEPS = 200  # to the stationary state


@lru_cache(maxsize=1)
def stationary_network(units: int) -> tuple[Any, Any]:
    """The network of seed 0 and a state of its attractor."""
    network = rg.sample_network(MODEL, units, rng=0)
    return network, network.run(STEPS, rng=0, burn_in=STEPS).h


def eigenvalue_task(units: int) -> Callable[[], object]:
    """What one eig is the time of."""
    import torch

    network, h = stationary_network(units)
    J = network.jacobian(h)
    return lambda: torch.linalg.eigvals(J)


def measure(settings: Settings) -> list[Measurement]:
    """Seconds of one eig."""
    times = interleaved({"eig": eigenvalue_task(settings.units)}, settings.repeats)
    what = f"eigenvalues, N = {settings.units}, fastest of {settings.repeats}"
    return [Measurement("eig", what, min(times["eig"]), "s", seconds=times)]
