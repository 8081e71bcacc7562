"""Averages over two correlated Gaussian variables, E f(y1) g(y2), at any scale and correlation.

With c the correlation of y1 and y2 and independent standard Gaussians u, v1, v2,

    y1 = m1 + s1 (√|c| u + √(1-|c|) v1),    y2 = m2 ± s2 (√|c| u + √(1-|c|) v2),

so that E f(y1) g(y2) = E_u F(u) G(u), where F(u) = E f(m1 + s1 √|c| u + s1 √(1-|c|) v1) is an
average over one variable. No difference of nearly equal terms occurs for positive f and g, and
c = ±1 needs no special treatment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .expectation import WINDOW, Integrand, expect, peak
from .mesh import Array, graded_points, panel_nodes

_PANEL_WIDTH = 1.0
_CHUNK_NODES = 1 << 14
_EXCESS = 1e-12
_ROUNDING = 4.5e-16
_SMOOTHED_KINK = np.array([-9.0, -6.0, -3.0, -1.5, 1.5, 3.0, 6.0, 9.0])
_SQRT_2PI = float(np.sqrt(2 * np.pi))


def expect_pair(
    f: Integrand,
    g: Integrand,
    mean_f: ArrayLike,
    variance_f: ArrayLike,
    mean_g: ArrayLike,
    variance_g: ArrayLike,
    covariance: ArrayLike,
) -> Any:
    """E f(y1) g(y2) for jointly Gaussian (y1, y2), to an absolute error of 1e-12 √(E f² E g²).

    mean_*, variance_*, covariance : numbers or arrays that broadcast. Variances may be 0; a
        covariance larger than √(variance_f variance_g) raises ValueError, except for an excess by
        rounding (relative 1e-12), which is clipped. NaN gives NaN.
    Returns a float for numbers, otherwise an array of the broadcast shape.
    """
    arguments = (mean_f, variance_f, mean_g, variance_g, covariance)
    arrays = np.broadcast_arrays(*(np.asarray(a, float) for a in arguments))
    shape = arrays[0].shape
    m1, v1, m2, v2, cov = (a.ravel() for a in arrays)
    for name, variance in (("variance_f", v1), ("variance_g", v2)):
        if np.any(variance < 0):
            raise ValueError(f"{name} must not be negative, got {np.nanmin(variance):g}")
    s1, s2 = np.sqrt(v1), np.sqrt(v2)
    bound = np.where(v1 == v2, v1, s1 * s2)
    wrong = np.abs(cov) > bound * (1 + _EXCESS)
    if np.any(wrong):
        raise ValueError(
            f"covariance {cov[wrong][0]:g} exceeds the bound {bound[wrong][0]:g} "
            "set by the variances"
        )
    divisor = np.where(bound > 0, bound, 1.0)
    common = np.minimum(np.abs(cov) / divisor, 1.0)
    private = np.maximum(bound - np.abs(cov), 0.0) / divisor
    # The rounding of √(v1 v2) must not decorrelate: near c = 1 averages may go as √(1 - c).
    private[private <= _ROUNDING] = 0.0
    private[bound == 0] = 1.0
    sign = np.where(cov < 0, -1.0, 1.0)

    result = np.full(m1.shape, np.nan)
    alike = f == g and np.array_equal(m1, m2) and np.array_equal(v1, v2)
    todo = np.flatnonzero(np.isfinite(m1 + m2 + s1 + s2 + cov))
    if todo.size:
        reach = np.maximum(
            np.abs(peak(f, m1[todo], s1[todo], 2.0)), np.abs(peak(g, m2[todo], s2[todo], 2.0))
        )
        breaks = _breaks(f, m1[todo], s1[todo], common[todo], private[todo], WINDOW + reach)
        mirrored = _breaks(
            g, sign[todo] * m2[todo], s2[todo], common[todo], private[todo], WINDOW + reach
        )
        breaks = np.concatenate([_even_breaks(WINDOW + reach), breaks, mirrored], axis=1)
        breaks.sort(axis=1)
        rows = max(1, _CHUNK_NODES // (16 * breaks.shape[1]))
        for begin in range(0, todo.size, rows):
            k = todo[begin : begin + rows]
            u, w = panel_nodes(breaks[begin : begin + rows])
            w *= np.exp(-0.5 * u * u) / _SQRT_2PI
            c, rest = np.sqrt(common[k])[:, None], private[k][:, None]
            first = expect(f, m1[k, None] + s1[k, None] * c * u, v1[k, None] * rest)
            if alike and np.all(sign[k] > 0):
                second = first
            else:
                center = m2[k, None] + (sign[k] * s2[k])[:, None] * c * u
                second = expect(g, center, v2[k, None] * rest)
            result[k] = np.sum(w * first * second, axis=1)
    return float(result[0]) if shape == () else result.reshape(shape)


def _even_breaks(reach: Array) -> Array:
    """Break points (n, P) at most 1 apart over [-reach, reach]: the scale of e^{-u²/2}."""
    panels = 2 * int(np.ceil(reach.max() / _PANEL_WIDTH))
    return reach[:, None] * np.linspace(-1, 1, panels + 1)


def _breaks(f: Integrand, m: Array, s: Array, common: Array, private: Array, reach: Array) -> Array:
    """Break points in u (n, P) that resolve F(u), clipped to [-reach, reach].

    F inherits the strip of analyticity of f; a kink of f is smoothed over the private standard
    deviation s √(1-|c|), which may be far smaller than the distance to the next break point.
    """
    along = s * np.sqrt(common)
    y = np.tile(graded_points(float(along.max())), (m.size, 1))
    smoothing = (s * np.sqrt(private))[:, None] * _SMOOTHED_KINK
    y = np.concatenate([y] + [kink + smoothing for kink in f.kinks], axis=1)
    along = np.where(along > 0, along, 1.0)[:, None]
    with np.errstate(over="ignore"):
        return np.clip((y - m[:, None]) / along, -reach[:, None], reach[:, None])
