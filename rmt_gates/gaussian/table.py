"""One Gaussian average as a function of the variance, tabulated for evaluation by the million.

For a fixed integrand f and mean m, log E f(m + √V x) is a smooth function of V with structure at
every scale from V ~ 1 (the width of f) to V ~ 1e16 (f is a step). It is interpolated on [0, v0] by
a polynomial in V, and beyond on octaves [v0 2^k, v0 2^(k+1)], each cut into 1, 2, 4, ... equal
parts until the Chebyshev coefficients have decayed to rounding. Octaves are tabulated once a
variance asks for them.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from .expectation import Integrand, expect
from .mesh import Array

LARGEST_VARIANCE = 1e16
LARGEST_MEAN = 50.0
_TERMS = 20
_TOLERANCE = 3e-15
_MOST_PARTS = 256
_SMALLEST = 1e-290
_SMALLEST_AT_WALL = 1e-20
_CHUNK = 1 << 15

_NODES = chebyshev.chebpts1(_TERMS)
_TO_COEFFICIENTS = np.linalg.inv(chebyshev.chebvander(_NODES, _TERMS - 1))
_EXTREMA = chebyshev.chebpts2(_TERMS)
_FROM_EXTREMA = np.linalg.inv(chebyshev.chebvander(_EXTREMA, _TERMS - 1))
_TO_MONOMIALS = np.zeros((_TERMS, _TERMS))
for _k in range(_TERMS):
    _TO_MONOMIALS[: _k + 1, _k] = chebyshev.cheb2poly(np.eye(_TERMS)[_k])[: _k + 1]


class LogExpectation:
    """The function V -> log E f(m + √V x), or log(E f / V), on 0 ≤ V ≤ 1e16.

    integrand : f ≥ 0
    mean : m, |m| ≤ 50
    per_variance : tabulate log(E f / V) instead, which is regular at V = 0 where f(m) = 0 with f
        quadratic there (φ² at m = 0)

    Absolute error 2e-14 max(1, |log E f|). Where E f is below 1e-290 (the indicator φ'² of the
    hard tanh, |m| > 1 and small V) the value is -inf and the slope NaN.
    """

    def __init__(self, integrand: Integrand, mean: float, per_variance: bool = False) -> None:
        if not abs(mean) <= LARGEST_MEAN:
            raise ValueError(f"mean must lie within -50 and 50, got {mean:g}")
        self.integrand, self.mean, self.per_variance = integrand, float(mean), per_variance
        self._center, smallest = self.mean, _SMALLEST
        if integrand.has_wall:
            # m + √V x must resolve the distance to the jump in double precision.
            jump, smallest = float(np.copysign(1.0, mean)), _SMALLEST_AT_WALL
            self._center = jump if abs(mean - jump) < 1e-8 else self.mean
        vanishes = expect(integrand, self._center, smallest) < 2 * _SMALLEST
        if per_variance and not (vanishes and expect(integrand, self.mean, _SMALLEST) > 0):
            raise ValueError(
                f"per_variance needs E f to vanish like the variance: {integrand.name} at "
                f"mean {mean:g} does not"
            )
        self._pieces: list[Array] = []  # monomials (terms, panels) of [0, v0], then of the octaves
        self._growing = Lock()
        if vanishes and not per_variance:
            self._start, self._starts_at_zero = self._onset(), True
            self._pieces.append(np.zeros((_TERMS, 1)))
        else:
            self._start, first = self._first_panel()
            self._starts_at_zero = False
            self._pieces.append(_horner(first))
        self._tabulate(0)

    def __repr__(self) -> str:
        kind = ", per_variance=True" if self.per_variance else ""
        return f"LogExpectation({self.integrand.name}, mean={self.mean:g}{kind})"

    def __call__(self, variance: ArrayLike) -> Any:
        """log E f(m + √variance x), elementwise (log(E f / variance) with `per_variance`)."""
        return self._evaluate(variance, slope=False)

    def slope(self, variance: ArrayLike) -> Any:
        """d log E f / d log V at V = `variance` (of log(E f / V) with `per_variance`).

        It vanishes like V as V -> 0, with an error small relative to itself.
        """
        return self._evaluate(variance, slope=True)

    def _average(self, variance: Array) -> Array:
        """E f, or E f / V, by quadrature."""
        average = np.asarray(expect(self.integrand, self._center, variance))
        return average / variance if self.per_variance else average

    def _exact(self, variance: Array) -> Array:
        """The tabulated function from its definition."""
        return np.asarray(np.log(self._average(variance)))

    def _onset(self) -> float:
        """The variance where E f has risen to 1e-290 from an essential zero, to a relative 1e-6."""
        low, high = -24.0, 16.0
        if expect(self.integrand, self._center, 10.0**low) > _SMALLEST:
            raise ValueError(
                f"{self.integrand.name} vanishes at mean {self.mean:g} and its average like a "
                "power of the variance: use per_variance"
            )
        while high - low > 4e-7:
            middle = 0.5 * (low + high)
            above = expect(self.integrand, self._center, 10.0**middle) > _SMALLEST
            low, high = (low, middle) if above else (middle, high)
        return 10.0**high

    def _first_panel(self) -> tuple[float, Array]:
        """The largest [0, v0] on which a polynomial in V will do, and its coefficients (1, n).

        The difference from the value at V = 0 is interpolated, at points that include V = 0, so
        that the slope inherits no rounding error of that value. Kinks at a distance d from the mean
        contribute e^{-d²/2V}, which has no Taylor series: they are kept below rounding.
        """
        floor = _SMALLEST_AT_WALL if self.integrand.has_wall else 1e-30
        v0 = 0.2
        for kink in self.integrand.kinks:
            v0 = min(v0, max((kink - self._center) ** 2 / 80, floor))
        if self.integrand.has_wall:
            # All but 1e-17 of the distribution is on one plateau, or half of it at a jump.
            return v0, np.pad(self._exact(np.array([[v0]])), [(0, 0), (0, _TERMS - 1)])
        while v0 >= floor:
            v = 0.5 * v0 * (1 + _EXTREMA)
            v[0] = 1e-20 * v0
            average = self._average(v)
            origin = np.log(average[0])
            values = np.log(average / average[0])[None, :]
            coefficients, decayed = _decay(values @ _FROM_EXTREMA.T, max(1.0, abs(origin)))
            if decayed.all():
                coefficients[0, 0] += origin
                return v0, coefficients
            v0 *= 0.5
        raise RuntimeError(f"{self!r}: no polynomial in the variance near 0")

    def _tabulate(self, octaves: int) -> None:
        """Let the table cover this many octaves above v0."""
        with self._growing:  # the table is shared by threads
            for k in range(len(self._pieces) - 1, octaves):
                self._pieces.append(_horner(self._octave(k)))
            self._table = _Table.of(self._pieces, self._starts_at_zero)

    def _octave(self, k: int) -> Array:
        """Coefficients of its panels; computed alone, so that no digit depends on what else is."""
        low, parts = self._start * 2.0**k, 1
        while parts <= _MOST_PARTS:
            edges = low * (1 + np.arange(parts + 1) / parts)
            coefficients, decayed = _interpolate(self._exact, edges[:-1], edges[1:])
            if decayed.all():
                return coefficients
            parts *= 2
        raise RuntimeError(
            f"{self!r}: not resolved by {_MOST_PARTS} panels in the octave above V = {low:g}"
        )

    def _evaluate(self, variance: ArrayLike, slope: bool) -> Any:
        v = np.asarray(variance, float)
        flat = v.ravel()
        result = np.empty_like(flat)
        for begin in range(0, flat.size, _CHUNK):
            part = slice(begin, begin + _CHUNK)
            result[part] = self._evaluate_chunk(flat[part], slope)
        return float(result[0]) if v.shape == () else result.reshape(v.shape)

    def _evaluate_chunk(self, v: Array, slope: bool) -> Array:
        """Horner's rule in the local variable of each point's panel."""
        if np.isnan(v.max()):
            result, given = np.full(v.shape, np.nan), ~np.isnan(v)
            if given.any():
                result[given] = self._evaluate_chunk(v[given], slope)
            return result
        if v.min() < 0 or v.max() > LARGEST_VARIANCE:
            raise ValueError(
                f"variance must lie within 0 and {LARGEST_VARIANCE:g}, "
                f"got {v.min():g} to {v.max():g}"
            )
        mantissa, octave = np.frexp(v * (1 / self._start))
        beyond = octave > 0
        octave = np.maximum(octave, 0)
        highest = int(octave.max())
        if highest >= len(self._table.parts):
            self._tabulate(highest)
        table = self._table
        rows = table.slopes if slope else table.values
        parts = table.parts[octave]
        position = np.where(beyond, 2 * mantissa, v * (1 / self._start))
        local = parts * (position - beyond)
        part = local.astype(np.intp)
        np.minimum(part, np.where(beyond, parts, 1).astype(np.intp) - 1, out=part)
        panel = table.offsets[octave] + part
        local -= part
        local *= 2
        local -= 1
        result = rows[-1].take(panel)
        coefficient = np.empty_like(result)
        for row in rows[-2::-1]:
            result *= local
            result += row.take(panel, out=coefficient, mode="clip")
        if slope:
            result *= 2 * parts * position
        return result


class _Table(NamedTuple):
    """All panels in a row: monomial coefficients (terms, panels) of the values and their slopes.

    ``parts``, ``offsets`` : how many panels [0, v0] and every octave has, and which is its first.
    """

    values: Array
    slopes: Array
    parts: Array
    offsets: NDArray[np.int_]

    @classmethod
    def of(cls, pieces: list[Array], starts_at_zero: bool) -> _Table:
        """The panels of all pieces; ``starts_at_zero`` : E f is 0 on the first."""
        sizes = np.array([piece.shape[1] for piece in pieces])
        values = np.ascontiguousarray(np.concatenate(pieces, axis=1))
        slopes = np.ascontiguousarray(values[1:] * np.arange(1, _TERMS)[:, None])
        if starts_at_zero:  # E f is 0 below v0
            values[0, 0] = -np.inf
            slopes[:, 0] = np.nan
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return cls(values, slopes, sizes.astype(float), offsets)


@lru_cache(maxsize=4096)
def log_expectation(
    integrand: Integrand, mean: float, per_variance: bool = False
) -> LogExpectation:
    """The table of `LogExpectation(integrand, mean, per_variance)`, kept for the next request."""
    return LogExpectation(integrand, mean, per_variance)


def _interpolate(exact: Any, low: Array, high: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Chebyshev coefficients (panels, terms) of `exact` on each [low, high]; have they decayed?"""
    v = low[:, None] + np.multiply.outer(0.5 * (high - low), 1 + _NODES)
    values = exact(v)
    size = np.maximum(1.0, np.abs(values).max(axis=1, keepdims=True))
    return _decay(values @ _TO_COEFFICIENTS.T, size)


def _decay(coefficients: Array, size: float | Array) -> tuple[Array, NDArray[np.bool_]]:
    """Are the last two of each row below 3e-15 times `size`?

    Coefficients at the end that are below rounding are set to 0: a derivative would magnify them.
    """
    decayed = (np.abs(coefficients[:, -2:]) < _TOLERANCE * size).all(axis=1)
    noise = np.abs(coefficients) < 2e-16 * size
    tail = np.logical_and.accumulate(noise[:, ::-1], axis=1)[:, ::-1]
    return np.where(tail, 0.0, coefficients), np.asarray(decayed)


def _horner(coefficients: Array) -> Array:
    """Monomial coefficients (terms, panels) from Chebyshev coefficients (panels, terms)."""
    return np.asarray((coefficients @ _TO_MONOMIALS.T).T)
