"""Spectral radius of the Jacobian at a fixed point of a gated leaky average, for arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.gaussian import SIGMOID_SQUARED, expect, sigmoid


def gated_radius(rho: Any, mean: Any, variance: Any) -> Any:
    """N = ∞ radius for shaping parameters ρ and gates σ(ζ), ζ ~ N(mean, variance); arrays.

    With x = 1+δ > 1, (1−z)/(x−z) = σ(−ζ−L)/(1+δ), L = log(δ/(1+δ)): the edge is the root of
    ``ρ² E[σ(−ζ−L)²] = (1+δ)²``, solved in log δ so that an edge exponentially close to 1
    (Theorem 4.8) keeps its accuracy. A constant gate gives s + (1−s)ρ, (23). For ρ ≤ 1 and a
    gate with variance the support ends at exactly 1.
    """
    rho, mean, variance = np.broadcast_arrays(rho, mean, variance)
    s = sigmoid(mean)
    radius = np.where(variance > 0, 1.0, s + (1 - s) * rho)
    solve = (variance > 0) & (rho > 1)
    radius = np.array(radius)
    radius[solve] = 1 + np.exp(log_edge_distance(rho[solve], mean[solve], variance[solve]))
    return radius


def log_edge_distance(rho: Any, mean: Any, variance: Any) -> np.ndarray:
    """log δ of the edge x = 1+δ, for ρ > 1; −inf where δ < e^−700, not representable beside 1."""
    from scipy.optimize import elementwise

    def log_S(log_delta: Any, rho: Any, mean: Any, variance: Any) -> Any:
        log_1p = np.log1p(np.exp(log_delta))
        average = expect(SIGMOID_SQUARED, -mean - (log_delta - log_1p), variance)
        return 2 * np.log(rho) - 2 * log_1p + np.log(average)

    rho, mean, variance = np.broadcast_arrays(*map(np.asarray, (rho, mean, variance)))
    high = np.log(rho - 1)  # (1−z)/(x−z) ≤ 1/x, so x ≤ ρ
    low = np.full(rho.shape, -700.0)
    reachable = log_S(low, rho, mean, variance) > 0
    result = elementwise.find_root(
        log_S, (low, high + 1e-12), args=(rho, mean, variance), tolerances={"xatol": 1e-14}
    )
    return np.where(reachable & result.success, result.x, np.where(reachable, np.nan, -np.inf))
