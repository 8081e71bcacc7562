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
from rmt_gates.spectra.holomorphic import inverse_square
from rmt_gates.spectra.loops import Row
from rmt_gates.spectra.small_matrices import absolute_square
from rmt_gates.unit import Unit

ROUNDS = 60
TOLERANCE = 1e-6  # of the last Newton step: the error is its square


class ScalarDyson:
    """The equation of one sample of units.

    Parameters
    ----------
    unit : the sample. row : the one distinct row of a feedback loop (`feedback_loops`).
    """

    unknowns = 1

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

    def at(self, lam: np.ndarray) -> ScalarPoints:
        """The equation at points λ (points,)."""
        return ScalarPoints(self._response, self._weights, lam)

    def scaling(self, ratio: np.ndarray) -> np.ndarray:
        """By how much the unknown grows where F grows by the ratio."""
        return ratio


class ScalarPoints:
    """The equation at points λ (points,); the unknown F is (points, 1).

    Attributes
    ----------
    root : Λ(λ) = E[s].
    """

    def __init__(
        self, response: PoleResponse | BlockResponse, weights: np.ndarray, lam: np.ndarray
    ) -> None:
        self._weights, self._lam = weights, lam
        self._at = response.at(lam)
        self._s = np.broadcast_to(self._at.s, (len(lam), len(weights)))
        self.root = self._s @ weights

    def solve(self, F: np.ndarray) -> np.ndarray:
        """F from a guess, NaN for none, by Newton's method for 1/E[s/(1+Fs)] = 1.

        The left-hand side is concave and increasing in F: from the left of the root, the steps
        increase monotonically towards it, and the first from the right leads to its left. NaN where
        it does not settle.
        """
        F = np.clip(np.where(np.isnan(F), 0.0, F)[:, 0], 0.0, 1.0)
        settled = np.zeros(len(F), bool)
        t = np.empty_like(self._s)
        for _ in range(ROUNDS):
            np.multiply(F[:, None], self._s, out=t)
            t += 1
            np.divide(self._s, t, out=t)
            first = t @ self._weights
            t *= t
            second = t @ self._weights
            step = first * (first - 1) / second
            F = np.clip(F + step, 0.0, 1.0)
            settled = np.abs(step) <= TOLERANCE * F
            if settled.all():
                break
        return np.where(settled, F, np.nan)[:, None]

    def evaluate(self, F: np.ndarray, density: bool = True) -> tuple[np.ndarray, Any]:
        """G − E[tr(L X⁻¹)] and μ at solutions F; 0 for μ if it is not asked for."""
        s = self._s
        slope, curvature, excess = self._at.derivatives()
        u = F * s
        u += 1
        np.divide(1, u, out=u)

        def average(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """E[∂s weight] and E[∂∂̄s weight]."""
            re, *im, mean = (np.vecdot(part, weight) for part in (*slope, curvature))
            # Im ∂s of poles at real places is Im λ ∂∂̄s
            return re + 1j * (im[0] if im else self._lam.imag * mean), mean

        weight = u * self._weights
        G = F[:, 0] * average(weight)[0]
        if not density:
            return G, 0.0
        weight *= u
        ahead, direct = average(weight)
        if excess is not None:
            direct = direct + F[:, 0] * np.vecdot(excess, weight)
        through = absolute_square(ahead) / np.vecdot(s * s, weight)
        return G, (F[:, 0] * direct + through) / np.pi


class PoleResponse:
    """s(λ) = Σ_j n_j/|λ−p_j|², real n_j and p_j of every unit; p_j = None for a constant n_j."""

    def __init__(self, poles: list[tuple[Any, Any]]) -> None:
        self.poles = [
            (p[:1] if np.all(p == p[0]) else p, n) for p, n in poles if p is not None and np.any(n)
        ]
        self.constant = sum(n for p, n in poles if p is None)
        self.gaps = {
            (i, j): (p - q) ** 2
            for i, (p, _) in enumerate(self.poles)
            for j, (q, _) in enumerate(self.poles[:i])
        }

    def at(self, lam: np.ndarray) -> PolePoints:
        """s at points λ (points,)."""
        return PolePoints(self, lam)


class PolePoints:
    """s(λ), (points, units), and what its derivatives are made of."""

    def __init__(self, response: PoleResponse, lam: np.ndarray) -> None:
        self._response = response
        x, y = lam.real[:, None], lam.imag[:, None]
        s: Any = response.constant
        self._parts = []  # x − p, 1/|λ−p|² and the summand of every pole
        for p, n in response.poles:
            ahead = x - p
            inverse = inverse_square(ahead, y)
            value = n * inverse
            s = s + value
            self._parts.append((ahead, inverse, value))
        self.s = np.asarray(s)

    def derivatives(self) -> tuple[Any, ...]:
        """(Re ∂s,), ∂∂̄s, and s ∂∂̄s − |∂s|² = Σ_{i<j} s_i s_j |p_i−p_j|²/|λ−p_i|²|λ−p_j|².

        Im ∂s is Im λ times ∂∂̄s.
        """
        slope, curvature, excess = 0.0, 0.0, None
        values: list[Any] = []
        for i, (ahead, inverse, value) in enumerate(self._parts):
            value = value * inverse
            slope = slope - value * ahead
            curvature = curvature + value
            for j, other in enumerate(values):
                pair = value * other
                pair *= self._response.gaps[i, j]
                excess = pair if excess is None else excess + pair
            values.append(value)
        constant = self._response.constant
        if np.any(constant):
            more = constant * curvature
            excess = more if excess is None else excess + more
        return (slope,), curvature, excess


class BlockResponse:
    """s(λ) of any architecture, from its blocks."""

    def __init__(self, unit: Unit, row: Row) -> None:
        gains = unit.model.gains()
        position = {int(k): i for i, k in enumerate(np.flatnonzero(gains > 0))}
        self.unit, self.first = unit, position[row[0][0]]
        self.columns = [(position[k], (gains[k] * factor) ** 2) for k, factor in row]

    def at(self, lam: np.ndarray) -> BlockPoints:
        """s at points λ (points,)."""
        return BlockPoints(self, lam)


class BlockPoints:
    """s(λ), (points, units), and its derivatives, with ∂Y/∂λ = −ĈX⁻¹ L X⁻¹B̂."""

    def __init__(self, blocks: BlockResponse, lam: np.ndarray) -> None:
        self._blocks = blocks
        self._response = response(blocks.unit, lam)
        s: Any = 0.0
        for l, strength in blocks.columns:
            s = s + strength * absolute_square(self._response.Y[blocks.first][l])
        self.s = np.asarray(s)

    def derivatives(self) -> tuple[Any, ...]:
        """(Re ∂s, Im ∂s), ∂∂̄s and s ∂∂̄s − |∂s|²."""
        forward, backward, Y = self._response
        to = backward[self._blocks.first]
        slope: Any = 0.0
        curvature: Any = 0.0
        for l, strength in self._blocks.columns:
            y = Y[self._blocks.first][l]
            dy = -sum(to[b] * forward[b][l] for b in self._blocks.unit.model.carriers)
            slope = slope + strength * (dy * np.conj(y))
            curvature = curvature + strength * absolute_square(dy)
        excess = np.maximum(self.s * curvature - absolute_square(slope), 0.0)
        return (slope.real, slope.imag), curvature, excess
