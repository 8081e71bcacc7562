"""E k(y1) k(y2) for the slope k = f' of a step-like f, by which E f(y1) f(y2) is integrated.

Price's theorem, d/dc E f(y1) f(y2) = E f'(y1) f'(y2) with c the covariance, replaces the step f by
the bump f' that is even and negligible beyond a distance of order one from y = 0. Its average costs
the same at any variance V, and where f' is an indicator it is an integral over one variable.

With c = ± V cos δ and y2 replaced by -y2 for the lower sign (k is even),

    y1 = S + x,   ±y2 = S - x,   S ~ N(m, V cos² δ/2),   x ~ N(0, V sin² δ/2)

independent; for the lower sign it is x that has the mean m, and S has none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .activations import HARDTANH, TANH, sigmoid_prime
from .expectation import SIGMOID, Integrand, dphi, expect, phi
from .mesh import Array, panel_nodes

SIGMOID_PRIME = Integrand("sigmoid'", sigmoid_prime, lambda y: -np.tanh(0.5 * y), strip=np.pi)
SLOPE = {SIGMOID: SIGMOID_PRIME, phi(TANH): dphi(TANH), phi(HARDTANH): dphi(HARDTANH)}

_SHARP = 1.5
_LARGEST_TILT = 0.5
_NARROW = 0.4
_PANEL_WIDTH = 0.25
_SQRT_2PI = float(np.sqrt(2 * np.pi))

# The sign of c and the angles δ (n,) -> averages (n,).
Rule = Callable[[int, Array], Array]


def digits(tolerance: float) -> float:
    """L = log(1e5 / tolerance): aliased terms are made smaller than e^{-L}."""
    return float(np.log(1e5 / tolerance))


def window(tolerance: float) -> float:
    """Where e^{-v²/2} is tolerance / 100."""
    return float(np.sqrt(2 * np.log(100 / tolerance)))


def trapezoid_rule(window: float, strip: float, digits: float) -> tuple[Array, Array]:
    """Nodes, symmetric about 0, and weights for E g(v), v ~ N(0, 1).

    window : |v| at which to stop
    strip : distance of the poles of g from the real axis
    digits : L. The step h makes the error e^{-2πη/h + η²/2}, for any η up to the strip, e^{-L}.
    """
    depth = min(strip, np.sqrt(2 * digits))
    step = 2 * np.pi * depth / (digits + 0.5 * depth * depth)
    half = int(np.ceil(window / step))
    v = step * np.arange(-half, half + 1)
    return np.asarray(v), step / _SQRT_2PI * np.exp(-0.5 * v * v)


def pair_of_bumps(k: Integrand, mean: float, variance: float, tolerance: float) -> Rule | None:
    """The function (sign, δ) -> E k(y1) k(y2), 0 ≤ δ ≤ π/2, or None where k or V is not suited.

    k : the slope of a step f. The error is `tolerance` times the larger of E k² and E f² / V.
    """
    if k == dphi(HARDTANH):
        return lambda sign, distance: _pair_of_indicators(mean, variance, sign, distance)
    decay = k.strip / np.pi
    tilt = abs(mean) * decay / variance
    if k not in SLOPE.values() or variance < (_SHARP * k.strip) ** 2 or tilt > _LARGEST_TILT:
        return None
    return _Lattice(k, mean, variance, 0.5 * digits(tolerance) * decay / (1 - tilt), tolerance)


class _Lattice:
    """Trapezoidal sums in S and x for a bump k(y) ~ e^{-π|y|/d}, with its poles at ±id.

    size : |S| and |x| at which to stop. k(S + x) k(S - x) ~ e^{-2π max(|S|, |x|)/d}, against which
        the Gaussian may grow as e^{2|m S|/V}.

    S and x share a lattice, and the products a matrix for all angles, unless x has a standard
    deviation below 0.4 d.
    """

    def __init__(
        self, k: Integrand, mean: float, variance: float, size: float, tolerance: float
    ) -> None:
        self.k, self.mean, self.deviation = k, mean, np.sqrt(variance)
        self.digits, self.window = digits(tolerance), window(tolerance)
        self.narrow = _NARROW * k.strip
        self.step = 2 * np.pi * k.strip / (self.digits + 0.5 / _NARROW**2)
        half = int(np.ceil(size / self.step))
        i = np.arange(-half, half + 1)
        self.lattice = self.step * i
        values = k.function(self.step * np.arange(-2 * half, 2 * half + 1))
        self.products = values[2 * half + i[:, None] + i] * values[2 * half + i[:, None] - i]

    def __call__(self, sign: int, distance: Array) -> Array:
        mean_s, mean_x = (self.mean, 0.0) if sign > 0 else (0.0, self.mean)
        weights = self._weights(mean_s, self.deviation * np.cos(0.5 * distance))
        spread = self.deviation * np.sin(0.5 * distance)
        result, wide = np.empty(distance.shape), spread >= self.narrow
        weights_x = self._weights(mean_x, spread[wide])
        result[wide] = np.sum((weights[wide] @ self.products) * weights_x, axis=1)
        for j in np.flatnonzero(~wide):
            strip = self.k.strip / max(spread[j], 1e-300)
            x, w = trapezoid_rule(self.window, strip, self.digits)
            if mean_x == 0:
                half = slice(x.size // 2, None)  # the products are even in x
                x, w = x[half], w[half] * np.where(x[half] > 0, 2, 1)
            x = mean_x + spread[j] * x
            s = self.lattice[:, None]
            result[j] = weights[j] @ (self.k.function(s + x) * self.k.function(s - x)) @ w
        return result

    def _weights(self, mean: float, deviation: Array) -> Array:
        """(angles, nodes): the Gaussian density times the step."""
        z = (self.lattice - mean) / deviation[:, None]
        return self.step / _SQRT_2PI * np.exp(-0.5 * z * z) / deviation[:, None]


def _pair_of_indicators(mean: float, variance: float, sign: int, distance: Array) -> Array:
    """P(|y1| < 1, |y2| < 1), by Price's theorem again: (E k)² at c = 0, plus ∫ E k' k' dc.

    k' is a pair of δ-functions, so that E k' k' is a sum of Gaussian densities at (±1, ±1). The
    integral in z, δ = w sinh z, is accumulated from δ = π/2 in positive terms (if c > 0).
    """
    width = 1e-3 * min(1.0, variance**-0.5)
    top = float(np.arcsinh(0.5 * np.pi / width))
    z = np.arcsinh(distance / width)
    breaks = np.append(np.linspace(0, top, int(np.ceil(top / _PANEL_WIDTH)) + 1), z)
    order = np.argsort(breaks)
    nodes, weights = panel_nodes(breaks[order])
    weights *= width * np.cosh(nodes)
    weights *= _densities_at_kinks(mean, variance, sign, width * np.sinh(nodes))
    below = np.append(weights.reshape(breaks.size - 1, -1).sum(axis=1), 0.0)
    accumulated = np.empty(breaks.size)
    accumulated[order] = np.cumsum(below[::-1])[::-1]
    square = float(expect(dphi(HARDTANH), mean, variance)) ** 2
    return np.asarray(square + sign * accumulated[-distance.size :] / np.pi)


def _densities_at_kinks(mean: float, variance: float, sign: int, distance: Array) -> Array:
    """π V sin δ E k'(y1) k'(y2), k' = δ(y + 1) - δ(y - 1).

    With P, M = 1/(1 ± c/V) this is
        1/2 e^{-(1-m)²P/V} + 1/2 e^{-(1+m)²P/V} - e^{-(m²P + M)/V},
    of order 1/V from terms of order one where V is large: the differences are taken by expm1.
    """
    near = 0.5 / np.maximum(np.sin(0.5 * distance) ** 2, 1e-290)
    far = 0.5 / np.cos(0.5 * distance) ** 2
    plus, minus = (far, near) if sign > 0 else (near, far)
    m = abs(mean)
    beta = 2 * m * plus / variance
    gamma = (minus - plus) / variance
    with np.errstate(under="ignore"):
        equal = 0.5 * np.exp(-((m - 1) ** 2) * plus / variance) * np.expm1(-beta) ** 2
        opposite = np.exp(-(m * m * plus + np.minimum(plus, minus)) / variance)
        return np.asarray(equal - np.sign(gamma) * opposite * np.expm1(-np.abs(gamma)))
