"""The self-consistent equation where all weights multiply the same variable (THEORY.md §4.5).

With one distinct row of Ĉ (the LSTM, the GRU with reset after, the GRU with a constant reset gate)
the response of a unit to its inputs is one number, s(λ) = Σ_k a_k² |(ĈX⁻¹B̂)_k|², and

    1 = E[s u],  u = 1/(1+Fs),   G = E[tr(L X⁻¹) + F ∂s u],
    πμ = E[F u² (∂∂̄s + F (s ∂∂̄s − |∂s|²))] + |E[∂s u²]|² / E[s²u²].

Inside the support 0 < F < 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.spectra.criterion import response
from rmt_gates.spectra.holomorphic import CLOSEST
from rmt_gates.spectra.loops import Row
from rmt_gates.spectra.small_matrices import absolute_square
from rmt_gates.unit import Unit

ROUNDS = 60
TOLERANCE = 1e-6  # of the last Newton step: the error is its square


class ScalarDyson:
    """The equation of one sample of units at points λ (points,); the unknown F is (points, 1).

    Parameters
    ----------
    unit : the sample. row : the one distinct row of a feedback loop (`feedback_loops`).
    """

    def __init__(self, unit: Unit, row: Row) -> None:
        gains = unit.model.gains()
        strength = {k: float(gains[k] * factor) ** 2 for k, factor in row}
        poles = unit.model.criterion_poles(unit)
        self._weights = unit.weights
        self._response: PoleResponse | BlockResponse
        if poles is None:
            self._response = BlockResponse(unit, row)
        else:
            first = row[0][0]
            self._response = PoleResponse(
                [
                    (
                        p.pole,
                        sum(
                            strength[l] * p.entries[first, l]
                            for l in strength
                            if (first, l) in p.entries
                        ),
                    )
                    for p in poles
                ]
            )

    def start(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Λ(λ) = E[s], and F = 0, from which Newton's method is safe."""
        root = self._response.s(lam) @ self._weights
        return root, np.zeros((len(lam), 1))

    def approach(self, lam: np.ndarray, F: np.ndarray) -> np.ndarray:
        """F itself: Newton's method needs no better guess."""
        return F

    def scaling(self, ratio: np.ndarray) -> np.ndarray:
        """By how much the unknown grows where F grows by the ratio."""
        return ratio

    def solve(self, lam: np.ndarray, F: np.ndarray) -> np.ndarray:
        """F by Newton's method for 1/E[s/(1+Fs)] = 1; NaN where it does not settle.

        The left-hand side is concave and increasing in F: from the left of the root, the steps
        increase monotonically towards it, and the first from the right leads to its left.
        """
        s = self._response.s(lam)
        F = np.clip(F[:, 0], 0.0, 1.0)
        settled = np.zeros(len(F), bool)
        for _ in range(ROUNDS):
            t = F[:, None] * s
            t += 1
            np.divide(s, t, out=t)
            first = t @ self._weights
            t *= t
            second = t @ self._weights
            step = first * (first - 1) / second
            F = np.clip(F + step, 0.0, 1.0)
            settled = np.abs(step) <= TOLERANCE * F
            if settled.all():
                break
        return np.where(settled, F, np.nan)[:, None]

    def evaluate(self, lam: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """G − E[tr(L X⁻¹)] and μ at solutions F."""
        s, slope, curvature, excess = self._response.derivatives(lam)
        w = self._weights
        u = F * s
        u += 1
        np.divide(1, u, out=u)
        moments = []
        for _ in range(2):  # with u, then with u²
            for part in (*slope, curvature):
                part *= u
            moments.append([part @ w for part in (*slope, curvature)])
        # Σ_j n_j (λ−p_j)*/|λ−p_j|⁴: without an imaginary part of its own it is that of the poles
        (real, *own, mean), (real_2, *own_2, mean_2) = moments
        im, im_2 = (own[0], own_2[0]) if own else (lam.imag * mean, lam.imag * mean_2)
        u *= u
        direct = mean_2
        if excess is not None:
            excess *= u
            direct = direct + F[:, 0] * (excess @ w)
        s *= s
        s *= u
        density = F[:, 0] * direct + (real_2**2 + im_2**2) / (s @ w)
        return F[:, 0] * (real + 1j * im), density / np.pi


class PoleResponse:
    """s(λ) = Σ_j n_j/|λ−p_j|², real n_j and p_j of every unit; p_j = None for a constant n_j."""

    def __init__(self, poles: list[tuple[Any, Any]]) -> None:
        self._poles = [
            (p[:1] if np.all(p == p[0]) else p, n) for p, n in poles if p is not None and np.any(n)
        ]
        self._constant = sum(n for p, n in poles if p is None)

    def _distances(self, lam: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """x − p and 1/|λ−p|² of every pole."""
        x, y_squared = lam.real[:, None], np.maximum(lam.imag[:, None] ** 2, CLOSEST)
        ahead = [x - p for p, _ in self._poles]
        return [(a, 1 / (a * a + y_squared)) for a in ahead]

    def s(self, lam: np.ndarray) -> np.ndarray:
        """s of every unit, (points, units)."""
        total: Any = self._constant
        for (_, distance), (_, n) in zip(self._distances(lam), self._poles, strict=True):
            total = total + n * distance
        return np.asarray(total)

    def derivatives(self, lam: np.ndarray) -> tuple[Any, ...]:
        """s, (Re ∂s,), ∂∂̄s, and s ∂∂̄s − |∂s|² = Σ_{i<j} s_i s_j |p_i−p_j|²/|λ−p_i|²|λ−p_j|².

        Im ∂s is Im λ times ∂∂̄s.
        """
        s, slope, curvature, excess = self._constant, 0.0, 0.0, None
        parts: list[tuple[Any, Any]] = []
        for (ahead, distance), (p, n) in zip(self._distances(lam), self._poles, strict=True):
            value = n * distance
            s = s + value
            value = value * distance
            slope = slope - value * ahead
            curvature = curvature + value
            for q, other in parts:
                pair = value * other * (p - q) ** 2
                excess = pair if excess is None else excess + pair
            parts.append((p, value))
        if np.any(self._constant):
            more = self._constant * curvature
            excess = more if excess is None else excess + more
        return s, (slope,), curvature, excess


class BlockResponse:
    """s(λ) of any architecture, from its blocks."""

    def __init__(self, unit: Unit, row: Row) -> None:
        gains = unit.model.gains()
        position = {int(k): i for i, k in enumerate(np.flatnonzero(gains > 0))}
        self._unit, self._first = unit, position[row[0][0]]
        self._columns = [(position[k], (gains[k] * factor) ** 2) for k, factor in row]

    def s(self, lam: np.ndarray) -> np.ndarray:
        """(points, units)."""
        return np.asarray(self.derivatives(lam)[0])

    def derivatives(self, lam: np.ndarray) -> tuple[Any, ...]:
        """s, (Re ∂s, Im ∂s), ∂∂̄s and s ∂∂̄s − |∂s|², with ∂Y/∂λ = −ĈX⁻¹ L X⁻¹B̂."""
        forward, backward, Y = response(self._unit, lam)
        to = backward[self._first]
        s: Any = 0.0
        slope: Any = 0.0
        curvature: Any = 0.0
        for l, strength in self._columns:
            y = Y[self._first][l]
            dy = -sum(to[b] * forward[b][l] for b in self._unit.model.carriers)
            s = s + strength * absolute_square(y)
            slope = slope + strength * (dy * np.conj(y))
            curvature = curvature + strength * absolute_square(dy)
        excess = np.maximum(s * curvature - absolute_square(slope), 0.0)
        return s, (slope.real, slope.imag), curvature, excess
