"""Steady state against networks: CPU seconds × relative variance of C_h(0), seed by seed.

Both sides estimate C_h(0) with a standard error that falls like 1/√(CPU spent), so the product of
the CPU seconds of one estimate and its relative variance is the price of precision, whatever the
precision. The variance is that over independent seeds. The O(1/N) bias of networks is not charged
to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import rmt_gates as rg
from validation.benchmarks import naive
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Contest, Settings
from validation.benchmarks.timing import cpu_seconds


def price(seconds: list[float], estimates: list[float]) -> float:
    """CPU seconds × relative variance."""
    return float(np.mean(seconds) * np.var(estimates, ddof=1) / np.mean(estimates) ** 2)


def factor_interval(factor: float, above: int, below: int) -> tuple[float, float]:
    """95 % interval of a ratio of two variances with these degrees of freedom."""
    from scipy.stats import f

    low, high = f.ppf([0.025, 0.975], above, below)
    return float(factor / high), float(factor / low)


def compete(contest: Contest, settings: Settings) -> Measurement:
    """Seed by seed, the theory and one network."""
    a_h, a_z, a_r = contest.gains
    N = settings.contest_units
    model = rg.GRU(a_h=a_h, a_z=a_z, a_r=a_r)
    states: list[Any] = []
    averages: list[dict[str, float]] = []

    def theory(seed: int) -> None:
        states.append(rg.steady_state(model, rng=seed, rtol=settings.rtol))

    def network(seed: int) -> None:
        steps, burn_in = contest.steps, contest.burn_in
        averages.append(naive.network_steady_state(a_h, a_z, a_r, N, steps, burn_in, seed))

    seconds: dict[str, list[float]] = {"steady_state": [], "network": []}
    for seed in range(contest.networks):
        if seed * contest.seeds % contest.networks < contest.seeds:  # spread evenly
            seconds["steady_state"].append(cpu_seconds(partial(theory, seed)))
        seconds["network"].append(cpu_seconds(partial(network, seed)))
    ours = [state.C_h0 for state in states]
    theirs = [average["C_h(0)"] for average in averages]
    # the same from the standard errors that the states give: 8 replicates behind each
    relative_errors = [state.C_h0_error / state.C_h0 for state in states]
    claimed = float(np.mean(seconds["steady_state"]) * np.mean(np.square(relative_errors)))
    factor = price(seconds["network"], theirs) / price(seconds["steady_state"], ours)
    return Measurement(
        "steady_state",
        f"{contest.gains}, {contest.seeds} seeds, {contest.networks} networks of {N}",
        factor,
        "×",
        contest.target,
        "at least",
        factor_interval(factor, contest.networks - 1, contest.seeds - 1),
        seconds,
        details={
            "rtol": settings.rtol,
            "network_steps": contest.steps,
            "network_burn_in": contest.burn_in,
            "C_h(0)": {"steady_state": ours, "network": theirs},
            "relative_deviation": {
                "steady_state": float(np.std(ours, ddof=1) / np.mean(ours)),
                "network": float(np.std(theirs, ddof=1) / np.mean(theirs)),
            },
            "factor_with_claimed_error": price(seconds["network"], theirs) / claimed,
            "standard_error_claimed": [state.C_h0_error for state in states],
            "lags": [state.lags for state in states],
            "status": [state.status.name for state in states],
        },
    )


def measure(settings: Settings) -> Iterator[Measurement]:
    """One row a contest, each as soon as it is known."""
    for contest in settings.contests:
        yield compete(contest, settings)
