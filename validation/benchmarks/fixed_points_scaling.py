"""Cost per point of many fixed points against few: a grid, and points that share no parameter."""

from __future__ import annotations

import numpy as np

import rmt_gates as rg
from validation.benchmarks.fixed_points_grid import A_H, A_R, grid_axes
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import Task, interleaved


def on_grid(side: int) -> Task:
    """All fixed points of a side×side grid."""
    a_h, a_r = grid_axes(side)
    model = rg.GRU(a_h=a_h, a_r=a_r)
    return lambda: rg.fixed_points(model)


def scattered(points: int) -> Task:
    """All fixed points of random parameter points."""
    rng = np.random.default_rng(0)
    model = rg.GRU(a_h=rng.uniform(*A_H, points), a_r=rng.uniform(*A_R, points))
    return lambda: rg.fixed_points(model)


def measure(settings: Settings) -> list[Measurement]:
    """(cost per point of many)/(cost per point of few)."""
    few, many = settings.scaling
    rows = []
    for name, few_task, many_task in (
        ("grid", on_grid(few), on_grid(many)),
        ("scattered", scattered(few**2), scattered(many**2)),
    ):
        seconds = interleaved({"few": few_task, "many": many_task}, settings.repeats)
        each = {"few": min(seconds["few"]) / few**2, "many": min(seconds["many"]) / many**2}
        rows.append(
            Measurement(
                "fixed_points_scaling",
                f"{name}: cost a point, {many**2} points against {few**2}",
                each["many"] / each["few"],
                "×",
                seconds=seconds,
                details={f"seconds_a_point_{n}": value for n, value in each.items()},
            )
        )
    return rows
