"""The time-dependent steady state when the update gate is constant: exact and deterministic.

With z = s the recursion is linear, and the autocorrelation obeys (THEORY.md §2.3)

    (1+s²) C_h(k) − s [C_h(k−1) + C_h(k+1)] = (1−s)² C_φ(k),   C_h(−1) = C_h(1),

closed at the far end by C_h(∞) = C_φ(∞), the same equation at infinite lag. It is iterated to
self-consistency; close to a transition, where that stalls, see `near_transition`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_banded

from rmt_gates.architectures.leaky import LeakyUnit
from rmt_gates.mean_field.anderson import AndersonResult, anderson
from rmt_gates.mean_field.attraction import attracting_root
from rmt_gates.mean_field.kernels import possible_step

TOLERANCE = 2e-15
MAX_LAGS = 1 << 15


def leaky_filter(s: float, C_phi: np.ndarray, static: float) -> np.ndarray:
    """C_h(0…K) of a leaky average with constant leak s of a signal with autocorrelation C_φ."""
    bands = np.empty((3, len(C_phi)))
    bands[0], bands[1], bands[2] = -s, 1 + s * s, -s
    bands[0, 1] = -2 * s  # C_h(−1) = C_h(1)
    right = (1 - s) ** 2 * C_phi
    right[-1] += s * static
    return solve_banded((1, 1), bands, right)


def constant_gate_kernel(
    model: LeakyUnit,
    start: np.ndarray,
    static: float,
    stop: Callable[[np.ndarray], bool],
    coexisting: bool = False,
) -> tuple[AndersonResult, bool]:
    """Self-consistent (C_h(0…K), C_h(∞)) and whether it decayed inside the longest window.

    ``start`` is a kernel over lags 0…K; the window is doubled until C_h(K) has decayed to
    rounding. With ``coexisting`` states at rest a root that repels is not the answer.
    """
    s = model.constant_gate
    if s is None:
        raise ValueError("the update gate of this model is not constant")
    zero_bias = model.zero_bias

    def G(x: np.ndarray) -> np.ndarray:
        C_phi = model.phi_kernel(np.clip(x, -x[0], x[0]))
        limit = 0.0 if zero_bias else C_phi[-1]
        return np.append(leaky_filter(s, C_phi[:-1], limit), limit)

    results: list[AndersonResult] = []

    def solve(x: np.ndarray) -> np.ndarray:
        found = anderson(G, x, TOLERANCE, plain=6, rounds=200, stop=stop, acceptable=possible_step)
        results.append(found)
        return found.image

    x = np.append(start, static)
    while True:
        image = attracting_root(G, solve, x, stop) if coexisting else solve(x)
        result = results[-1]._replace(image=image)
        kernel, limit = result.image[:-1], result.image[-1]
        decayed = abs(kernel[-1] - limit) <= 1e-13 * kernel[0]
        if stop(result.image) or decayed or len(kernel) > MAX_LAGS:
            return result, bool(decayed)
        x = np.concatenate([kernel, np.full(len(kernel) - 1, limit), [limit]])
