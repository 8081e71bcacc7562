"""Decaying kernels of a second-order difference equation, close to a transition too.

The kernel equations of a leaky average read

    s [C(k−1) + C(k+1)] = f(C(k); C(0)),    C(−1) = C(1),    C(k) → 0,

with f a function of C(k) and C(0) alone: a conservative map of the plane, for each C(0) with one
orbit, of which the one sought ends at the saddle 0. Iteration of the self-consistency slows down
without limit towards a transition, where such orbits become flat. Shooting does not: orbits
that start too high turn back, the others cross 0 (or the other way round). What bisection cannot
resolve, half the digits of the tail, Newton's method for the whole kernel does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev
from scipy.linalg import solve_banded

NODES = 48  # of the Chebyshev series of f(·; C(0)) on [0, C(0)]
LONGEST = 1 << 16  # lags
BISECTIONS = 60
SCAN = 1 - np.geomspace(1e-9, 0.9, 40)  # of C(0), in units of the largest there can be
NEWTON = 12
DIFFERENCE = 1e-6
SURE = 1e-4  # of C(0): below, an orbit may already feel that C(0) is off by its last digit
DECAYED = 1e-14
HOLDS = 1e-14  # residual of a solution, of C(0): some rounding errors

# (C(0), values of C) -> (s, f): s does not depend on the values
Equation = Callable[[float, np.ndarray], tuple[float, np.ndarray]]


def decaying_kernel(equation: Equation, largest: float) -> np.ndarray | None:
    """C(0…K) with the largest C(0) below ``largest``, decayed to 1e-14.

    None if there is none, or if it takes more than LONGEST lags.
    """
    orbits = [_orbit(equation, largest * share)[0] for share in SCAN]
    change = next((i for i in range(len(SCAN) - 1) if orbits[i] != orbits[i + 1]), None)
    if change is None:
        return None
    high, low = largest * SCAN[change], largest * SCAN[change + 1]
    for _ in range(BISECTIONS):
        middle = 0.5 * (high + low)
        if middle in (high, low):
            break
        turns, orbit = _orbit(equation, middle)
        if len(orbit) == LONGEST:
            return None
        if turns == orbits[change]:
            high = middle
        else:
            low = middle
    kernel = _continued(equation, _orbit(equation, high)[1])
    return _polished(equation, kernel) if len(kernel) <= LONGEST else None


def _orbit(equation: Equation, C0: float) -> tuple[bool, np.ndarray]:
    """Whether the orbit turns back before it crosses 0, and its decreasing part."""
    s, series, at_start = _series(equation, C0)
    before, now = C0, at_start / (2 * s)
    values = [C0]
    while 0 <= now < before and len(values) < LONGEST:
        values.append(now)
        before, now = now, chebyshev.chebval(2 * now / C0 - 1, series) / s - before
    return now >= 0, np.array(values)


def _series(equation: Equation, C0: float) -> tuple[float, np.ndarray, float]:
    """s, the Chebyshev coefficients of f on [0, C(0)], and f(C(0))."""
    t = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    s, f = equation(C0, np.append(0.5 * C0 * (1 + t), C0))
    return s, chebyshev.chebfit(t, f[:-1], NODES - 1), float(f[-1])


def _continued(equation: Equation, C: np.ndarray) -> np.ndarray:
    """The orbit while it is sure to be on its way to the saddle, then on at its rate to 1e-14."""
    C0 = float(C[0])
    kept = C[: max(2, int(np.flatnonzero(C > SURE * C0)[-1]) + 1)]
    near = 1e-3 * C0
    s, f = equation(C0, np.array([near]))
    rate = np.exp(-np.arccosh(max(f[0] / (2 * s * near), 1 + 1e-12)))  # r + 1/r = f'(0)/s
    more = int(np.ceil(np.log(DECAYED * C0 / kept[-1]) / np.log(rate)))
    return np.concatenate([kept, kept[-1] * rate ** np.arange(1, min(more, LONGEST) + 1)])


def _polished(equation: Equation, C: np.ndarray) -> np.ndarray | None:
    """The kernel by Newton's method: a tridiagonal matrix, and a column for C(0) in f.

    None if the equation does not hold to rounding in the end.
    """
    for _ in range(NEWTON):
        s, f = equation(C[0], C)
        neighbours = np.append(C[1:], 0.0) + np.append(C[1], C[:-1])
        residual = f - s * neighbours
        off = np.abs(residual).max() / C[0]
        if off <= 1e-15:
            return C
        derivative = chebyshev.chebder(_series(equation, C[0])[1])
        slope = 2 / C[0] * chebyshev.chebval(2 * C / C[0] - 1, derivative)
        d = DIFFERENCE  # one-sided: no C(k) may exceed C(0)
        s_above, above = equation(C[0] * (1 + d), C)
        column = (above - f - (s_above - s) * neighbours) / (d * C[0])
        bands = np.empty((3, len(C)))
        bands[0], bands[1], bands[2] = -s, slope, -s
        bands[0, 1] = -2 * s
        moved, bent = solve_banded((1, 1), bands, np.column_stack([residual, column])).T
        step = moved - bent * moved[0] / (1 + bent[0])
        settled, C = C, C - step
        if not np.all(np.isfinite(C)) or C[0] <= 0:
            return None
    return settled if off <= HOLDS else None
