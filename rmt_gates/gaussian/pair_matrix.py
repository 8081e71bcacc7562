"""E φ(y_k) φ(y_l') for Gaussian variables of many means and variances, as matrices in (k, l).

Three formulas, with ρ the correlation of y_k and y_l':

* Mehler's, for a smooth φ at variances that are not large: with the Hermite coefficients
  a_n(k) = E φ(m_k + √V_k x) h_n(x), it is Σ_n ρⁿ a_n(k) a_n(l), of a length that grows as V.
* tanh at larger variances is a mixture of steps: the logistic law is a Gaussian whose standard
  deviation is twice a Kolmogorov variable λ (Andrews & Mallows 1974), so that
  tanh y = E sgn(y + λx). Averages of two signs are orthant probabilities: (2/π) arcsin ρ at
  means 0, otherwise by Owen's T function.
* The hard tanh is a difference of ramps, clip(y) = (y+1)₊ − (y−1)₊ − 1, whose averages are
  closed forms with Owen's T.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, owens_t

from .activations import Activation
from .mesh import Array
from .price import digits, trapezoid_rule, window

# Beyond it the series is slower than the signs: at means 0, and at others, where signs cost more.
LARGEST_SMOOTH_VARIANCE = {True: 25.0, False: 100.0}
_BLOCK = 64
_CHUNK = 1 << 16
_SQRT_2PI = float(np.sqrt(2 * np.pi))
_TINY = 1e-300
_NARROW = 1e-100  # as good as 0, and its inverse has a square

Index = NDArray[np.intp]
# Indices k, l, correlations ρ and 1 − |ρ| -> averages
Rule = Callable[[Index, Index, Array, Array], Array]


class PairMatrix:
    """The matrices E φ(y_k) φ(y_l') as functions of the covariances of y_k and y_l'.

    activation : φ
    mean, variance : (n,) of y_k, and of y_k', which has the same law
    tolerance : absolute error in units of the largest E φ(y_k)²; not below 1e-14, and for the hard
        tanh of the order of the rounding of the largest variance whatever it is

    Examples
    --------
    >>> import numpy as np
    >>> from rmt_gates.gaussian import TANH
    >>> average = PairMatrix(TANH, np.zeros(2), np.array([1.0, 4.0]), 1e-10)
    >>> average(np.array([[0.5, 1.0], [1.0, 2.0]])).round(6)
    array([[0.186324, 0.22588 ],
           [0.22588 , 0.274638]])
    """

    def __init__(
        self, activation: Activation, mean: ArrayLike, variance: ArrayLike, tolerance: float
    ) -> None:
        self.phi = activation.phi
        self.mean, self.variance = np.asarray(mean, float), np.asarray(variance, float)
        self.deviation = np.sqrt(self.variance)
        self.tolerance = tolerance
        self.rule: Rule
        if activation.kinks:
            self.rule = self._ramps
        elif self.variance.max() <= LARGEST_SMOOTH_VARIANCE[not np.any(self.mean)]:
            self.rule, self.coefficients = self._mehler, self._hermite_coefficients()
        else:
            self.rule, (self.scales, self.shares) = self._signs, kolmogorov_rule(tolerance)

    def __call__(self, covariance: ArrayLike) -> Array:
        """(..., n, n) averages from symmetric covariances of that shape."""
        covariance = np.asarray(covariance, float)
        first, second = np.triu_indices(self.mean.size)
        covariance = covariance[..., first, second]
        bound = np.maximum(np.sqrt(self.variance[first] * self.variance[second]), _TINY)
        rho = np.clip(covariance / bound, -1.0, 1.0)
        gap = np.maximum(bound - np.abs(covariance), 0.0) / bound
        values = self.rule(first, second, rho, gap)
        result = np.empty((*rho.shape[:-1], self.mean.size, self.mean.size))
        result[..., first, second] = result[..., second, first] = values
        return result

    # -- Mehler -------------------------------------------------------------------------------
    def _mehler(self, first: Index, second: Index, rho: Array, gap: Array) -> Array:
        odd = not np.any(self.mean)
        power, series = (rho**2, self.coefficients[1::2]) if odd else (rho, self.coefficients)
        total = np.zeros_like(rho)
        for a in series[::-1]:
            total *= power
            total += a[first] * a[second]
        return total * rho if odd else total

    def _hermite_coefficients(self) -> Array:
        """a_n(k) as (terms, n), until Σ a_n² has exhausted E φ²."""
        # Against h_n √density, which is bounded, the rule needs √2 windows, and twice the digits
        # to tell the oscillations of h_n from those of φ up to the degree where a_n has decayed.
        strip = 0.5 * np.pi / max(float(self.deviation.max()), 1.0)
        reach = np.sqrt(2.0) * window(self.tolerance)
        x, w = trapezoid_rule(reach, strip, 2 * digits(self.tolerance))
        values = self.phi(self.mean + np.multiply.outer(x, self.deviation))
        values *= np.sqrt(w)[:, None]
        left = np.sum(values**2, axis=0)
        enough = 0.2 * self.tolerance * left.max()
        blocks: list[Array] = []
        before, now = np.zeros_like(x), np.sqrt(w)
        while np.any(left > enough):
            block = np.empty((_BLOCK, x.size))
            for n, row in enumerate(block, start=_BLOCK * len(blocks)):
                row[:] = now
                before, now = now, (x * now - np.sqrt(n) * before) / np.sqrt(n + 1)
            blocks.append(block @ values)
            left = left - np.sum(blocks[-1] ** 2, axis=0)
        return np.concatenate(blocks) if blocks else np.zeros((1, self.mean.size))

    # -- a mixture of signs -------------------------------------------------------------------
    def _signs(self, first: Index, second: Index, rho: Array, gap: Array) -> Array:
        """Σ_ij p_i p_j E sgn(y_k + λ_i x) sgn(y_l' + λ_j x')."""
        wide = np.hypot(self.deviation[:, None], self.scales)  # (n, λ)
        shrink, threshold = self.deviation[:, None] / wide, -self.mean[:, None] / wide
        result = np.empty(rho.shape)
        rows = max(1, _CHUNK * first.size // (rho.size * self.scales.size**2))
        for begin in range(0, first.size, rows):
            part = slice(begin, begin + rows)
            k, l = first[part], second[part]
            correlation = shrink[k][:, :, None] * shrink[l][:, None, :]
            correlation = rho[..., part, None, None] * correlation
            if np.any(self.mean):
                average = _two_signs(
                    threshold[k][:, :, None], threshold[l][:, None, :], correlation
                )
            else:
                average = np.arcsin(correlation) * (2 / np.pi)
            result[..., part] = (average @ self.shares) @ self.shares
        return result

    # -- the hard tanh ------------------------------------------------------------------------
    def _ramps(self, first: Index, second: Index, rho: Array, gap: Array) -> Array:
        """Four averages of two ramps (x − h)₊, h = (±1 − m)/√V, and the means of single ones."""
        deviation = np.maximum(self.deviation, _NARROW)
        h = {kink: (kink - self.mean) / deviation for kink in (-1, 1)}
        mean = deviation * (_ramp(h[-1]) - _ramp(h[1]))  # E clip(y) + 1
        total = np.zeros_like(rho)
        for i in h:
            for j in h:
                total += i * j * _two_ramps(h[i][first], h[j][second], rho, gap)
        total *= deviation[first] * deviation[second]
        return total + 1 - mean[first] - mean[second]


def kolmogorov_rule(tolerance: float) -> tuple[Array, Array]:
    """λ_i and p_i with tanh y = Σ p_i E sgn(y + λ_i x) to a relative error ``tolerance``.

    The trapezoidal rule in log λ, whose error is e^{−2πd/h} for the strip d = π/4.
    """
    step = 4.75 / (5.65 - np.log(tolerance))
    scales = np.exp(np.arange(np.log(0.15), np.log(5.0), step))
    shares = step * scales * _kolmogorov_density(scales)
    kept = shares > 1e-3 * tolerance
    return scales[kept], shares[kept]


def _kolmogorov_density(x: Array) -> Array:
    """8x Σ_j (−1)^{j−1} j² e^{−2j²x²}, or its theta transform, which converges for small x."""
    j = np.arange(1, 12)[:, None]
    large = 8 * x * np.sum((-1.0) ** (j - 1) * j**2 * np.exp(-2 * (j * x) ** 2), axis=0)
    a = (np.pi * (j - 0.5)) ** 2 / 2
    small = _SQRT_2PI * np.sum(np.exp(-a / x**2) * (2 * a / x**4 - 1 / x**2), axis=0)
    return np.asarray(np.where(x < 1, small, large))


def _two_signs(h: Array, k: Array, rho: Array) -> Array:
    """E sgn(x − h) sgn(y − k) for standard x, y of correlation ρ."""
    return 1 - 2 * ndtr(-h) - 2 * ndtr(-k) + 4 * _both_above(h, k, rho, 1 - np.abs(rho))


def _two_ramps(h: Array, k: Array, rho: Array, gap: Array) -> Array:
    """E (x − h)₊ (y − k)₊ for standard x, y of correlation ρ."""
    along, across, rest = _conditional(h, k, rho, gap)
    density_h, density_k = _density(h), _density(k)
    edges = k * density_h * ndtr(-along) + h * density_k * ndtr(-across)
    corner = rest * density_h * _density(along)
    return (rho + h * k) * _both_above(h, k, rho, gap) - edges + corner


def _both_above(h: Array, k: Array, rho: Array, gap: Array) -> Array:
    """P(x > h, y > k), by Owen's T."""
    h, k = (np.where(x == 0, _TINY, x) for x in (h, k))
    along, across, _ = _conditional(h, k, rho, gap)
    with np.errstate(over="ignore"):
        both = 0.5 * (ndtr(-h) + ndtr(-k)) - owens_t(h, along / h) - owens_t(k, across / k)
    return np.asarray(both - 0.5 * (np.signbit(h) != np.signbit(k)))


def _conditional(h: Array, k: Array, rho: Array, gap: Array) -> tuple[Array, Array, Array]:
    """(k − ρh)/√(1−ρ²), (h − ρk)/√(1−ρ²) and √(1−ρ²), accurate for 1 − |ρ| → 0."""
    sign = np.where(rho < 0, -1.0, 1.0)
    rest = np.sqrt(np.maximum(gap * (2 - gap), 1e-32))
    along = (k - sign * h + sign * gap * h) / rest
    across = (h - sign * k + sign * gap * k) / rest
    return along, across, rest


def _ramp(h: Array) -> Array:
    """E (x − h)₊."""
    return np.asarray(_density(h) - h * ndtr(-h))


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-0.5 * x * x) / _SQRT_2PI)
