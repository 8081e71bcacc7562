"""The average E f(y1) f(y2) as a function of the covariance of y1 and y2.

An autocovariance C(τ) of a unit's input is mapped to that of a function of the input lag by lag,
always at the same mean m and variance V. As a function of the angle θ = arcsin(C/V) the map is
smooth: exactly linear where f is a step (the arcsin law), and a few Chebyshev polynomials otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy import fft

from .expectation import WINDOW, Integrand, expect, peak
from .mesh import Array
from .pair import expect_pair

_SIZES = (17, 33, 65, 129, 257)
_TOLERANCE = 1e-13
_LARGEST_SMOOTH_SCALE = 30.0
_LARGEST_REACH = 3.0
_NEAR_END = 0.05
_END_NODES, _END_WEIGHTS = np.polynomial.legendre.leggauss(4)


class CovarianceMap:
    """The function c -> E f(y1) f(y2), y1 and y2 Gaussian of mean m, variance V, covariance c.

    f : an Integrand (φ or σ, for instance)
    mean, variance : m and V > 0
    positive : True if only c ≥ 0 will be asked for; half the interval takes fewer polynomials

    Absolute error 1e-12 E f². With q(θ) the Chebyshev interpolant in θ = arcsin(c/V) on
    [-π/2, π/2] (or [0, π/2]), the derivative in c is q'(θ) / (V cos θ). The degree is doubled until
    the last coefficients are below 1e-13 E f².
    """

    def __init__(
        self, f: Integrand, mean: float, variance: float, *, positive: bool = False
    ) -> None:
        if not (variance > 0 and np.isfinite(variance)):
            raise ValueError(f"variance must be positive and finite, got {variance:g}")
        if not np.isfinite(mean):
            raise ValueError(f"mean must be finite, got {mean:g}")
        self.f, self.mean, self.variance = f, float(mean), float(variance)
        self.positive = bool(positive)
        self._low = 0.0 if positive else -0.5 * np.pi
        self._half = 0.5 * (0.5 * np.pi - self._low)
        self._coefficients = self._interpolate()
        self._first = chebyshev.chebder(self._coefficients) / self._half
        self._second = chebyshev.chebder(self._first) / self._half

    def __repr__(self) -> str:
        return (
            f"CovarianceMap({self.f.name}, mean={self.mean:g}, variance={self.variance:g}, "
            f"{self._coefficients.size} terms)"
        )

    def __call__(self, covariance: ArrayLike) -> Any:
        """E f(y1) f(y2), elementwise in the covariance, |covariance| ≤ variance."""
        angle = self._angle(covariance)
        return _plain(chebyshev.chebval(self._local(angle), self._coefficients))

    def derivative(self, covariance: ArrayLike) -> Any:
        """d/dc E f(y1) f(y2) = E f'(y1) f'(y2), elementwise (finite at c = ±V too).

        Near an end, at a distance δ in θ, q' is the integral of q'' from the end, which avoids 0/0.
        """
        angle = self._angle(covariance)
        distance = 0.5 * np.pi - np.abs(angle)
        side = np.where(angle < 0, -1.0, 1.0)
        slope = chebyshev.chebval(self._local(angle), self._first)
        near = distance < _NEAR_END
        with np.errstate(invalid="ignore", divide="ignore"):
            result = np.asarray(slope / np.sin(distance))
        if np.any(near):
            d, sign = distance[near], side[near]
            t = 0.5 * (1 + _END_NODES)
            inner = sign[:, None] * (0.5 * np.pi - d[:, None] * t)
            second = chebyshev.chebval(self._local(inner), self._second)
            result[near] = -sign * (second @ (0.5 * _END_WEIGHTS)) / np.sinc(d / np.pi)
        return _plain(result / self.variance)

    def _angle(self, covariance: ArrayLike) -> Array:
        c = np.asarray(covariance, float) / self.variance
        lowest = 0.0 if self.positive else -1.0
        if np.any(c > 1 + 1e-12) or np.any(c < lowest - 1e-12):
            raise ValueError(
                f"covariance must lie within {lowest * self.variance:g} and {self.variance:g}, "
                f"got {np.nanmin(c) * self.variance:g} to {np.nanmax(c) * self.variance:g}"
            )
        return np.asarray(np.arcsin(np.clip(c, lowest, 1.0)))

    def _local(self, angle: Array) -> Array:
        return (angle - self._low) / self._half - 1

    def _interpolate(self) -> Array:
        """Chebyshev coefficients from the values at the extrema, refining nested sets of them."""
        scale = self._second_moment()
        rule = self._trapezoid if self._is_smooth() else self._graded
        values = np.empty(0)
        for size in _SIZES:
            angle = self._low + self._half * (1 - np.cos(np.pi * np.arange(size) / (size - 1)))
            known, values = values, np.empty(size)
            if known.size:
                values[::2] = known
                values[1::2] = rule(angle[1::2])
            else:
                values = rule(angle)
            coefficients = _coefficients(values)
            tail = np.abs(coefficients[-max(2, size // 8) :]).max()
            if tail <= _TOLERANCE * scale:
                return coefficients
        raise RuntimeError(
            f"CovarianceMap of {self.f.name} at mean {self.mean:g}, variance {self.variance:g}: "
            f"{_SIZES[-1]} polynomials leave {tail / scale:.1e} of E f^2"
        )

    def _second_moment(self) -> float:
        """E f²."""
        return float(self._graded(np.array([0.5 * np.pi]))[0])

    def _is_smooth(self) -> bool:
        """Whether the trapezoidal rule resolves f and reaches its mass."""
        return (
            not self.f.kinks
            and self.variance <= _LARGEST_SMOOTH_SCALE**2
            and self._reach() <= _LARGEST_REACH
        )

    def _reach(self) -> float:
        s = np.array([np.sqrt(self.variance)])
        return float(np.abs(peak(self.f, np.array([self.mean]), s, 2.0))[0])

    def _graded(self, angle: Array) -> Array:
        c = self.variance * np.sin(angle)
        f, m, v = self.f, self.mean, self.variance
        return np.asarray(expect_pair(f, f, m, v, m, v, c))

    def _trapezoid(self, angle: Array) -> Array:
        """E_u F(u) F(±u) at each angle by trapezoidal sums in u and v.

        Their error is e^{-2πd/h + d²/2} with d the distance of the nearest pole in u or v, and
        e^{-2π²/h²} from the Gaussian itself.
        """
        s, window = np.sqrt(self.variance), WINDOW - 0.7 + self._reach()
        result = np.empty(angle.size)
        for k, (common, private) in enumerate(zip(np.abs(np.sin(angle)), _private(angle))):
            along, across = s * np.sqrt(common), s * np.sqrt(private)
            u, weight_u = _trapezoid_rule(window, along / self.f.strip)
            v, weight_v = _trapezoid_rule(window, across / self.f.strip)
            y = (self.mean + along * u)[:, None] + across * v
            inner = self.f.function(y) @ weight_v
            other = inner if angle[k] >= 0 else inner[::-1]
            result[k] = weight_u @ (inner * other)
        return result


def _private(angle: Array) -> Array:
    """1 - |sin θ| without cancellation."""
    return 2 * np.sin(0.5 * (0.5 * np.pi - np.abs(angle))) ** 2


def _trapezoid_rule(window: float, inverse_strip: float) -> tuple[Array, Array]:
    """Nodes, symmetric about 0, and weights for the average over a standard Gaussian.

    inverse_strip : 1 / d. The step min(1/2, 0.153 d) makes e^{-2πd/h} = 1e-18.
    """
    step = 0.153 / max(inverse_strip, 0.306)
    half = int(np.ceil(window / step))
    x = step * np.arange(-half, half + 1)
    return x, step / np.sqrt(2 * np.pi) * np.exp(-0.5 * x * x)


def _coefficients(values: Array) -> Array:
    """Chebyshev coefficients from values at the extrema -cos(π j / n), j = 0 ... n."""
    n = values.size - 1
    coefficients = fft.dct(values[::-1], type=1) / n
    coefficients[[0, -1]] *= 0.5
    return np.asarray(coefficients)


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values
