"""What a verdict is made of: checks, controls, and how many standard errors are allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from validation.case import SIGMAS, Case
from validation.simulation import SMALLER


@dataclass(frozen=True)
class Check:
    """|theory − simulation| ≤ bound; the bound is 3σ of both sides together."""

    name: str
    theory: float
    theory_error: float
    simulation: float
    simulation_error: float
    bound: float
    passed: bool


@dataclass(frozen=True)
class Control:
    """A theory that is wrong on purpose: its largest deviation, in bounds; rejected if > 1."""

    through: str
    change: float
    deviation: float
    rejected: bool


def student(networks: int) -> float:
    """How many standard errors of a mean over networks have the probability of SIGMAS sigmas."""
    return float(t.ppf(norm.cdf(SIGMAS), networks - 1))


def size_weights(case: Case) -> dict[int, float]:
    """What the means of N and of N/4 units count: the extrapolation to N = ∞, or N alone."""
    if not case.extrapolate:
        return {case.N: 1.0}
    ratio = SMALLER**case.finite_size_power
    return {case.N: ratio / (ratio - 1), case.N // SMALLER: -1 / (ratio - 1)}


def resolution(values: dict[float, float], bound: float) -> float:
    """The change of a_h that makes a difference as large as the bound.

    By the slope between the outermost of the changes, at which the state is still of its kind.
    """
    low, high = min(values), max(values)
    difference = abs(values[high] - values[low])
    return float(bound * (high - low) / difference) if difference > 0 else float(np.inf)
