"""Averages over two gates r = σ(ξ) with correlated Gaussian ξ, of functions smooth in r and r'.

They are expanded in polynomials T_k of v = asinh(κr), which resolve the scale 1/κ of small r. With
the shared and private parts ξ = m + √c s + √(V−c) e of `pair`, and s → −s in ξ' if c < 0,

    E T_k(v) T_l(v') = E_s F_k(s) F_l(±s),   F_k(s) = E_e T_k(v(m + √c s + √(V−c) e)).

As a function of ξ each T_k is a step and a bump of width one, so F_k costs no more for sharp gates.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import ndtr

from .activations import sigmoid
from .mesh import Array, graded_points, panel_nodes
from .price import digits, trapezoid_rule, window

_PANEL_WIDTH = 2.0
_STRIP = 0.5 * np.pi  # the singularities of v are at ξ = −log κ ± iπ/2
_STEP_WIDTH = 1.6
_BETWEEN = 2.5
_SQRT_2PI = float(np.sqrt(2 * np.pi))


def gate_points(scale: float, depth: float) -> Array:
    """Break points in ξ for functions that vary on the scales r ~ e^{−depth} … 1.

    They are graded away from ξ = −depth and 0, to the first beyond these by ``scale``.
    """
    points = graded_points(scale)
    between = np.linspace(-depth, 0, int(np.ceil(depth / _BETWEEN)) + 1)
    return np.concatenate([points[points < 0] - depth, between, points[points > 0]])


class GatePolynomials:
    """Chebyshev polynomials of v over the range of r = σ(ξ), ξ ~ N(mean, variance).

    size : number of polynomials, and of ``nodes``, the values of r through which they interpolate
    tolerance : of averages, in units of the largest value of the function that is expanded
    kappa : κ > 0; what is expanded varies on the scale r ~ 1/κ

    Examples
    --------
    >>> gate = GatePolynomials(0.0, 100.0, 12, 1e-12)
    >>> products = np.multiply.outer(gate.nodes, gate.nodes)
    >>> print(f"{np.sum(gate.coefficients(products) * gate.pair(50.0)):.9f}")  # E σ(ξ) σ(ξ')
    0.330450453
    """

    def __init__(
        self, mean: float, variance: float, size: int, tolerance: float, kappa: float = 1.0
    ) -> None:
        self.mean, self.variance, self.tolerance = float(mean), float(variance), tolerance
        self.size, self.kappa = size, kappa
        self.window = window(tolerance)
        reach = self.window * np.sqrt(variance)
        low, high = mean - reach, mean + reach
        self._low, self._high = np.arcsinh(kappa * sigmoid(np.array([low, high])))
        points = chebyshev.chebpts1(size)
        v = self._low + 0.5 * (self._high - self._low) * (1 + points)
        self.nodes = np.sinh(v) / kappa
        self._transform = np.linalg.inv(chebyshev.chebvander(points, size - 1))
        # the bump decays like e^{−|ξ|} from −log κ and 0, or from the end of the window next to it
        depth = max(float(np.log(kappa)), 0.0)
        extent = float(np.log(10 / tolerance))
        self._center = float(np.clip(0.0, low, high))
        self._points = gate_points(2 * reach, depth)
        order = digits(tolerance)
        self._step = 2 * np.pi * _STRIP / (order + 0.5 * _STRIP**2)
        first = np.floor(max(low, min(high, -depth) - extent) / self._step)
        last = np.ceil(min(high, max(low, 0.0) + extent) / self._step)
        self._lattice = self._step * np.arange(first, last + 1)
        self._left, right = self.values(np.array([low, high]))
        self._rise = right - self._left
        self._bump = self.values(self._lattice) - self._left - self._steps(self._lattice, 0.0)

    def values(self, xi: Array) -> Array:
        """T_k (..., size) at ξ; constant beyond the window."""
        v = np.clip(np.arcsinh(self.kappa * sigmoid(xi)), self._low, self._high)
        width = self._high - self._low
        local = (2 * v - self._low - self._high) / width if width > 0 else 0 * v
        return np.asarray(chebyshev.chebvander(local, self.size - 1))

    def coefficients(self, matrix: Array) -> Array:
        """Of T_k T_l (..., size, size), from the values f(r, r') at the nodes."""
        return np.asarray(self._transform @ matrix @ self._transform.T)

    def pair(self, covariance: float) -> Array:
        """E T_k T_l' (size, size), for the covariance of ξ and ξ'."""
        shared = min(abs(covariance), self.variance)
        along, across = np.sqrt(shared), np.sqrt(self.variance - shared)
        s, w = self._shared_rule(along)
        F = self._smoothed(self.mean + along * s, across)
        return np.asarray(F.T @ (w[:, None] * (F if covariance >= 0 else F[::-1])))

    def _shared_rule(self, along: float) -> tuple[Array, Array]:
        """Nodes, symmetric about 0, and weights for s, graded around both ξ and ξ' = 0."""
        panels = int(np.ceil(2 * self.window / _PANEL_WIDTH))
        breaks = np.linspace(-self.window, self.window, panels + 1)
        if along > 0:
            images = np.clip((self._points - self.mean) / along, -self.window, self.window)
            breaks = np.unique(np.concatenate([breaks, images, -images]))
        s, w = panel_nodes(breaks)
        return s, w * np.exp(-0.5 * s * s) / _SQRT_2PI

    def _smoothed(self, mean: Array, deviation: float) -> Array:
        """E T_k at mean + deviation e, (..., size)."""
        if deviation == 0:
            return self.values(mean)
        if deviation < 1.5 * self._step:  # not resolved by the lattice
            e, w = trapezoid_rule(self.window, _STRIP / deviation, digits(self.tolerance))
            return np.asarray(w @ self.values(np.add.outer(mean, deviation * e)))
        density = (self._lattice - mean[:, None]) / deviation
        density *= density
        density *= -0.5
        np.exp(density, out=density)
        density *= self._step / (deviation * _SQRT_2PI)
        return np.asarray(self._left + self._steps(mean, deviation) + density @ self._bump)

    def _steps(self, mean: Array, deviation: float) -> Array:
        """The averages of the part of T_k that is a step, a Gaussian distribution function."""
        z = (mean - self._center) / np.hypot(_STEP_WIDTH, deviation)
        return np.asarray(ndtr(z)[:, None] * self._rise)
