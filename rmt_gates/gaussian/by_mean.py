"""Tabulated log-expectations for arrays of means: one table per distinct mean."""

from __future__ import annotations

import numpy as np

from rmt_gates.gaussian.expectation import Integrand
from rmt_gates.gaussian.table import log_expectation

TINY = 5e-8


def log_expectation_by_mean(
    integrand: Integrand, mean: np.ndarray, variance: np.ndarray, per_variance: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """log E f(mean + √variance x) and its slope in log(variance), broadcast over both arguments.

    With ``per_variance`` the logarithm is of E f / variance wherever the mean is 0 (φ² is the
    case: E φ² ~ variance there, and the quotient keeps its accuracy as variance → 0), and of E f
    elsewhere.
    """
    mean, variance = np.broadcast_arrays(np.asarray(mean, float), np.asarray(variance, float))
    distinct = np.unique(mean)
    if len(distinct) == 1 and not (per_variance and 0 < abs(distinct[0]) <= TINY):
        table = log_expectation(integrand, float(distinct[0]), per_variance and distinct[0] == 0)
        return table(variance), table.slope(variance)
    value, slope = np.empty(mean.shape), np.empty(mean.shape)
    for m in distinct:
        where = mean == m
        if per_variance and 0 < abs(m) <= TINY:
            value[where], slope[where] = _tiny_mean(integrand, float(m), variance[where])
            continue
        table = log_expectation(integrand, float(m), per_variance and m == 0)
        value[where], slope[where] = table(variance[where]), table.slope(variance[where])
    return value, slope


def _tiny_mean(
    integrand: Integrand, mean: float, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A mean b below rounding: E f(b+√V x) = E f(√(V+b²) x) up to b⁴ (the heat equation)."""
    table = log_expectation(integrand, 0.0, True)
    total = variance + mean**2
    value = table(total) + np.log(total)
    return value, (1 + table.slope(total)) * variance / total
