"""The average E f(y1) f(y2) as a function of the covariance of y1 and y2.

An autocovariance C(τ) of a unit's input is mapped to that of a function of the input lag by lag,
always at the same mean m and variance V. As a function of the angle θ = arcsin(C/V) the map is
exactly linear where f is a step (the arcsin law); a smoother f rounds it off within δ ~ 1/√V of
the ends θ = ±π/2. It is interpolated by Chebyshev polynomials in t, with the distance to the end

    δ = π/2 - |θ| = w sinh(A t),    A = asinh(π/2w),    0 ≤ t ≤ 1,    w = min(1, 1/√V),

for c ≥ 0 and c ≤ 0 separately; their number grows as log V. For a step f (σ or φ at large V, or the
hard tanh) it is the map of f' that is computed, and integrated over c (see `price`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy import fft

from .expectation import Integrand, expect, peak
from .mesh import Array
from .pair import expect_pair
from .price import SLOPE, Rule, digits, pair_of_bumps, trapezoid_rule, window

_SIZES = (9, 17, 33, 65, 129, 257)
_TOLERANCES = (1e-13, 1e-3)
_LARGEST_SMOOTH_SCALE = 30.0
_LARGEST_REACH = 8.0
_NEAR_END = 0.02
_NEAREST = 1e-4
_END_NODES, _END_WEIGHTS = np.polynomial.legendre.leggauss(4)


class CovarianceMap:
    """The function c -> E f(y1) f(y2), y1 and y2 Gaussian of mean m, variance V, covariance c.

    f : an Integrand (φ or σ, for instance)
    mean, variance : m and V > 0
    positive : True if only c ≥ 0 will be asked for, which halves the work
    tolerance : between 1e-13 and 1e-3; quadrature and interpolation cost the less the larger it is

    Absolute error: `tolerance` E f² (at least 1e-12 E f², for rounding) for σ and φ, some ten times
    as much for their slopes. The degree is doubled until the last coefficients are below the
    tolerance (RuntimeError if 257 polynomials are not enough).
    """

    def __init__(
        self,
        f: Integrand,
        mean: float,
        variance: float,
        *,
        positive: bool = False,
        tolerance: float = 1e-13,
    ) -> None:
        if not (variance > 0 and np.isfinite(variance)):
            raise ValueError(f"variance must be positive and finite, got {variance:g}")
        if not np.isfinite(mean):
            raise ValueError(f"mean must be finite, got {mean:g}")
        if not _TOLERANCES[0] <= tolerance <= _TOLERANCES[1]:
            raise ValueError(f"tolerance must lie within 1e-13 and 1e-3, got {tolerance:g}")
        self.f, self.mean, self.variance = f, float(mean), float(variance)
        self.positive, self.tolerance = bool(positive), float(tolerance)
        self._width = {sign: self._end_width(sign) for sign in (1, -1)}
        self._stretch = {k: float(np.arcsinh(0.5 * np.pi / w)) for k, w in self._width.items()}
        self._coefficients = self._solve((1,) if positive else (1, -1))
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

    def _evaluate(self, covariance: ArrayLike, rule: Rule) -> Any:
        absolute = np.asarray(covariance, float)
        c = absolute / self.variance
        lowest = 0.0 if self.positive else -1.0
        if np.any(c > 1 + 1e-12) or np.any(c < lowest - 1e-12):
            raise ValueError(
                f"covariance must lie within {lowest * self.variance:g} and {self.variance:g}, "
                f"got {np.nanmin(c) * self.variance:g} to {np.nanmax(c) * self.variance:g}"
            )
        c = np.maximum(c, lowest)
        # 1 - |c|/V would lose the distance from the ends.
        rest = np.clip((self.variance - np.abs(absolute)) / self.variance, 0.0, 1.0)
        distance = 2 * np.arcsin(np.sqrt(0.5 * rest))
        result = np.full(c.shape, np.nan)
        for sign, chosen in ((1, c >= 0), (-1, c < 0)):
            if np.any(chosen):
                t = np.arcsinh(distance[chosen] / self._width[sign]) / self._stretch[sign]
                result[chosen] = rule(sign, t)
        return float(result) if result.ndim == 0 else result

    def _value(self, sign: int, t: Array) -> Array:
        return np.asarray(chebyshev.chebval(2 * t - 1, self._coefficients[sign]))

    def _slope(self, sign: int, t: Array) -> Array:
        """dq/dc = -± (dq/dt) / (V sin δ dδ/dt).

        Near the end, where this is 0/0, dq/dt is the integral of d²q/dt² from the end, at which
        it vanishes.
        """
        per_t = np.asarray(chebyshev.chebval(2 * t - 1, self._first[sign]))
        distance = self._distance(sign, t)
        with np.errstate(divide="ignore"):
            ratio = np.asarray(per_t / np.sin(distance))
        near = t < _NEAR_END
        inner = np.multiply.outer(t[near], 1 + _END_NODES) - 1
        second = chebyshev.chebval(inner, self._second[sign]) @ (0.5 * _END_WEIGHTS)
        # t / sin δ by two quotients that are regular at t = 0.
        z = self._stretch[sign] * t[near]
        rate_at_end = self._width[sign] * self._stretch[sign]
        sinh_quotient = np.where(z > 0, np.sinh(z) / np.where(z > 0, z, 1.0), 1.0)
        sine_quotient = np.sinc(distance[near] / np.pi)
        ratio[near] = second / (rate_at_end * sinh_quotient * sine_quotient)
        return np.asarray(-sign * ratio / (self.variance * self._rate(sign, distance)))

    def _end_width(self, sign: int) -> float:
        """w: 1/√V, or less where c < 0 and the mean is close to a kink at ±1.

        At c = -V, y2 = 2m - y1, and its kinks meet those of y1 if m is 0, 1 or -1.
        """
        nearest = 1.0
        if sign < 0 and self.f.kinks:
            m = abs(self.mean)
            nearest = min([max(d, _NEAREST) for d in (m, abs(m - 1)) if d > 0] + [1.0])
        return float(min(1.0, nearest * self.variance**-0.5))

    def _distance(self, sign: int, t: Array) -> Array:
        """δ(t)."""
        return np.asarray(self._width[sign] * np.sinh(self._stretch[sign] * t))

    def _rate(self, sign: int, distance: Array) -> Array:
        """dδ/dt."""
        return np.asarray(self._stretch[sign] * np.hypot(self._width[sign], distance))

    def _solve(self, signs: tuple[int, ...]) -> dict[int, Array]:
        """The Chebyshev coefficients of q(t) for each sign of c."""
        f, m, v = self.f, self.mean, self.variance
        scale = float(expect(_square(f), m, v))
        slope = pair_of_bumps(SLOPE[f], m, v, self.tolerance) if f in SLOPE else None
        if slope is None:
            rule = pair_of_bumps(f, m, v, self.tolerance)
            rule = rule or (self._trapezoid if self._is_smooth() else self._graded)
            return {sign: self._interpolate(sign, rule, scale) for sign in signs}

        def per_t(sign: int, distance: Array) -> Array:
            """dq/dt = E f' f' dc/dt."""
            per_distance = -sign * v * np.sin(distance) * slope(sign, distance)
            return np.asarray(per_distance * self._rate(sign, distance))

        result: dict[int, Array] = {}
        at_zero = float(expect(f, m, v)) ** 2  # q at c = 0, where t = 1
        for sign in signs:
            derivative = self._interpolate(sign, per_t, scale)
            result[sign] = np.asarray(chebyshev.chebint(derivative, k=[at_zero], lbnd=1, scl=0.5))
        return result

    def _interpolate(self, sign: int, rule: Rule, scale: float) -> Array:
        """Chebyshev coefficients in t of rule(±1, δ), from its values at nested sets of extrema."""
        values = np.empty(0)
        for size in _SIZES:
            t = 0.5 - 0.5 * np.cos(np.pi * np.arange(size) / (size - 1))
            distance = self._distance(sign, t)
            known, values = values, np.empty(size)
            if known.size:
                values[::2] = known
                values[1::2] = rule(sign, distance[1::2])
            else:
                values = rule(sign, distance)
            coefficients = _coefficients(values)
            tail = np.abs(coefficients[-max(2, size // 8) :]).max()
            if tail <= self.tolerance * scale:
                return coefficients
        raise RuntimeError(
            f"CovarianceMap of {self.f.name} at mean {self.mean:g}, variance {self.variance:g}: "
            f"{_SIZES[-1]} polynomials leave {tail / scale:.1e} of E f^2"
        )

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
        """E_u F(u) F(±u) at each angle by trapezoidal sums in u and v (see `expect_pair`)."""
        s, reach = np.sqrt(self.variance), window(self.tolerance) + self._reach()
        result = np.empty(distance.size)
        for k, delta in enumerate(distance):
            along = s * np.sqrt(max(np.cos(delta), 1e-200))
            across = s * np.sqrt(2.0) * max(np.sin(0.5 * delta), 1e-100)
            u, weight_u = trapezoid_rule(reach, self.f.strip / along, digits(self.tolerance))
            v, weight_v = trapezoid_rule(reach, self.f.strip / across, digits(self.tolerance))
            y = (self.mean + along * u)[:, None] + across * v
            inner = self.f.function(y) @ weight_v
            result[k] = weight_u @ (inner * inner[::sign])
        return result


def _square(f: Integrand) -> Integrand:
    """f², for the scale of errors."""
    slope = f.log_slope
    twice = None if slope is None else lambda y: 2 * slope(y)
    return Integrand(f"{f.name}^2", lambda y: f.function(y) ** 2, twice, f.kinks, f.strip)


def _coefficients(values: Array) -> Array:
    """Chebyshev coefficients from values at the extrema -cos(π j / n), j = 0 ... n."""
    n = values.size - 1
    coefficients = fft.dct(values[::-1], type=1) / n
    coefficients[[0, -1]] *= 0.5
    return np.asarray(coefficients)
