"""Large gains: the powers of a gain with which radii grow, and exponents measured locally.

A gate's slope is a narrow peak at the input where the gate opens: as its gain grows,
E[σ'(ξ)²] → p_ξ(0) ∫σ'² = p_ξ(0)/6, with p_ξ(0) ∝ 1/gain the density of its input at 0 (126).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr

from rmt_gates.architectures.gru import GRUResetBefore
from rmt_gates.architectures.lstm import LSTM
from rmt_gates.spectra.states import check_state

STEP = 0.05  # in the logarithm of the parameter


def local_exponent(function: Callable[[Any], Any], at: Any, step: float = STEP) -> Any:
    """d log f / d log x of a positive function of a positive parameter, by a central difference.

    Parameters
    ----------
    function : x -> f(x) > 0; called twice, with arrays where ``at`` is one.
    at : x > 0, a number or an array. step : half the difference in log x; error O(step²).

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.gain_laws import local_exponent
    >>> radius = lambda a_r: rg.fixed_points(rg.GRU(a_h=3, a_r=a_r)).spectral_radius[..., -1]
    >>> local_exponent(radius, [1e1, 1e3, 1e5]).round(2)  # √a_r, Proposition 4.5
    array([0.16, 0.46, 0.5 ])
    """
    at = np.asarray(at, float)
    if not np.all(at > 0) or not step > 0:
        raise ValueError("at and step must be positive: an exponent is a slope in log x")
    above, below = (np.asarray(function((at * np.exp(s))[()]), float) for s in (step, -step))
    if not (np.all(above > 0) and np.all(below > 0)):
        raise ValueError("function must be positive around at: its logarithm is taken")
    slope = np.log(above / below) / (2 * step)
    return slope if slope.ndim else float(slope)


def large_reset_gain(state: Any) -> float:
    """ρ of (19) for a_r → ∞: Proposition 4.5, (122)–(126), ρ² ≈ a_h² E[φ'²] a_r² C_h p_ξ(0)/6.

    p_ξ is the law of the reset gate's input; at b_r = v_r = 0, ρ² ≈ a_h² E[φ'²] a_r √C_h/(6√(2π)).
    With a_z = 0 the spectral radius is σ(b_z) + (1−σ(b_z)) ρ and grows as √a_r. Relative
    corrections are O(1/a_r).

    Parameters
    ----------
    state : a `FixedPoint` or a `SteadyState` of a `rg.GRU` with reset before the matrix.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.gain_laws import large_reset_gain
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_r=1e4))[-1]
    >>> round(large_reset_gain(point), 2), round(point.rho, 2)
    (37.61, 37.63)
    """
    model, C = _of(state, GRUResetBefore, "large_reset_gain", "a_r")
    peak = _density_at_zero(model.b_r, model.a_r**2 * C + model.v_r)
    return float(model.a_h * model.a_r * np.sqrt(model.squared_slope(C) * C * peak / 6))


def large_output_gain(state: Any) -> float:
    """Spectral radius of an LSTM for a_o → ∞: Proposition 5.5, (176), √E[q].

    E[q] = a_o² E[o'²] C_h/E[o²] ≈ a_o² C_h p_o(0)/(6 P(η_o > 0)), at b_o = v_o = 0 that is
    a_o √C_h/(3√(2π)). The other terms of (36) are O(1/√a_o) of it.

    Parameters
    ----------
    state : a `FixedPoint` or a `SteadyState` of a `rg.LSTM`.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.gain_laws import large_output_gain
    >>> point = rg.fixed_points(rg.LSTM(a_h=3, a_o=1e4))[-1]
    >>> round(large_output_gain(point), 2), round(point.spectral_radius, 2)
    (22.86, 22.87)
    """
    model, C = _of(state, LSTM, "large_output_gain", "a_o")
    variance = model.a_o**2 * C + model.v_o
    opened = ndtr(model.b_o / np.sqrt(variance))
    return float(model.a_o * np.sqrt(C * _density_at_zero(model.b_o, variance) / (6 * opened)))


def _of(state: Any, kind: type, function: str, gain: str) -> tuple[Any, float]:
    """The model and C_h(0) of a state that moves the gate with this gain."""
    check_state(state, function)
    if not isinstance(state.model, kind):
        raise TypeError(f"{function} is of a {kind.__name__}, got a state of {state.model!r}")
    C = float(np.ravel(state.C_h)[0])
    if not getattr(state.model, gain) ** 2 * C > 0:
        raise ValueError(f"{gain} must be positive, at a non-zero state: the gate is no switch")
    return state.model, C


def _density_at_zero(mean: float, variance: float) -> float:
    return float(np.exp(-0.5 * mean**2 / variance) / np.sqrt(2 * np.pi * variance))
