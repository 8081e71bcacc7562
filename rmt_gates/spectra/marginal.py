"""Sharp update gates at a fixed point: how fast the radius tends to 1, and where it tends to else.

On the real axis beyond 1 the boundary is ρ² E[(1−z)²/(x−z)²] = 1. Let the gate's input be N(m, w²),
m = b_z, w² = a_z² C_h + v_z. As w → ∞ at a fixed m/w a share α = Φ(−m/w) of the gates is shut,
z = 0, and the average tends to α/x². That is 1 at x = √α ρ if ρ² > 1/α. If 1 < ρ² < 1/α the edge is
exponentially close to 1: with x = 1+δ and L = log δ the average is E[σ(−ζ−L)²], σ² a step that is
smeared out, and an expansion in 1/w gives L.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

# −∫(σ² − step) = 1 and −2∫x(σ² − step) − 1 = π²/3 − 1; for σ(2x) in the place of σ², 0 and π²/12
AT_THE_EDGE = (1.0, np.pi**2 / 3 - 1)
ABOVE_ONE = (0.0, np.pi**2 / 12)


def marginal_exponent(rho: Any, C_h: Any, beta: Any = 0.0) -> Any:
    """c > 0 of Theorem 4.8, (26)–(28): radius − 1 = Θ(e^{−c √C_h a_z}) as a_z → ∞.

    erf((c − β/√C_h)/√2) = 2/ρ² − 1. The point becomes marginally stable where such a c exists,
    1 < ρ² < 1/α with α = ½ erfc(β/√(2C_h)): at zero bias for ρ between 1 and √2.

    Parameters
    ----------
    rho, C_h : of a fixed point (neither depends on the update gate). beta : b_z/a_z. Arrays.

    Returns
    -------
    c, like the parameters; NaN where the point is stable (ρ ≤ 1), and where the radius stays above
    1 (see `sharp_gate_radius`).

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.marginal import marginal_exponent
    >>> points = rg.fixed_points(rg.GRU(a_h=3, a_r=[1, 2, 10]))
    >>> marginal_exponent(points.rho[:, -1], points.C_h[:, -1]).round(6)
    array([0.838831, 0.465096,      nan])
    """
    rho, C_h = np.asarray(rho, float), np.asarray(C_h, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = ndtri(1 / rho**2) + np.divide(beta, np.sqrt(C_h))
    c = np.where((rho > 1) & (C_h > 0) & (c > 0), c, np.nan)
    return c if c.ndim else float(c)


def sharp_gate_radius(rho: Any, C_h: Any, beta: Any = 0.0) -> Any:
    """The spectral radius of a fixed point as a_z → ∞: max(1, √α ρ), α = ½ erfc(β/√(2C_h)).

    (22) has it for the hard tanh without reset gate; it holds for any φ and reset gate.

    Parameters
    ----------
    rho, C_h : of a fixed point, C_h > 0. beta : b_z/a_z. Arrays.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.marginal import sharp_gate_radius
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1000, a_r=10))[-1]
    >>> round(sharp_gate_radius(point.rho, point.C_h), 4), round(point.spectral_radius, 4)
    (1.1893, 1.1899)
    """
    shut = ndtr(-np.asarray(beta, float) / np.sqrt(np.asarray(C_h, float)))
    radius = np.maximum(1.0, np.sqrt(shut) * np.asarray(rho, float))
    return radius if radius.ndim else float(radius)


def log_excess_radius(rho: Any, mean: Any, variance: Any) -> Any:
    """log(radius − 1) of a nearly marginal fixed point, up to O(1/w²): Theorem 4.8, continued.

    −(q w + m) − 1 − (π²/6 − ½) q/w with Φ(q) = 1/ρ², so that q w + m = c √C_h a_z: the prefactor
    which the Θ of (26) leaves open is 1/e (derived here).

    Parameters
    ----------
    rho : 1 < ρ² < 1/α. mean, variance : m, w² of the update gate's input, b_z and a_z² C_h + v_z.

    Examples
    --------
    >>> import math, rmt_gates as rg
    >>> from rmt_gates.spectra.marginal import log_excess_radius
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=40, a_r=2))[-1]
    >>> round(log_excess_radius(point.rho, 0, 40**2 * point.C_h), 3)
    -13.191
    >>> round(math.log(point.spectral_radius - 1), 3)
    -13.191
    """
    return _log_distance(rho, mean, variance, AT_THE_EDGE)


def log_height_at_one(rho: Any, mean: Any, variance: Any) -> Any:
    """log y of the point 1 + iy of the boundary, up to O(1/w³): what Fig. 2 right shows.

    −(q w + m) − (π²/24) q/w: the same exponent as the radius, with the prefactor 1 (derived here).

    Parameters
    ----------
    As for `log_excess_radius`.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.marginal import log_height_at_one
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=40, a_r=2))[-1]
    >>> round(log_height_at_one(point.rho, 0, 40**2 * point.C_h), 3)
    -12.178
    """
    return _log_distance(rho, mean, variance, ABOVE_ONE)


def _log_distance(rho: Any, mean: Any, variance: Any, moments: tuple[float, float]) -> Any:
    """−(q w + m) − shift − ½ slope q/w, from the moments of the smeared step."""
    q, w = ndtri(1 / np.square(rho)), np.sqrt(variance)
    shift, slope = moments
    distance = -(q * w + mean) - shift - 0.5 * slope * q / w
    return distance if np.ndim(distance) else float(distance)
