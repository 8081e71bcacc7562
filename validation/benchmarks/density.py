"""The density of eigenvalues at points inside the curve, in eig for 10⁴ points.

The scalar equation (LSTM) and the general one (GRU with both gates), on the state's sample of
units; every point solved, and to 1e-4 of the largest density. What networks would take instead: n
eigenvalues in a cell leave a relative error of 1/√n, so that 3 % in the mean cell of a mesh of 10⁴
takes 10⁷ eigenvalues: 10⁴ networks of 1000 units, at one eig each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import rmt_gates as rg
from validation.benchmarks.eig import MODEL, eigenvalue_task
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import interleaved

POINTS = 10_000
GENERAL_TARGET, SCALAR_TARGET, INTERPOLATED_TARGET = 100, 8, 25
RTOL = 1e-4
SCALAR = rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=1)


def points_inside(state: Any, count: int) -> np.ndarray:
    """Random points of the support."""
    curve, rng = rg.spectral_curve(state), np.random.default_rng(0)
    found = np.empty(0, complex)
    while len(found) < count:
        x = rng.uniform(curve.x[0], curve.x[-1], 4 * count)
        lam = x + 1j * rng.uniform(0, np.nanmax(curve.y), 4 * count)
        found = np.append(found, lam[curve.contains(lam)])
    return found[:count]


def measure(settings: Settings) -> list[Measurement]:
    """Both equations, solved at every point; the general one interpolated."""
    count, rows = settings.inside_points, []
    for name, model, target in (
        ("both gates of a GRU", MODEL, GENERAL_TARGET),
        ("LSTM (scalar equation)", SCALAR, SCALAR_TARGET),
    ):
        state = rg.steady_state(model, rng=0, rtol=settings.unit_rtol)
        lam = points_inside(state, settings.map_points)
        ways = [(f"{name}, every point solved", lam[:count], 0.0, target)]
        if model is MODEL:  # a mesh has its price whatever the number of points: all of them
            ways.append((f"{name}, interpolated to {RTOL:g}", lam, RTOL, INTERPOLATED_TARGET))
        for what, points, rtol, target in ways:
            seconds = interleaved(
                {
                    "eig": eigenvalue_task(settings.units),
                    "resolvent": lambda u=state.unit, p=points, r=rtol: rg.resolvent(u, p, rtol=r),  # type: ignore[misc]
                },
                settings.repeats,
            )
            share = POINTS / len(points)
            value = min(seconds["resolvent"]) / min(seconds["eig"]) * share
            what = f"10⁴ points, {len(state.unit)} units, {what}"
            rows.append(Measurement("density", what, value, "eig", target, seconds=seconds))
    return rows
