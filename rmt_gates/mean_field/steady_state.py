"""The state that the infinite network settles into: which one, and by which route."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_scalar
from rmt_gates.architectures.leaky import LeakyUnit
from rmt_gates.mean_field.constant_gate import constant_gate_kernel
from rmt_gates.mean_field.fixed_points import FixedPoint, FixedPoints, fixed_points
from rmt_gates.mean_field.kernels import resize
from rmt_gates.mean_field.near_transition import can_shoot, flat_kernel, is_close
from rmt_gates.mean_field.sampled_state import (
    CONFIRMED,
    FIRST_WINDOW,
    LONGEST_WINDOW,
    sampled_state,
)
from rmt_gates.mean_field.state import (
    SteadyState,
    at_rest,
    collapse,
    nearest_rest,
    not_found,
)
from rmt_gates.randomness import generator
from rmt_gates.results import Status

VANISHED = 1e-12  # C_h(0) of no chaotic state
DECAYED = 0.1  # in units of rtol: where a start close to a transition is cut

__all__ = ["SteadyState", "starting_kernel", "steady_state"]


def steady_state(
    model: Architecture,
    *,
    start: Any = "large",
    rng: Any = None,
    rtol: float = 5e-3,
    max_seconds: float | None = None,
) -> SteadyState:
    """The state that the infinite network settles into.

    Exact and deterministic for a constant update gate (a GRU with a_z = v_z = 0, the vanilla
    network); otherwise sampled: paths with common random numbers make the self-consistency a
    smooth root, for a GRU y is averaged analytically, and independent replicates give the standard
    error.

    Parameters
    ----------
    model : a scalar parameter record.
    start : "large" (from the largest fixed point), "zero" (from the smallest), a `SteadyState` or
        `FixedPoint`, or a kernel (K+1,): chooses the branch where several states coexist, the one
        that the map from kernels to kernels, applied again and again, leads to.
    rng : anything `numpy.random.default_rng` takes.
    rtol : bound on stderr(C_h(0)) / C_h(0).
    max_seconds : returns what was reached by then, ``converged=False``, with its error; that takes
        two replicates, which are waited for.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> state = rg.steady_state(rg.GRU(a_h=3, a_r=10))
    >>> state.kind, round(state.C_h0, 6)
    ('chaotic', 0.352017)
    """
    require_scalar(model, "steady_state")
    if not _real(rtol) or not 0 < rtol < 1:
        raise ValueError(f"rtol must lie between 0 and 1, got {rtol!r}")
    if max_seconds is not None and not (_real(max_seconds) and max_seconds > 0):
        raise ValueError(f"max_seconds must be positive or None, got {max_seconds!r}")
    points = fixed_points(model)
    kernel, static, attractor = starting_kernel(model, start, points)
    random = generator(rng)
    if attractor is not None:
        return at_rest(attractor)
    if isinstance(model, LeakyUnit) and model.constant_gate is not None:
        return _exact(model, kernel, static, points)
    if isinstance(start, str) and is_close(model, points):
        flat = flat_kernel(model, points)
        if flat is not None:
            kernel = flat[flat > DECAYED * rtol * flat[0]]
    return sampled_state(model, kernel, static, points, random, rtol, max_seconds)


def _real(value: Any) -> bool:
    return isinstance(value, numbers.Real)


def starting_kernel(
    model: Architecture, start: Any, points: FixedPoints
) -> tuple[np.ndarray, float, FixedPoint | None]:
    """(kernel, static, None) to start from, or the stable fixed point that is the answer."""
    if isinstance(start, str):
        if start not in ("large", "zero"):
            raise ValueError(
                f"start must be 'large', 'zero', a SteadyState or a kernel, got {start!r}"
            )
        return _leave(model, points, -1 if start == "large" else 0)
    if isinstance(start, SteadyState | FixedPoint):
        C = np.atleast_1d(start.C_h)
        if not np.all(np.isfinite(C)):
            raise ValueError(f"start is a state that was not found: {start.message}")
        if isinstance(start, SteadyState) and start.kind == "chaotic":
            return C, start.static, None
        nearest = int(np.argmin(np.abs(points.C_h - C[0])))
        return (
            starting_kernel(model, "zero", points)
            if nearest == 0
            else _leave(model, points, nearest)
        )
    try:
        kernel = np.asarray(start, float)
    except (TypeError, ValueError):
        kernel = np.empty(0)
    if kernel.ndim != 1 or len(kernel) < 1 or not np.all(np.isfinite(kernel)):
        raise ValueError("start must be 'large', 'zero', a SteadyState or a finite 1-D kernel")
    if not 0 < kernel[0] <= 1 or np.any(np.abs(kernel) > kernel[0]):
        raise ValueError("start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)")
    if len(kernel) == 1:
        kernel = _decaying(model, float(kernel[0]))
    return kernel, 0.0 if model.zero_bias else float(kernel[-1]), None


def _leave(
    model: Architecture, points: FixedPoints, index: int
) -> tuple[np.ndarray, float, FixedPoint | None]:
    """A fixed point as a start: itself if it is stable, a decaying kernel if not."""
    point = points[index]
    marginal = point.C_h == 0 and len(points) == 1 and point.rho <= 1 + 1e-12  # activity decays
    if point.stable or marginal:
        return np.empty(0), 0.0, point
    C = point.C_h if point.C_h > 0 else points[-1].C_h
    return _decaying(model, C if C > 0 else 0.3), 0.0, None


def _decaying(model: Architecture, C: float) -> np.ndarray:
    """C e^{−k/τ} with τ a few times the leak's memory, over a window that holds it."""
    memory = model.memory
    K = FIRST_WINDOW
    while 5 * memory > K and 2 * K <= LONGEST_WINDOW:
        K *= 2
    return C * np.exp(-np.arange(K + 1) / min(memory, K / 5))


def _exact(model: LeakyUnit, kernel: np.ndarray, static: float, points: FixedPoints) -> SteadyState:
    flat = flat_kernel(model, points) if is_close(model, points) else None
    if flat is None:
        state = _iterated(model, kernel, static, points)
        if state.converged or is_close(model, points) or not can_shoot(model, points):
            return state
        flat = flat_kernel(model, points)
        if flat is None:
            return state
    return _chaotic(model, flat, 0.0)


def _iterated(
    model: LeakyUnit, kernel: np.ndarray, static: float, points: FixedPoints
) -> SteadyState:
    """By iteration of the self-consistency, or the state at rest that it falls into."""
    fallen = collapse(points)
    while True:
        result, decayed = constant_gate_kernel(
            model, kernel, static, fallen, bool(np.any(points.stable))
        )
        if not fallen(result.image):
            break
        if len(kernel) > CONFIRMED:
            return nearest_rest(points, float(result.image[0]))
        kernel = resize(kernel, static, 4 * (len(kernel) - 1))[:-1]
    C, limit = result.image[:-1], float(result.image[-1])
    decayed = decayed and C[0] > VANISHED  # a window far too short lets an unstable zero win
    status = Status.OK
    if not decayed:
        status = Status.WINDOW_TOO_SHORT
    elif result.residual > 1e-12 * C[0]:
        status = Status.NOT_CONVERGED
    if status != Status.OK:
        return not_found(model, len(C) - 1, status)
    return _chaotic(model, C, limit)


def _chaotic(model: LeakyUnit, C: np.ndarray, limit: float) -> SteadyState:
    moment = model.independent_moment(C, limit)
    return SteadyState(model, C, np.zeros_like(C), "chaotic", Status.OK, limit, moment)
