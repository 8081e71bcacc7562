"""E[φ(y)φ(y')] at two times, y = σ(ξ) u + b, from the autocorrelation of h.

(ξ, ξ') and (u, u') have covariances a_r² c + v_r and a_h² c + v_u with c = C_h(k), and b is static:
given C_h(0), one function of c. Given (r, r') the pair (y, y') is Gaussian, and its average is
smooth in r and r': polynomials through it leave averages over (ξ, ξ') of a few products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy import fft

from rmt_gates.gaussian.gate_polynomials import GatePolynomials
from rmt_gates.gaussian.pair_matrix import PairMatrix

COVARIANCES = (5, 9, 17, 33, 65, 129, 257)
# Kinks leave |r − r'|³ in the average given (r, r') and (C_h(0) − c)^{3/2} in the result. Sizes
# that do not adapt keep the result a smooth function of C_h(0), as solvers need it.
KINKED_POLYNOMIALS = 48
MOST_POLYNOMIALS = 150


def reset_kernel(model: Any, C: np.ndarray, tolerance: float) -> np.ndarray:
    """E[φ(y_0)φ(y_k)] for the autocorrelation C of h, lag 0 first.

    Chebyshev interpolation in t, where c = ±C_h(0) cos δ and δ = w sinh t, w = 1/√Var: a sharp gate
    makes the result linear in the angle δ, except within w of the end δ = 0 (as in `pair_map`).
    """
    variance = float(C[0])
    if variance <= 0:
        return np.full(C.shape, model.fixed_point_map(0.0))
    pair = PairAverage(model, variance, tolerance)
    scale = float(model.fixed_point_map(variance))
    width = max(1.0, pair.spread) ** -0.5
    gap = np.clip((variance - np.abs(C)) / variance, 0.0, 1.0)
    t = np.arcsinh(2 * np.arcsin(np.sqrt(0.5 * gap)) / width)
    sizes: tuple[int, ...] = COVARIANCES
    if model.phi.kinks:
        fewest = max(17, 4 * np.arcsinh(0.5 * np.pi / width))
        sizes = tuple(n for n in COVARIANCES if n >= fewest)[:1]
    result = np.empty(C.shape)
    for sign in (1, -1):
        chosen = (C < 0) == (sign < 0)
        if chosen.any():

            def at(t: np.ndarray, sign: int = sign) -> np.ndarray:
                return pair(sign * variance * np.cos(width * np.sinh(t)))

            result[chosen] = interpolated(at, t[chosen], 2 * tolerance * scale, sizes)
    return result


class PairAverage:
    """c → E[φ(y)φ(y')], |c| ≤ C_h(0), to a relative tolerance."""

    def __init__(self, model: Any, variance: float, tolerance: float) -> None:
        self.model = model
        gate = model.a_r**2 * variance + model.v_r
        drive = model.a_h**2 * variance + model.v_u
        self.spread = gate + drive
        kappa = 1 + 2 * np.sqrt(drive) + 2 * abs(model.b_u)
        size = KINKED_POLYNOMIALS if model.phi.kinks else int(-0.9 * np.log(tolerance))
        size = size if gate > 0 else 1
        while True:
            self.gate = GatePolynomials(model.b_r, gate, size, tolerance, kappa)
            r = self.gate.nodes
            mean, var = r * model.b_u + model.b_h, r * r * drive + model.v_h
            self.given_gates = PairMatrix(model.phi, mean, var, tolerance)
            self.products = np.multiply.outer(r, r)
            if gate == 0 or model.phi.kinks or self._resolved(drive, tolerance):
                break
            size += size // 2
            if size > MOST_POLYNOMIALS:
                raise RuntimeError(f"{model!r}: not resolved by {size} polynomials in r")

    def _resolved(self, drive: float, tolerance: float) -> bool:
        """Have the coefficients at lag 0, where they are largest, decayed to the tolerance?"""
        at_zero = self.given_gates(self.products * drive + self.model.v_h)
        coefficients = np.abs(self.gate.coefficients(at_zero))
        return bool(coefficients[-2:].max() <= tolerance * coefficients.max())

    def __call__(self, c: np.ndarray) -> np.ndarray:
        model = self.model
        drive = (model.a_h**2 * c + model.v_u)[:, None, None]
        given_gates = self.gate.coefficients(self.given_gates(self.products * drive + model.v_h))
        gates = np.array([self.gate.pair(w) for w in model.a_r**2 * c + model.v_r])
        return np.asarray(np.einsum("ckl,ckl->c", gates, given_gates))


def interpolated(
    function: Callable[[np.ndarray], np.ndarray],
    t: np.ndarray,
    tolerance: float,
    sizes: tuple[int, ...],
) -> np.ndarray:
    """A smooth function at many t, from its values at nested Chebyshev points between them."""
    low, high = float(t.min()), float(t.max())
    if low == high:
        return np.full(t.shape, function(np.array([low]))[0])
    values = np.empty(0)
    for size in sizes:
        points = low + (high - low) * (0.5 - 0.5 * np.cos(np.pi * np.arange(size) / (size - 1)))
        if values.size:
            finer = np.empty(size)
            finer[::2], finer[1::2] = values, function(points[1::2])
            values = finer
        else:
            values = function(points)
        coefficients = fft.dct(values[::-1], type=1) / (size - 1)
        coefficients[[0, -1]] *= 0.5
        if np.abs(coefficients[-max(2, size // 8) :]).max() <= tolerance:
            break
    return np.asarray(chebyshev.chebval((2 * t - low - high) / (high - low), coefficients))
