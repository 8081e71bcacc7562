"""The fold a_r*(a_h): where two non-zero fixed points of a GRU appear beside a stable zero.

At b_h = v_h = v_r = 0 a fixed point with C_h = C and u = E[y²] fulfils C = E[φ(√u x)²] and
u = a_h² C E[σ(b_r + a_r√C x)²]. Every u > 0 is a fixed point for one a_r,

    V(u) = a_r² C,   E[σ(b_r + √V x)²] = u / (a_h² C(u)),   a_r² = V(u)/C(u),

and the smallest of these a_r is the fold. It lies where d log V/d log u = d log C/d log u.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.gaussian import (
    SIGMOID_SQUARED,
    LogExpectation,
    activation,
    log_expectation,
    phi_squared,
    sigmoid,
)
from rmt_gates.spectra.states import real_numbers

LOG_VARIANCE = (-40.0, 36.0)  # what the tables of averages cover
DIVERGING = 1e-8  # of √2: closer to it a_r* is above 1e12
LOWEST, HIGHEST = 1e-12, 0.99  # of the largest u: between these the fold lies


def critical_reset_gain(a_h: Any, b_r: Any = 0.0) -> Any:
    """The smallest a_r with non-zero fixed points where zero is stable: the fold line a_r*(a_h).

    For the GRU with reset before the matrix, φ = tanh, and no other biases or variances. It begins
    at a_h = 1/σ(b_r), where zero loses its stability (for b_r = 0 in the tricritical point, a_r =
    2√2), and diverges at a_h = √2.

    Parameters
    ----------
    a_h, b_r : numbers or arrays that broadcast.

    Returns
    -------
    float or array: inf where no a_r up to 1e12 is enough, a_h ≤ √2 (1 + 1e-8); NaN where zero is
    unstable or marginal, a_h ≥ 1/σ(b_r), and nothing needs a reset gate.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.critical_reset_gain([1.6, 1.8, 1.9]).round(6)
    array([24.477104,  8.156977,  5.381014])
    """
    a_h, b_r = real_numbers("a_h", a_h), real_numbers("b_r", b_r)
    try:
        a_h, b_r = np.broadcast_arrays(a_h, b_r)
    except ValueError:
        raise ValueError(
            f"a_h and b_r must broadcast, got shapes {a_h.shape} and {b_r.shape}"
        ) from None
    if not (np.all(a_h >= 0) and np.all(np.isfinite(a_h)) and np.all(np.abs(b_r) <= 50)):
        raise ValueError("a_h must be finite and not negative, and b_r between -50 and 50")
    result = np.full(a_h.shape, np.nan)
    stable = a_h * sigmoid(b_r) < 1
    inside = stable & (a_h > np.sqrt(2) * (1 + DIVERGING))
    result[stable & ~inside] = np.inf
    for b in np.unique(b_r[inside]):
        here = inside & (b_r == b)
        result[here] = _fold(a_h[here], log_expectation(SIGMOID_SQUARED, float(b)))
    return result if result.ndim else float(result)


def _fold(a_h: np.ndarray, log_Q: LogExpectation) -> np.ndarray:
    """a_r* at values of a_h (n,) between √2 and 1/σ(b_r); log Q(V) = log E[σ²]."""
    log_P = log_expectation(phi_squared(activation("tanh")), 0.0, per_variance=True)  # E[φ²]/u
    level = 2 * np.log(a_h)

    def log_V(log_u: np.ndarray, level: np.ndarray) -> np.ndarray:
        """V(u): Q(V) = 1/(a_h² P(u))."""
        wanted = -level - log_P(np.exp(log_u))
        return _root(lambda v, wanted: log_Q(np.exp(v)) - wanted, LOG_VARIANCE, wanted)

    def slope(log_u: np.ndarray, level: np.ndarray) -> np.ndarray:
        """d log a_r²/d log u, times the slope of log Q."""
        of_P = log_P.slope(np.exp(log_u))
        return np.asarray(-of_P - (1 + of_P) * log_Q.slope(np.exp(log_V(log_u, level))))

    # at the largest u, P(u) = 2/a_h², V is infinite
    largest = _root(lambda u, level: level - np.log(2) + log_P(np.exp(u)), LOG_VARIANCE, level)
    log_u = _root(slope, (largest + np.log(LOWEST), largest + np.log(HIGHEST)), level)
    log_C = log_u + log_P(np.exp(log_u))
    return np.asarray(np.exp(0.5 * (log_V(log_u, level) - log_C)))


def _root(function: Any, bracket: tuple[Any, Any], argument: np.ndarray) -> np.ndarray:
    """The root of function(x, argument) for every element of the argument; NaN if there is none."""
    from scipy.optimize import elementwise

    ends = tuple(np.broadcast_to(np.asarray(end, float), argument.shape) for end in bracket)
    found = elementwise.find_root(function, ends, args=(argument,))
    return np.where(found.success, found.x, np.nan)
