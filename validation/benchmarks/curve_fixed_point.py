"""The spectral curve of a fixed point, in eig."""

from __future__ import annotations

from functools import partial

import rmt_gates as rg
from validation.benchmarks.eig import eigenvalue_task
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import cpu_seconds, interleaved

GAINS = ((3, 1, 10), (3, 10, 10), (3, 1, 1), (3, 10, 1))
TARGET = 0.01


def measure(settings: Settings) -> list[Measurement]:
    """One row a model, at its largest fixed point; the first call in the details."""
    names = [str(gains) for gains in GAINS]
    points = {
        name: rg.fixed_points(rg.GRU(a_h=a_h, a_z=a_z, a_r=a_r))[-1]
        for name, (a_h, a_z, a_r) in zip(names, GAINS, strict=True)
    }
    first = {name: cpu_seconds(partial(rg.spectral_curve, p)) for name, p in points.items()}
    tasks = {name: partial(rg.spectral_curve, p) for name, p in points.items()}
    seconds = interleaved(
        {"eig": eigenvalue_task(settings.units), **tasks},
        settings.repeats,
        dict.fromkeys(names, settings.short_calls),
    )
    return [
        Measurement(
            "curve_fixed_point",
            f"curve at the fixed point of {name}",
            min(seconds[name]) / min(seconds["eig"]),
            "eig",
            TARGET,
            seconds={"eig": seconds["eig"], name: seconds[name]},
            details={"first_call_seconds": first[name]},
        )
        for name in names
    ]
