"""All fixed points of a grid in (a_h, a_r), every branch, against quad and brentq at each point."""

from __future__ import annotations

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from scipy.integrate import IntegrationWarning
from threadpoolctl import threadpool_limits

import rmt_gates as rg
from validation.benchmarks import naive
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import cpu_seconds, interleaved

# Every phase: one fixed point (16 % of the points), two (74 %), and between them three (10 %).
A_H, A_R = (1.3, 4.0), (0.0, 30.0)
TARGET = 1000.0
# quad's absolute 1.5e-8 moves a root by about its square root where two roots merge
SAME_ROOT = 1e-3


def grid_axes(side: int) -> tuple[np.ndarray, np.ndarray]:
    """a_h as a column, a_r as a row."""
    return np.linspace(*A_H, side)[:, None], np.linspace(*A_R, side)


def cold_start(side: int) -> float:
    """CPU seconds of the first call, imports done but no table built; for a fresh process."""
    a_h, a_r = grid_axes(side)
    solve = rg.fixed_points
    model = rg.GRU(a_h=a_h, a_r=a_r)
    with threadpool_limits(1):
        return cpu_seconds(lambda: solve(model))


def missed(theirs: list[float], ours: np.ndarray) -> int:
    """How many of the baseline's roots are not among ours (an array that may end in NaN)."""
    ours = ours[ours > 0]
    alone = sum(not np.any(np.abs(ours - root) <= SAME_ROOT * root) for root in theirs)
    return max(alone, len(theirs) - len(ours))


def baseline(points: np.ndarray) -> list[list[float]]:
    """The baseline's roots at rows (a_h, a_r)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)
        return [naive.fixed_point(a_h, a_r) for a_h, a_r in points]


def chosen_points(settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Row and column on the grid of the points at which the baseline runs."""
    rng = np.random.default_rng(0)
    chosen = rng.choice(settings.grid**2, settings.baseline_points, replace=False)
    i, j = np.unravel_index(chosen, (settings.grid, settings.grid))
    return i, j


def speeds(settings: Settings) -> list[Measurement]:
    """The baseline's time over ours, extrapolated from the chosen points to all of the grid."""
    side = settings.grid
    a_h, a_r = grid_axes(side)
    model = rg.GRU(a_h=a_h, a_r=a_r)
    i, j = chosen_points(settings)
    points = np.column_stack([a_h[i, 0], a_r[j]])
    seconds = interleaved(
        {"warm": lambda: rg.fixed_points(model), "naive": lambda: baseline(points)},
        settings.repeats,
    )
    context = multiprocessing.get_context("spawn")
    seconds["cold"] = []
    for _ in range(settings.cold_starts):
        with ProcessPoolExecutor(1, mp_context=context) as fresh:
            seconds["cold"].append(fresh.submit(cold_start, side).result())
    each = min(seconds["naive"]) / len(points)
    return [
        Measurement(
            "fixed_points_grid",
            f"{side}×{side} points, {name}, against naive",
            each * side**2 / min(seconds[name]),
            "×",
            TARGET,
            "at least",
            seconds={name: seconds[name], "naive": seconds["naive"]},
            details={"naive_seconds_a_point": each, "naive_points": len(points)},
        )
        for name in ("warm", "cold")
    ]


def roots(settings: Settings) -> list[Measurement]:
    """Speed is worth nothing if roots are lost: those missed, and those not solved."""
    a_h, a_r = grid_axes(settings.grid)
    found = rg.fixed_points(rg.GRU(a_h=a_h, a_r=a_r))
    i, j = chosen_points(settings)
    theirs = baseline(np.column_stack([a_h[i, 0], a_r[j]]))
    ours = found.C_h[i, j]
    lost = sum(missed(t, o) for t, o in zip(theirs, ours, strict=True))
    unsolved = np.sum((found.status != rg.Status.OK) & (found.status != rg.Status.ABSENT))
    nonzero = np.sum(ours > 0, axis=1)
    details = {
        "a_h": A_H,
        "a_r": A_R,
        "points_with_0_1_2_nonzero_roots": [int(np.sum(nonzero == n)) for n in range(3)],
        "roots_only_ours": int(sum(max(0, n - len(t)) for n, t in zip(nonzero, theirs))),
    }
    return [
        Measurement("fixed_points_grid", what, count, "roots", 0, details=details)
        for what, count in (
            (f"roots of naive that we miss, {len(theirs)} points", lost),
            (f"roots without convergence, of {int(np.sum(found.count))}", int(unsolved)),
        )
    ]


def measure(settings: Settings) -> list[Measurement]:
    """Warm and cold speed, and roots that are missed or not solved."""
    return [*speeds(settings), *roots(settings)]
