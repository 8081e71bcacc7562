"""S(λ): positive inside the support of the Jacobian's eigenvalues, zero on its boundary.

One class for each kind of knowledge about the unit: the gate's Gaussian law (mean-field states),
or a sample of units (real networks). All give S+1 and its derivative in Im λ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.architectures.base import CriterionPole, PoleTerm
from rmt_gates.gaussian import sigmoid
from rmt_gates.gaussian.panel_pole_average import PanelPoleAverage
from rmt_gates.gaussian.pole_average import GaussianPoleAverage, SampledPoleAverage
from rmt_gates.spectra.criterion import criterion_slope, perron
from rmt_gates.unit import Unit


class BoundaryFunction:
    """S(λ) = Σ_terms E[(1−z)² q(ζ)/|λ−z|²] − 1.

    Attributes
    ----------
    gate_density : whether a gate has a density on (0, 1); then S = +∞ on that segment.
    weight : E[(1−z)² q], so that S(λ)+1 → weight/|λ|² far away.
    scale : √weight, the size of the curve or more.
    """

    def __init__(self, terms: list[PoleTerm]) -> None:
        self.terms = terms
        self.gate_density = any(t.variance > 0 for t in terms)
        self._averages: list[Any] = []
        self.weight = 0.0
        for t in terms:
            if t.variance > 0:
                average: Any = (
                    GaussianPoleAverage(*t)
                    if t.strip > 0
                    else PanelPoleAverage(t.mean, t.variance, t.q)
                )
                self.weight += float(average.lattices[0].weight.sum())
            else:
                z, leak = np.array([sigmoid(t.mean)]), np.array([sigmoid(-t.mean)])
                weight = leak**2 * np.real(t.q(np.array([t.mean])))
                average = SampledPoleAverage(z, leak, weight)
                self.weight += float(weight[0])
            self._averages.append(average)
        self.scale = float(np.sqrt(self.weight))

    def plus_one(self, x: Any, u: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """S+1 and ∂S/∂y at points x + iy, u = 1−x, y ≥ 0; flat arrays."""
        x, u, y = (np.atleast_1d(np.asarray(v, float)) for v in (x, u, y))
        value, slope = np.zeros(x.shape), np.zeros(x.shape)
        for average in self._averages:
            v, s = average(x, u, y)
            value += v
            slope += s
        return value, slope

    def beyond(self, distance: float, right: bool) -> float:
        """S+1 on the real axis, at 1 + distance (right) or at −distance."""
        return sum(average.beyond(distance, right) for average in self._averages)

    def lens_height(self, x: np.ndarray, u: np.ndarray) -> np.ndarray:
        """y (S+1) of the pole alone, π (1−x)² q p_z(x), 0 < x < 1: the rest is regular as y → 0."""
        height = np.zeros(x.shape)
        for t in self.terms:
            if t.variance > 0:
                logit = np.log(x) - np.log(u)
                shift = (logit - t.mean) ** 2 / (2 * t.variance)
                density = np.exp(-shift) / np.sqrt(2 * np.pi * t.variance)
                height += np.pi * u / x * np.real(t.q(logit)) * density
        return height


class CriterionBoundary:
    """Λ(λ) − 1 of a sample of units, Λ the Perron root of M(λ); no density on (0, 1).

    The criterion makes no assumption on how the variables of a unit depend on each other. Where the
    architecture has M in closed form as a sum over poles, that is used.
    """

    gate_density = False

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        lam_at_0 = unit.model.blocks(unit.inputs, unit.carry, 0.0).X
        poles = [-lam_at_0[b][b] for b in unit.model.carriers]
        self.poles = np.concatenate([np.broadcast_to(p, len(unit)) for p in poles])
        gains = unit.model.gains()
        self._active = [int(k) for k in np.flatnonzero(gains > 0)]
        self._gains = gains[gains > 0]
        shares = unit.model.criterion_poles(unit)
        self._shares = None if shares is None else [self._prepare(s) for s in shares]
        self.ends = self._end(right=False), self._end(right=True)
        self.scale = 0.5 * (self.ends[1] - self.ends[0])

    def _prepare(self, share: CriterionPole) -> tuple[Any, list[tuple[int, int]], np.ndarray]:
        kept = {
            (self._active.index(k), self._active.index(l)): entry
            for (k, l), entry in share.entries.items()
            if k in self._active and l in self._active
        }
        columns = np.array([self.unit.weights * entry for entry in kept.values()])
        weights = columns.reshape(len(kept), len(self.unit)).T
        average = None
        if share.pole is None:
            weights = weights.sum(axis=0)
        else:
            average = SampledPoleAverage(
                share.pole, share.complement, np.ascontiguousarray(weights)
            )
        return average, list(kept), weights

    def _end(self, right: bool) -> float:
        """Where Λ = 1 on the real axis, beyond the outermost pole."""
        from scipy.optimize import brentq

        pole, side = (self.poles.max(), 1.0) if right else (self.poles.min(), -1.0)

        def log_root(log_distance: float) -> float:
            x = pole + side * np.exp(log_distance)
            return float(np.log(np.maximum(self.plus_one(x, 1 - x, 0.0)[0][0], 1e-300)))

        low, high = np.log(1e-15 * max(1.0, abs(pole))), 0.0
        if log_root(low) <= 0:
            return float(pole)  # nothing is spread around it
        while log_root(high) > 0:
            high += 1.0
        return float(pole + side * np.exp(brentq(log_root, low, high, xtol=1e-14)))

    def lens_height(self, x: np.ndarray, u: np.ndarray) -> np.ndarray:
        """No density, no lens."""
        return np.zeros(x.shape)

    def matrix(self, x: np.ndarray, u: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """M and ∂M/∂y at points x + iy, (points, n, n)."""
        if self._shares is None:
            return criterion_slope(self.unit, x + 1j * y)
        n = len(self._gains)
        M, slope = np.zeros((len(x), n, n)), np.zeros((len(x), n, n))
        for average, places, weights in self._shares:
            if not places:
                continue
            rows, columns = np.array(places).T
            if average is None:
                M[:, rows, columns] += weights
            else:
                value, change = average(x, u, y)
                M[:, rows, columns] += value
                slope[:, rows, columns] += change
        scale = self._gains[:, None] ** 2
        return scale * M, scale * slope

    def plus_one(self, x: Any, u: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Λ and ∂Λ/∂y at points x + iy, u = 1−x, y ≥ 0; flat arrays."""
        x, u, y = (np.atleast_1d(np.asarray(v, float)) for v in (x, u, y))
        if not len(self._gains):
            return np.zeros(x.shape), np.zeros(x.shape)
        M, slope = self.matrix(x, u, y)
        finite = np.isfinite(M).all(axis=(-1, -2))
        root, change = np.full(x.shape, np.inf), np.full(x.shape, -np.inf)
        value, right, left = perron(M[finite])
        overlap = (left * right).sum(axis=-1)
        root[finite] = value
        change[finite] = np.einsum("pk,pkl,pl->p", left, slope[finite], right) / overlap
        return root, change
