"""Sampled networks: drawing one and its Jacobian, and a step against its bare products."""

from __future__ import annotations

from functools import partial

import torch

import rmt_gates as rg
from validation.benchmarks.eig import MODEL, eigenvalue_task, stationary_network
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings
from validation.benchmarks.timing import Task, interleaved

DRAW_TARGET, STEP_TARGET = 0.6, 1.3


def draw_and_jacobian(settings: Settings) -> Measurement:
    """Drawing a network and its Jacobian, in eig."""
    N = settings.units
    h = stationary_network(N)[1]
    seconds = interleaved(
        {
            "eig": eigenvalue_task(N),
            "draw and Jacobian": lambda: rg.sample_network(MODEL, N, rng=0).jacobian(h),
            "draw": lambda: rg.sample_network(MODEL, N, rng=0),
        },
        settings.repeats,
    )
    value = min(seconds["draw and Jacobian"]) / min(seconds["eig"])
    return Measurement(
        "networks", f"draw and Jacobian, N = {N}", value, "eig", DRAW_TARGET, seconds=seconds
    )


def columns(matrices: list[torch.Tensor], h: torch.Tensor) -> list[torch.Tensor]:
    """U h."""
    return [U @ h for U in matrices]


def rows_times(matrices: list[torch.Tensor], h: torch.Tensor) -> list[torch.Tensor]:
    """(hᵀ Uᵀ)ᵀ, the same numbers by another routine."""
    return [h @ U.mT for U in matrices]


def steps(settings: Settings) -> list[Measurement]:
    """A step over the faster form of its three bare products, and float32 over float64."""
    tasks: dict[str, Task] = {}
    for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
        network, h = stationary_network(settings.units)
        network, h = network.to(dtype=dtype), h.to(dtype)
        matrices = list(network.weights.values())
        tasks |= {
            f"step {name}": partial(network.step, h),
            f"U h {name}": partial(columns, matrices, h),
            f"h Uᵀ {name}": partial(rows_times, matrices, h),
        }
    # as in a run of hundreds: the first two or three load the matrices into the cache
    calls = dict.fromkeys(tasks, 10 * settings.short_calls)
    with torch.no_grad():
        seconds = interleaved(tasks, 2 * settings.repeats, calls)
    fastest = {name: min(times) for name, times in seconds.items()}
    rows = []
    for name in ("float64", "float32"):
        own = {k: v for k, v in seconds.items() if k.endswith(name)}
        bare = min(fastest[f"U h {name}"], fastest[f"h Uᵀ {name}"])
        what = f"{name} step against its 3 bare products, N = {settings.units}"
        value = fastest[f"step {name}"] / bare
        rows.append(Measurement("networks", what, value, "×", STEP_TARGET, seconds=own))
    value = fastest["step float32"] / fastest["step float64"]
    both = {name: seconds[name] for name in ("step float32", "step float64")}
    what = "burn-in: float32 step against float64 step"
    return [*rows, Measurement("networks", what, value, "×", seconds=both)]


def measure(settings: Settings) -> list[Measurement]:
    """All of these."""
    return [draw_and_jacobian(settings), *steps(settings)]
