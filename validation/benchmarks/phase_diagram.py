"""A phase diagram of 400 × 400 GRUs with all branches, in eig."""

from __future__ import annotations

import numpy as np

import rmt_gates as rg
from validation.benchmarks.eig import eigenvalue_task
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import interleaved

TARGET = 8


def measure(settings: Settings) -> list[Measurement]:
    """CPU time of one thread."""
    side = settings.diagram
    over = {"a_h": np.linspace(1, 3, side), "a_r": np.linspace(0, 30, side)}
    seconds = interleaved(
        {
            "eig": eigenvalue_task(settings.units),
            "diagram": lambda: rg.phase_diagram(rg.GRU(a_h=1), over),
        },
        settings.repeats,
    )
    value = min(seconds["diagram"]) / min(seconds["eig"])
    what = f"{side} × {side} points, every branch, ρ, phases"
    return [Measurement("phase_diagram", what, value, "eig", TARGET, seconds=seconds)]
