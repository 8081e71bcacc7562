"""Averages of a non-linearity over one Gaussian variable, E f(m + √V x) with x ~ N(0, 1).

The functions of a gated unit are analytic in a strip of width O(1) around the real axis (or have
kinks at ±1), while V runs over many decades: a sharp gate σ(1e3 x) is a step. In the variable x the
structure of f sits at x = -m/√V with width 1/√V, so panels graded geometrically around that point
resolve it at a cost that grows as log V. Where f is exponentially small, the integral comes from
the saddle of e^{-x²/2} f(m + √V x), which may lie many standard deviations away: the window of
integration is centred there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activations import Activation, sigmoid, sigmoid_prime
from .mesh import Array, graded_points, panel_nodes

WINDOW = 9.0
FAR = 1e3
# Break points around the peak. At a wall (the indicator φ' of the hard tanh, far from the mean)
# the integrand falls like e^{-36 x} and asks for narrow panels; elsewhere it is like e^{-x²/2}.
_OFFSETS = np.linspace(-WINDOW, WINDOW, 13)
_WALL_OFFSETS = np.array([0.35, 0.8, 1.4, 2.2, 3.2, 4.4, 5.8, 7.3, WINDOW])
_WALL_OFFSETS = np.concatenate([-_WALL_OFFSETS[::-1], [0.0], _WALL_OFFSETS])
_CHUNK_NODES = 1 << 14
_SQRT_2PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class Integrand:
    """A function f of one Gaussian variable, with what is needed to integrate it.

    name : how it is called in messages
    function : y -> f(y), elementwise
    log_slope : y -> d/dy log f(y), a decreasing function (f is log-concave); None where f is
        nowhere exponentially small, so that the integral comes from |x| of order one
    kinks : the arguments where f or its derivative jumps (a subset of {-1, 1})
    strip : distance of the poles of f from the real axis
    """

    name: str
    function: Callable[[Any], Any]
    log_slope: Callable[[Any], Any] | None = None
    kinks: tuple[float, ...] = ()
    strip: float = 0.5 * np.pi

    @property
    def has_wall(self) -> bool:
        """Whether f jumps to 0 at its kinks, as the indicator φ' of the hard tanh does."""
        return bool(self.kinks) and self.log_slope is not None

    def __repr__(self) -> str:
        return f"Integrand({self.name!r})"


SIGMOID = Integrand("sigmoid", sigmoid, lambda y: sigmoid(-y), strip=np.pi)
SIGMOID_SQUARED = Integrand(
    "sigmoid^2", lambda y: sigmoid(y) ** 2, lambda y: 2 * sigmoid(-y), strip=np.pi
)
SIGMOID_PRIME_SQUARED = Integrand(
    "sigmoid'^2", lambda y: sigmoid_prime(y) ** 2, lambda y: -2 * np.tanh(y / 2), strip=np.pi
)


@cache
def phi(activation: Activation) -> Integrand:
    """φ itself; odd, so near m = 0 its average is accurate absolutely (to 1e-15) only."""
    return Integrand(activation.name, activation.phi, None, activation.kinks)


@cache
def phi_squared(activation: Activation) -> Integrand:
    """φ²."""
    return Integrand(
        f"{activation.name}^2", lambda y: activation.phi(y) ** 2, None, activation.kinks
    )


@cache
def dphi(activation: Activation) -> Integrand:
    """φ'."""
    slope = _slope_of_log_derivative(activation, 1)
    return Integrand(f"{activation.name}'", activation.dphi, slope, activation.kinks)


@cache
def dphi_squared(activation: Activation) -> Integrand:
    """φ'²."""
    slope = _slope_of_log_derivative(activation, 2)
    return Integrand(
        f"{activation.name}'^2", lambda y: activation.dphi(y) ** 2, slope, activation.kinks
    )


