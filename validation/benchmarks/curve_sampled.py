"""The spectral curve of a time-dependent state and of a sample of units, in eig."""

from __future__ import annotations

from dataclasses import replace

import rmt_gates as rg
from validation.benchmarks.eig import MODEL, eigenvalue_task
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import interleaved

TARGET = 0.5


def measure(settings: Settings) -> list[Measurement]:
    """Curves of `state.unit` and of the state itself, and drawing `state.unit`."""
    state = rg.steady_state(MODEL, rng=0, rtol=settings.unit_rtol)
    unit = state.unit
    seconds = interleaved(
        {
            "eig": eigenvalue_task(settings.units),
            "unit": lambda: rg.spectral_curve(unit),
            "state": lambda: rg.spectral_curve(state),
            "draw": lambda: replace(state).unit,  # a copy draws its sample anew
        },
        settings.repeats,
    )
    rows = (
        ("unit", f"curve of a sample of {len(unit)} units", TARGET),
        ("state", "curve of a steady state, with its error", TARGET),
        ("draw", f"drawing {len(unit)} units of a steady state", None),
    )
    return [
        Measurement(
            "curve_sampled",
            what,
            min(seconds[name]) / min(seconds["eig"]),
            "eig",
            target,
            seconds={"eig": seconds["eig"], name: seconds[name]},
        )
        for name, what, target in rows
    ]
