"""The average E f(y1) f(y2) as a function of the covariance of y1 and y2.

An autocovariance C(τ) of a unit's input is mapped to that of a function of the input lag by lag,
always at the same mean m and variance V. As a function of the angle θ = arcsin(C/V) the map is
exactly linear where f is a step (the arcsin law); a smoother f rounds it off within δ ~ 1/√V of
the ends θ = ±π/2. It is interpolated by Chebyshev polynomials in t, with the distance to the end

    δ = π/2 - |θ| = w sinh(A t),    A = asinh(π/2w),    0 ≤ t ≤ 1,    w = min(1, 1/√V),

for c ≥ 0 and c ≤ 0 separately; their number grows as log V.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy import fft

from .expectation import WINDOW, Integrand, peak
from .mesh import Array
from .pair import expect_pair

_SIZES = (17, 33, 65, 129, 257)
_TOLERANCE = 1e-13
_LARGEST_SMOOTH_SCALE = 30.0
_LARGEST_REACH = 8.0
_NEAR_END = 0.02
_SQRT_2PI = float(np.sqrt(2 * np.pi))
_END_NODES, _END_WEIGHTS = np.polynomial.legendre.leggauss(4)


class CovarianceMap:
    """The function c -> E f(y1) f(y2), y1 and y2 Gaussian of mean m, variance V, covariance c.

    f : an Integrand (φ or σ, for instance)
    mean, variance : m and V > 0
    positive : True if only c ≥ 0 will be asked for, which halves the work

    Absolute error 1e-12 E f²: the degree is doubled until the last coefficients are below
    1e-13 E f² (RuntimeError if 257 polynomials are not enough).
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
        self._width = min(1.0, self.variance**-0.5)
        self._stretch = float(np.arcsinh(0.5 * np.pi / self._width))
        self._coefficients = {sign: self._interpolate(sign) for sign in (1, -1)[: 2 - positive]}
        self._first = {k: 2 * chebyshev.chebder(c) for k, c in self._coefficients.items()}
        self._second = {k: 2 * chebyshev.chebder(c) for k, c in self._first.items()}

    def __repr__(self) -> str:
        terms = " + ".join(str(c.size) for c in self._coefficients.values())
        return (
            f"CovarianceMap({self.f.name}, mean={self.mean:g}, variance={self.variance:g}, "
            f"{terms} terms)"
        )

    def __call__(self, covariance: ArrayLike) -> Any:
        """E f(y1) f(y2), elementwise in the covariance, |covariance| ≤ variance."""
        return self._evaluate(covariance, self._value)

    def derivative(self, covariance: ArrayLike) -> Any:
        """d/dc E f(y1) f(y2) = E f'(y1) f'(y2), elementwise (finite at c = ±V too)."""
        return self._evaluate(covariance, self._slope)

    def _evaluate(self, covariance: ArrayLike, rule: Callable[[int, Array], Array]) -> Any:
        c = np.asarray(covariance, float) / self.variance
        lowest = 0.0 if self.positive else -1.0
        if np.any(c > 1 + 1e-12) or np.any(c < lowest - 1e-12):
            raise ValueError(
                f"covariance must lie within {lowest * self.variance:g} and {self.variance:g}, "
                f"got {np.nanmin(c) * self.variance:g} to {np.nanmax(c) * self.variance:g}"
            )
        c = np.clip(c, lowest, 1.0)
        distance = 2 * np.arcsin(np.sqrt(0.5 * (1 - np.abs(c))))
        t = np.arcsinh(distance / self._width) / self._stretch
        result = np.full(c.shape, np.nan)
        for sign, chosen in ((1, c >= 0), (-1, c < 0)):
            if np.any(chosen):
                result[chosen] = rule(sign, t[chosen])
        return float(result) if result.ndim == 0 else result

    def _value(self, sign: int, t: Array) -> Array:
        return np.asarray(chebyshev.chebval(2 * t - 1, self._coefficients[sign]))

    def _slope(self, sign: int, t: Array) -> Array:
        """dq/dc = -± (dq/dt) / (V sin δ dδ/dt).

        Near the end, where this is 0/0, dq/dt is the integral of d²q/dt² from the end, at which
        it vanishes.
        """
        per_t = np.asarray(chebyshev.chebval(2 * t - 1, self._first[sign]))
        distance, rate = self._distance(t), self._width * self._stretch * np.cosh(self._stretch * t)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.asarray(per_t / np.sin(distance))
        near = t < _NEAR_END
        inner = np.multiply.outer(t[near], 1 + _END_NODES) - 1
        second = chebyshev.chebval(inner, self._second[sign]) @ (0.5 * _END_WEIGHTS)
        # t / sin δ by two quotients that are regular at t = 0.
        z = self._stretch * t[near]
        sinh_quotient = np.where(z > 0, np.sinh(z) / np.where(z > 0, z, 1.0), 1.0)
        sine_quotient = np.sinc(distance[near] / np.pi)
        ratio[near] = second / (self._width * self._stretch * sinh_quotient * sine_quotient)
        return -sign * ratio / (self.variance * rate)

    def _distance(self, t: Array) -> Array:
        """δ(t)."""
        return np.asarray(self._width * np.sinh(self._stretch * t))

    def _interpolate(self, sign: int) -> Array:
        """Chebyshev coefficients from the values at the extrema, refining nested sets of them."""
        scale = self._second_moment()
        rule = self._trapezoid if self._is_smooth() else self._graded
        values = np.empty(0)
        for size in _SIZES:
            t = 0.5 - 0.5 * np.cos(np.pi * np.arange(size) / (size - 1))
            known, values = values, np.empty(size)
            if known.size:
                values[::2] = known
                values[1::2] = rule(sign, self._distance(t[1::2]))
            else:
                values = rule(sign, self._distance(t))
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
        return float(self._graded(1, np.array([0.0]))[0])

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

    def _graded(self, sign: int, distance: Array) -> Array:
        """The general rule at the angles θ = ±(π/2 - δ)."""
        f, m, v = self.f, self.mean, self.variance
        return np.asarray(expect_pair(f, f, m, v, m, v, sign * v * np.cos(distance)))

    def _trapezoid(self, sign: int, distance: Array) -> Array:
        """E_u F(u) F(±u) at each angle by trapezoidal sums in u and v (see `expect_pair`).

        Their error is e^{-2πd/h + d²/2} with d the distance of the nearest pole in u or v, and
        e^{-2π²/h²} from the Gaussian itself.
        """
        s, window = np.sqrt(self.variance), WINDOW - 0.7 + self._reach()
        result = np.empty(distance.size)
        for k, delta in enumerate(distance):
            along = s * np.sqrt(max(np.cos(delta), 0.0))
            across = s * np.sqrt(2.0) * np.sin(0.5 * delta)
            u, weight_u = _trapezoid_rule(window, along / self.f.strip)
            v, weight_v = _trapezoid_rule(window, across / self.f.strip)
            y = (self.mean + along * u)[:, None] + across * v
            inner = self.f.function(y) @ weight_v
            result[k] = weight_u @ (inner * inner[::sign])
        return result


def _trapezoid_rule(window: float, inverse_strip: float) -> tuple[Array, Array]:
    """Nodes, symmetric about 0, and weights for the average over a standard Gaussian.

    inverse_strip : 1 / d. The step min(1/2, 0.153 d) makes e^{-2πd/h} = 1e-18.
    """
    step = 0.153 / max(inverse_strip, 0.306)
    half = int(np.ceil(window / step))
    x = step * np.arange(-half, half + 1)
    return np.asarray(x), step / _SQRT_2PI * np.exp(-0.5 * x * x)


def _coefficients(values: Array) -> Array:
    """Chebyshev coefficients from values at the extrema -cos(π j / n), j = 0 ... n."""
    n = values.size - 1
    coefficients = fft.dct(values[::-1], type=1) / n
    coefficients[[0, -1]] *= 0.5
    return np.asarray(coefficients)