def _slope_of_log_derivative(activation: Activation, power: int) -> Callable[[Any], Any]:
    """d/dy log φ'^power: -2 tanh y a power, or a wall at ±1 where φ' is the indicator |y| < 1."""
    if activation.kinks:
        return lambda y: np.where(np.abs(y) <= 1, 0.0, np.copysign(np.inf, -y))
    return lambda y: -2 * power * np.tanh(y)


def expect(integrand: Integrand, mean: ArrayLike, variance: ArrayLike) -> Any:
    """E f(mean + √variance x), x ~ N(0, 1), to a relative error of 1e-12.

    mean, variance : numbers or arrays that broadcast; variance 0 gives f(mean), NaN gives NaN, a
        negative variance raises ValueError. Tested for √variance in 1e-6 ... 1e6 and |mean| ≤ 1000
        wherever the result exceeds 1e-290; below, it may underflow to 0.
    Returns a float for two numbers, otherwise an array of the broadcast shape.

    The cost grows as the logarithm of the largest √variance.
    """
    m, v = np.broadcast_arrays(np.asarray(mean, float), np.asarray(variance, float))
    if np.any(v < 0):
        raise ValueError(f"variance must not be negative, got {np.nanmin(v):g}")
    shape = m.shape
    m, s = m.ravel(), np.sqrt(v.ravel())
    result = np.array(integrand.function(m), float) + 0 * s
    random = np.flatnonzero((s > 0) & np.isfinite(m) & np.isfinite(s))
    random = random[np.argsort(s[random], kind="stable")]
    while random.size:
        # The largest scales first: each chunk is graded for its own largest one.
        points = graded_points(float(s[random[-1]]))
        rows = max(1, _CHUNK_NODES // (16 * (points.size + _OFFSETS.size)))
        chunk, random = random[-rows:], random[:-rows]
        result[chunk] = _integrate(integrand, m[chunk], s[chunk], points)
    return float(result[0]) if shape == () else result.reshape(shape)


def _integrate(integrand: Integrand, m: Array, s: Array, points: Array) -> Array:
    """The composite rule for arrays m and s > 0 of shape (n,), graded at y in `points`."""
    center = peak(integrand, m, s)[:, None]
    m, s = m[:, None], s[:, None]
    with np.errstate(over="ignore"):
        images = (points - m) / s
    images = np.clip(images, center - WINDOW, center + WINDOW)
    offsets = _WALL_OFFSETS if integrand.has_wall else _OFFSETS
    breaks = np.sort(np.concatenate([center + offsets, images], axis=1), axis=1)
    x, w = panel_nodes(breaks)
    y = m + s * x
    w *= np.exp(-0.5 * x * x)
    w *= integrand.function(y)
    return w.sum(axis=1) / _SQRT_2PI


def peak(integrand: Integrand, m: Array, s: Array, power: float = 1.0) -> Array:
    """Where e^{-x²/2} f(m + s x)^p is largest, to 0.05: the root of x = p s (log f)'(m + s x).

    The root is unique because f is log-concave. It lies between 0 and p s (log f)'(m), and no
    further than where |m + s x| - |m| = 40, beyond which the slope of log f is negligible, or
    than FAR, where e^{-x²/2} is 0 in floating point.
    By strong log-concavity all but 1e-17 of the integral lies within 9 of it.
    """
    if integrand.log_slope is None:
        return np.zeros_like(m)
    slope = integrand.log_slope(m)
    sign = np.sign(slope)
    low = np.zeros_like(m)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        high = np.minimum(power * s * np.abs(slope), np.minimum((np.abs(m) + 40) / s, FAR))
        high[np.isnan(high)] = 0.0
        while np.max(high - low, initial=0.0) > 0.05:
            x = 0.5 * (low + high)
            beyond = x > power * s * sign * integrand.log_slope(m + s * sign * x)
            low, high = np.where(beyond, low, x), np.where(beyond, x, high)
    return sign * 0.5 * (low + high)
