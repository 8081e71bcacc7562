"""The papers' approximate steady state, (50)–(51): cheap, a starting kernel, never the answer.

    C_h(k) (1 + C_z(k)) − s [C_h(k−1) + C_h(k+1)] = (1 − 2s + C_z(k)) C_φ(k),  s = E[z]

takes h_t to be independent of ζ_t. That is exact only when ζ does not vary in time: at
(a_h, a_z, a_r) = (3, 10, 10) it is 9 % off (THEORY.md §8, E1).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import solve_banded

from rmt_gates.architectures.checks import require_scalar
from rmt_gates.architectures.leaky import GatedLeak
from rmt_gates.gaussian import SIGMOID, expect
from rmt_gates.gaussian.autocovariance import autocovariance
from rmt_gates.mean_field.anderson import anderson
from rmt_gates.mean_field.fixed_points import fixed_points
from rmt_gates.mean_field.kernels import possible_step, resize
from rmt_gates.mean_field.near_transition import flat_kernel, is_close
from rmt_gates.mean_field.sampled_state import LONGEST_WINDOW
from rmt_gates.mean_field.state import (
    SteadyState,
    at_rest,
    collapse,
    nearest_rest,
    not_found,
)
from rmt_gates.mean_field.steady_state import starting_kernel
from rmt_gates.results import Status

NOTE = "Approximation (50)–(51), which takes h_t and ζ_t to be independent."


def approximate_steady_state(model: GatedLeak, *, start: str = "large") -> SteadyState:
    """The steady state in the approximation (50)–(51) of Can, Krishnamurthy & Schwab (2020).

    Takes milliseconds where `steady_state` samples, and is wrong by up to 10 %: use it for a
    first look or as ``start=`` of the exact solver. ``C_h_error`` is NaN: its error is not known.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> round(rg.approximate_steady_state(rg.GRU(a_h=3, a_z=10, a_r=10)).C_h0, 5)
    0.35966
    """
    require_scalar(model, "approximate_steady_state")
    if not isinstance(model, GatedLeak):
        raise TypeError(
            f"approximate_steady_state is (50)–(51) for a GRU, not for {model.name}: "
            "use rg.steady_state"
        )
    points = fixed_points(model)
    kernel, static, attractor = starting_kernel(model, start, points)
    if attractor is not None:
        return at_rest(attractor)
    zero_bias = model.zero_bias
    fallen = collapse(points)

    def G(x: np.ndarray) -> np.ndarray:
        """One round of (50)–(51)."""
        x = np.clip(x, -x[0], x[0])
        variance = model.a_z**2 * x[0] + model.v_z
        s = expect(SIGMOID, model.b_z, variance)
        C_z = autocovariance(SIGMOID, model.b_z, model.a_z**2 * x + model.v_z)[:-1]
        C_phi = model.phi_kernel(x)
        limit = 0.0 if zero_bias else C_phi[-1]
        bands = np.full((3, len(C_z)), -s)
        bands[0, 1] = -2 * s
        bands[1] = 1 + C_z
        right = (1 - 2 * s + C_z) * C_phi[:-1]
        right[-1] += s * limit
        return np.append(solve_banded((1, 1), bands, right), limit)

    if is_close(model, points):
        flat = flat_kernel(model, points)
        if flat is not None:
            return _approximate(model, flat, 0.0)
    x = np.append(kernel, static)
    while True:
        result = anderson(G, x, 1e-13, plain=6, rounds=200, stop=fallen, acceptable=possible_step)
        if fallen(result.image):
            return nearest_rest(points, float(result.image[0]))
        C, limit = result.image[:-1], float(result.image[-1])
        decayed = abs(C[-1] - limit) <= 1e-10 * C[0]
        if decayed or 2 * len(C) > LONGEST_WINDOW:
            break
        x = resize(C, limit, 2 * (len(C) - 1))
    status = Status.OK if decayed else Status.WINDOW_TOO_SHORT
    if result.residual > 1e-10 * C[0]:
        status = Status.NOT_CONVERGED
    if status != Status.OK:
        return replace(not_found(model, len(C) - 1, status), note=NOTE)
    return _approximate(model, C, limit)


def _approximate(model: GatedLeak, C: np.ndarray, limit: float) -> SteadyState:
    moment = model.independent_moment(C, limit)
    error = np.full_like(C, np.nan)
    return SteadyState(model, C, error, "chaotic", Status.OK, limit, moment, note=NOTE)
